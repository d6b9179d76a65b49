// What can be done to the row the board stands on. The keys act only there: they are plain letters.

import { go } from '../link/go'
import type { BoardRow } from '../link/types'
import { desk } from '../state/desk.svelte'
import { focusId } from '../state/hands.svelte'
import type { Action } from '../state/keys'
import { asking } from './asking.svelte'

const toCall = (r: BoardRow | undefined): boolean => r?.kind === 'callback' || r?.kind === 'voicemail'
const supervised = (): boolean => desk.supervisor && !!desk.selected?.note
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

export const boardActs: Action[] = [
  ...rowActs,
  openRow,
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
  act('push', 'desk.key.push', ['p'], supervised, (r) => asking.ask('next', r)),
  act('cancel', 'desk.key.cancel', ['k'], supervised, (r) => asking.ask('cancel', r)),
]
