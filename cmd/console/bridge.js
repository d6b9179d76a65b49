// Stands in for the Wails runtime in an ordinary browser; served by bridge builds only.
;(() => {
  const socket = new WebSocket(`ws://${location.host}/bridge`)
  const waiting = new Map()
  const listeners = new Map()
  let last = 0
  const open = new Promise((done) => (socket.onopen = done))
  socket.onmessage = (e) => {
    const m = JSON.parse(e.data)
    if (m.event) return (listeners.get(m.event) ?? []).forEach((f) => f(m.data))
    const [resolve, reject] = waiting.get(m.id)
    waiting.delete(m.id)
    m.err ? reject(new Error(m.err)) : resolve(m.result) // as Wails rejects
  }
  const call = async (m, args) => {
    await open
    const id = ++last
    return new Promise((resolve, reject) => {
      waiting.set(id, [resolve, reject])
      socket.send(JSON.stringify({ id, m, args }))
    })
  }
  window.go = { main: { Desk: new Proxy({}, { get: (_, method) => (...args) => call(method, args) }) } }
  window.runtime = {
    EventsOn(name, f) {
      listeners.set(name, [...(listeners.get(name) ?? []), f])
      return () => listeners.set(name, listeners.get(name).filter((g) => g !== f))
    },
  }
})()
