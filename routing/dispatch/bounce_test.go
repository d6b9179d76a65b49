package dispatch

import (
	"log/slog"
	"net"
	"testing"
	"time"

	"lamplight/routing"
	"lamplight/routing/channel/mail"
	"lamplight/routing/channel/pocket"
)

// A mail was taken and comes back a moment later: nobody waits for an answer to it, the backup is told at once. One that
// arrives is delivered, as a text is.
func TestAMailThatComesBackClimbsOnAtOnce(t *testing.T) {
	h := newFixture(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	b := mail.ListenBounces(l, "bounces@house.example", h.engine.Report, slog.New(slog.DiscardHandler))
	done := make(chan error, 1)
	go func() { done <- b.Serve() }()
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
		<-done
	})
	h.pocket.SetBounces(l.Addr().String())
	h.pocket.SetFaults(func(a pocket.Arrival) pocket.Fault {
		return map[bool]pocket.Fault{true: pocket.Undeliver}[a.To == "reyes@lakeside.example"]
	})
	h.run()
	email := []routing.ChannelKind{routing.Email}
	h.send(newNote("n1", "L-1"), h.plan(routing.Ladder{Name: "mails", Rungs: []routing.Rung{
		{Who: "primary", Channels: email}, {After: 10 * time.Minute, Who: "backup", Channels: email}}}))
	h.until("the backup's mail has arrived", func() bool {
		s := h.states("n1")
		return s[routing.Undelivered] == 1 &&
			s[routing.Delivered] == 1
	})
	for _, a := range h.attempts("n1") {
		if a.State == routing.Undelivered && (a.Why != "carrier-5.1.1" || a.Name != "Dr Reyes") {
			t.Errorf("%+v", a)
		}
	}
	h.halt()
	h.verify()
}
