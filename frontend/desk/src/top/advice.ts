// What a notice advises is an action with a key, shown beside it: nobody has to look for how.

import { answer, board, give, hold, send, state, undo, unsent } from '../state/actions'
import type { Action } from '../state/keys'

export const advice: Record<string, Action> = {
  'desk.drafts.dropped': undo,
  'desk.drafts.given': unsent,
  'desk.drafts.yours': unsent,
  'desk.sent.refused': unsent,
  'desk.gone.abandoned': board,
  'desk.gone.missed': state,
  'desk.notice.reply': board,
  'desk.notice.sound-lost': hold,
  'desk.notice.stands-still': board,
  'desk.signout.unsent': unsent,
  'desk.error.form': send,
  'desk.error.give-away': give,
  'desk.error.give-not': give,
  'desk.error.incomplete': send,
  'desk.error.nobody': board,
  'desk.error.phone': answer,
}
