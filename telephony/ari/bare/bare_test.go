package bare_test

import (
	"testing"

	"lamplight/telephony/ari/bare"
	"lamplight/telephony/asterisk/asterisktest"
	"lamplight/telephony/phone"
)

func TestBareDrivesACall(t *testing.T) {
	s := asterisktest.Start(t, nil)
	ctx := t.Context()
	url, user, password := s.ARI()
	c, err := bare.Dial(ctx, url, user, password, s.App())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	do := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	do(c.Beat(ctx))
	agent, err := phone.Start(ctx, phone.Config{Registrar: s.SIPAddr().String(), User: "agent1", Password: s.Agents()["agent1"]})
	do(err)
	defer agent.Close()
	do(agent.Register(ctx))
	answered := make(chan error, 1)
	go func() {
		in := <-agent.Incoming()
		_, err := in.Answer(ctx)
		answered <- err
	}()
	caller, err := phone.Start(ctx, phone.Config{Listen: s.CarrierAddr(), Registrar: s.SIPAddr().String(), User: "carrier"})
	do(err)
	defer caller.Close()
	talking := make(chan error, 1)
	go func() {
		_, err := caller.Dial(ctx, phone.Outgoing{Number: "+13125550100"})
		talking <- err
	}()
	e, err := c.Wait(ctx, "StasisStart")
	do(err)
	if len(e.Args) < 2 || e.Args[0] != "inbound" || e.Args[1] != "+13125550100" || e.Read.IsZero() {
		t.Errorf("%+v", e)
	}
	do(c.Answer(ctx, e.Channel.ID, "bare-1"))
	do(<-talking)
	do(c.Ring(ctx, "bare-agent-1", "agent1"))
	a, err := c.Wait(ctx, "StasisStart")
	do(err)
	do(c.Join(ctx, "bare-1", a.Channel.ID))
	do(<-answered)
	do(c.Hangup(ctx, a.Channel.ID))
	do(c.Hangup(ctx, e.Channel.ID))
	do(c.Remove(ctx, "bare-1"))
}
