// A row's act that wants a word first: how a call-back ended, why an escalation is pushed or ended.

import { go } from '../link/go'
import type { BoardRow } from '../link/types'
import { desk } from '../state/desk.svelte'
import { focusId } from '../state/hands.svelte'

class Asking {
  what = $state<'' | 'outcome' | 'next' | 'cancel'>('')
  row = $state.raw<BoardRow | null>(null)
  words = $state('')

  ask(what: 'outcome' | 'next' | 'cancel', row: BoardRow, focus = true): void {
    this.what = what
    this.row = row
    this.words = ''
    if (focus) focusId('asked')
  }

  async answer(): Promise<void> {
    const { what, row } = this
    const words = this.words.trim()
    if (!row || !what || !words) return focusId('asked')
    const done = await desk.act(() => (what === 'outcome' ? go().CloseAbandoned(row.call, words) : go().Supervise(row.note, what, words)))
    if (done) this.drop()
  }

  drop(): void {
    this.what = ''
    this.row = null
    focusId('board')
  }
}

export const asking = new Asking()
