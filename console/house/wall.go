package house

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"lamplight/console"
	"lamplight/notes"
	"lamplight/notes/record"
	"lamplight/telephony"
)

// wallEvery is how often the day's calls are counted for all walls together, however many there are.
const wallEvery = 5 * time.Second

// walls keeps the day's counts that every wall shows.
type walls struct {
	mu    sync.Mutex // guards what follows
	at    time.Time
	count []record.AnsweredOf
}

// answered are the day's calls of each practice and language, as they were at most wallEvery ago.
func (h *House) answered(ctx context.Context) ([]record.AnsweredOf, error) {
	h.walls.mu.Lock()
	defer h.walls.mu.Unlock()
	now := h.cfg.Now()
	if since := now.Sub(h.walls.at); since >= 0 && since < wallEvery {
		return h.walls.count, nil
	}
	count, err := h.cfg.Store.AnsweredBy(ctx, h.engine.Day(), h.engine.AnswerIn())
	if err == nil {
		h.walls.at, h.walls.count = now, count
	}
	return count, err
}

// agentStates are the states that a wall counts, in its order.
var agentStates = []telephony.AgentState{telephony.AgentReady, telephony.AgentReserved, telephony.AgentRinging, telephony.AgentTalking,
	telephony.AgentWrapUp, telephony.AgentPaused}

// Wall is how the calls and agents of the practices stand that the actor supervises.
func (h *House) Wall(ctx context.Context) (console.Wall, error) {
	actor, err := reader(ctx)
	if err != nil {
		return console.Wall{}, err
	}
	answered, err := h.answered(ctx)
	if err != nil {
		return console.Wall{}, err
	}
	type key struct {
		account  telephony.AccountID
		language telephony.Language
	}
	rows := map[key]*console.WallRow{}
	of := func(a telephony.AccountID, l telephony.Language) *console.WallRow {
		if a == "" || !actor.May(notes.Supervise, string(a)) {
			return &console.WallRow{} // nobody's, or not theirs: it counts nowhere
		}
		if rows[key{a, l}] == nil {
			rows[key{a, l}] = &console.WallRow{Language: l}
		}
		return rows[key{a, l}]
	}
	for _, a := range answered {
		r := of(a.Account, a.Language)
		r.Calls, r.InTime = a.All, a.InTime
	}
	for _, c := range h.engine.Calls() {
		r := of(c.Account, c.Language)
		switch {
		case !c.Inbound:
		case c.State == telephony.Waiting || c.State == telephony.Offered:
			r.Waiting++
			if r.Since.IsZero() || c.OpenedAt.Before(r.Since) {
				r.Since = c.OpenedAt
			}
		case c.State == telephony.Talking || c.State == telephony.Held:
			r.Talking++
		}
	}
	var n needs
	for k := range rows {
		n.accounts = append(n.accounts, k.account)
	}
	s, err := h.load(ctx, n)
	if err != nil {
		return console.Wall{}, err
	}
	out := console.Wall{Now: h.cfg.Now(), AnswerIn: h.engine.AnswerIn(), Rows: []console.WallRow{}, Agents: []console.WallAgents{}}
	for k, r := range rows {
		r.Practice = s.accounts[k.account].Name
		out.Total.Waiting, out.Total.Talking = out.Total.Waiting+r.Waiting, out.Total.Talking+r.Talking
		out.Total.Calls, out.Total.InTime = out.Total.Calls+r.Calls, out.Total.InTime+r.InTime
		if !r.Since.IsZero() && (out.Total.Since.IsZero() || r.Since.Before(out.Total.Since)) {
			out.Total.Since = r.Since
		}
		out.Rows = append(out.Rows, *r)
	}
	slices.SortFunc(out.Rows, func(a, b console.WallRow) int {
		return cmp.Or(waitsFirst(a, b), cmp.Compare(a.Practice, b.Practice), cmp.Compare(a.Language, b.Language))
	})
	out.Rows = out.Rows[:min(len(out.Rows), console.Many)]
	count := map[telephony.AgentState]int{}
	for _, st := range h.engine.Agents() {
		if h.seesAgent(actor, st.Agent.ID) {
			count[st.State]++
		}
	}
	for _, state := range agentStates {
		out.Agents = append(out.Agents, console.WallAgents{State: state, Count: count[state]})
	}
	return out, nil
}

// waitsFirst orders rows: where somebody waits before where nobody does, and who has waited longest first.
func waitsFirst(a, b console.WallRow) int {
	switch {
	case a.Since.IsZero() && b.Since.IsZero():
		return 0
	case a.Since.IsZero():
		return 1
	case b.Since.IsZero():
		return -1
	}
	return a.Since.Compare(b.Since)
}
