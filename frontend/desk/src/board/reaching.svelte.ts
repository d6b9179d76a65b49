// Whom an agent reaches: one of the practice's people, chosen from a short list, to be told of a late note, rung, noted as told
// by voice, or brought in for the caller.

import { tick } from 'svelte'
import { go } from '../link/go'
import type { BoardRow, Pop, ReachPerson, ReachPlace } from '../link/types'
import { desk } from '../state/desk.svelte'

export type ReachWhat = 'contact' | 'call' | 'told' | 'patch' | 'out'

/** Whom an agent calls for the caller: somebody of the practice's list, or a number that was typed. */
export interface Target {
  contact: string
  number: string
  name: string
  /** One of the practice's people, who can be asked for a key. */
  person: boolean
}

class Reaching {
  what = $state<ReachWhat>('contact')
  row = $state.raw<BoardRow | null>(null)
  /** Whose people they are. */
  practice = $state('')
  people = $state.raw<ReachPerson[]>([])
  places = $state.raw<ReachPlace[]>([])
  /** Who is to be called, until it is said how. */
  whom = $state.raw<Target | null>(null)
  /** Who was told by voice, until it is said whether they take it on. */
  told = $state.raw<ReachPerson | null>(null)

  /** Asks for the practice's people and shows them. */
  async choose(what: ReachWhat, row: BoardRow): Promise<void> {
    await desk.act(async () => {
      const { people } = await go().Reach(row.note)
      this.row = row
      this.#show(what, row.practice, people)
    })
  }

  /** Asks for the directory of the practice whose call is at this desk and shows it: its people alone, or everybody. */
  async bringIn(pop: Pop, what: 'patch' | 'out' = 'patch'): Promise<void> {
    await desk.act(async () => {
      const { people, places } = await go().Directory(pop.call)
      this.places = places ?? []
      this.#show(what, pop.practice.name, people)
    })
  }

  /** Who is called is said; how is asked when the list before has given the keys back. */
  target(whom: Target): void {
    this.whom = whom
    desk.panel = ''
    void tick().then(() => (desk.panel = 'how'))
  }

  /** A number is typed. */
  type(): void {
    void tick().then(() => (desk.panel = 'dial'))
  }

  #show(what: ReachWhat, practice: string, people: ReachPerson[] | null): void {
    this.what = what
    this.practice = practice
    this.people = people ?? []
    desk.panel = 'people'
  }

  pick(p: ReachPerson): void {
    const note = this.row?.note ?? ''
    if (this.what === 'told') {
      this.told = p
      void tick().then(() => (desk.panel = 'told')) // when the first list has given the keys back
    } else if (this.what === 'out') this.target({ contact: p.contact, number: '', name: p.name, person: true })
    else if (this.what === 'patch') void desk.bringIn({ contact: p.contact, number: '', name: p.name, person: true })
    else if (this.what === 'call') void desk.act(() => go().CallContact(note, p.contact))
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
