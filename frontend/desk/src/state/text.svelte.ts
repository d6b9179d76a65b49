// The desk's own language and look: kept on this machine, so that the sign-in already has them.

import en from '../../../shared/catalog/desk.en.json'
import es from '../../../shared/catalog/desk.es.json'
import type { Lang } from '../../../shared/clock'
import { sentences } from '../../../shared/i18n'

const say = sentences(en, es)

export type Look = 'auto' | 'light' | 'dark'

class Text {
  lang = $state<Lang>('en')
  look = $state<Look>('auto')

  setLang(lang: string, keep = false): void {
    this.lang = lang === 'es' ? 'es' : 'en'
    document.documentElement.lang = this.lang
    if (keep) localStorage.setItem('lang', this.lang)
  }

  setLook(look: string): void {
    this.look = look === 'light' || look === 'dark' ? look : 'auto'
    if (this.look === 'auto') delete document.documentElement.dataset.theme
    else document.documentElement.dataset.theme = this.look
    localStorage.setItem('look', this.look)
  }

  /** What somebody chose on this machine, or what the program was started with, or the system's language. */
  begin(started: string): void {
    this.setLook(localStorage.getItem('look') ?? 'auto')
    this.setLang(localStorage.getItem('lang') || started || navigator.language.slice(0, 2))
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

/** Who did a step: a person by name, a part of the house as the house. */
export const who = (actor: string): string => (/^(telephony|routing|console|demo|trainer)$/.test(actor) ? 'Lamplight' : actor)

/** A text of the practice in a language, or in English, or in what there is. */
export function inLang(of: Record<string, string> | null | undefined, lang: string): string {
  if (!of) return ''
  return of[lang] || of.en || Object.values(of)[0] || ''
}
