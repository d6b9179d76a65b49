// Who is signed in, whether the server can be reached, and how an act that may be repeated is repeated until it is done.

import { ask, post, Refused, Unreachable } from '../link/api'
import type { Founding, Me } from '../link/types'
import { watchIdle } from '../../../shared/idle'
import { refreshPush } from './push'
import { text } from './text.svelte'

class Session {
  phase = $state<'wait' | 'out' | 'in'>('wait')
  me = $state.raw<Me | null>(null)
  /** The server does not answer; what can be repeated is being repeated. */
  offline = $state(false)
  /** The session ended under somebody's hands. */
  ended = $state(false)
  /** Nobody touched the page for as long as the server allows: it has signed itself out. */
  locked = $state(false)
  /** Their password is another now: they sign in anew. */
  changed = $state(false)
  /** What is left until then, in milliseconds, once that is soon; null before. */
  left = $state<number | null>(null)
  #musts = new Set<Promise<unknown>>()

  async begin(): Promise<void> {
    watchIdle(
      () => (this.me?.lockAfter ?? 0) / 1e6,
      () => false,
      (left) => (this.left = left),
      () => void this.lock(),
    )
    try {
      if (localStorage.getItem('locked')) await this.#signOutLocked((out) => this.until(out))
      this.#enter(await this.until(() => ask('me', {})))
    } catch (e) {
      if (!(e instanceof Refused)) throw e
      this.ended = false
      this.phase = 'out'
    }
  }

  #enter(me: Me): void {
    this.me = me
    this.ended = this.locked = false
    localStorage.removeItem('locked')
    text.person(me.language)
    this.phase = 'in'
    if ('serviceWorker' in navigator)
      navigator.serviceWorker.register('/sw.js').then(
        () => refreshPush(me.id),
        () => undefined,
      )
  }

  async signIn(login: string, password: string, code: string): Promise<void> {
    await this.once(() => post('/api/sign-in', { login, password, code }))
    this.#enter(await this.until(() => ask('me', {})))
  }

  /** Takes an invitation: whoever holds it is in, with what they chose. */
  async join(token: string, password: string, secret: string, code: string): Promise<void> {
    await this.once(() => post('/api/invitation/join', { token, password, secret, code }))
    this.#enter(await this.until(() => ask('me', {})))
  }

  /** Makes the service's first administrator of whoever holds the server's code. */
  async found(who: Founding, password: string, secret: string, oneTime: string): Promise<void> {
    await this.once(() => post('/api/setup/found', { ...who, password, secret, oneTime }))
    this.#enter(await this.until(() => ask('me', {})))
  }

  /** To the sign-in, by one's new password. */
  passwordChanged(): void {
    this.changed = true
    this.me = null
    this.phase = 'out'
  }

  /** Gives a person another password; whoever was signed in as them is so no more. */
  async changePassword(login: string, password: string, code: string, chosen: string): Promise<void> {
    await this.once(() => post('/api/password', { login, password, code, new: chosen }))
    this.ended = this.locked = false
  }

  /** Takes the page from whoever left it. What must still reach the server does so first; nothing of it is seen. */
  async lock(): Promise<void> {
    localStorage.setItem('locked', 'yes') // a page loaded again must not show what this one hides
    this.locked = true
    this.left = this.me = null
    this.phase = 'out'
    await Promise.allSettled(this.#musts)
    if (this.phase === 'out') await this.#signOutLocked((out) => out())
  }

  async #signOutLocked(how: (out: () => Promise<unknown>) => Promise<unknown>): Promise<void> {
    this.locked = true
    try {
      await how(() => post('/api/sign-out'))
    } catch (e) {
      if (e instanceof Unreachable) return // the server ends the session by itself, later; until then no page opens with it
      if (!(e instanceof Refused)) throw e // Refused: it has ended already
    }
    localStorage.removeItem('locked')
  }

  async signOut(): Promise<void> {
    await this.once(() => post('/api/sign-out'))
    this.me = null
    this.phase = 'out'
  }

  /** Does what must not be done twice: when the server is not reached, whoever asked decides. */
  async once<T>(act: () => Promise<T>): Promise<T> {
    try {
      const out = await act()
      this.offline = false
      return out
    } catch (e) {
      if (e instanceof Unreachable) this.offline = true
      else this.offline = false
      this.#expired(e)
      throw e
    }
  }

  /** Does what may be done twice and must be done, also when the page locks meanwhile. */
  must<T>(act: () => Promise<T>): Promise<T> {
    const done = this.until(act)
    this.#musts.add(done)
    return done.finally(() => this.#musts.delete(done))
  }

  /** Does what may be done twice, again and again until the server has answered. */
  async until<T>(act: () => Promise<T>): Promise<T> {
    for (let wait = 1000; ; wait = Math.min(wait * 2, 8000)) {
      try {
        return await this.once(act)
      } catch (e) {
        if (!(e instanceof Unreachable)) throw e
      }
      await soon(wait)
    }
  }

  #expired(e: unknown): void {
    if (e instanceof Refused && e.code === 'portal.error.signed-out') {
      this.ended = this.phase === 'in'
      this.me = null
      this.phase = 'out'
    }
  }
}

/** After ms, or as soon as the network is back, or the page is looked at again. */
function soon(ms: number): Promise<void> {
  return new Promise((done) => {
    const go = (): void => {
      clearTimeout(timer)
      removeEventListener('online', go)
      document.removeEventListener('visibilitychange', go)
      done()
    }
    const timer = setTimeout(go, ms)
    addEventListener('online', go)
    document.addEventListener('visibilitychange', go)
  })
}

export const session = new Session()
