import { readFileSync, readdirSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import {
  addContact,
  diff,
  get,
  listAt,
  merge,
  move,
  partOf,
  parts,
  put,
  putText,
  putZone,
  removeContact,
  renameLadder,
  same,
  seconds,
  slug,
  steps,
  textAt,
  type Json,
  type Step,
} from './doc'

const dirs = ['../../../../cmd/lamplight-demo/practices/', '../../../../routing/testdata/']
const files = dirs.flatMap((d) =>
  (readdirSync(new URL(d, import.meta.url), { recursive: true }) as string[])
    .filter((f) => f.endsWith('.json'))
    .map((f) => new URL(d + f, import.meta.url)),
)
const docs = files.map((f) => JSON.parse(readFileSync(f, 'utf8')) as Json).filter((d) => get(d, 'account.id') !== undefined)

/** Every place of a document that holds no list and no object. */
function leaves(of: Json, path: Step[] = []): Step[][] {
  if (Array.isArray(of)) return of.flatMap((v, i) => leaves(v, [...path, i]))
  if (typeof of === 'object' && of !== null) return Object.entries(of).flatMap(([k, v]) => leaves(v, [...path, k]))
  return [path]
}

const written = (path: Step[]): string =>
  path
    .map((s) => (typeof s === 'number' ? `[${s}]` : `.${s}`))
    .join('')
    .slice(1)

describe('a practice’s document', () => {
  it('has the practices that come with the program', () => expect(docs.length).toBeGreaterThanOrEqual(2))

  it('is changed where it is written to, and nowhere else', () => {
    for (const doc of docs) {
      const before = JSON.stringify(doc)
      for (const path of leaves(doc)) {
        const was = get(doc, path)
        const other = put(doc, path, 'touched')
        const back = put(other, path, was ?? null)
        expect(JSON.stringify(back)).toBe(before) // its keys stand in their order, too
        expect(diff(doc, other).length, written(path)).toBeGreaterThan(0)
        expect(JSON.stringify(doc)).toBe(before)
        if (typeof was === 'string' && !/[^\w[\].]/.test(written(path))) expect(get(doc, steps(written(path)))).toBe(was)
      }
    }
  })
  it('is as it was after what adds and takes away the same', () => {
    for (const doc of docs) {
      const n = listAt(doc, 'account.contacts').length
      expect(removeContact(addContact(doc, 'en'), n)).toEqual(doc)
      const swapped = move(doc, 'account.script.callTypes', 0, 1)
      expect(move(swapped, 'account.script.callTypes', 0, 1)).toEqual(doc)
      const name = textAt(doc, 'ladders.ladders[0].name')
      const renamed = renameLadder(doc, 0, 'another')
      expect(JSON.stringify(renamed)).not.toContain(`"ladder":"${name}"`)
      expect(renameLadder(renamed, 0, name)).toEqual(doc)
      expect(putZone(putZone(doc, 'Asia/Tokyo'), textAt(doc, 'account.timeZone'))).toEqual(doc)
      expect(putText(doc, 'account.nothing', '')).toEqual(doc)
      expect(put(doc, 'account.nothing.author', undefined)).toEqual(doc)
    }
  })
  it('takes a key however it is spelled', () => {
    const doc = { lines: [{ DID: '+1', Relax: { SkillsAfter: 3 } }] }
    expect(textAt(doc, 'lines[0].did')).toBe('+1')
    expect(put(doc, 'lines[0].relax.skillsAfter', 4)).toEqual({ lines: [{ DID: '+1', Relax: { SkillsAfter: 4 } }] })
  })
  it('writes into what is not there', () => {
    expect(put({ a: null }, 'a[0].b.c', 'x')).toEqual({ a: [{ b: { c: 'x' } }] })
  })
  it('knows a part of the editor for every place', () => {
    for (const doc of docs) for (const path of leaves(doc)) expect(parts).toContain(partOf(written(path)))
    expect(partOf('account.script.redFlags[0].words.en[1]')).toBe('flags')
    expect(partOf('schedule.holidays.own[0]')).toBe('hours')
    expect(partOf('document')).toBe('identity')
  })
})

describe('two documents', () => {
  const base = {
    name: 'A',
    list: [
      { id: 'x', v: 1 },
      { id: 'y', v: 2 },
    ],
    hours: [1, 2],
  }
  it('are compared by what their entries are called', () => {
    const now = {
      name: 'B',
      list: [
        { id: 'y', v: 3 },
        { id: 'x', v: 1 },
        { id: 'z', v: 0 },
      ],
      hours: [1, 2],
    }
    expect(diff(base, now)).toEqual([
      { path: ['name'], was: 'A', is: 'B' },
      { path: ['list', 'y', 'v'], was: 2, is: 3 },
      { path: ['list', 'z'], is: { id: 'z', v: 0 } },
      { path: ['list'], order: true },
    ])
    expect(diff({ a: null }, { a: [] })).toEqual([])
  })
  it('are put together where they do not meet', () => {
    const mine = {
      ...base,
      list: [
        { id: 'x', v: 9 },
        { id: 'y', v: 2 },
        { id: 'm', v: 5 },
      ],
    }
    const theirs = {
      ...base,
      name: 'T',
      list: [
        { id: 'y', v: 7 },
        { id: 'x', v: 1 },
      ],
    }
    expect(merge(base, mine, theirs)).toEqual({
      doc: {
        name: 'T',
        list: [
          { id: 'x', v: 9 },
          { id: 'y', v: 7 },
          { id: 'm', v: 5 },
        ],
        hours: [1, 2],
      },
      clashes: [],
    })
  })
  it('keep mine where they meet, and say so', () => {
    const mine = { ...base, hours: [3], list: [{ id: 'x', v: 9 }] }
    const theirs = {
      ...base,
      hours: [4],
      list: [
        { id: 'x', v: 8 },
        { id: 'y', v: 2 },
        { id: 'q', v: 1 },
      ],
    }
    const out = merge(base, mine, theirs)
    expect(out.doc).toEqual({
      name: 'A',
      list: [
        { id: 'x', v: 9 },
        { id: 'q', v: 1 },
      ],
      hours: [3],
    })
    expect(out.clashes).toEqual([['list', 'x', 'v'], ['hours']])
  })
  it('never lose what one of them did alone', () => {
    for (const doc of docs) {
      const all = leaves(doc).filter(
        (p) => typeof get(doc, p) === 'string' && !['id', 'key', 'did', 'name', 'value'].includes(String(p.at(-1)).toLowerCase()),
      )
      for (let i = 0; i + 1 < all.length; i += 7) {
        const [a = [], b = []] = [all[i], all[i + 1]]
        const mine = put(doc, a, 'mine')
        const theirs = put(doc, b, 'theirs')
        const out = merge(doc, mine, theirs)
        expect(get(out.doc, a)).toBe('mine')
        if (out.clashes.length === 0) expect(same(out.doc, put(mine, b, 'theirs'))).toBe(true)
      }
      expect(merge(doc, doc, doc)).toEqual({ doc, clashes: [] })
    }
  })
})

it('reads a ladder’s times and makes short names', () => {
  expect(['0s', '90s', '3m', '1h30m', '', 'soon', '3'].map(seconds)).toEqual([0, 90, 180, 5400, NaN, NaN, NaN])
  expect(slug('  Médicos del Niño & Cía. ')).toBe('medicos-del-nino-cia')
  expect(slug('=🏥')).toBe('')
})
