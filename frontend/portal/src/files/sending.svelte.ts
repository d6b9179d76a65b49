// Files on their way to a message: in pieces, one file after the other, each from where it was cut.

import type { FileCame } from '../../../gen/types'

/** How a page reaches the server with a file. */
export interface Doors {
  begin: (file: string, size: number) => Promise<FileCame>
  piece: (file: string, n: number, bytes: ArrayBuffer) => Promise<FileCame>
  done: (file: string) => Promise<FileCame>
  drop: (file: string) => Promise<unknown>
  /** The code of a refusal; '' when the server was not reached. What is neither is thrown. */
  refused: (e: unknown) => string
}

export const most = 5
const largest = 25 * 1024 * 1024

/** One file that somebody chose. Its name is shown to them and sent nowhere. */
export class Chosen {
  readonly id = crypto.randomUUID()
  arrived = $state(0)
  state = $state<'next' | 'coming' | 'cut' | 'looking' | 'ready' | 'refused'>('next')
  /** The code of why it is refused. */
  wrong = $state('')
  dropped = false

  constructor(readonly file: File) {}

  get percent(): number {
    return Math.floor((100 * this.arrived) / Math.max(1, this.file.size))
  }
}

export class Sending {
  chosen = $state<Chosen[]>([])
  /** More were chosen than a message takes. */
  many = $state(false)
  #last: Promise<void> = Promise.resolve()

  constructor(readonly doors: Doors) {}

  /** The files that can hang on a message now. */
  get ready(): string[] {
    return this.chosen.filter((c) => c.state === 'ready').map((c) => c.id)
  }

  get busy(): boolean {
    return this.chosen.some((c) => c.state !== 'ready' && c.state !== 'refused')
  }

  add(files: Iterable<File>): void {
    this.many = false
    for (const file of files) {
      if (this.chosen.filter((c) => c.state !== 'refused').length >= most) {
        this.many = true
        return
      }
      this.chosen.push(new Chosen(file))
      const c = this.chosen[this.chosen.length - 1]
      if (!c) return
      if (file.size < 1 || file.size > largest) this.#refuse(c, 'file-large')
      else {
        const send = (): Promise<void> => this.#send(c)
        this.#last = this.#last.then(send, send)
      }
    }
  }

  remove(c: Chosen): void {
    c.dropped = true
    this.many = false
    this.chosen = this.chosen.filter((x) => x.id !== c.id)
    // One that the server does not hear of is swept by it a day later.
    if (c.state !== 'refused') this.doors.drop(c.id).catch((e: unknown) => this.doors.refused(e))
  }

  /** Takes all of them back: whoever chose them has gone. */
  clear(): void {
    for (const c of [...this.chosen]) this.remove(c)
  }

  /** The message was sent: what hung on it is gone from here. */
  sent(): void {
    this.many = false
    this.chosen = this.chosen.filter((c) => c.state === 'refused')
  }

  #refuse(c: Chosen, code: string): void {
    c.state = 'refused'
    c.wrong = code
  }

  async #send(c: Chosen): Promise<void> {
    for (let wait = 1000; !c.dropped; wait = Math.min(wait * 2, 8000)) {
      try {
        let came = await this.doors.begin(c.id, c.file.size)
        while (!came.kind && !c.dropped) {
          c.arrived = came.arrived
          if (came.arrived >= c.file.size) {
            c.state = 'looking'
            came = await this.doors.done(c.id)
            continue
          }
          c.state = 'coming'
          const bytes = await read(c.file, came.arrived, came.piece)
          if (!bytes) return this.#refuse(c, 'file-unreadable')
          if (came.arrived === 0 && isHeic(bytes)) return this.#refuse(c, 'file-heic')
          came = await this.doors.piece(c.id, came.arrived / came.piece, bytes)
          wait = 1000
        }
        if (!c.dropped) c.state = 'ready'
        return
      } catch (e) {
        const code = this.doors.refused(e)
        if (code) return this.#refuse(c, code)
        c.state = 'cut'
      }
      await soon(wait)
    }
  }
}

async function read(file: File, from: number, piece: number): Promise<ArrayBuffer | null> {
  try {
    return await file.slice(from, from + piece).arrayBuffer()
  } catch {
    return null // it was moved, or its permission has ended
  }
}

/** The server would refuse it, after all of it was sent. */
function isHeic(bytes: ArrayBuffer): boolean {
  return new TextDecoder('latin1').decode(bytes.slice(4, 8)) === 'ftyp'
}

/** After ms, or as soon as the network is back. */
function soon(ms: number): Promise<void> {
  return new Promise((done) => {
    const go = (): void => {
      clearTimeout(timer)
      removeEventListener('online', go)
      done()
    }
    const timer = setTimeout(go, ms)
    addEventListener('online', go)
  })
}

/** A size as people say it. */
export function sizeOf(bytes: number, lang: string): string {
  const mb = bytes / (1024 * 1024)
  const n = (v: number, digits: number): string =>
    new Intl.NumberFormat(lang === 'es' ? 'es-US' : 'en-US', { maximumFractionDigits: digits }).format(v)
  return mb < 0.95 ? `${n(Math.max(1, bytes / 1024), 0)} KB` : `${n(mb, 1)} MB`
}
