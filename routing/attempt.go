package routing

import (
	"context"

	"github.com/jackc/pgx/v5"

	"lamplight/notes"
	"lamplight/notes/postgres"
	"lamplight/telephony"
)

// forward lists where each state may go. Nothing goes back, so reports that come late or out of order change nothing; a
// link that was opened proves arrival even where the carrier had given up.
var forward = map[AttemptState][]AttemptState{
	Due:         {Sending, Withdrawn},
	Sending:     {Accepted, Delivered, Opened, Failed, Undelivered, Withdrawn},
	Accepted:    {Delivered, Opened, Undelivered},
	Delivered:   {Opened},
	Failed:      {Opened},
	Undelivered: {Opened},
}

func (s AttemptState) mayBecome(next AttemptState) bool {
	for _, t := range forward[s] {
		if t == next {
			return true
		}
	}
	return false
}

// held is an attempt whose row, and whose dispatch's row, this transaction holds.
type held struct {
	id            AttemptID
	dispatch      DispatchID
	note          notes.NoteID
	account       telephony.AccountID
	dispatchState DispatchState
	dispatchRung  int
	rung          int
	name          string
	channel       ChannelKind
	state         AttemptState
	try           int
	sends         int
	fence         int64
}

// lockAttempt takes the dispatch first and then the attempt, the one order everybody keeps.
func lockAttempt(ctx context.Context, tx pgx.Tx, id AttemptID) (held, error) {
	h := held{id: id}
	err := tx.QueryRow(ctx, `select d.id, d.note, d.account, d.state, d.rung from dispatch d
		where d.id = (select dispatch from attempt where id = $1) for update`, id).
		Scan(&h.dispatch, &h.note, &h.account, &h.dispatchState, &h.dispatchRung)
	if postgres.Missing(err) {
		return h, ErrBadLink
	}
	if err != nil {
		return h, err
	}
	err = tx.QueryRow(ctx, `select rung, name, channel, state, try, sends, fence from attempt where id = $1 for update`, id).
		Scan(&h.rung, &h.name, &h.channel, &h.state, &h.try, &h.sends, &h.fence)
	return h, err
}

// step is a line of the story about this attempt.
func (h held) step(kind, detail string) step {
	return step{dispatch: h.dispatch, note: h.note, account: h.account, attempt: h.id, kind: kind, name: h.name,
		channel: h.channel, detail: detail, attempts: []AttemptID{h.id}}
}

// open reports that the dispatch still waits for a person.
func (s DispatchState) open() bool { return s == Climbing || s == Exhausted }
