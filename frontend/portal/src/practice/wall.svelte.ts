// How the calls of now stand, asked for again and again while somebody looks.

import type { Wall as Standing } from '../../../gen/types'
import { ask } from '../link/api'
import { session } from '../state/session.svelte'
import { codeOf } from './calls.svelte'

/** How often it is asked for, in milliseconds. */
const EVERY = 2000

export class Wall {
  now = $state.raw<Standing | null>(null)
  wrong = $state('')

  /** Looks until the function that is returned is called. One question at a time: a slow server is not asked more often. */
  begin(): () => void {
    let timer = 0
    let ended = false
    const look = async (): Promise<void> => {
      try {
        this.now = await session.until(() => ask('wall', {}))
        this.wrong = ''
      } catch (e) {
        this.wrong = codeOf(e)
      }
      if (!ended) timer = window.setTimeout(() => void look(), EVERY)
    }
    void look()
    return () => {
      ended = true
      clearTimeout(timer)
    }
  }
}

/** The share answered in time as people read it, "92 %"; "–" of no call. */
export const level = (inTime: number, calls: number): string => (calls ? `${String(Math.round((100 * inTime) / calls))} %` : '–')
