package dispatch

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"lamplight/routing"
	"lamplight/routing/channel"
)

// carrier is a channel whose answers a test chooses.
type carrier struct {
	send, lookup func(context.Context, channel.Message) (channel.Receipt, error)

	mu   sync.Mutex // guards sent and asked
	sent []channel.Message
	// asked counts the lookups.
	asked int
}

func (c *carrier) Send(ctx context.Context, m channel.Message) (channel.Receipt, error) {
	c.mu.Lock()
	c.sent = append(c.sent, m)
	c.mu.Unlock()
	return c.send(ctx, m)
}

func (c *carrier) Lookup(ctx context.Context, m channel.Message) (channel.Receipt, error) {
	c.mu.Lock()
	c.asked++
	c.mu.Unlock()
	return c.lookup(ctx, m)
}

func (c *carrier) count() (sent, asked int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.sent), c.asked
}

func nobodyKnows(context.Context, channel.Message) (channel.Receipt, error) {
	return channel.Receipt{}, &channel.SendError{Kind: channel.Unknown}
}

func notNow(context.Context, channel.Message) (channel.Receipt, error) {
	return channel.Receipt{}, &channel.SendError{Kind: channel.Later}
}

func takes(_ context.Context, m channel.Message) (channel.Receipt, error) {
	return channel.Receipt{Ref: "r" + m.Key, Status: channel.Accepted}, nil
}

// with gives the service an engine whose texts go by c.
func (h *fixture) with(kind routing.ChannelKind, c channel.Channel) *fixture {
	h.t.Helper()
	h.cfg.Channels[kind] = c
	var err error
	if h.engine, err = New(h.cfg); err != nil {
		h.t.Fatal(err)
	}
	return h
}

// resting tells whether nothing is due within a lease, nor to be unfolded.
func (h *fixture) resting() bool {
	h.t.Helper()
	var n int
	if err := h.pool.QueryRow(h.t.Context(), `select (select count(*) from attempt where wake_at <= routing_now() + $1)
		+ (select count(*) from dispatch where not unfolded)`, h.engine.cfg.Lease).Scan(&n); err != nil {
		h.t.Fatal(err)
	}
	return n == 0
}

// A text left and nobody knows whether it arrived, and the carrier cannot say: it is sent again, for a repeat beats a loss,
// and after a few times it counts as failed, so that the next rung begins. Neither asking nor sending goes on for ever.
func TestACarrierThatAnswersNoQuestionIsNotAskedForEver(t *testing.T) {
	h := newFixture(t)
	c := &carrier{send: nobodyKnows, lookup: nobodyKnows}
	h.with(routing.Text, c).run()
	h.send(newNote("n1", "L-1"), h.plan(routing.Ladder{Name: "l", Board: 24 * time.Hour,
		Rungs: []routing.Rung{{Who: "primary", Channels: []routing.ChannelKind{routing.Text}}}}))
	before := 0
	for range 40 {
		h.until("nothing is under way", func() bool {
			sent, asked := c.count()
			return h.resting() || sent+asked > before
		})
		if h.states("n1")[routing.Failed] == 1 {
			break
		}
		sent, asked := c.count()
		before = sent + asked
		h.clock.Advance(backoff(5))
	}
	sent, asked := c.count()
	if sent < 2 || sent > maxSends || asked > 3*maxSends {
		t.Errorf("sent %d times, asked %d times", sent, asked)
	}
	h.until("the note is on the board, since nobody could be told", func() bool { return h.row("n1").State == routing.Exhausted })
	h.halt()
	h.verify()
}

// An answer was lost, and the repeat is refused for the moment: what may have arrived is sent again under its own key, so that
// whoever has it sees that it is the same.
func TestARefusedRepeatKeepsItsKey(t *testing.T) {
	h := newFixture(t)
	c := &carrier{lookup: func(context.Context, channel.Message) (channel.Receipt, error) {
		return channel.Receipt{}, channel.ErrNoLookup
	}}
	answers := []func(context.Context, channel.Message) (channel.Receipt, error){nobodyKnows, notNow, takes}
	c.send = func(ctx context.Context, m channel.Message) (channel.Receipt, error) {
		n, _ := c.count()
		return answers[min(n, len(answers))-1](ctx, m)
	}
	h.with(routing.Email, c).run()
	h.send(newNote("n1", "L-1"), h.plan(routing.Ladder{Name: "l", Board: 24 * time.Hour,
		Rungs: []routing.Rung{{Who: "primary", Channels: []routing.ChannelKind{routing.Email}}}}))
	for n := 1; n <= len(answers); n++ {
		h.until("it was sent once more", func() bool { sent, _ := c.count(); return sent >= n })
		h.until("the answer is written down", func() bool { return h.resting() })
		h.clock.Advance(backoff(5))
	}
	h.until("it is accepted", func() bool { return h.states("n1")[routing.Accepted] == 1 })
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.sent) != len(answers) || c.sent[0].Key != c.sent[1].Key || c.sent[1].Key != c.sent[2].Key {
		t.Errorf("sent %+v", c.sent)
	}
	h.halt()
	h.verify()
}

// Servers that die while they send one message (it may be what kills them) do not send it for ever.
func TestAMessageIsNotSentForEverByServersThatDie(t *testing.T) {
	h := newFixture(t)
	cannotTell := func(context.Context, channel.Message) (channel.Receipt, error) {
		return channel.Receipt{}, channel.ErrNoLookup
	}
	c := &carrier{send: takes, lookup: cannotTell}
	h.with(routing.Text, c)
	h.send(newNote("n1", "L-1"), h.plan(oneText))
	h.unfold("n1")
	// As the last of many servers left it.
	h.signed(fmt.Sprintf("update attempt set state = 'sending', fence = %d, sends = %d, wake_at = routing_now()", maxSends, maxSends))
	h.run()
	h.until("it is settled", func() bool { s := h.states("n1"); return s[routing.Sending]+s[routing.Due] == 0 })
	if sent, _ := c.count(); sent != 0 || h.states("n1")[routing.Failed] != 1 {
		t.Errorf("sent %d times more: %v", sent, h.states("n1"))
	}
	h.halt()
	h.verify()
}

// The database stands still from a message's leaving until its lease has ended, as one that is frozen does, and the carrier cannot
// be asked: the engine that sent it knows, and does not send it again.
func TestAMessageThatLeftWhileTheDatabaseStoodStillLeavesOnce(t *testing.T) {
	h := newFixture(t)
	h.cfg.Lease = realLease
	held := make(chan func(), 1)
	var once sync.Once
	c := &carrier{lookup: func(context.Context, channel.Message) (channel.Receipt, error) {
		return channel.Receipt{}, channel.ErrNoLookup
	}}
	c.send = func(ctx context.Context, m channel.Message) (channel.Receipt, error) {
		once.Do(func() {
			tx, err := h.pool.Begin(t.Context())
			if err == nil {
				_, err = tx.Exec(t.Context(), "lock table dispatch in access exclusive mode")
			}
			if err != nil {
				t.Error(err)
			}
			held <- func() {
				if err := tx.Rollback(t.Context()); err != nil {
					t.Error(err)
				}
			}
		})
		return takes(ctx, m)
	}
	h.with(routing.Text, c).run()
	h.send(newNote("n1", "L-1"), h.plan(oneText))
	goOn := <-held
	<-time.After(3 * h.cfg.Lease / 2) // how long it stands still
	goOn()
	h.until("accepted", func() bool { return h.states("n1")[routing.Accepted] == 1 })
	if sent, _ := c.count(); sent != 1 {
		t.Errorf("sent %d times", sent)
	}
	h.halt()
	h.verify()
}

// A text gateway that hangs takes the texts' workers and nobody else's: the mails of other notes leave at once.
func TestACarrierThatHangsHoldsNobodyElseBack(t *testing.T) {
	h := newFixture(t)
	h.cfg.Lease = 6 * time.Second
	var ended atomic.Int32
	hangs := func(ctx context.Context, _ channel.Message) (channel.Receipt, error) {
		<-ctx.Done()
		ended.Add(1)
		return channel.Receipt{}, &channel.SendError{Kind: channel.Unknown, Err: ctx.Err()}
	}
	texts, mails := &carrier{send: hangs, lookup: hangs}, &carrier{send: takes, lookup: takes}
	h.with(routing.Text, texts).with(routing.Email, mails)
	for i := range 3 * h.cfg.Workers {
		h.send(newNote(fmt.Sprintf("n%d", i), fmt.Sprintf("L-%d", i)), h.plan(oneText))
	}
	h.run()
	h.until("the texts' workers are busy", func() bool { sent, _ := texts.count(); return sent == h.cfg.Workers })
	h.send(newNote("m", "L-99"), h.plan(routing.Ladder{Name: "l", Rungs: []routing.Rung{{Who: "primary",
		Channels: []routing.ChannelKind{routing.Email}}}}))
	h.until("the mail has left", func() bool { sent, _ := mails.count(); return sent == 1 })
	if n := ended.Load(); n > 0 {
		t.Errorf("the mail waited until %d texts were given up", n)
	}
}

// Words of a carrier's that no database takes do not keep an attempt from being settled.
func TestAReceiptThatIsNoWordIsStillWrittenDown(t *testing.T) {
	h := newFixture(t)
	c := &carrier{send: func(context.Context, channel.Message) (channel.Receipt, error) {
		return channel.Receipt{Ref: "a\x00\xffb", Status: channel.Accepted}, nil
	}, lookup: nobodyKnows}
	h.with(routing.Text, c).run()
	h.send(newNote("n1", "L-1"), h.plan(oneText))
	h.until("accepted", func() bool { return h.states("n1")[routing.Accepted] == 1 })
	if sent, _ := c.count(); sent != 1 {
		t.Errorf("sent %d times", sent)
	}
	h.halt()
	h.verify()
}

// "Not me", pressed twice or sent twice by a phone on a bad network, is said once: the colleague it went to gets their time.
func TestPassingOnTwiceIsPassingOnOnce(t *testing.T) {
	h := newFixture(t).run()
	l := routing.Ladder{Name: "l", Rungs: []routing.Rung{
		{Who: "primary", Channels: []routing.ChannelKind{routing.Text}},
		{After: 3 * time.Minute, Who: "backup", Channels: []routing.ChannelKind{routing.Text}},
		{After: 6 * time.Minute, Who: "backup", Channels: []routing.ChannelKind{routing.Email}},
		{After: 9 * time.Minute, Who: "primary", Channels: []routing.ChannelKind{routing.Email}},
		{After: 12 * time.Minute, Who: "backup", Channels: []routing.ChannelKind{routing.Push}},
	}}
	h.send(newNote("n1", "L-1"), h.plan(l))
	h.wait(1)
	for i := range 3 {
		if err := h.engine.PassOn(t.Context(), dr, "n1"); err != nil {
			t.Fatal(err)
		}
		h.until("the backup is told", func() bool { return h.states("n1")[routing.Delivered] == 2 })
		if s := h.states("n1"); s[routing.Withdrawn] != 1 || s[routing.Due] != 2 {
			t.Errorf("press %d: %v", i+1, s)
		}
	}
	// The backup passes too: that is another person's word, and the next rung begins.
	if err := h.engine.PassOn(t.Context(), routing.ActingPerson{ID: "p-osei", Name: "Dr Osei"}, "n1"); err != nil {
		t.Fatal(err)
	}
	h.until("on the board", func() bool { h.advance(time.Second); return h.row("n1").State == routing.Exhausted })
	h.halt()
	h.verify()
}

// A server that is told to stop does not wait for a carrier that hangs; what was under way is in doubt, and asked for later.
func TestStoppingDoesNotWaitForACarrierThatHangs(t *testing.T) {
	h := newFixture(t)
	c := &carrier{send: func(ctx context.Context, _ channel.Message) (channel.Receipt, error) {
		<-ctx.Done()
		return channel.Receipt{}, &channel.SendError{Kind: channel.Unknown, Err: ctx.Err()}
	}, lookup: takes}
	h.cfg.Lease = 8 * time.Second
	h.with(routing.Text, c).run()
	h.send(newNote("n1", "L-1"), h.plan(oneText))
	h.until("it is under way", func() bool { sent, _ := c.count(); return sent == 1 })
	begun := time.Now()
	h.halt()
	if took := time.Since(begun); took > h.cfg.Lease/2 {
		t.Errorf("it took %v", took)
	}
	if s := h.states("n1"); s[routing.Sending] != 1 {
		t.Errorf("%v", s)
	}
	h.clock.Advance(backoff(1) + time.Second)
	h.with(routing.Text, c).run()
	h.until("it is known", func() bool { return h.states("n1")[routing.Accepted] == 1 })
	h.halt()
	h.verify()
}
