// A week cut into days, as a calendar shows it: a shift over midnight is two pieces. Pure.

import { at, day } from '../../../shared/clock'
import type { Week } from '../link/types'

export interface Piece {
  role: string
  who: string[]
  from: number
  to: number
  gap: boolean
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

/** The days of a week, each with its pieces in order. */
export function columns(week: Week, zone: string): Column[] {
  const end = at(week.to)
  const all = [...(week.shifts ?? []).map((s) => ({ ...s, gap: false })), ...(week.gaps ?? []).map((s) => ({ ...s, gap: true }))]
  const out: Column[] = []
  for (let begin = at(week.from); begin < end;) {
    const over = next(begin, zone)
    const pieces = all
      .map((s) => ({
        role: s.role,
        who: s.who ?? [],
        gap: s.gap,
        from: Math.max(at(s.from), begin),
        to: Math.min(at(s.to), over),
        midnight: at(s.to) >= over,
      }))
      .filter((p) => p.from < p.to)
      .sort((a, b) => a.from - b.from)
    out.push({ iso: day(begin, zone), noon: begin + 43_200_000, pieces })
    begin = over
  }
  return out
}
