import { describe, expect, it } from 'vitest'
import { at, city, day, left, length, never, share, wall, wallNear } from './clock'
import { fold, harmless, says } from './words'

describe('times', () => {
  const t = Date.parse('2026-11-22T08:14:07Z')
  it.each([
    [0, '0:00'],
    [41_000, '0:41'],
    [760_900, '12:40'],
    [3_600_000, '1:00:00'],
    [-5, '0:00'],
  ])('%d ms is %s', (ms, s) => expect(length(ms)).toBe(s))
  it('counts down to nothing and no further', () => {
    expect(left(1000, 1)).toBe('0:01')
    expect(left(1000, 1000)).toBe('0:00')
    expect(left(1000, 9000)).toBe('0:00')
  })
  it('reads a wall clock in its zone, 24 hours', () => {
    expect(wall(t, 'en', 'America/Chicago')).toBe('02:14')
    expect(wall(t, 'es', 'America/Chicago', undefined)).toBe('02:14')
    expect(wall(t, 'en', 'America/Chicago', true)).toBe('02:14:07')
    expect(wall(Date.parse('2026-11-22T06:00:00Z'), 'en', 'America/Chicago')).toBe('00:00')
  })
  it('names the day when it is another', () => {
    expect(day(t, 'America/Los_Angeles')).toBe('2026-11-22')
    expect(wallNear(t + 3_600_000, t, 'en', 'America/Chicago')).toBe('03:14')
    expect(wallNear(t + 86_400_000, t, 'en', 'America/Chicago')).toBe('Mon 02:14')
    expect(wallNear(t + 86_400_000, t, 'es', 'America/Chicago')).toBe('lun 02:14')
  })
  it("takes Go's zero time for none", () => expect([at(never), at(''), at(null), at('x')]).toEqual([0, 0, 0, 0]))
  it('names a zone by its city', () => expect(city('America/New_York')).toBe('New York'))
  it('shows a share', () => expect([share(0.924, 'en'), share(-1, 'es')]).toEqual(['92 %', '–']))
})

describe('words', () => {
  it('are compared without case and accents', () => expect(fold('  MUÑOZ  García ')).toBe('munoz garcia'))
  it.each([
    ['He has CHEST  PAIN now', 'chest pain', true],
    ['dolor de pécho', 'dolor de pecho', true],
    ['chest pains', 'chest pain', false],
    ['backchest pain', 'chest pain', false],
    ['chest\npain', 'chest pain', true],
    ['(chest pain)', 'chest pain', true],
    ['a+b', 'a+b', true],
    ['anything', '', false],
  ])('%s says %s: %s', (said, phrase, yes) => expect(says(said, phrase)).toBe(yes))
  it('are harmless when shown', () => {
    expect(harmless('\u202egpj.exe\u0000\u0007 <b>x</b>')).toBe('gpj.exe <b>x</b>')
    expect([...harmless('ñ'.repeat(10_240))]).toHaveLength(80)
  })
})
