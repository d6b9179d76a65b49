package asterisk_test

import (
	"fmt"
	"net"
	"net/url"
	"strings"
	"testing"
	"time"

	"lamplight/telephony/asterisk/asterisktest"
	"lamplight/telephony/phone"
)

// A caller who waits while the application stops renewing reaches the apology when the lease is over; so does one who
// arrives when the heartbeat is old, at once.
func TestAFrozenApplicationLosesNobody(t *testing.T) {
	t.Parallel()
	s := asterisktest.Start(t, nil)
	warnings(t, s)
	ctx := within(t, 60*time.Second)
	a := drive(t, ctx, s)
	up := dial(t, ctx, caller(t, s), phone.Outgoing{Number: "+13125550100", From: "+13125550142"})
	in := a.next(ctx, "StasisStart")
	a.must(ctx, "POST", "channels/"+in.Channel.ID+"/answer", nil)
	c := <-up
	if c == nil {
		t.FailNow()
	}
	frozen := time.Now()
	at, err := c.HeardAbove(ctx, 300, frozen)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("the waiting caller heard something %v after the application froze", at.Sub(frozen).Round(10*time.Millisecond))
	if at.Sub(frozen) > 10*time.Second {
		t.Error("that is more than 10 s")
	}
	hears(t, ctx, c, "lamplight/overflow", "en")

	a.must(ctx, "POST", "asterisk/variable", url.Values{"variable": {"GLOBAL(ALIVE)"}, "value": {"1000000000"}})
	if err := c.Hangup(ctx); err != nil {
		t.Fatal(err)
	}
	dialled := time.Now()
	c = must[*phone.Call](t)(caller(t, s).Dial(ctx, phone.Outgoing{Number: "+13125550100", From: "anonymous"}))
	if at, err = c.HeardAbove(ctx, 300, dialled); err != nil {
		t.Fatal(err)
	}
	t.Logf("a caller heard something %v after dialling, with an old heartbeat", at.Sub(dialled).Round(time.Millisecond))
	if at.Sub(dialled) > 2*time.Second {
		t.Error("that is more than 2 s")
	}
	a.stop()
	noTrouble(t, s)
}

// Asterisk rings a provider over the carrier's trunk, then a patient, and both hear each other; both see the number
// that was chosen for them.
func TestOutboundOverTheTrunk(t *testing.T) {
	t.Parallel()
	s := asterisktest.Start(t, nil)
	warnings(t, s)
	ctx := within(t, 60*time.Second)
	a := drive(t, ctx, s)
	network := must[*phone.Phone](t)(phone.Start(ctx, phone.Config{Listen: s.CarrierAddr(), Registrar: s.SIPAddr().String(),
		User: "carrier"}))
	defer func() {
		if err := network.Close(); err != nil {
			t.Error(err)
		}
	}()
	var calls []*phone.Call
	var legs []string
	var names []string
	for _, number := range []string{"+13125550177", "+13125550142"} {
		a.originate(ctx, "PJSIP/"+number+"@carrier", "outbound-leg", "+13125550100", "")
		call, ringing := ring(t, ctx, network)
		if from, _ := ringing.From(); from != "+13125550100" || ringing.Dialled() != number {
			t.Errorf("%s rang from %q to %q", number, from, ringing.Dialled())
		}
		e := a.next(ctx, "StasisStart")
		if strings.Join(e.Args, " ") != "outbound" {
			t.Errorf("entered with %q", e.Args)
		}
		a.set(ctx, e.Channel.ID, "TIMEOUT(absolute)", "0")
		calls, legs, names = append(calls, call), append(legs, e.Channel.ID), append(names, e.Channel.Name)
	}
	a.must(ctx, "POST", "bridges/back-00000001", url.Values{"type": {"mixing"}})
	a.must(ctx, "POST", "bridges/back-00000001/addChannel", url.Values{"channel": {strings.Join(legs, ",")}})
	a.set(ctx, legs[0], "PEER", names[1])
	a.set(ctx, legs[1], "PEER", names[0])
	bothHear(t, ctx, calls[1], calls[0], "en")
	if err := calls[0].Hangup(ctx); err != nil {
		t.Fatal(err)
	}
	select {
	case <-calls[1].Done():
	case <-ctx.Done():
		t.Fatal("the patient's leg outlives the provider's")
	}
	empty(t, ctx, s)
	logsTell(t, s, "5550142", "5550177")
	noTrouble(t, s)
}

// An emergency call from an agent's phone goes to the carrier with no application at all; another number does not.
func TestEmergencyCallsGoStraightOut(t *testing.T) {
	t.Parallel()
	s := asterisktest.Start(t, nil)
	warnings(t, s)
	ctx := within(t, 30*time.Second)
	network := must[*phone.Phone](t)(phone.Start(ctx, phone.Config{Listen: s.CarrierAddr(), Registrar: s.SIPAddr().String(),
		User: "carrier"}))
	defer func() {
		if err := network.Close(); err != nil {
			t.Error(err)
		}
	}()
	desk := agent(t, ctx, s, "agent1")
	up := dial(t, ctx, desk, phone.Outgoing{Number: "911"})
	there, ringing := ring(t, ctx, network)
	if ringing.Dialled() != "911" {
		t.Errorf("the carrier was asked for %q", ringing.Dialled())
	}
	here := <-up
	if here == nil {
		t.FailNow()
	}
	bothHear(t, ctx, here, there, "en")
	if err := there.Hangup(ctx); err != nil {
		t.Fatal(err)
	}
	<-here.Done()
	noTrouble(t, s)
	if _, err := desk.Dial(ctx, phone.Outgoing{Number: "13125550142"}); err == nil {
		t.Error("an agent's phone dialled out by itself")
	}
}

// Whatever comes in, the logs tell no caller's name or number: also not of calls refused or messages that cannot be read.
func TestLogsTellNoCaller(t *testing.T) {
	t.Parallel()
	s := asterisktest.Start(t, nil)
	ctx := within(t, 30*time.Second)
	send := func(from, message string) {
		c, err := net.DialUDP("udp", &net.UDPAddr{IP: net.ParseIP(from)}, net.UDPAddrFromAddrPort(s.SIPAddr()))
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if _, err := c.Write([]byte(strings.ReplaceAll(message, "ME", c.LocalAddr().String()))); err != nil {
			t.Fatal(err)
		}
	}
	n := 0
	invite := func(to, from, body string) string {
		n++
		return fmt.Sprintf("INVITE sip:%s@%s SIP/2.0\r\nVia: SIP/2.0/UDP ME;rport;branch=z9hG4bK%d\r\nFrom: %s;tag=x%d\r\nTo: "+
			"<sip:%s@pbx>\r\n"+
			"Contact: <sip:c@ME>\r\nCall-ID: call%d\r\nCSeq: 1 INVITE\r\nMax-Forwards: 70\r\nContent-Type: "+
			"application/sdp\r\nContent-Length: %d\r\n\r\n%s",
			to, s.SIPAddr(), n, from, n, to, n, len(body), body)
	}
	who := `"Rosa Bennett" <sip:+13125550142@carrier>`
	for _, from := range []string{"127.0.0.2", "127.0.0.9"} { // the carrier, and a stranger
		for _, m := range []string{
			invite("+13125550100", who, "this is no SDP for +13125550142"),
			invite("+13125550100", who, "v=0\r\no=- 1 1 IN IP4 Bennett\r\ns=+13125550142\r\nc=IN IP4 256.1.1.1\r\nt=0 0\r\nm=audio 9 "+
				"RTP/AVP 99\r\n"),
			invite("+13125550100", `"Rosa Bennett" <sip:+13125550142@carrier`, ""),
			invite("+13125550100", `Rosa Bennett <<+13125550142>>`, ""),
			invite("agent1", who, ""),
			invite("!", who, ""),
			"INVITE sip:+13125550142 Bennett\r\n\r\n",
			"Bennett +13125550142\r\n\r\n",
			strings.Replace(invite("+13125550100", who, ""), "CSeq: 1 INVITE", "CSeq: Bennett +13125550142", 1),
			strings.Replace(invite("+13125550100", who, ""), "INVITE sip:", "REGISTER sip:", 1),
			strings.Replace(strings.Replace(invite("+13125550100", who, ""), "INVITE sip:", "REFER sip:", 1), "Max-Forwards",
				"Refer-To: <sip:+13125550142@Bennett>\r\nMax-Forwards", 1),
		} {
			send(from, m)
		}
	}
	// A real call behind them: when it was answered the others were read.
	must[*phone.Call](t)(caller(t, s).Dial(ctx, phone.Outgoing{Number: "+13125550100", From: "+13125550142",
		Name: strings.Repeat(`Rosa "Bennett" <b>`, 600)}))
	must[*phone.Call](t)(caller(t, s).Dial(ctx, phone.Outgoing{Number: "+13125550100", From: "+13125550142",
		Name: "Rosa Mu\xf1oz Bennett"}))
	logsTell(t, s, "5550142", "Bennett", "Rosa")
}
