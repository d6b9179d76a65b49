import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { flagged, flagKey } from '../../../shared/flag'
import type { Field, Script } from '../link/types'
import { fieldsOf, firstEmpty, missing, redFlags, stored, wrong, type Typed } from './check'

const field = (key: string, kind: string, more: Partial<Field> = {}): Field => ({
  key,
  kind,
  label: { en: key },
  cue: { en: key },
  required: true,
  readBack: false,
  ...more,
})
const common = [field('name', 'name'), field('callback', 'phone', { readBack: true }), field('dob', 'date')]
const type = (id: string, digit: string, fields: Field[]) => ({
  id,
  digit,
  label: { en: id },
  urgency: 'routine',
  ladder: '',
  role: '',
  fields,
})
const script: Script = {
  version: 1,
  callTypes: [
    type('symptom', '1', [
      ...common,
      field('reason', 'text'),
      field('since', 'choice', { required: false, choices: [{ value: 'today', label: { en: 'today' } }] }),
    ]),
    type('refill', '2', [...common, field('drug', 'text')]),
  ],
  redFlags: [{ words: { en: ['chest pain'], es: ['dolor de pecho'] }, show: { en: 'Dial 911', es: 'Marque 911' } }],
}
const today = '2026-11-22'
const typed = (t: Partial<Typed> = {}): Typed => ({ callType: 'symptom', language: 'en', fields: {}, verbatim: '', readBack: [], ...t })

describe('a form', () => {
  it('asks what every call type asks before one is picked', () =>
    expect(fieldsOf(script, '').map((f) => f.key)).toEqual(['name', 'callback', 'dob']))
  it('wants the call type first', () => expect(firstEmpty(script, typed({ callType: '' }))).toBe('callType'))
  it('goes to a number that is filled but not read back', () =>
    expect(firstEmpty(script, typed({ fields: { name: 'Ana Paz', callback: '3125550142' } }))).toBe('callback'))
  it('says all that is missing, in its own order', () => {
    expect([...missing(script, typed({ callType: '' }), today)]).toEqual([
      ['callType', 'field.required'],
      ['name', 'field.required'],
      ['callback', 'field.required'],
      ['dob', 'field.required'],
    ])
  })
  it('says what is wrong', () => {
    const fields = { name: '7', callback: '12', dob: '2/30/1990', reason: ' ', since: 'never' }
    expect([...missing(script, typed({ fields }), today).values()]).toEqual([
      'field.name',
      'field.number',
      'field.date',
      'field.required',
      'field.choice',
    ])
  })
  it('lets a whole one go', () => {
    const fields = { name: 'Ana Paz', callback: '(312) 555-0142', dob: '4/2/1961', reason: 'fever' }
    expect(missing(script, typed({ fields, readBack: ['callback'] }), today).size).toBe(0)
    expect(missing(script, typed({ fields }), today).get('callback')).toBe('field.read-back')
  })
  it('stores what can be dialled and sorted', () => {
    expect(stored(common[1]!, '(312) 555-0142', 'en', today)).toBe('+13125550142')
    expect(stored(common[2]!, '2/4/1961', 'es', today)).toBe('1961-04-02')
    expect(stored(common[0]!, ' Ana ', 'en', today)).toBe('Ana')
  })
  it('keeps half a number as it is', () => expect(stored(common[1]!, '31255', 'en', today)).toBe('31255'))
  it('hears a red flag in either language, in any field', () => {
    expect(redFlags(script, typed({ fields: { reason: 'has CHEST PAIN' } })).map((f) => f.word)).toEqual(['chest pain'])
    expect(redFlags(script, typed({ language: 'es', verbatim: 'Tiene dolor de pecho' })).map((f) => f.word)).toEqual(['dolor de pecho'])
    expect(redFlags(script, typed({ fields: { reason: 'fever' } }))).toEqual([])
  })
  it('keeps which flags were told apart from what was read back', () =>
    expect(flagged(['callback', flagKey('chest pain')])).toEqual(['chest pain']))
})

// The server's rule (notes.CheckDraft) passes the same.
const vectors: { today: string; cases: { name: string; field: Field; value: string; readBack?: string[]; want: string }[] } = JSON.parse(
  readFileSync(new URL('../../../../notes/testdata/fields.json', import.meta.url), 'utf8'),
)
describe('a field', () => {
  it.each(vectors.cases)('$name', ({ field, value, readBack, want }) => {
    for (const language of ['en', 'es'] as const)
      expect(wrong(field, value, typed({ language, readBack: readBack ?? [] }), vectors.today)).toBe(want)
  })
})
