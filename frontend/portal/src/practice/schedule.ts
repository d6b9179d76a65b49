// A calendar cut into days: a shift over midnight is two pieces. Pure.

import { at, day, wall } from '../../../shared/clock'
import type { ScheduleAct, ScheduleEntry, ScheduleShift, ScheduleView } from '../link/types'
import { dayOn } from './days'

export interface Piece {
  shift: ScheduleShift // whole
  from: number
  to: number
  midnight: boolean // it goes on until the day's end
}
export interface Column {
  iso: string
  noon: number
  pieces: Piece[]
}

/** A role as a key of the catalog: "nurse line" is "nurse-line". */
export const role = (name: string): string => name.trim().toLowerCase().replace(/\s+/g, '-')

/** The instant a zone's day begins after the one before began; days of 23 and 25 hours are as they are. */
function next(begin: number, zone: string): number {
  const today = day(begin, zone)
  let ms = begin + 22 * 3_600_000
  while (day(ms, zone) === today) ms += 900_000
  return ms
}

/** The days of a calendar, each with its pieces in order. */
export function columns(of: Pick<ScheduleView, 'from' | 'to' | 'shifts'>, zone: string): Column[] {
  const end = at(of.to)
  const out: Column[] = []
  for (let begin = at(of.from); begin < end;) {
    const over = next(begin, zone)
    const pieces = (of.shifts ?? [])
      .map((shift) => ({
        shift,
        from: Math.max(at(shift.from), begin),
        to: Math.min(at(shift.to), over),
        midnight: at(shift.to) >= over,
      }))
      .filter((p) => p.from < p.to)
      .sort((a, b) => a.from - b.from)
    out.push({ iso: day(begin, zone), noon: begin + 43_200_000, pieces })
    begin = over
  }
  return out
}

/** The Monday at or before a local date. */
export function monday(iso: string): string {
  const weekday = new Date(`${iso}T00:00Z`).getUTCDay()
  return dayOn(iso, -((weekday + 6) % 7))
}

/** The first day of a month's calendar, which begins on a Monday and has six weeks. */
export const monthFrom = (iso: string): string => monday(`${iso.slice(0, 7)}-01`)

/** The same day of another month, or its first where it has none such. */
export function monthOn(iso: string, months: number): string {
  const [y = 0, m = 1] = iso.split('-').map(Number)
  return new Date(Date.UTC(y, m - 1 + months, 1)).toISOString().slice(0, 10)
}

/** An instant as a time field holds it: the zone's wall, "2026-12-24T17:00". */
export const field = (ms: number, zone: string): string => `${day(ms, zone)}T${wall(ms, 'en', zone)}`

/** What a change says, as the key of its sentence. */
export function sentence(of: Pick<ScheduleAct | ScheduleEntry, 'kind' | 'who' | 'for' | 'state'>): string {
  if (of.kind === 'holiday') return 'portal.schedule.said.holiday'
  if (of.kind === 'leave') return of.who ? 'portal.schedule.said.leave' : 'portal.schedule.said.away'
  if (of.kind === 'swap' && of.state === 'taken') return 'portal.schedule.said.taken'
  if (of.kind === 'swap') return of.who ? 'portal.schedule.said.swap' : 'portal.schedule.said.offered'
  if (!of.for) return 'portal.schedule.said.joins'
  return of.who ? 'portal.schedule.said.replaces' : 'portal.schedule.said.off'
}
