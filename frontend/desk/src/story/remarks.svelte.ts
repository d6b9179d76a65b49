// Remarks being written under a note's story. They outlive the story's panel and a lock; each agent has their own.

import { SvelteMap } from 'svelte/reactivity'

class Remarks {
  #words = new SvelteMap<string, string>()

  of(agent: string, note: string): string {
    return this.#words.get(`${agent} ${note}`) ?? ''
  }

  write(agent: string, note: string, words: string): void {
    if (words) this.#words.set(`${agent} ${note}`, words)
    else this.#words.delete(`${agent} ${note}`)
  }
}

export const remarks = new Remarks()
