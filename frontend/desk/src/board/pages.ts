// The part of the board that this desk has read, as changes and further pages come. console/board.go tells the same in Go.

import type { BoardChange, BoardPage, BoardRow } from '../link/types'

/** Where counting for a heading ends: that many or more. */
export const many = 100

export const nothing: BoardPage = { rows: [], next: '', open: 0, late: 0 }

export const rowId = (r: BoardRow): string => (r.draft ? `draft:${r.draft}` : r.note || r.call)

const order = (a: BoardRow, b: BoardRow): number => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0)

/** What was read, with a change in it. A row beyond what was read is left for the page that will bring it. */
export function follow(read: BoardPage, c: BoardChange): BoardPage {
  if (c.page) return c.page
  const changed = c.rows ?? []
  const left = new Set([...(c.gone ?? []), ...changed.map(rowId)])
  const rows = [...(read.rows ?? []).filter((r) => !left.has(rowId(r))), ...changed.filter((r) => !read.next || r.key <= read.next)]
  return { rows: rows.sort(order), next: read.next, open: c.open, late: c.late }
}

/** What was read, with the page that follows it. Since that was asked for, a row may have moved up into what was there. */
export function further(read: BoardPage, page: BoardPage): BoardPage {
  const had = new Set((read.rows ?? []).map(rowId))
  return { ...page, rows: [...(read.rows ?? []), ...(page.rows ?? []).filter((r) => !had.has(rowId(r)))].sort(order) }
}
