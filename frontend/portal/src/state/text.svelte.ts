// The pages' language and look. A person's own language comes with the sign-in; what was chosen on this device goes before it.

import filesEn from '../../../shared/catalog/files.en.json'
import filesEs from '../../../shared/catalog/files.es.json'
import en from '../../../shared/catalog/portal.en.json'
import es from '../../../shared/catalog/portal.es.json'
import type { Lang } from '../../../shared/clock'
import { sentences } from '../../../shared/i18n'
import type { AddOnKind, AttemptState, ChannelKind, Kind, LineKind, NoteState, Outcome, PersonDid, Role, Urgency } from '../../../gen/types'

/** The codes of closed sets that are put in words here: one that Go lists and a catalog does not know fails the check. */
type Codes =
  | `addon.${AddOnKind}`
  | `channel.${ChannelKind}`
  | `kind.${Kind}`
  | `line.${LineKind}`
  | `outcome.${Outcome}`
  | `state.${NoteState}`
  | `attempt.${AttemptState}`
  | `urgency.${Urgency}`
  | `people.did.${PersonDid}`
  | `people.role.${Role}`
type Words = Record<`portal.${Codes}`, string>

const say = sentences({ ...(en satisfies Words), ...filesEn }, { ...(es satisfies Words), ...filesEs })

class Text {
  lang = $state<Lang>('en')
  look = $state<'auto' | 'light' | 'dark'>('auto')

  begin(): void {
    this.setLook(localStorage.getItem('look') ?? 'auto')
    this.#show(localStorage.getItem('lang') ?? navigator.language.slice(0, 2))
  }

  /** The language of who signed in, unless this device was told another. */
  person(lang: string): void {
    if (!localStorage.getItem('lang')) this.#show(lang)
  }

  choose(lang: Lang): void {
    localStorage.setItem('lang', lang)
    this.#show(lang)
  }

  setLook(look: string): void {
    this.look = look === 'light' || look === 'dark' ? look : 'auto'
    if (this.look === 'auto') delete document.documentElement.dataset.theme
    else document.documentElement.dataset.theme = this.look
    localStorage.setItem('look', this.look)
  }

  #show(lang: string): void {
    this.lang = lang === 'es' ? 'es' : 'en'
    document.documentElement.lang = this.lang
  }
}

export const text = new Text()

/** A sentence in the page's language. */
export const t = (key: string, values?: Record<string, unknown>): string => say(text.lang, key, values)

/** A code of the server in words; one the catalog does not know is shown as it is, never as nothing. */
export function code(prefix: string, value: string, values?: Record<string, unknown>): string {
  if (!value) return ''
  const s = t(prefix + value, values)
  return s === prefix + value ? value.replaceAll('-', ' ') : s
}

/** A text of the practice in the page's language, or in English, or in what there is. */
export function ours(of: Record<string, string> | null | undefined): string {
  if (!of) return ''
  return of[text.lang] || of.en || Object.values(of)[0] || ''
}

/** The code of a refusal's sentence: its own, or its kind's when a later server says what this page has no sentence for. */
export const sentenceOf = (code: string, kind?: Kind): string =>
  kind && !(`portal.error.${code.slice(code.lastIndexOf('.') + 1)}` in en) ? `portal.kind.${kind}` : code

/** A refusal in words: "desk.error.closed" and "portal.error.closed" are one sentence here; so are the codes of a field. */
export function refusal(code: string): string {
  if (code.startsWith('portal.kind.')) return t(code)
  const key = code.startsWith('field.') ? `portal.${code}` : `portal.error.${code.slice(code.lastIndexOf('.') + 1)}`
  const s = t(key)
  return s === key ? t('portal.error.internal') : s
}
