package chart

// What patients said of their appointments goes back to the chart.

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"lamplight/notes"
	"lamplight/notes/access"
	"lamplight/notes/audit"
	"lamplight/notes/record"
	"lamplight/telephony"
)

// queueMark is the store's MarkHook.
func (e *Engine) queueMark(ctx context.Context, tx pgx.Tx, a notes.Appointment) error {
	if !a.Charted() || a.State != notes.VisitConfirmed && a.State != notes.VisitCancelled {
		return nil
	}
	acc, err := e.cfg.Store.Account(ctx, a.Account)
	if err != nil || !reads(acc) {
		return err
	}
	if _, err := tx.Exec(ctx, insertMark, a.ID, a.Account); err != nil {
		return fmt.Errorf("queue what a patient said for the chart: %w", err)
	}
	return nil
}

// maxMarks is how often a chart is told that refuses it; one that is away is waited for.
const maxMarks = 6

// markNext tells a chart of one appointment.
func (e *Engine) markNext(ctx context.Context) (more bool, err error) {
	var id notes.AppointmentID
	var account telephony.AccountID
	var tries int
	var fence int64
	err = e.cfg.Pool.QueryRow(ctx, claimMark, readingLease.Seconds()).Scan(&id, &account, &tries, &fence)
	if errors.Is(err, pgx.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	own, cancel := context.WithTimeout(access.System(ctx, "chart"), readingLease/2)
	defer cancel()
	v, err := e.markVisit(own, account, id)
	t, _ := troubleOf(err)
	switch {
	case err != nil && ctx.Err() != nil:
		return false, ctx.Err()
	case err != nil && t == nil:
		e.cfg.Logger.Error("chart: tell of an appointment", "appointment", id, "error", err)
		t = &Trouble{Why: Unreachable}
	case err == nil || t.Why == moved:
	case t.Why != notMarked && (slices.Contains(passing, t.Why) || tries+1 < maxMarks):
	default:
		return true, e.kept(ctx, id, fence, v)
	}
	if err == nil || t.Why == moved {
		return true, e.marked(ctx, id, account, fence, err == nil && v.ID != "")
	}
	_, err = e.cfg.Pool.Exec(context.WithoutCancel(ctx), markLater, id, fence, tries+1, max(t.After, backoff(t.Why, tries+1)).Seconds())
	return true, err
}

// markVisit tells the chart what of an appointment is said here now; v is without an ID where there is nothing to be told any more.
func (e *Engine) markVisit(ctx context.Context, account telephony.AccountID, id notes.AppointmentID) (v notes.Appointment, err error) {
	v, err = e.patients.OpenAppointment(ctx, id)
	if err != nil {
		return v, err
	}
	acc, err := e.cfg.Store.Account(ctx, account)
	if err != nil {
		return v, err
	}
	if !reads(acc) || v.State != notes.VisitConfirmed && v.State != notes.VisitCancelled || v.Filed == v.State {
		return notes.Appointment{}, nil
	}
	client, err := e.client(ctx, acc)
	if err != nil {
		return v, err
	}
	return v, client.mark(ctx, strings.TrimPrefix(v.Source, notes.ChartPrefix), v.Begins, v.State)
}

// marked ends what was queued; in the story of an appointment of which the chart was told stands so.
func (e *Engine) marked(ctx context.Context, id notes.AppointmentID, account telephony.AccountID, fence int64, told bool) error {
	return pgx.BeginFunc(ctx, e.cfg.Pool, func(tx pgx.Tx) error {
		var ours bool
		err := tx.QueryRow(ctx, deleteMark, id, fence).Scan(&ours)
		if errors.Is(err, pgx.ErrNoRows) {
			return nil // it was said otherwise meanwhile
		}
		if err != nil || !told {
			return err
		}
		return e.cfg.Log.Append(ctx, tx, visitLeaf(id, account, "appointment.chart-told"))
	})
}

func visitLeaf(id notes.AppointmentID, account telephony.AccountID, action string) audit.Entry {
	return audit.Entry{Actor: "chart", Action: action, Kind: "appointment", Object: string(id), Account: string(account)}
}

// kept leaves what a chart does not take in our book. Of a visit that is cancelled staff are told: the chart still keeps its time.
func (e *Engine) kept(ctx context.Context, id notes.AppointmentID, fence int64, v notes.Appointment) error {
	r := &reading{}
	var err error
	r.acc.ID = v.Account
	if r.keys, err = e.cfg.Store.Keys(ctx, v.Account); err != nil {
		return err
	}
	ask := asked{Visit: v, State: string(v.State), why: Unwritten, source: record.SourceTerm(r.keys, v.Source)}
	if v.State == notes.VisitCancelled {
		p, err := e.patients.Open(access.System(ctx, "chart"), v.Patient)
		if err != nil {
			return err
		}
		ask.Who = ChartPatient{Name: p.Name, Birth: p.Birth}
	}
	return pgx.BeginFunc(ctx, e.cfg.Pool, func(tx pgx.Tx) error {
		var ours bool
		err := tx.QueryRow(ctx, deleteMark, id, fence).Scan(&ours)
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		if v.State == notes.VisitCancelled && v.Begins.After(time.Now()) {
			b := &pgx.Batch{}
			if err := e.queueAsk(b, r, ask); err != nil {
				return err
			}
			if err := tx.SendBatch(ctx, b).Close(); err != nil {
				return err
			}
		}
		return e.cfg.Log.Append(ctx, tx, visitLeaf(id, v.Account, "appointment.chart-kept"))
	})
}
