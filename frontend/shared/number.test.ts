import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parseNumber, showNumber } from './number'

// The server's rule (notes.ParseNumber) passes the same.
const vectors: { typed: string; kept: string; why?: string }[] = JSON.parse(
  readFileSync(new URL('../../notes/testdata/numbers.json', import.meta.url), 'utf8'),
)

describe('a number', () => {
  it.each(vectors)('$typed is $kept', ({ typed, kept, why }) => {
    expect(parseNumber(typed), why).toBe(kept || null)
    if (!kept) return
    expect(parseNumber(kept), 'as it is kept').toBe(kept)
    expect(parseNumber(showNumber(kept)), 'as it is shown').toBe(kept)
  })
  it('is read as it is said', () => {
    expect(['+13125550142', '+525512345678', '+4930123456', '+13125550142;ext=9'].map(showNumber)).toEqual([
      '(312) 555-0142',
      '+52 55 1234 5678',
      '+4930123456',
      '(312) 555-0142 ext. 9',
    ])
  })
})
