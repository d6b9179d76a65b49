// The practices that somebody may change, and the one they are at. What is written is kept on the server as a draft of theirs, again
// and again; it answers nobody until it is published. Of two who write at once each has a draft, and the second is told.

import { ask } from '../link/api'
import type { PracticeChange, PracticeProblem, PracticeRow, PracticeWhole } from '../link/types'
import { codeOf } from '../practice/calls.svelte'
import { session } from '../state/session.svelte'
import { getContext, setContext } from 'svelte'
import { diff, get, listAt, merge, partOf, put, putText, same, textAt, type Change, type Json, type Part } from './doc'

export class Practices {
  rows = $state.raw<PracticeRow[]>([])
  next = $state('')
  mayAdd = $state(false)
  search = $state('')
  looking = $state(false)
  wrong = $state('')
  #asked = 0

  async load(after = ''): Promise<void> {
    const mine = ++this.#asked
    this.looking = true
    try {
      const page = await session.until(() => ask('practices', { search: this.search, after }))
      if (mine !== this.#asked) return
      this.rows = after ? [...this.rows, ...(page.rows ?? [])] : (page.rows ?? [])
      this.next = page.next
      this.mayAdd = page.mayAdd
      this.wrong = ''
    } catch (e) {
      if (mine === this.#asked) this.wrong = codeOf(e)
    } finally {
      if (mine === this.#asked) this.looking = false
    }
  }
}

/** A colleague was quicker: what they changed, and where both did. */
export interface Moved {
  by: PracticeChange
  changes: Change[]
  clashes: string[][]
}

const parse = (text: string): Json => (text ? (JSON.parse(text) as Json) : null)

export class Editor {
  view = $state.raw<PracticeWhole | null>(null)
  doc = $state.raw<Json>(null)
  problems = $state.raw<PracticeProblem[]>([])
  wrong = $state('')
  saving = $state(false)
  /** What stands on the page is kept on the server. */
  kept = $state(true)
  moved = $state.raw<Moved | null>(null)
  published = $state(false)
  /** The documents before this one, to go back to. */
  past = $state.raw<Json[]>([])
  #wrote = 0
  #seq = 0
  #version = 0
  #base: Json = null
  #saved: Json = null
  #timer: ReturnType<typeof setTimeout> | undefined
  #flight: Promise<void> | null = null

  constructor(readonly account: string) {}

  async load(): Promise<void> {
    try {
      this.#take(await session.until(() => ask('practice', { account: this.account })))
      this.wrong = ''
    } catch (e) {
      this.wrong = codeOf(e)
    }
  }

  #take(v: PracticeWhole): void {
    this.view = v
    this.#base = parse(v.draft ? v.draft.base : v.document)
    this.doc = this.#saved = parse(v.draft ? v.draft.document : v.document)
    this.#version = v.draft ? v.draft.version : v.version
    this.#seq = v.draft?.seq ?? 0
    this.problems = v.problems ?? []
    this.kept = true
  }

  /** Something is written that is not published. */
  get changed(): boolean {
    return this.view !== null && (this.view.version === 0 || !same(this.doc, parse(this.view.document)))
  }

  get changes(): Change[] {
    return diff(parse(this.view?.document ?? ''), this.doc)
  }

  at(path: string): PracticeProblem[] {
    const at = path.toLowerCase()
    return this.problems.filter((p) => p.field.toLowerCase() === at)
  }

  of(part: Part): PracticeProblem[] {
    return this.problems.filter((p) => partOf(p.field) === part)
  }

  /** A test fails by what is written here: it takes a supervisor's word. */
  get tested(): boolean {
    return this.problems.some((p) => p.word)
  }

  get final(): boolean {
    return this.problems.some((p) => p.final)
  }

  /** Another document in the place of this one; it is kept a moment later. */
  write(doc: Json): void {
    if (same(doc, this.doc)) return
    const now = Date.now()
    if (now - this.#wrote > 700) this.past = [...this.past.slice(-99), this.doc] // a word that is typed is one step back
    this.#wrote = now
    this.#set(doc)
  }

  /** A step back. */
  undo(): void {
    const was = this.past.at(-1)
    if (was === undefined) return
    this.past = this.past.slice(0, -1)
    this.#wrote = 0
    this.#set(was)
  }

  #set(doc: Json): void {
    this.doc = doc
    this.kept = false
    this.published = false
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => void this.save(), 900)
  }

  put(path: string, value: Json | undefined): void {
    this.write(put(this.doc, path, value))
  }

  text(path: string, value: string): void {
    this.write(putText(this.doc, path, value))
  }

  /** Keeps what stands on the page, now. */
  async save(): Promise<void> {
    clearTimeout(this.#timer)
    while (this.#flight) await this.#flight
    if (same(this.doc, this.#saved)) {
      this.kept = true
      return
    }
    this.#flight = session.must(() => this.#save()).finally(() => (this.#flight = null))
    await this.#flight
  }

  async #save(): Promise<void> {
    const doc = this.doc
    this.saving = true
    try {
      const out = await session.once(() =>
        ask('savepractice', { account: this.account, document: JSON.stringify(doc), version: this.#version, seq: this.#seq }),
      )
      if (out.moved) return await this.#behind(out.moved)
      this.#seq = out.seq
      this.#saved = doc
      this.problems = out.problems ?? []
      this.wrong = ''
      this.kept = same(doc, this.doc)
    } catch (e) {
      this.wrong = codeOf(e) // and stands until what is on the page is kept
      if (this.wrong === 'portal.error.unreachable') throw e // until it answers
      if (this.wrong === 'portal.error.practice-elsewhere') await this.#heard(doc)
    } finally {
      this.saving = false
    }
  }

  /** An answer may have been lost on its way: what the server has is then what was sent. */
  async #heard(sent: Json): Promise<void> {
    const v = await session.once(() => ask('practice', { account: this.account }))
    if (!v.draft || !same(parse(v.draft.document), sent)) return
    this.#seq = v.draft.seq
    this.#saved = sent
    this.problems = v.problems ?? []
    this.wrong = ''
    this.kept = same(sent, this.doc)
  }

  /** Looks at what a colleague has published meanwhile. */
  async #behind(by: PracticeChange): Promise<void> {
    const v = await session.once(() => ask('practice', { account: this.account }))
    const theirs = parse(v.document)
    this.view = { ...v, draft: this.view?.draft ?? null }
    this.moved = { by, changes: diff(this.#base, theirs), clashes: merge(this.#base, this.doc, theirs).clashes }
  }

  /** Puts what is written here onto what the colleague has published. */
  async onto(): Promise<void> {
    if (!this.view) return
    const theirs = parse(this.view.document)
    this.doc = merge(this.#base, this.doc, theirs).doc
    this.#base = theirs
    this.#version = this.view.version
    this.#saved = null // the draft is of another version: it is kept anew
    this.moved = null
    await this.save()
  }

  /** Publishes; sure when its problems were read, with a word when tests fail. True when it is done. */
  async publish(why: string, sure: boolean, word: string): Promise<boolean> {
    try {
      if (this.#seq === 0) this.#saved = null // nothing was changed: a draft is needed all the same
      await this.save()
      if (this.moved || this.wrong) return false
      const out = await session.once(() => ask('publishpractice', { account: this.account, seq: this.#seq, why, sure, word }))
      if (out.moved) await this.#behind(out.moved)
      else this.problems = out.problems ?? []
      if (out.saved) {
        await this.load()
        this.published = true
      }
      return out.saved
    } catch (e) {
      this.wrong = codeOf(e)
      if (this.wrong !== 'portal.error.practice-elsewhere') return false
      const v = await session.once(() => ask('practice', { account: this.account })) // perhaps its answer was lost
      if (v.draft || !same(parse(v.document), this.doc)) return false
      this.#take(v)
      this.wrong = ''
      this.published = true
      return true
    }
  }

  /** Throws away what was written and not published. */
  async drop(): Promise<void> {
    clearTimeout(this.#timer)
    while (this.#flight) await this.#flight
    try {
      await session.until(() => ask('droppractice', { account: this.account }))
      if (this.view?.version) await this.load()
    } catch (e) {
      this.wrong = codeOf(e)
    }
  }

  /** A version's document, or what a colleague writes. */
  async read(what: { version: string } | { person: string }): Promise<{ doc: Json; version: number } | null> {
    try {
      const out = await session.until(() =>
        'version' in what
          ? ask('practiceversion', { account: this.account, version: what.version })
          : ask('practicebeside', { account: this.account, person: what.person }),
      )
      return { doc: parse(out.document), version: out.version }
    } catch (e) {
      this.wrong = codeOf(e)
      return null
    }
  }

  /** The languages in which the practice's texts are written: those it speaks. */
  get languages(): string[] {
    const list = listAt(this.doc, 'account.languages').map(String)
    return list.length ? list : ['en']
  }

  get contacts(): { id: string; name: string }[] {
    return listAt(this.doc, 'account.contacts').map((c) => ({ id: textAt(c, 'id'), name: textAt(c, 'name') || textAt(c, 'id') }))
  }

  get ladders(): string[] {
    return listAt(this.doc, 'ladders.ladders').map((l) => textAt(l, 'name'))
  }

  /** The schedule's roles. */
  get roles(): string[] {
    const named = listAt(this.doc, 'schedule.layers').map((l) => textAt(l, 'role') || 'primary')
    const answered = Object.keys((get(this.doc, 'schedule.default') ?? {}) as Record<string, Json>)
    return [...new Set([...named, ...answered])]
  }
}

const key = Symbol('editor')

/** The editor that the parts of a page write to. */
export const share = (editor: Editor): Editor => setContext(key, editor)
export const shared = (): Editor => getContext<Editor>(key)
