// The one way to the server. Nothing of a patient and no token stands in an address: what is secret is posted.

import { clock } from '../state/clock.svelte'

/** A refusal, as the server says it: a key of the catalog, and the fields that are wrong. */
export class Refused extends Error {
  constructor(
    readonly code: string,
    readonly fields: Record<string, string> = {},
    readonly status = 0,
    readonly wait = 0,
  ) {
    super(code)
  }
}

/** The server was not reached, or broke off: whether it acted is not known. */
export class Unreachable extends Error {}

const patience = 15_000

async function send(method: 'GET' | 'POST', path: string, body?: unknown, limit = patience): Promise<Response> {
  let res: Response
  try {
    res = await fetch(path, {
      method,
      credentials: 'same-origin',
      cache: 'no-store',
      redirect: 'error',
      signal: AbortSignal.timeout(limit),
      ...(method === 'POST' ? { headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body ?? {}) } : {}),
    })
  } catch {
    throw new Unreachable()
  }
  clock.hint(res.headers.get('Date'))
  if (res.ok) return res
  if (res.status === 502 || res.status === 503 || res.status === 504) throw new Unreachable()
  let refusal: { code?: string; fields?: Record<string, string> } | undefined
  try {
    refusal = ((await res.json()) as { error?: typeof refusal }).error
  } catch {
    refusal = undefined
  }
  throw new Refused(refusal?.code ?? 'portal.error.internal', refusal?.fields ?? {}, res.status, Number(res.headers.get('Retry-After')) || 0)
}

async function answer<T>(res: Promise<Response>): Promise<T> {
  const r = await res
  try {
    return (await r.json()) as T
  } catch {
    throw new Unreachable()
  }
}

export const get = <T>(path: string): Promise<T> => answer<T>(send('GET', path))
export const post = <T>(path: string, body?: unknown): Promise<T> => answer<T>(send('POST', path, body))
export const note = <T>(id: string, act: string, body?: unknown): Promise<T> => post<T>(`/api/notes/${encodeURIComponent(id)}/${act}`, body)

/** A file: with a body by POST, for its filter must not stand in an address. */
export async function file(path: string, body?: unknown): Promise<Blob> {
  const r = await send(body === undefined ? 'GET' : 'POST', path, body, 120_000)
  try {
    return await r.blob()
  } catch {
    throw new Unreachable()
  }
}
