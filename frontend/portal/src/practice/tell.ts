// A story's lines in plain words. Pure: what is not known stands as it is, never as nothing.

import type { LineKind, StoryLine } from '../link/types'

export type Say = (key: string, values?: Record<string, unknown>) => string

/** Lines that only say that somebody looked. */
const looks = new Set<LineKind>(['note.opened', 'call.opened', 'story.opened', 'recording.opened'])
/** Kinds whose detail is no code for a reader: an id, or a count. */
const mute = new Set<LineKind>(['recording.opened', 'recording.kept', 'voicemail.kept', 'note.taken', 'story.opened', 'note.opened'])
const channels = new Set(['text', 'email', 'push', 'voice'])
const house = new Set(['routing', 'telephony', 'console', 'demo', 'trainer'])

export const looked = (l: StoryLine): boolean => looks.has(l.kind)

/** The lines to show: one thing that happened is told once, by whoever tells it best. */
export function told(lines: StoryLine[]): StoryLine[] {
  const acked = lines.some((l) => l.kind === 'note.acknowledged')
  return lines.filter((l) => !(acked && l.kind === 'dispatch.acknowledged'))
}

/** One line as a sentence. */
export function sentence(l: StoryLine, say: Say): string {
  const [first = '', rest = ''] = l.detail.split('/', 2)
  const channel = channels.has(first) ? say(`portal.channel.${first}`) : ''
  const detail = mute.has(l.kind) ? '' : words(channel ? rest : l.detail, say)
  const name = !l.actor ? say('portal.who.somebody') : house.has(l.actor) ? say('portal.who.house') : l.actor
  const key = `portal.line.${l.kind}`
  const s = say(key, {
    name,
    channel: channel || say('portal.who.message'),
    detail,
    number: l.number ?? '',
    whom: l.whom || say('portal.who.called'),
  })
  if (s === key) return [l.kind.replace(/[.-]/g, ' '), l.actor].filter(Boolean).join(' · ')
  return detail && !l.kind.endsWith('language') ? `${s}: ${detail}` : s
}

function words(code: string, say: Say): string {
  if (!code) return ''
  const key = `portal.detail.${code}`
  const s = say(key)
  return s === key ? code.replaceAll('-', ' ') : s
}

/** A length in nanoseconds as a practice reads it: "38 s", "4 min 10 s", "1 h 5 min"; "–" for none. */
export function lasted(ns: number): string {
  if (ns <= 0) return '–'
  const s = Math.round(ns / 1e9)
  if (s < 1) return '< 1 s'
  if (s < 60) return `${s} s`
  if (s < 3600) return s % 60 ? `${Math.floor(s / 60)} min ${s % 60} s` : `${s / 60} min`
  return `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} min`
}
