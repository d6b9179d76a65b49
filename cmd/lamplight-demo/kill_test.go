package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"lamplight/cmd/lamplight/server"
	"lamplight/console"
	"lamplight/console/wire"
	"lamplight/notes"
	"lamplight/notes/access"
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
		}{})
		return
	}
	flag.Parse()
	if err := flag.Set("test.parallel", strconv.Itoa(atOnce)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// killable is a demo whose server is a process of its own.
type killable struct {
	*demo
	cfg     server.Config
	program string // what runs as the server
	cmd     *exec.Cmd
}

// newKillable seeds a state directory and starts a server process on it; the pocket stays in this process.
func newKillable(t *testing.T) *killable {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	d, err := startDemo(ctx, &demoCmd{State: stateDir(t)}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.pocket.Close(); err != nil {
			t.Error(err)
		}
	})
	cfg := d.server.Config
	// The private Asterisk is started by the process; its scripted network stands in this one.
	cfg.Training, cfg.State = false, d.server.State.Dir
	if err := d.server.Close(); err != nil {
		t.Fatal(err)
	}
	for _, addr := range []*string{&cfg.NATSListen, &cfg.Listen} {
		if *addr, err = server.FreeAddr(); err != nil {
			t.Fatal(err)
		}
	}
	d.server = &server.Server{State: d.server.State, Certs: d.server.Certs, Log: d.server.Log,
		Bus:      server.Bus{URL: "tls://" + cfg.NATSListen},
		PagesURL: "https://localhost:" + portOf(cfg.Listen), Config: cfg}
	k := &killable{demo: d, cfg: cfg, program: os.Args[0]}
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

func portOf(addr string) string { return addr[strings.LastIndex(addr, ":")+1:] }

// start runs `lamplight serve` and returns when desks can reach it.
func (k *killable) start(t *testing.T) {
	t.Helper()
	c := k.cfg
	log, err := os.OpenFile(k.server.State.Path("server.log"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	k.cmd = exec.Command(k.program, "serve", "--state", c.State, "--nats-listen", c.NATSListen, "--listen", c.Listen, "--hooks-listen",
		c.HooksListen,
		"--text-url", c.TextURL, "--text-account", c.TextAccount, "--text-token-file", c.TextTokenFile, "--text-from", c.TextFrom,
		"--text-callback", c.TextCallback,
		"--mail-host", c.MailHost, "--mail-port", fmt.Sprint(c.MailPort), "--mail-ca", c.MailCA, "--mail-from", c.MailFrom,
		"--push-contact", c.PushContact)
	k.cmd.Env = append(os.Environ(), "LAMPLIGHT_TEST_SERVER=1", "LAMPLIGHT_PUSH_PLAIN=127.0.0.1")
	k.cmd.Stdout, k.cmd.Stderr = log, log
	k.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
	if err := k.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the server answers, and lets nobody in without a name", func() bool {
		_, err := wire.Dial(t.Context(), wire.Options{URL: k.server.Bus.URL, CA: k.server.Certs.Pool})
		var refused *console.Error
		return errors.As(err, &refused)
	})
}

func (k *killable) stop(t *testing.T, sig syscall.Signal) {
	t.Helper()
	if k.cmd == nil {
		return
	}
	if err := k.cmd.Process.Signal(sig); err != nil {
		t.Error(err)
	}
	err := k.cmd.Wait()
	if sig != syscall.SIGKILL && err != nil {
		t.Errorf("the server ended with %v", err)
	}
	k.cmd = nil
}

func (k *killable) kill(t *testing.T) { t.Helper(); k.stop(t, syscall.SIGKILL) }

// followedWell is the correlation from which speech counts as heard on a busy machine, frame by frame: the same speech gives
// at least 0.84, other speech at most 0.68.
const followedWell = 0.8

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
	k := newKillable(t)
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
	leaveVoicemail(t, w)
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
			if r.Kind == notes.Voicemail {
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
func leaveVoicemail(t *testing.T, w *walker) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	began := time.Now()
	c, err := w.network.Dial(ctx, phone.Outgoing{Number: "+13055550150", From: "+13055550164"})
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
	message, err := voice.Caller("es")
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Play(ctx, message); err != nil {
		t.Fatalf("the message: %v", err)
	}
	if err := c.Hangup(ctx); err != nil {
		t.Fatal(err)
	}
}

// accounted stops the server and looks at the record: the call is over, once, and the log verifies.
func (k *killable) accounted(t *testing.T, call telephony.CallID) {
	t.Helper()
	k.stop(t, syscall.SIGTERM)
	s, err := server.RecordFlags{State: k.cfg.State}.Connect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}()
	c, err := s.Record.Call(access.System(t.Context(), "test"), call)
	if err != nil || c.State != telephony.Ended || c.Outcome != telephony.Completed {
		t.Errorf("the killed call is %+v, %v", c, err)
	}
	report, err := s.Verify(t.Context())
	if err != nil || !report.Good() {
		t.Errorf("audit: %+v, %v", report.Findings, err)
	}
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
