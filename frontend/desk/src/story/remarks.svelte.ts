// Remarks being written under a note's story. They outlive the story's panel and a lock; each agent has their own.

class Remarks {
  #words = $state<Record<string, string>>({})

  of(agent: string, note: string): string {
    return this.#words[`${agent} ${note}`] ?? ''
  }

  write(agent: string, note: string, words: string): void {
    if (words) this.#words[`${agent} ${note}`] = words
    else delete this.#words[`${agent} ${note}`]
  }
}

export const remarks = new Remarks()
