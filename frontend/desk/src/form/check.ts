// What a form lacks. Pure: the script, what was typed and today in, codes of the catalogs out.

import { parseBirth, parseDay } from '../../../shared/birth'
import type { Lang } from '../../../shared/clock'
import { parseNumber } from '../../../shared/number'
import { says } from '../../../shared/words'
import type { CallType, Field, RedFlag, Script } from '../link/types'

export interface Typed {
  callType: string
  language: Lang
  fields: Record<string, string>
  verbatim: string
  readBack: string[]
}

export const callTypes = (s: Script): CallType[] => s.callTypes ?? []

/** The fields to ask: of the call type, or before one is picked those that every call type has, in the first one's order. */
export function fieldsOf(script: Script, callType: string): Field[] {
  const types = callTypes(script)
  const picked = types.find((c) => c.id === callType)
  if (picked) return picked.fields ?? []
  const [first, ...rest] = types
  return (first?.fields ?? []).filter((f) => rest.every((c) => (c.fields ?? []).some((g) => g.key === f.key)))
}

/** A name has at least two letters of any script. */
const isName = (v: string): boolean => (v.match(/\p{L}/gu) ?? []).length >= 2

/**
 * What is wrong with one value: a code, or "" when nothing is. The rule is the server's (notes.CheckDraft), and both pass
 * the same vectors; what is typed here is looked at as it would be stored.
 */
export function wrong(f: Field, value: string, t: Typed, today: string): string {
  const v = stored(f, value, t.language, today)
  if (!v) return f.required ? 'field.required' : ''
  switch (f.kind) {
    case 'name':
      if (!isName(v)) return 'field.name'
      break
    case 'phone':
      if (!parseNumber(v)) return 'field.number'
      break
    case 'date': {
      const day = parseDay(v, t.language, today)
      if (!day) return 'field.date'
      if (f.key !== 'dob') break
      if (day > today) return 'field.future'
      if (!parseBirth(v, t.language, today)) return 'field.date'
      break
    }
    case 'choice':
      if (!(f.choices ?? []).some((c) => c.value === v)) return 'field.choice'
      break
    case 'yesno':
      if (v !== 'yes' && v !== 'no') return 'field.choice'
      break
    case 'text':
      break
    default:
      f.kind satisfies never // of a later server: taken as text
  }
  return f.readBack && !t.readBack.includes(f.key) ? 'field.read-back' : ''
}

/** All that keeps a form from being sent, by field key in the form's order; "callType" stands for the call type. */
export function missing(script: Script, t: Typed, today: string): Map<string, string> {
  const out = new Map<string, string>()
  if (!callTypes(script).some((c) => c.id === t.callType)) out.set('callType', 'field.required')
  for (const f of fieldsOf(script, t.callType)) {
    const code = wrong(f, t.fields[f.key] ?? '', t, today)
    if (code) out.set(f.key, code)
  }
  return out
}

/** The first field that nobody has filled in yet, the call type first of all; null when all are. */
export function firstEmpty(script: Script, t: Typed): string | null {
  if (!t.callType) return 'callType'
  const f = fieldsOf(script, t.callType).find((f) => !(t.fields[f.key] ?? '').trim() || (f.readBack && !t.readBack.includes(f.key)))
  return f?.key ?? null
}

/** The practice's texts whose words were said, in the call's language or the other one: callers mix them. */
export function redFlags(script: Script, t: Typed): { word: string; flag: RedFlag }[] {
  const said = [...Object.values(t.fields), t.verbatim].join(' \n ')
  const out: { word: string; flag: RedFlag }[] = []
  for (const flag of script.redFlags ?? []) {
    const word = Object.values(flag.words ?? {})
      .flatMap((w) => w ?? [])
      .find((w) => says(said, w))
    if (word) out.push({ word, flag })
  }
  return out
}

/** What is stored of a value: numbers as E.164, dates as ISO, the rest as typed without spaces around. */
export function stored(f: Field, value: string, lang: Lang, today: string): string {
  const v = value.trim()
  if (f.kind === 'phone') return parseNumber(v) ?? v
  if (f.kind === 'date') return (f.key === 'dob' ? parseBirth(v, lang, today) : null) ?? parseDay(v, lang, today) ?? v
  return v
}
