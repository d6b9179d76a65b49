// Whether anybody is there. A desk or a page that nobody touches for a while locks itself, after a warning that any touch
// answers. Pure: now is an argument, in milliseconds since 1970.

/** How long before the lock it is announced: a person needs 20 seconds at least to answer (WCAG 2.2.1). */
const WARNING = 60_000

export class Idle {
  #last: number

  constructor(now: number) {
    this.#last = now
  }

  /** Somebody is there, or something goes on that must not be locked. */
  touched(now: number): void {
    this.#last = now
  }

  /** What is left until the lock, in milliseconds; never more than limit, also when the machine's clock was set back. */
  left(now: number, limit: number): number {
    if (now < this.#last) this.#last = now
    return Math.max(0, this.#last + limit - now)
  }
}

/** Whether what is left of limit is little enough to be announced. */
export const soon = (left: number, limit: number): boolean => left <= Math.min(WARNING, limit / 2)

const touches = ['keydown', 'pointerdown', 'pointermove', 'wheel', 'touchstart'] as const

/**
 * Watches for touches while the page lives. limit is in milliseconds, 0 for never; busy is true while nothing may lock.
 * tell hears, about every second, what is left once it is soon, and null when it is not; over is called when nothing is left.
 */
export function watchIdle(limit: () => number, busy: () => boolean, tell: (left: number | null) => void, over: () => void): void {
  const idle = new Idle(Date.now())
  function look(): boolean {
    const [now, most] = [Date.now(), limit()]
    if (!most || busy()) {
      idle.touched(now)
      tell(null)
      return false
    }
    const left = idle.left(now, most)
    tell(left > 0 && soon(left, most) ? left : null)
    if (left === 0) over()
    return left === 0
  }
  for (const t of touches) {
    // A touch that comes too late, as on a machine that slept, locks: it must not uncover what the lock would have hidden.
    const touched = (): void => {
      if (look()) return
      idle.touched(Date.now())
      tell(null)
    }
    addEventListener(t, touched, { capture: true, passive: true })
  }
  document.addEventListener('visibilitychange', look)
  setInterval(look, 1000)
}
