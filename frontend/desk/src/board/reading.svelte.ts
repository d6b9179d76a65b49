// What this desk has read of the board, which row of it is chosen, and when it reads on or anew.

import { go } from '../link/go'
import type { BoardChange, BoardPage, BoardRow } from '../link/types'
import { follow, further, nothing, rowId } from './pages'

export class Reading {
  read = $state.raw<BoardPage>(nothing)
  row = $state(0)
  #seq = -1 // the last change's; -1: any may come next
  #since: BoardChange[] | null = null // what changed since a further page was asked for

  /** act asks the server and tells what a refusal says. */
  constructor(readonly act: (f: () => Promise<unknown>) => Promise<boolean>) {}

  get rows(): BoardRow[] {
    return this.read.rows ?? []
  }
  get selected(): BoardRow | undefined {
    return this.rows[Math.min(this.row, this.rows.length - 1)]
  }

  /** The server begins to tell changes from the first. */
  begins(): void {
    this.#seq = 0
  }

  /** Shows what was read, and keeps the row that is chosen. */
  show(read: BoardPage): void {
    const kept = this.selected
    this.read = read
    if (kept) {
      const i = this.rows.findIndex((r) => rowId(r) === rowId(kept))
      if (i >= 0) this.row = i
    }
    this.row = Math.max(0, Math.min(this.row, this.rows.length - 1))
  }

  changed(c: BoardChange): void {
    const missed = this.#seq >= 0 && c.seq > this.#seq + 1
    this.#seq = Math.max(this.#seq, c.seq)
    if (missed && !c.page) return void this.#anew()
    this.#since?.push(c)
    this.show(follow(this.read, c))
    // What was read has been worked off, and there is more.
    if (this.read.next && this.rows.length < 20) void this.on()
  }

  async #anew(): Promise<void> {
    this.#since = null
    await this.act(async () => this.show(await go().BoardPage({ after: '' })))
  }

  /** Reads the next page, when there is one. */
  async on(): Promise<void> {
    const after = this.read.next
    if (!after || this.#since) return
    const since: BoardChange[] = (this.#since = [])
    await this.act(async () => {
      const page = await go().BoardPage({ after })
      if (this.#since !== since || this.read.next !== after) return // told anew meanwhile
      this.show(since.reduce(follow, further(this.read, page)))
    })
    if (this.#since === since) this.#since = null
  }
}
