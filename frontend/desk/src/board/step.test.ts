import { describe, expect, it } from 'vitest'
import en from '../../../shared/catalog/desk.en.json'
import type { BoardRow, LastDetail, LastKind, LastStep, NextKind } from '../link/types'
import { lastStep, nextStep } from './step'

const last = (kind: string, name = '', detail = ''): { last: LastStep } => ({
  last: { kind: kind as LastKind, name, detail: detail as LastDetail, at: '' },
})

describe('a row in words', () => {
  it.each([
    [last('text', 'Dr Reyes', 'delivered'), 'texted Dr Reyes, delivered'],
    [last('dispatch.passed', 'Dr Reyes'), 'Dr Reyes passed it on'],
    [last(''), 'taken'],
    [last('fax', 'Dr Reyes', 'line-busy'), 'fax Dr Reyes, line busy'],
    [last('dispatch.lent-out', 'Dr Osei'), 'dispatch lent out Dr Osei'],
  ])('%j, of a later server too: %s', (r, words) => expect(lastStep(r)).toBe(words))
  it('has words for what the server says of a last step', () => {
    const all: Record<Exclude<LastDetail, ''>, true> = {
      delivered: true,
      undelivered: true,
      failed: true,
      opened: true,
      cancelled: true,
      'by-voice': true,
      supervisor: true,
      reassigned: true,
      unreachable: true,
      'no-service-ladder': true,
      'service-ladder-nobody': true,
      'held-too-long': true,
      'number-withheld': true,
      left: true,
    }
    expect(Object.keys(all).filter((d) => !(`desk.detail.${d}` in en))).toEqual([])
  })
  it.each([
    ['voice', 'voice Dr Osei'],
    ['board', 'supervisors'],
    ['fax', 'fax Dr Osei'],
  ])('what is next, %s: %s', (kind, words) => expect(nextStep({ nextKind: kind as NextKind, nextName: 'Dr Osei' } as BoardRow)).toBe(words))
})
