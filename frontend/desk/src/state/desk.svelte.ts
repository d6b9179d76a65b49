// The desk's state: what the server said last (Hello, then events), and which panel is open. Nothing here draws.

import { at, never } from '../../../shared/clock'
import { nothing } from '../board/pages'
import type { Target } from '../board/reaching.svelte'
import { Reading } from '../board/reading.svelte'
import { go, on, refusal } from '../link/go'
import type {
  AgentNow,
  AgentView,
  BoardChange,
  BoardRow,
  CallMoved,
  CallNow,
  Colleague,
  Draft,
  DraftGiven,
  DraftTaken,
  Event,
  Figures,
  Finishing,
  GoneWhy,
  Hello,
  LastStep,
  Levels,
  LinkView,
  PauseReason,
  PhoneView,
  Playing,
  Pop,
  Saved,
  Scenario,
  Sent,
  Story,
  StoryLine,
  StoryRef,
  Supervised,
  SupervisionMode,
  ThirdState,
  Urgency,
} from '../link/types'
import { clock } from './clock.svelte'
import { drafts } from './drafts.svelte'
import { Form } from './form.svelte'
import { focusEnd, focusField, focusId, goTo, hands, here, type Place } from './hands.svelte'
import { Session } from './session.svelte'
import { code, t, text } from './text.svelte'

export type Panel =
  '' | 'state' | 'calls' | 'now' | 'view' | 'help' | 'row' | 'people' | 'told' | 'dial' | 'how' | 'give' | 'agents' | 'agent'

const nobody: AgentView = { id: '', name: '', languages: [], interface: 'en', state: 'out', reason: '', since: '', missed: 0 }

/** How often an open story asks how it stands, in milliseconds. */
const STORY_STANDS = 800

/** How many lines of a story tell that something was said: the words are there only when it was opened after them. */
const saidIn = (lines: StoryLine[] | null): number =>
  (lines ?? []).filter((l) => l.kind === 'note.added-to' || l.kind === 'note.closed' || l.kind === 'call.followed-up').length

class Desk extends Session {
  /** What is heard in the headset that is no talk: a voicemail. */
  playing = $state.raw<Playing>({ call: '', since: '', length: 0 })
  levels = $state.raw<Levels>({ them: 0, me: 0 })
  muted = $state(false)

  agent = $state.raw<AgentView>(nobody)
  figures = $state.raw<Figures>({ waiting: 0, longest: 0, serviceLevel: -1, ready: 0, talking: 0, caller: never })
  figuresAt = $state(0)
  training = $state(false)
  pauses = $state.raw<PauseReason[]>([])
  supervisor = $state(false)
  /** What is wrong with the service, by codes: a note may wait on nobody. */
  reds = $state.raw<string[]>([])
  redVars = $state.raw<Record<string, Record<string, string>>>({})
  /** How long nobody may touch the desk before it locks, in milliseconds. */
  lockAfter = 0

  /** The offer or call at this desk. When it is over but its note is not, the form keeps what it needs. */
  pop = $state.raw<Pop | null>(null)
  /** The note in hand. It belongs to the call it was begun for, whatever rings meanwhile. */
  form = $state.raw<Form | null>(null)
  /** The note of the offer or call at this desk: the one in hand, or one that waits until the agent leaves that. */
  callForm = $state.raw<Form | null>(null)
  /** Notes sent while the server stands still: they go by themselves when it is back. */
  going = $state.raw<Form[]>([])
  /** Notes that were being sent before this page was loaded, by their ids: since when. They go by themselves, too. */
  finishing = $state.raw<Record<string, string>>({})
  /** The note that was left to answer an offer: it comes back if the offer comes to nothing. */
  #left: Form | null = null
  readonly list = new Reading((f) => this.act(f))
  /** The note just sent, as the board told of it last: it may stand beyond what was read. */
  sentRow = $state.raw<BoardRow | null>(null)

  story = $state.raw<Story | null>(null)
  /** The row of a call back that is over, until somebody said how it ended. */
  ended = $state.raw<BoardRow | null>(null)
  /** More was said since the story was opened. A person opens it again, or nobody: each opening leaves a trace. */
  storyNews = $state(false)
  panel = $state<Panel>('')
  scenarios = $state.raw<Scenario[]>([])
  /** The calls of now, while a supervisor looks at them, and the one chosen once to be ended. */
  now = $state.raw<CallNow[]>([])
  ending = $state('')
  /** The agents, while a supervisor looks at them, and the one chosen, by id. */
  agents = $state.raw<AgentNow[]>([])
  chosen = $state('')
  /** Who could finish the note in hand, while the agent chooses one of them. */
  colleagues = $state.raw<Colleague[]>([])
  #storyLive = {} // the loop that keeps the story is the one that put this here
  /** Where the keys were when the story was opened. */
  #before: Place | null = null
  /** Whom this desk called for a caller last: of who stands in no list the server knows no name. */
  #called = ''
  #since: Event[] | null = null // what happened since the state was asked for

  get talking(): boolean {
    return this.pop?.state === 'talking' || this.pop?.state === 'held'
  }
  get offered(): boolean {
    return this.pop?.state === 'offered'
  }
  /** A call back that the agent asked for, before anybody talks. */
  get calling(): boolean {
    return !!this.pop?.outbound && !this.talking
  }
  /** How far somebody is who is being brought in for the caller, "" for nobody. */
  get third(): ThirdState | '' {
    return this.pop?.third?.state ?? ''
  }
  get thirdName(): string {
    return this.pop?.third?.name || this.#called || t('desk.patch.somebody')
  }
  /** The call of another's that a supervisor is in on. */
  get supervises(): Supervised | null {
    return this.agent.supervises ?? null
  }
  /** The note in hand is that of a caller whom the agent talks to: both can be a colleague's. */
  get handsOver(): boolean {
    return this.talking && !this.pop?.outbound && !this.third && this.form !== null && this.form === this.callForm
  }
  get wrapUp(): boolean {
    return this.agent.state === 'wrapup'
  }
  get others(): Draft[] {
    const shown = [this.form, this.callForm, ...this.going].map((f) => f?.id)
    return drafts.list.filter((d) => !shown.includes(d.id))
  }
  /** A call's note waits because another one is in hand. */
  get noteWaits(): boolean {
    return this.callForm !== null && this.callForm !== this.form
  }
  get board(): BoardRow[] {
    return this.list.rows
  }
  get row(): number {
    return this.list.row
  }
  set row(i: number) {
    this.list.row = i
  }
  get selected(): BoardRow | undefined {
    return this.list.selected
  }

  async begin(): Promise<void> {
    on<Event>('desk', (e) => this.#happened(e))
    on<LinkView>('link', (l) => (this.link = l))
    on<PhoneView>('phone', (p) => (this.phone = p))
    on<Levels>('levels', (l) => (this.levels = l))
    on<Saved>('saved', (s) => this.#saved(s))
    on<Playing>('playing', (p) => (this.playing = p))
    on<Finishing>('finishing', (f) => this.#finishing(f))
    on('signedout', () => this.signedOut('desk.error.session'))
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

  /** Nothing of a patient is left on the screen. */
  protected emptied(): void {
    for (const f of [this.form, this.callForm, ...this.going]) f?.leave()
    this.going = []
    this.finishing = {}
    this.form = this.callForm = this.#left = this.pop = this.story = null
    drafts.leave()
    this.list.show(nothing)
    this.sentRow = null
    this.panel = ''
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
    if (!begun) text.person(h.agent.id, h.agent.interface)
    this.phase = 'desk'
    this.agent = h.agent
    this.figures = h.figures
    this.figuresAt = clock.now
    this.training = h.training
    this.pauses = h.pauses ?? []
    this.supervisor = h.supervisor
    this.reds = h.reds ?? []
    this.redVars = h.redVars ?? {}
    this.lockAfter = h.lockAfter / 1e6
    this.list.show({ rows: h.board, next: h.boardNext, open: h.boardOpen, late: h.boardLate })
    drafts.set(h.drafts ?? [], h.draftPops ?? [])
    if (this.panel === 'agents' || this.panel === 'agent') void this.act(async () => (this.agents = (await go().Agents(true)) ?? []))
    this.#calls(h.pop)
    if (h.pop && !begun) this.#goOn(h.pop)
    const [latest] = this.others
    if (h.pop || this.form || !latest) return
    // Nothing else is on the desk: the note left unsent is, opened where the call just was, or offered under the next key.
    if (this.wrapUp) this.resumeDraft(latest)
    else if (!begun || document.activeElement === document.body) focusId('draft')
  }

  /** A desk that starts with a call on it has the keys where they were. */
  #goOn(pop: Pop): void {
    const f = this.form
    if (pop.state === 'offered') focusId('answer')
    else if (f?.restored && f.lastFilled) focusEnd(f.lastFilled)
    else if (f) focusField(f.firstEmpty ?? 'callType')
  }

  /**
   * Puts a call on the desk. What was typed for it before comes back into its form. A note being written for another call
   * stays in hand, with the keys in it: no call takes it away, only the agent leaves it.
   */
  #calls(pop: Pop | null): void {
    const before = this.pop
    this.pop = pop
    if (!pop) {
      if (before && this.callForm) this.callForm.pop = { ...this.callForm.pop, state: 'ended' }
      return
    }
    if (before?.call !== pop.call) this.muted = false
    if (this.form?.pop.call === pop.call) this.callForm = this.form
    if (this.callForm?.pop.call === pop.call) {
      this.callForm.pop = pop
      return
    }
    this.callForm = new Form(pop, drafts.ofCall(pop.call))
    if (!this.form?.worth && !hands.inNote) this.#hold(this.callForm)
  }

  /** Takes a note into the hand; the one that was in it is kept, and listed as not sent. */
  #hold(f: Form): void {
    const old = this.form
    if (old) this.#put(old)
    this.form = f
  }

  /** Has somebody called for the caller: asked for a key and told how urgent it is, or, plain, to talk with the agent alone first. */
  async bringIn(whom: Target, plain = false): Promise<void> {
    const pop = this.pop
    if (!pop) return
    this.#called = whom.name
    const called = await this.act(() => go().Patch(pop.call, whom.contact, this.#urgency, whom.number, plain))
    if (called) this.tell('desk.patch.calls', false, { name: whom.name })
  }

  /** Has the caller put through to somebody; the agent goes at once. */
  async transfer(whom: Target): Promise<void> {
    const pop = this.pop
    if (!pop) return
    this.#called = whom.name
    await this.act(() => go().Transfer(pop.call, whom.contact, this.#urgency, whom.number))
  }

  get #urgency(): Urgency {
    return (this.callForm?.urgency || 'routine') as Urgency
  }

  /** Says what became of whom the agent brings in. */
  #thirdMoved(was: ThirdState | '', why: string): void {
    const name = this.thirdName
    if (this.third === was) return
    if (this.third === 'talking') this.tell('desk.patch.connected', false, { name })
    else if (!this.third && was === 'talking') this.tell('desk.patch.over', true, { name })
    else if (!this.third && why !== 'taken-back') this.tell('desk.patch.failed', true, { name, why: code('desk.detail.', why) })
  }

  /** Puts a note out of the hand: what was typed is listed as not sent, what is being sent goes on by itself. */
  #put(f: Form): void {
    f.stop()
    if (f.worth) drafts.remember(f)
    if (f.sending) this.going = [...this.going, f]
  }

  /** To the note of the call at this desk: the agent leaves the one in hand. */
  toCall(): void {
    const f = this.callForm
    if (!f) return
    if (this.form !== f) this.#hold(f)
    this.backToNote()
  }

  /** Back to where the note in hand was left. */
  backToNote(): void {
    const f = this.form
    if (f) hands.backToNote(f.id, f.firstEmpty ?? 'callType')
  }

  /** Answers the offer. Whoever was in another note has left it by that. */
  answer(): void {
    const p = this.pop
    if (!p) return
    if (this.noteWaits) {
      this.#left = this.form
      this.toCall()
    }
    void this.act(() => go().Answer(p.call))
  }

  #setAside(): void {
    const f = this.form
    if (!f) return
    this.#put(f)
    if (this.callForm === f) this.callForm = null
    this.form = null
  }

  /** Takes up an unsent note of an earlier call. */
  resumeDraft(d: Draft): void {
    const pop = drafts.popOf(d)
    if (!pop || this.talking || this.offered) return
    this.#hold(new Form({ ...pop, state: 'ended' }, d))
    this.callForm = this.pop = null
    focusField(this.form?.firstEmpty ?? 'callType')
  }

  /** Takes a note over that another agent has not sent, and opens it; in a call it is listed until that is over. */
  async takeDraft(id: string): Promise<void> {
    await this.act(async () => {
      const { draft, pop } = await go().TakeDraft(id)
      drafts.add(draft, pop)
      if (this.talking || this.offered) this.tell('desk.drafts.yours')
      else this.resumeDraft(draft)
    })
  }

  /** Begins a note of a voicemail: it belongs to its call, and clears its row when it is sent. */
  async noteVoicemail(r: BoardRow): Promise<void> {
    await this.act(async () => {
      const pop = await go().NoteFor(r.call)
      if (this.talking || this.offered) return this.tell('desk.error.play-in-call')
      const begun = drafts.list.find((d) => d.voicemail === r.note)
      this.#hold(new Form(pop, begun, r.note))
      this.callForm = this.pop = null
      focusField(begun ? (this.form?.firstEmpty ?? 'callType') : 'callType')
    })
  }

  /** Plays a voicemail in the headset, or ends that. */
  async listen(r: BoardRow): Promise<void> {
    const ends = this.playing.call === r.call
    if ((await this.act(() => go().Play(ends ? '' : r.call))) && !ends && !this.phone.built) this.tell('desk.play.aloud')
  }

  /** Somebody else has taken over what this agent had not sent. */
  #takenOver({ id, name }: DraftTaken): void {
    this.#lose(id)
    this.tell('desk.drafts.over', true, { name })
  }

  /** A note not sent is somebody else's now. */
  #lose(id: string): void {
    const lost = [this.form, this.callForm].find((f) => f?.id === id)
    drafts.forget(id)
    lost?.lose()
    if (this.callForm === lost) this.callForm = null
    if (this.form === lost && lost) {
      this.form = null
      focusId('board')
    }
  }

  /** Shows who could finish the note in hand. */
  async openGive(): Promise<void> {
    const f = this.form
    if (!f) return
    await this.act(async () => {
      this.colleagues = (await go().Colleagues(f.pop.practice.id)) ?? []
      this.panel = 'give'
    })
  }

  /** Gives the note in hand to one of them, and its call while that is this agent's. */
  async give({ id, name }: Colleague): Promise<void> {
    const f = this.form
    const call = this.handsOver ? (f?.pop.call ?? '') : ''
    if (!f || f.sending || f.sent || !(await this.act(() => f.give(id, call)))) return
    this.#lose(f.id)
    this.tell(call ? 'desk.give.call' : 'desk.give.done', false, { name })
  }

  /** A colleague gave a note that they had not sent: it is listed here, and takes the keys from nobody. That of this desk's call is its form. */
  async #given({ id, name }: DraftGiven): Promise<void> {
    await this.act(async () => {
      const { draft, pop } = await go().TakeDraft(id)
      drafts.add(draft, pop)
      const begun = this.callForm
      if (this.pop?.call !== draft.call || begun?.touched) return this.tell('desk.drafts.given', false, { name })
      this.callForm = new Form(this.pop, draft)
      if (this.form !== begun) return
      this.form = this.callForm
      if (this.talking) focusField(this.form.firstEmpty ?? 'callType')
    })
  }

  async dropDraft(d: Draft): Promise<void> {
    this.tell('desk.drafts.dropped')
    focusId('draft')
    await drafts.drop(d, (f) => this.act(f))
  }

  undoDrop(): void {
    const d = drafts.undo()
    if (this.notice?.code === 'desk.drafts.dropped') this.notice = null
    if (d) focusId('draft')
  }

  #saved(s: Saved): void {
    const f = [this.form, this.callForm].find((f) => f?.id === s.id)
    if (f && (!f.saved || f.saved.seq <= s.seq)) f.saved = s
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
        this.list.begins()
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
        if (this.panel === 'now') void this.readNow()
        return
      case 'board':
        return // for a desk from before changes
      case 'change':
        this.#boarded(e.change)
        return
      case 'notice':
        this.tell(e.notice)
        return
      case 'reds':
        this.reds = e.reds.codes ?? []
        this.redVars = e.reds.vars ?? {}
        return
      case 'taken':
        this.#takenOver(e.taken)
        return
      case 'given':
        void this.#given(e.given)
        return
      case 'agents':
        this.#agentsMoved(e.agents ?? [])
        return
      case 'set':
        this.tell(`desk.set.${e.set.state}`, e.set.state !== 'ready', { name: e.set.by })
        return
      default:
        e satisfies never // of a later server: passed over
    }
  }

  /** A call is offered. It takes no key from anybody: only where the keys are nowhere do they go to its answer. */
  #popped(pop: Pop): void {
    this.#calls(pop)
    const why = pop.third?.why
    if (why && pop.state === 'offered') this.tell('desk.patch.returns', true, { name: this.thirdName, why: code('desk.detail.', why) })
    requestAnimationFrame(() => {
      if (document.activeElement === document.body) focusId('answer')
      // The frame that holds the pop has been handed over when a task runs after it.
      const after = new MessageChannel()
      after.port1.onmessage = () => void go().Painted(pop.call, pop.epoch)
      after.port2.postMessage(0)
    })
  }

  #gone(call: string, why: GoneWhy): void {
    if (this.pop?.call !== call || why === 'answered') return // an offer that was answered goes on as a call
    const was = this.pop
    if (why === 'patched' || why === 'transferred') this.tell(`desk.gone.${why}`, false, { name: this.thirdName })
    this.pop = null
    this.levels = { them: 0, me: 0 }
    const f = this.callForm
    if (was.back) this.#calledBack(was.back)
    if (was.state === 'offered' || (was.outbound && !at(was.answeredAt))) this.#cameToNothing(f, was.outbound ? '' : why)
    else if (f) {
      f.pop = { ...f.pop, state: 'ended' }
      if (f.sent && f === this.form) focusId('done')
    }
    this.#left = null
  }

  /** A call back is over: its row asks how it ended, which alone takes it from the board. */
  #calledBack(call: string): void {
    const row = this.board.find((r) => r.call === call && !r.note)
    if (row) this.ended = row
  }

  /** An offer went before it was a call: the note left for it is back in hand. */
  #cameToNothing(f: Form | null, why: string): void {
    if (f === this.form) this.#setAside()
    else if (f?.worth) drafts.remember(f)
    this.callForm = null
    const left = this.#left
    if (left && !this.form) {
      drafts.forget(left.id)
      this.form = left
      focusField(left.firstEmpty ?? 'callType')
    }
    this.tell(`desk.gone.${why || 'unreached'}`)
  }

  #moved(m: CallMoved): void {
    const p = this.pop
    if (!p) return
    const first = (p.state === 'offered' || (p.outbound && !at(p.answeredAt))) && m.state === 'talking'
    const next: Pop = {
      ...p,
      state: m.state,
      language: m.language || p.language,
      answeredAt: first ? m.at : p.answeredAt,
      heldAt: m.state === 'held' ? m.at : never,
      third: m.third,
      supervisor: m.supervisor,
    }
    this.pop = next
    this.#thirdMoved(p.third?.state ?? '', m.third?.why ?? '')
    const f = this.callForm
    if (f?.pop.call === next.call) {
      f.pop = next
      if (next.language !== p.language) f.speak(next.language === 'es' ? 'es' : 'en')
    }
    if (first) this.#talks()
    if (m.state === 'ended') this.#gone(m.call, 'ended')
  }

  /** A call was answered, at the desk or by its telephone. Who writes is not moved: the call's note waits for its key. */
  #talks(): void {
    this.#left = null
    if (this.notice?.code.startsWith('desk.gone.')) this.notice = null // of an offer before this call
    if (this.form !== this.callForm && (this.form?.worth || hands.inNote)) return
    if (this.form !== this.callForm || !hands.writing) this.toCall()
  }

  #boarded(c: BoardChange): void {
    this.list.changed(c)
    for (const r of c.page?.rows ?? c.rows ?? []) {
      if (!r.note) continue
      if (r.note === this.form?.sent?.note) this.sentRow = r
      const open = this.story
      if (r.note !== open?.row.note) continue
      this.story = { ...open, row: r }
    }
    const sent = this.form?.sent
    if (sent && (c.gone?.includes(sent.note) || (c.page && !c.page.rows?.some((r) => r.note === sent.note)))) void this.#sentLeft(sent)
  }

  /** The note just sent has left the board: who took it on is asked once, and stands where it was said to be on its way. */
  async #sentLeft({ note, row }: Sent): Promise<void> {
    const story = await go()
      .StoryState({ call: row.call, note })
      .catch(() => null) // an older server: what was read last stays
    const took = story?.lines?.filter((l) => l.kind === 'dispatch.acknowledged').at(-1)
    if (!story || !took) return
    const last: LastStep = { kind: 'dispatch.acknowledged', name: took.actor, detail: '', at: took.at }
    this.sentRow = { ...(this.sentRow ?? row), state: story.state, last }
  }

  async openStory(ref: StoryRef): Promise<void> {
    await this.act(async () => {
      const story = await go().Story(ref)
      if (!this.story) this.#before = here()
      this.story = story
      this.storyNews = false
      void this.#live(ref, saidIn(story.lines))
    })
  }

  /** Keeps the open story as it stands, until it is closed or opened again. What asks opens nothing and leaves no trace. */
  async #live(ref: StoryRef, said: number): Promise<void> {
    const live = (this.#storyLive = {})
    while (this.story && this.#storyLive === live) {
      await new Promise((f) => setTimeout(f, STORY_STANDS))
      if (!this.link.up) continue
      try {
        const { state, lines, hasRecording } = await go().StoryState(ref)
        const open = this.story
        if (!open || this.#storyLive !== live) return
        const numbers = new Map(open.lines?.map((l) => [l.kind + l.at, l.number ?? '']))
        this.story = {
          ...open,
          row: { ...open.row, state },
          lines: (lines ?? []).map((l) => ({ ...l, number: numbers.get(l.kind + l.at) ?? '' })),
          hasRecording,
        }
        this.storyNews = saidIn(lines) > said
      } catch (e) {
        if (refusal(e).code !== 'desk.error.unreachable') return // an older server, or somebody who may not: it stays as it was read
      }
    }
  }

  /** Closes the story; the keys go back to where they were. */
  closeStory(): void {
    this.story = null
    if (!goTo(this.#before)) focusId('board')
  }

  /** The story of the note just sent. */
  async openSent(): Promise<void> {
    const f = this.form
    if (f?.sent) await this.openStory({ call: f.pop.call, note: f.sent.note })
  }

  /** Puts the note in hand aside and shows what was not sent. */
  showDrafts(): void {
    this.#setAside()
    focusId('draft')
  }

  /** Picks a call type and goes to what is to be asked first. */
  pickType(id: string): void {
    const f = this.form
    f?.pick(id)
    focusField(f?.firstEmpty ?? 'callType')
  }

  pickDigit(digit: string): void {
    const picked = this.form?.pop.script.callTypes?.find((c) => c.digit === digit)
    if (picked && !this.form?.sent) this.pickType(picked.id)
  }

  /** Who has notes not sent is asked once: signing out leaves them to the others. */
  async signOut(): Promise<void> {
    const unsent = this.others.length > 0 || this.form?.worth
    if (unsent && this.notice?.code !== 'desk.signout.unsent') return this.tell('desk.signout.unsent', true)
    await this.act(async () => {
      await this.form?.save()
      await go().SignOut()
      location.reload()
    })
  }

  async openNow(): Promise<void> {
    this.ending = ''
    if (this.panel === 'now') this.panel = ''
    else if (await this.readNow()) this.panel = 'now'
  }

  readNow(): Promise<boolean> {
    return this.act(async () => (this.now = (await go().CallsNow()) ?? []))
  }

  /** Ends a call for everybody when it was chosen twice. */
  async endNow(call: string): Promise<void> {
    const sure = this.ending === call
    this.ending = sure ? '' : call
    if (sure && (await this.act(() => go().EndCall(call)))) await this.readNow()
  }

  async openAgents(): Promise<void> {
    if (this.panel === 'agents' || this.panel === 'agent') this.panel = ''
    else if (await this.act(async () => (this.agents = (await go().Agents(true)) ?? []))) this.panel = 'agents'
  }

  /** Agents have changed. Who looks no more says so then. */
  #agentsMoved(moved: AgentNow[]): void {
    if (this.panel !== 'agents' && this.panel !== 'agent') {
      void this.act(() => go().Agents(false))
      return
    }
    const others = this.agents.filter((a) => !moved.some((m) => m.id === a.id))
    this.agents = [...others, ...moved.filter((m) => m.state !== 'out')].sort((a, b) => a.name.localeCompare(b.name))
  }

  /** Is in on an agent's call, or in another way; the phone is answered by itself. */
  async listenIn(call: string, mode: SupervisionMode): Promise<void> {
    const first = this.supervises?.call !== call
    if ((await this.act(() => go().Listen(call, mode))) && first && this.phone.built) await this.act(() => go().Answer(call))
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
    const inHand = this.form === f
    this.going = this.going.filter((g) => g !== f)
    if (f.sent) {
      drafts.forget(f.id)
      if (inHand) focusId(this.pop ? 'sent' : 'done')
      else this.tell('desk.sent.later', false, { ref: f.sent.reference })
    } else if (inHand) {
      if (lacks) focusField(lacks)
    } else if (f.worth && this.phase === 'desk') {
      drafts.remember(f)
      this.tell('desk.sent.refused', true)
    }
  }

  /** A note that was being sent when this desk, or its page, went down. */
  #finishing(f: Finishing): void {
    const { [f.id]: _, ...others } = this.finishing
    this.finishing = f.state === 'goes' ? { ...others, [f.id]: f.since } : others
    if (f.state === 'goes') return
    if (f.state === 'sent') drafts.forget(f.id)
    else void this.act(() => this.refresh())
    this.tell(f.state === 'sent' ? 'desk.sent.found' : 'desk.sent.refused', f.state === 'refused', { ref: f.reference })
  }

  /** The call and its note are done: Ready for the next. */
  async done(): Promise<void> {
    if (this.wrapUp && !(await this.act(() => go().WrapUpDone()))) return
    this.#setAside()
    if (!this.pop) this.callForm = null
    if (this.others.length) focusId('draft')
  }

  /** Another note of the same call: a second patient. */
  another(): void {
    const f = this.form
    if (!f?.sent) return
    const next = new Form(f.pop)
    if (this.callForm === f) this.callForm = next
    this.#hold(next)
    focusField('callType')
  }
}

export const desk = new Desk()
