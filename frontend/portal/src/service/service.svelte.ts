// How the service stands before a night, what is set of it, and the change that is being written: it stays until it is stored, whoever else
// changes the part meanwhile.

import { ask } from '../link/api'
import type { ServiceLadder, TonightCheck, SettingChange, SettingPart, SettingsPart } from '../link/types'
import { codeOf } from '../practice/calls.svelte'
import { session } from '../state/session.svelte'

/** The fields of each part; the secret comes last. */
export const fields: Record<SettingPart, string[]> = {
  service: ['name', 'zone', 'languages'],
  text: ['account', 'from', 'callback'],
  mail: ['host', 'port', 'user', 'from'],
  'catch-all': ['to'],
  supervisors: [],
}
export const secrets: Partial<Record<SettingPart, string>> = { text: 'token', mail: 'password' }

export class Service {
  checks = $state.raw<TonightCheck[] | null>(null)
  parts = $state.raw<SettingsPart[]>([])
  ladder = $state.raw<ServiceLadder | null>(null)
  looking = $state(false)
  wrong = $state('')

  /** The part that is being changed, and what was written. */
  open = $state<SettingPart | ''>('')
  values = $state<Record<string, string>>({})
  secret = $state('')
  why = $state('')
  basis = 0
  busy = $state(false)
  formWrong = $state('')
  moved = $state.raw<SettingChange | null>(null)
  saved = $state<SettingPart | ''>('')

  readonly left = $derived((this.checks ?? []).filter((c) => c.state !== 'good').length)

  async look(): Promise<void> {
    this.looking = true
    this.wrong = ''
    try {
      this.checks = (await session.until(() => ask('tonight', {}))).checks ?? []
      const set = await session.until(() => ask('settings', {}))
      this.parts = set.parts ?? []
      this.ladder = set.ladder
    } catch (e) {
      this.wrong = codeOf(e)
    } finally {
      this.looking = false
    }
  }

  begin(part: SettingsPart): void {
    this.open = part.part
    this.values = { ...(part.part === 'mail' ? { port: '587' } : {}), ...part.values }
    this.basis = part.basis
    this.secret = this.why = this.formWrong = ''
    this.moved = null
    this.saved = ''
  }

  drop(): void {
    this.open = ''
  }

  /** Stores what was written, or brings a version back; false when it is not stored. */
  async save(part: SettingPart, basis: number, why: string, back = 0): Promise<boolean> {
    this.busy = true
    this.formWrong = ''
    this.saved = ''
    try {
      const out = await session.once(() =>
        ask('editsetting', { part, basis, values: back ? {} : this.values, secret: back ? '' : this.secret, back, why }),
      )
      this.parts = this.parts.map((p) => (p.part === part ? out.part : p))
      this.basis = out.part.basis
      this.moved = out.saved ? null : (out.part.history?.[0] ?? null)
      if (!out.saved) return false
      this.saved = part
      this.open = ''
      this.secret = ''
      void this.look()
      return true
    } catch (e) {
      this.formWrong = codeOf(e)
      return false
    } finally {
      this.busy = false
    }
  }
}
