import { describe, expect, it } from 'vitest'
import { dayOn } from './days'
import { columns, field, monday, monthFrom, monthOn, role, sentence } from './schedule'

const zone = 'America/Chicago'
const shift = (from: string, to: string, gap = false) => ({ role: 'primary', who: gap ? [] : ['reyes'], from, to, gap })

describe('a calendar in columns', () => {
  it('cuts a night at midnight and keeps the gap', () => {
    const days = columns(
      {
        from: '2026-11-22T00:00:00-06:00',
        to: '2026-11-24T00:00:00-06:00',
        shifts: [
          shift('2026-11-22T17:00:00-06:00', '2026-11-23T07:00:00-06:00'),
          shift('2026-11-23T07:00:00-06:00', '2026-11-24T00:00:00-06:00', true),
        ],
      },
      zone,
    )
    expect(days.map((d) => d.iso)).toEqual(['2026-11-22', '2026-11-23'])
    expect(days[0]?.pieces.map((p) => [p.shift.gap, (p.to - p.from) / 3_600_000, p.midnight])).toEqual([[false, 7, true]])
    expect(days[1]?.pieces.map((p) => [p.shift.gap, (p.to - p.from) / 3_600_000, p.midnight])).toEqual([
      [false, 7, false],
      [true, 17, true],
    ])
  })
  it('has seven days where one of them lasts 23 or 25 hours', () => {
    for (const [from, to] of [
      ['2026-03-05T00:00:00-06:00', '2026-03-12T00:00:00-05:00'],
      ['2026-10-29T00:00:00-05:00', '2026-11-05T00:00:00-06:00'],
    ] as const)
      expect(columns({ from, to, shifts: [] }, zone)).toHaveLength(7)
  })
  it('knows months, weeks and days', () => {
    expect(dayOn('2026-12-28', 7)).toBe('2027-01-04')
    expect(monday('2026-11-28')).toBe('2026-11-23')
    expect(monday('2026-11-23')).toBe('2026-11-23')
    expect(monthFrom('2026-11-28')).toBe('2026-10-26')
    expect(monthOn('2026-12-31', 1)).toBe('2027-01-01')
    expect(monthOn('2026-01-31', -1)).toBe('2025-12-01')
    expect(field(Date.parse('2026-11-28T08:05:00Z'), zone)).toBe('2026-11-28T02:05')
  })
  it('names roles and changes', () => {
    expect(role(' Nurse  line')).toBe('nurse-line')
    expect(sentence({ kind: 'override', who: 'a', for: 'b', state: '' })).toBe('portal.schedule.said.replaces')
    expect(sentence({ kind: 'override', who: '', for: 'b', state: '' })).toBe('portal.schedule.said.off')
    expect(sentence({ kind: 'leave', who: '', for: 'b', state: '' })).toBe('portal.schedule.said.away')
  })
})
