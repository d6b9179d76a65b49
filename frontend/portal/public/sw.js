// The pages' service worker. It keeps the built files, so that a page opens on a bad network and says that it is offline,
// and shows a push: the practice, the urgency, a reference. Answers of the server (/api/) never pass through it.

const shelf = 'pages-1'

self.addEventListener('install', () => self.skipWaiting())
self.addEventListener('activate', (e) => e.waitUntil(self.clients.claim()))

self.addEventListener('fetch', (e) => {
  const url = new URL(e.request.url)
  if (e.request.method !== 'GET' || url.origin !== self.location.origin) return
  if (url.pathname.startsWith('/assets/')) e.respondWith(kept(e.request))
  else if (e.request.mode === 'navigate') e.respondWith(page(e.request))
})

/** A built file never changes under its name: the kept one will do. */
async function kept(request) {
  const cache = await caches.open(shelf)
  const hit = await cache.match(request)
  if (hit) return hit
  const res = await fetch(request)
  if (res.ok) await cache.put(request, res.clone())
  return res
}

/** The page itself: the newest, or the one kept when the network does not answer. A link's token is in no request. */
async function page(request) {
  const cache = await caches.open(shelf)
  try {
    const res = await fetch(request)
    if (res.ok) {
      const before = await cache.match('/')
      if (!before || (await before.text()) !== (await res.clone().text())) {
        for (const old of await cache.keys()) await cache.delete(old)
        await cache.put('/', res.clone())
      }
    }
    return res
  } catch (err) {
    const hit = await cache.match('/')
    if (hit) return hit
    throw err
  }
}

self.addEventListener('push', (e) => {
  const said = e.data ? e.data.json() : {}
  e.waitUntil(
    self.registration.showNotification(said.title || 'Lamplight', {
      body: said.body || '',
      tag: said.tag || 'note',
      renotify: true,
      lang: said.lang || '',
      icon: '/icon-192.png',
      badge: '/icon-192.png',
      requireInteraction: true,
      data: { url: said.url || '/' },
    }),
  )
})

self.addEventListener('pushsubscriptionchange', (e) => e.waitUntil(moved(e)))

/**
 * The browser ended or replaced this phone's subscription, mostly while nobody is signed in: the server is told by the old
 * endpoint, which only this phone knows. Not every browser says what the old one was, so the page has written it down. When
 * the server cannot be told, the page does so the next time it opens.
 */
async function moved(e) {
  const cache = await caches.open('push-1')
  const hit = await cache.match('/push')
  const known = hit ? await hit.json() : {}
  const old = e.oldSubscription?.endpoint ?? known.endpoint
  const key = e.oldSubscription?.options?.applicationServerKey ?? (known.key ? new Uint8Array(known.key) : null)
  let sub = e.newSubscription ?? null
  if (!sub && key) sub = await self.registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key })
  if (!old || !sub) return
  const { endpoint, keys } = sub.toJSON()
  const res = await fetch('/api/push/moved', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ old, endpoint, keys: { p256dh: keys.p256dh, auth: keys.auth } }),
  })
  if (res.ok) await cache.put('/push', new Response(JSON.stringify({ ...known, endpoint })))
}

self.addEventListener('notificationclick', (e) => {
  e.notification.close()
  const url = new URL(e.notification.data.url, self.location.origin)
  e.waitUntil(self.clients.openWindow(url.origin === self.location.origin ? url.href : '/'))
})
