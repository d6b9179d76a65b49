// Notifications on this phone. A browser's subscription belongs to whoever is signed in; the server is told of it when they
// ask, and again when browser or person has changed since.

import { ask } from '../link/api'

/** What this browser can do: ask, ask only once installed (iPhone), already does, was told no, or cannot. */
export type PushState = 'ask' | 'install' | 'on' | 'denied' | 'none'

const supported = (): boolean => 'serviceWorker' in navigator && 'PushManager' in window && 'Notification' in window

export function pushState(): PushState {
  if (!supported()) return /iPhone|iPad|iPod/.test(navigator.userAgent) ? 'install' : 'none'
  if (Notification.permission === 'denied') return 'denied'
  return Notification.permission === 'granted' && localStorage.getItem('push') ? 'on' : 'ask'
}

function bytes(base64url: string): Uint8Array<ArrayBuffer> {
  const raw = atob(base64url.replaceAll('-', '+').replaceAll('_', '/'))
  return Uint8Array.from(raw, (c) => c.charCodeAt(0))
}

async function tell(sub: PushSubscription, person: string): Promise<void> {
  const { endpoint, keys } = sub.toJSON()
  await ask('subscribe', { endpoint: endpoint ?? '', keys: { p256dh: keys?.p256dh ?? '', auth: keys?.auth ?? '' } })
  localStorage.setItem('push', `${person} ${endpoint}`)
  // The worker, which cannot read what a page keeps, needs it when the browser replaces the subscription by itself.
  const key = sub.options.applicationServerKey
  const known = JSON.stringify({ endpoint, key: key ? [...new Uint8Array(key)] : null })
  await (await caches.open('push-1')).put('/push', new Response(known))
}

const same = (a: ArrayBuffer | null, b: Uint8Array): boolean => !!a && new Uint8Array(a).toString() === b.toString()

/** Asks for leave and subscribes. To be called from a press, as browsers want it. */
export async function allowPush(person: string): Promise<PushState> {
  if ((await Notification.requestPermission()) !== 'granted') return pushState()
  const worker = await navigator.serviceWorker.ready
  const { key } = await ask('pushkey', {})
  let had = await worker.pushManager.getSubscription()
  if (had && !same(had.options.applicationServerKey, bytes(key))) {
    await had.unsubscribe() // it was made for keys that the service no longer has
    had = null
  }
  await tell(had ?? (await worker.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: bytes(key) })), person)
  return pushState()
}

/** Tells the server of a subscription that changed, or of the person who signed in on this phone since. */
export async function refreshPush(person: string): Promise<void> {
  if (pushState() !== 'on') return
  const worker = await navigator.serviceWorker.ready
  const sub = await worker.pushManager.getSubscription()
  if (!sub) return localStorage.removeItem('push')
  if (localStorage.getItem('push') !== `${person} ${sub.endpoint}`) await tell(sub, person)
}
