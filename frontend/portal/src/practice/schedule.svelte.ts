// A practice's schedule as it is looked at, and the change that somebody is writing. What was written stays in the form until it
// is stored, whoever else changes the schedule meanwhile.

import { at, day } from '../../../shared/clock'
import { ask } from '../link/api'
import type { ScheduleAct, ScheduleChange, ScheduleEntry, ScheduleProblem, ScheduleShift, ScheduleView } from '../link/types'
import { clock } from '../state/clock.svelte'
import { session } from '../state/session.svelte'
import { codeOf } from './calls.svelte'
import { dayOn } from './days'
import { field, monday, monthFrom, monthOn, type Piece } from './schedule'

/** What somebody does: a person in another's place, one beside, nobody, leave, a holiday; an entry out, a version back. */
export type What = 'replace' | 'join' | 'off' | 'leave' | 'holiday' | 'remove' | 'restore'

export const whats: What[] = ['replace', 'join', 'off', 'leave', 'holiday']

export interface Form {
  what: What
  role: string
  who: string
  for: string
  from: string
  to: string
  name: string
  why: string
  /** Why it is stored although a test of the practice fails. */
  word: string
  entry?: ScheduleEntry // what is taken out
  change?: ScheduleChange // what is brought back
}

const nothing: ScheduleAct = {
  act: 'put',
  kind: 'override',
  index: 0,
  role: '',
  who: '',
  for: '',
  from: '',
  to: '',
  name: '',
  version: '',
  state: '',
}

export class Schedule {
  view = $state.raw<ScheduleView | null>(null)
  wrong = $state('')
  busy = $state(false)
  span = $state<'week' | 'month'>('week')
  /** The local day that is looked at. */
  on = $state('')
  callType = $state('')
  form = $state<Form | null>(null)
  formWrong = $state('')
  problems = $state.raw<ScheduleProblem[]>([])
  moved = $state.raw<ScheduleChange | null>(null)
  /** What was changed a moment ago, and can be undone. */
  saved = $state(false)

  constructor(
    readonly account: string,
    readonly zone: string,
  ) {
    this.on = day(clock.now, zone)
  }

  async load(): Promise<void> {
    this.busy = true
    const from = this.span === 'week' ? monday(this.on) : monthFrom(this.on)
    try {
      this.view = await session.until(() =>
        ask('schedule', { account: this.account, from, days: this.span === 'week' ? 7 : 42, callType: this.callType }),
      )
      this.wrong = ''
    } catch (e) {
      this.wrong = codeOf(e)
    } finally {
      this.busy = false
    }
  }

  show(span: 'week' | 'month', on = this.on): Promise<void> {
    this.span = span
    this.on = on
    return this.load()
  }

  /** To the week or month before (-1) or after. */
  turn(by: number): Promise<void> {
    return this.show(this.span, this.span === 'week' ? dayOn(this.on, 7 * by) : monthOn(this.on, by))
  }

  name(id: string): string {
    return this.view?.people?.find((p) => p.id === id)?.name ?? id
  }

  #begin(form: Form): void {
    this.form = form
    this.saved = false
    this.#clear()
  }

  #clear(): void {
    this.formWrong = ''
    this.problems = []
    this.moved = null
  }

  /** A change of a shift, from now on where it has begun; of one longer than a day, the day that was pressed. */
  change(s: ScheduleShift | null, who = '', pressed?: Piece): void {
    const part = pressed && s && at(s.to) - at(s.from) > 26 * 3_600_000 ? pressed : null
    const from = Math.max(part?.from ?? (s ? at(s.from) : 0), Math.floor(clock.now / 60_000) * 60_000)
    const to = part?.to ?? (s ? at(s.to) : from + 43_200_000)
    const gap = !s || s.gap
    this.#begin({
      what: gap ? 'join' : 'replace',
      role: s?.role ?? this.view?.roles?.[0] ?? '',
      who,
      for: gap ? '' : (s.who?.[0] ?? ''),
      from: field(from, this.zone),
      to: field(to, this.zone),
      name: '',
      why: '',
      word: '',
    })
  }

  remove(entry: ScheduleEntry): void {
    this.#begin({ what: 'remove', role: '', who: '', for: '', from: '', to: '', name: '', why: '', word: '', entry })
  }

  restore(change: ScheduleChange): void {
    this.#begin({ what: 'restore', role: '', who: '', for: '', from: '', to: '', name: '', why: '', word: '', change })
  }

  shut(): void {
    this.form = null
    this.#clear()
  }

  #act(f: Form): ScheduleAct {
    switch (f.what) {
      case 'remove':
        return { ...nothing, act: 'remove', kind: f.entry?.kind ?? 'override', index: f.entry?.index ?? 0 }
      case 'restore':
        return { ...nothing, act: 'restore', version: f.change?.id ?? '' }
      case 'leave':
        return { ...nothing, kind: 'leave', who: f.who, for: f.for, from: f.from, to: f.to }
      case 'holiday':
        return { ...nothing, kind: 'holiday', name: f.name, from: f.from, to: f.to }
    }
    const act = { ...nothing, role: f.role, who: f.who, for: f.for, from: f.from, to: f.to }
    if (f.what === 'join') act.for = ''
    if (f.what === 'off') act.who = ''
    return act
  }

  /** Stores what the form says; sure when its problems were read. True when it is stored. */
  async save(sure: boolean): Promise<boolean> {
    const f = this.form
    if (!f || !this.view) return false
    this.#clear()
    const stored = await this.#edit(this.#act(f), f.why, sure, f.word)
    if (stored) {
      if (this.form === f) this.form = null // another may have been begun meanwhile
      this.saved = true
    }
    return stored
  }

  /** Brings back what was there before the last change. */
  async undo(why: string): Promise<void> {
    const before = this.view?.changes?.[1]
    if (before && (await this.#edit({ ...nothing, act: 'restore', version: before.id }, why, true))) this.saved = false
  }

  /** Finds what is to be taken out in the schedule as it is now. */
  #again(): void {
    const was = this.form?.entry
    if (!this.form || !was) return
    const place = (e: ScheduleEntry): string => JSON.stringify({ ...e, index: 0 })
    const is = this.view?.entries?.find((e) => place(e) === place(was))
    if (is) this.form.entry = is
    else {
      this.form = null
      this.moved = null
    }
  }

  async #edit(act: ScheduleAct, why: string, sure: boolean, word = ''): Promise<boolean> {
    this.busy = true
    try {
      const out = await session.once(() =>
        ask('editschedule', { account: this.account, basis: this.view?.basis ?? '', do: act, why, sure, word }),
      )
      this.problems = out.problems ?? []
      this.moved = out.moved
      if (out.saved || out.moved) await this.load()
      if (out.moved) this.#again()
      return out.saved
    } catch (e) {
      this.formWrong = codeOf(e)
      return false
    } finally {
      this.busy = false
    }
  }
}
