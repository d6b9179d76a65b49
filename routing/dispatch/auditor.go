package dispatch

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"lamplight/notes"
	"lamplight/routing"
)

// An AlarmKind is a way in which an escalation can stand still.
type AlarmKind string

const (
	AlarmStranded AlarmKind = "stranded" // open, and nothing is to come: no attempt and no board
	AlarmOverdue  AlarmKind = "overdue"  // something is due for long and nobody does it: no worker lives
	AlarmIgnored  AlarmKind = "ignored"  // on the board for long, and no person acts
	AlarmGone     AlarmKind = "gone"     // open a moment ago, and its row has been taken out of the database
)

// An Alarm is one escalation that stands still.
type Alarm struct {
	Kind     AlarmKind
	Note     notes.NoteID
	Dispatch routing.DispatchID
	Since    time.Time
}

// Patience of the auditor.
const (
	overdueAfter = 15 * time.Second
	ignoredAfter = time.Minute
	alarmAgain   = time.Minute
)

// alarms remembers what was said lately, so that one stranded note is not a thousand lines.
type alarms struct {
	mu   sync.Mutex // guards said
	said map[string]time.Time
}

// fresh reports whether a has not been said within alarmAgain.
func (a *alarms) fresh(alarm Alarm, now time.Time) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.said == nil {
		a.said = map[string]time.Time{}
	}
	for k, t := range a.said {
		if now.Sub(t) >= alarmAgain {
			delete(a.said, k)
		}
	}
	key := string(alarm.Kind) + string(alarm.Dispatch)
	if _, told := a.said[key]; told {
		return false
	}
	a.said[key] = now
	return true
}

// audit looks at every open dispatch again and again, sharing nothing with the workers but the rows: if they are wrong, or
// dead, or never existed, it says so.
func (e *Engine) audit(ctx context.Context) {
	tick := time.NewTicker(e.cfg.Audit)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		var found []Alarm
		var now time.Time
		err := e.soon(ctx, func(ctx context.Context) (err error) { found, now, err = e.Standing(ctx); return err })
		if err != nil {
			if ctx.Err() == nil {
				e.logger.Error("the auditor cannot look at the open dispatches", "error", err)
			}
			continue
		}
		var gone []Alarm
		err = e.soon(ctx, func(ctx context.Context) (err error) { gone, err = e.watchRows(ctx); return err })
		if err != nil && ctx.Err() == nil {
			e.logger.Error("the auditor cannot look at the rows of the dispatches", "error", err)
		}
		for _, a := range append(found, gone...) {
			if !e.watchdog.fresh(a, now) {
				continue
			}
			e.logger.Error("an escalation stands still", "kind", a.Kind, "note", a.Note, "dispatch", a.Dispatch, "since", a.Since)
			if e.cfg.Alarm != nil {
				e.cfg.Alarm(a)
			}
		}
	}
}

// mostStanding bounds what one look says: the oldest. Whoever reads five hundred alarms knows enough.
const mostStanding = 500

// Standing lists the escalations that stand still, the oldest first and mostStanding of a kind at most, and the database's
// time at which they did.
func (e *Engine) Standing(ctx context.Context) (found []Alarm, now time.Time, err error) {
	rows, err := e.pool.Query(ctx, selectStanding, overdueAfter.Seconds(), ignoredAfter.Seconds())
	if err != nil {
		return nil, now, fmt.Errorf("look at the open dispatches: %w", err)
	}
	var a Alarm
	var kind *AlarmKind
	_, err = pgx.ForEachRow(rows, []any{&now, &a.Dispatch, &a.Note, &kind, &a.Since}, func() error {
		if kind != nil {
			a.Kind, a.Since = *kind, a.Since.UTC()
			found = append(found, a)
		}
		return nil
	})
	if err != nil {
		return nil, now, fmt.Errorf("look at the open dispatches: %w", err)
	}
	return found, now, nil
}
