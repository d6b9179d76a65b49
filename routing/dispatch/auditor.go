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
		for _, a := range found {
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

// selectStanding finds by an index each of what may stand still, and looks at that alone: what climbs as it should costs
// nothing, however much it is.
const selectStanding = `
	with clock as (select routing_now() as now),
	patience as (select now - make_interval(secs => $1) as overdue, now - make_interval(secs => $2) as ignored from clock),
	suspect as (
		(select id from dispatch where state = 'exhausted' and begun_at < (select ignored from patience) order by begun_at limit $3)
		union (select id from dispatch where state = 'climbing' and board_at < (select overdue from patience) order by board_at limit $3)
		union (select id from dispatch where state = 'climbing' and board_at = 'infinity' limit $3)
		union (select id from dispatch where not unfolded and begun_at < (select overdue from patience) order by begun_at limit $3)
		union (select dispatch from attempt where wake_at < (select overdue from patience) and state in ('due',
			'sending') order by wake_at limit $3)),
	ahead as (
		select d.id, d.note, d.state, d.begun_at, d.board_at,
			case when d.unfolded then (select min(a.wake_at) from attempt a where a.dispatch = d.id and a.state in ('due', 'sending'))
				else d.begun_at end as next,
			(select s.at from dispatch_step s where s.dispatch = d.id order by seq desc limit 1) as last
		from suspect cross join lateral (select * from dispatch where id = suspect.id offset 0) d where d.state in ('climbing',
			'exhausted'))
	select clock.now, id, note, case
			when state = 'exhausted' and coalesce(last, begun_at) < clock.now - make_interval(secs => $2) then 'ignored'
			when state = 'climbing' and least(next, board_at) < clock.now - make_interval(secs => $1) then
				case when next is null then 'stranded' else 'overdue' end
			when state = 'climbing' and next is null and not isfinite(board_at) then 'stranded'
		end as kind, coalesce(least(next, case when isfinite(board_at) then board_at end), last, begun_at)
	from ahead, clock order by begun_at`

// Standing lists the escalations that stand still, the oldest first and mostStanding of a kind at most, and the database's
// time at which they did.
func (e *Engine) Standing(ctx context.Context) (found []Alarm, now time.Time, err error) {
	rows, err := e.pool.Query(ctx, selectStanding, overdueAfter.Seconds(), ignoredAfter.Seconds(), mostStanding)
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
