// A patient's page in the patient's language. It has no plurals and no formats: a sentence and its holes, so that it stays small.

import filesEn from '../../../shared/catalog/files.en.json'
import filesEs from '../../../shared/catalog/files.es.json'
import en from '../../../shared/catalog/patient.en.json'
import es from '../../../shared/catalog/patient.es.json'
import { locale, type Lang } from '../../../shared/clock'

const catalogs: Record<Lang, Record<string, string>> = { en: { ...en, ...filesEn }, es: { ...es, ...filesEs } }

class Say {
  lang = $state<Lang>(navigator.language.startsWith('es') ? 'es' : 'en')
  #chosen = false

  /** The language the practice writes to the patient in, unless another was chosen here. */
  patient(lang: string): void {
    if (!this.#chosen) this.#show(lang)
  }

  other(): void {
    this.#chosen = true
    this.#show(this.lang === 'es' ? 'en' : 'es')
  }

  #show(lang: string): void {
    this.lang = lang === 'es' ? 'es' : 'en'
    document.documentElement.lang = this.lang
  }
}

export const say = new Say()

export function t(key: string, values: Record<string, string> = {}): string {
  return (catalogs[say.lang][key] ?? key).replace(/\{\{(\w+)\}\}/g, (_, name: string) => values[name] ?? '')
}

/** What is said of a refusal; one that this page has no sentence for is a fault of ours. */
export const refused = (code: string): string => {
  const key = `patient.error.${code.slice(code.lastIndexOf('.') + 1)}`
  return t(key in en ? key : 'patient.error.internal')
}

/** A day and a time of day, as people say them. */
export const when = (time: string): string =>
  new Intl.DateTimeFormat(locale(say.lang), {
    weekday: 'short',
    month: 'short',
    day: 'numeric',
    hour: 'numeric',
    minute: '2-digit',
  }).format(Date.parse(time))

/** A telephone number as it is read; one that is none of the North American plan stays as it is. */
export const dialled = (n: string): string => n.replace(/^\+1(\d{3})(\d{3})(\d{4})$/, '($1) $2-$3')
