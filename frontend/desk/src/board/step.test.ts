import { describe, expect, it } from 'vitest'
import type { BoardRow, LastKind, LastStep, NextKind } from '../link/types'
import { lastStep, nextStep } from './step'

const last = (kind: string, name = '', detail = ''): { last: LastStep } => ({
  last: { kind: kind as LastKind, name, detail, at: '' },
})

describe('a row in words', () => {
  it.each([
    [last('text', 'Dr Reyes', 'delivered'), 'texted Dr Reyes, delivered'],
    [last('dispatch.passed', 'Dr Reyes'), 'Dr Reyes passed it on'],
    [last(''), 'taken'],
    [last('fax', 'Dr Reyes', 'line-busy'), 'fax Dr Reyes, line busy'],
    [last('dispatch.lent-out', 'Dr Osei'), 'dispatch lent out Dr Osei'],
  ])('%j, of a later server too: %s', (r, words) => expect(lastStep(r)).toBe(words))
  it.each([
    ['voice', 'voice Dr Osei'],
    ['board', 'supervisors'],
    ['fax', 'fax Dr Osei'],
  ])('what is next, %s: %s', (kind, words) => expect(nextStep({ nextKind: kind as NextKind, nextName: 'Dr Osei' } as BoardRow)).toBe(words))
})
