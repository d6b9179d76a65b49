// Everything the desk can do, but for what is done to a row of the board (board/acts). Order is the order of help.

import { boardActs } from '../board/acts'
import { reaching } from '../board/reaching.svelte'
import { go } from '../link/go'
import { bulletins } from './bulletins.svelte'
import { desk, type Panel } from './desk.svelte'
import { focusId, hands, keepInSight } from './hands.svelte'
import { drafts } from './drafts.svelte'
import type { SupervisionMode } from '../link/types'
import type { Action } from './keys'
import { lock } from './lock.svelte'
import { text } from './text.svelte'

const here = (): boolean => desk.phase === 'desk'
const inCall = (): boolean => desk.talking || desk.offered || desk.calling
const writing = (): boolean => here() && desk.form !== null && !desk.form.sent
const sent = (): boolean => here() && !!desk.form?.sent

/** An action of the desk, named by a key of the catalog or by what it does now. */
const action = (
  id: string,
  group: Action['group'],
  name: string | (() => string),
  more: Omit<Action, 'id' | 'group' | 'name'>,
): Action => ({
  id,
  group,
  name: typeof name === 'string' ? () => name : name,
  ...more,
})

export const answer = action('answer', 'call', 'desk.key.answer', {
  keys: ['F3'], // it puts no sign anywhere: safe in the middle of a word
  quiet: ['Space', 'Enter'],
  when: () => here() && desk.offered,
  run: () => desk.answer(),
})
export const toCall = action('to-call', 'call', 'desk.key.to-call', {
  keys: ['F3'],
  when: () => here() && !desk.offered && (desk.noteWaits || (desk.talking && !hands.writing)),
  run: () => desk.toCall(),
})
export const hold = action('hold', 'call', () => (desk.pop?.state === 'held' ? 'desk.key.resume' : 'desk.key.hold'), {
  keys: ['F4'],
  when: () => here() && desk.talking && !desk.third,
  on: () => desk.pop?.state === 'held',
  run: () => {
    const p = desk.pop
    if (p) void desk.act(() => (p.state === 'held' ? go().Resume(p.call) : go().Hold(p.call)))
  },
})
export const mute = action('mute', 'call', () => (desk.muted ? 'desk.key.unmute' : 'desk.key.mute'), {
  keys: ['F8'],
  when: () => here() && desk.talking,
  on: () => desk.muted,
  run: () => {
    desk.muted = !desk.muted
    void desk.act(() => go().Mute(desk.muted))
  },
})
/** Brings one of the practice's people in for the caller: a list to choose from, who is on call first. */
export const patch = action('patch', 'call', 'desk.key.patch', {
  keys: ['F6'],
  when: () => here() && desk.talking && !desk.pop?.outbound && !desk.third,
  run: () => {
    if (desk.panel === 'people') desk.panel = ''
    else if (desk.pop) void reaching.bringIn(desk.pop)
  },
})
/** Calls anybody of the practice's directory, or a number that is typed: to talk first, or to put the caller through at once. */
export const callOut = action('call-out', 'call', 'desk.key.call-out', {
  keys: ['Shift+F6'],
  when: () => patch.when(),
  run: () => {
    if (desk.panel === 'people' || desk.panel === 'dial' || desk.panel === 'how') desk.panel = ''
    else if (desk.pop) void reaching.bringIn(desk.pop, 'out')
  },
})
/** A practice's bulletin is read. The key puts no sign anywhere: it acts while somebody writes. */
export const acknowledge = action('acknowledge', 'call', 'desk.key.acknowledge', {
  keys: ['F11'],
  when: () => here() && bulletins.waiting.length > 0,
  run: () => void bulletins.acknowledge(),
})
/** The agent talks with somebody alone: all three talk then, or the other two without the agent. */
export const confer = action('confer', 'call', 'desk.key.confer', {
  keys: ['F4'],
  when: () => here() && desk.third === 'alone',
  run: () => {
    const p = desk.pop
    if (p) void desk.act(() => go().Confer(p.call))
  },
})
export const connect = action('connect', 'call', 'desk.key.connect', {
  keys: ['Shift+F6'],
  twice: true,
  when: () => here() && desk.third === 'alone',
  run: () => leave.run(),
})
export const takeBack = action('take-back', 'call', 'desk.key.take-back', {
  keys: ['F6'],
  when: () => here() && desk.third !== '' && desk.third !== 'talking',
  run: () => {
    const p = desk.pop
    if (p) void desk.act(() => go().Resume(p.call))
  },
})
/** The other two go on: who has left cannot come back. */
export const leave = action('leave', 'call', 'desk.key.leave', {
  keys: ['F6'],
  twice: true,
  when: () => here() && desk.third === 'talking',
  run: () => {
    const p = desk.pop
    if (p) void desk.act(() => go().LeaveCall(p.call))
  },
})
/** A supervisor who is in on a call of another's: who hears them, by one key each. */
const inOn = (mode: SupervisionMode, key: string): Action =>
  action(`in-on-${mode}`, 'call', `desk.key.in-on.${mode}`, {
    keys: [key],
    when: () => here() && desk.supervises !== null,
    on: () => desk.supervises?.mode === mode,
    run: () => {
      const s = desk.supervises
      if (s) void desk.listenIn(s.call, mode)
    },
  })
export const monitor = inOn('monitor', 'F4')
export const whisper = inOn('whisper', 'F8')
export const barge = inOn('barge', 'F6')
export const unlisten = action('unlisten', 'call', 'desk.key.unlisten', {
  keys: ['Escape'],
  twice: true,
  when: () => here() && desk.supervises !== null && desk.panel === '' && desk.story === null,
  run: () => void desk.act(() => go().Unlisten()),
})
export const close = action('close', 'desk', 'desk.key.close', {
  keys: ['Escape'],
  when: () => here() && (desk.panel !== '' || desk.story !== null),
  run: () => {
    if (desk.panel) desk.panel = ''
    else desk.closeStory()
  },
})
/** Opens the story again when more has happened: each opening leaves a trace, so a person does it. */
export const storyAgain = action('story-again', 'board', 'desk.key.story-again', {
  keys: ['Alt+o'],
  when: () => here() && desk.story !== null && desk.storyNews,
  run: () => {
    const r = desk.story?.row
    if (r) void desk.openStory({ call: r.call, note: r.note })
  },
})
/** Gives an offer back, or ends a call. */
export const end = action('end', 'call', () => (desk.offered ? 'desk.key.reject' : 'desk.key.end'), {
  keys: ['Escape'],
  twice: true,
  when: () => here() && inCall(),
  run: () => {
    const p = desk.pop
    if (p) void desk.act(() => (p.state === 'offered' ? go().Reject(p.call, p.epoch) : go().HangUp(p.call)))
  },
})

export const language = action('language', 'note', 'desk.key.language', {
  keys: ['F2'],
  when: writing,
  run: () => {
    const f = desk.form
    if (!f) return
    const next = f.language === 'es' ? 'en' : 'es'
    f.speak(next) // at once; the server tells the queue and the record
    const p = desk.pop
    if (p?.call === f.pop.call) void desk.act(() => go().SetLanguage(p.call, next))
  },
})
export const said = action('said', 'note', 'desk.key.said', {
  keys: ['Alt+r'],
  when: () => writing() && !!desk.form?.unsaid.length,
  run: () => desk.form?.sayFlag(),
})
export const urgency = action('urgency', 'note', 'desk.key.urgency', {
  keys: ['Alt+u'],
  when: () => writing() && !!desk.form?.callType,
  run: () => desk.form?.raise(),
})
/** A call type by its digit, also while somebody writes. */
export const type = action('type', 'note', 'desk.key.type', {
  keys: digits('Alt+'),
  when: writing,
  run: (pressed = '') => desk.pickDigit(pressed.slice(-1)),
})
export const send = action('send', 'note', 'desk.key.send', {
  keys: ['Ctrl+Enter'],
  when: () => writing() && !desk.form?.sending,
  run: () => void desk.send(),
})
export const another = action('another', 'note', 'desk.key.another', { keys: ['Alt+n'], when: sent, run: () => desk.another() })
export const sentStory = action('sent-story', 'note', 'desk.key.story', { keys: ['Alt+s'], when: sent, run: () => void desk.openSent() })
/** A note whose call is over can be finished by somebody else; before that, somebody else can have the call with it. */
export const give = action('give', 'note', () => (desk.handsOver ? 'desk.key.hand-over' : 'desk.key.give'), {
  keys: ['Alt+g'],
  when: () => writing() && (desk.form?.pop.state === 'ended' || desk.handsOver) && !desk.form?.sending,
  run: () => void desk.openGive(),
})
export const done = action(
  'done',
  'note',
  () => (sent() || !desk.form ? 'desk.key.done' : desk.wrapUp ? 'desk.key.aside-ready' : 'desk.key.aside'),
  {
    keys: ['F12'],
    when: () => here() && !inCall() && (desk.wrapUp || desk.form !== null),
    run: () => void desk.done(),
  },
)
export const unsent = action('unsent', 'note', 'desk.key.unsent', {
  keys: ['Alt+d'],
  when: () => here() && !inCall() && desk.others.length > 0,
  run: () => desk.showDrafts(),
})
export const undo = action('undo', 'note', 'desk.key.undo', {
  keys: ['Alt+z'],
  when: () => here() && drafts.dropped !== null,
  run: () => desk.undoDrop(),
})

export const board = action('board', 'board', () => (hands.onBoard ? 'desk.key.back' : 'desk.key.board'), {
  keys: ['F7'],
  when: here,
  run: () => {
    if (hands.onBoard && desk.form) desk.backToNote()
    else focusId('board')
  },
})

const panel = (p: Panel) => (): void => {
  desk.panel = desk.panel === p ? '' : p
}
export const state = action('state', 'desk', 'desk.key.state', { keys: ['F9'], when: here, run: panel('state') })
export const lockNow = action('lock', 'desk', 'desk.key.lock', {
  keys: ['Ctrl+l'],
  when: () => here() && !inCall(),
  run: () => void lock.now(),
})
/** Never in a call: who signs out in one cuts the caller off. */
export const signOut = action('sign-out', 'desk', 'desk.signout', { when: () => here() && !inCall(), run: () => void desk.signOut() })
export const ready = action('ready', 'desk', () => (desk.wrapUp ? 'desk.state.menu.done' : 'desk.state.ready'), {
  when: here,
  on: () => desk.agent.state === 'ready',
  run: () => void (desk.wrapUp ? desk.done() : desk.act(() => go().Ready())),
})
export const calls = action('calls', 'desk', 'desk.key.calls', {
  keys: ['F10'],
  when: () => here() && desk.training,
  run: () => void desk.openCalls(),
})
/** A supervisor's: any call can be ended. */
export const callsNow = action('calls-now', 'desk', 'desk.key.now', {
  keys: ['Alt+c'],
  when: () => here() && desk.supervisor,
  run: () => void desk.openNow(),
})
/** A supervisor's: the agents as they are, to listen in on one or change a state. */
export const agentsNow = action('agents', 'desk', 'desk.key.agents', {
  keys: ['Alt+a'],
  when: () => here() && desk.supervisor,
  run: () => void desk.openAgents(),
})
export const view = action('view', 'desk', 'desk.key.view', { keys: ['F5'], when: () => true, run: panel('view') })
export const larger = action('larger', 'desk', 'desk.key.larger', {
  keys: ['Ctrl++', 'Ctrl+='],
  when: () => text.size < 200,
  run: () => resize(1),
})
export const smaller = action('smaller', 'desk', 'desk.key.smaller', {
  keys: ['Ctrl+-'],
  when: () => text.size > 100,
  run: () => resize(-1),
})
export const help = action('help', 'desk', 'desk.key.help', { keys: ['F1'], quiet: ['?'], when: here, run: panel('help') })

export const actions: Action[] = [
  ...[
    answer,
    toCall,
    hold,
    mute,
    acknowledge,
    patch,
    callOut,
    confer,
    connect,
    takeBack,
    leave,
    monitor,
    whisper,
    barge,
    unlisten,
    close,
    end,
  ],
  ...[said, language, type, urgency, send, give, another, sentStory, done, unsent, undo],
  ...[board, ...boardActs, storyAgain],
  ...[state, lockNow, signOut, ready, callsNow, agentsNow, calls, view, larger, smaller, help],
]

/** Who reads larger goes on reading where they were. */
function resize(way: 1 | -1): void {
  text.resize(way)
  keepInSight()
}

function digits(before: string): string[] {
  return [1, 2, 3, 4, 5, 6, 7, 8, 9].map((d) => before + d)
}
