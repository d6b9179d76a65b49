package dispatch

import (
	"strings"
	"testing"
	"time"

	"lamplight/notes"
	"lamplight/routing"
	"lamplight/routing/channel"
	"lamplight/routing/channel/pocket"
)

func TestWholeLadderWhenNobodyAcknowledges(t *testing.T) {
	h := newFixture(t).run()
	h.send(newNote("n1", "L-4821"), h.plan(urgent))
	first := h.wait(3)
	kinds := map[string]int{}
	for _, a := range first {
		kinds[a.Kind]++
		if !strings.HasPrefix(a.Link, "https://page.example/m#") {
			t.Errorf("%s has the link %q", a.Kind, a.Link)
		}
		for _, secret := range []string{"Maria", "Muñoz", "0142", "dolor", "pecho"} {
			if strings.Contains(a.Title+a.Body+a.From+a.Link, secret) {
				t.Errorf("%s holds %q", a.Kind, secret)
			}
		}
	}
	if kinds["text"] != 1 || kinds["email"] != 1 || kinds["push"] != 1 {
		t.Fatalf("the first rung sent %v", kinds)
	}
	if r := h.row("n1"); r.State != routing.Climbing || r.Late != routing.OnTime || r.Next.Kind != "text" || r.Next.Name != "Dr Reyes" {
		t.Errorf("after the first rung: %+v", r)
	}
	h.advance(3 * time.Minute)
	if all := h.wait(4); all[3].To != "+13125550101" {
		t.Errorf("the second rung went to %s", all[3].To)
	}
	if r := h.row("n1"); r.Late != routing.Late {
		t.Errorf("after the second rung: %+v", r)
	}
	h.advance(3 * time.Minute)
	if all := h.wait(5); all[4].To != "+13125550102" || !strings.Contains(all[4].Body, "mensaje URGENTE L-4821") {
		t.Errorf("the third rung: %+v", all[4])
	}
	h.until("the last text is told as delivered", func() bool { return h.states("n1")[routing.Delivered] == 3 })
	if r := h.row("n1"); r.Next.Kind != routing.NextBoard || r.Last.Kind != notes.LineDelivered || r.Last.Name != "Dr Osei" {
		t.Errorf("after the third rung: %+v", r)
	}
	h.advance(3 * time.Minute)
	h.until("on the board", func() bool { return h.row("n1").Last.Detail == WhyNoService })
	if r := h.row("n1"); r.Late != routing.Unreachable || !r.Next.At.IsZero() {
		t.Errorf("on the board: %+v", r)
	}
	c, err := h.engine.Counts(t.Context())
	if texts := (AttemptKind{routing.Text, routing.Delivered}); err != nil || c.Open[routing.Exhausted] != 1 ||
		c.Open[routing.Climbing] != 0 || c.Attempts[texts] != 3 {
		t.Errorf("counted %+v, %v", c, err)
	}
	h.advance(time.Hour) // it stays, and the auditor is loud about it
	for a := range h.alarms {
		if a.Note != "n1" {
			t.Errorf("alarm %+v", a)
		}
		if a.Kind == AlarmIgnored {
			break
		}
	}
	if r, err := h.engine.Ack(t.Context(), dr, "n1"); err != nil || !r.First {
		t.Errorf("ack %+v, %v", r, err)
	}
	if r := h.row("n1"); r.State != routing.Acked || r.Late != routing.OnTime || !r.Next.At.IsZero() {
		t.Errorf("after the ack: %+v", r)
	}
	if rows, err := h.engine.Views(t.Context(), "n1", "none"); err != nil || len(rows) != 1 {
		t.Errorf("rows %+v, %v", rows, err)
	}
	h.halt()
	h.verify()
}

func TestAckCancelsWhatWaitsAndOnlyItsOwnNote(t *testing.T) {
	h := newFixture(t).run()
	h.send(newNote("n1", "L-1"), h.plan(urgent))
	h.send(newNote("n2", "L-2"), h.plan(urgent))
	h.wait(6)
	r, err := h.engine.Ack(t.Context(), dr, "n1")
	if err != nil || !r.First || r.By != dr.ID {
		t.Fatalf("%+v, %v", r, err)
	}
	again, err := h.engine.Ack(t.Context(), routing.ActingPerson{ID: "p-osei", Name: "Dr Osei"}, "n1")
	if err != nil || again.First || again.By != dr.ID || !again.At.Equal(r.At) {
		t.Fatalf("the second: %+v, %v", again, err)
	}
	if _, err := h.engine.Ack(t.Context(), dr, "n3"); err == nil {
		t.Fatal("a note that was never sent was acknowledged")
	}
	if s := h.states("n1"); s[routing.Withdrawn] != 2 || s[routing.Due] != 0 {
		t.Errorf("n1: %v", s)
	}
	if s := h.states("n2"); s[routing.Due] != 2 || h.row("n2").State != routing.Climbing {
		t.Errorf("n2: %v", s)
	}
	h.advance(3 * time.Minute)
	if all := h.wait(7); !strings.Contains(all[6].Body, "L-2") {
		t.Errorf("the next rung told %q", all[6].Body)
	}
	h.halt()
	h.verify()
}

func TestEmptyRungsAndDeadRungsDoNotWait(t *testing.T) {
	h := newFixture(t)
	h.pocket.SetFaults(func(a pocket.Arrival) pocket.Fault {
		if a.To == "+13125550101" {
			return pocket.Refuse
		}
		return pocket.None
	})
	h.run()
	l := routing.Ladder{Name: "l", Rungs: []routing.Rung{
		{After: 0, Who: "nurse", Channels: []routing.ChannelKind{routing.Text}},                        // nobody
		{After: 5 * time.Minute, Who: "contact:nobody", Channels: []routing.ChannelKind{routing.Text}}, // no address
		{After: 10 * time.Minute, Who: "primary", Channels: []routing.ChannelKind{routing.Text}},       // refused by the carrier
		{After: 15 * time.Minute, Who: "backup", Channels: []routing.ChannelKind{routing.Text}},
	}}
	p := h.plan(l)
	if len(p.Holes) != 2 || p.Holes[0].Why != routing.NobodyOnCall || p.Holes[1].Why != routing.NoAddress {
		t.Errorf("holes %+v", p.Holes)
	}
	h.send(newNote("n1", "L-1"), p)
	all := h.wait(2)
	if all[0].Status != "refused" || all[1].To != "+13125550102" {
		t.Errorf("arrived %+v", all)
	}
	h.halt()
	h.verify()
}

func TestANoteThatReachesNobodyIsOnTheBoardAtOnce(t *testing.T) {
	h := newFixture(t).run()
	p := h.plan(routing.Ladder{Name: "l", Rungs: []routing.Rung{{Who: "nurse", Channels: []routing.ChannelKind{routing.Text}}}})
	h.send(newNote("n1", "L-1"), p)
	h.until("on the board", func() bool { return h.row("n1").State == routing.Exhausted })
	h.halt()
	h.verify()
}

func TestPassOnPushCancelReassign(t *testing.T) {
	h := newFixture(t).run()
	h.send(newNote("n1", "L-1"), h.plan(urgent))
	h.wait(3)
	if err := h.engine.PassOn(t.Context(), dr, "n1"); err != nil {
		t.Fatal(err)
	}
	if all := h.wait(4); all[3].To != "+13125550102" {
		t.Errorf("passed on to %s", all[3].To)
	}
	boss := routing.ActingPerson{ID: "p-boss", Name: "Sam Boss"}
	if err := h.engine.Push(t.Context(), boss, "n1"); err != nil {
		t.Fatal(err)
	}
	h.until("on the board", func() bool { return h.row("n1").State == routing.Exhausted })
	second, err := h.engine.Reassign(t.Context(), boss, "n1", h.plan(routing.Ladder{Name: "to",
		Rungs: []routing.Rung{{Who: "backup", Channels: []routing.ChannelKind{routing.Text}}}}))
	if err != nil || second == "" {
		t.Fatal(err)
	}
	h.wait(5)
	if r := h.row("n1"); r.State != routing.Climbing {
		t.Errorf("reassigned: %+v", r)
	}
	if err := h.engine.Cancel(t.Context(), boss, "n1", "Maria called back"); err == nil {
		t.Error("a reason in words was taken")
	}
	if err := h.engine.Cancel(t.Context(), boss, "n1", "called-back"); err != nil {
		t.Fatal(err)
	}
	if r := h.row("n1"); r.State != routing.Cancelled || r.Last.Kind != notes.LineCancelled || r.Last.Name != "Sam Boss" ||
		r.Last.Detail != "called-back" {
		t.Errorf("cancelled: %+v", r)
	}
	h.until("all reports are in", func() bool { return h.states("n1")[routing.Delivered] == 3 })
	h.halt()
	h.verify()
	story, err := h.engine.Story(t.Context(), "n1")
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range story {
		if l.Leaf < 0 {
			t.Errorf("%s has no leaf", l.Kind)
		}
	}
}

func TestRetriesWithinTheRung(t *testing.T) {
	h := newFixture(t)
	h.pocket.SetFaults(func(a pocket.Arrival) pocket.Fault {
		if a.Seq == 1 {
			return pocket.Busy
		}
		return pocket.None
	})
	h.run()
	h.send(newNote("n1", "L-1"), h.plan(routing.Ladder{Name: "l", Rungs: []routing.Rung{{Who: "primary",
		Channels: []routing.ChannelKind{routing.Text}}}}))
	h.wait(1)
	h.until("failed and to be tried again", func() bool { s := h.states("n1"); return s[routing.Failed] == 1 && s[routing.Due] == 1 })
	h.advance(3 * time.Second)
	h.wait(2)
	h.until("delivered", func() bool { return h.states("n1")[routing.Delivered] == 1 })
	h.halt()
	h.verify()
}

// The carrier took a text and the answer was lost: it is found by its link and not sent again. A mail cannot be found, so
// it goes out again under the same Message-ID.
func TestAfterALostAnswerTheCarrierIsAskedFirst(t *testing.T) {
	for _, kind := range []routing.ChannelKind{routing.Text, routing.Email} {
		t.Run(string(kind), func(t *testing.T) {
			h := newFixture(t)
			h.cfg.Lease = realLease // the fault holds the answer back until sending gives up
			var err error
			if h.engine, err = New(h.cfg); err != nil {
				t.Fatal(err)
			}
			h.pocket.SetFaults(func(a pocket.Arrival) pocket.Fault {
				if a.Seq == 1 {
					return pocket.TakeAndHang
				}
				return pocket.None
			})
			h.run()
			h.send(newNote("n1", "L-1"), h.plan(routing.Ladder{Name: "l",
				Rungs: []routing.Rung{{Who: "primary", Channels: []routing.ChannelKind{kind}}}}))
			h.wait(1)
			claimed := h.wakes("n1")
			h.until("in doubt", func() bool { return !h.wakes("n1").Equal(claimed) })
			h.advance(backoff(1))
			h.until("known to have left", func() bool { s := h.states("n1"); return s[routing.Accepted]+s[routing.Delivered] == 1 })
			all := h.pocket.Messages()
			if kind == routing.Text && len(all) != 1 {
				t.Errorf("the text was sent %d times", len(all))
			}
			if kind == routing.Email && (len(all) != 2 || !all[1].Repeat || h.engine.Stats().Repeats != 1) {
				t.Errorf("the mail: %+v, %+v", all, h.engine.Stats())
			}
			h.halt()
			h.verify()
		})
	}
}

func TestReportsOnlyMoveForward(t *testing.T) {
	for name, fault := range map[string]pocket.Fault{"twice": pocket.TwiceReports, "out of order": pocket.ShuffleReports} {
		t.Run(name, func(t *testing.T) {
			h := newFixture(t)
			h.pocket.SetFaults(func(pocket.Arrival) pocket.Fault { return fault })
			h.run()
			h.send(newNote("n1", "L-1"), h.plan(routing.Ladder{Name: "l",
				Rungs: []routing.Rung{{Who: "primary", Channels: []routing.ChannelKind{routing.Text}}}}))
			h.until("delivered", func() bool { return h.states("n1")[routing.Delivered] == 1 })
			id := h.attempts("n1")[0].ID
			for _, s := range []channel.DeliveryStatus{channel.Accepted, channel.Undelivered, channel.Failed, channel.Delivered} {
				if err := h.engine.Report(t.Context(), channel.DeliveryReport{Key: string(id), Status: s}); err != nil {
					t.Fatal(err)
				}
			}
			if s := h.states("n1"); s[routing.Delivered] != 1 {
				t.Errorf("after late reports: %v", s)
			}
			if err := h.engine.MarkOpened(t.Context(), id); err != nil {
				t.Fatal(err)
			}
			if err := h.engine.Report(t.Context(), channel.DeliveryReport{Key: string(id), Status: channel.Delivered}); err != nil {
				t.Fatal(err)
			}
			if s := h.states("n1"); s[routing.Opened] != 1 {
				t.Errorf("after it was opened: %v", s)
			}
			if err := h.engine.Report(t.Context(), channel.DeliveryReport{Key: "no-such", Status: channel.Delivered}); err != nil {
				t.Error(err)
			}
			h.halt()
			h.verify()
		})
	}
}

func TestUndeliveredIsNotSentAndMovesOn(t *testing.T) {
	h := newFixture(t)
	h.pocket.SetFaults(func(a pocket.Arrival) pocket.Fault {
		if a.To == "+13125550101" {
			return pocket.Undeliver
		}
		return pocket.None
	})
	h.run()
	l := urgent
	l.Rungs = []routing.Rung{{Who: "primary", Channels: []routing.ChannelKind{routing.Text}},
		{After: 3 * time.Minute, Who: "backup", Channels: []routing.ChannelKind{routing.Text}}}
	h.send(newNote("n1", "L-1"), h.plan(l))
	if all := h.wait(2); all[1].To != "+13125550102" {
		t.Errorf("then %+v", all[1])
	}
	if a := h.attempts("n1"); a[0].State != routing.Undelivered || a[0].Why != "carrier-30003" {
		t.Errorf("%+v", a[0])
	}
	h.halt()
	h.verify()
}

func TestLinks(t *testing.T) {
	h := newFixture(t).run()
	h.send(newNote("n1", "L-1"), h.plan(urgent))
	text := h.wait(3)
	for _, a := range text {
		token := a.Link[strings.Index(a.Link, "#")+1:]
		l, err := h.engine.Locate(t.Context(), token)
		if err != nil || l.Note != "n1" || l.Person != "p-reyes" || l.Account != "lakeside" {
			t.Errorf("%s: %+v, %v", a.Kind, l, err)
		}
		if _, err := h.engine.Locate(t.Context(), token[:len(token)-1]+"x"); err != routing.ErrBadLink {
			t.Errorf("a wrong token: %v", err)
		}
		var stored bool
		if err := h.pool.QueryRow(t.Context(), "select exists (select from attempt where encode(link, 'escape') = $1 or ref = $1)",
			token).Scan(&stored); err != nil || stored {
			t.Errorf("the token stands in the database: %v %v", stored, err)
		}
	}
	for _, token := range []string{"", "x", strings.Repeat("x", 4096)} {
		if _, err := h.engine.Locate(t.Context(), token); err != routing.ErrBadLink {
			t.Errorf("%q: %v", token, err)
		}
	}
	if s := h.states("n1"); s[routing.Opened] != 0 {
		t.Error("locating opened it")
	}
}
