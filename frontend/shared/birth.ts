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

/** The year meant by two digits: the last one that is not after this year. */
function century(y: number, thisYear: number): number {
  if (y >= 100) return y
  const y2000 = 2000 + y
  return y2000 <= thisYear ? y2000 : y2000 - 100
}

/**
 * What was typed as "1961-04-02", or null when it is no date, is after today or more than 125 years ago.
 * today is "2026-11-22". Understands ISO, 4/2/1961, 4.2.61, 04021961 and "2 de abril de 1961", "Apr 2 1961".
 */
export function parseBirth(typed: string, lang: Lang, today: string): string | null {
  const thisYear = Number(today.slice(0, 4))
  const s = typed.trim()
  let y = 0
  let m = 0
  let d = 0
  const iso = /^(\d{4})-(\d{1,2})-(\d{1,2})$/.exec(s)
  const run = /^\d{8}$/.test(s) ? `${s.slice(0, 2)}/${s.slice(2, 4)}/${s.slice(4)}` : s
  const parts = run.split(/[\s/.,-]+/).filter((p) => p && !/^(de|del|of|the)$/i.test(p))
  const named = parts.findIndex((p) => month(p) > 0)
  if (iso) {
    ;[y, m, d] = [Number(iso[1]), Number(iso[2]), Number(iso[3])]
  } else if (parts.length !== 3) {
    return null
  } else if (named >= 0) {
    const rest = parts.filter((_, i) => i !== named).map((p) => p.replace(/(st|nd|rd|th|º|o)$/i, ''))
    ;[m, d, y] = [month(parts[named] ?? ''), Number(rest[0]), Number(rest[1])]
  } else if (parts.every((p) => /^\d+$/.test(p)) && /^(\d{2}|\d{4})$/.test(parts[2] ?? '')) {
    const [a, b, c] = parts.map(Number)
    ;[m, d, y] = lang === 'es' ? [b ?? 0, a ?? 0, c ?? 0] : [a ?? 0, b ?? 0, c ?? 0]
  }
  y = century(y, thisYear)
  const two = (n: number) => String(n).padStart(2, '0')
  const out = `${y}-${two(m)}-${two(d)}`
  const real = new Date(`${out}T00:00:00Z`)
  if (Number.isNaN(real.getTime()) || real.toISOString().slice(0, 10) !== out) return null
  return out <= today && y >= thisYear - 125 ? out : null
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
