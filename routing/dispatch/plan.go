package dispatch

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"lamplight/notes"
	"lamplight/notes/access"
	"lamplight/routing"
	"lamplight/routing/channel"
	"lamplight/telephony"
)

// Plan resolves the practice's ladder of that name for now, by the database's clock, to preview it or to send by it. A
// ladder that is not there, or a document that cannot be read, is a hole in the plan and no error.
func (e *Engine) Plan(ctx context.Context, acc notes.Account, callType, ladder string) (routing.Plan, error) {
	s, err := e.ask(ctx, acc.Contacts)
	if err != nil {
		return routing.Plan{}, fmt.Errorf("plan for %s: %w", acc.ID, err)
	}
	return e.resolve(acc, callType, ladder, s, s.now), nil
}

// Router makes a practice's plans for other moments than now: how notes taken then would climb, as far as it is known now. It is for one
// goroutine, and for the moment: the database is asked once.
func (e *Engine) Router(ctx context.Context, acc notes.Account) (routing.Router, error) {
	s, err := e.ask(ctx, acc.Contacts)
	if err != nil {
		return nil, fmt.Errorf("plan for %s: %w", acc.ID, err)
	}
	return router{e, acc, s}, nil
}

type router struct {
	engine *Engine
	acc    notes.Account
	saying saying
}

func (r router) Plan(callType, ladder string, at time.Time) routing.Plan {
	return r.engine.resolve(r.acc, callType, ladder, r.saying, at)
}

func (r router) Rota(callType string) routing.Rota { return r.engine.rota(r.acc, callType, r.saying) }

// Reckon is Plan without asking: from what the database said last. ok is false when it was never asked.
func (e *Engine) Reckon(acc notes.Account, callType, ladder string) (p routing.Plan, ok bool) {
	s, ok := e.heard.recall(acc.Contacts)
	if !ok {
		return routing.Plan{}, false
	}
	return e.resolve(acc, callType, ladder, s, s.now), true
}

// resolve works the ladder out for a moment with what can be read of the practice's documents. A note must not wait in an agent's hands
// for somebody to put a document right: without a ladder it comes onto the board at once, without a schedule nobody is on call.
func (e *Engine) resolve(acc notes.Account, callType, ladder string, s saying, at time.Time) (p routing.Plan) {
	ladders, err := e.rotas.ladders(acc.Ladders)
	l, ok := routing.FindLadder(ladders, ladder)
	if ok {
		reach := routing.Reach{Practice: acc.Name, Contacts: acc.Contacts, Push: s.push, Left: gone(s.left), Stopped: s.stopped,
			Carriers: e.carriers()}
		p = routing.Resolve(l, e.rota(acc, callType, s), reach, at)
	} else {
		e.logger.Error("a practice's ladder cannot be climbed", "practice", acc.ID, "ladder", ladder, "error", err)
		p = routing.NoLadderPlan(acc.Name, ladder, at)
	}
	p.Asked, p.Basis = s.asked, routing.Basis{Account: acc.Version, Phones: s.change}
	return p
}

// rota is who is on call at a practice, and where somebody has left.
func (e *Engine) rota(acc notes.Account, callType string, s saying) routing.Rota {
	left := leavers(acc.Contacts, s.left)
	schedule, err := e.rotas.schedule(acc.Schedule, left, s.now)
	if err != nil {
		e.logger.Error("a practice's schedule cannot be read", "practice", acc.ID, "error", err)
		return routing.Nobody{}
	}
	r := routing.OnCall(schedule, callType)
	if len(left) == 0 {
		return r
	}
	before, err := e.rotas.schedule(acc.Schedule, nil, s.now)
	if err != nil {
		e.logger.Error("a practice's schedule cannot be read", "practice", acc.ID, "error", err)
		return r
	}
	return routing.WithLeavers(r, routing.OnCall(before, callType), slices.Collect(maps.Keys(left)))
}

// Carriers are the channels that are set up.
func (e *Engine) Carriers() map[routing.ChannelKind]bool { return e.carriers() }

// carriers are the channels that can send: a plan must not promise what never leaves.
func (e *Engine) carriers() map[routing.ChannelKind]bool {
	if e.cfg.Channels == nil { // this engine sends nothing, and does not know what those that do have
		return nil
	}
	out := make(map[routing.ChannelKind]bool, len(e.cfg.Channels))
	for kind, ch := range e.cfg.Channels {
		out[kind] = channel.Set(ch) != nil
	}
	return out
}

// A saying is what the database says when a plan is made.
type saying struct {
	now   time.Time // its clock
	asked time.Time // when it was asked, by this process's
	standing
	change int64 // push_change's count at that moment
}

// standing is how the contacts stand, as far as it was asked.
type standing struct {
	push    map[notes.PersonID]bool      // who has a phone that takes pushes
	left    map[notes.PersonID]time.Time // since when somebody has left, zero for who has not
	stopped map[telephony.Number]bool    // which phone wants no texts
}

func newStanding() standing {
	return standing{map[notes.PersonID]bool{}, map[notes.PersonID]time.Time{}, map[telephony.Number]bool{}}
}

// leavers are the contacts who have left, and since when.
func leavers(contacts []notes.Contact, left map[notes.PersonID]time.Time) map[string]time.Time {
	var out map[string]time.Time
	for _, c := range contacts {
		if at := left[c.Person]; !at.IsZero() {
			if out == nil {
				out = map[string]time.Time{}
			}
			out[c.ID] = at
		}
	}
	return out
}

func gone(left map[notes.PersonID]time.Time) map[notes.PersonID]bool {
	out := make(map[notes.PersonID]bool, len(left))
	for p, at := range left {
		out[p] = !at.IsZero()
	}
	return out
}

// ask is one question, because an agent waits.
func (e *Engine) ask(ctx context.Context, contacts []notes.Contact) (saying, error) {
	people, numbers := []string{}, []string{} // plain strings and no distinct: both cost more here than the question itself
	for _, c := range contacts {
		if c.Person != "" {
			people = append(people, string(c.Person))
		}
		if c.Mobile != "" {
			numbers = append(numbers, c.Mobile.Reveal())
		}
	}
	var with, left, stopped []string
	var since []time.Time
	s := saying{asked: time.Now(), standing: newStanding()}
	err := e.pool.QueryRow(ctx, selectReach, people, numbers).Scan(&s.now, &s.change, &with, &left, &since, &stopped)
	gone := left
	if err == nil && len(stopped) > 0 {
		stopped, err = e.believedStops(ctx, stopped)
	}
	if err == nil && len(left) > 0 {
		gone, err = access.BelievedLeft(ctx, e.pool, e.log, left)
	}
	if err != nil {
		return s, fmt.Errorf("read the clock and list the phones: %w", err)
	}
	for _, p := range people {
		s.push[notes.PersonID(p)] = slices.Contains(with, p)
		s.left[notes.PersonID(p)] = time.Time{}
		if i := slices.Index(left, p); i >= 0 && slices.Contains(gone, p) {
			s.left[notes.PersonID(p)] = since[i]
		}
	}
	for _, n := range numbers {
		s.stopped[telephony.Number(n)] = slices.Contains(stopped, n)
	}
	e.heard.clock(s.now, s.asked)
	e.heard.people(s)
	e.heard.mu.Lock()
	defer e.heard.mu.Unlock()
	s.now, s.asked = e.heard.reading()
	return s, nil
}

// heard is what the database said last, by which a plan is reckoned while an agent waits. It may have changed since: the
// statement that begins the dispatch proves it or refuses (see routing.Basis).
type heard struct {
	mu     sync.Mutex    // guards what follows
	now    time.Time     // the database's clock
	asked  time.Time     // when it was asked, by this process's
	doubt  time.Duration // how long it took to answer
	known  standing      // of all it was asked about …
	change int64         // … since push_change counted this
}

// drift is how much slower doubt about a reading grows than time goes by: clocks differ by 200 parts in a million at most.
const drift = 5000

// clock takes a reading of the database's clock, for which it was asked at asked, unless the one before says it better: the
// quicker the answer, the less doubt about when it was true. Asking counts as askedFor at most.
func (h *heard) clock(now, asked time.Time) {
	answered := time.Now()
	doubt := answered.Sub(asked)
	if doubt > askedFor {
		asked = answered.Add(-askedFor)
	}
	now = now.UTC()
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.asked.IsZero() {
		since := asked.Sub(h.asked)
		before, apart := h.doubt+since/drift, now.Sub(h.now.Add(since)).Abs()
		if doubt > before && apart <= doubt+before { // further apart, the clock was set
			return
		}
	}
	h.now, h.asked, h.doubt = now, asked, doubt
}

// reading is the database's clock now, by this process's reckoning; heard.mu is held.
func (h *heard) reading() (now, asked time.Time) {
	asked = time.Now()
	return h.now.Add(asked.Sub(h.asked)), asked
}

// people takes an answer; one of an older count is no news.
func (h *heard) people(s saying) {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case s.change < h.change:
		return
	case s.change > h.change:
		h.known, h.change = newStanding(), s.change
	}
	maps.Copy(h.known.push, s.push)
	maps.Copy(h.known.left, s.left)
	maps.Copy(h.known.stopped, s.stopped)
}

// recall is what ask would say if nothing has changed; ok is false when it was never asked about one of the contacts.
func (h *heard) recall(contacts []notes.Contact) (s saying, ok bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.asked.IsZero() {
		return s, false
	}
	s.standing = newStanding()
	for _, c := range contacts {
		if c.Person != "" {
			if s.push[c.Person], ok = h.known.push[c.Person]; !ok {
				return s, false
			}
			s.left[c.Person] = h.known.left[c.Person]
		}
		if c.Mobile != "" {
			if s.stopped[c.Mobile], ok = h.known.stopped[c.Mobile]; !ok {
				return s, false
			}
		}
	}
	s.change = h.change
	s.now, s.asked = h.reading()
	return s, true
}

// planMoved is the SQLSTATE of a beginning refused by plan_moved().
const planMoved = "LR001"

// askedFor is the longest that asking the database for the time may count as time gone by.
const askedFor = 5 * time.Millisecond

// nowBy is the database's clock, as this process reckons it since the plan was made: never before that clock, and ahead of
// it by askedFor at most.
func nowBy(p routing.Plan) time.Time {
	if p.Asked.IsZero() {
		return p.At
	}
	return p.At.Add(time.Since(p.Asked))
}

// PlanMoved reports that a dispatch did not begin, and that nothing of its transaction happened, because its plan was made
// from what is no longer so: the practice was changed, a phone came or went, somebody left, or the clock jumped. Plan again.
func PlanMoved(err error) bool {
	var pgErr *pgconn.PgError
	return errors.As(err, &pgErr) && pgErr.Code == planMoved
}
