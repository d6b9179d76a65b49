// The notes that were begun and not sent. Each is somebody's call that nobody knows of yet, so it ages in sight; what is
// thrown away can be had back for a while, and until then neither this machine nor the server has forgotten it.

import { at } from '../../../shared/clock'
import { go } from '../link/go'
import type { Draft, Pop } from '../link/types'
import type { Form } from './form.svelte'

/** From when on an unsent note is late: a patient has told their trouble and waits. */
export const UNSENT_LATE = 5 * 60_000
/** How long what was thrown away can be had back. */
const UNDO_FOR = 30_000

/** Since when the caller of an unsent note waits: the call's answer, or its arrival, or the last word of a call forgotten. */
export const waitsSince = (pop: Pop | undefined, savedAt = ''): number => at(pop?.answeredAt) || at(pop?.arrivedAt) || at(savedAt)

class Drafts {
  list = $state.raw<Draft[]>([])
  /** The draft thrown away last, as long as it can be had back. */
  dropped = $state.raw<Draft | null>(null)
  #pops = $state.raw<Pop[]>([])
  #timer = 0

  set(list: Draft[], pops: Pop[]): void {
    this.list = list.filter((d) => d.id !== this.dropped?.id)
    this.#pops = pops
  }

  popOf = (d: Draft): Pop | undefined => this.#pops.find((p) => p.call === d.call)
  ofCall = (call: string): Draft | undefined => this.list.find((d) => d.call === call)
  since = (d: Draft): number => waitsSince(this.popOf(d), d.savedAt)

  /** The one that waits longest among all but the form in hand; 0 when none does. */
  oldest(but: string | undefined): number {
    const all = this.list.filter((d) => d.id !== but).map(this.since)
    return all.length ? Math.min(...all) : 0
  }

  remember(f: Form): void {
    this.add(f.draft(), f.pop)
  }

  /** What somebody else had begun is here to be finished. */
  add(d: Draft, pop: Pop): void {
    this.list = [d, ...this.list.filter((o) => o.id !== d.id)]
    this.#pops = [pop, ...this.#pops.filter((p) => p.call !== pop.call)]
  }

  forget(id: string): void {
    this.list = this.list.filter((d) => d.id !== id)
  }

  /** Throws a draft away, for good when nobody has it back within UNDO_FOR. The one thrown away before is gone at once. */
  async drop(d: Draft, act: (f: () => Promise<unknown>) => Promise<boolean>): Promise<void> {
    const before = this.dropped
    this.forget(d.id)
    this.dropped = d
    clearTimeout(this.#timer)
    this.#timer = window.setTimeout(() => void this.#gone(d, act), UNDO_FOR)
    if (before) await this.#gone(before, act)
  }

  async #gone(d: Draft, act: (f: () => Promise<unknown>) => Promise<boolean>): Promise<void> {
    if (this.dropped?.id === d.id) this.dropped = null
    if (!(await act(() => go().Drop(d.id)))) this.list = [...this.list, d]
  }

  undo(): Draft | null {
    const d = this.dropped
    clearTimeout(this.#timer)
    this.dropped = null
    if (d) this.list = [d, ...this.list]
    return d
  }

  /** Nobody is at the desk any more: what was thrown away and not yet gone stays where it is kept. */
  leave(): void {
    clearTimeout(this.#timer)
    this.dropped = null
    this.set([], [])
  }
}

export const drafts = new Drafts()
