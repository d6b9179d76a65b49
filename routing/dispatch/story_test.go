package dispatch

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"lamplight/notes"
	"lamplight/routing"
	"lamplight/routing/channel"
)

// TestAStoryTellsTheCauseFirst has what came of a message heard of before the carrier's answer to its sending, in every way:
// the story says once that it was sent, and before that.
func TestAStoryTellsTheCauseFirst(t *testing.T) {
	reports := func(s channel.DeliveryStatus, ref string) func(*fixture, string) error {
		return func(h *fixture, key string) error {
			return h.engine.Report(h.t.Context(), channel.DeliveryReport{Key: key, Ref: ref, Status: s})
		}
	}
	opens := func(h *fixture, key string) error { return h.engine.MarkOpened(h.t.Context(), routing.AttemptID(key)) }
	answers := func(s channel.DeliveryStatus) func() (channel.Receipt, error) {
		return func() (channel.Receipt, error) { return channel.Receipt{Ref: "SM1", Status: s}, nil }
	}
	lost := func() (channel.Receipt, error) {
		return channel.Receipt{}, &channel.SendError{Kind: channel.Unknown, Err: errors.New("it broke")}
	}
	delivered, undelivered, opened := []notes.LineKind{notes.LineBegun, notes.LineSent, notes.LineDelivered},
		[]notes.LineKind{notes.LineBegun, notes.LineSent, notes.LineUndelivered, notes.LineSkipped},
		[]notes.LineKind{notes.LineBegun, notes.LineSent, notes.LineLinkOpened}
	for name, c := range map[string]struct {
		before func(*fixture, string) error // while it is being sent
		answer func() (channel.Receipt, error)
		after  func(*fixture, string) error
		want   []notes.LineKind
		ref    string
	}{
		"delivered, then taken":             {reports(channel.Delivered, "SM1"), answers(channel.Accepted), nil, delivered, "SM1"},
		"delivered without a name":          {reports(channel.Delivered, ""), answers(channel.Accepted), nil, delivered, "SM1"},
		"delivered, and so says the answer": {reports(channel.Delivered, "SM1"), answers(channel.Delivered), nil, delivered, "SM1"},
		"delivered, and the answer is lost": {reports(channel.Delivered, "SM1"), lost, nil, delivered, "SM1"},
		"undelivered, then taken":           {reports(channel.Undelivered, "SM1"), answers(channel.Accepted), nil, undelivered, "SM1"},
		"opened, then taken":                {opens, answers(channel.Accepted), nil, opened, "SM1"},
		"opened, and the answer is lost":    {opens, lost, nil, opened, ""},
		"taken, then delivered":             {nil, answers(channel.Accepted), reports(channel.Delivered, "SM1"), delivered, "SM1"},
		"taken as delivered":                {nil, answers(channel.Delivered), reports(channel.Delivered, "SM1"), delivered, "SM1"},
		"taken, then opened":                {nil, answers(channel.Accepted), opens, opened, "SM1"},
	} {
		t.Run(name, func(t *testing.T) {
			h := newFixture(t)
			key := make(chan string, 1)
			h.with(routing.Text, &carrier{lookup: nobodyKnows, send: func(_ context.Context, m channel.Message) (channel.Receipt, error) {
				if c.before != nil {
					if err := c.before(h, m.Key); err != nil {
						t.Error(err)
					}
				}
				key <- m.Key
				return c.answer()
			}}).run()
			h.send(newNote("n1", "L-1"), h.plan(oneText))
			id := <-key
			h.halt() // the answer is written down
			if c.after != nil {
				if err := c.after(h, id); err != nil {
					t.Fatal(err)
				}
			}
			h.expectStory("n1", c.want)
			if last := h.row("n1").Last.Kind; last != c.want[len(c.want)-1] {
				t.Errorf("the board says last %q", last)
			}
			var ref string
			if err := h.pool.QueryRow(t.Context(), "select coalesce(ref, '') from attempt where id = $1 and sent_at is not null",
				id).Scan(&ref); err != nil || ref != c.ref {
				t.Errorf("the carrier calls it %q (%v), want %q", ref, err, c.ref)
			}
			h.verify()
		})
	}
}

// expectStory checks the lines of a note's story and that none is older than the one before.
func (h *fixture) expectStory(id notes.NoteID, want []notes.LineKind) {
	h.t.Helper()
	lines, err := h.engine.Story(h.t.Context(), id)
	if err != nil {
		h.t.Fatal(err)
	}
	var kinds []notes.LineKind
	for _, l := range lines {
		kinds = append(kinds, l.Kind)
	}
	if !slices.Equal(kinds, want) {
		h.t.Errorf("the story is %v, want %v", kinds, want)
	}
	if !slices.IsSortedFunc(lines, func(a, b notes.StoryLine) int { return a.At.Compare(b.At) }) {
		h.t.Errorf("a line is older than the one before: %v", lines)
	}
}

// When a message arrived is the carrier's to say: it may be long after it was sent.
func TestWhenAMessageArrivedIsTheReports(t *testing.T) {
	h, key := newFixture(t), make(chan string, 1)
	h.with(routing.Text, &carrier{lookup: nobodyKnows, send: func(_ context.Context, m channel.Message) (channel.Receipt, error) {
		key <- m.Key
		return channel.Receipt{Ref: "SM1", Status: channel.Accepted}, nil
	}}).run()
	h.send(newNote("n1", "L-1"), h.plan(oneText))
	id := <-key
	h.until("the carrier took it", func() bool { return h.states("n1")[routing.Accepted] == 1 })
	if a := h.attempts("n1")[0]; !a.Arrived.IsZero() {
		t.Errorf("arrived %s before anybody said so", a.Arrived)
	}
	h.advance(70 * time.Second)
	if err := h.engine.Report(t.Context(), channel.DeliveryReport{Key: id, Ref: "SM1", Status: channel.Delivered}); err != nil {
		t.Fatal(err)
	}
	if a := h.attempts("n1")[0]; a.Arrived.Sub(a.SentAt) < 70*time.Second {
		t.Errorf("sent %s, arrived %s", a.SentAt, a.Arrived)
	}
}
