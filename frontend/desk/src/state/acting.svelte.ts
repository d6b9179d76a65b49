// One way to do what an action does, for its key, its button and its place in a menu alike. What cannot be taken back asks
// first, however it was set off: a key that closes panels must not cut a caller off, and neither must a finger on the mouse.

import type { Action } from './keys'

const AGAIN_WITHIN = 1500

class Acting {
  #armed = $state('')
  #timer = 0

  /** Whether an action was set off once and asks to be confirmed. */
  asks = (a: Action): boolean => this.#armed === a.id

  press(a: Action, pressed?: string): void {
    if (!a.when()) return
    if (a.twice && !this.asks(a)) {
      this.#armed = a.id
      clearTimeout(this.#timer)
      this.#timer = window.setTimeout(() => (this.#armed = ''), AGAIN_WITHIN)
      return
    }
    this.#armed = ''
    a.run(pressed)
  }
}

export const acting = new Acting()
