// The desk nobody touches: it locks after as long as the server says, never with a call on it. A locked desk is a signed-out
// one that remembers which note was open, and in which field the keys were.

import { watchIdle } from '../../../shared/idle'
import { go } from '../link/go'
import { desk } from './desk.svelte'
import { drafts } from './drafts.svelte'
import { focusEnd } from './hands.svelte'

class Lock {
  on = $state(false)
  /** What is left until the desk locks, in milliseconds, once that is soon; null before. */
  left = $state<number | null>(null)

  #draft = ''
  #field = ''

  watch(): void {
    watchIdle(
      () => (desk.phase === 'desk' ? desk.lockAfter : 0),
      () => desk.talking || desk.offered,
      (left) => (this.left = left),
      () => void this.now(),
    )
  }

  /** Locks: the words leave the screen first, then what was typed is kept, then the session ends. */
  async now(): Promise<void> {
    const f = desk.form
    const at = document.activeElement?.id ?? ''
    this.#draft = f?.worth ? f.id : ''
    this.#field = at.startsWith('field-') ? at.slice('field-'.length) : ''
    this.on = true
    desk.leave()
    await f?.save()
    await go().Lock()
  }

  /** Somebody has signed in: the note that was open stands again, if it is theirs. */
  back(): void {
    this.on = false
    const d = drafts.list.find((d) => d.id === this.#draft)
    if (!d || desk.pop) return
    desk.resumeDraft(d)
    if (this.#field) focusEnd(this.#field)
  }
}

export const lock = new Lock()
