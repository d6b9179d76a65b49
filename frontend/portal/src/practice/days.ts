// Days as a practice names them.

import { day, locale, type Lang } from '../../../shared/clock'

/** "Sunday, November 22", with the year when it is not this one. */
export function dayName(ms: number, now: number, lang: Lang, zone: string): string {
  const year = day(ms, zone).slice(0, 4) !== day(now, zone).slice(0, 4)
  return new Intl.DateTimeFormat(locale(lang), {
    weekday: 'long',
    month: 'long',
    day: 'numeric',
    ...(year ? { year: 'numeric' } : {}),
    timeZone: zone,
  }).format(ms)
}

/** "Sun 22". */
export function dayShort(ms: number, lang: Lang, zone: string): string {
  const part = (options: Intl.DateTimeFormatOptions): string =>
    new Intl.DateTimeFormat(locale(lang), { ...options, timeZone: zone }).format(ms)
  return `${part({ weekday: 'short' })} ${part({ day: 'numeric' })}`
}

/** "Nov 22". */
export const dayMonth = (ms: number, lang: Lang, zone: string): string =>
  new Intl.DateTimeFormat(locale(lang), { month: 'short', day: 'numeric', timeZone: zone }).format(ms)

/** A calendar day so many days on: ("2026-11-28", 7) is "2026-12-05". */
export function dayOn(iso: string, days: number): string {
  const [y = 0, m = 1, d = 1] = iso.split('-').map(Number)
  return new Date(Date.UTC(y, m - 1, d + days)).toISOString().slice(0, 10)
}

/** "Sun, Nov 22, 17:00", or the day alone. */
export const dayTime = (ms: number, lang: Lang, zone: string, clock = true): string =>
  new Intl.DateTimeFormat(locale(lang), {
    weekday: 'short',
    month: 'short',
    day: 'numeric',
    ...(clock ? { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' } : {}),
    timeZone: zone,
  }).format(ms)
