import { describe, expect, test } from 'vitest'
import type { BoardChange, BoardPage, BoardRow } from '../link/types'
import { follow, further, nothing } from './pages'

const row = (key: string, note: string, state = 'open'): BoardRow => ({ key, note, state, call: '' }) as BoardRow
const page = (next: string, ...rows: BoardRow[]): BoardPage => ({ rows, next, open: rows.length, late: 0 })
const change = (c: Partial<BoardChange>): BoardChange => ({ seq: 1, rows: [], gone: [], open: 9, late: 1, ...c })
const shown = (p: BoardPage): string[] => (p.rows ?? []).map((r) => `${r.note} ${r.state}`)

describe('the board as it was read', () => {
  test('a changed row takes its new place', () => {
    const p = follow(page('', row('2 a', 'a'), row('2 b', 'b')), change({ rows: [row('1 b', 'b', 'read')] }))
    expect(shown(p)).toEqual(['b read', 'a open'])
    expect([p.open, p.late]).toEqual([9, 1])
  })
  test('what is gone leaves, and what was never there does no harm', () => {
    expect(shown(follow(page('', row('2 a', 'a')), change({ gone: ['a', 'z'] })))).toEqual([])
  })
  test('a row beyond what was read is left to its page', () => {
    const read = page('2 b', row('2 a', 'a'), row('2 b', 'b'))
    expect(shown(follow(read, change({ rows: [row('2 c', 'c')] })))).toEqual(['a open', 'b open'])
    expect(shown(follow(read, change({ rows: [row('2 aa', 'aa')] })))).toEqual(['a open', 'aa open', 'b open'])
    expect(shown(follow(read, change({ rows: [row('2 c', 'a')] })))).toEqual(['b open'])
  })
  test('a page told anew is all there is', () => {
    expect(follow(page('x', row('2 a', 'a')), change({ page: nothing }))).toBe(nothing)
  })
  test('a further page has no row twice', () => {
    const p = further(page('2 b', row('1 c', 'c', 'read'), row('2 b', 'b')), page('', row('2 c', 'c'), row('2 d', 'd')))
    expect(shown(p)).toEqual(['c read', 'b open', 'd open'])
    expect(p.next).toBe('')
  })
})
