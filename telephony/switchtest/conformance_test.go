package switchtest_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"lamplight/telephony"
	"lamplight/telephony/switchtest"
)

// world is the Fake with people around it.
type world struct{ *switchtest.Fake }

type party struct {
	f   *switchtest.Fake
	leg func() telephony.LegID
}

func (w world) Switch() telephony.Switch { return w.Fake }

func (w world) Caller(did, ani telephony.Number, name string) switchtest.Party {
	leg := w.Arrive(did, ani, name)
	return party{w.Fake, func() telephony.LegID { return leg }}
}

func (w world) Agent(endpoint string, p switchtest.PhoneBehavior) switchtest.Party {
	w.Phones[endpoint] = p
	return party{w.Fake, func() telephony.LegID { return w.last(endpoint, "") }}
}

func (w world) Outside(n telephony.Number, p switchtest.PhoneBehavior) switchtest.Party {
	w.Phones[n.Reveal()] = p
	return party{w.Fake, func() telephony.LegID { return w.last("", n) }}
}

func (w world) last(agent string, n telephony.Number) (leg telephony.LegID) {
	for _, o := range w.Originated() {
		if o.Agent == agent && o.Number == n {
			leg = o.Leg
		}
	}
	return leg
}

func (p party) Press(digits string) { p.f.Press(p.leg(), digits) }
func (p party) HangUp()             { p.f.HangUp(p.leg(), 16) }
func (p party) Heard(keys string) bool {
	return slices.ContainsFunc(p.f.Commands(), func(c switchtest.Command) bool {
		return c.Method == "SendKeys" && strings.HasPrefix(c.What, string(p.leg())) && strings.HasSuffix(c.What, " "+keys)
	})
}

func TestFakeConforms(t *testing.T) {
	switchtest.Run(t, func(t *testing.T) switchtest.World {
		f := switchtest.NewFake()
		f.PromptLength = 20 * time.Millisecond
		t.Cleanup(func() { f.Close() })
		return world{f}
	})
}
