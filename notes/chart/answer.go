package chart

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"lamplight/notes"
	"lamplight/notes/access"
	"lamplight/telephony"
)

// ErrNothing is returned when a note waits for no chart: somebody was quicker, or it is written.
var ErrNothing = errors.New("chart: nothing of this note waits")

// A QueuedNote is a note on its way into a chart. Nothing in it is the patient's.
type QueuedNote struct {
	Note   notes.NoteID
	Since  time.Time
	Asking bool        // which patient it is
	Why    TroubleKind // what the last try came to, "" for none
	Tries  int
}

// Waiting lists what of a practice needs somebody's eye, what asks first and then the oldest; 100 at most.
func (e *Engine) Waiting(ctx context.Context, account telephony.AccountID) ([]QueuedNote, error) {
	if _, err := access.Check(ctx, notes.FileNote, string(account)); err != nil {
		return nil, err
	}
	rows, err := e.cfg.Pool.Query(ctx, selectWaiting, account)
	if err != nil {
		return nil, fmt.Errorf("list what waits for a chart: %w", err)
	}
	out, err := pgx.CollectRows(rows, func(r pgx.CollectableRow) (w QueuedNote, err error) {
		var state string
		err = r.Scan(&w.Note, &w.Since, &state, &w.Why, &w.Tries)
		w.Since, w.Asking = w.Since.UTC(), state == "asking"
		return w, err
	})
	if err != nil {
		return nil, fmt.Errorf("list what waits for a chart: %w", err)
	}
	return out, nil
}

// A Question is a note that waits, opened, with the patients it may be about.
type Question struct {
	Note    notes.Note
	Since   time.Time
	Who     Who
	Asking  bool
	Why     TroubleKind
	Said    string // by the chart, in its own words
	Choices []Candidate
	Away    TroubleKind // why the chart could not be asked for choices, "" when it was
	Numbers bool
}

// Question opens a note that waits and asks the chart who it may be about. It leaves a trace.
func (e *Engine) Question(ctx context.Context, note notes.NoteID) (Question, error) {
	var state, id string
	var said []byte
	q := Question{}
	n, err := e.cfg.Store.Note(ctx, note)
	if err != nil {
		return q, err
	}
	account := n.Account
	if _, err := access.Check(ctx, notes.FileNote, string(account)); err != nil {
		return q, err
	}
	err = e.cfg.Pool.QueryRow(ctx, selectOpen, note).Scan(&state, &q.Why, &said, &id, &q.Since)
	if errors.Is(err, pgx.ErrNoRows) {
		return q, ErrNothing
	}
	if err != nil {
		return q, fmt.Errorf("ask whose note it is: %w", err)
	}
	acc, err := e.cfg.Store.Account(ctx, account)
	if err != nil {
		return q, err
	}
	if q.Note, err = e.cfg.Store.Open(ctx, note); err != nil {
		return q, err
	}
	if said != nil {
		keys, err := e.cfg.Store.Keys(ctx, account)
		if err != nil {
			return q, err
		}
		plain, err := keys.Unseal(e.label(account, "chart.said", id), said)
		if err != nil {
			return q, err
		}
		q.Said = string(plain)
	}
	q.Asking = state == "asking"
	if acc.Chart == nil {
		q.Away = NoSettings
		return q, nil
	}
	q.Who, q.Numbers = whoIn(*q.Note.Body, *acc.Chart), acc.Chart.PatientSystem != ""
	if !q.Asking {
		return q, nil
	}
	asking, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	client, err := e.client(ctx, acc)
	if err == nil {
		q.Choices, err = client.Choices(asking, q.Who)
	}
	if t, ok := troubleOf(err); ok {
		q.Away = t.Why
	} else if err != nil && asking.Err() != nil && ctx.Err() == nil {
		q.Away = Unreachable
	} else if err != nil {
		return q, err
	}
	return q, nil
}

// An Answer is what a person says of a note that waits: the patient by the chart's id or by the practice's number, or neither.
type Answer struct {
	Patient string
	Number  string
	Leave   bool // it does not go into the chart
	Again   bool // try again now
}

// Answer takes a person's word of a note that waits. A number that is not exactly one patient's is ErrWhich, and then nothing
// has happened; a *Trouble says why the chart could not be asked.
func (e *Engine) Answer(ctx context.Context, note notes.NoteID, a Answer) error {
	n, err := e.cfg.Store.Note(ctx, note)
	if err != nil {
		return err
	}
	actor, err := access.Check(ctx, notes.FileNote, string(n.Account))
	if err != nil {
		return err
	}
	subject := ""
	if !a.Leave && !a.Again {
		if subject, err = e.subject(ctx, n.Account, a); err != nil {
			return err
		}
	}
	err = pgx.BeginFunc(ctx, e.cfg.Pool, func(tx pgx.Tx) error { return e.answer(ctx, tx, actor.ID(), note, a, subject) })
	if err == nil {
		e.Wake()
	}
	return err
}

// subject is the patient that a person named, who must be in the chart.
func (e *Engine) subject(ctx context.Context, account telephony.AccountID, a Answer) (string, error) {
	acc, err := e.cfg.Store.Account(ctx, account)
	if err != nil {
		return "", err
	}
	client, err := e.client(ctx, acc)
	if err != nil {
		return "", err
	}
	asking, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if a.Patient == "" {
		c, err := client.ByNumber(asking, a.Number)
		return "Patient/" + c.ID, err
	}
	var p Patient
	if err := client.read(asking, "Patient/"+a.Patient, &p); err != nil {
		return "", err
	}
	if !p.lives() {
		return "", ErrWhich
	}
	return "Patient/" + a.Patient, nil
}

func (e *Engine) answer(ctx context.Context, tx pgx.Tx, actor string, note notes.NoteID, a Answer, subject string) error {
	var id, state string
	var account telephony.AccountID
	var why TroubleKind
	var said []byte
	r := writeTable.MacRow()
	err := tx.QueryRow(ctx, lockOpen, note).Scan(append([]any{&id, &account, &state, &why, &said}, r.Into()...)...)
	if errors.Is(err, pgx.ErrNoRows) || err == nil && subject != "" && state != "asking" {
		return ErrNothing
	}
	if err != nil {
		return fmt.Errorf("answer whose note it is: %w", err)
	}
	if !e.cfg.Log.Holds(r) {
		return ErrNothing
	}
	switch {
	case a.Leave:
		return e.leave(ctx, tx, actor, id, note, account)
	case a.Again:
		e.mu.Lock()
		delete(e.pauses, account)
		e.mu.Unlock()
		_, err := tx.Exec(ctx, rowAgain, id)
		return err
	}
	keys, err := e.cfg.Store.Keys(ctx, account)
	if err != nil {
		return err
	}
	sealed, err := keys.Seal(e.label(account, "chart.subject", id), []byte(subject))
	if err != nil {
		return err
	}
	rows, err := tx.Query(ctx, rowAnswered, id, sealed)
	if err != nil {
		return err
	}
	return e.vouch(ctx, tx, rows, e.entry(actor, note, account, notes.LineChartAnswer))
}

// A Backlog is what of a practice waits for its chart.
type Backlog struct {
	Account telephony.AccountID
	Since   time.Time // the oldest
	Count   int       // 100 stands for that many or more
	Asking  bool      // the oldest waits for a person to say which patient it is
	Why     TroubleKind
}

// Queues tells of each practice what waits longest for its chart, the oldest first.
func (e *Engine) Queues(ctx context.Context) ([]Backlog, error) {
	rows, err := e.cfg.Pool.Query(ctx, selectOldest)
	if err != nil {
		return nil, fmt.Errorf("look what waits for charts: %w", err)
	}
	return pgx.CollectRows(rows, func(r pgx.CollectableRow) (l Backlog, err error) {
		var state string
		err = r.Scan(&l.Account, &l.Since, &state, &l.Why, &l.Count)
		l.Since, l.Asking = l.Since.UTC(), state == "asking"
		return l, err
	})
}
