// The one way to the server. Nothing of a patient and no token stands in an address: what is secret is posted.

import { routes, type PageRequests } from '../../../gen/requests'
import type { Kind } from '../../../gen/types'
import { clock } from '../state/clock.svelte'
import { sentenceOf } from '../state/text.svelte'

/** A refusal, as the server says it: a key of the catalog, and the fields that are wrong. */
export class Refused extends Error {
  constructor(
    readonly code: string,
    readonly fields: Record<string, string> = {},
    readonly status = 0,
    readonly wait = 0,
    readonly vars: Record<string, string> = {},
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
      ...(body instanceof ArrayBuffer
        ? { body }
        : method === 'POST'
          ? { headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body ?? {}) }
          : {}),
    })
  } catch {
    throw new Unreachable()
  }
  clock.hint(res.headers.get('Date'))
  if (res.ok) return res
  if (res.status === 502 || res.status === 503 || res.status === 504) throw new Unreachable()
  let refusal: { kind?: Kind; code?: string; fields?: Record<string, string>; vars?: Record<string, string> } | undefined
  try {
    refusal = ((await res.json()) as { error?: typeof refusal }).error
  } catch {
    refusal = undefined
  }
  throw new Refused(
    sentenceOf(refusal?.code ?? 'portal.error.internal', refusal?.kind),
    refusal?.fields ?? {},
    res.status,
    Number(res.headers.get('Retry-After')) || 0,
    refusal?.vars ?? {},
  )
}

async function answer<T>(res: Promise<Response>): Promise<T> {
  const r = await res
  try {
    return (await r.json()) as T
  } catch {
    throw new Unreachable()
  }
}

export const post = <T>(path: string, body?: unknown): Promise<T> => answer<T>(send('POST', path, body))

/** A piece of a file, which may come slowly. */
export const piece = <T>(path: string, bytes: ArrayBuffer): Promise<T> => answer<T>(send('POST', path, bytes, 60_000))

/** Asks the server, by the request's name and route. */
export function ask<K extends keyof PageRequests>(name: K, body: PageRequests[K]['in']): Promise<PageRequests[K]['out']> {
  const [method, pattern = ''] = routes[name].split(' ')
  const path = pattern.replace(/\{(\w+)\}/g, (_, field: string) => encodeURIComponent(String((body as Record<string, unknown>)[field])))
  return answer(send(method === 'GET' ? 'GET' : 'POST', path, body))
}

/** What a person does to a note. Each answers the note as it is then. */
export const acts = {
  acknowledge: (note: string) => ask('acknowledge', { note }),
  takeover: (note: string) => ask('takeovercard', { note }),
  pass: (note: string) => ask('pass', { note }),
  reply: (note: string, text: string) => ask('reply', { note, text }),
  close: (note: string, text: string) => ask('closeout', { note, text }),
}

/** A file: with a body by POST, for its filter must not stand in an address. */
export async function file(path: string, body?: unknown): Promise<Blob> {
  const r = await send(body === undefined ? 'GET' : 'POST', path, body, 120_000)
  try {
    return await r.blob()
  } catch {
    throw new Unreachable()
  }
}
