// Where on the pages somebody is. A link's token comes in the fragment and leaves the address bar at once; it is kept in
// the history's own state, so that a phone that drops the page while its owner fetches a code finds the note again.

export interface Spot {
  token?: string
  note?: string
  call?: string
  week?: boolean
  duty?: boolean
  chart?: boolean
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
    this.spot = token ? { token } : ((history.state as Spot | null) ?? {})
    history.replaceState(this.spot, '', token ? '/m' : location.pathname)
  }

  /** To another spot, from which Back leads here. */
  go(spot: Spot): void {
    this.spot = spot
    history.pushState(spot, '', '/')
  }

  /** The same spot, better known. */
  settle(spot: Spot): void {
    this.spot = spot
    history.replaceState(spot, '', location.pathname)
  }
}

export const place = new Place()
