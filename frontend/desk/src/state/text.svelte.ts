// The desk's language, look and size of text. They are a person's, kept under their name: who signs in next has their own.
// Before anybody has, the page looks and speaks as it was left at the last sign-in here.

import en from '../../../shared/catalog/desk.en.json'
import es from '../../../shared/catalog/desk.es.json'
import { city, type Lang } from '../../../shared/clock'
import { sentences } from '../../../shared/i18n'
import type {
  AddOnKind,
  AgentState,
  BoardKind,
  GoneWhy,
  HoleReason,
  Kind,
  LastKind,
  LineKind,
  NextKind,
  NoteState,
  Outcome,
  Urgency,
} from '../link/types'

/** The codes of closed sets that are put in words here: one that Go lists and a catalog does not know fails the check. */
type Codes =
  | `addon.${AddOnKind}`
  | `state.${AgentState}`
  | `channel.${Exclude<NextKind, ''>}`
  | `gone.${GoneWhy}`
  | `hole.${HoleReason}`
  | `kind.${BoardKind | Kind}`
  | `line.${LineKind}`
  | `note.${NoteState}`
  | `outcome.${Outcome}`
  | `step.${LastKind}`
  | `urgency.${Urgency}`
type Words = Record<`desk.${Codes}`, string>

const say = sentences(en satisfies Words, es satisfies Words)

export type Look = 'auto' | 'light' | 'dark'

/** How large text may be, in hundredths of what it is by itself (WCAG 1.4.4 asks for twice). */
export const sizes = [100, 125, 150, 175, 200] as const

class Text {
  lang = $state<Lang>('en')
  look = $state<Look>('auto')
  size = $state<number>(100)
  #person = ''

  #kept = (what: string): string => localStorage.getItem(this.#person ? `${what}:${this.#person}` : what) ?? ''

  #keep(what: string, value: string): void {
    localStorage.setItem(this.#person ? `${what}:${this.#person}` : what, value)
  }

  setLang(lang: string, keep = false): void {
    this.lang = lang === 'es' ? 'es' : 'en'
    document.documentElement.lang = this.lang
    if (keep) this.#keep('lang', this.lang)
  }

  setLook(look: string, keep = false): void {
    this.look = look === 'light' || look === 'dark' ? look : 'auto'
    if (this.look === 'auto') delete document.documentElement.dataset.theme
    else document.documentElement.dataset.theme = this.look
    if (keep) this.#keep('look', this.look)
  }

  setSize(size: number, keep = false): void {
    this.size = sizes.find((s) => s >= size) ?? 200
    document.documentElement.dataset.size = String(this.size)
    if (keep) this.#keep('size', String(this.size))
  }

  /** To the next size: 1 is larger, -1 smaller. */
  resize(way: 1 | -1): void {
    const i = sizes.findIndex((s) => s === this.size) + way
    this.setSize(sizes[Math.max(0, Math.min(i, sizes.length - 1))] ?? 100, true)
  }

  /** The sign-in: what was chosen there, or what the program was started with, or the system's language. */
  begin(started: string): void {
    this.setLook(this.#kept('look'))
    this.setSize(Number(this.#kept('size') || 100))
    this.setLang(this.#kept('lang') || started || navigator.language.slice(0, 2))
  }

  /** Somebody has signed in: the desk is theirs, in what they chose here before, or in the language the service knows of them. */
  person(id: string, lang: string): void {
    this.#person = id
    this.setLook(this.#kept('look') || this.look)
    this.setSize(Number(this.#kept('size') || 100))
    this.setLang(this.#kept('lang') || lang)
  }

  /** Nobody is signed in: what is chosen now is the sign-in's. */
  nobody(): void {
    this.#person = ''
  }
}

export const text = new Text()

/** A sentence in the desk's language. */
export const t = (key: string, values?: Record<string, unknown>): string => say(text.lang, key, values)

/** A sentence in a call's language. */
export const tIn = (lang: Lang, key: string, values?: Record<string, unknown>): string => say(lang, key, values)

/** A code from the server in words; one the catalog does not know is shown as it is, never as nothing. */
export function code(prefix: string, value: string, values?: Record<string, unknown>): string {
  if (!value) return ''
  const key = prefix + value.replaceAll(' ', '-')
  const s = t(key, values)
  return s === key ? value.replaceAll(/[-.]/g, ' ') : s
}

/**
 * A step's detail in words. The server's leaves carry ids beside the codes; whoever reads a story wants the codes, of some
 * kinds of step only those that are words here.
 */
export function details(value: string, known = false): string {
  return value
    .split(/\s+/)
    .filter((w) => w && !/[:=]|\d.*-|^[0-9a-f]{12,}$/i.test(w) && (!known || `desk.detail.${w}` in en))
    .map((w) => code('desk.detail.', w))
    .join(', ')
}

/** Who did a step: a person by name, a part of the server as the service. */
export const who = (actor: string): string => (/^(telephony|routing|console|demo|trainer)$/.test(actor) ? 'Lamplight' : actor)

/** A zone's city in a language: "in New York", "en Nueva York". */
export function cityIn(zone: string, lang: Lang): string {
  const name = city(zone)
  const key = `desk.city.${name.toLowerCase().replaceAll(' ', '-')}`
  return key in en ? say(lang, key) : name
}

/** A text of the practice in a language, or in English, or in what there is. */
export function inLang(of: Record<string, string> | null | undefined, lang: string): string {
  if (!of) return ''
  return of[lang] || of.en || Object.values(of)[0] || ''
}
