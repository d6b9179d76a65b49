import { describe, expect, it } from 'vitest'
import { Idle, soon } from './idle'

const minute = 60_000

describe('a desk nobody touches', () => {
  it('locks after the limit and not before', () => {
    const idle = new Idle(1000)
    expect(idle.left(1000 + 15 * minute - 1, 15 * minute)).toBe(1)
    expect(idle.left(1000 + 15 * minute, 15 * minute)).toBe(0)
    expect(idle.left(1000 + 90 * minute, 15 * minute)).toBe(0)
  })
  it('counts from the last touch', () => {
    const idle = new Idle(0)
    idle.touched(14 * minute)
    expect(idle.left(15 * minute, 15 * minute)).toBe(14 * minute)
  })
  it('locks no later when the clock was set back', () => {
    const idle = new Idle(100 * minute)
    expect(idle.left(40 * minute, 15 * minute)).toBe(15 * minute)
    expect(idle.left(55 * minute, 15 * minute)).toBe(0)
  })
  it.each([
    [60_001, 15 * minute, false],
    [60_000, 15 * minute, true],
    [31_000, minute, false],
    [30_000, minute, true],
  ])('is warned with %d ms of %d left: %s', (left, limit, want) => expect(soon(left, limit)).toBe(want))
})
