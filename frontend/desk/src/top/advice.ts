// What a notice advises is an action with a key, shown beside it: nobody has to look for how.

import { answer, board, hold, send, state, undo, unsent } from '../state/actions'
import type { Action } from '../state/keys'

export const advice: Record<string, Action> = {
  'desk.drafts.dropped': undo,
  'desk.drafts.yours': unsent,
  'desk.sent.refused': unsent,
  'desk.gone.abandoned': board,
  'desk.gone.missed': state,
  'desk.notice.reply': board,
  'desk.notice.sound-lost': hold,
  'desk.notice.stands-still': board,
  'desk.error.form': send,
  'desk.error.incomplete': send,
  'desk.error.nobody': board,
  'desk.error.phone': answer,
}
