// One card's life: found by its link, opened, drawn, said to be read, acted on. What may be repeated is, until the server
// has answered; what must not be is left to the person, with their words kept.

import { at } from '../../../shared/clock'
import { acts, ask, Refused, Unreachable } from '../link/api'
import type { CallStep, Card } from '../link/types'
import { clock } from '../state/clock.svelte'
import { place, type Spot } from '../state/place.svelte'
import { session } from '../state/session.svelte'

export type Act = keyof typeof acts

/** How often the server is asked how far a call to the patient is. */
const stepEvery = 500

/** How often a card that is looked at asks how it stands. */
const standsEvery = 800

/** When the page is drawn and somebody can see it. */
function drawn(): Promise<void> {
  return new Promise((done) => {
    const look = (): void => {
      if (document.visibilityState !== 'visible') return
      document.removeEventListener('visibilitychange', look)
      requestAnimationFrame(() => requestAnimationFrame(() => done()))
    }
    document.addEventListener('visibilitychange', look)
    look()
  })
}

export class CardLife {
  card = $state.raw<Card | null>(null)
  wrong = $state('')
  /** What is under way, for its button. */
  doing = $state<Act | 'call' | ''>('')
  /** What was done last: said aloud and shown until the next. */
  done = $state('')
  /** How far the call to the patient is, from the press until it is over and after; null before the first. */
  step = $state.raw<CallStep | null>(null)
  /** The two have talked. */
  connected = false
  #token = ''
  #note = ''
  #callId = ''
  #seen = false
  #closed = false
  #asked = 0
  #cards = 0 // how many cards came: an answer asked for before one is older than it

  constructor(spot: Spot) {
    this.#token = spot.token ?? ''
    this.#note = spot.note ?? ''
  }

  async begin(): Promise<void> {
    try {
      if (!this.#note) {
        this.#note = (await session.until(() => ask('locate', { token: this.#token }))).note
        if (this.#closed) return
        history.replaceState({ token: this.#token, note: this.#note }, '', location.pathname)
      }
      await this.refresh()
      void this.#live()
    } catch (e) {
      this.#tell(e)
    }
  }

  /** Keeps the card as it stands while it is looked at: who has taken it on is seen at once. What asks opens nothing. */
  async #live(): Promise<void> {
    for (; !this.#closed && this.card?.state !== 'closed'; await new Promise((f) => setTimeout(f, standsEvery))) {
      if (document.visibilityState !== 'visible' || !this.card || this.doing) continue
      const cards = this.#cards
      try {
        const stands = await ask('cardstate', { note: this.#note })
        if (cards === this.#cards && !this.#closed) this.card = { ...this.card, ...stands }
      } catch (e) {
        if (e instanceof Refused) return // opening or acting on it says why
        if (!(e instanceof Unreachable)) throw e
      }
    }
  }

  end(): void {
    this.#closed = true
  }

  async refresh(): Promise<void> {
    if (!this.#note || this.doing) return
    this.#asked = Date.now()
    try {
      this.#take(await session.until(() => ask('card', { note: this.#note })))
    } catch (e) {
      this.#tell(e)
    }
  }

  /** Looks again when the page comes back, but not at every glance: each opening leaves a trace. */
  async back(): Promise<void> {
    if (this.card && document.visibilityState === 'visible' && Date.now() - this.#asked > 30_000) await this.refresh()
  }

  #take(card: Card): void {
    if (this.#closed) return
    clock.set(card.now)
    this.#cards++
    this.card = card
    this.wrong = ''
    if (this.#seen) return
    this.#seen = true
    void this.#read()
  }

  async #read(): Promise<void> {
    await drawn()
    if (this.#closed) return
    try {
      await session.until(() => ask('rendered', { note: this.#note, token: this.#token }))
    } catch (e) {
      this.#tell(e)
    }
  }

  /** Acknowledging may be repeated: it is tried until it holds. The other acts are tried once. */
  async act(what: Act, words = ''): Promise<boolean> {
    if (this.doing) return false
    this.doing = what
    this.wrong = ''
    this.done = ''
    try {
      const doIt = (): Promise<Card> => acts[what](this.#note, words)
      const card = await (what === 'acknowledge' ? session.must(doIt) : session.once(doIt))
      this.#asked = Date.now()
      this.#take(card)
      this.done = `portal.done.${what}`
      return true
    } catch (e) {
      this.#tell(e)
      return false
    } finally {
      this.doing = ''
    }
  }

  /** Has the service connect the two. The same press, sent again, rings nobody twice. */
  async call(): Promise<void> {
    if (this.doing) return
    this.doing = 'call'
    this.wrong = ''
    this.#callId ||= crypto.randomUUID()
    try {
      const id = this.#callId
      await session.once(() => ask('callpatient', { note: this.#note, id }))
      this.#callId = ''
      this.connected = false
      this.step = { kind: 'placed', detail: '' }
      void this.#follow(id)
    } catch (e) {
      if (e instanceof Refused) this.#callId = ''
      this.#tell(e)
    } finally {
      this.doing = ''
    }
  }

  /** Asks how far the call is until it is over. Without the server the last that was known stands. */
  async #follow(id: string): Promise<void> {
    for (; !this.#closed && this.step?.kind !== 'ended'; await new Promise((f) => setTimeout(f, stepEvery))) {
      try {
        const step = await ask('callstep', { note: this.#note, id })
        if (!step.kind) continue
        this.step = step
        this.connected ||= step.kind === 'answered' || step.kind.startsWith('extension')
      } catch (e) {
        if (!(e instanceof Unreachable)) return this.#tell(e)
      }
    }
  }

  /** A call to the patient is under way. */
  get calling(): boolean {
    return this.step !== null && this.step.kind !== 'ended'
  }

  /** Whether the next step's time has come since this card was asked for. */
  get due(): boolean {
    const next = at(this.card?.nextAt)
    return next > 0 && clock.now > next + 1500 && at(this.card?.now) < next
  }

  #tell(e: unknown): void {
    if (e instanceof Unreachable) this.wrong = 'portal.error.unreachable'
    else if (e instanceof Refused) this.wrong = e.fields.text ?? e.code
    else throw e
  }
}

/** Leaves a card for the list. */
export const toInbox = (): void => place.go({})
