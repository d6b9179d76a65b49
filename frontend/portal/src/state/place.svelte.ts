// Where on the pages somebody is. A link's token comes in the fragment and leaves the address bar at once; it is kept in
// the history's own state, so that a phone that drops the page while its owner fetches a code finds the note again.

import type { Invitation } from '../link/types'

export interface Spot {
  token?: string
  note?: string
  call?: string
  week?: boolean
  duty?: boolean
  chart?: boolean
  people?: boolean
  own?: boolean
  join?: string
  setup?: boolean
  service?: boolean
  wall?: boolean
  invitation?: Invitation
  practices?: string // which one, '*' for the list
  messages?: boolean
  visits?: boolean
}

class Place {
  spot = $state.raw<Spot>({})

  begin(): void {
    this.#arrive()
    addEventListener('hashchange', () => this.#arrive())
    addEventListener('popstate', (e) => {
      if (!location.hash) this.spot = (e.state as Spot | null) ?? {}
    })
  }

  #arrive(): void {
    const token = location.hash.slice(1)
    const invited = location.pathname === '/join'
    const setup = location.pathname === '/setup'
    this.spot = setup ? { setup } : !token ? ((history.state as Spot | null) ?? {}) : invited ? { join: token } : { token }
    history.replaceState(this.spot, '', invited ? '/join' : token && !setup ? '/m' : location.pathname)
  }

  /** To another spot, from which Back leads here. */
  go(spot: Spot): void {
    this.spot = spot
    history.pushState(spot, '', '/')
  }

  /** The same spot, better known. */
  settle(spot: Spot): void {
    this.spot = spot
    history.replaceState(spot, '', location.pathname === '/join' && !spot.join ? '/' : location.pathname)
  }
}

export const place = new Place()
