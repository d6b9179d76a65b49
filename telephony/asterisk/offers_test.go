package asterisk_test

import (
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"lamplight/telephony/asterisk/asterisktest"
)

// One INVITE is one caller, by whatever ways and however often it comes (RFC 3261 8.2.2.2, RFC 6026).
func TestOneInviteIsOneCaller(t *testing.T) {
	t.Parallel()
	s := asterisktest.Start(t, nil)
	warnings(t, s)
	ctx := within(t, 60*time.Second)
	a := drive(t, ctx, s)
	channels := func() int {
		_, list, err := ari(ctx, s, "GET", "channels", nil)
		if err != nil {
			t.Fatal(err)
		}
		var all []struct{ ID string }
		if err := json.Unmarshal(list, &all); err != nil {
			t.Fatal(err)
		}
		return len(all)
	}
	// An INVITE that is known still is answered as before, one that is taken for new is refused.
	alone := func(w *asterisktest.Wire, when string, answers ...string) {
		t.Helper()
		for !slices.Contains(answers, w.Reply(ctx)[8:11]) {
		}
		eventually(t, ctx, "there is one channel "+when, func() bool { return channels() == 1 })
	}
	w := asterisktest.NewWire(t, "127.0.0.2", s.SIPAddr())
	w.Send(w.Message("INVITE", "one", 1, w.Session()))
	w.Send(w.Message("INVITE", "two", 1, w.Session()))
	first := a.next(ctx, "StasisStart")
	alone(w, "before it is answered", "482")
	a.must(ctx, "POST", "channels/"+first.Channel.ID+"/answer", nil)
	for !strings.HasPrefix(w.Reply(ctx), "SIP/2.0 200 ") {
	}
	w.Send(w.Message("ACK", "ack", 1, ""))
	w.Send(w.Message("INVITE", "one", 1, w.Session()))
	alone(w, "when it comes again after its ACK", "200", "482")
	w.Send(w.Message("INVITE", "three", 1, w.Session()))
	alone(w, "when it comes by another way after its ACK", "482")
	other := asterisktest.NewWire(t, "127.0.0.2", s.SIPAddr())
	over := make(chan int, 1)
	go func() { over <- other.Invite(ctx) }()
	second := a.next(ctx, "StasisStart")
	if second.Channel.ID == first.Channel.ID {
		t.Error("the same caller came twice")
	}
	a.must(ctx, "DELETE", "channels/"+second.Channel.ID, nil)
	<-over
	noTrouble(t, s)
}

// What a carrier offers is taken where it can be, and is heard.
func TestOffers(t *testing.T) {
	t.Parallel()
	s := asterisktest.Start(t, nil) // nobody on ARI: the caller hears the apology
	ctx := within(t, 60*time.Second)
	for name, test := range map[string]struct{ sdp, takes string }{
		"G.722 alone":          {asterisktest.Plain("9 G722/8000"), "RTP/AVP 9"},
		"G.722 before mu-law":  {"m=audio PORT RTP/AVP 9 0\r\n", "RTP/AVP 0"},
		"G.729 before mu-law":  {"m=audio PORT RTP/AVP 18 0\r\n", "RTP/AVP 0"},
		"A-law alone":          {asterisktest.Plain("8 PCMA/8000"), "RTP/AVP 8"},
		"a picture beside it":  {"m=audio PORT RTP/AVP 0\r\nm=video PORT RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n", "RTP/AVP 0"},
		"a second, not wanted": {"m=audio PORT RTP/AVP 0\r\nm=audio PORT RTP/SAVP 0\r\n", "RTP/AVP 0"},
	} {
		w := asterisktest.NewWire(t, "127.0.0.2", s.SIPAddr())
		w.SDP = test.sdp
		if code := w.Invite(ctx); code != 200 {
			t.Errorf("%s: %d", name, code)
			continue
		}
		_, audio, _ := strings.Cut(w.Answer, "m=audio ")
		if _, format, _ := strings.Cut(audio, " "); !strings.HasPrefix(format, test.takes) {
			t.Errorf("%s: takes %.20q", name, format)
		}
		begun := time.Now()
		w.Speak(ctx, &asterisktest.SoundSource{SSRC: 1}, false, time.Second)
		if w.Loud(begun) < 10 {
			t.Errorf("%s: heard %d packets", name, w.Loud(begun))
		}
		w.Bye()
	}
}

// Encrypted sound that a carrier offers alone, or before plain sound, is taken, and plain sound where it comes first or the
// encryption is not ours: both sides hear each other.
func TestOffersOfEncryptedSound(t *testing.T) {
	t.Parallel()
	s := asterisktest.Start(t, nil)
	ctx := within(t, 60*time.Second)
	a := drive(t, ctx, s)
	plain := asterisktest.Plain("0 PCMU/8000")
	call := func(name, from, sdp string) (*asterisktest.Wire, string) {
		w := asterisktest.NewWire(t, from, s.SIPAddr())
		w.SDP = sdp
		done := make(chan int, 1)
		go func() { done <- w.Invite(ctx) }()
		e := a.next(ctx, "StasisStart")
		a.must(ctx, "POST", "channels/"+e.Channel.ID+"/answer", nil)
		if code := <-done; code != 200 {
			t.Fatalf("%s: %d", name, code)
		}
		return w, e.Channel.ID
	}
	for name, test := range map[string]struct {
		sdp   string
		takes []string
	}{
		"encrypted alone":       {asterisktest.Encrypted, []string{"RTP/SAVP 0"}},
		"encrypted, then plain": {asterisktest.Encrypted + plain, []string{"RTP/SAVP 0", "0 RTP/AVP 0"}},
		"plain, then encrypted": {plain + asterisktest.Encrypted, []string{"RTP/AVP 0", "0 RTP/SAVP 0"}},
		"DTLS, then plain": {strings.Replace(plain, "RTP/", "UDP/TLS/RTP/S", 1) + plain,
			[]string{"0 UDP/TLS/RTP/SAVP 0", "RTP/AVP 0"}},
	} {
		w, id := call(name, "127.0.0.2", test.sdp)
		streams := strings.Split(w.Answer, "m=audio ")[1:]
		if len(streams) != len(test.takes) {
			t.Fatalf("%s: answers %s", name, w.Answer)
		}
		for i, takes := range test.takes {
			_, format, _ := strings.Cut(streams[i], " ")
			if !strings.HasPrefix(format, takes) && !strings.HasPrefix(streams[i], takes) {
				t.Errorf("%s: takes %.30q, not %q", name, streams[i], takes)
			}
		}
		other, otherID := call(name, "127.0.0.2", "")
		bridge := "b-" + id
		a.must(ctx, "POST", "bridges/"+bridge, url.Values{"type": {"mixing"}})
		a.must(ctx, "POST", "bridges/"+bridge+"/addChannel", url.Values{"channel": {id + "," + otherID}})
		begun := time.Now()
		for who, speaks := range map[string][2]*asterisktest.Wire{"what it says": {w, other}, "what it is told": {other, w}} {
			speaks[0].Speak(ctx, &asterisktest.SoundSource{SSRC: 1}, true, time.Second)
			if n := speaks[1].Loud(begun); n < 25 {
				t.Errorf("%s: of %s %d packets are heard", name, who, n)
			}
		}
		w.Bye()
		other.Bye()
		empty(t, ctx, s)
		a.must(ctx, "DELETE", "bridges/"+bridge, nil)
	}
}
