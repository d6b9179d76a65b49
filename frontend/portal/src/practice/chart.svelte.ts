// What of a practice's messages waits for its chart, and the one that is looked at.

import { ask } from '../link/api'
import type { ChartQuestion, ChartRow } from '../link/types'
import { session } from '../state/session.svelte'
import { codeOf } from './calls.svelte'

interface Word {
  patient?: string
  number?: string
  leave?: boolean
  again?: boolean
}

export class Chart {
  rows = $state.raw<ChartRow[] | null>(null)
  wrong = $state('')
  open = $state('')
  question = $state.raw<ChartQuestion | null>(null)
  questionWrong = $state('')
  busy = $state(false)

  constructor(readonly account: string) {}

  /** How many ask which patient it is. */
  get asking(): number {
    return this.rows?.filter((r) => r.asking).length ?? 0
  }

  async look(): Promise<void> {
    try {
      this.rows = (await session.until(() => ask('chart', { account: this.account }))).rows ?? []
      this.wrong = ''
    } catch (e) {
      this.wrong = codeOf(e)
    }
  }

  async show(note: string): Promise<void> {
    this.open = note
    this.question = null
    this.questionWrong = ''
    if (!note) return
    try {
      const question = await session.until(() => ask('chartquestion', { note }))
      if (this.open === note) this.question = question
    } catch (e) {
      if (this.open === note) this.questionWrong = codeOf(e)
    }
  }

  /** Says whose it is, or that it does not go in, or to try now; true when that was taken. */
  async answer(word: Word): Promise<boolean> {
    const note = this.open
    this.busy = true
    this.questionWrong = ''
    try {
      await session.once(() => ask('chartanswer', { note, patient: '', number: '', leave: false, again: false, ...word }))
      this.open = ''
      this.question = null
      await this.look()
      return true
    } catch (e) {
      this.questionWrong = codeOf(e)
      return false
    } finally {
      this.busy = false
    }
  }
}
