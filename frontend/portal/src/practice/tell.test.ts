import { describe, expect, it } from 'vitest'
import en from '../../../shared/catalog/portal.en.json'
import es from '../../../shared/catalog/portal.es.json'
import { sentences } from '../../../shared/i18n'
import type { StoryLine } from '../link/types'
import { lasted, looked, sentence, told } from './tell'

const say = sentences(en, es)
const line = (kind: string, actor = '', detail = ''): StoryLine => ({ at: '2026-11-22T08:14:07Z', kind, actor, detail, leaf: 1 })

describe('a story line', () => {
  it.each([
    [line('arrived'), 'The call came in'],
    [line('language', '', 'es'), 'The call goes on in Spanish'],
    [line('offered', 'Ana Ruiz'), 'Offered to Ana Ruiz'],
    [line('attempt.sent', 'Dr Reyes', 'text'), 'Text sent to Dr Reyes'],
    [line('attempt.failed', 'Dr Reyes', 'text/refused'), 'Text to Dr Reyes failed: refused by the carrier'],
    [line('attempt.undelivered', 'Dr Reyes', 'text/30034'), 'Text to Dr Reyes could not be delivered: 30034'],
    [line('recording.opened', 'Marta Webb', '01a2-b'), 'Marta Webb listened to the recording'],
    [line('note.taken', 'Ana Ruiz', 'fields=5'), 'Ana Ruiz took the message'],
    [line('attempt.again', 'routing', ''), 'Message to Lamplight is tried again'],
    [line('something.new', 'Ana', 'x'), 'something new · Ana'],
  ])('%o', (l, s) => expect(sentence(l, (k, v) => say('en', k, v))).toBe(s))

  it('is Spanish in Spanish', () =>
    expect(sentence(line('attempt.delivered', 'Dra. Paz', 'push'), (k, v) => say('es', k, v))).toBe('Notificación a Dra. Paz: llegó'))

  // Every kind that telephony, notes and routing write; a new one needs its sentence in both languages.
  it.each([
    ...[
      'arrived',
      'placed',
      'queued',
      'language',
      'offered',
      'missed',
      'rejected',
      'withdrawn',
      'lost',
      'first-answered',
      'answered',
      'held',
      'resumed',
      'cut-off',
      'rejoined',
      'recovered',
      'ended',
    ],
    ...[
      'note.taken',
      'note.opened',
      'note.read',
      'note.acknowledged',
      'note.added-to',
      'note.closed',
      'recording.kept',
      'recording.opened',
      'voicemail.kept',
      'call.opened',
      'call.followed-up',
      'story.opened',
    ],
    ...[
      'dispatch.begun',
      'attempt.sent',
      'attempt.again',
      'attempt.delivered',
      'attempt.undelivered',
      'attempt.failed',
      'attempt.opened',
      'attempt.withdrawn',
    ],
    ...[
      'dispatch.acknowledged',
      'dispatch.passed',
      'dispatch.pushed',
      'dispatch.skipped',
      'dispatch.reassigned',
      'dispatch.cancelled',
      'dispatch.exhausted',
      'dispatch.summoned',
      'dispatch.taken-over',
      'dispatch.paged',
      'dispatch.called',
      'dispatch.told',
      'dispatch.forged',
    ],
  ])('%s has a sentence', (kind) => {
    expect(en).toHaveProperty([`portal.line.${kind}`])
    expect(es).toHaveProperty([`portal.line.${kind}`])
  })

  it('is told once, and looking is set apart', () => {
    const lines = [line('dispatch.acknowledged'), line('note.acknowledged'), line('story.opened')]
    expect(told(lines).map((l) => l.kind)).toEqual(['note.acknowledged', 'story.opened'])
    expect(lines.map(looked)).toEqual([false, false, true])
  })
})

describe('a length', () => {
  it.each([
    [0, '–'],
    [4e8, '< 1 s'],
    [38e9, '38 s'],
    [120e9, '2 min'],
    [250e9, '4 min 10 s'],
    [3900e9, '1 h 5 min'],
  ])('%d ns is %s', (ns, s) => expect(lasted(ns)).toBe(s))
})
