import { describe, expect, it } from 'vitest'
import { age, birthWords, parseBirth, parseDay } from './birth'

const today = '2026-11-22'

describe('a date of birth as it is typed', () => {
  it.each([
    ['4/2/1961', 'en', '1961-04-02'],
    ['4/2/1961', 'es', '1961-02-04'],
    ['04-02-61', 'en', '1961-04-02'],
    ['4.2.61', 'es', '1961-02-04'],
    ['04021961', 'en', '1961-04-02'],
    ['1961-04-02', 'es', '1961-04-02'],
    ['1961-4-2', 'en', '1961-04-02'],
    ['Apr 2 1961', 'en', '1961-04-02'],
    ['April 2nd, 1961', 'en', '1961-04-02'],
    ['2 de abril de 1961', 'es', '1961-04-02'],
    ['2 abr 61', 'es', '1961-04-02'],
    ['1 de enero del 2020', 'en', '2020-01-01'],
    ['2/29/2024', 'en', '2024-02-29'],
    ['11/22/26', 'en', '2026-11-22'],
  ] as const)('%s in %s is %s', (typed, lang, iso) => {
    expect(parseBirth(typed, lang, today)).toBe(iso)
  })

  it.each([
    '',
    '4/2',
    '13/13/1961',
    '2/29/2023',
    '12/31/2026',
    '11/23/26',
    '1/1/1890',
    'yesterday',
    '4/2/196',
    '<b>1</b>',
    '31 abril 1961',
  ])('%s is none', (typed) => {
    expect(parseBirth(typed, 'en', today)).toBeNull()
  })

  it.each([
    ['1/15/2027', 'en', '2027-01-15'],
    ['15/1/27', 'es', '2027-01-15'],
    ['1/15/99', 'en', '1999-01-15'],
    ['0027-01-15', 'en', null],
    ['2/30/2027', 'en', null],
  ] as const)('another day, %s in %s, is %s', (typed, lang, day) => expect(parseDay(typed, lang, today)).toBe(day))

  it('is read back in words', () => {
    expect(birthWords('1961-04-02', 'en')).toBe('April 2, 1961')
    expect(birthWords('1961-04-02', 'es')).toBe('2 de abril de 1961')
  })

  it('counts whole years and months', () => {
    expect(age('1961-04-02', today).years).toBe(65)
    expect(age('1961-11-23', today).years).toBe(64)
    expect(age('2025-10-23', today)).toEqual({ years: 1, months: 12 })
    expect(age('2026-11-22', today).months).toBe(0)
  })
})
