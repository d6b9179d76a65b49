package phone_test

import (
	"context"
	"errors"
	"io"
	"testing"
	"time"

	"lamplight/telephony/phone"
	"lamplight/telephony/phone/speech"
	"lamplight/telephony/phone/voice"
)

func within(t *testing.T, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), d)
	t.Cleanup(cancel)
	return ctx
}

func startPhone(t *testing.T, c phone.Config) *phone.Phone {
	t.Helper()
	p, err := phone.Start(within(t, 5*time.Second), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	return p
}

func said(t *testing.T, who func(string) (speech.PCM, error), language string) speech.PCM {
	t.Helper()
	pcm, err := who(language)
	if err != nil {
		t.Fatal(err)
	}
	return pcm
}

// incoming waits for a call to p.
func incoming(t *testing.T, ctx context.Context, p *phone.Phone) *phone.Incoming {
	t.Helper()
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	select {
	case in := <-p.Incoming():
		return in
	case <-ctx.Done():
		t.Fatal("no call came in")
		return nil
	}
}

// over waits for a call's end.
func over(t *testing.T, ctx context.Context, c *phone.Call) {
	t.Helper()
	select {
	case <-c.Done():
	case <-ctx.Done():
		t.Fatal("the call does not end")
	}
}

// talk has both sides speak at once and checks that each heard the other.
func talk(t *testing.T, ctx context.Context, a, b *phone.Call, aSays, bSays speech.PCM) {
	t.Helper()
	spoke := make(chan error, 2)
	go func() { spoke <- a.Play(ctx, aSays) }()
	go func() { spoke <- b.Play(ctx, bSays) }()
	for range 2 {
		if err := <-spoke; err != nil {
			t.Fatal(err)
		}
	}
	hears := func(name string, c *phone.Call, right, wrong speech.PCM) {
		var match float64
		// The last frames are still under way when the other side has sent them.
		for since := time.Now(); ; {
			if match, _, _ = speech.Follow(c.Heard(), right); match > 0.8 || time.Since(since) > 10*time.Second {
				break
			}
			if _, err := c.HeardAbove(ctx, -1, time.Now()); err != nil {
				break
			}
		}
		other, _ := speech.Match(c.Heard(), wrong)
		t.Logf("%s heard the other: %.3f, itself: %.3f", name, match, other)
		if match <= 0.8 || other > 0.7 {
			t.Errorf("%s heard the other with %.3f, itself with %.3f", name, match, other)
		}
	}
	hears("a", a, bSays, aSays)
	hears("b", b, aSays, bSays)
}

func TestTwoPhonesHearEachOther(t *testing.T) {
	ctx := within(t, 30*time.Second)
	agent := startPhone(t, phone.Config{User: "agent1"})
	caller := startPhone(t, phone.Config{Listen: "127.0.0.2:0", Registrar: agent.Addr().String()})
	type dialled struct {
		c   *phone.Call
		err error
	}
	up := make(chan dialled, 1)
	rang := make(chan int, 8)
	go func() {
		c, err := caller.Dial(ctx, phone.Outgoing{Number: "agent1", From: "+13125550142", Name: `Rosa "R" <b>Bennett`,
			Headers: map[string]string{"X-Lamplight-Call": "c1"}, Progress: func(s int) { rang <- s }})
		up <- dialled{c, err}
	}()
	in := incoming(t, ctx, agent)
	if err := in.Ring(); err != nil {
		t.Fatal(err)
	}
	for s := range rang {
		if s == 180 {
			break
		}
	}
	if number, name := in.From(); number != "+13125550142" || name == "" || in.Header("X-Lamplight-Call") != "c1" {
		t.Errorf("from %q %q, header %q", number, name, in.Header("X-Lamplight-Call"))
	}
	a, err := in.Answer(ctx)
	if err != nil {
		t.Fatal(err)
	}
	d := <-up
	if d.err != nil {
		t.Fatal(d.err)
	}
	talk(t, ctx, a, d.c, said(t, voice.Agent, "es"), said(t, voice.Caller, "es"))
	if err := d.c.Hangup(ctx); err != nil {
		t.Fatal(err)
	}
	over(t, ctx, a)
	over(t, ctx, d.c)
	if _, err := a.Write(make([]byte, speech.FrameSize)); !errors.Is(err, phone.ErrOver) {
		t.Errorf("a write after the end: %v", err)
	}
	if n, err := io.Copy(io.Discard, a); err != nil {
		t.Errorf("reading to the end: %d, %v", n, err)
	}
}

func TestCallsThatAreNotAnswered(t *testing.T) {
	ctx := within(t, 30*time.Second)
	agent := startPhone(t, phone.Config{User: "agent1"})
	caller := startPhone(t, phone.Config{Listen: "127.0.0.2:0", Registrar: agent.Addr().String()})
	dial := func(ctx context.Context) <-chan error {
		failed := make(chan error, 1)
		go func() {
			_, err := caller.Dial(ctx, phone.Outgoing{Number: "agent1", From: "+13125550142"})
			failed <- err
		}()
		return failed
	}

	failed := dial(ctx)
	if err := incoming(t, ctx, agent).Reject(); err != nil {
		t.Fatal(err)
	}
	var no *phone.Refusal
	if err := <-failed; !errors.As(err, &no) || no.Status != 486 {
		t.Errorf("a rejected call: %v", err)
	}

	giveUp, cancel := context.WithCancel(ctx)
	failed = dial(giveUp)
	in := incoming(t, ctx, agent)
	if err := in.Ring(); err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := <-failed; !errors.Is(err, context.Canceled) {
		t.Errorf("a call given up: %v", err)
	}
	select {
	case <-in.Gone():
	case <-ctx.Done():
		t.Fatal("the phone goes on ringing after the caller gave up")
	}
	if _, err := in.Answer(ctx); err == nil {
		t.Error("a call that was given up was answered")
	}
}
