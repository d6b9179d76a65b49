// A patient's visit: from the link to the conversation. Everything is posted, and the link's token stands in no address.

import { routes, type PageRequests } from '../../../gen/requests'
import type { FileCame, PatientPage } from '../../../gen/types'
import { Sending } from '../files/sending.svelte'
import { say } from './say.svelte'

interface Link {
  practice: string
  number: string
  language: string
  expired: boolean
  in: boolean
}

/** A refusal, as the server says it; '' for a server that was not reached. */
export class Refused extends Error {
  constructor(readonly code: string) {
    super(code)
  }
}

async function post<T>(path: string, body: unknown, limit = 20_000): Promise<T> {
  let res: Response
  try {
    res = await fetch(path, {
      method: 'POST',
      credentials: 'same-origin',
      cache: 'no-store',
      redirect: 'error',
      signal: AbortSignal.timeout(limit),
      ...(body instanceof ArrayBuffer ? { body } : { headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) }),
    })
  } catch {
    throw new Refused('unreachable')
  }
  let answer: unknown
  try {
    answer = await res.json()
  } catch {
    throw new Refused('unreachable')
  }
  if (!res.ok) throw new Refused((answer as { error?: { code?: string } }).error?.code ?? 'internal')
  return answer as T
}

type Mine = 'mythread' | 'mystamp' | 'mywords' | 'mywish' | 'myfile' | 'myfiledone' | 'myfiledrop'

function ask<K extends Mine>(name: K, body: PageRequests[K]['in']): Promise<PageRequests[K]['out']> {
  return post(routes[name].slice('POST '.length), body)
}

const doors = {
  begin: (file: string, size: number) => ask('myfile', { file, size }),
  piece: (file: string, n: number, bytes: ArrayBuffer) =>
    post<FileCame>(`/api/patient/files/${encodeURIComponent(file)}/pieces/${String(n)}`, bytes, 60_000),
  done: (file: string) => ask('myfiledone', { file }),
  drop: (file: string) => ask('myfiledrop', { file }),
  refused: (e: unknown): string => {
    if (!(e instanceof Refused)) throw e
    return e.code === 'unreachable' ? '' : e.code
  },
}

class Visit {
  sending = new Sending(doors)
  phase = $state<'wait' | 'nolink' | 'expired' | 'prove' | 'in' | 'out'>('wait')
  link = $state.raw<Link | null>(null)
  page = $state.raw<PatientPage | null>(null)
  wrong = $state('')
  busy = $state(false)
  /** By what a code or a link was sent. */
  sent = $state<'' | 'text' | 'email'>('')
  /** A message came while the page was open. */
  news = $state(false)
  #token = ''
  #id = ''
  #of = ''

  begin(): void {
    this.#arrive()
    addEventListener('hashchange', () => this.#arrive())
    setInterval(() => void this.look(), 8000)
    document.addEventListener('visibilitychange', () => void this.look())
  }

  #arrive(): void {
    this.sending.clear()
    const token = location.hash.slice(1)
    this.#token = token || ((history.state as { token?: string } | null)?.token ?? '')
    history.replaceState({ token: this.#token }, '', '/p')
    void this.#locate()
  }

  async #locate(): Promise<void> {
    await this.#try(async () => {
      if (this.#token) {
        this.link = await post<Link>('/api/patient/link', { token: this.#token })
        say.patient(this.link.language)
        if (!this.link.in) {
          this.phase = this.link.expired ? 'expired' : 'prove'
          return
        }
      }
      await this.#open()
    })
    if (this.phase === 'wait' && this.wrong !== 'unreachable') this.phase = 'nolink'
  }

  async #open(): Promise<void> {
    this.#show(await ask('mythread', {}))
  }

  #show(page: PatientPage): void {
    this.page = page
    say.patient(page.language)
    this.phase = 'in'
  }

  /** Does what may fail, and says how it did; true when it was done. */
  async #try(act: () => Promise<void>): Promise<boolean> {
    this.busy = true
    this.wrong = ''
    try {
      await act()
      return true
    } catch (e) {
      if (!(e instanceof Refused)) throw e
      if (e.code === 'patient.error.signed-out') {
        this.page = null
        this.phase = this.link && !this.link.expired ? 'prove' : this.link ? 'expired' : 'nolink'
        if (this.phase === 'nolink') return false // who opens the page without a link is told what to do
      }
      this.wrong = e.code
      return false
    } finally {
      this.busy = false
    }
  }

  again = (): Promise<void> => this.#locate()

  sendCode = (): Promise<boolean> =>
    this.#try(async () => {
      this.sent = (await post<{ by: 'text' | 'email' }>('/api/patient/code', { token: this.#token })).by
    })

  sendLink = (): Promise<boolean> =>
    this.#try(async () => {
      this.sent = (await post<{ by: 'text' | 'email' }>('/api/patient/new-link', { token: this.#token })).by
    })

  prove = (code: string, birth: string): Promise<boolean> =>
    this.#try(async () => {
      await post('/api/patient/prove', { token: this.#token, code, birth })
      this.sent = ''
      await this.#open()
    })

  /** Sends what was written, with the files that are ready; the same again is the same message. */
  write = (text: string): Promise<boolean> =>
    this.#try(async () => {
      const files = this.sending.ready
      const of = [text, ...files].join('\n')
      if (this.#of !== of) {
        this.#of = of
        this.#id = crypto.randomUUID()
      }
      this.#show(await ask('mywords', { id: this.#id, text, files }))
      this.#of = ''
      this.sending.sent()
    })

  wish = (channel: 'text' | 'email', on: boolean, purpose: 'care' | 'reminders' = 'care'): Promise<boolean> =>
    this.#try(async () => {
      this.#show(await ask('mywish', { purpose, channel, on }))
    })

  out = (): Promise<boolean> =>
    this.#try(async () => {
      this.sending.clear()
      await post('/api/patient/out', {})
      this.page = null
      this.phase = 'out'
    })

  /** Looks whether anything is new, while somebody looks at the page. */
  async look(): Promise<void> {
    if (this.phase !== 'in' || this.busy || document.visibilityState !== 'visible') return
    try {
      const { stamp } = await ask('mystamp', {})
      const was = this.page
      if (!was || stamp === was.stamp) return
      this.#show(await ask('mythread', {}))
      const last = this.page?.messages?.at(-1)
      this.news = !!last && !last.mine && last.id !== was.messages?.at(-1)?.id
    } catch (e) {
      if (!(e instanceof Refused)) throw e // it is looked again
    }
  }
}

export const visit = new Visit()
