package dispatch

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"lamplight/notes"
	"lamplight/notes/postgres"
	"lamplight/routing"
)

// What follows the last rung is a summons: the service's supervisors are called by the service's own ladder, round after round,
// until one of them takes the note over. Its attempts are the same dispatch's, so that they are claimed, sent, repeated and
// told as all others are; their rungs are counted from serviceRung on.

// serviceRung is the first rung of the service's ladder on a dispatch; each round has rungs of its own after it.
const serviceRung = 1000

// summons tells that a rung is one of the service's ladder.
func summons(rung int) bool { return rung >= serviceRung }

// Why a round calls nobody, as the story says it.
const (
	WhyNoService     = "no-service-ladder"
	WhyServiceNobody = "service-ladder-nobody"
	whyHeld          = "held-too-long" // it was taken over, and nothing came of it
)

// serviceAgain is when a service that could call nobody is looked at again: somebody may put a ladder in place.
const serviceAgain = 30 * time.Second

// services keeps the service's settings as they were read last.
type services struct {
	mu   sync.Mutex // guards what follows
	text string
	read routing.Service
}

func (k *services) parse(text string) (routing.Service, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if text == k.text && text != "" {
		return k.read, nil
	}
	s, err := routing.ParseService([]byte(text))
	if err == nil {
		k.text, k.read = text, s
	}
	return s, err
}

// service is the service's settings; ok is false when there are none that can be read.
func (e *Engine) service(ctx context.Context, db interface {
	QueryRow(context.Context, string, ...any) pgx.Row
}) (s routing.Service, ok bool, err error) {
	var text string
	err = db.QueryRow(ctx, selectService).Scan(&text)
	if postgres.NoRow(err) {
		return s, false, nil
	}
	if err != nil {
		return s, false, fmt.Errorf("read the service's settings: %w", err)
	}
	if s, err = e.services.parse(text); err != nil {
		e.logger.Error("the service's settings cannot be read: 'lamplight service check' tells why", "error", err)
		return s, false, nil
	}
	return s, true, nil
}

// ServicePlan is whom the service's ladder would call now; why is a code when that is nobody, WhyNoService or WhyServiceNobody.
func (e *Engine) ServicePlan(ctx context.Context) (p routing.Plan, why string, err error) {
	s, ok, err := e.service(ctx, e.pool)
	if err != nil || !ok {
		return p, WhyNoService, err
	}
	said, err := e.ask(ctx, s.Contacts)
	if err != nil {
		return p, "", fmt.Errorf("plan whom the service calls: %w", err)
	}
	var r routing.Rota = routing.Nobody{}
	if len(s.Schedule) > 0 {
		if schedule, err := e.rotas.schedule(s.Schedule, leavers(s.Contacts, said.left), said.now); err != nil {
			e.logger.Error("the service's schedule cannot be read: 'lamplight service check' tells why", "error", err)
		} else {
			r = routing.OnCall(schedule, "")
		}
	}
	p = routing.Resolve(s.Ladder, r, routing.Reach{Contacts: s.Contacts, Push: said.push, Left: gone(said.left), Stopped: said.stopped,
		Carriers: e.carriers()}, said.now)
	if !p.Reaches() {
		why = WhyServiceNobody
	}
	return p, why, nil
}

// summonDue begins a round of the service's ladder for every note whose turn has come.
func (e *Engine) summonDue(ctx context.Context) error {
	var due []routing.DispatchID
	err := e.soon(ctx, func(ctx context.Context) error {
		rows, err := e.pool.Query(ctx, selectSummonDue)
		if err != nil {
			return err
		}
		due, err = pgx.CollectRows(rows, pgx.RowTo[routing.DispatchID])
		return err
	})
	if err != nil || len(due) == 0 {
		return err
	}
	plan, why, err := e.ServicePlan(ctx)
	if err != nil {
		return err
	}
	var errs []error
	for _, id := range due {
		errs = append(errs, e.inTxSoon(ctx, func(ctx context.Context, tx pgx.Tx) error { return e.summon(ctx, tx, id, plan, why) }))
	}
	return errors.Join(errs...)
}

// summon begins one round. Whoever had taken the note over has had their time.
func (e *Engine) summon(ctx context.Context, tx pgx.Tx, id routing.DispatchID, plan routing.Plan, why string) error {
	s := step{dispatch: id, kind: notes.LineSummoned, detail: why, due: true}
	err := tx.QueryRow(ctx, lockSummons, id).Scan(&id)
	if postgres.NoRow(err) {
		return nil // it has ended, or another engine is at it
	}
	if err != nil {
		return err
	}
	d, err := e.lockDispatch(ctx, tx, id)
	if err != nil || d.state != routing.Exhausted {
		return err
	}
	var round int
	var told string
	var held bool
	var now time.Time
	if err := tx.QueryRow(ctx, selectRound, id, serviceRung, routing.MaxRungs).Scan(&round, &told, &held, &now); err != nil {
		return err
	}
	s.note, s.account = d.note, d.account
	next := now.Add(serviceAgain)
	if why == "" {
		late, b := now.Sub(plan.At), &pgx.Batch{}
		for _, p := range plan.Attempts {
			p.Rung += serviceRung + round*routing.MaxRungs
			row, err := e.queueAttempt(b, id, p, 1, p.At.Add(late))
			if err != nil {
				return err
			}
			s.attempts = append(s.attempts, routing.AttemptID(row.ID))
		}
		if err := tx.SendBatch(ctx, b).Close(); err != nil {
			return err
		}
		round, next = round+1, plan.Board.Add(late)
		if held {
			s.detail = whyHeld
		}
	}
	if err := s.moves(ctx, tx, summonsTable, beginRound, id, round, next, why); err != nil {
		return err
	}
	if why != "" && why == told && !held { // said already
		b := &pgx.Batch{}
		for _, m := range s.moved {
			if err := e.log.QueueMac(b, m); err != nil {
				return err
			}
		}
		return tx.SendBatch(ctx, b).Close()
	}
	return e.trace(ctx, tx, s)
}

// nextSummons calls whoever the service's ladder names next now: who was called last cannot be reached, or passes it on.
func (e *Engine) nextSummons(ctx context.Context, tx pgx.Tx, s step, rung int) error {
	return e.forward(ctx, tx, s, advanceSummons, rung)
}

// TakeOver has a supervisor take a note over whose ladder has ended: nobody else is called for as long as the service gives
// them, and then the service's ladder begins anew unless the note was acknowledged or closed. Taking one's own again is no
// error; what somebody else has is a *routing.TakenOver, and one whose ladder has not ended routing.ErrNotExhausted.
func (e *Engine) TakeOver(ctx context.Context, by routing.ActingPerson, note notes.NoteID) error {
	return e.act(ctx, "take over", note, func(tx pgx.Tx, d dispatchRow) error {
		if d.state != routing.Exhausted {
			return routing.ErrNotExhausted
		}
		var has, name *string
		var at *time.Time
		err := tx.QueryRow(ctx, selectTaken, d.id).Scan(&has, &name, &at)
		switch {
		case err != nil:
			return err
		case at != nil && *has == string(by.ID):
			return nil
		case at != nil:
			return &routing.TakenOver{Name: *name, At: at.UTC()}
		}
		service, ok, err := e.service(ctx, tx)
		if err != nil {
			return err
		}
		holds := routing.DefaultHolds
		if ok {
			holds = service.Holds
		}
		s := d.step(notes.LineTakenOver, by)
		s.due = true
		if err := s.moves(ctx, tx, summonsTable, takeSummons, d.id, by.ID, by.Name, holds); err != nil {
			return err
		}
		if s.attempts, err = cancelSummons(ctx, tx, d.id); err != nil {
			return err
		}
		return e.trace(ctx, tx, s)
	})
}

// cancelSummons withdraws the calls to supervisors that are not yet claimed.
func cancelSummons(ctx context.Context, tx pgx.Tx, d routing.DispatchID) ([]routing.AttemptID, error) {
	rows, err := tx.Query(ctx, cancelSummonses, d, serviceRung)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[routing.AttemptID])
}
