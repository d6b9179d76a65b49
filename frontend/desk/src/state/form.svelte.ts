// The note being typed: one draft of one call. Every change is handed to the desk within SAVE_EVERY, which keeps it in the
// sealed journal and at the server; a keystroke is never older than that on no disk.

import { day, type Lang } from '../../../shared/clock'
import { flagKey } from '../../../shared/flag'
import { showNumber } from '../../../shared/number'
import { fieldsOf, firstEmpty, missing, redFlags, stored, type Typed } from '../form/check'
import { go, refusal } from '../link/go'
import type { Draft, Pop, Preview, Saved, Sent, Urgency } from '../link/types'
import { clock } from './clock.svelte'

const SAVE_EVERY = 150
const PREVIEW_AFTER = 200
const SEND_AGAIN = 1000
const SEND_AGAIN_AT_MOST = 8000

export const urgencies = ['routine', 'urgent', 'emergency'] as const

/** A UUIDv4; crypto.randomUUID is missing in a page that is not served over TLS. */
function uuid(): string {
  const b = crypto.getRandomValues(new Uint8Array(16))
  b[6] = ((b[6] ?? 0) & 0x0f) | 0x40
  b[8] = ((b[8] ?? 0) & 0x3f) | 0x80
  const hex = [...b].map((x) => x.toString(16).padStart(2, '0')).join('')
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}

export class Form implements Typed {
  readonly id: string
  /** The call it belongs to; its script and practice are drawn from here even when the call is over. */
  pop = $state.raw<Pop>() as Pop
  callType = $state('')
  urgency = $state('')
  language = $state<Lang>('en')
  fields = $state<Record<string, string>>({})
  verbatim = $state('')
  readBack = $state<string[]>([])

  /** Somebody asked to send: what is missing is now said aloud. */
  tried = $state(false)
  /** It is on its way to the server, and nothing in it changes any more. */
  sending = $state(false)
  /** Since when the server has not answered a sending; 0 while it does. */
  delayed = $state(0)
  sent = $state.raw<Sent | null>(null)
  refused = $state<Record<string, string>>({})
  error = $state('')
  errorVars = $state.raw<Record<string, string>>({})
  preview = $state.raw<Preview | null>(null)
  /** When the preview was asked for, on the server's clock. */
  previewAt = $state(0)
  saved = $state.raw<Saved | null>(null)
  /** Something was typed by a person: an untouched form leaves no draft. */
  touched = $state(false)
  /** It came back from the journal or the server. */
  restored = $state(false)

  #seq = 0
  #left = false
  #urgencyByHand = false
  #given = false
  #saveTimer = 0
  #previewTimer = 0

  /** voicemail is the note of the voicemail that this one is taken from: sending clears its row. */
  constructor(
    pop: Pop,
    draft?: Draft,
    readonly voicemail = draft?.voicemail ?? '',
  ) {
    this.id = draft?.id ?? uuid()
    this.pop = pop
    this.language = (draft?.language || pop.language) === 'es' ? 'es' : 'en'
    if (draft) {
      this.#seq = draft.seq
      this.callType = draft.callType
      this.urgency = draft.urgency
      this.fields = { ...draft.body.fields }
      for (const [k, v] of Object.entries(this.fields)) if (v.startsWith('+')) this.fields[k] = showNumber(v)
      this.verbatim = draft.body.verbatim ?? ''
      this.readBack = [...(draft.body.readBack ?? [])]
      this.touched = this.restored = true
      this.#previewSoon()
    } else if (pop.callerRaw) {
      this.fields.callback = showNumber(pop.callerRaw)
    }
  }

  /** The calendar day at the practice, for ages and for dates that cannot be in the future. */
  get today(): string {
    return day(clock.now, this.pop.practice.timeZone || undefined)
  }
  get asked() {
    return fieldsOf(this.pop.script, this.callType)
  }
  get missing() {
    return missing(this.pop.script, this, this.today)
  }
  get flags() {
    return redFlags(this.pop.script, this)
  }
  get firstEmpty() {
    return firstEmpty(this.pop.script, this)
  }
  /** The last field that somebody wrote in or read back: where a desk that crashed goes on. The caller's own number is given. */
  get lastFilled() {
    const given = showNumber(this.pop.callerRaw)
    const written = (key: string): boolean => {
      const value = this.fields[key]?.trim()
      return !!value && (showNumber(value) !== given || this.readBack.includes(key))
    }
    return this.asked.filter((f) => written(f.key)).at(-1)?.key
  }

  /** The red flags whose words were said and whose text the caller has not been told yet. */
  get unsaid() {
    return this.flags.filter((f) => !this.readBack.includes(flagKey(f.word)))
  }
  get told() {
    return this.flags.filter((f) => this.readBack.includes(flagKey(f.word)))
  }

  set(key: string, value: string): void {
    if (this.fields[key] === value || this.sending) return
    this.fields[key] = value
    this.readBack = this.readBack.filter((k) => k !== key)
    this.#cleared(key)
    this.changed()
  }

  setVerbatim(value: string): void {
    if (this.sending) return
    this.verbatim = value
    this.changed()
  }

  /** The number or date was read back to the caller. */
  confirm(key: string, yes = true): void {
    this.readBack = [...this.readBack.filter((k) => k !== key), ...(yes ? [key] : [])]
    this.#cleared(key)
    this.changed()
  }

  pick(callType: string): void {
    const picked = (this.pop.script.callTypes ?? []).find((c) => c.id === callType)
    if (!picked || this.sending) return
    this.callType = picked.id
    if (!this.#urgencyByHand) this.urgency = picked.urgency
    this.#cleared('callType')
    this.changed()
  }

  setUrgency(to: Urgency): void {
    if (this.sending) return
    this.urgency = to
    this.#urgencyByHand = true // picking another call type must not lower what a person has raised
    this.changed()
  }

  /** To the next urgency, round and round. */
  raise(): void {
    const i = urgencies.indexOf(this.urgency as Urgency)
    this.setUrgency(urgencies[(i + 1) % urgencies.length] ?? 'routine')
  }

  /** The caller was told what the practice wants said at once: the note keeps that, for whoever reads it. */
  sayFlag(): void {
    const [first] = this.unsaid
    if (first) this.confirm(flagKey(first.word))
  }

  speak(language: Lang): void {
    if (this.language === language) return
    this.language = language
    if (this.touched) this.changed()
    else this.#previewSoon()
  }

  #cleared(key: string): void {
    if (key in this.refused) {
      const { [key]: _, ...rest } = this.refused
      this.refused = rest
    }
    this.error = ''
  }

  changed(): void {
    this.touched = true
    this.#previewSoon()
    if (!this.#saveTimer) this.#saveTimer = window.setTimeout(() => void this.save(), SAVE_EVERY)
  }

  draft(): Draft {
    const fields: Record<string, string> = {}
    for (const [k, v] of Object.entries($state.snapshot(this.fields))) {
      const f = this.asked.find((f) => f.key === k)
      if (v.trim()) fields[k] = f ? stored(f, v, this.language, this.today) : v
    }
    return {
      id: this.id,
      seq: ++this.#seq,
      call: this.pop.call,
      account: this.pop.practice.id,
      callType: this.callType,
      urgency: this.urgency as Urgency, // '' until one is picked: the server says so
      language: this.language,
      body: {
        fields,
        ...(this.verbatim ? { verbatim: this.verbatim } : {}),
        ...(this.readBack.length ? { readBack: $state.snapshot(this.readBack) } : {}),
      },
      savedAt: new Date(clock.now).toISOString(),
      ...(this.voicemail ? { voicemail: this.voicemail } : {}),
    }
  }

  /** Hands the draft to the desk now. */
  async save(): Promise<void> {
    clearTimeout(this.#saveTimer)
    this.#saveTimer = 0
    if (this.touched && !this.sent && !this.sending) await this.#keep()
  }

  async #keep(): Promise<void> {
    const pop = this.#given ? null : this.pop
    this.#given = true
    try {
      const s = await go().Typed(this.draft(), pop)
      // That the server has it may have been told already.
      if (!this.saved || this.saved.seq < s.seq) this.saved = s
    } catch (e) {
      this.#given = false
      this.error = refusal(e).code
    }
  }

  #previewSoon(): void {
    clearTimeout(this.#previewTimer)
    if (this.callType && !this.sent) this.#previewTimer = window.setTimeout(() => void this.look(), PREVIEW_AFTER)
  }

  /** Asks which ladder the note would climb. A question that fails leaves the last answer: sending asks again. */
  async look(): Promise<void> {
    const asked = clock.now
    try {
      this.preview = await go().Preview(this.draft())
      this.previewAt = asked
    } catch (e) {
      this.error = refusal(e).code
    }
  }

  /** Sends. Answers the first field that keeps it back, or null when it has gone or nothing a field can help. */
  async send(): Promise<string | null> {
    this.tried = true
    const [lacks] = this.missing.keys()
    if (lacks) return lacks
    if (this.sending || this.sent) return null
    this.sending = true
    this.error = ''
    clearTimeout(this.#saveTimer)
    clearTimeout(this.#previewTimer)
    this.#saveTimer = 0
    try {
      this.sent = await this.#handOver(this.draft())
      return null
    } catch (e) {
      const r = refusal(e)
      this.error = r.code
      this.errorVars = r.vars ?? {}
      this.refused = r.fields ?? {}
      return Object.keys(this.refused)[0] ?? null
    } finally {
      this.sending = false
      this.delayed = 0
      if (!this.sent) void this.save()
    }
  }

  /**
   * Sends, and goes on when the server stands still: it takes a draft once, however often it is asked. What no answer came
   * to may be stored and told already, so it is never said to have failed.
   */
  async #handOver(d: Draft): Promise<Sent> {
    for (let rest = SEND_AGAIN; ; rest = Math.min(2 * rest, SEND_AGAIN_AT_MOST)) {
      try {
        return await go().Send(d)
      } catch (e) {
        if (this.#left || refusal(e).code !== 'desk.error.unreachable') throw e
      }
      if (!this.delayed) {
        this.delayed = clock.now
        void this.#keep()
      }
      await new Promise((f) => setTimeout(f, rest))
    }
  }

  /** Has another agent finish it: it is saved and theirs in one. While the agent has its call, that goes with it. */
  async give(to: string, call: string): Promise<void> {
    const typed = this.worth
    this.sending = true
    clearTimeout(this.#saveTimer)
    this.#saveTimer = 0
    try {
      if (call) await go().HandOver(call, typed ? this.draft() : null, to)
      else await go().Give(this.draft(), to)
    } catch (e) {
      this.sending = false
      void this.save()
      throw e
    }
  }

  /** Whether anything would be lost if it went. */
  get worth(): boolean {
    return this.touched && !this.sent && !this.sending
  }

  /** Nobody is at the desk any more: what was not sent stays where it is kept. */
  leave(): void {
    this.#left = true
    this.stop()
  }

  /** It is somebody else's now: what was typed is theirs, and nothing of it is kept here. */
  lose(): void {
    this.touched = false
    this.leave()
  }

  stop(): void {
    clearTimeout(this.#previewTimer)
    if (this.#saveTimer) void this.save()
  }
}
