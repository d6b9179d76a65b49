import { readFileSync } from 'node:fs'
import { runInNewContext } from 'node:vm'
import { describe, expect, test } from 'vitest'

const worker = readFileSync(new URL('../../public/sw.js', import.meta.url), 'utf8')

interface Told {
  path: string
  body: unknown
}

/** Runs the worker as a browser would that wrote down `known` and says `said` of the change. */
async function change(known: unknown, said: Record<string, unknown>, status = 200) {
  const on: Record<string, (e: unknown) => void> = {}
  const told: Told[] = []
  const asked: { applicationServerKey: ArrayLike<number> }[] = []
  let kept = known ? JSON.stringify(known) : null
  const cache = {
    match: async () => (kept ? new Response(kept) : undefined),
    put: async (_: string, r: Response) => void (kept = await r.text()),
  }
  const made = { toJSON: () => ({ endpoint: 'https://push.example/new', keys: { p256dh: 'p', auth: 'a' } }) }
  const self = {
    addEventListener: (name: string, f: (e: unknown) => void) => (on[name] = f),
    registration: { pushManager: { subscribe: async (o: (typeof asked)[0]) => (asked.push(o), made) } },
  }
  const fetch = async (path: string, o: { body: string }) => (told.push({ path, body: JSON.parse(o.body) }), new Response('{}', { status }))
  runInNewContext(worker, { self, caches: { open: async () => cache }, fetch, Response, Uint8Array, URL })
  let done: Promise<unknown> = Promise.resolve()
  on.pushsubscriptionchange({ ...said, waitUntil: (p: Promise<unknown>) => (done = p) })
  await done
  return { told, asked, kept: kept && JSON.parse(kept), made }
}

const moved = {
  path: '/api/push/moved',
  body: { old: 'https://push.example/old', endpoint: 'https://push.example/new', keys: { p256dh: 'p', auth: 'a' } },
}

describe('a subscription the browser has replaced', () => {
  test('is told by what the page wrote down, where the browser says nothing', async () => {
    const r = await change({ endpoint: 'https://push.example/old', key: [4, 1, 2] }, {})
    expect(r.told).toEqual([moved])
    expect(Array.from(r.asked[0].applicationServerKey)).toEqual([4, 1, 2])
    expect(r.kept).toEqual({ endpoint: 'https://push.example/new', key: [4, 1, 2] })
  })

  test('is told as the browser says it, and not asked for again', async () => {
    const { made } = await change(null, {})
    const r = await change(null, { oldSubscription: { endpoint: 'https://push.example/old' }, newSubscription: made })
    expect(r.told).toEqual([moved])
    expect(r.asked).toEqual([])
  })

  test('is left to the page when nothing is known of the old one', async () => {
    expect((await change(null, {})).told).toEqual([])
  })

  test('keeps the old one in mind when the server did not take the new one', async () => {
    const r = await change({ endpoint: 'https://push.example/old', key: [4] }, {}, 503)
    expect(r.kept.endpoint).toBe('https://push.example/old')
  })
})
