package dispatch

import (
	"errors"
	"strings"
	"testing"
	"time"

	"lamplight/notes"
	"lamplight/routing"
	"lamplight/routing/channel/pocket"
)

// theService calls Sam at once and Kim after two minutes, both by text, again four minutes after that; who takes it has ten.
const theService = `{"contacts":[
	{"id":"sam","person":"p-sam","name":"Sam Boss","language":"en","mobile":"+13125550190"},
	{"id":"kim","person":"p-kim","name":"Kim Jefa","language":"es","mobile":"+13125550191"}],
	"ladder":{"rungs":[{"after":"0s","who":"contact:sam","channels":["text"]},{"after":"2m","who":"contact:kim","channels":["text"]}],
	"again":"4m"},"holds":"10m"}`

const sam, kim = "+13125550190", "+13125550191"

var boss = routing.ActingPerson{ID: "p-sam", Name: "Sam Boss"}

func (h *fixture) serve(settings string) {
	h.t.Helper()
	if _, err := h.pool.Exec(h.t.Context(), `insert into service (id, version, document, changed_at) values ('service', 1, $1, now())
		on conflict (id) do update set document = excluded.document`, settings); err != nil {
		h.t.Fatal(err)
	}
}

// exhaust sends a note that nobody acknowledges, and waits until its ladder has ended.
func (h *fixture) exhaust(note, reference string) {
	h.t.Helper()
	before := len(h.pocket.Messages())
	h.send(newNote(note, reference), h.plan(oneText))
	h.wait(before + 1)
	h.advance(routing.DefaultWait)
	h.until("its ladder has ended", func() bool { return h.row("n1").State == routing.Exhausted })
}

// to waits until n texts have come to a number, and returns the last.
func (h *fixture) to(number string, n int) pocket.Arrival {
	h.t.Helper()
	var got []pocket.Arrival
	h.until("texts to "+number, func() bool {
		got = nil
		for _, a := range h.pocket.Messages() {
			if a.To == number {
				got = append(got, a)
			}
		}
		return len(got) >= n
	})
	if len(got) != n {
		h.t.Fatalf("%d texts to %s, not %d\n%s", len(got), number, n, h.story())
	}
	return got[n-1]
}

func (h *fixture) kinds(note string) string {
	h.t.Helper()
	var all string
	if err := h.pool.QueryRow(h.t.Context(), `select string_agg(kind || case when detail <> '' then '/' || detail else '' end, ' ' order by seq)
		from dispatch_step where note = $1 and kind like 'dispatch.%'`, note).Scan(&all); err != nil {
		h.t.Fatal(err)
	}
	return all
}

// When a ladder has ended the supervisors are called by the service's own, round after round, until one of them takes the note
// over; who took it has their time, and then they are called again. What they are sent holds nothing of the patient.
func TestSupervisorsAreCalledUntilOneTakesItOver(t *testing.T) {
	h := newFixture(t).run()
	h.serve(theService)
	h.exhaust("n1", "L-4821")
	first := h.to(sam, 1)
	if !strings.Contains(first.Body, "Nobody took") || !strings.Contains(first.Body, "L-4821") || first.Link == "" {
		t.Errorf("the text was %q", first.Body)
	}
	for _, secret := range []string{"Maria", "Muñoz", "0142", "dolor", "pecho"} {
		if strings.Contains(first.Title+first.Body+first.From+first.Link, secret) {
			t.Errorf("it holds %q", secret)
		}
	}
	h.until("what comes next is told", func() bool { return h.row("n1").Next.Name == "Kim Jefa" })
	h.advance(2 * time.Minute)
	if got := h.to(kim, 1); !strings.Contains(got.Body, "Nadie atendi") {
		t.Errorf("the text was %q", got.Body)
	}
	h.until("the next round is told", func() bool { return h.row("n1").Next.Kind == routing.NextService })
	h.advance(4 * time.Minute)
	h.to(sam, 2)
	h.until("it is told as delivered", func() bool { return h.row("n1").Last.Kind == notes.LineDelivered })
	if err := h.engine.TakeOver(t.Context(), boss, "n1"); err != nil {
		t.Fatal(err)
	}
	if err := h.engine.TakeOver(t.Context(), boss, "n1"); err != nil {
		t.Errorf("taken over again by the same: %v", err)
	}
	var has *routing.TakenOver
	if err := h.engine.TakeOver(t.Context(), routing.ActingPerson{ID: "p-kim", Name: "Kim Jefa"}, "n1"); !errors.As(err, &has) ||
		has.Name != boss.Name {
		t.Errorf("taken over by a second: %v", err)
	}
	if r := h.row("n1"); r.Taken.Name != boss.Name || r.Next.Kind != routing.NextService || r.Last.Kind != notes.LineTakenOver {
		t.Errorf("taken over: %+v", r)
	}
	h.advance(9 * time.Minute) // Kim's turn has passed: nobody is called while Sam has it
	h.to(kim, 1)
	if found, _, err := h.engine.Standing(t.Context()); err != nil || len(found) > 0 {
		t.Errorf("it stands still though Sam has it: %+v, %v", found, err)
	}
	h.advance(time.Minute)
	h.to(sam, 3)
	if r := h.row("n1"); r.Taken.Name != "" {
		t.Errorf("after Sam's time: %+v", r)
	}
	if _, err := h.engine.Ack(t.Context(), dr, "n1"); err != nil {
		t.Fatal(err)
	}
	h.advance(time.Hour)
	h.to(sam, 3)
	h.to(kim, 1)
	if got, want := h.kinds("n1"), "dispatch.begun dispatch.exhausted dispatch.summoned dispatch.summoned dispatch.taken-over "+
		"dispatch.summoned/held-too-long dispatch.acknowledged"; got != want {
		t.Errorf("the story is %s, not %s", got, want)
	}
	h.halt()
	h.verify()
}

// A service without a ladder says so, and calls as soon as it has one. A supervisor who cannot be reached is skipped, and one who
// passes it on has the next called at once.
func TestAServiceThatCannotCall(t *testing.T) {
	h := newFixture(t).run()
	h.exhaust("n1", "L-1")
	h.until("said once", func() bool { return strings.HasSuffix(h.kinds("n1"), "dispatch.summoned/no-service-ladder") })
	if _, why, err := h.engine.ServicePlan(t.Context()); err != nil || why != WhyNoService {
		t.Errorf("%q, %v", why, err)
	}
	h.advance(serviceAgain)
	h.until("it looked again", func() (looked bool) {
		err := h.pool.QueryRow(t.Context(), "select next_at > routing_now() from summons").Scan(&looked)
		return err == nil && looked
	})
	h.serve(strings.Replace(theService, sam, "home", 1))
	h.advance(serviceAgain)
	h.to(kim, 1) // at once: the pocket refuses Sam's number
	if got := h.kinds("n1"); strings.Count(got, "no-service-ladder") != 1 || !strings.Contains(got, "dispatch.skipped") {
		t.Errorf("the story is %s", got)
	}
	if err := h.engine.PassOn(t.Context(), routing.ActingPerson{ID: "p-kim", Name: "Kim Jefa"}, "n1"); err != nil {
		t.Fatal(err)
	}
	if err := h.engine.TakeOver(t.Context(), boss, "n2"); !errors.Is(err, routing.ErrNoDispatch) {
		t.Errorf("of a note that is none: %v", err)
	}
	h.send(newNote("n2", "L-2"), h.plan(oneText))
	if err := h.engine.TakeOver(t.Context(), boss, "n2"); !errors.Is(err, routing.ErrNotExhausted) {
		t.Errorf("of a note that climbs: %v", err)
	}
	h.halt()
	h.verify()
}

// An engine that dies between a round's rows and its messages loses none: another goes on where it stopped.
func TestARoundSurvivesItsEngine(t *testing.T) {
	h := newFixture(t)
	h.serve(theService)
	h.send(newNote("n1", "L-1"), h.plan(oneText))
	h.unfold("n1")
	h.clock.Advance(routing.DefaultWait)
	if err := h.engine.exhaustDue(t.Context()); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second finds nothing due
		if err := h.engine.summonDue(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	var n int
	if err := h.pool.QueryRow(t.Context(), "select count(*) from attempt where rung >= $1", serviceRung).Scan(&n); err != nil || n != 2 {
		t.Fatalf("%d attempts, %v", n, err)
	}
	other, err := New(h.cfg)
	if err != nil {
		t.Fatal(err)
	}
	h.engine = other
	h.run()
	h.to(sam, 1)
	h.halt()
	h.verify()
}

// Who writes to the database alone keeps no supervisor from being called: they are called anew, it is told, and the log's check
// tells it for good.
func TestForgedSummonsesHoldNoNoteBack(t *testing.T) {
	for name, sql := range map[string]string{
		"put off":            "update summons set next_at = next_at + interval '30 years'",
		"never":              "update summons set next_at = null",
		"in hand":            "update summons set taken_by = 'p-sam', taken_name = 'Sam', taken_at = now(), next_at = now() + interval '1 day'",
		"rounds that were":   "update summons set round = 0, next_at = routing_now()",
		"rounds beyond all":  "update summons set round = 2147483647, next_at = routing_now()",
		"without its MAC":    "update summons set mac = null",
		"taken away":         "delete from summons",
		"planted beforehand": "",
	} {
		t.Run(name, func(t *testing.T) {
			h := newFixture(t).run()
			h.serve(theService)
			if sql == "" { // in the way of the row that the ladder's end makes
				before := len(h.pocket.Messages())
				h.send(newNote("n1", "L-1"), h.plan(oneText))
				h.wait(before + 1)
				h.exec(`insert into summons (dispatch, round, next_at, told, taken_by, taken_name, taken_at)
					select id, 0, now() + interval '30 years', '', 'p-sam', 'Sam', now() from dispatch`)
				h.advance(routing.DefaultWait)
				h.to(sam, 1)
				h.halt()
				h.verify()
				return
			}
			h.exhaust("n1", "L-1")
			h.to(sam, 1)
			h.until("nothing is under way", func() bool { return h.states("n1")[routing.Sending] == 0 })
			h.exec(sql)
			h.to(sam, 2)
			if got := h.kinds("n1"); strings.Count(got, string(notes.LineForged)) != 1 {
				t.Errorf("the story is %s", got)
			}
			if r := h.row("n1"); r.Taken.Name != "" {
				t.Errorf("taken by %q", r.Taken.Name)
			}
			if len(h.log.Forged()) == 0 && name != "taken away" {
				t.Error("nothing is remembered as forged")
			}
			h.halt()
			if r := h.check(); len(r.Mended) == 0 || len(r.Findings) > 0 {
				t.Errorf("the log's check: mended %v, finds %v", r.Mended, r.Findings)
			}
		})
	}
}

// A summons that is held back while no engine runs is loud as soon as somebody looks.
func TestASummonsThatIsHeldBackIsLoud(t *testing.T) {
	h := newFixture(t)
	h.serve(theService)
	h.send(newNote("n1", "L-1"), h.plan(oneText))
	h.unfold("n1")
	h.clock.Advance(routing.DefaultWait)
	if err := h.engine.exhaustDue(t.Context()); err != nil {
		t.Fatal(err)
	}
	h.exec("update summons set next_at = null")
	found, _, err := h.engine.Standing(t.Context())
	if err != nil || len(found) != 1 || found[0].Kind != AlarmStranded {
		t.Errorf("%+v, %v", found, err)
	}
}
