// Who is at the desk: the sign-in, how what they do is refused, and what is told them. What they then see is the desk's.

import { go, refusal } from '../link/go'
import type { LinkView, PhoneView } from '../link/types'
import { text } from './text.svelte'

export abstract class Session {
  phase = $state<'begin' | 'signin' | 'desk'>('begin')
  login = $state('')
  demo = $state(false)
  signInError = $state('')
  signingIn = $state(false)

  link = $state.raw<LinkView>({ up: false, since: '' })
  phone = $state.raw<PhoneView>({ up: false, built: false, deaf: false, since: '' })
  notice = $state.raw<{ code: string; late: boolean; values?: Record<string, string> } | null>(null)

  /** Takes the whole state anew. */
  abstract refresh(): Promise<void>
  protected abstract emptied(): void

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

  protected signedOut(code: string): void {
    const demo = this.demo
    this.leave(code)
    this.demo = demo
    if (demo) void this.signInDemo()
  }

  /** Back to the sign-in, with nothing of a patient left on the screen; a person has to sign in. */
  leave(code = ''): void {
    this.emptied()
    text.nobody()
    this.notice = null
    this.demo = false
    this.signInError = code
    this.phase = 'signin'
  }

  /** Does something and tells what a refusal says. Answers whether it was done. */
  async act(f: () => Promise<unknown>): Promise<boolean> {
    try {
      await f()
      return true
    } catch (e) {
      const r = refusal(e)
      if (r.code === 'desk.error.session' || r.code === 'desk.error.signed-out') this.signedOut(r.code)
      else this.tell(r.code, true, r.vars)
      return false
    }
  }

  tell(code: string, late = false, values?: Record<string, string>): void {
    this.notice = { code, late, values }
    const n = this.notice
    setTimeout(() => {
      if (this.notice === n) this.notice = null
    }, 8000)
  }
}
