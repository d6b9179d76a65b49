// A practice's messages with its patients: the inbox, the conversation that is open, and what is being written in it.

import type { FileCame } from '../../../gen/types'
import { Sending } from '../files/sending.svelte'
import { ask, piece, Refused, Unreachable } from '../link/api'
import type { PatientForm, PatientRow, Purpose, ThreadsPage, ThreadTab, ThreadView } from '../link/types'
import { session } from '../state/session.svelte'
import { codeOf } from './calls.svelte'

/** What is written: to the patient, among staff, or the word that closes it. */
export type Writing = 'message' | 'remark' | 'close'

const doors = (patient: string) => ({
  begin: (file: string, size: number) => session.once(() => ask('file', { patient, file, size })),
  piece: (file: string, n: number, bytes: ArrayBuffer) =>
    session.once(() =>
      piece<FileCame>(`/api/patients/${encodeURIComponent(patient)}/files/${encodeURIComponent(file)}/pieces/${String(n)}`, bytes),
    ),
  done: (file: string) => session.once(() => ask('filedone', { patient, file })),
  drop: (file: string) => session.once(() => ask('filedrop', { patient, file })),
  refused: (e: unknown): string => (e instanceof Unreachable ? '' : codeOf(e)),
})

export const tabs: ThreadTab[] = ['unassigned', 'mine', 'waiting', 'late', 'all']

export class Messages {
  tab = $state<ThreadTab>('unassigned')
  page = $state.raw<ThreadsPage | null>(null)
  wrong = $state('')
  open = $state('')
  view = $state.raw<ThreadView | null>(null)
  viewWrong = $state('')
  busy = $state(false)
  /** Patients that were searched for; null when nothing was. */
  found = $state.raw<{ rows: PatientRow[]; more: boolean } | null>(null)
  /** What is typed for each patient stays until it is sent. */
  #drafts = new Map<string, { text: string; id: string; of: string }>()

  /** And so do the files that are to go with it. */
  #sendings = new Map<string, Sending>()

  constructor(readonly account: string) {}

  get late(): number {
    return this.page?.counts?.late ?? 0
  }

  async look(): Promise<void> {
    const tab = this.tab
    try {
      const page = await session.until(() => ask('threads', { account: this.account, tab, after: '' }))
      if (tab !== this.tab) return
      this.page = page
      this.wrong = ''
      const row = page.rows?.find((r) => r.patient === this.open)
      if (row && this.view && (row.version !== this.view.row.version || row.hand !== this.view.row.hand) && !this.busy) await this.again()
    } catch (e) {
      this.wrong = codeOf(e)
    }
  }

  async more(): Promise<void> {
    const before = this.page
    if (!before?.next) return
    const page = await session.until(() => ask('threads', { account: this.account, tab: this.tab, after: before.next }))
    this.page = { ...page, rows: [...(before.rows ?? []), ...(page.rows ?? [])] }
  }

  async choose(tab: ThreadTab): Promise<void> {
    this.tab = tab
    await this.look()
  }

  async show(patient: string): Promise<void> {
    if (this.open !== patient) this.view = null
    this.open = patient
    await this.again()
  }

  /** Opens the conversation anew. */
  async again(): Promise<void> {
    const patient = this.open
    try {
      const view = await session.until(() => ask('thread', { patient }))
      if (this.open !== patient) return
      this.view = view
      this.viewWrong = ''
    } catch (e) {
      if (this.open === patient) this.viewWrong = codeOf(e)
    }
  }

  /** Does something to the open conversation; true when it was done. */
  async #act(act: () => Promise<ThreadView>): Promise<boolean> {
    this.busy = true
    this.viewWrong = ''
    const patient = this.open
    try {
      const view = await session.once(act)
      if (this.open === patient) this.view = view
      void this.look()
      return true
    } catch (e) {
      const wrong = codeOf(e)
      if (e instanceof Refused) await this.again() // what has changed meanwhile is shown beside what was written
      this.viewWrong = wrong
      return false
    } finally {
      this.busy = false
    }
  }

  sending(patient: string): Sending {
    const s = this.#sendings.get(patient) ?? new Sending(doors(patient))
    this.#sendings.set(patient, s)
    return s
  }

  draft(kind: Writing): string {
    return this.#drafts.get(`${kind} ${this.open}`)?.text ?? ''
  }

  keep(kind: Writing, text: string): void {
    const was = this.#drafts.get(`${kind} ${this.open}`)
    this.#drafts.set(`${kind} ${this.open}`, { text, id: was?.id ?? '', of: was?.of ?? '' })
  }

  /** Sends what is typed, with the files that are ready. The same, sent again, is the same message. */
  async send(kind: Writing): Promise<boolean> {
    const patient = this.open
    const sending = this.sending(patient)
    const files = kind === 'close' ? [] : sending.ready
    const d = this.#drafts.get(`${kind} ${patient}`) ?? { text: '', id: '', of: '' }
    if ((!d.text.trim() && !files.length) || this.busy || (kind !== 'close' && sending.busy)) return false
    this.#drafts.set(`${kind} ${patient}`, d)
    const of = [d.text, ...files].join('\n')
    if (d.of !== of) {
      d.of = of
      d.id = crypto.randomUUID()
    }
    const spoken = (this.view?.messages ?? []).filter((m) => m.kind !== 'remark')
    const body = { patient, id: d.id, text: d.text, seen: spoken.at(-1)?.id ?? '' }
    const done = await this.#act(() =>
      kind === 'close' ? ask('closethread', body) : ask('writethread', { ...body, remark: kind === 'remark', files }),
    )
    if (done) {
      this.#drafts.delete(`${kind} ${patient}`)
      if (kind !== 'close') sending.sent()
    }
    return done
  }

  assign = (to: string): Promise<boolean> =>
    this.#act(() => ask('assignthread', { patient: this.open, from: this.view?.assigned ?? '', to }))

  withdraw = (message: string): Promise<boolean> => this.#act(() => ask('withdraw', { patient: this.open, message }))

  looked = (): Promise<boolean> => this.#act(() => ask('looked', { patient: this.open }))

  consent = (purpose: Purpose, channel: 'text' | 'email', given: boolean, how: PatientForm['how']): Promise<boolean> =>
    this.#act(() => ask('consent', { patient: this.open, purpose, channel, given, how }))

  /** Says that somebody is writing; nothing waits for it. */
  hand(on: boolean): void {
    if (this.open)
      ask('hand', { patient: this.open, on }).catch((e: unknown) => {
        if (!(e instanceof Refused) && !(e instanceof Unreachable)) throw e
      })
  }

  async find(search: string): Promise<void> {
    if (!search.trim()) {
      this.found = null
      return
    }
    try {
      const got = await session.until(() => ask('patients', { account: this.account, search }))
      this.found = { rows: got.rows ?? [], more: got.more }
      this.wrong = ''
    } catch (e) {
      this.wrong = codeOf(e)
    }
  }
}
