// The desk's state: what the server said last (Hello, then events), and which panel is open. Nothing here draws.

import { at, never } from '../../../shared/clock'
import { go, on, refusal } from '../link/go'
import type { AgentView, BoardRow, CallMoved, Draft, Event, Figures, Hello, Levels, LinkView, PhoneView, Pop, Saved, Scenario, Story, StoryRef } from '../link/types'
import { clock } from './clock.svelte'
import { focusEnd, focusField, focusId, typingNow } from './focus'
import { Form } from './form.svelte'
import { text } from './text.svelte'

export type Panel = '' | 'state' | 'calls' | 'view' | 'help'

const nobody: AgentView = { id: '', name: '', languages: [], interface: 'en', state: 'out', reason: '', since: '' }

class Desk {
  phase = $state<'begin' | 'signin' | 'desk'>('begin')
  login = $state('')
  demo = $state(false)
  signInError = $state('')
  signingIn = $state(false)

  link = $state.raw<LinkView>({ up: false, since: '' })
  phone = $state.raw<PhoneView>({ up: false, built: false, deaf: false, since: '' })
  levels = $state.raw<Levels>({ them: 0, me: 0 })
  muted = $state(false)

  agent = $state.raw<AgentView>(nobody)
  figures = $state.raw<Figures>({ waiting: 0, longest: 0, serviceLevel: -1, ready: 0, talking: 0 })
  figuresAt = $state(0)
  training = $state(false)
  pauses = $state.raw<string[]>([])
  supervisor = $state(false)
  /** How long nobody may touch the desk before it locks, in milliseconds. */
  lockAfter = 0

  /** The offer or call at this desk. When it is over but its note is not, the form keeps what it needs. */
  pop = $state.raw<Pop | null>(null)
  form = $state.raw<Form | null>(null)
  /** Unsent notes of other calls, offered again. */
  drafts = $state.raw<Draft[]>([])
  draftPops = $state.raw<Pop[]>([])
  board = $state.raw<BoardRow[]>([])
  row = $state(0)

  story = $state.raw<Story | null>(null)
  panel = $state<Panel>('')
  scenarios = $state.raw<Scenario[]>([])
  /** Esc was pressed once on a call: a second one ends it. */
  ending = $state(false)
  notice = $state.raw<{ code: string; late: boolean; at: number } | null>(null)
  #since: Event[] | null = null // what happened since the state was asked for

  get talking(): boolean {
    return this.pop?.state === 'talking' || this.pop?.state === 'held'
  }
  get offered(): boolean {
    return this.pop?.state === 'offered'
  }
  get wrapUp(): boolean {
    return this.agent.state === 'wrapup'
  }
  get others(): Draft[] {
    return this.drafts.filter((d) => d.id !== this.form?.id)
  }
  get selected(): BoardRow | undefined {
    return this.board[Math.min(this.row, this.board.length - 1)]
  }

  async begin(): Promise<void> {
    on<Event>('desk', (e) => this.#happened(e))
    on<LinkView>('link', (l) => (this.link = l))
    on<PhoneView>('phone', (p) => (this.phone = p))
    on<Levels>('levels', (l) => (this.levels = l))
    on<Saved>('saved', (s) => this.#saved(s))
    on('signedout', () => this.#signedOut('desk.error.session'))
    const b = await go().Begin()
    text.begin(b.lang)
    this.login = b.login
    this.demo = b.demo
    this.link = b.link
    this.phone = b.phone
    if (b.signedIn) return this.refresh()
    this.phase = 'signin'
    if (b.demo) void this.signInDemo()
  }

  async #enter(how: () => Promise<void>): Promise<boolean> {
    this.signingIn = true
    this.signInError = ''
    try {
      await how()
      await this.refresh()
      return true
    } catch (e) {
      this.signInError = refusal(e).code
      return false
    } finally {
      this.signingIn = false
    }
  }

  signIn(login: string, password: string, otp: string): Promise<boolean> {
    this.login = login
    return this.#enter(() => go().SignIn(login, password, otp))
  }

  /** A demo's desk may be up before its server: it tries until it is in. */
  async signInDemo(): Promise<void> {
    while (this.demo && this.phase === 'signin' && !(await this.#enter(() => go().SignInDemo()))) {
      if (this.signInError !== 'desk.error.unreachable') return
      await new Promise((f) => setTimeout(f, 1000))
    }
  }

  #signedOut(code: string): void {
    const demo = this.demo
    this.leave(code)
    this.demo = demo
    if (demo) void this.signInDemo()
  }

  /** Back to the sign-in, with nothing of a patient left on the screen; a person has to sign in. */
  leave(code = ''): void {
    this.form?.stop()
    this.form = this.pop = this.story = this.notice = null
    this.board = []
    this.panel = ''
    this.demo = false
    this.signInError = code
    this.phase = 'signin'
  }

  /** Takes the whole state anew. What happens while it is on its way counts after it: the answer may be the older one. */
  async refresh(): Promise<void> {
    const since: Event[] = (this.#since = [])
    const h = await go().Hello()
    if (this.#since !== since) return // asked again: that answer counts
    this.#since = null
    this.#take(h)
    for (const e of since) if (at(e.sent) >= at(h.now)) this.#apply(e)
  }

  #take(h: Hello): void {
    clock.set(h.now)
    const begun = this.phase === 'desk'
    if (!begun && !localStorage.getItem('lang')) text.setLang(h.agent.interface)
    this.phase = 'desk'
    this.agent = h.agent
    this.figures = h.figures
    this.figuresAt = clock.now
    this.training = h.training
    this.pauses = h.pauses ?? []
    this.supervisor = h.supervisor
    this.lockAfter = h.lockAfter / 1e6
    this.board = h.board ?? []
    this.drafts = h.drafts ?? []
    this.draftPops = h.draftPops ?? []
    this.#calls(h.pop)
    if (h.pop && !begun) this.#goOn(h.pop)
    const [latest] = this.drafts
    if (h.pop || this.form || !latest) return
    // Nothing else is on the desk: the note left unsent is, opened where the call just was, or offered under the next key.
    if (this.wrapUp) this.resumeDraft(latest)
    else if (document.activeElement === document.body) focusId('draft')
  }

  /** A desk that starts with a call on it has the keys where they were. */
  #goOn(pop: Pop): void {
    const f = this.form
    if (pop.state === 'offered') focusId('answer')
    else if (f?.restored && f.lastFilled) focusEnd(f.lastFilled)
    else if (f) focusField(f.firstEmpty ?? 'callType')
  }

  /** Puts a call on the desk. What was typed for it before comes back into its form; what is typed for another stays a draft. */
  #calls(pop: Pop | null): void {
    const before = this.pop
    this.pop = pop
    if (!pop) return
    if (this.form?.pop.call === pop.call) {
      this.form.pop = pop
      return
    }
    this.#setAside()
    const typed = this.drafts.find((d) => d.call === pop.call)
    this.form = new Form(pop, typed)
    if (before?.call !== pop.call) this.muted = false
  }

  #setAside(): void {
    const f = this.form
    if (!f) return
    f.stop()
    if (f.worth) this.#remember(f)
    this.form = null
  }

  #remember(f: Form): void {
    this.drafts = [f.draft(), ...this.drafts.filter((d) => d.id !== f.id)]
    this.draftPops = [f.pop, ...this.draftPops.filter((p) => p.call !== f.pop.call)]
  }

  /** Takes up an unsent note of an earlier call. */
  resumeDraft(d: Draft): void {
    const pop = this.draftPops.find((p) => p.call === d.call)
    if (!pop || this.talking || this.offered) return
    this.#setAside()
    this.form = new Form({ ...pop, state: 'ended' }, d)
    this.pop = null
    focusField(this.form.firstEmpty ?? 'callType')
  }

  async dropDraft(d: Draft): Promise<void> {
    await this.act(() => go().Drop(d.id))
    this.drafts = this.drafts.filter((x) => x.id !== d.id)
    if (this.form?.id === d.id) this.form = null
  }

  #saved(s: Saved): void {
    const f = this.form
    if (f && f.id === s.id && (!f.saved || f.saved.seq <= s.seq)) f.saved = s
  }

  #happened(e: Event): void {
    if (this.phase === 'signin' && !this.signingIn) return // nobody is at the desk: it was left with this under way
    if (e.sent) clock.set(e.sent)
    if (e.kind !== 'hello' && e.kind !== 'notice') this.#since?.push(e)
    this.#apply(e)
  }

  #apply(e: Event): void {
    switch (e.kind) {
      case 'hello':
        void this.act(() => this.refresh())
        return
      case 'pop':
        this.#popped(e.pop)
        return
      case 'gone':
        this.#gone(e.gone.call, e.gone.why)
        return
      case 'call':
        if (this.pop?.call === e.call.call) this.#moved(e.call)
        return
      case 'agent':
        this.agent = e.agent
        return
      case 'figures':
        this.figures = e.figures
        this.figuresAt = clock.now
        return
      case 'board':
        this.#boarded(e.board ?? [])
        return
      case 'notice':
        this.tell(e.notice)
        return
      default:
        e satisfies never // of a later server: passed over
    }
  }

  #popped(pop: Pop): void {
    this.panel = ''
    this.ending = false
    this.#calls(pop)
    requestAnimationFrame(() => {
      if (!typingNow()) focusId('answer')
      // The frame that holds the pop has been handed over when a task runs after it.
      const after = new MessageChannel()
      after.port1.onmessage = () => void go().Painted(pop.call, pop.epoch)
      after.port2.postMessage(0)
    })
  }

  #gone(call: string, why: string): void {
    if (this.pop?.call !== call || why === 'answered') return // an offer that was answered goes on as a call
    const was = this.pop
    this.pop = null
    this.ending = false
    this.levels = { them: 0, me: 0 }
    if (was.state === 'offered') {
      this.#setAside()
      this.tell(`desk.gone.${why}`)
    } else if (this.form) {
      this.form.pop = { ...this.form.pop, state: 'ended' }
      if (this.form.sent) focusId('done')
    }
  }

  #moved(m: CallMoved): void {
    const p = this.pop
    if (!p) return
    const first = p.state === 'offered' && m.state === 'talking'
    const next: Pop = {
      ...p,
      state: m.state,
      language: m.language || p.language,
      answeredAt: first ? m.at : p.answeredAt,
      heldAt: m.state === 'held' ? m.at : never,
    }
    this.pop = next
    const f = this.form
    if (f?.pop.call === next.call) {
      f.pop = next
      if (next.language !== p.language) f.speak(next.language === 'es' ? 'es' : 'en')
      // Who types into this very form already, in a call that came back, is not moved.
      if (first && !document.activeElement?.id.startsWith('field-')) focusField(f.firstEmpty ?? 'callType')
    }
    if (m.state === 'ended') this.#gone(m.call, 'ended')
  }

  #boarded(rows: BoardRow[]): void {
    const kept = this.selected
    this.board = rows
    if (kept) {
      const i = rows.findIndex((r) => (r.note || r.call) === (kept.note || kept.call))
      if (i >= 0) this.row = i
    }
    this.row = Math.max(0, Math.min(this.row, rows.length - 1))
    const open = this.story
    if (open && rows.some((r) => r.note && r.note === open.row.note && at(r.last.at) > at(open.row.last.at))) {
      void this.openStory({ call: open.row.call, note: open.row.note })
    }
  }

  /** Does something and tells what a refusal says. Answers whether it was done. */
  async act(f: () => Promise<unknown>): Promise<boolean> {
    try {
      await f()
      return true
    } catch (e) {
      const r = refusal(e)
      if (r.code === 'desk.error.session' || r.code === 'desk.error.signed-out') this.#signedOut(r.code)
      else this.tell(r.code, true)
      return false
    }
  }

  tell(code: string, late = false): void {
    this.notice = { code, late, at: Date.now() }
    const n = this.notice
    setTimeout(() => {
      if (this.notice === n) this.notice = null
    }, 8000)
  }

  async openStory(ref: StoryRef): Promise<void> {
    await this.act(async () => {
      this.story = await go().Story(ref)
    })
  }

  /** The story of the note just sent. */
  async openSent(): Promise<void> {
    const f = this.form
    if (f?.sent) await this.openStory({ call: f.pop.call, note: f.sent.note })
  }

  async openCalls(): Promise<void> {
    await this.act(async () => {
      this.scenarios = (await go().Scenarios()) ?? []
      this.panel = 'calls'
    })
  }

  /** Sends the note. What lacks gets the focus; a call that is over leaves its key to be done. */
  async send(): Promise<void> {
    const f = this.form
    if (!f) return
    const lacks = await f.send()
    if (lacks) return focusField(lacks)
    if (f.sent) {
      this.drafts = this.drafts.filter((d) => d.id !== f.id)
      focusId(this.pop ? 'sent' : 'done')
    }
  }

  /** The call and its note are done: Ready for the next. */
  async done(): Promise<void> {
    if (this.wrapUp && !(await this.act(() => go().WrapUpDone()))) return
    this.#setAside()
  }

  /** Another note of the same call: a second patient. */
  another(): void {
    if (this.form?.sent) {
      this.form = new Form(this.form.pop)
      focusField('callType')
    }
  }
}

export const desk = new Desk()
