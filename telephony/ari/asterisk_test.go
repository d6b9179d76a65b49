package ari_test

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"lamplight/telephony"
	"lamplight/telephony/ari"
	"lamplight/telephony/asterisk"
	"lamplight/telephony/phone"
	"lamplight/telephony/phone/speech"
	"lamplight/telephony/switchtest"
)

// next waits for an event of a kind and drops others.
func next(t *testing.T, c telephony.Switch, kind telephony.EventKind) telephony.Event {
	t.Helper()
	late := time.After(30 * time.Second)
	for {
		select {
		case e, ok := <-c.Events():
			if !ok {
				t.Fatalf("events ended before %s", kind)
			}
			if e.Kind == kind {
				return e
			}
		case <-late:
			t.Fatalf("no %s", kind)
		}
	}
}

func must(t *testing.T, errs ...error) {
	t.Helper()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

// talk connects a caller with agent1, recorded as r.
func (h *fixture) talk(t *testing.T, r telephony.RecordingID) (caller, agent *person, leg, other telephony.LegID) {
	t.Helper()
	ctx := t.Context()
	must(t, h.sw.Beat(ctx))
	agent = h.be("agent1", switchtest.PhoneBehavior{Answers: true})
	caller = h.dial("+13125550100", "+13125550142", "Ana Paz")
	leg = next(t, h.sw, telephony.LegArrived).Leg
	must(t, h.sw.Answer(ctx, leg), h.sw.Renew(ctx, leg, time.Minute), h.sw.MakeBridge(ctx, "b-"+telephony.BridgeID(r)),
		h.sw.Record(ctx, leg, r))
	other = "leg-" + telephony.LegID(r)
	must(t, h.sw.Originate(ctx, telephony.Originate{Leg: other, Call: "call-1", Agent: "agent1", Timeout: 20 * time.Second}))
	next(t, h.sw, telephony.LegEntered)
	must(t, h.sw.Join(ctx, "b-"+telephony.BridgeID(r), leg, other), h.sw.SetPeer(ctx, leg, other), h.sw.SetPeer(ctx, other, leg),
		h.sw.Renew(ctx, other, 0))
	return caller, agent, leg, other
}

func TestVoicemail(t *testing.T) {
	t.Parallel() // each has an Asterisk of its own, and mostly waits
	h := newFixture(t, func(c *asterisk.Config) { c.Stale, c.MaxVM = time.Second, 3*time.Second })
	h.sw = h.connect(t) // linked, but the server does not beat
	next(t, h.sw, telephony.Linked)
	ctx := t.Context()
	caller := h.dial("+13125550100", "+13125550142", "Ana Paz")
	call := caller.talks()
	said := counted(ofCaller, 0, 150)
	for speaking := true; speaking; {
		if err := call.Play(ctx, said); err != nil && !errors.Is(err, phone.ErrOver) {
			t.Fatal(err)
		}
		select {
		case <-call.Done():
			speaking = false
		default:
		}
		vs, err := h.sw.Voicemails(ctx)
		must(t, err)
		// The phone may learn of its call's end later than Asterisk lists the message; a channel that is there after it
		// was listed was there before.
		if len(vs) > 0 && strings.Contains(h.ask(t, "/channels"), "overflow") {
			t.Fatalf("a message still being spoken is listed: %v", vs)
		}
	}
	var vs []telephony.Voicemail
	for deadline := time.Now().Add(10 * time.Second); len(vs) == 0 && time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		var err error
		vs, err = h.sw.Voicemails(ctx)
		must(t, err)
	}
	if len(vs) != 1 {
		t.Fatalf("voicemails: %+v", vs)
	}
	v := vs[0]
	if v.DID != "+13125550100" || v.ANI != "+13125550142" || time.Since(v.At) > time.Minute || v.Length < 2*time.Second ||
		v.Length > 4*time.Second {
		t.Errorf("voicemail %+v, caller known: %v", v, v.ANI == "+13125550142")
	}
	if strings.Contains(string(v.Recording), "5550142") {
		t.Errorf("the caller's number stands in the name %s", v.Recording)
	}
	var b bytes.Buffer
	must(t, h.sw.FetchRecording(ctx, v.Recording, &b))
	if p, err := speech.ReadWAV(b.Bytes()); err != nil || p.Level() < 100 {
		t.Errorf("the message: %v, %d bytes", err, b.Len())
	}
	snap, err := h.sw.Snapshot(ctx)
	if err != nil || len(snap.Recordings) != 0 {
		t.Errorf("voicemails are no recordings: %+v, %v", snap, err)
	}
	must(t, h.sw.DeleteRecording(ctx, v.Recording), h.sw.DeleteRecording(ctx, v.Recording))
	if names := h.storedNames(t); len(names) != 0 {
		t.Errorf("left on Asterisk: %v", names)
	}
}

// While its disk is full a caller comes to the fail-safe and hangs up: whose call it was is known, and forgotten with the message.
func TestAFullDiskLosesNoCallersNumber(t *testing.T) {
	t.Parallel() // each has an Asterisk of its own, and mostly waits
	h := newFixture(t, func(c *asterisk.Config) { c.Stale = time.Second })
	h.sw = h.connect(t) // linked, but the server does not beat
	next(t, h.sw, telephony.Linked)
	ctx := t.Context()
	disk := filepath.Join(h.server.Spool(), "vm")
	if err := unix.Mount("tmpfs", disk, "tmpfs", 0, "size=4096,mode=0777"); errors.Is(err, unix.EPERM) || errors.Is(err, unix.EACCES) {
		t.Skip("only root can mount a disk that is full")
	} else {
		must(t, err)
	}
	t.Cleanup(func() { must(t, unix.Unmount(disk, unix.MNT_DETACH)) })
	must(t, os.WriteFile(filepath.Join(disk, "full"), make([]byte, 4096), 0o600))
	call := h.dial("+13125550100", "+13125550142", "Ana Paz").talks()
	for deadline := time.Now().Add(10 * time.Second); !strings.Contains(h.ask(t, "/channels"), `"app_name":"Playback"`); {
		if time.Now().After(deadline) {
			t.Fatal("no apology is played")
		}
		time.Sleep(10 * time.Millisecond)
	}
	must(t, call.Hangup(ctx))
	var vs []telephony.Voicemail
	for deadline := time.Now().Add(10 * time.Second); len(vs) == 0 && time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		var err error
		vs, err = h.sw.Voicemails(ctx)
		must(t, err)
	}
	if len(vs) != 1 || vs[0].ANI != "+13125550142" || vs[0].DID != "+13125550100" {
		t.Fatalf("voicemails: %+v", vs)
	}
	must(t, h.sw.DeleteRecording(ctx, vs[0].Recording))
	kept := "/asterisk/variable?variable=" + asterisk.KeptPrefix + string(vs[0].Leg)
	if got := h.ask(t, kept); !strings.Contains(got, `"value":""`) {
		t.Errorf("Asterisk still has %s", got)
	}
}

// storedNames asks Asterisk itself.
func (h *fixture) storedNames(t *testing.T) string {
	return strings.Trim(h.ask(t, "/recordings/stored"), "[]\n ")
}

// ask is Asterisk's own answer.
func (h *fixture) ask(t *testing.T, path string) string {
	url, user, password := h.server.ARI()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+path, nil)
	must(t, err)
	r.SetBasicAuth(user, password)
	a, err := http.DefaultClient.Do(r)
	must(t, err)
	defer a.Body.Close()
	var b bytes.Buffer
	_, err = b.ReadFrom(a.Body)
	must(t, err)
	return b.String()
}

func TestAsteriskKilled(t *testing.T) {
	t.Parallel() // each has an Asterisk of its own, and mostly waits
	h := newFixture(t, nil)
	h.sw = h.connect(t)
	next(t, h.sw, telephony.Linked)
	h.talk(t, "rec-00000003")
	begun := time.Now()
	must(t, syscall.Kill(h.server.Pid(), syscall.SIGKILL))
	next(t, h.sw, telephony.Unlinked)
	unlinked := time.Since(begun)
	if err := h.sw.Beat(t.Context()); err != nil && !errors.Is(err, telephony.ErrUnlinked) {
		t.Errorf("Beat while Asterisk is dead: %v", err)
	}
	next(t, h.sw, telephony.Linked)
	t.Logf("kill -9: Unlinked after %v, Linked after %v", unlinked, time.Since(begun))
	snap, err := h.sw.Snapshot(t.Context())
	must(t, err)
	if len(snap.Legs)+len(snap.Bridges) != 0 {
		t.Errorf("after the crash: %+v", snap)
	}
	// What was recorded until then is there.
	if len(snap.Recordings) != 1 || snap.Recordings[0] != "rec-00000003" {
		t.Errorf("recordings after the crash: %v", snap.Recordings)
	}
	must(t, h.sw.DeleteRecording(t.Context(), "rec-00000003"), h.sw.Beat(t.Context()))
	h.dial("+13125550100", "+13125550142", "Ana Paz")
	next(t, h.sw, telephony.LegArrived)
}

func TestAnotherProcessTakesOurPlace(t *testing.T) {
	t.Parallel() // each has an Asterisk of its own, and mostly waits
	h := newFixture(t, nil)
	first := h.connect(t)
	next(t, first, telephony.Linked)
	h.sw = first
	_, _, leg, other := h.talk(t, "rec-00000004")
	second := h.connect(t)
	next(t, second, telephony.Linked)
	next(t, first, telephony.Demoted)
	snap, err := second.Snapshot(t.Context())
	must(t, err)
	if len(snap.Legs) != 2 || len(snap.Bridges) != 1 || len(snap.Recordings) != 1 {
		t.Errorf("the second sees %+v", snap)
	}
	must(t, second.Hangup(t.Context(), other), second.Hangup(t.Context(), leg))
	for range 2 {
		if e := next(t, second, telephony.LegDown); e.Leg == other && e.Call != "call-1" {
			t.Errorf("a leg of the first's: %+v", e)
		}
	}
	next(t, second, telephony.RecordingEnded)
	must(t, second.RemoveBridge(t.Context(), "b-rec-00000004"), second.DeleteRecording(t.Context(), "rec-00000004"))

	cfg := h.config()
	cfg.App = "another"
	stranger, err := ari.Connect(cfg)
	must(t, err)
	defer stranger.Close()
	must(t, stranger.MakeBridge(t.Context(), "not-ours"))
	// Our own, removed above, may be listed a moment longer; another's that is shown is shown always.
	for late := time.Now().Add(10 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		snap, err = second.Snapshot(t.Context())
		must(t, err)
		if len(snap.Bridges) == 0 {
			break
		}
		if time.Now().After(late) {
			t.Fatalf("another application's bridge is shown: %+v", snap)
		}
	}
	must(t, stranger.RemoveBridge(context.Background(), "not-ours"))
}
