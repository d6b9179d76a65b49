// A row's last step and its next one in words: who was told what, and what came back of it.

import type { BoardRow, LastStep } from '../link/types'
import { code, t } from '../state/text.svelte'

/** A row's last step, after who has it in hand or that nobody was reached. */
export function rowStep(r: BoardRow): string {
  const held = r.takenOver ? t('desk.late.taken', { name: r.takenOver }) : ''
  if (held && r.last.kind === 'dispatch.taken-over') return held
  const head = held || (r.late === 'unreachable' ? t('desk.late.unreachable') : '')
  return head ? `${head} · ${lastStep(r)}` : lastStep(r)
}

/** "texted Dr Reyes, delivered"; a code the catalog does not know is shown as it is. */
export function lastStep(r: { last: LastStep; tries?: number }): string {
  const l = r.last
  if (!l.kind) return t('desk.step.taken')
  const key = `desk.step.${l.kind}`
  const words = t(key, { name: l.name })
  const head = words === key ? `${l.kind.replaceAll(/[-.]/g, ' ')} ${l.name}`.trim() : words.trim()
  const times = (r.tries ?? 0) > 1 ? t('desk.board.tries', { count: r.tries }) : ''
  return [head, code('desk.detail.', l.detail), times].filter(Boolean).join(', ')
}

/** Whether a note has left the service: a carrier has taken a message about it, or a person has it. */
export const hasLeft = (r: { state: string; last: LastStep }): boolean =>
  r.state !== 'open' ||
  (['text', 'email', 'push', 'voice'].includes(r.last.kind) &&
    !['due', 'sending', 'failed', 'undelivered', 'cancelled'].includes(r.last.detail))

/** "voice Dr Osei", what is due next. */
export const nextStep = (r: BoardRow): string =>
  r.nextKind === 'board'
    ? t('desk.ladder.board')
    : r.nextKind === 'service'
      ? t('desk.channel.service')
      : `${code('desk.channel.', r.nextKind)} ${r.nextName}`.trim()
