package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"lamplight/cmd/lamplight/server"
	"lamplight/notes"
	"lamplight/notes/access"
	"lamplight/routing/channel/pocket"
	"lamplight/telephony"
)

// A discrepancy is something that is not as it was promised.
type discrepancy struct {
	what string
	at   time.Time // when it happened, about
	near string    // the faults beside it
}

func (d discrepancy) String() string {
	return fmt.Sprintf("%s %s; beside it: %s", d.at.Format("15:04:05"), d.what, d.near)
}

// A reckoning holds what phones, desks and the pocket counted against the database, the switch and the files. It reads them
// itself and asks the server nothing.
type reckoning struct {
	*campaign
	record *server.Server // the stores, to open a caller's number
	found  []discrepancy
	calls  map[telephony.CallID]callRow
	saw    []agentSaw
}

// callRow is a call as the database has it.
type callRow struct {
	ID       telephony.CallID
	State    telephony.CallState
	Outcome  telephony.Outcome
	Agent    string
	OpenedAt time.Time
	Inbound  bool
	ani      string
}

func (a *reckoning) wrong(at time.Time, format string, args ...any) {
	d := discrepancy{what: fmt.Sprintf(format, args...), at: at, near: "no fault"}
	var near []string
	for _, f := range a.course.Faults {
		if !f.Began.IsZero() && at.After(f.Began.Add(-10*time.Second)) && at.Before(f.Ended.Add(40*time.Second)) {
			near = append(near, fmt.Sprintf("%d %s from %s to %s", f.N, f.Kind, f.Began.Format("15:04:05.0"), f.Ended.Format("15:04:05.0")))
		}
	}
	if len(near) > 0 {
		d.near = strings.Join(near, ", ")
	}
	a.found = append(a.found, d)
}

// reckon waits until what goes on by itself is over, and then accounts for everything.
func (c *campaign) reckon(ctx context.Context) (found []discrepancy, err error) {
	s, err := server.RecordFlags{State: c.process.cfg.State}.Connect(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	a := &reckoning{campaign: c, record: s, calls: map[telephony.CallID]callRow{}}
	ctx = access.System(ctx, "campaign")
	if err := a.settle(ctx); err != nil {
		return nil, err
	}
	for _, step := range []func(context.Context) error{a.callersAndRows, a.notes, a.pages, a.words} {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	report, err := s.Verify(ctx)
	if err != nil {
		return nil, err
	}
	for _, f := range report.Findings {
		a.wrong(time.Now(), "audit verify finds %s at %s", f.What, f.Where)
	}
	c.note("audit: %d leaves, %d findings", report.Leaves, len(report.Findings))
	return a.found, nil
}

// callersAndRows holds what the callers' phones counted against the rows, one to one.
func (a *reckoning) callersAndRows(ctx context.Context) error {
	rows, err := a.record.Pool.Query(ctx, "select id, state, outcome, agent, opened_at, inbound from call order by opened_at")
	if err != nil {
		return err
	}
	all, err := pgx.CollectRows(rows, pgx.RowToStructByPos[callRow])
	if err != nil {
		return err
	}
	byCaller := map[string][]callRow{}
	for _, r := range all {
		call, err := a.record.Record.Call(ctx, r.ID)
		if err != nil {
			return err
		}
		r.ani = call.ANI.Reveal()
		a.calls[r.ID] = r
		byCaller[r.ani] = append(byCaller[r.ani], r)
	}
	a.saw = a.seen()
	talked := map[telephony.CallID][]string{} // the agents whose phone was in it
	heard := map[telephony.CallID]bool{}      // the caller was heard
	for _, s := range a.saw {
		switch s.What {
		case sawAnswered:
			talked[s.Call] = append(talked[s.Call], s.Agent)
			if _, ok := a.calls[s.Call]; !ok {
				a.wrong(s.At, "%s's phone was in the call %q, which has no row", s.Agent, s.Call)
			}
		case sawHeard:
			heard[s.Call] = true
		}
	}
	count := map[telephony.Outcome]int{}
	for _, c := range a.callers {
		mine := byCaller[c.ani()]
		delete(byCaller, c.ani())
		if len(mine) != 1 {
			a.wrong(c.Dialled, "caller %d (%s) has %d rows %v; their phone: %s", c.N, c.Kind, len(mine), ids(mine), c.evidence())
			continue
		}
		r := mine[0]
		count[r.Outcome]++
		// The last of a talk's sounds may not have come to the other end when it was cut.
		var want []telephony.Outcome
		switch {
		case len(c.Heard) > 0 || heard[r.ID]:
			want = []telephony.Outcome{telephony.Completed}
		case c.Apology:
			want = []telephony.Outcome{telephony.Overflowed}
		case len(talked[r.ID]) > 0:
			want = []telephony.Outcome{telephony.Completed, telephony.Abandoned, telephony.Overflowed}
		default: // hung up before anybody was heard, or while the apology began
			want = []telephony.Outcome{telephony.Abandoned, telephony.Overflowed}
		}
		if r.State != telephony.Ended || !slices.Contains(want, r.Outcome) {
			a.wrong(c.Ended, "the call %s of caller %d (%s) is %s/%s, want %v; their phone: %s; agents' phones: %v", r.ID, c.N, c.Kind, r.State,
				r.Outcome, want, c.evidence(), talked[r.ID])
		}
		if len(c.Heard) > 0 && len(talked[r.ID]) == 0 {
			a.wrong(c.Ended, "caller %d heard an agent, whose phone was not in the call %s", c.N, r.ID)
		}
		if !c.HungUp && c.Refused != "" {
			a.wrong(c.Ended, "caller %d was refused: %s", c.N, c.Refused)
		}
	}
	for ani, more := range byCaller {
		if more[0].Inbound {
			a.wrong(more[0].OpenedAt, "%d rows %v of a caller …%s who did not call", len(more), ids(more), ani[max(0, len(ani)-4):])
		}
	}
	a.note("%d callers, %d rows: %v", len(a.callers), len(all), count)
	return nil
}

func ids(rows []callRow) (out []string) {
	for _, r := range rows {
		out = append(out, fmt.Sprintf("%s %s/%s at %s", r.ID, r.State, r.Outcome, r.OpenedAt.Format("15:04:05.0")))
	}
	return out
}

// evidence is what the caller's phone counted.
func (c *caller) evidence() string {
	return fmt.Sprintf("dialled %s, ended %s, hung up itself %v, heard agents %v, heard the apology %v %s", c.Dialled.Format("15:04:05.0"),
		c.Ended.Format("15:04:05.0"), c.HungUp, c.Heard, c.Apology, c.Refused)
}

// notes holds what the desks were told against the notes.
func (a *reckoning) notes(ctx context.Context) error {
	type noteRow struct {
		ID, Draft, Call, Type, State, Reference string
		TakenAt                                 time.Time
		Dispatches                              int
	}
	rows, err := a.record.Pool.Query(ctx, `select id, draft, call, call_type, state, reference, taken_at,
		(select count(*) from dispatch d where d.note = note.id)::int from note`)
	if err != nil {
		return err
	}
	all, err := pgx.CollectRows(rows, pgx.RowToStructByPos[noteRow])
	if err != nil {
		return err
	}
	byDraft, states := map[string]noteRow{}, map[string]int{}
	for _, n := range all {
		byDraft[n.Draft] = n
		states[n.Type+" "+n.State]++
	}
	sent, sending := map[string]agentSaw{}, map[string]agentSaw{}
	for _, s := range a.saw {
		switch s.What {
		case sawSending:
			sending[s.Draft] = s
		case sawSent:
			sent[s.Draft] = s
			n, ok := byDraft[s.Draft]
			switch {
			case !ok:
				a.wrong(s.At, "%s was told that the draft %s of the call %s is sent, and there is no note", s.Agent, s.Draft, s.Call)
			case n.ID != string(s.Note) || n.Reference != s.Ref || n.Call != string(s.Call):
				a.wrong(s.At, "%s was told of note %s %s of the call %s; it is %+v", s.Agent, s.Note, s.Ref, s.Call, n)
			}
		case sawTrouble:
			a.note("%s at %s: %s", s.Agent, s.At.Format("15:04:05.0"), s.Said)
		}
	}
	for _, n := range all {
		switch {
		case n.Type == "voicemail":
		case sending[n.Draft].Draft == "":
			a.wrong(n.TakenAt, "the note %s of the call %s was sent by nobody", n.ID, n.Call)
		case n.Dispatches != 1:
			a.wrong(n.TakenAt, "the note %s has %d dispatches", n.ID, n.Dispatches)
		}
		if a.acked[notes.NoteID(n.ID)] && n.State != "acknowledged" && n.State != "closed" {
			a.wrong(n.TakenAt, "a provider was told that they took note %s on, and it is %s", n.ID, n.State)
		}
	}
	a.note("%d notes: %v; %d sent by agents", len(all), states, len(sent))
	return nil
}

// pages holds what arrived at the phones against the attempts: nothing said to have left that did not, nothing twice.
func (a *reckoning) pages(ctx context.Context) error {
	type attemptRow struct {
		ID, Dispatch, Contact, Channel, State string
		Rung                                  int
		Link                                  []byte
		SentAt                                *time.Time
	}
	rows, err := a.record.Pool.Query(ctx, `select id, dispatch, contact, channel, state, rung, link, sent_at from attempt
		where link is not null order by dispatch, rung, contact, channel, try`)
	if err != nil {
		return err
	}
	all, err := pgx.CollectRows(rows, pgx.RowToStructByPos[attemptRow])
	if err != nil {
		return err
	}
	arrived := map[string][]pocket.Arrival{} // by the attempt's link
	for _, m := range a.pocket.Messages() {
		_, token, ok := strings.Cut(m.Link, "#")
		if !ok || m.Status == "refused" || m.To == patientPhone.Number { // a patient's notice is no attempt of a dispatch
			continue
		}
		sum := sha256.Sum256([]byte(token))
		arrived[string(sum[:])] = append(arrived[string(sum[:])], m)
	}
	type told struct { // one person by one channel for one rung, however often it was tried
		dispatch, contact, channel string
		rung                       int
	}
	came := map[told][]pocket.Arrival{}
	for _, t := range all {
		here := arrived[string(t.Link)]
		delete(arrived, string(t.Link))
		one := told{t.Dispatch, t.Contact, t.Channel, t.Rung}
		came[one] = append(came[one], here...)
		if (t.State == "accepted" || t.State == "delivered") && len(here) == 0 {
			at := time.Now()
			if t.SentAt != nil {
				at = *t.SentAt
			}
			a.wrong(at, "the attempt %s (%s, rung %d) is %s and never arrived", t.ID, t.Channel, t.Rung, t.State)
		}
	}
	twice := 0
	for one, here := range came {
		if len(here) < 2 {
			continue
		}
		twice++
		lied := slices.ContainsFunc(here, func(m pocket.Arrival) bool { return slices.ContainsFunc(a.lied[m.Kind+m.Link], mislead) })
		if !lied && !a.killedOver(here) {
			a.wrong(here[1].At, "%s of the dispatch %s was told of rung %d by %s %d times, at %s and %s", one.contact, one.dispatch, one.rung,
				one.channel, len(here), here[0].At.Format("15:04:05.000"), here[1].At.Format("15:04:05.000"))
		}
	}
	for _, here := range arrived {
		a.wrong(here[0].At, "a %s came to a phone, of which no attempt is known", here[0].Kind)
	}
	a.note("%d attempts; %d messages at the phones; %d came twice", len(all), len(a.pocket.Messages()), twice)
	return nil
}

// mislead tells that the carrier had a message that it said, or left open, not to have: then telling a doctor twice is right.
func mislead(f pocket.Fault) bool {
	return f == pocket.TakeAndHang || f == pocket.TakeAndBreak || f == pocket.Undeliver
}

// killedOver tells that each repeat of what cannot be asked about, a mail or a push, came after a server was killed that did not
// get to write down the one before; their phone shows them as one. A gateway for texts can be asked.
func (a *reckoning) killedOver(here []pocket.Arrival) bool {
	for i, m := range here[1:] {
		if m.Kind == pocket.ArrivedText || !m.Repeat || !slices.ContainsFunc(a.course.Faults, func(f *fault) bool {
			return f.Kind == serverKilled && f.Began.After(here[i].At) && f.Began.Before(m.At)
		}) {
			return false
		}
	}
	return true
}

// words looks for patients' words where they must not be.
func (a *reckoning) words(ctx context.Context) error {
	var secrets []string
	for _, c := range a.callers[:min(len(a.callers), 20)] {
		secrets = append(secrets, strings.TrimPrefix(c.ani(), "+1"))
	}
	dump, err := dumped(ctx, a.record)
	if err != nil {
		return err
	}
	places, found, err := readable(a.server.State.Dir, dump, append(secrets, patientWords()...))
	for _, f := range found {
		a.wrong(time.Now(), "%s", f)
	}
	a.note("patients' words were looked for in %d files and a dump of the database", places)
	return err
}
