// A ladder at a moment as its picture needs it: who is told when, how long the next one waits, who is not reached, and at last the
// supervisors. Pure.

import { at } from '../../../shared/clock'
import type { ChannelKind, Moment, PlanHole } from '../link/types'

export interface Step {
  after: number // ms since the message is sent
  until: number // when the next ones are told; of the supervisors, the end of the picture
  who: string // '' for the supervisors, and for a hole
  channels: ChannelKind[]
  hole?: PlanHole
}

/** The steps in the order of time. One that reaches nobody stands where the next one comes in its place. */
export function climb(m: Pick<Moment, 'at' | 'board' | 'contacts' | 'holes'>): Step[] {
  const told = m.contacts ?? []
  const end = at(m.board) - at(m.at)
  const when = (rung: number): number => {
    const next = told.find((c) => c.rung >= rung)
    return next ? next.after / 1e6 : end
  }
  const steps: Step[] = [
    ...(m.holes ?? []).map((hole) => ({ after: when(hole.rung), until: 0, who: '', channels: [], hole })),
    ...told.map((c) => ({ after: c.after / 1e6, until: 0, who: c.name, channels: c.channels ?? [] })),
  ].sort((a, b) => a.after - b.after) // holes first: their place is before whoever is told instead
  steps.push({ after: end, until: 0, who: '', channels: [] })
  for (const s of steps) s.until = steps.find((n) => n.after > s.after)?.after ?? end + Math.max(end / 8, 60_000)
  return steps
}
