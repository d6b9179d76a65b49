package dispatch

import (
	"context"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"lamplight/notes"
	"lamplight/notes/postgres"
	"lamplight/routing"
	"lamplight/routing/channel"
	"lamplight/routing/channel/pocket"
	"lamplight/routing/channel/twilio"
)

// texts has the pocket's phones write back to the service, and keeps what came where as a record would.
func (h *fixture) texts() *fixture {
	h.t.Helper()
	cfg := h.textConfig
	hook := httptest.NewUnstartedServer(nil)
	cfg.InboundURL = "http://" + hook.Listener.Addr().String() + "/hooks/text/in"
	text, err := twilio.New(cfg)
	if err != nil {
		h.t.Fatal(err)
	}
	hook.Config.Handler = text.Inbound(func(ctx context.Context, r channel.Reply) (string, error) {
		heard, err := h.engine.TextedBack(ctx, r)
		for _, p := range heard.Notes {
			err = postgres.InTx(ctx, h.pool, func(tx pgx.Tx) error {
				fresh, err := h.engine.TextKept(ctx, tx, heard, p)
				if fresh {
					h.kept = append(h.kept, string(p.Note)+" "+p.Name+": "+r.Body)
				}
				return err
			})
		}
		return heard.Answer, err
	})
	hook.Start()
	h.t.Cleanup(hook.Close)
	h.pocket.SetInbound(cfg.InboundURL)
	return h
}

const reyes, osei = "+13125550101", "+13125550102"

func (h *fixture) write(t pocket.TextBack) string {
	h.t.Helper()
	t.To = "+13125550999"
	answer, err := h.pocket.TextBack(h.t.Context(), t)
	if err != nil {
		h.t.Fatal(err)
	}
	return answer
}

// keeps tells what was kept since it was asked last.
func (h *fixture) keeps() string {
	out := strings.Join(h.kept, "; ")
	h.kept = nil
	return out
}

// A doctor who was paged for one note writes back. It is told at that note, nothing is acknowledged by any word, and the
// phone is told that the link still waits. The same text told twice counts once.
func TestATextBackIsMatchedAndAcknowledgesNothing(t *testing.T) {
	h := newFixture(t).texts().run()
	h.send(newNote("n1", "L-1"), h.plan(urgent))
	h.wait(3)
	for _, body := range []string{"1", "Ok, on my way", "C", "sí", "have Maria go to the ER"} {
		answer := h.write(pocket.TextBack{From: reyes, Body: body, Ref: "SM" + body[:1]})
		if got := h.keeps(); got != "n1 Dr Reyes: "+body {
			t.Errorf("%q: kept %q", body, got)
		}
		if answer != "" && !strings.Contains(answer, "L-1. It does not acknowledge") {
			t.Errorf("%q: answered %q", body, answer)
		}
	}
	if answer := h.write(pocket.TextBack{From: reyes, Body: "1", Ref: "SM1"}); h.keeps() != "" {
		t.Errorf("told twice: %q", answer)
	}
	if r := h.row("n1"); r.State != routing.Climbing || r.Last.Kind == notes.LineTextReplied || r.Next.Name != "Dr Reyes" {
		t.Errorf("%+v", r)
	}
	n := 0
	lines, err := h.engine.Story(t.Context(), "n1")
	for _, l := range lines {
		if l.Kind == notes.LineTextReplied && l.Actor == "Dr Reyes" {
			n++
		}
	}
	if err != nil || n != 5 {
		t.Errorf("%d lines, %v\n%s", n, err, h.story())
	}
	h.halt()
	h.verify()
}

// A phone that answers by itself is not answered for ever.
func TestAPhoneThatAnswersByItselfIsLeftAlone(t *testing.T) {
	h := newFixture(t).texts().run()
	h.send(newNote("n1", "L-1"), h.plan(oneText))
	h.wait(1)
	answers := 0
	for range 10 {
		if h.write(pocket.TextBack{From: reyes, Body: "I am driving"}) != "" {
			answers++
		}
	}
	if answers != answersAtMost {
		t.Errorf("answered %d times", answers)
	}
	h.clock.Advance(answersWithin + time.Second)
	if h.write(pocket.TextBack{From: reyes, Body: "now I am here"}) == "" {
		t.Error("never answered again")
	}
}

// Two notes are open to one phone. Words that might be about either patient come into neither note: the boards say that the
// doctor wrote, and the phone is asked. With the reference they are kept, and so is what holds nothing of a patient.
func TestWordsNeverComeIntoAnotherPatientsNote(t *testing.T) {
	h := newFixture(t).texts().run()
	for _, n := range []string{"1", "2"} {
		h.send(newNote("n"+n, "L-100"+n), h.plan(oneText))
	}
	h.wait(2)
	h.until("both left", func() bool { return h.states("n1")[routing.Delivered] == 1 && h.states("n2")[routing.Delivered] == 1 })
	answer := h.write(pocket.TextBack{From: reyes, Body: "have her go to the ER"})
	if got := h.keeps(); got != "" {
		t.Errorf("kept %q", got)
	}
	if !strings.HasPrefix(answer, "Not kept:") || !strings.Contains(answer, "L-1001") || !strings.Contains(answer, "L-1002") {
		t.Errorf("answered %q", answer)
	}
	for _, n := range []notes.NoteID{"n1", "n2"} {
		if r := h.row(n); r.Last.Kind != notes.LineTextUnclear || r.Last.Name != "Dr Reyes" {
			t.Errorf("%s: %+v", n, r.Last)
		}
	}
	h.write(pocket.TextBack{From: reyes, Body: "l-1001: have her go to the ER"})
	if got := h.keeps(); got != "n1 Dr Reyes: l-1001: have her go to the ER" {
		t.Errorf("kept %q", got)
	}
	h.write(pocket.TextBack{From: reyes, Body: "On my way"})
	if got := h.keeps(); !strings.Contains(got, "n1 Dr Reyes") || !strings.Contains(got, "n2 Dr Reyes") {
		t.Errorf("kept %q", got)
	}
	// One is acknowledged: a moment later words may still be about it; hours later they are about the other.
	if _, err := h.engine.Ack(t.Context(), dr, "n1"); err != nil {
		t.Fatal(err)
	}
	h.write(pocket.TextBack{From: reyes, Body: "she may take two"})
	if got := h.keeps(); got != "" {
		t.Errorf("kept %q", got)
	}
	h.halt()
	h.verify()
}

// A stranger who texts the number is told that nobody reads it, and nothing of it is kept, not even the number.
func TestAStrangersTextIsAnsweredAndNotKept(t *testing.T) {
	h := newFixture(t).texts()
	answer := h.write(pocket.TextBack{From: "+13125550142", Body: "my chest hurts"})
	if !strings.Contains(answer, "911") || !strings.Contains(answer, "llame") || h.keeps() != "" {
		t.Errorf("answered %q", answer)
	}
	var n int
	if err := h.pool.QueryRow(t.Context(), "select count(*) from text_reply where position('+13125550142'::bytea in sender) > 0 or note "+
		"<> ''").Scan(&n); err != nil || n != 0 {
		t.Errorf("%d, %v", n, err)
	}
	h.write(pocket.TextBack{From: "+13125550142", Body: "STOP"})
	if err := h.pool.QueryRow(t.Context(), "select count(*) from text_stop").Scan(&n); err != nil || n != 0 {
		t.Errorf("%d stops of whom nobody pages, %v", n, err)
	}
}

// STOP holds at once and everywhere: the rungs of a climb that has begun are skipped when they come, plans count the phone as
// no address and say why, a plan made a moment before begins nothing, and START undoes it. It is confirmed once.
func TestStopHoldsAtOnceAndStartUndoesIt(t *testing.T) {
	h := newFixture(t).texts().run()
	h.send(newNote("n1", "L-1"), h.plan(urgent))
	h.wait(3)
	before := h.plan(urgent)
	if answer := h.write(pocket.TextBack{From: reyes, Body: "Stop."}); !strings.Contains(answer, "START") {
		t.Errorf("answered %q", answer)
	}
	if answer := h.write(pocket.TextBack{From: reyes, Body: "ALTO"}); answer != "" {
		t.Errorf("confirmed again: %q", answer)
	}
	if r := h.row("n1"); r.Last.Kind != notes.LineTextsStopped || r.Last.Name != "Dr Reyes" {
		t.Errorf("the board says %+v", r.Last)
	}
	if err := h.begin(h.engine, newNote("n2", "L-2"), before); !PlanMoved(err) {
		t.Errorf("a plan from before it: %v", err)
	}
	p := h.plan(oneText)
	if len(p.Attempts) != 0 || len(p.Holes) != 1 || p.Holes[0].Why != routing.Stopped {
		t.Errorf("%+v", p)
	}
	if p, ok := h.engine.Reckon(account(oneText), "symptom", oneText.Name); !ok || len(p.Attempts) != 0 {
		t.Errorf("reckoned %+v, %v", p, ok)
	}
	texted := len(h.pocket.Messages())
	h.advance(3*time.Minute + time.Second)
	h.until("the backup is told in the stopped phone's place", func() bool {
		return h.states("n1")[routing.Failed] == 1 &&
			len(h.wait(texted+1)) > texted
	})
	if all := h.pocket.Messages(); all[texted].To != osei {
		t.Errorf("%+v", all[texted])
	}
	if answer := h.write(pocket.TextBack{From: reyes, Body: "start"}); answer != "" {
		t.Errorf("carriers confirm a start: %q", answer)
	}
	if p := h.plan(oneText); len(p.Attempts) != 1 {
		t.Errorf("%+v", p)
	}
	// The carrier's own words, in its own language, and "yes", by which some take texts up again.
	h.write(pocket.TextBack{From: reyes, Body: "no más", Opt: "STOP"})
	if p := h.plan(oneText); len(p.Attempts) != 0 {
		t.Errorf("%+v", p)
	}
	h.write(pocket.TextBack{From: reyes, Body: "YES"})
	if p := h.plan(oneText); len(p.Attempts) != 1 || h.keeps() != "" {
		t.Errorf("%+v", p)
	}
	h.halt()
	h.verify()
}
