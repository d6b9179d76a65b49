package dispatch

import (
	"encoding/json"
	"testing"

	"lamplight/notes"
	"lamplight/routing"
	"lamplight/routing/channel/pocket"
	"lamplight/routing/channel/push"
)

// onePush is a ladder of one push, and a text where that reaches nobody.
var onePush = routing.Ladder{Name: "push", Rungs: []routing.Rung{{Who: "primary", Channels: []routing.ChannelKind{routing.Push}},
	{After: 60e9, Who: "backup", Channels: []routing.ChannelKind{routing.Text}}}}

// A push service says 410: the phone is no address any more, neither for this note's next rung nor for the next note's plan,
// and the log says so.
func TestAPhoneThatIsGoneIsNoAddressAnyMore(t *testing.T) {
	h := newFixture(t)
	if p := h.plan(onePush); len(p.Attempts) != 2 || p.Attempts[0].Channel != routing.Push {
		t.Fatalf("%+v", p.Attempts)
	}
	h.pocket.SetFaults(func(a pocket.Arrival) pocket.Fault {
		if a.Kind == pocket.ArrivedPush {
			return pocket.Refuse
		}
		return pocket.None
	})
	h.send(newNote("n1", "L-1"), h.plan(onePush))
	h.run()
	h.until("the backup is told at once", func() bool { return h.states("n1")[routing.Delivered] == 1 })
	p := h.plan(onePush)
	if len(p.Attempts) != 1 || p.Attempts[0].Channel != routing.Text || len(p.Holes) != 1 || p.Holes[0].Why != routing.NoAddress {
		t.Errorf("%+v", p)
	}
	h.halt()
	if n := h.acts("push.unsubscribed", "p-reyes"); n != 1 {
		t.Errorf("%d leaves", n)
	}
	h.verify()
}

// A browser put another subscription in the place of one: whoever was told there is told at the new one; who names an old one
// that is none moves nothing.
func TestAPhoneThatMovedIsToldWhereItIs(t *testing.T) {
	h := newFixture(t)
	var s push.Subscription
	if err := json.Unmarshal(h.pocket.Subscription("p-reyes"), &s); err != nil {
		t.Fatal(err)
	}
	phones, old := NewPushPhones(h.pool, h.log), s.Endpoint
	s.Endpoint = "https://push.example/new"
	for _, from := range []string{old, old, "", "https://push.example/nobody's"} {
		if err := phones.Move(t.Context(), from, s); err != nil {
			t.Fatal(err)
		}
	}
	got, err := phones.Subscriptions(t.Context(), "p-reyes")
	if err != nil || len(got) != 1 || got[0] != s {
		t.Errorf("%+v, %v", got, err)
	}
	if n := h.acts("push.moved", "p-reyes"); n != 1 {
		t.Errorf("%d leaves", n)
	}
	// The other doctor's phone names its own old one and an endpoint that is somebody's: it takes nothing over.
	var other push.Subscription
	if err := json.Unmarshal(h.pocket.Subscription("p-osei"), &other); err != nil {
		t.Fatal(err)
	}
	if err := phones.Move(t.Context(), other.Endpoint, s); err != nil {
		t.Fatal(err)
	}
	if got, err = phones.Subscriptions(t.Context(), "p-reyes"); err != nil || len(got) != 1 {
		t.Errorf("%+v, %v", got, err)
	}
}

// acts counts the leaves of an act on an object, sequenced or not.
func (h *fixture) acts(action string, object notes.PersonID) (n int) {
	h.t.Helper()
	if _, err := h.log.Sequence(h.t.Context()); err != nil {
		h.t.Fatal(err)
	}
	if err := h.pool.QueryRow(h.t.Context(), "select count(*) from audit_leaf where object = $1 and position($2::bytea in body) > 0",
		object, []byte(action)).Scan(&n); err != nil {
		h.t.Fatal(err)
	}
	return n
}
