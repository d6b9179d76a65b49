import { describe, expect, it } from 'vitest'
import { dayOn } from './days'
import { columns, role } from './week'

const account = { id: 'a', name: 'A', timeZone: 'America/Chicago' }

describe('a week in columns', () => {
  it('cuts a night at midnight and keeps the hole', () => {
    const week = {
      account,
      from: '2026-11-22T00:00:00-06:00',
      to: '2026-11-24T00:00:00-06:00',
      shifts: [{ role: 'primary', who: ['Dr Reyes'], from: '2026-11-22T17:00:00-06:00', to: '2026-11-23T07:00:00-06:00' }],
      gaps: [{ role: 'primary', who: [], from: '2026-11-23T07:00:00-06:00', to: '2026-11-24T00:00:00-06:00' }],
    }
    const days = columns(week, account.timeZone)
    expect(days.map((d) => d.iso)).toEqual(['2026-11-22', '2026-11-23'])
    expect(days[0]?.pieces.map((p) => [p.gap, (p.to - p.from) / 3_600_000, p.midnight])).toEqual([[false, 7, true]])
    expect(days[1]?.pieces.map((p) => [p.gap, (p.to - p.from) / 3_600_000, p.midnight])).toEqual([
      [false, 7, false],
      [true, 17, true],
    ])
  })
  it('has seven days where one of them lasts 23 or 25 hours', () => {
    for (const [from, to] of [
      ['2026-03-05T00:00:00-06:00', '2026-03-12T00:00:00-05:00'],
      ['2026-10-29T00:00:00-05:00', '2026-11-05T00:00:00-06:00'],
    ] as const)
      expect(columns({ account, from, to, shifts: [], gaps: [] }, account.timeZone)).toHaveLength(7)
  })
  it('names roles and days', () => {
    expect(role(' Nurse  line')).toBe('nurse-line')
    expect(dayOn('2026-12-28', 7)).toBe('2027-01-04')
    expect(dayOn('2026-03-05', -7)).toBe('2026-02-26')
  })
})
