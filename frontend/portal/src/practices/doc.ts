// A practice's document as the editor holds it: read and written by the places that its problems name ("account.contacts[2].mobile"),
// compared, and put onto what a colleague has published. Nothing is changed but what is written to: what the page does not know
// stays as it came. Pure.

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json }
type Dict = Record<string, Json>
export type Step = string | number

export const steps = (path: string): Step[] =>
  path
    .split(/[.[]/)
    .filter(Boolean)
    .map((s) => (s.endsWith(']') ? Number(s.slice(0, -1)) : s))

const isDict = (v: Json | undefined): v is Dict => typeof v === 'object' && v !== null && !Array.isArray(v)

/** The key as the document spells it: Go takes "did" and "DID" for one. */
function spelled(of: Dict, key: string): string {
  if (key in of) return key
  return Object.keys(of).find((k) => k.toLowerCase() === key.toLowerCase()) ?? key
}

/** What stands at a place; undefined for nothing. */
export function get(doc: Json, path: string | Step[]): Json | undefined {
  let v: Json | undefined = doc
  for (const s of typeof path === 'string' ? steps(path) : path) {
    if (typeof s === 'number') v = Array.isArray(v) ? v[s] : undefined
    else v = isDict(v) ? v[spelled(v, s)] : undefined
  }
  return v
}

export function textAt(doc: Json, path: string | Step[]): string {
  const v = get(doc, path)
  return typeof v === 'string' ? v : typeof v === 'number' ? String(v) : ''
}

export function listAt(doc: Json, path: string | Step[]): Json[] {
  const v = get(doc, path)
  return Array.isArray(v) ? v : []
}

/** The document with something else at a place; undefined takes it out. */
export function put(doc: Json, path: string | Step[], value: Json | undefined): Json {
  const [first, ...rest] = typeof path === 'string' ? steps(path) : path
  if (first === undefined) return value ?? null
  if (typeof first === 'number') {
    const list = Array.isArray(doc) ? [...doc] : []
    if (rest.length === 0 && value === undefined) list.splice(first, 1)
    else list[first] = put(list[first] ?? null, rest, value)
    return list
  }
  const dict: Dict = isDict(doc) ? { ...doc } : {}
  const key = spelled(dict, first)
  if (rest.length === 0 && value === undefined) return Object.fromEntries(Object.entries(dict).filter(([k]) => k !== key))
  if (rest.length > 0 && value === undefined && (dict[key] === undefined || dict[key] === null)) return doc
  dict[key] = put(dict[key] ?? null, rest, value)
  return dict
}

/** Writes a text: an empty one where nothing stood leaves nothing there. */
export function putText(doc: Json, path: string | Step[], value: string): Json {
  return put(doc, path, value === '' && get(doc, path) === undefined ? undefined : value)
}

/** An entry of a list to another place in it. */
export function move(doc: Json, path: string, from: number, to: number): Json {
  const list = [...listAt(doc, path)]
  if (to < 0 || to >= list.length) return doc
  list.splice(to, 0, ...list.splice(from, 1))
  return put(doc, path, list)
}

export const add = (doc: Json, path: string, value: Json): Json => put(doc, path, [...listAt(doc, path), value])

/** The same, whatever the order of keys. */
export function same(a: Json | undefined, b: Json | undefined): boolean {
  if (a === b) return true
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((v, i) => same(v, b[i]))
  if (!isDict(a) || !isDict(b)) return false
  const keys = Object.keys(a)
  return keys.length === Object.keys(b).length && keys.every((k) => k in b && same(a[k], b[k]))
}

/** What names an entry of a list: an id, a key, a number, a name. */
function idOf(v: Json): string {
  if (!isDict(v)) return ''
  for (const key of ['id', 'key', 'did', 'name', 'value']) {
    const id = v[spelled(v, key)]
    if (typeof id === 'string' && id) return id
  }
  return ''
}

/** Lists whose every entry is named, and once: their entries are told apart by name and not by place. */
function named(...lists: Json[][]): boolean {
  return lists.every((l) => {
    const ids = l.map(idOf)
    return ids.every(Boolean) && new Set(ids).size === ids.length
  })
}

export interface Change {
  path: string[] // keys and names of entries
  was?: Json
  is?: Json
  order?: boolean // the same entries in another order
}

/** What was changed between two documents. */
export function diff(a: Json | undefined, b: Json | undefined, path: string[] = []): Change[] {
  if (same(a, b)) return []
  const blank = (v: Json | undefined): boolean => v === undefined || v === null || v === '' || (Array.isArray(v) && v.length === 0)
  if (blank(a) && blank(b)) return []
  if (isDict(a) && isDict(b)) return [...new Set([...Object.keys(a), ...Object.keys(b)])].flatMap((k) => diff(a[k], b[k], [...path, k]))
  if (Array.isArray(a) && Array.isArray(b) && a.length + b.length > 0 && named(a, b)) {
    const of = (l: Json[], id: string): Json | undefined => l.find((v) => idOf(v) === id)
    const before = a.map(idOf)
    const after = b.map(idOf)
    const changes = [...new Set([...before, ...after])].flatMap((id) => diff(of(a, id), of(b, id), [...path, id]))
    const kept = before.filter((id) => after.includes(id))
    if (kept.join('\n') !== after.filter((id) => before.includes(id)).join('\n')) changes.push({ path, order: true })
    return changes
  }
  return [{ path, ...(a === undefined ? {} : { was: a }), ...(b === undefined ? {} : { is: b }) }]
}

export interface Merged {
  doc: Json
  clashes: string[][] // what both changed: mine is kept
}

/** Puts what I changed of base onto theirs. Where both changed the same, mine stays and is told. */
export function merge(base: Json | undefined, mine: Json | undefined, theirs: Json | undefined): Merged {
  const clashes: string[][] = []
  const at = (base: Json | undefined, mine: Json | undefined, theirs: Json | undefined, path: string[]): Json | undefined => {
    if (same(mine, theirs) || same(theirs, base)) return mine
    if (same(mine, base)) return theirs
    if (isDict(mine) && isDict(theirs) && (isDict(base) || base === undefined || base === null)) {
      const out: Dict = {}
      for (const k of new Set([...Object.keys(mine), ...Object.keys(theirs)])) {
        const v = at(isDict(base) ? base[k] : undefined, mine[k], theirs[k], [...path, k])
        if (v !== undefined) out[k] = v
      }
      return out
    }
    const was = Array.isArray(base) ? base : []
    if (Array.isArray(mine) && Array.isArray(theirs) && named(was, mine, theirs)) {
      const of = (l: Json[], id: string): Json | undefined => l.find((v) => idOf(v) === id)
      const ids = [...mine.map(idOf), ...theirs.map(idOf).filter((id) => !of(mine, id))]
      return ids.flatMap((id) => {
        const v = at(of(was, id), of(mine, id), of(theirs, id), [...path, id])
        return v === undefined ? [] : [v]
      })
    }
    clashes.push(path)
    return mine
  }
  return { doc: at(base, mine, theirs, []) ?? null, clashes }
}

/** A time span of a ladder in seconds: "3m", "1h30m", "90s"; NaN for what is none. */
export function seconds(span: string): number {
  const m = /^(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?$/.exec(span.trim())
  if (!m || !span.trim()) return NaN
  return Number(m[1] ?? 0) * 3600 + Number(m[2] ?? 0) * 60 + Number(m[3] ?? 0)
}

/** A name made of another, that is not among these. */
export function fresh(stem: string, taken: string[]): string {
  for (let i = 1; ; i++) if (!taken.includes(`${stem}-${i}`)) return `${stem}-${i}`
}

/** A short name made of a long one: "Lakeside Médicos" is "lakeside-medicos". */
export const slug = (name: string): string =>
  name
    .normalize('NFKD')
    .replace(/[\u0300-\u036f]/g, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 40)

/** Ladders are named by call types and the voicemail rule: a new name goes there, too. */
export function renameLadder(doc: Json, index: number, to: string): Json {
  const from = textAt(doc, ['ladders', 'ladders', index, 'name'])
  let out = put(doc, ['ladders', 'ladders', index, 'name'], to)
  const again = (path: Step[]): void => {
    if (from && textAt(out, path) === from) out = put(out, path, to)
  }
  again(['account', 'voicemail', 'ladder'])
  again(['account', 'messaging', 'ladder'])
  listAt(doc, 'account.script.callTypes').forEach((c, i) => {
    again(['account', 'script', 'callTypes', i, 'ladder'])
    const ladders = get(c, 'ladders')
    if (isDict(ladders)) for (const u of Object.keys(ladders)) again(['account', 'script', 'callTypes', i, 'ladders', u])
  })
  return out
}

/** The zone is the practice's and its schedule's. */
export function putZone(doc: Json, zone: string): Json {
  const both = textAt(doc, 'schedule.timezone') === textAt(doc, 'account.timeZone')
  const out = put(doc, 'account.timeZone', zone)
  return both && isDict(get(doc, 'schedule')) ? put(out, 'schedule.timezone', zone) : out
}

/** A contact more, who may be put on call. */
export function addContact(doc: Json, language: string): Json {
  const id = fresh(
    'person',
    listAt(doc, 'account.contacts').map((c) => textAt(c, 'id')),
  )
  const out = add(doc, 'account.contacts', { id, person: '', name: '', say: '', language, mobile: '', email: '' })
  return Array.isArray(get(doc, 'schedule.participants')) ? add(out, 'schedule.participants', { id }) : out
}

/** A place more. Its name must be no contact's either. */
export function addPlace(doc: Json): Json {
  const id = fresh(
    'place',
    [...listAt(doc, 'account.places'), ...listAt(doc, 'account.contacts')].map((p) => textAt(p, 'id')),
  )
  return add(doc, 'account.places', { id, name: '', number: '' })
}

/** A contact less. Where the schedule or a ladder names them still, the check says so. */
export function removeContact(doc: Json, index: number): Json {
  const id = textAt(doc, ['account', 'contacts', index, 'id'])
  const out = put(doc, ['account', 'contacts', index], undefined)
  const participants = get(out, 'schedule.participants')
  if (!Array.isArray(participants)) return out
  const left = put(
    out,
    'schedule.participants',
    participants.filter((p) => textAt(p, 'id') !== id),
  )
  return JSON.stringify(get(left, 'schedule')).includes(JSON.stringify(id)) ? out : left
}

/** The parts of the editor, and which of them a place of the document belongs to. */
export const parts = ['identity', 'lines', 'hours', 'people', 'places', 'duty', 'ladders', 'calls', 'flags', 'tests', 'rest'] as const
export type Part = (typeof parts)[number]

export function partOf(field: string): Part {
  const begins = (p: string): boolean => field === p || field.startsWith(`${p}.`) || field.startsWith(`${p}[`)
  if (begins('account.script.redFlags')) return 'flags'
  if (begins('account.script')) return 'calls'
  if (begins('account.lines')) return 'lines'
  if (begins('account.hours') || begins('schedule.officeHours') || begins('schedule.holidays')) return 'hours'
  if (begins('account.contacts') || begins('people')) return 'people'
  if (begins('account.tests')) return 'tests'
  if (begins('account.places') || begins('account.dialling')) return 'places'
  if (begins('account.voicemail') || begins('account.chart') || begins('account.messaging.reminders')) return 'rest'
  if (begins('ladders')) return 'ladders'
  if (begins('schedule')) return 'duty'
  return 'identity'
}
