// The people whom somebody keeps: the list, the one that is looked at, and the change or invitation being written. What was written
// stays until it is stored, whoever else changes the person meanwhile.

import { ask } from '../link/api'
import type {
  Abilities,
  KeptPractices,
  PersonAct,
  PersonChange,
  PersonDeed,
  PersonInvite,
  PersonRow,
  PersonStand,
  PersonView,
  InvitationLink,
} from '../link/types'
import { codeOf } from '../practice/calls.svelte'
import { session } from '../state/session.svelte'

export const everywhere = '*'

const nothing = (): PersonAct => ({
  act: 'card',
  name: '',
  language: 'en',
  email: '',
  mobile: '',
  role: 'agent',
  account: everywhere,
  contact: '',
  speaks: { languages: {}, skills: [], groups: [] },
  phone: '',
  session: '',
  send: '' as PersonAct['send'],
})

/** A change being written. */
export interface Form {
  do: PersonAct
  why: string
}

export class People {
  rows = $state.raw<PersonRow[] | null>(null)
  next = $state('')
  search = $state('')
  left = $state(false)
  wrong = $state('')
  busy = $state(false)
  kept = $state.raw<KeptPractices | null>(null)

  view = $state.raw<PersonView | null>(null)
  form = $state<Form | null>(null)
  formWrong = $state('')
  moved = $state.raw<PersonChange | null>(null)
  stands = $state.raw<PersonStand[]>([])
  /** What was changed a moment ago. */
  saved = $state(false)

  draft = $state<PersonInvite | null>(null)
  /** An invitation to be handed over, and whose. */
  link = $state.raw<(InvitationLink & { name: string }) | null>(null)
  #asked = 0

  /** Lists anew; an answer that a later question overtook is dropped. */
  async look(): Promise<void> {
    const mine = ++this.#asked
    try {
      const page = await session.until(() => ask('people', { search: this.search.trim(), left: this.left, after: '' }))
      if (mine !== this.#asked) return
      this.rows = page.rows ?? []
      this.next = page.next
      this.wrong = ''
    } catch (e) {
      if (mine === this.#asked) this.wrong = codeOf(e)
    }
  }

  async more(): Promise<void> {
    const mine = this.#asked
    await this.#try(async () => {
      const page = await session.until(() => ask('people', { search: this.search.trim(), left: this.left, after: this.next }))
      if (mine !== this.#asked) return
      this.rows = [...(this.rows ?? []), ...(page.rows ?? [])]
      this.next = page.next
    })
  }

  async practices(): Promise<void> {
    if (!this.kept) await this.#try(async () => void (this.kept = await session.until(() => ask('keptpractices', {}))))
  }

  async open(person: string): Promise<void> {
    this.shut()
    await this.#show(person)
  }

  async #show(person: string): Promise<void> {
    await this.#try(async () => void (this.view = await session.until(() => ask('person', { person }))))
  }

  /** Leaves the one that is looked at, and whatever was begun. */
  shut(): void {
    this.view = this.draft = this.link = null
    this.drop()
  }

  /** Drops the change being written. */
  drop(): void {
    this.form = null
    this.saved = false
    this.#clear()
  }

  #clear(): void {
    this.formWrong = ''
    this.moved = null
    this.stands = []
  }

  begin(deed: PersonDeed, of: Partial<PersonAct> = {}): void {
    const v = this.view
    if (!v) return
    this.drop()
    this.link = null
    this.form = {
      why: '',
      do: {
        ...nothing(),
        act: deed,
        name: v.row.name,
        language: v.row.language,
        email: v.email,
        mobile: v.mobile,
        phone: v.phone,
        account: this.kept?.all ? everywhere : (this.kept?.practices?.[0]?.id ?? ''),
        speaks: copy(v.speaks),
        ...of,
      },
    }
  }

  /** Stores what the form says; true when it is stored. */
  async save(): Promise<boolean> {
    const v = this.view
    const f = this.form
    if (!v || !f) return false
    const sure = this.stands.length > 0
    this.#clear()
    let stored = false
    await this.#try(async () => {
      const out = await session.once(() =>
        ask('editperson', { person: v.row.id, basis: v.basis, do: $state.snapshot(f.do), why: f.why, sure }),
      )
      stored = out.saved
      this.moved = out.moved
      if (out.saved) {
        this.form = null
        this.saved = true
        if (out.link) this.link = { ...out.link, name: v.row.name }
      } else this.stands = out.stands ?? []
      await Promise.all([this.#show(v.row.id), this.look()])
    }, true)
    return stored
  }

  invite(): void {
    this.shut()
    const act = nothing()
    this.draft = {
      login: '',
      name: '',
      language: 'en',
      email: '',
      mobile: '',
      role: this.kept?.all ? 'agent' : 'practice',
      account: this.kept?.all ? everywhere : (this.kept?.practices?.[0]?.id ?? ''),
      contact: '',
      speaks: { ...act.speaks, languages: { en: 3 } },
      send: act.send,
      why: '',
    }
  }

  /** Invites whom the draft describes; true when they are. */
  async sendInvite(): Promise<boolean> {
    const d = this.draft
    if (!d) return false
    this.formWrong = ''
    let done = false
    await this.#try(async () => {
      const out = await session.once(() => ask('inviteperson', $state.snapshot(d)))
      this.draft = null
      this.link = { ...out.link, name: d.name }
      done = true
      await Promise.all([this.#show(out.person), this.look()])
    }, true)
    return done
  }

  async #try(act: () => Promise<void>, form = false): Promise<void> {
    this.busy = true
    try {
      await act()
    } catch (e) {
      if (form) this.formWrong = codeOf(e)
      else this.wrong = codeOf(e)
    } finally {
      this.busy = false
    }
  }
}

const copy = (a: Abilities): Abilities => ({
  languages: { ...a.languages },
  skills: [...(a.skills ?? [])],
  groups: [...(a.groups ?? [])],
})

/** What a name is as a login: "Nora Núñez" is "nora.nunez". */
export const loginOf = (name: string): string =>
  name
    .normalize('NFD')
    .replace(/\p{Mn}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '.')
    .replace(/^\.|\.$/g, '')
    .slice(0, 60)
