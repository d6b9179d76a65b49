// Whom an agent reaches about a late note: one of the practice's people, chosen from a short list, to be told, rung, or noted
// as told by voice.

import { tick } from 'svelte'
import { go } from '../link/go'
import type { BoardRow, ReachPerson } from '../link/types'
import { desk } from '../state/desk.svelte'

export type ReachWhat = 'contact' | 'call' | 'told'

class Reaching {
  what = $state<ReachWhat>('contact')
  row = $state.raw<BoardRow | null>(null)
  people = $state.raw<ReachPerson[]>([])
  /** Who was told by voice, until it is said whether they take it on. */
  told = $state.raw<ReachPerson | null>(null)

  /** Asks for the practice's people and shows them. */
  async choose(what: ReachWhat, row: BoardRow): Promise<void> {
    await desk.act(async () => {
      const { people } = await go().Reach(row.note)
      this.what = what
      this.row = row
      this.people = people ?? []
      desk.panel = 'people'
    })
  }

  pick(p: ReachPerson): void {
    const note = this.row?.note ?? ''
    if (this.what === 'told') {
      this.told = p
      void tick().then(() => (desk.panel = 'told')) // when the first list has given the keys back
    } else if (this.what === 'call') void desk.act(() => go().CallContact(note, p.contact))
    else void this.#did('desk.reach.done', p.name, () => go().PageContact(note, p.contact))
  }

  /** They were told; took says that they take it on. */
  say(took: boolean): void {
    const p = this.told
    const note = this.row?.note ?? ''
    if (p) void this.#did(took ? 'desk.reach.took' : 'desk.reach.told', p.name, () => go().ToldByVoice(note, p.contact, took))
  }

  async #did(code: string, name: string, f: () => Promise<unknown>): Promise<void> {
    if (await desk.act(f)) desk.tell(code, false, { name })
  }
}

export const reaching = new Reaching()
