package asterisk_test

import (
	"encoding/json"
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
		"encrypted or not": {"m=audio PORT RTP/SAVP 0\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 " +
			"inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz\r\n" +
			"m=audio PORT RTP/AVP 0\r\n", "RTP/SAVP 0"},
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
		if strings.Contains(test.takes, "SAVP") && !strings.Contains(w.Answer, "a=crypto:1 ") {
			t.Errorf("%s: encrypted with no key: %s", name, w.Answer)
		}
		if w.Loud(begun) < 10 {
			t.Errorf("%s: heard %d packets", name, w.Loud(begun))
		}
		w.Bye()
	}
}
