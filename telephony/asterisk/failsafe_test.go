package asterisk_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"

	"lamplight/telephony/asterisk"
	"lamplight/telephony/asterisk/asterisktest"
	"lamplight/telephony/phone"
	"lamplight/telephony/phone/speech"
	"lamplight/telephony/phone/voice"
)

// An app is the least that can drive calls: it listens to events and beats.
type app struct {
	t      *testing.T
	s      *asterisk.Server
	events chan event
	stop   func()
}

type event struct {
	Type    string
	Args    []string
	Channel struct {
		ID, Name    string
		Channelvars map[string]string
	}
}

func drive(t *testing.T, ctx context.Context, s *asterisk.Server) *app {
	t.Helper()
	base, user, password := s.ARI()
	q := url.Values{"app": {s.App()}, "api_key": {user + ":" + password}}
	conn, _, err := websocket.Dial(ctx, strings.Replace(base, "http", "ws", 1)+"/events?"+q.Encode(), nil)
	if err != nil {
		t.Fatal(err)
	}
	conn.SetReadLimit(1 << 20)
	ctx, cancel := context.WithCancel(ctx)
	a := &app{t: t, s: s, events: make(chan event, 1000)}
	read, beaten := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(read)
		for {
			_, text, err := conn.Read(ctx)
			if err != nil {
				return // the test is over, or dropped the connection
			}
			var e event
			if err := json.Unmarshal(text, &e); err != nil {
				t.Error(err)
				return
			}
			a.events <- e
		}
	}()
	beat := func() error {
		_, err := a.ask(ctx, "POST", "asterisk/variable", url.Values{"variable": {"GLOBAL(ALIVE)"},
			"value": {strconv.FormatInt(time.Now().Unix(), 10)}})
		return err
	}
	if err := beat(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(beaten)
		for tick := time.NewTicker(time.Second); ; {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			if err := beat(); err != nil && ctx.Err() == nil {
				t.Error(err)
			}
		}
	}()
	a.stop = sync.OnceFunc(func() {
		if err := conn.Close(websocket.StatusNormalClosure, ""); err != nil {
			t.Error(err)
		}
		cancel()
		<-read
		<-beaten
	})
	t.Cleanup(a.stop)
	return a
}

func (a *app) ask(ctx context.Context, method, path string, q url.Values) ([]byte, error) {
	code, body, err := ari(ctx, a.s, method, path, q)
	if err == nil && code/100 != 2 {
		err = errors.New(method + " " + path + ": " + strconv.Itoa(code) + " " + string(body))
	}
	return body, err
}

func (a *app) must(ctx context.Context, method, path string, q url.Values) {
	a.t.Helper()
	if _, err := a.ask(ctx, method, path, q); err != nil {
		a.t.Fatal(err)
	}
}

// originate starts a leg of ours in one of the dialplan's contexts.
func (a *app) originate(ctx context.Context, endpoint, dialplan, from, variables string) {
	a.t.Helper()
	base, user, password := a.s.ARI()
	q := url.Values{"endpoint": {endpoint}, "context": {dialplan}, "extension": {"s"}, "priority": {"1"}, "callerId": {from},
		"timeout": {"20"}}
	req, err := http.NewRequestWithContext(ctx, "POST", base+"/channels?"+q.Encode(), strings.NewReader(variables))
	if err != nil {
		a.t.Fatal(err)
	}
	req.SetBasicAuth(user, password)
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		a.t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != 200 {
		a.t.Fatalf("originate %s: %s", endpoint, res.Status)
	}
}

func (a *app) set(ctx context.Context, channel, name, value string) {
	a.t.Helper()
	a.must(ctx, "POST", "channels/"+channel+"/variable", url.Values{"variable": {name}, "value": {value}})
}

// next waits for an event of a type.
func (a *app) next(ctx context.Context, kind string) event {
	a.t.Helper()
	for {
		select {
		case e := <-a.events:
			if e.Type == kind {
				return e
			}
		case <-ctx.Done():
			a.t.Fatalf("no %s came", kind)
		}
	}
}

func agent(t *testing.T, ctx context.Context, s *asterisk.Server, name string) *phone.Phone {
	t.Helper()
	p := must[*phone.Phone](t)(phone.Start(ctx, phone.Config{Registrar: s.SIPAddr().String(), User: name, Password: s.Agents()[name]}))
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := p.Register(ctx); err != nil {
		t.Fatal(err)
	}
	return p
}

// dial calls in the background; the channel delivers the call when it was answered.
func dial(t *testing.T, ctx context.Context, p *phone.Phone, o phone.Outgoing) <-chan *phone.Call {
	up := make(chan *phone.Call, 1)
	go func() {
		c, err := p.Dial(ctx, o)
		if err != nil {
			t.Error(err)
		}
		up <- c
	}()
	return up
}

func ring(t *testing.T, ctx context.Context, p *phone.Phone) (*phone.Call, *phone.Incoming) {
	t.Helper()
	select {
	case in := <-p.Incoming():
		if err := in.Ring(); err != nil {
			t.Fatal(err)
		}
		return must[*phone.Call](t)(in.Answer(ctx)), in
	case <-ctx.Done():
		t.Fatal("the phone does not ring")
		return nil, nil
	}
}

// bothHear has one side speak after the other and checks that the other hears it.
func bothHear(t *testing.T, ctx context.Context, caller, agent *phone.Call, language string) {
	t.Helper()
	for _, side := range []struct {
		name          string
		says, listens *phone.Call
		what          func(string) (speech.PCM, error)
	}{{"agent hears caller", caller, agent, voice.Caller}, {"caller hears agent", agent, caller, voice.Agent}} {
		words := must[speech.PCM](t)(side.what(language))
		before := side.listens.Heard().Duration()
		if err := side.says.Play(ctx, words); err != nil {
			t.Fatalf("%s: %v", side.name, err)
		}
		match := 0.0
		for late := time.Now().Add(10 * time.Second); match < 0.8 && time.Now().Before(late); {
			if _, err := side.listens.HeardAbove(ctx, -1, time.Now().Add(100*time.Millisecond)); err != nil {
				t.Fatalf("%s: %v", side.name, err)
			}
			heard := side.listens.Heard()
			match, _, _ = speech.Follow(heard[int(before/speech.FrameTime)*speech.FrameSize:], words)
		}
		t.Logf("%s in %s: %.3f", side.name, language, match)
		if match < 0.8 {
			t.Errorf("%s in %s: %.3f", side.name, language, match)
		}
	}
}

// A caller and an agent who talk go on talking when the application dies; when one hangs up the other's leg ends too,
// and nothing is left on the switch.
func TestTalkOutlivesTheApplication(t *testing.T) {
	t.Parallel()
	s := asterisktest.Start(t, func(c *asterisk.Config) { c.Lease = 3 * time.Second })
	warnings(t, s)
	ctx := within(t, 90*time.Second)
	a := drive(t, ctx, s)
	desk := agent(t, ctx, s, "agent1")
	up := dial(t, ctx, caller(t, s), phone.Outgoing{Number: "+13125550100", From: "+13125550142", Name: "Rosa Bennett"})

	in := a.next(ctx, "StasisStart")
	if len(in.Args) != 5 || in.Args[0] != "inbound" || in.Args[1] != "+13125550100" || in.Args[4] != "ringing" ||
		in.Channel.Channelvars["DID"] != "+13125550100" {
		t.Errorf("the caller entered with %q and %v", in.Args, in.Channel.Channelvars)
	}
	a.must(ctx, "POST", "channels/"+in.Channel.ID+"/answer", nil)
	c := <-up
	if c == nil {
		t.FailNow()
	}
	a.originate(ctx, "PJSIP/agent1", "agent-leg", "+13125550100", `{"variables":{"PJSIP_HEADER(add,X-Lamplight-Call)":"c1"}}`)
	talker, ringing := ring(t, ctx, desk)
	if number, _ := ringing.From(); strings.Contains(number, "5550142") {
		t.Error("the agent's phone was shown the caller's number")
	}
	if got := ringing.Header("X-Lamplight-Call"); got != "c1" {
		t.Errorf("X-Lamplight-Call is %q", got)
	}
	out := a.next(ctx, "StasisStart")
	a.must(ctx, "POST", "bridges/talk-00000001", url.Values{"type": {"mixing"}})
	a.must(ctx, "POST", "bridges/talk-00000001/addChannel", url.Values{"channel": {in.Channel.ID + "," + out.Channel.ID}})
	a.set(ctx, in.Channel.ID, "PEER", out.Channel.Name)
	a.set(ctx, out.Channel.ID, "PEER", in.Channel.Name)
	a.set(ctx, out.Channel.ID, "TIMEOUT(absolute)", "0")
	a.set(ctx, in.Channel.ID, "TIMEOUT(absolute)", "30")
	bothHear(t, ctx, c, talker, "en")

	a.set(ctx, in.Channel.ID, "TIMEOUT(absolute)", "1")
	a.next(ctx, "StasisEnd") // the lease ran out and the fail-safe took the caller
	a.stop()
	bothHear(t, ctx, c, talker, "es")
	if err := c.Hangup(ctx); err != nil {
		t.Fatal(err)
	}
	select {
	case <-talker.Done():
	case <-ctx.Done():
		t.Fatal("the agent's leg outlives the caller")
	}
	empty(t, ctx, s)
	logsTell(t, s, "5550142", "Bennett")
	noTrouble(t, s)
}

// empty waits until no channel is left.
func empty(t *testing.T, ctx context.Context, s *asterisk.Server) {
	t.Helper()
	eventually(t, ctx, "no channel is left", func() bool {
		_, list, err := ari(ctx, s, "GET", "channels", nil)
		return err == nil && string(list) == "[]"
	})
}
