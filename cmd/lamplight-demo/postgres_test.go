package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"

	"lamplight/console"
	"lamplight/notes"
	"lamplight/notes/access"
	"lamplight/routing"
	"lamplight/routing/channel/pocket"
	"lamplight/routing/routingtest"
	"lamplight/telephony"
	"lamplight/telephony/phone"
)

// killPostgres kills the private PostgreSQL and returns its process id.
func (d *demo) killPostgres(t *testing.T) (pid int) {
	t.Helper()
	pid = d.server.Cluster.Pid()
	if pid == 0 {
		t.Fatal("PostgreSQL does not run")
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	return pid
}

// postgresBack waits until another PostgreSQL than pid runs.
func (w *walker) postgresBack(t *testing.T, pid int) {
	t.Helper()
	eventually(t, "PostgreSQL is back", func() bool { now := w.d.server.Cluster.Pid(); return now != 0 && now != pid })
}

// awayPostgres kills PostgreSQL and keeps it from starting until the function returned is called, which waits until it is back.
func (w *walker) awayPostgres(t *testing.T) (back func()) {
	t.Helper()
	control := filepath.Join(w.d.server.State.Path("postgres"), "data", "global", "pg_control")
	if err := os.Rename(control, control+".away"); err != nil {
		t.Fatal(err)
	}
	pid := w.d.killPostgres(t)
	return func() {
		t.Helper()
		if err := os.Rename(control+".away", control); err != nil {
			t.Fatal(err)
		}
		w.postgresBack(t, pid)
	}
}

// talking has the agent Ready and a caller connected to them.
func (w *walker) talking(t *testing.T) (one *walk, caller, agent *phone.Call) {
	t.Helper()
	ctx := access.System(t.Context(), "test")
	if err := w.until(ctx, "hello", func(s deskState) bool { return s.hello }); err != nil {
		t.Fatal(err)
	}
	if err := console.AskReady.Do(ctx, w.desk, console.Nothing{}); err != nil {
		t.Fatal(err)
	}
	one = &walk{walker: w, s: w.d.script(0)}
	caller, agent, err := one.connect(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return one, caller, agent
}

// TestPostgresKilledDuringCalls kills PostgreSQL with one caller talking and one waiting, and keeps it away: they notice
// nothing, a new caller gets the fail-safe, and what happened meanwhile is written down when it is back.
func TestPostgresKilledDuringCalls(t *testing.T) {
	t.Parallel() // it mostly waits
	d := boot(t)
	w := d.walkers(t)
	ctx := access.System(t.Context(), "test")
	callerSays, agentSays, err := d.words("en")
	if err != nil {
		t.Fatal(err)
	}
	one, caller, agent := w.talking(t)
	call, draft := w.seen.pop.Call, one.draft()
	if err := console.AskSaveDraft.Do(ctx, w.desk, draft); err != nil {
		t.Fatal(err)
	}
	waiting, waits := w.waits(t)

	back := w.awayPostgres(t)
	went := time.Now()
	hears(t, caller, agent, callerSays)
	hears(t, agent, caller, agentSays)
	leaveVoicemail(t, w, "+13055550150", "+13055550164", "es")
	eventually(t, "no healthy server", func() bool { return !d.server.Engine.Healthy() })
	if _, err := console.AskSend.Of(ctx, w.desk, draft); !unanswered(err) {
		t.Errorf("a note sent while it is away: %v", err)
	}
	if err := caller.Hangup(ctx); err != nil {
		t.Fatal(err)
	}
	<-agent.Done()
	back()
	returned := time.Now()
	t.Logf("away for %v", returned.Sub(went))

	eventually(t, "a healthy server", d.server.Engine.Healthy)
	w.recorded(t, call, telephony.Completed)
	c, err := d.server.Record.Call(ctx, call)
	if err != nil || c.EndedAt.Before(went) || c.EndedAt.After(returned) {
		t.Errorf("the call ended at %v (%v), while PostgreSQL was away from %v to %v", c.EndedAt, err, went, returned)
	}
	sent, err := console.AskSend.Of(ctx, w.desk, draft)
	if err != nil {
		t.Fatal(err)
	}
	if err := console.AskWrapUpDone.Do(ctx, w.desk, console.Nothing{}); err != nil {
		t.Fatal(err)
	}
	w.takeWaiting(t, waiting, waits)
	one.isRead(t, sent)
	if err := w.until(ctx, "the voicemail on the board", func(s deskState) bool {
		return slices.ContainsFunc(s.board.Rows, func(r console.BoardRow) bool { return r.Kind == notes.VoicemailType })
	}); err != nil {
		t.Fatal(err)
	}
	w.verified(t)
}

// isRead waits until the provider has been told of a note, has read it and taken it on.
func (w *walk) isRead(t *testing.T, sent console.Sent) {
	t.Helper()
	text, err := w.deliveries(t.Context(), sent.Reference)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.provider(t.Context(), text, sent.Note); err != nil {
		t.Fatal(err)
	}
}

// unanswered tells that the desk goes on asking, and says that the server does not answer: a note is not refused by this.
func unanswered(err error) bool {
	var refused *console.Error
	return errors.As(err, &refused) && refused.Kind == console.Unavailable && refused.Code == "desk.error.unreachable"
}

// waits has a caller wait in the queue until that is written down.
func (w *walker) waits(t *testing.T) (*phone.Call, telephony.CallID) {
	t.Helper()
	ctx := access.System(t.Context(), "test")
	s := w.d.script(1)
	c, err := w.network.Dial(ctx, phone.Outgoing{Number: s.DID, From: s.ANI, Name: s.Name})
	if err != nil {
		t.Fatal(err)
	}
	var id telephony.CallID
	eventually(t, "a caller who waits, written down", func() bool {
		for _, one := range w.d.server.Engine.Calls() {
			if one.State == telephony.Waiting {
				id = one.ID
			}
		}
		if id == "" {
			return false
		}
		written, err := w.d.server.Record.Call(ctx, id)
		return err == nil && written.State == telephony.Waiting
	})
	return c, id
}

// takeWaiting has the agent, who is Ready, answer the caller who has waited all the time.
func (w *walker) takeWaiting(t *testing.T, caller *phone.Call, id telephony.CallID) {
	t.Helper()
	select {
	case <-caller.Done():
		t.Fatal("the caller who waited was let go")
	case in := <-w.phone.Incoming():
		agent, err := in.Answer(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		said, _, err := w.d.words(telephony.Spanish)
		if err != nil {
			t.Fatal(err)
		}
		eventually(t, "they talk", func() bool {
			return slices.ContainsFunc(w.d.server.Engine.Calls(), func(c telephony.Call) bool {
				return c.ID == id &&
					c.State == telephony.Talking
			})
		})
		hears(t, caller, agent, said)
		if err := caller.Hangup(t.Context()); err != nil {
			t.Fatal(err)
		}
		<-agent.Done()
		w.recorded(t, id, telephony.Completed)
	case <-time.After(markLimit):
		t.Fatal("the caller who waited was not offered")
	}
}

// recorded waits until the record has a call's end.
func (w *walker) recorded(t *testing.T, id telephony.CallID, want telephony.Outcome) {
	t.Helper()
	ctx := access.System(t.Context(), "test")
	eventually(t, "the call's end in the record", func() bool {
		c, err := w.d.server.Record.Call(ctx, id)
		return err == nil && c.State == telephony.Ended && c.Outcome == want
	})
}

func (w *walker) verified(t *testing.T) {
	t.Helper()
	report, err := w.d.server.Verify(t.Context())
	if err != nil || !report.Good() || len(report.Unchecked) > 0 {
		t.Errorf("audit: %+v, %v", report, err)
	}
}

// TestPostgresKilledWhileNotesAreSent kills PostgreSQL again and again under notes being sent: each is confirmed, or not
// answered and then there once when it is sent again, and every provider is told.
func TestPostgresKilledWhileNotesAreSent(t *testing.T) {
	d := boot(t)
	w := d.walkers(t)
	ctx := access.System(t.Context(), "test")
	one, _, _ := w.talking(t)
	confirmed, unsaid := map[string]console.Sent{}, 0
	for kills := 0; kills < 4; kills++ {
		stop, ended := make(chan struct{}), make(chan error)
		go func() { ended <- w.sendUntil(ctx, stop, one.draft(), confirmed, &unsaid) }()
		// The next kill comes in the midst of sending: a little later each time.
		<-time.After(time.Duration(100+7*kills) * time.Millisecond)
		w.postgresBack(t, d.killPostgres(t))
		close(stop)
		if err := <-ended; err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d notes confirmed over 4 kills, %d times not answered first", len(confirmed), unsaid)
	if unsaid == 0 {
		t.Error("no note was being sent when it was killed")
	}
	var taken int
	if err := d.server.Pool.QueryRow(ctx, "select count(*) from note where call = $1", w.seen.pop.Call).Scan(&taken); err != nil ||
		taken != len(confirmed) {
		t.Errorf("%d notes are there (%v), %d confirmed", taken, err, len(confirmed))
	}
	// One that was on its way out at a kill waits for its lease to end.
	patient, cancel := context.WithTimeout(ctx, 3*markLimit)
	defer cancel()
	told := map[string]bool{} // links: one that goes again leads where it led
	if _, err := d.pocket.Wait(patient, func(all []pocket.Arrival) bool {
		clear(told)
		for _, a := range all {
			if a.Kind == pocket.ArrivedText && a.To != patientPhone.Number { // who is reminded of a visit, at some hours
				told[a.Link] = true
			}
		}
		return len(told) == len(confirmed)
	}); err != nil {
		t.Errorf("%d texts for %d notes: %v", len(told), len(confirmed), err)
	}
	w.verified(t)
}

// sendUntil sends one note after the other until stop, each as often as it takes.
func (w *walker) sendUntil(ctx context.Context, stop <-chan struct{}, d console.Draft, confirmed map[string]console.Sent,
	unsaid *int) error {
	for {
		select {
		case <-stop:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		default:
		}
		d.ID = uuid.NewString()
		for end := time.Now().Add(markLimit); ; time.Sleep(5 * time.Millisecond) { // between two tries
			sent, err := console.AskSend.Of(ctx, w.desk, d)
			if err == nil {
				confirmed[d.ID] = sent
				break
			}
			*unsaid++
			if !unanswered(err) || time.Now().After(end) {
				return fmt.Errorf("a note being sent: %w", err)
			}
		}
	}
}

// TestPostgresKilledBetweenTwoRungs kills PostgreSQL between the first rung and the second, and keeps it away over the time
// of the third: the escalation goes on at its time, and what came due meanwhile leaves when it is back.
func TestPostgresKilledBetweenTwoRungs(t *testing.T) {
	t.Parallel() // it mostly waits
	d := boot(t)
	w := d.walkers(t)
	ctx := access.System(t.Context(), "test")
	clock := routingtest.NewClock(t, d.server.Pool)
	one, _, _ := w.talking(t)
	sent, err := one.note(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := one.deliveries(ctx, sent.Reference); err != nil {
		t.Fatal(err)
	}
	rungs := w.rungs(t, sent.Note)
	if len(rungs) != 3 {
		t.Fatalf("%d rungs, want 3", len(rungs))
	}

	const soon = 8 * time.Second
	due := clock.Now().Add(soon) // by the database's clock, which is this machine's
	clock.Advance(rungs[1].Sub(due))
	began := time.Now()
	w.postgresBack(t, d.killPostgres(t))
	if took := time.Since(began); took > soon/2 {
		t.Fatalf("it was away for %v: too long to see anything", took)
	}
	second := w.arrives(t, sent.Reference, 2)
	if late := second.Sub(began); late < soon-time.Second || late > soon+2*time.Second {
		t.Errorf("the second rung began %v after the kill, want about %v", late, soon)
	}

	clock.Advance(rungs[2].Sub(clock.Now()) - soon/2)
	back := w.awayPostgres(t)
	<-time.After(soon)
	if n := len(w.texts(sent.Reference)); n != 2 {
		t.Errorf("%d texts while it was away, want 2", n)
	}
	back()
	returned := time.Now()
	t.Logf("the second rung began %v after the kill; the third left %v after PostgreSQL was back", second.Sub(began),
		w.arrives(t, sent.Reference, 3).Sub(returned))
	text := w.texts(sent.Reference)[2]
	if err := one.provider(ctx, text, sent.Note); err != nil {
		t.Fatal(err)
	}
	clock.Restore()
	w.verified(t)
}

// rungs tells when each rung of a note's escalation is due.
func (w *walker) rungs(t *testing.T, note notes.NoteID) []time.Time {
	t.Helper()
	all, err := w.d.server.Routing.Attempts(access.System(t.Context(), "test"), note)
	if err != nil {
		t.Fatal(err)
	}
	attempts := all[note]
	var out []time.Time
	slices.SortFunc(attempts, func(a, b routing.Attempt) int { return a.DueAt.Compare(b.DueAt) })
	for _, a := range attempts {
		if a.Rung == len(out) {
			out = append(out, a.DueAt)
		}
	}
	return out
}

// texts are those about one note, in order.
func (w *walker) texts(ref string) (out []pocket.Arrival) {
	for _, a := range w.d.pocket.Messages() {
		if a.Kind == "text" && strings.Contains(a.Body, ref) {
			out = append(out, a)
		}
	}
	return out
}

// arrives waits for the nth text about a note and tells when it came.
func (w *walker) arrives(t *testing.T, ref string, n int) time.Time {
	t.Helper()
	eventually(t, fmt.Sprintf("text %d", n), func() bool { return len(w.texts(ref)) >= n })
	return w.texts(ref)[n-1].At
}
