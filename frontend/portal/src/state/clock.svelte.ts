// The server's clock, four times a second. Every age and countdown reads this one number, so that they turn together. It
// is set from a card's "now", or to the second from any answer's Date.

import { at } from '../../../shared/clock'

class Clock {
  now = $state(Date.now())
  #ahead = 0

  set(server: string): void {
    const s = at(server)
    if (s) this.#ahead = s - Date.now()
    this.now = Date.now() + this.#ahead
  }

  /** Sets the clock by a header that knows whole seconds only: it must not undo a better one. */
  hint(date: string | null): void {
    const s = at(date)
    if (s && Math.abs(s + 500 - (Date.now() + this.#ahead)) > 1500) this.#ahead = s + 500 - Date.now()
  }

  run(): void {
    setInterval(() => (this.now = Date.now() + this.#ahead), 250)
  }
}

export const clock = new Clock()
