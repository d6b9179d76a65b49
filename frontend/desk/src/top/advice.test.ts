import { describe, expect, it } from 'vitest'
import en from '../../../shared/catalog/desk.en.json'
import { actions } from '../state/actions'
import { caps } from '../state/keys'
import { advice } from './advice'

describe('what a notice advises', () => {
  it.each(Object.entries(advice))('%s has a key', (code, action) => {
    expect(Object.keys(en)).toContain(code)
    expect(actions).toContain(action)
    expect(caps(action)).not.toEqual([])
  })
  it('is an action, not a sentence that names a key', () => {
    const named = Object.entries(en).filter(([k, s]) => /^desk\.(notice|error|gone)\./.test(k) && /\b(F\d+|Alt|Ctrl|Esc)\b/.test(s))
    expect(named).toEqual([])
  })
})

describe('the actions', () => {
  it('are one each', () => expect(new Set(actions.map((a) => a.id)).size).toBe(actions.length))
  it('have a name in the catalog', () => expect(actions.map((a) => a.name()).filter((name) => !(name in en))).toEqual([]))
  it('that act everywhere put no sign anywhere', () => {
    expect(actions.flatMap((a) => a.keys ?? []).filter((k) => !/^((Shift\+)?F\d+|Escape|(Ctrl|Alt)\+.+)$/.test(k))).toEqual([])
  })
})
