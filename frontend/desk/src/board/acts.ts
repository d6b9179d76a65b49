// What can be done to the row the board stands on. The keys act only there: they are plain letters.

import { at } from '../../../shared/clock'
import { go } from '../link/go'
import type { BoardRow } from '../link/types'
import { desk } from '../state/desk.svelte'
import { focusId } from '../state/hands.svelte'
import type { Action } from '../state/keys'
import { asking } from './asking.svelte'
import { reaching } from './reaching.svelte'

const toCall = (r: BoardRow | undefined): boolean => r?.kind === 'callback' || r?.kind === 'voicemail'
/** A note's ladder, and a voicemail's once it is climbed, is a supervisor's to push on or to end. */
const supervised = (): boolean => {
  const r = desk.selected
  return desk.supervisor && !!r?.note && (r.kind === 'note' || !!at(r.nextAt))
}
const note = (): boolean => desk.selected?.kind === 'note'
const open = (r: BoardRow): Promise<void> => desk.openStory({ call: r.call, note: r.note })

/** Something done to the chosen row. */
const act = (id: string, name: string, quiet: string[], when: () => boolean, run: (r: BoardRow) => void): Action => ({
  id,
  group: 'board',
  board: true,
  name: () => name,
  quiet,
  when: () => desk.phase === 'desk' && when(),
  run: () => {
    if (desk.selected) run(desk.selected)
  },
})

const some = (): boolean => desk.selected !== undefined
const move = (to: (row: number, last: number) => number) => (): void => {
  desk.row = Math.max(0, Math.min(to(desk.row, desk.board.length - 1), desk.board.length - 1))
}

/** Walking over the rows: shown in help, not beside the board. */
export const rowActs: Action[] = [
  act(
    'row-down',
    'desk.key.row-down',
    ['ArrowDown'],
    some,
    move((row) => row + 1),
  ),
  act(
    'row-up',
    'desk.key.row-up',
    ['ArrowUp'],
    some,
    move((row) => row - 1),
  ),
  act(
    'row-first',
    'desk.key.row-first',
    ['Home'],
    some,
    move(() => 0),
  ),
  act(
    'row-last',
    'desk.key.row-last',
    ['End'],
    some,
    move((_, last) => last),
  ),
]

export const openRow = act('story', 'desk.key.story', ['Enter', 's'], some, (r) => void open(r))

/** What is done about a note that is late; when it cannot be, the server says why. */
export const reachActs: Action[] = [
  act('page-again', 'desk.key.page-again', ['g'], note, (r) => void told('desk.reach.again', () => go().PageAgain(r.note))),
  act('page-other', 'desk.key.page-other', ['o'], note, (r) => void reaching.choose('contact', r)),
  act('call-one', 'desk.key.call-one', ['l'], note, (r) => void reaching.choose('call', r)),
  act('told', 'desk.key.told', ['v'], note, (r) => void reaching.choose('told', r)),
  act(
    'take-over',
    'desk.key.take-over',
    ['t'],
    () => note() && desk.supervisor,
    (r) => void told('desk.reach.over', () => go().TakeOver(r.note)),
  ),
]

async function told(code: string, f: () => Promise<unknown>): Promise<void> {
  if (await desk.act(f)) desk.tell(code)
}

const voicemail = (): boolean => desk.selected?.kind === 'voicemail'

/** What is done about a voicemail: it is heard, and a note is taken of it. */
const voicemailActs: Action[] = [
  {
    ...act('listen', '', ['l'], voicemail, (r) => void desk.listen(r)),
    name: () => (desk.playing.call && desk.playing.call === desk.selected?.call ? 'desk.key.listen-end' : 'desk.key.listen'),
  },
  act('note-voicemail', 'desk.key.note-voicemail', ['n'], voicemail, (r) => void desk.noteVoicemail(r)),
]

/** Takes a note over that was begun and not sent; when it cannot be, the server says why. */
export const takeDraft = act(
  'take-draft',
  'desk.key.take-over',
  ['t'],
  () => desk.selected?.kind === 'draft',
  (r) => void desk.takeDraft(r.draft ?? ''),
)

/** All of them, on a list. */
export const rowMenu = act('row-menu', 'desk.key.row-menu', ['m'], note, () => {
  desk.panel = 'row'
})

export const boardActs: Action[] = [
  ...rowActs,
  openRow,
  rowMenu,
  act(
    'addon',
    'desk.key.addon',
    ['a'],
    () => !!desk.selected?.note,
    (r) => void open(r).then(() => focusId('addon')),
  ),
  act('callback', 'desk.key.callback', ['c'], some, (r) => void desk.act(() => go().CallBack(r.call, r.kind === 'note' ? r.note : ''))),
  act(
    'close-callback',
    'desk.key.close-callback',
    ['x'],
    () => toCall(desk.selected),
    (r) => asking.ask('outcome', r),
  ),
  ...voicemailActs,
  takeDraft,
  ...reachActs,
  act('push', 'desk.key.push', ['p'], supervised, (r) => asking.ask('next', r)),
  act('cancel', 'desk.key.cancel', ['k'], supervised, (r) => asking.ask('cancel', r)),
]
