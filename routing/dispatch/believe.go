package dispatch

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"lamplight/notes"
	"lamplight/notes/audit"
	"lamplight/notes/postgres"
	"lamplight/routing"
	"lamplight/telephony"
)

// Whoever can write to the database could hold a note back: end its dispatch, put off what is due, send it elsewhere. Every
// column that decides stands under a row's MAC, which each act checks before it believes the row and each act renews. What the
// workers' claims move alone is bounded instead: a fence, the rung that has begun, and the time at which an attempt is looked
// at, which is its due time, or a lease or a pause away. One who looks at all rows again and again (watchRows) finds what
// nobody would ask for any more: a row that says that a note was acknowledged, an attempt that says that it was delivered, calls
// to the supervisors that say that one of them has it in hand.
//
// What is not to be believed never holds a note back: a dispatch comes onto the supervisors' board, an attempt is made anew from
// the frozen plan.

// lockDispatch holds a dispatch. One that is not as we wrote it is on the board when this returns.
func (e *Engine) lockDispatch(ctx context.Context, tx pgx.Tx, id routing.DispatchID) (dispatchRow, error) {
	d, err := readDispatch(tx.QueryRow(ctx, lockDispatchRow, id))
	if err != nil {
		return d, err
	}
	return e.believe(ctx, tx, d)
}

// believe raises a dispatch that is held unless it is as we wrote it, and the calls to its supervisors are.
func (e *Engine) believe(ctx context.Context, tx pgx.Tx, d dispatchRow) (dispatchRow, error) {
	if e.log.Holds(d.mac) {
		odd, err := e.oddSummons(ctx, tx, d)
		if err != nil || len(odd) == 0 {
			return d, err
		}
	}
	return e.raise(ctx, tx, d)
}

// oddSummons are those of dispatches that are on the board and have no summons to be believed.
func (e *Engine) oddSummons(ctx context.Context, q querier, list ...dispatchRow) (odd map[routing.DispatchID]bool, err error) {
	var ids []routing.DispatchID
	odd = map[routing.DispatchID]bool{}
	for _, d := range list {
		if d.state == routing.Exhausted {
			ids, odd[d.id] = append(ids, d.id), true
		}
	}
	if len(ids) == 0 {
		return nil, nil
	}
	rows, err := q.Query(ctx, selectSummons, ids)
	if err != nil {
		return nil, err
	}
	macs, err := summonsTable.ReadMacs(rows)
	for _, m := range macs {
		if id, _ := m.Values()[0].(string); e.log.Holds(m) {
			delete(odd, routing.DispatchID(id))
		}
	}
	return odd, err
}

// dispatchRow is what an act needs of a dispatch, and all of it under its MAC.
type dispatchRow struct {
	id       routing.DispatchID
	note     notes.NoteID
	account  telephony.AccountID
	state    routing.DispatchState
	first    int // the first rung that reaches somebody, -1 when none does
	rung     int
	practice string
	urgency  string
	ref      string
	unfolded bool
	begun    time.Time
	plan     string
	mac      *audit.MacRow
}

func readDispatch(row pgx.Row) (dispatchRow, error) {
	d := dispatchRow{mac: dispatchTable.MacRow()}
	err := row.Scan(append([]any{&d.id, &d.note, &d.account, &d.state, &d.first, &d.rung, &d.practice, &d.urgency, &d.ref, &d.unfolded,
		&d.begun,
		&d.plan}, d.mac.Into()...)...)
	return d, err
}

func (d dispatchRow) step(kind notes.LineKind, by routing.ActingPerson) step {
	return step{dispatch: d.id, note: d.note, account: d.account, kind: kind, by: string(by.ID), name: by.Name}
}

// raise puts a dispatch that is not to be believed onto the board, open, whatever it says of itself.
func (e *Engine) raise(ctx context.Context, tx pgx.Tx, d dispatchRow) (dispatchRow, error) {
	e.logger.Error("a dispatch is not as Lamplight wrote it: it comes onto the board", "dispatch", d.id, "note", d.note)
	if _, err := tx.Exec(ctx, raiseDispatch, d.id); err != nil {
		return d, err
	}
	s := d.step(notes.LineForged, routing.ActingPerson{})
	s.due = true
	if err := s.moves(ctx, tx, summonsTable, raiseSummons, d.id); err != nil {
		return d, err
	}
	if err := e.trace(ctx, tx, s); err != nil {
		return d, err
	}
	return readDispatch(tx.QueryRow(ctx, selectDispatchRow, d.id))
}

// attemptRow is an attempt as its plan made it, and all of it under its MAC.
type attemptRow struct {
	id   routing.AttemptID
	step routing.PlannedAttempt
	try  int
	odd  bool // its MAC does not hold
	late bool // what only claims move is not what a claim can have made of it
	mac  *audit.MacRow
}

// longestWait bounds how far ahead a claim or a pause may put an attempt under way.
func (e *Engine) longestWait() time.Duration { return 2 * max(e.cfg.Lease, backoff(maxTries)) }

// watched reads the attempts of dispatches.
func (e *Engine) watched(ctx context.Context, q querier, ids []routing.DispatchID, sql string) (
	map[routing.DispatchID][]attemptRow, error,
) {
	rows, err := q.Query(ctx, sql, ids, e.longestWait().Seconds())
	if err != nil {
		return nil, err
	}
	out := map[routing.DispatchID][]attemptRow{}
	_, err = pgx.CollectRows(rows, func(r pgx.CollectableRow) (none struct{}, err error) {
		a := attemptRow{mac: attemptTable.MacRow()}
		var of routing.DispatchID
		var person, lang string
		p := &a.step
		err = r.Scan(append([]any{&of, &a.id, &p.Rung, &p.Contact, &p.Name, &person, &p.Channel, &lang, &p.Address, &a.try, &p.At, &a.late},
			a.mac.Into()...)...)
		p.Person, p.Lang = notes.PersonID(person), telephony.Language(lang)
		a.odd = err == nil && !e.log.Holds(a.mac)
		out[of] = append(out[of], a)
		return none, err
	})
	return out, err
}

type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

// mend looks at one dispatch and its attempts under its lock, and puts right what is not to be believed.
func (e *Engine) mend(ctx context.Context, id routing.DispatchID) error {
	return e.inTxSoon(ctx, func(ctx context.Context, tx pgx.Tx) error {
		d, err := e.lockDispatch(ctx, tx, id)
		if err != nil {
			if postgres.NoRow(err) {
				return nil
			}
			return err
		}
		return e.mendAttempts(ctx, tx, d)
	})
}

// mendAttempts writes anew what the plan says and no believable attempt does, due now if its time has gone by. The dispatch is held.
func (e *Engine) mendAttempts(ctx context.Context, tx pgx.Tx, d dispatchRow) error {
	all, err := e.watched(ctx, tx, []routing.DispatchID{d.id}, lockWatched)
	if err != nil {
		return err
	}
	list := all[d.id]
	missing, err := d.missing(list)
	if err != nil {
		return err
	}
	s := d.step(notes.LineForged, routing.ActingPerson{})
	s.due = true
	for _, a := range list {
		if a.odd || a.late {
			s.attempts = append(s.attempts, a.id)
		}
	}
	if len(s.attempts) == 0 && len(missing) == 0 {
		return nil
	}
	e.logger.Error("attempts are not as Lamplight wrote them: they are made anew", "dispatch", d.id, "note", d.note,
		"altered", s.attempts, "missing", len(missing))
	b := &pgx.Batch{}
	e.log.Distrust("attempts of", string(d.id))
	for _, a := range list {
		switch {
		case a.odd:
			b.Queue(attemptForged, a.id)
		case a.late:
			b.Queue(lookNow, a.id)
		}
	}
	for _, p := range missing {
		row, err := e.queueAttempt(b, d.id, p.step, p.try, p.step.At)
		if err != nil {
			return err
		}
		s.vouched = append(s.vouched, row)
	}
	if err := tx.SendBatch(ctx, b).Close(); err != nil {
		return err
	}
	return e.trace(ctx, tx, s)
}

// missing is what the plan of a dispatch that is open says and no believable attempt is: the next try of each.
func (d dispatchRow) missing(list []attemptRow) (out []attemptRow, err error) {
	if !d.unfolded || !d.state.Open() {
		return nil, nil
	}
	var plan routing.Plan
	if err := json.Unmarshal([]byte(d.plan), &plan); err != nil {
		return nil, nil // it is on the board: a person acts
	}
	late := d.begun.Sub(plan.At)
	for _, p := range plan.Attempts {
		good, try := false, 0
		for _, a := range list {
			if a.step.Rung == p.Rung && a.step.Contact == p.Contact && a.step.Channel == p.Channel {
				good, try = good || !a.odd, max(try, a.try)
			}
		}
		if !good {
			p.At = p.At.Add(late)
			out = append(out, attemptRow{step: p, try: try + 1})
		}
	}
	return out, nil
}

// rowWatch goes through the rows again and again. What was open, and no more is, is looked at once more: an end that nobody
// wrote, or a row that nobody took away, holds a note back.
type rowWatch struct {
	recent routing.DispatchID // of the newest dispatches, of any state
	note   notes.NoteID       // of the open ones
	open   map[routing.DispatchID]notes.NoteID
	after  routing.DispatchID // in the order of open's ids
}

// watchedAtOnce is how many dispatches of each kind one look takes; watchedFor is how old an ended one may be to be looked at.
const (
	watchedAtOnce = 500
	watchedFor    = 7 * 24 * time.Hour
)

// watchRows looks at the next rows, and mends what is not to be believed. It returns what it cannot mend: a dispatch that is gone.
func (e *Engine) watchRows(ctx context.Context) (gone []Alarm, err error) {
	w := &e.rows
	if w.open == nil {
		w.open = map[routing.DispatchID]notes.NoteID{}
	}
	list, err := e.readWatched(ctx, selectNewest, max(w.recent, routing.DispatchID(since(time.Now().Add(-watchedFor)))),
		watchedAtOnce)
	if err != nil {
		return nil, err
	}
	w.recent = ""
	if len(list) == watchedAtOnce {
		w.recent = list[len(list)-1].id
	}
	open, err := e.readWatched(ctx, selectOpen, w.note,
		watchedAtOnce)
	if err != nil {
		return nil, err
	}
	w.note = ""
	if len(open) == watchedAtOnce {
		w.note = open[len(open)-1].note
	}
	was := w.next()
	known, err := e.readWatched(ctx, selectThese, was)
	if err != nil {
		return nil, err
	}
	there := map[routing.DispatchID]bool{}
	for _, d := range known {
		there[d.id] = true
	}
	now := time.Now()
	for _, id := range was {
		if !there[id] {
			e.log.Distrust(dispatchTable.Kind, string(id))
			gone = append(gone, Alarm{Kind: AlarmGone, Note: w.open[id], Dispatch: id, Since: now})
		}
	}
	return gone, e.mendOdd(ctx, append(append(list, open...), known...))
}

// next are some of the dispatches that were open, in turn.
func (w *rowWatch) next() (ids []routing.DispatchID) {
	for id := range w.open {
		if id > w.after {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	ids = ids[:min(len(ids), watchedAtOnce)]
	w.after = ""
	if len(ids) == watchedAtOnce {
		w.after = ids[len(ids)-1]
	}
	return ids
}

func (e *Engine) readWatched(ctx context.Context, sql string, args ...any) ([]dispatchRow, error) {
	rows, err := e.pool.Query(ctx, sql, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(r pgx.CollectableRow) (dispatchRow, error) { return readDispatch(r) })
}

// mendOdd mends those of the dispatches that are not to be believed, and remembers which are open.
func (e *Engine) mendOdd(ctx context.Context, list []dispatchRow) error {
	byID := map[routing.DispatchID]dispatchRow{}
	var ids []routing.DispatchID
	for _, d := range list {
		if _, twice := byID[d.id]; !twice {
			ids = append(ids, d.id)
		}
		byID[d.id] = d
	}
	attempts, err := e.watched(ctx, e.pool, ids, selectWatched)
	if err != nil {
		return err
	}
	odd, err := e.oddSummons(ctx, e.pool, list...)
	if err != nil {
		return err
	}
	var errs []error
	for id, d := range byID {
		missing, err := d.missing(attempts[id])
		bad := err != nil || len(missing) > 0 || !e.log.Holds(d.mac) || odd[id] ||
			slices.ContainsFunc(attempts[id], func(a attemptRow) bool { return a.odd || a.late && d.state.Open() })
		if bad {
			if err := e.mend(ctx, id); err != nil {
				errs = append(errs, fmt.Errorf("mend the dispatch %s: %w", id, err))
			}
		}
		if d.state.Open() || bad {
			e.rows.open[id] = d.note
		} else {
			delete(e.rows.open, id)
		}
	}
	return errors.Join(errs...)
}
