import { describe, expect, it } from 'vitest'
import type { Moment } from '../link/types'
import { climb } from './climb'

const minute = 60_000
const base = { at: '2026-11-29T08:00:00Z', board: '2026-11-29T08:09:00Z', contacts: null, holes: null } as Pick<
  Moment,
  'at' | 'board' | 'contacts' | 'holes'
>
const contact = (name: string, rung: number, minutes: number): NonNullable<Moment['contacts']>[number] => ({
  name,
  rung,
  channels: ['text'],
  after: minutes * minute * 1e6,
})

describe('a ladder as a picture', () => {
  it('is in the order of time, each until the next, the supervisors last', () => {
    const steps = climb({ ...base, contacts: [contact('Dr Reyes', 0, 0), contact('Dr Reyes', 1, 3), contact('Dr Osei', 2, 6)] })
    expect(steps.map((s) => [s.who, s.after / minute, s.until / minute])).toEqual([
      ['Dr Reyes', 0, 3],
      ['Dr Reyes', 3, 6],
      ['Dr Osei', 6, 9],
      ['', 9, 10.125],
    ])
  })
  it('shows two who are told at once side by side in time', () =>
    expect(climb({ ...base, contacts: [contact('A', 0, 0), contact('B', 0, 0)] }).map((s) => s.until / minute)).toEqual([9, 9, 10.125]))
  it('puts a hole where the next one comes in its place', () => {
    const hole = { rung: 0, who: 'backup', why: 'nobody-on-call' } as NonNullable<Moment['holes']>[number]
    const steps = climb({ ...base, contacts: [contact('Dr Osei', 1, 0)], holes: [hole, { ...hole, rung: 2 }] })
    expect(steps.map((s) => [s.hole?.rung ?? s.who, s.after / minute])).toEqual([
      [0, 0],
      ['Dr Osei', 0],
      [2, 9],
      ['', 9],
    ])
  })
  it('draws a ladder that reaches nobody', () =>
    expect(climb({ ...base, board: base.at }).map((s) => [s.after, s.until])).toEqual([[0, minute]]))
})
