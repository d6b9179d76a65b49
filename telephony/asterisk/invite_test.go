package asterisk_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"lamplight/telephony"
	"lamplight/telephony/asterisk"
	"lamplight/telephony/asterisk/asterisktest"
)

// Whatever form a carrier gives the numbers, the application and the fail-safe learn the same ones from the real Asterisk.
func TestNumbersOfRealInvites(t *testing.T) {
	t.Parallel()
	s := asterisktest.Start(t, nil)
	ctx := within(t, 90*time.Second)
	a := drive(t, ctx, s)
	host := s.SIPAddr().String()
	const did, ani = telephony.Number("+13125550100"), telephony.Number("+13125550142")
	for name, test := range map[string]struct {
		uri, to, from string
		headers       []string
		did, ani      telephony.Number
	}{
		"plain":             {uri: "sip:+13125550100@" + host + ";user=phone", did: did, ani: ani},
		"portability":       {uri: "sip:+13125550100;npdi=yes@" + host + ";user=phone", did: did, ani: ani},
		"routing number":    {uri: "sip:+13125550100;npdi=yes;rn=+13125559000@" + host, did: did, ani: ani},
		"phone-context":     {uri: "sip:5550100;phone-context=+1312@" + host, did: did, ani: ani},
		"subaddress":        {uri: "sip:+13125550100;isub=1411@" + host, did: did, ani: ani},
		"separators":        {uri: "sip:+1-312-555-0100@" + host, did: did, ani: ani},
		"brackets":          {uri: "sip:(312)555.0100@" + host, did: did, ani: ani},
		"escaped":           {uri: "sip:%2B13125550100@" + host, did: did, ani: ani},
		"a tel URI":         {uri: "tel:+1-312-555-0100", did: did, ani: ani},
		"an account's name": {uri: "sip:trunk-7@" + host, to: "+13125550100", did: did, ani: ani},
		"no user":           {uri: "sip:" + host, to: "+13125550100", did: did, ani: ani},
		"one letter":        {uri: "sip:x@" + host, to: "+13125550100"}, // refused: it could mean something to the dialplan
		"several asserted": {uri: "sip:+13125550100@" + host,
			headers: []string{`P-Asserted-Identity: "Roe, Jane" <sip:jane@c>, <tel:+1-312-555-0177>`},
			did:     did, ani: "+13125550177"},
		"withheld by id": {uri: "sip:+13125550100@" + host, headers: []string{"P-Asserted-Identity: <sip:+13125550177@c>", "Privacy: id"},
			did: did},
		"withheld by user;id": {uri: "sip:+13125550100@" + host, headers: []string{"P-Asserted-Identity: <sip:+13125550177@c>",
			"Privacy: user;id"},
			did: did},
		"restricted": {uri: "sip:+13125550100@" + host,
			headers: []string{"Remote-Party-ID: <sip:+13125550177@c>;party=calling;privacy=full"}, did: did},
		"anonymous":      {uri: "sip:+13125550100@" + host, from: `"Anonymous" <sip:anonymous@anonymous.invalid>`, did: did},
		"separators too": {uri: "sip:+13125550100@" + host, from: "<sip:+1-312-555-0142@c;user=phone>", did: did, ani: ani},
		"from abroad":    {uri: "sip:+13125550100@" + host, from: "<sip:0115215555550142@c>", did: did, ani: "+5215555550142"},
		"what could mean more": {uri: "sip:+13125550100@" + host, from: `"${EXTEN} $[1/0] , | \" <b>" <sip:+13125550142@c>`,
			headers: []string{`Diversion: "${SHELL(id)}|,)}" <sip:+13125550150@c>;reason="a|b"`}, did: did, ani: ani},
	} {
		w := asterisktest.NewWire(t, "127.0.0.2", s.SIPAddr())
		w.URI, w.To, w.From, w.Headers = test.uri, test.to, test.from, test.headers
		if test.did == "" {
			if code := w.Invite(ctx); code != 484 {
				t.Errorf("%s: %d", name, code)
			}
			continue
		}
		done := make(chan int, 1)
		go func() { done <- w.Invite(ctx) }()
		e := a.next(ctx, "StasisStart")
		i, ok := asterisk.ParseInvite(e.Channel.Channelvars[asterisk.InviteVar])
		if !ok {
			t.Errorf("%s: the dialplan tells %q", name, e.Channel.Channelvars[asterisk.InviteVar])
		}
		if got := i.Called()[0]; got != test.did {
			t.Errorf("%s: called %q of %+v", name, got, i)
		}
		if got, withheld := i.Calling(); got != test.ani || withheld != (test.ani == "") {
			t.Errorf("%s: calling %q, withheld %v, of %+v", name, got.Reveal(), withheld, i)
		}
		a.must(ctx, "POST", "channels/"+e.Channel.ID+"/answer", nil)
		if code := <-done; code != 200 {
			t.Errorf("%s: %d", name, code)
		}
		w.Bye()
	}
	empty(t, ctx, s)
}

// The fail-safe writes down what the INVITE said also of a caller whose leg ARI has touched, without living dangerously.
func TestTheFailSafeKeepsTheNumber(t *testing.T) {
	t.Parallel()
	s := asterisktest.Start(t, func(c *asterisk.Config) { c.Lease = time.Second })
	warnings(t, s)
	ctx := within(t, 60*time.Second)
	a := drive(t, ctx, s)
	w := asterisktest.NewWire(t, "127.0.0.2", s.SIPAddr())
	w.URI = "sip:+13125550100;npdi=yes@" + s.SIPAddr().String()
	w.Headers = []string{"P-Asserted-Identity: <sip:jane@c>, <tel:+13125550177>"}
	done := make(chan int, 1)
	go func() { done <- w.Invite(ctx) }()
	e := a.next(ctx, "StasisStart")
	a.must(ctx, "POST", "channels/"+e.Channel.ID+"/answer", nil)
	a.set(ctx, e.Channel.ID, "TIMEOUT(absolute)", "1") // as a renewal does
	if code := <-done; code != 200 {
		t.Fatal(code)
	}
	var notes []string
	eventually(t, ctx, "the number is written down", func() bool {
		notes = must[[]string](t)(filepath.Glob(filepath.Join(s.Spool(), "vm", "*"+asterisk.CallerSuffix+".raw")))
		return len(notes) > 0
	})
	text := string(must[[]byte](t)(os.ReadFile(notes[0])))
	i, ok := asterisk.ParseInvite(text)
	if n, _ := i.Calling(); !ok || n != "+13125550177" || i.Called()[0] != "+13125550100" {
		t.Errorf("it wrote %q", text)
	}
	vm := strings.TrimSuffix(filepath.Base(notes[0]), asterisk.CallerSuffix+".raw")
	if v, err := asterisk.ParseVoicemail("vm/" + vm); err != nil || v.DID != "+13125550100" {
		t.Errorf("the voicemail %s: %+v, %v", vm, v, err)
	}
	w.Bye()
	empty(t, ctx, s)
	noTrouble(t, s)
	logsTell(t, s, "5550177")
}
