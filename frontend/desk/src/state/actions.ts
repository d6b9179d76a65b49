// Everything a key does, in one table. Order is the order of help.

import { go } from '../link/go'
import { desk } from './desk.svelte'
import { focusField, focusId } from './focus'
import type { Action } from './keys'
import { lock } from './lock.svelte'

const ESC_AGAIN = 1500

function language(): void {
  const p = desk.pop
  const f = desk.form
  if (!f) return
  const next = f.language === 'es' ? 'en' : 'es'
  f.speak(next) // at once; the server tells the queue and the record
  if (p) void desk.act(() => go().SetLanguage(p.call, next))
}

function hold(): void {
  const p = desk.pop
  if (p) void desk.act(() => (p.state === 'held' ? go().Resume(p.call) : go().Hold(p.call)))
}

function mute(): void {
  desk.muted = !desk.muted
  void desk.act(() => go().Mute(desk.muted))
}

/** The first Esc asks, the second within ESC_AGAIN ends: a key that closes panels must not cut a caller off. */
function end(): void {
  const p = desk.pop
  if (!p) return
  if (!desk.ending) {
    desk.ending = true
    setTimeout(() => (desk.ending = false), ESC_AGAIN)
    return
  }
  desk.ending = false
  void desk.act(() => (p.state === 'offered' ? go().Reject(p.call, p.epoch) : go().HangUp(p.call)))
}

function close(): void {
  if (desk.panel) desk.panel = ''
  else {
    desk.story = null
    focusId(desk.talking && desk.form ? `field-${desk.form.firstEmpty ?? ''}` : 'board')
  }
}

function toggleBoard(): void {
  if (document.activeElement?.closest('[data-region=board]') && desk.form) focusField(desk.form.firstEmpty ?? 'callType')
  else focusId('board')
}

const open = (p: 'state' | 'view' | 'help') => (): void => {
  desk.panel = desk.panel === p ? '' : p
}

const here = (): boolean => desk.phase === 'desk'

export const actions: Action[] = [
  { id: 'answer', keys: ['Space'], label: 'desk.key.answer', group: 'call', when: () => here() && desk.offered, run: () => answer() },
  { id: 'answer-typing', keys: ['F3'], label: 'desk.key.answer-typing', group: 'call', when: () => here() && desk.offered, run: () => answer(), typing: true },
  { id: 'hold', keys: ['F4'], label: 'desk.key.hold', group: 'call', when: () => here() && desk.talking, run: hold, typing: true },
  { id: 'mute', keys: ['F8'], label: 'desk.key.mute', group: 'call', when: () => here() && desk.talking, run: mute, typing: true },
  { id: 'close', keys: ['Escape'], label: 'desk.key.close', group: 'desk', when: () => here() && (desk.panel !== '' || desk.story !== null), run: close, typing: true },
  { id: 'end', keys: ['Escape'], label: 'desk.key.end', group: 'call', when: () => here() && (desk.talking || desk.offered) && !desk.panel && !desk.story, run: end, typing: true },
  { id: 'language', keys: ['F2'], label: 'desk.key.language', group: 'note', when: () => here() && desk.form !== null && !desk.form.sent, run: language, typing: true },
  { id: 'urgency', keys: ['Alt+u'], label: 'desk.key.urgency', group: 'note', when: () => here() && !!desk.form?.callType && !desk.form.sent, run: () => desk.form?.raise(), typing: true },
  { id: 'type', keys: ['Alt+1', 'Alt+2', 'Alt+3', 'Alt+4', 'Alt+5', 'Alt+6', 'Alt+7', 'Alt+8', 'Alt+9'], label: 'desk.key.type', group: 'note', when: () => here() && desk.form !== null && !desk.form.sent, run: () => {}, typing: true },
  { id: 'send', keys: ['Ctrl+Enter'], label: 'desk.key.send', group: 'note', when: () => here() && desk.form !== null && !desk.form.sent, run: () => void desk.send(), typing: true },
  { id: 'another', keys: ['Alt+n'], label: 'desk.key.another', group: 'note', when: () => here() && !!desk.form?.sent, run: () => desk.another(), typing: true },
  { id: 'sent-story', keys: ['Alt+s'], label: 'desk.key.story', group: 'note', when: () => here() && !!desk.form?.sent, run: () => void desk.openSent(), typing: true },
  { id: 'done', keys: ['F12'], label: 'desk.key.done', group: 'note', when: () => here() && !desk.talking && !desk.offered && (desk.wrapUp || desk.form !== null), run: () => void desk.done(), typing: true },
  { id: 'board', keys: ['F7'], label: 'desk.key.board', group: 'board', when: () => here(), run: toggleBoard, typing: true },
  { id: 'state', keys: ['F9'], label: 'desk.key.state', group: 'desk', when: here, run: open('state'), typing: true },
  { id: 'lock', keys: ['Ctrl+l'], label: 'desk.key.lock', group: 'desk', when: () => here() && !desk.talking && !desk.offered, run: () => void lock.now(), typing: true },
  { id: 'calls', keys: ['F10'], label: 'desk.key.calls', group: 'desk', when: () => here() && desk.training, run: () => void desk.openCalls(), typing: true },
  { id: 'view', keys: ['F5'], label: 'desk.key.view', group: 'desk', when: () => true, run: open('view'), typing: true },
  { id: 'help', keys: ['?', 'F1'], label: 'desk.key.help', group: 'desk', when: here, run: open('help') },
  { id: 'help-typing', keys: ['F1'], label: 'desk.key.help', group: 'desk', when: here, run: open('help'), typing: true },
]

export function answer(): void {
  const p = desk.pop
  if (p) void desk.act(() => go().Answer(p.call))
}

/** Picks a call type by its digit; Alt and a digit do so while typing. */
export function pickDigit(digit: string): boolean {
  const f = desk.form
  const picked = (f?.pop.script.callTypes ?? []).find((c) => c.digit === digit)
  if (!f || f.sent || !picked) return false
  f.pick(picked.id)
  focusField(f.firstEmpty ?? 'callType')
  return true
}
