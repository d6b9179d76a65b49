// What a practice looks at: its filter, the pages of calls it matched, the story that is open.

import { ask, file, Refused, Unreachable } from '../link/api'
import type { CallRow, CallsFilter, CallStory } from '../link/types'
import { session } from '../state/session.svelte'

export const nothing: Pick<CallsFilter, 'from' | 'to' | 'callType' | 'state' | 'agent' | 'search'> = {
  from: '',
  to: '',
  callType: '',
  state: '',
  agent: '',
  search: '',
}

export class CallList {
  filter = $state({ ...nothing })
  rows = $state.raw<CallRow[] | null>(null)
  total = $state(0)
  next = $state('')
  looking = $state(false)
  wrong = $state('')
  exported = $state(false)

  story = $state.raw<CallStory | null>(null)
  open = $state('') // the call whose story is asked for or shown
  storyWrong = $state('')
  #asked = 0

  constructor(readonly account: string) {}

  get narrowed(): boolean {
    return Object.values(this.filter).some((v) => v !== '')
  }

  #query(after = ''): CallsFilter {
    return { account: this.account, ...this.filter, search: this.filter.search.trim(), after, limit: 50 }
  }

  /** Asks anew; an answer that a later question overtook is dropped. */
  async look(): Promise<void> {
    const mine = ++this.#asked
    this.looking = true
    this.exported = false
    try {
      const page = await session.until(() => ask('calls', this.#query()))
      if (mine !== this.#asked) return
      this.rows = page.rows
      this.total = page.total
      this.next = page.next
      this.wrong = ''
    } catch (e) {
      if (mine === this.#asked) this.wrong = codeOf(e)
    } finally {
      if (mine === this.#asked) this.looking = false
    }
  }

  async more(): Promise<void> {
    const mine = this.#asked
    this.looking = true
    try {
      const page = await session.until(() => ask('calls', this.#query(this.next)))
      if (mine !== this.#asked) return
      this.rows = [...(this.rows ?? []), ...(page.rows ?? [])]
      this.next = page.next
    } catch (e) {
      this.wrong = codeOf(e)
    } finally {
      if (mine === this.#asked) this.looking = false
    }
  }

  async tell(call: string): Promise<void> {
    if (this.open !== call) this.story = null
    this.open = call
    this.storyWrong = ''
    try {
      const story = await session.until(() => ask('callstory', { call }))
      if (this.open !== call) return
      this.story = story
      this.rows = this.rows?.map((r) => (r.call === call ? { ...r, ...story.row } : r)) ?? null
    } catch (e) {
      if (this.open === call) this.storyWrong = codeOf(e)
    }
  }

  shut(): void {
    this.open = ''
    this.story = null
  }

  async export(): Promise<void> {
    this.exported = false
    try {
      const blob = await session.once(() => file('/api/calls.csv', this.#query()))
      const url = URL.createObjectURL(blob)
      const a = document.createElement('a')
      a.href = url
      a.download = 'calls.csv'
      a.click()
      setTimeout(() => URL.revokeObjectURL(url), 60_000)
      this.exported = true
      this.wrong = ''
    } catch (e) {
      this.wrong = codeOf(e)
    }
  }
}

/** What to say of an error; what is no answer of the server's is a fault to be seen. */
export function codeOf(e: unknown): string {
  if (e instanceof Unreachable) return 'portal.error.unreachable'
  if (e instanceof Refused) return e.fields.text ?? e.code
  throw e
}
