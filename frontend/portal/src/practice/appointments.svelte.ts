// A practice's appointments of a day, and the one that is open.

import { ask, Refused } from '../link/api'
import type { AppointmentState, ChartVisits, DayPage, VisitView } from '../link/types'
import { session } from '../state/session.svelte'
import { codeOf } from './calls.svelte'

export class Appointments {
  day = $state('')
  page = $state.raw<DayPage | null>(null)
  chart = $state.raw<ChartVisits | null>(null)
  wrong = $state('')
  open = $state('')
  view = $state.raw<VisitView | null>(null)
  viewWrong = $state('')
  busy = $state(false)

  constructor(readonly account: string) {}

  async look(): Promise<void> {
    const day = this.day
    try {
      const page = await session.until(() => ask('day', { account: this.account, day, after: '' }))
      if (day !== this.day) return
      this.page = page
      this.wrong = ''
      const row = page.rows?.find((r) => r.appointment === this.open)
      if (
        row &&
        this.view &&
        (row.version !== this.view.row.version || row.reminder?.state !== this.view.row.reminder?.state) &&
        !this.busy
      )
        await this.show(this.open)
    } catch (e) {
      this.wrong = codeOf(e)
    }
  }

  /** What of the practice's chart waits for a person. */
  async asks(): Promise<void> {
    try {
      this.chart = await session.until(() => ask('chartvisits', { account: this.account }))
    } catch (e) {
      this.wrong = codeOf(e)
    }
  }

  async more(): Promise<void> {
    const before = this.page
    if (!before?.next) return
    const page = await session.until(() => ask('day', { account: this.account, day: this.day, after: before.next }))
    this.page = { ...page, rows: [...(before.rows ?? []), ...(page.rows ?? [])] }
  }

  /** Another day, by so many from the one that is shown; 0 is today. */
  async step(by: number): Promise<void> {
    if (by === 0) this.day = ''
    else if (this.page) {
      const d = new Date(`${this.page.day}T12:00:00Z`)
      d.setUTCDate(d.getUTCDate() + by)
      this.day = d.toISOString().slice(0, 10)
    }
    await this.look()
  }

  async to(day: string): Promise<void> {
    this.day = day
    await this.look()
  }

  async show(appointment: string): Promise<void> {
    if (this.open !== appointment) this.view = null
    this.open = appointment
    this.viewWrong = ''
    try {
      const view = await session.until(() => ask('visit', { appointment }))
      if (this.open === appointment) this.view = view
    } catch (e) {
      if (this.open === appointment) this.viewWrong = codeOf(e)
    }
  }

  async mark(state: AppointmentState): Promise<void> {
    const row = this.view?.row
    if (!row || this.busy) return
    this.busy = true
    this.viewWrong = ''
    try {
      this.view = await session.once(() => ask('markvisit', { appointment: row.appointment, version: row.version, state }))
      void this.look()
    } catch (e) {
      const wrong = codeOf(e)
      if (e instanceof Refused) await this.show(row.appointment)
      this.viewWrong = wrong
    } finally {
      this.busy = false
    }
  }
}
