package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"slices"
	"strconv"
	"syscall"
	"testing"
	"time"

	"lamplight/cmd/lamplight/server"
	"lamplight/console"
	"lamplight/notes"
	"lamplight/notes/access"
	"lamplight/notes/postgres/postgrestest"
	"lamplight/telephony"
	"lamplight/telephony/asterisk"
	"lamplight/telephony/phone"
	"lamplight/telephony/phone/speech"
	"lamplight/telephony/phone/voice"
)

// atOnce is how many of the tests that mostly wait run beside each other.
const atOnce = 3

// TestMain runs `lamplight` itself when a test has started this binary as a server it may kill.
func TestMain(m *testing.M) {
	if os.Getenv("LAMPLIGHT_TEST_SERVER") != "" {
		server.Main("lamplight", "a server that a test may kill", &struct {
			Serve server.ServeCommand `cmd:""`
			Demo  demoCmd             `cmd:""`
			Agent agentCmd            `cmd:""`
		}{})
		return
	}
	flag.Parse()
	if err := os.Setenv("LAMPLIGHT_FOR_TESTS", "true"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	if err := flag.Set("test.parallel", strconv.Itoa(atOnce)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// killable is a demo whose server is a process of its own.
type killable struct {
	*demo
	*serverProcess
}

// newKillable seeds a state directory, has prepare, if not nil, do more there, and starts a server process on it.
func newKillable(t *testing.T, prepare func(*demo) error) *killable {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	d, p, err := apart(ctx, &demoCmd{State: postgrestest.Dir(t), ForTests: true}, os.Args[0], prepare)
	if err != nil {
		t.Fatal(err)
	}
	p.env = []string{"LAMPLIGHT_TEST_SERVER=1"}
	t.Cleanup(func() {
		if err := d.pocket.Close(); err != nil {
			t.Error(err)
		}
	})
	k := &killable{demo: d, serverProcess: p}
	t.Cleanup(func() {
		if t.Failed() {
			b, err := os.ReadFile(k.server.State.Path("server.log"))
			t.Logf("server.log: %s %v", b, err)
		}
	})
	k.start(t)
	t.Cleanup(func() { k.stop(t, syscall.SIGTERM) })
	return k
}

// start runs `lamplight serve` and returns when desks can reach it.
func (k *killable) start(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), markLimit)
	defer cancel()
	if err := k.serverProcess.start(ctx, k.demo); err != nil {
		t.Fatal(err)
	}
}

func (k *killable) stop(t *testing.T, sig syscall.Signal) {
	t.Helper()
	if err := k.serverProcess.stop(sig); err != nil {
		t.Error(err)
	}
}

func (k *killable) kill(t *testing.T) { t.Helper(); k.stop(t, syscall.SIGKILL) }

// hears says words at one end and checks that the other heard them.
func hears(t *testing.T, from, to *phone.Call, words speech.PCM) {
	t.Helper()
	before := len(to.Heard())
	if err := from.Play(t.Context(), words); err != nil {
		t.Fatalf("talk: %v", err)
	}
	if err := server.Listen(t.Context(), to, 400*time.Millisecond); err != nil {
		t.Fatalf("listen: %v", err)
	}
	if got, _, _ := speech.Follow(to.Heard()[min(before, len(to.Heard())):], words); got < followedWell {
		t.Fatalf("heard at %.2f", got)
	}
}

// again watches anew after the server came back, as a desk does.
func (w *walker) again(t *testing.T) {
	t.Helper()
	eventually(t, "the desk watches again", func() bool {
		events, err := w.desk.Watch(t.Context())
		if err == nil {
			w.events, w.seen = events, deskState{}
		}
		return err == nil
	})
	if err := w.until(t.Context(), "hello", func(s deskState) bool { return s.hello }); err != nil {
		t.Fatal(err)
	}
}

// TestKilledInTheMiddle kills the server with a caller talking, with a note just sent, and with callers arriving while it is
// dead; then everything is accounted for.
func TestKilledInTheMiddle(t *testing.T) {
	t.Parallel() // it mostly waits
	k := newKillable(t, nil)
	w := k.walkers(t)
	ctx := t.Context()
	callerSays, agentSays, err := k.words("en")
	if err != nil {
		t.Fatal(err)
	}
	one := &walk{walker: w, s: k.script(0)}
	if err := w.until(ctx, "hello", func(s deskState) bool { return s.hello }); err != nil {
		t.Fatal(err)
	}
	if err := console.AskReady.Do(ctx, w.desk, console.Nothing{}); err != nil {
		t.Fatal(err)
	}
	caller, agent, err := one.connect(ctx)
	if err != nil {
		t.Fatal(err)
	}
	call, draft := w.seen.pop.Call, one.draft()
	if err := console.AskSaveDraft.Do(ctx, w.desk, draft); err != nil {
		t.Fatal(err)
	}

	k.kill(t)
	k.start(t) // within the lease: nobody heard anything, and the server drives the call again
	w.again(t)
	hello, err := console.AskHello.Of(ctx, w.desk, console.Nothing{})
	if err != nil || hello.Pop == nil || hello.Pop.Call != call || hello.Pop.State != telephony.Talking {
		t.Fatalf("after the restart the desk shows %+v, %v", hello.Pop, err)
	}
	hears(t, caller, agent, callerSays)

	k.kill(t)
	hears(t, caller, agent, callerSays) // longer than a waiting caller's lease: Asterisk keeps them talking by itself
	hears(t, agent, caller, agentSays)
	leaveVoicemail(t, w, "+13055550150", "+13055550164", "es")
	k.start(t)
	w.again(t)
	hears(t, agent, caller, agentSays)
	if hello, err = console.AskHello.Of(ctx, w.desk, console.Nothing{}); err != nil || hello.Pop == nil || hello.Pop.Call != call ||
		hello.Pop.State != telephony.Talking {
		t.Fatalf("longer than a waiting caller's lease, and the desk has no keys of the call: %+v %v", hello.Pop, err)
	}
	if len(hello.Drafts) != 1 || hello.Drafts[0].Body.Fields["reason"] != draft.Body.Fields["reason"] {
		t.Fatalf("what was typed did not survive: %d drafts, %v", len(hello.Drafts), err)
	}

	sent, err := console.AskSend.Of(ctx, w.desk, draft)
	if err != nil {
		t.Fatal(err)
	}
	k.kill(t) // whatever was sent by now
	k.start(t)
	w.again(t)
	text, err := one.deliveries(ctx, sent.Reference)
	if err != nil {
		t.Fatal(err)
	}
	if err := caller.Hangup(ctx); err != nil {
		t.Fatal(err)
	}
	<-agent.Done()
	if err := one.provider(ctx, text, sent.Note); err != nil {
		t.Fatal(err)
	}
	if err := w.until(ctx, "the voicemail on the board", func(s deskState) bool {
		for _, r := range s.board.Rows {
			if r.Kind == notes.VoicemailType {
				return true
			}
		}
		return false
	}); err != nil {
		t.Fatal(err)
	}
	k.accounted(t, call)
}

// leaveVoicemail calls while the server is dead: the caller hears the apology within ten seconds and leaves a message.
func leaveVoicemail(t *testing.T, w *walker, did, ani, language string) (message speech.PCM) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	began := time.Now()
	c, err := w.network.Dial(ctx, phone.Outgoing{Number: did, From: ani})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.HeardAbove(ctx, 300, began); err != nil {
		t.Fatalf("nothing was heard: %v", err)
	}
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("the apology began after %v", took)
	}
	var both time.Duration
	var spanish speech.PCM
	for _, language := range []string{"en", "es"} {
		apology, err := asterisk.Sound(language, "overflow")
		if err != nil {
			t.Fatal(err)
		}
		spanish = speech.FromUlaw(apology)
		both += spanish.Duration()
	}
	if err := server.Listen(ctx, c, both+4*time.Second); err != nil { // both languages, then the tone
		t.Fatalf("the apology was cut short: %v", err)
	}
	if got, _, _ := speech.Follow(c.Heard(), spanish); got < followedWell {
		t.Errorf("the Spanish apology was heard at %.2f", got)
	}
	if message, err = voice.Caller(language); err != nil {
		t.Fatal(err)
	}
	if err := c.Play(ctx, message); err != nil {
		t.Fatalf("the message: %v", err)
	}
	if err := c.Hangup(ctx); err != nil {
		t.Fatal(err)
	}
	return message
}

// accounted stops the server and looks at the record: the call is over, once, and the log verifies.
func (k *killable) accounted(t *testing.T, call telephony.CallID) {
	t.Helper()
	s := k.verified(t)
	c, err := s.Record.Call(access.System(t.Context(), "test"), call)
	if err != nil || c.State != telephony.Ended || c.Outcome != telephony.Completed {
		t.Errorf("the killed call is %+v, %v", c, err)
	}
}

// verified stops the server and verifies the log; the record is open until the test ends.
func (k *killable) verified(t *testing.T) *server.Server {
	t.Helper()
	k.stop(t, syscall.SIGTERM)
	s, err := server.RecordFlags{State: k.cfg.State}.Connect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	report, err := s.Verify(t.Context())
	if err != nil || !report.Good() {
		t.Errorf("audit: %+v, %v", report.Findings, err)
	}
	return s
}

// TestAsteriskKilled kills Asterisk with a caller talking: the call ends in the record, Asterisk comes back by itself, and
// the next call is taken.
func TestAsteriskKilled(t *testing.T) {
	t.Parallel() // it mostly waits
	d := boot(t)
	w := d.walkers(t)
	ctx := t.Context()
	one := &walk{walker: w, s: d.script(1)}
	if err := w.until(ctx, "hello", func(s deskState) bool { return s.hello }); err != nil {
		t.Fatal(err)
	}
	if err := console.AskReady.Do(ctx, w.desk, console.Nothing{}); err != nil {
		t.Fatal(err)
	}
	if _, _, err := one.connect(ctx); err != nil {
		t.Fatal(err)
	}
	call := w.seen.pop.Call
	if err := syscall.Kill(d.server.Switch.Private.Pid(), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the call's end", func() bool {
		c, err := d.server.Record.Call(access.System(ctx, "test"), call)
		return err == nil && c.State == telephony.Ended
	})
	eventually(t, "the agent's phone registers again", w.phone.Registered)
	if err := console.AskWrapUpDone.Do(ctx, w.desk, console.Nothing{}); err != nil {
		t.Logf("wrap-up: %v", err) // it may have ended with the call
	}
	r := w.walk(ctx, d.script(1))
	if r.Error != "" || !r.Acknowledged {
		t.Fatalf("the next call: %+v", r)
	}
}

// frozenFor is how long a test's Asterisk stands still: longer than a waiting caller's lease, shorter than it takes to be replaced.
const frozenFor = 15 * time.Second

// TestAsteriskFrozen has Asterisk stand still with one caller who talks and one who waits, and go on. The desks are told, a note is
// sent all the same; then both hear each other again and the desk has its keys, who waited is with the fail-safe and on the board,
// and each call's outcome is true.
func TestAsteriskFrozen(t *testing.T) {
	t.Parallel() // it mostly waits
	d := boot(t)
	w := d.walkers(t)
	ctx := t.Context()
	callerSays, agentSays, err := d.words(telephony.English)
	if err != nil {
		t.Fatal(err)
	}
	one, caller, agent := w.talking(t)
	call, draft := w.seen.pop.Call, one.draft()
	waiting, waits := w.waits(t)
	pid := d.server.Switch.Private.Pid()
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	goesOn := time.Now().Add(frozenFor)
	sent, err := console.AskSend.Of(ctx, w.desk, draft)
	if err != nil {
		t.Errorf("a note sent while it stands still: %v", err)
	}
	hello := func() console.Hello {
		h, err := console.AskHello.Of(ctx, w.desk, console.Nothing{})
		if err != nil {
			t.Fatal(err)
		}
		return h
	}
	eventually(t, "the desks are told", func() bool { return slices.Contains(hello().Reds, "beat") })
	<-time.After(time.Until(goesOn))
	if err := syscall.Kill(pid, syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	agent = w.inHand(t, call, agent)
	hears(t, caller, agent, callerSays)
	hears(t, agent, caller, agentSays)
	eventually(t, "nothing is wrong any more", func() bool { return len(hello().Reds) == 0 })
	if p := hello().Pop; p == nil || p.Call != call || p.State != telephony.Talking {
		t.Fatalf("the desk shows %+v", p)
	}
	if err := console.AskHangUp.Do(ctx, w.desk, console.CallRef{Call: call}); err != nil {
		t.Fatal(err)
	}
	<-agent.Done()
	<-caller.Done()
	w.recorded(t, call, telephony.Completed)
	one.isRead(t, sent)
	if err := waiting.Hangup(ctx); err != nil {
		t.Fatal(err)
	}
	w.recorded(t, waits, telephony.Overflowed)
	if err := w.until(ctx, "who waited is on the board", func(s deskState) bool {
		return slices.ContainsFunc(s.board.Rows, func(r console.BoardRow) bool { return r.Call == waits })
	}); err != nil {
		t.Error(err)
	}
	if n := d.server.Switch.Private.Restarts(); n > 0 {
		t.Errorf("Asterisk was replaced %d times", n)
	}
	w.verified(t)
}

// inHand waits until the agent's phone is in the call again: Asterisk may end a leg on which it has heard nothing for so long. The desk
// then brings the phone back, or the caller is offered again.
func (w *walker) inHand(t *testing.T, call telephony.CallID, agent *phone.Call) *phone.Call {
	t.Helper()
	ctx := t.Context()
	eventually(t, "a healthy server", w.d.server.Engine.Healthy)
	select {
	case <-agent.Done():
	case <-time.After(3 * time.Second): // it stays
		return agent
	}
	var back *phone.Call
	eventually(t, "the phone rings for the call, and is answered", func() bool {
		c, _ := w.d.server.Engine.Call(call)
		a, _ := w.d.server.Engine.Agent(telephony.AgentID(desks[0].ID))
		switch {
		case c.State == telephony.Held:
			if err := console.AskRejoin.Do(ctx, w.desk, console.CallRef{Call: call}); err != nil {
				t.Logf("rejoin: %v", err)
			}
		case a.State == telephony.AgentWrapUp:
			if err := console.AskWrapUpDone.Do(ctx, w.desk, console.Nothing{}); err != nil {
				t.Logf("wrap-up: %v", err)
			}
		}
		select {
		case in := <-w.phone.Incoming():
			var err error
			if back, err = in.Answer(ctx); err != nil { // rung before it stood still, and given up since
				t.Logf("answer: %v", err)
			}
		case <-time.After(time.Second):
		}
		return back != nil
	})
	eventually(t, "they talk again", func() bool {
		c, _ := w.d.server.Engine.Call(call)
		return c.State == telephony.Talking
	})
	return back
}
