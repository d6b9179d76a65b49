// What the practice of the call wants known now: status lines, and bulletins to be acknowledged. What was acknowledged here is not shown
// again, though the call on the desk was told of it before.

import { at } from '../../../shared/clock'
import { go } from '../link/go'
import type { DeskBulletin, Pop } from '../link/types'
import { clock } from './clock.svelte'
import { desk } from './desk.svelte'

class Bulletins {
  #read = $state.raw<string[]>([])

  #of(pop: Pop | null | undefined, kind: DeskBulletin['kind']): DeskBulletin[] {
    return (pop?.practice.bulletins ?? []).filter((b) => b.kind === kind && at(b.ends) > clock.now && !this.#read.includes(b.id))
  }

  status(pop: Pop | null): DeskBulletin[] {
    return this.#of(pop, 'status')
  }

  /** Those to be acknowledged of the practice whose instructions are shown. */
  get waiting(): DeskBulletin[] {
    return this.#of(desk.form?.pop ?? desk.pop, 'bulletin')
  }

  async acknowledge(): Promise<void> {
    const first = this.waiting[0]
    if (!first) return
    this.#read = [...this.#read, first.id]
    const kept = await desk.act(() => go().AckBulletin(first.id))
    if (!kept) this.#read = this.#read.filter((id) => id !== first.id)
  }
}

export const bulletins = new Bulletins()
