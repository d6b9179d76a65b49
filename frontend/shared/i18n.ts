// Every sentence comes from the catalogs beside this file, which the server reads too. Plain text in, plain text out:
// Svelte escapes it, so i18next must not.

import i18next, { type i18n } from 'i18next'
import type { Lang } from './clock'

export type Sentences = Record<string, string>

/** Spanish has a third plural, for millions: it is written like the second. i18next would say it in English instead. */
function withMany(of: Sentences): Sentences {
  const many = Object.entries(of).filter(([k]) => k.endsWith('_other'))
  return { ...Object.fromEntries(many.map(([k, s]) => [k.replace(/_other$/, '_many'), s])), ...of }
}

/** A translator over one flat catalog a language. Changing the language is its owner's: pass lang with each sentence. */
export function sentences(en: Sentences, es: Sentences): (lang: Lang, key: string, values?: Record<string, unknown>) => string {
  const made: i18n = i18next.createInstance()
  void made.init({
    lng: 'en',
    fallbackLng: 'en',
    initAsync: false,
    keySeparator: false,
    nsSeparator: false,
    interpolation: { escapeValue: false },
    resources: { en: { translation: en }, es: { translation: withMany(es) } },
  })
  return (lang, key, values) => made.t(key, { lng: lang, ...values })
}
