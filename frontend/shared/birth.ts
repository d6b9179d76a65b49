// Dates of birth as people type them. In English the month comes first, in Spanish the day (as es-US writes it): the two
// cannot be told apart by looking, so whoever types one is shown it in words at once (words).

import { locale, type Lang } from './clock'

const months: Record<Lang, string[]> = {
  en: ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'],
  es: ['ene', 'feb', 'mar', 'abr', 'may', 'jun', 'jul', 'ago', 'sep', 'oct', 'nov', 'dic'],
}

/** The month a word begins, in either language, 1 to 12; 0 when it is none. */
function month(word: string): number {
  const w = word.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase()
  if (w.length < 3) return 0
  for (const lang of ['en', 'es'] as const) {
    const i = months[lang].findIndex((m) => w.startsWith(m))
    if (i >= 0) return i + 1
  }
  return 0
}

/** The year meant: of two digits the last one that is not after latest. */
function century(y: string, latest: number): number {
  if (y.length !== 2) return Number(y)
  const y2000 = 2000 + Number(y)
  return y2000 <= latest ? y2000 : y2000 - 100
}

/** The year, as many digits as were typed, month and day, or null: they may be no day of any calendar yet. */
function parts(typed: string, lang: Lang): { y: string; m: number; d: number } | null {
  const s = typed.trim()
  const [, iy = '', im, id] = /^(\d{4})-(\d{1,2})-(\d{1,2})$/.exec(s) ?? []
  if (iy) return { y: iy, m: Number(im), d: Number(id) }
  const run = /^\d{8}$/.test(s) ? `${s.slice(0, 2)}/${s.slice(2, 4)}/${s.slice(4)}` : s
  const words = run.split(/[\s/.,-]+/).filter((p) => p && !/^(de|del|of|the)$/i.test(p))
  if (words.length !== 3) return null
  const named = words.findIndex((p) => month(p) > 0)
  if (named >= 0) {
    const [d = '', y = ''] = words.filter((_, i) => i !== named).map((p) => p.replace(/(st|nd|rd|th|º|o)$/i, ''))
    return { y, m: month(words[named] ?? ''), d: Number(d) }
  }
  const [first = '', second = '', y = ''] = words
  if (!words.every((p) => /^\d+$/.test(p)) || !/^(\d{2}|\d{4})$/.test(y)) return null
  const [a, b] = [Number(first), Number(second)]
  return lang === 'es' ? { y, m: b, d: a } : { y, m: a, d: b }
}

/** A day as "1961-04-02", or null when no calendar has it. */
function iso(y: number, m: number, d: number): string | null {
  const two = (n: number) => String(n).padStart(2, '0')
  const out = `${y}-${two(m)}-${two(d)}`
  const real = new Date(`${out}T00:00:00Z`)
  return Number.isNaN(real.getTime()) || real.toISOString().slice(0, 10) !== out ? null : out
}

/**
 * What was typed as a birth, "1961-04-02", or null when it is no date, is after today or more than 125 years ago.
 * today is "2026-11-22". Understands ISO, 4/2/1961, 4.2.61, 04021961 and "2 de abril de 1961", "Apr 2 1961".
 */
export function parseBirth(typed: string, lang: Lang, today: string): string | null {
  const p = parts(typed, lang)
  if (!p) return null
  const thisYear = Number(today.slice(0, 4))
  const y = century(p.y, thisYear)
  const out = iso(y, p.m, p.d)
  return out && out <= today && y >= thisYear - 125 ? out : null
}

/** What was typed as any other day, past or to come; a year of two digits is at most ten years ahead. */
export function parseDay(typed: string, lang: Lang, today: string): string | null {
  const p = parts(typed, lang)
  if (!p) return null
  const y = century(p.y, Number(today.slice(0, 4)) + 10)
  return y > 1880 && y < 2200 ? iso(y, p.m, p.d) : null
}

/** A date in words, to be read back: "April 2, 1961", "2 de abril de 1961". */
export function birthWords(iso: string, lang: Lang): string {
  return new Intl.DateTimeFormat(locale(lang), { dateStyle: 'long', timeZone: 'UTC' }).format(new Date(`${iso}T00:00:00Z`))
}

/** Whole years from a birth to today; in months below two years, as paediatric practices count. */
export function age(iso: string, today: string): { years: number; months: number } {
  const [y = 0, m = 0, d = 0] = iso.split('-').map(Number)
  const [ty = 0, tm = 0, td = 0] = today.split('-').map(Number)
  const n = (ty - y) * 12 + (tm - m) - (td < d ? 1 : 0)
  return { years: Math.floor(n / 12), months: n }
}
