// The server's clock, four times a second. Every age and countdown on the desk reads this one number, so that they turn
// together; the offset is taken anew with each Hello.

import { at } from '../../../shared/clock'

class Clock {
  now = $state(Date.now())
  #ahead = 0

  set(server: string): void {
    const s = at(server)
    if (s) this.#ahead = s - Date.now()
    this.tick()
  }

  tick(): void {
    this.now = Date.now() + this.#ahead
  }

  run(): void {
    setInterval(() => this.tick(), 250)
  }
}

export const clock = new Clock()
