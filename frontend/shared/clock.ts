// Times and lengths as the desk and the pages write them. Pure: now is an argument, in milliseconds since 1970.

export type Lang = 'en' | 'es'

/** The locale a language is written in here: dates, times and numbers as in the United States. */
export const locale = (lang: Lang): string => (lang === 'es' ? 'es-US' : 'en-US')

/** Milliseconds since 1970 of an RFC 3339 time, or 0 for Go's zero time, an empty or a broken one. */
export function at(time: string | null | undefined): number {
  if (!time || time.startsWith('0001-')) return 0
  const ms = Date.parse(time)
  return Number.isNaN(ms) ? 0 : ms
}

/** Go's zero time, for a time that is not: an empty word is none to Go. */
export const never = '0001-01-01T00:00:00Z'

/** A length as m:ss, or h:mm:ss from an hour on; never negative. */
export function length(ms: number): string {
  const s = Math.max(0, Math.floor(ms / 1000))
  const two = (n: number) => String(n).padStart(2, '0')
  const h = Math.floor(s / 3600)
  const m = Math.floor((s % 3600) / 60)
  return h ? `${h}:${two(m)}:${two(s % 60)}` : `${m}:${two(s % 60)}`
}

/** What is left until a time, rounded up so that it reads 0:00 only when it is over. */
export const left = (until: number, now: number): string => length(Math.ceil(Math.max(0, until - now) / 1000) * 1000)

const formats = new Map<string, Intl.DateTimeFormat>()

function format(lang: Lang, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = lang + JSON.stringify(options)
  let f = formats.get(key)
  if (!f) {
    f = new Intl.DateTimeFormat(locale(lang), options)
    formats.set(key, f)
  }
  return f
}

/** A wall time of day, 24 hours, "02:14"; in zone, or this machine's. With seconds: "02:14:07". */
export function wall(ms: number, lang: Lang, zone?: string, seconds = false): string {
  if (!ms) return '–'
  return format(lang, {
    hour: '2-digit',
    minute: '2-digit',
    ...(seconds ? { second: '2-digit' } : {}),
    hourCycle: 'h23',
    ...(zone ? { timeZone: zone } : {}),
  }).format(ms)
}

/** The calendar day of a time in zone, as "2026-11-22", to compare days with. */
export function day(ms: number, zone?: string): string {
  const parts = format('en', { year: 'numeric', month: '2-digit', day: '2-digit', ...(zone ? { timeZone: zone } : {}) }).formatToParts(ms)
  return (['year', 'month', 'day'] as const).map((type) => parts.find((p) => p.type === type)?.value ?? '').join('-')
}

/** A wall time, with the weekday when it is not the day of now: "07:00", "Mon 07:00". */
export function wallNear(ms: number, now: number, lang: Lang, zone?: string): string {
  if (!ms) return '–'
  const time = wall(ms, lang, zone)
  if (day(ms, zone) === day(now, zone)) return time
  const near = Math.abs(ms - now) < 6 * 86_400_000
  const name = format(
    lang,
    near
      ? { weekday: 'short', ...(zone ? { timeZone: zone } : {}) }
      : { day: 'numeric', month: 'short', ...(zone ? { timeZone: zone } : {}) },
  ).format(ms)
  return `${name} ${time}`
}

/** A zone's city as people say it: "America/New_York" is "New York". */
export const city = (zone: string): string => (zone.split('/').at(-1) ?? zone).replaceAll('_', ' ')

/** A share as a percentage, "92 %"; "–" for a negative one, which means nothing was counted. */
export function share(x: number, lang: Lang): string {
  if (x < 0) return '–'
  return new Intl.NumberFormat(locale(lang), { maximumFractionDigits: 0 }).format(x * 100) + ' %'
}
