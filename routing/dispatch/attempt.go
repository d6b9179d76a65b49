package dispatch

import (
	"context"

	"github.com/jackc/pgx/v5"

	"lamplight/notes"
	"lamplight/notes/postgres"
	"lamplight/routing"
	"lamplight/telephony"
)

// held is an attempt whose row, and whose dispatch's row, this transaction holds.
type held struct {
	id            routing.AttemptID
	dispatch      routing.DispatchID
	note          notes.NoteID
	account       telephony.AccountID
	dispatchState routing.DispatchState
	dispatchRung  int
	rung          int
	name          string
	channel       routing.ChannelKind
	state         routing.AttemptState
	try           int
	sends         int
	fence         int64
}

// lockAttempt takes the dispatch first and then the attempt, the one order everybody keeps.
func (e *Engine) lockAttempt(ctx context.Context, tx pgx.Tx, id routing.AttemptID) (held, error) {
	h := held{id: id}
	d, err := readDispatch(tx.QueryRow(ctx, lockDispatchOf, id))
	if postgres.NoRow(err) {
		return h, routing.ErrBadLink
	}
	if err == nil && !e.log.Holds(d.mac) {
		d, err = e.raise(ctx, tx, d)
	}
	if err != nil {
		return h, err
	}
	h.dispatch, h.note, h.account, h.dispatchState, h.dispatchRung = d.id, d.note, d.account, d.state, d.rung
	mac := attemptTable.MacRow()
	read := func() error {
		return tx.QueryRow(ctx, lockAttemptRow, id).
			Scan(append([]any{&h.rung, &h.name, &h.channel, &h.state, &h.try, &h.sends, &h.fence}, mac.Into()...)...)
	}
	if err := read(); err != nil || e.log.Holds(mac) {
		return h, err
	}
	if err := e.mendAttempts(ctx, tx, d); err != nil {
		return h, err
	}
	return h, read()
}

// step is a line of the story about this attempt.
func (h held) step(kind notes.LineKind, detail string) step {
	return step{dispatch: h.dispatch, note: h.note, account: h.account, attempt: h.id, kind: kind, name: h.name,
		channel: h.channel, detail: detail, attempts: []routing.AttemptID{h.id}}
}
