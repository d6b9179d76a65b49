package wire_test

import (
	"bytes"
	"context"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"lamplight/console"
	"lamplight/console/wire"
	"lamplight/console/wire/bus"
	"lamplight/console/wire/wiretest"
	"lamplight/notes"
)

// desk is a Backend that knows just enough to be asked; a panic is an answer too.
type desk struct {
	console.Answers
	mu     sync.Mutex
	drafts map[string]console.Draft
	events chan console.Event
	gone   chan struct{} // closed when a watch ends
}

func newDesk() *desk {
	d := &desk{drafts: map[string]console.Draft{}, events: make(chan console.Event, 8), gone: make(chan struct{})}
	console.On(&d.Answers, console.AskHello, func(context.Context, console.Nothing) (console.Hello, error) {
		return console.Hello{Agent: console.AgentView{Name: "Ana"}, Now: time.Unix(1, 0).UTC()}, nil
	})
	console.OnDo(&d.Answers, console.AskPause, func(_ context.Context, r console.PauseRequest) error {
		if r.Reason == "" {
			return &console.Error{Kind: console.Invalid, Code: "desk.error.reason", Fields: map[string]string{"reason": "desk.missing"}}
		}
		return nil
	})
	console.OnDo(&d.Answers, console.AskHangUp, func(context.Context,
		console.CallRef) error {
		return errors.New("inside: SELECT of María")
	})
	console.OnDo(&d.Answers, console.AskDropDraft, func(context.Context, console.DraftRef) error { panic("inside: María") })
	console.OnDo(&d.Answers, console.AskSaveDraft, func(_ context.Context, dr console.Draft) error {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.drafts[dr.ID] = dr
		return nil
	})
	console.On(&d.Answers, console.AskMe, func(context.Context, console.Nothing) (console.Me, error) { return console.Me{}, nil })
	return d
}

func (d *desk) Watch(ctx context.Context) (<-chan console.Event, error) {
	context.AfterFunc(ctx, func() { close(d.gone) })
	return d.events, nil
}

// keeper lets "ana" with "pw" and "123456" in, and whoever holds a session it opened.
type keeper struct {
	mu   sync.Mutex
	open map[wire.DeskSession]bool
	slow time.Duration // how long a password takes to check
}

func (k *keeper) Enter(_ context.Context, in bus.SignIn) (time.Time, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	s := wire.SessionOf(in.Token)
	if !k.open[s] && (in.Login != "ana" || in.Password != "pw" || in.Code != "123456") {
		return time.Time{}, errors.New("refused")
	}
	if !k.open[s] && k.slow > 0 {
		<-time.After(k.slow)
	}
	k.open[s] = true
	return time.Now().Add(time.Hour), nil
}

func (k *keeper) Who(ctx context.Context, s wire.DeskSession) (context.Context, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if !k.open[s] {
		return nil, console.Refuse(console.SignedOut, "desk.error.session")
	}
	return ctx, nil
}

// fixture is a server with everything a desk needs on the wire.
type fixture struct {
	*wiretest.Server
	keeper *keeper
	desk   *desk
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	h := &fixture{keeper: &keeper{open: map[wire.DeskSession]bool{}}, desk: newDesk()}
	h.Server = wiretest.Start(t, h.desk, h.keeper)
	return h
}

func (h *fixture) dial(t *testing.T, o wire.Options) *wire.Client {
	t.Helper()
	o.URL, o.CA = "tls://"+h.Addr, h.CA
	if o.Login == "" {
		o.Login, o.Password, o.Code = "ana", "pw", "123456"
	}
	c, err := wire.Dial(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func TestADeskIsAnsweredRefusedAndToldNothingInside(t *testing.T) {
	h := newFixture(t)
	c := h.dial(t, wire.Options{})
	if got, err := console.AskHello.Of(t.Context(), c, console.Nothing{}); err != nil || got.Agent.Name != "Ana" ||
		!got.Now.Equal(time.Unix(1, 0)) {
		t.Fatalf("hello: %+v, %v", got, err)
	}
	var refused *console.Error
	if err := console.AskPause.Do(t.Context(), c, console.PauseRequest{Reason: ""}); !errors.As(err, &refused) ||
		refused.Fields["reason"] != "desk.missing" {
		t.Fatalf("pause without a reason: %v", err)
	}
	for name, err := range map[string]error{
		"an inside error": console.AskHangUp.Do(t.Context(), c, console.CallRef{Call: "c"}),
		"a panic":         console.AskDropDraft.Do(t.Context(), c, console.DraftRef{ID: "x"}),
	} {
		if !errors.As(err, &refused) || refused.Code != "desk.error.internal" {
			t.Errorf("%s reached the desk: %v", name, err)
		}
	}
}

func TestADeskAsksOnlyWhatDesksAsk(t *testing.T) {
	c := newFixture(t).dial(t, wire.Options{})
	for name, want := range map[string]string{
		console.AskMe.Name:    "desk.error.unknown-request", // a page's, though it would be answered
		console.AskReady.Name: "desk.error.unknown-request", // nobody answers it here
		"of-a-later-build":    "desk.error.unknown-request",
	} {
		_, err := c.Ask(t.Context(), name, []byte("{}"))
		var refused *console.Error
		if !errors.As(err, &refused) || refused.Kind != console.NotFound || refused.Code != want {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, err := c.Ask(t.Context(), console.AskPause.Name, []byte(`{"reason":7}`))
	var refused *console.Error
	if !errors.As(err, &refused) || refused.Kind != console.Invalid {
		t.Errorf("a malformed request: %v", err)
	}
}

func TestRefusalsLookAlike(t *testing.T) {
	h := newFixture(t)
	for name, o := range map[string]wire.Options{
		"unknown login":  {Login: "bob", Password: "pw", Code: "123456"},
		"wrong password": {Login: "ana", Password: "no", Code: "123456"},
		"wrong code":     {Login: "ana", Password: "pw", Code: "000000"},
	} {
		o.URL, o.CA = "tls://"+h.Addr, h.CA
		_, err := wire.Dial(t.Context(), o)
		var refused *console.Error
		if !errors.As(err, &refused) || refused.Code != "desk.error.sign-in" {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := wire.Dial(t.Context(), wire.Options{URL: "tls://127.0.0.1:1", CA: h.CA}); !errors.Is(err, wire.ErrUnreachable) {
		t.Errorf("nobody there: %v", err)
	}
}

// Whom a desk does not believe is told as such, and not as a server that does not answer.
func TestACertificateThatIsNotBelievedIsTold(t *testing.T) {
	h := newFixture(t)
	_, port, err := net.SplitHostPort(h.Addr)
	if err != nil {
		t.Fatal(err)
	}
	for name, one := range map[string]struct {
		o    wire.Options
		code string
	}{
		"for other names":   {wire.Options{URL: "tls://localhost:" + port, CA: h.CA}, "desk.error.certificate-name"},
		"signed by unknown": {wire.Options{URL: "tls://" + h.Addr, CA: x509.NewCertPool()}, "desk.error.certificate-unknown"},
	} {
		_, err := wire.Dial(t.Context(), one.o)
		var refused *console.Error
		if !errors.As(err, &refused) || refused.Code != one.code {
			t.Errorf("%s: %v", name, err)
		} else if refused.Vars != nil && (refused.Vars["asked"] != "localhost" || refused.Vars["names"] != "127.0.0.1") {
			t.Errorf("%s: %v", name, refused.Vars)
		}
	}
}

func TestASlowDoorStillOpens(t *testing.T) {
	h := newFixture(t)
	h.keeper.slow = 3 * time.Second // longer than NATS waits before its first ping
	if _, err := console.AskHello.Of(t.Context(), h.dial(t, wire.Options{}), console.Nothing{}); err != nil {
		t.Fatal(err)
	}
}

func TestADeskIsConfinedToItsOwnSubjects(t *testing.T) {
	h := newFixture(t)
	victim, thief := h.dial(t, wire.Options{}), h.dial(t, wire.Options{})
	denied := make(chan error, 8)
	wire.Conn(thief).SetErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { denied <- err })
	for _, subject := range []string{">", "lamplight.desk.>", wire.EventSubject(wire.SessionIn(victim)),
		wire.ReplyPrefix(wire.SessionIn(victim)) + ".>", "$SYS.>"} {
		sub, err := wire.Conn(thief).SubscribeSync(subject)
		if err != nil {
			t.Fatal(err)
		}
		if err := <-denied; !errors.Is(err, nats.ErrPermissionViolation) {
			t.Errorf("subscribe %s: %v", subject, err)
		}
		if _, err := sub.NextMsg(time.Millisecond); err == nil {
			t.Errorf("subscribe %s delivered", subject)
		}
	}
	for _, subject := range []string{wire.DoSubject(wire.SessionIn(victim), "ready"), wire.EventSubject(wire.SessionIn(victim)),
		"$SYS.REQ.USER.AUTH"} {
		if err := wire.Conn(thief).Publish(subject, []byte("{}")); err != nil {
			t.Fatal(err)
		}
		if err := <-denied; !errors.Is(err, nats.ErrPermissionViolation) {
			t.Errorf("publish %s: %v", subject, err)
		}
	}
}

func TestWatchDeliversInOrderAndEndsWithTheDesk(t *testing.T) {
	h := newFixture(t)
	c := h.dial(t, wire.Options{})
	events, err := c.Watch(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		for _, k := range []console.EventKind{"hello", "pop", "call", "gone"} {
			h.desk.events <- console.Event{Kind: k}
		}
	}()
	for _, want := range []console.EventKind{"hello", "pop", "call", "gone"} {
		if e := <-events; e.Kind != want {
			t.Fatalf("got %q, want %q", e.Kind, want)
		}
	}
	c.Close()
	select {
	case <-h.desk.gone:
	case <-time.After(2 * wire.BeatLimit):
		t.Fatal("the server did not notice that the desk has gone")
	}
}

func TestAMissedEventEndsTheWatch(t *testing.T) {
	in, out := make(chan *nats.Msg, 4), make(chan console.Event, 4)
	for _, m := range []string{`{"watch":"old","n":9,"event":{}}`, `{"watch":"w","n":1,"event":{"kind":"hello"}}`,
		`{"watch":"w","n":3,"event":{}}`} {
		in <- &nats.Msg{Data: []byte(m)}
	}
	wire.Deliver(t.Context(), "w", in, out)
	close(out)
	var kinds []string
	for e := range out {
		kinds = append(kinds, string(e.Kind))
	}
	if len(kinds) != 1 || kinds[0] != "hello" {
		t.Fatalf("delivered %q, want only hello", kinds)
	}
}

// TestAnotherBuildsEventIsHeard: a field that the server sends in another form is left empty, a kind or a field that this desk
// does not know is passed on as it is; the stream goes on.
func TestAnotherBuildsEventIsHeard(t *testing.T) {
	in, out := make(chan *nats.Msg, 4), make(chan console.Event, 4)
	for _, m := range []string{
		`{"watch":"w","n":1,"event":{"kind":"hello","hello":{"agent":"Ana","training":true,"of-tomorrow":[1]}}}`,
		`{"watch":"w","n":2,"event":{"kind":"of-tomorrow","thing":{}}}`,
		`{"watch":"w","n":3,"event":{"kind":"figures","figures":{"waiting":"many","ready":3}}}`,
	} {
		in <- &nats.Msg{Data: []byte(m)}
	}
	close(in)
	wire.Deliver(t.Context(), "w", in, out)
	close(out)
	var got []console.Event
	for e := range out {
		got = append(got, e)
	}
	if len(got) != 3 || got[0].Hello == nil || !got[0].Hello.Training || got[2].Figures == nil || got[2].Figures.Ready != 3 {
		t.Fatalf("heard %+v", got)
	}
}

func TestADeskOutlivesTheServer(t *testing.T) {
	h := newFixture(t)
	changed := make(chan bool, 8)
	c := h.dial(t, wire.Options{Changed: func(linked bool, _ time.Time) { changed <- linked }})
	h.Stop()
	if linked := <-changed; linked {
		t.Fatal("the break was told as a return")
	}
	h.Restart(t) // the one-time code is spent: it comes back with its session
	h.keeper.mu.Lock()
	known := h.keeper.open[wire.SessionIn(c)]
	h.keeper.mu.Unlock()
	if linked := <-changed; !linked || !known {
		t.Fatal("the desk did not come back")
	}
	if _, err := console.AskHello.Of(t.Context(), c, console.Nothing{}); err != nil {
		t.Fatal(err)
	}
}

// TestNothingReadableCrossesTheWire records every byte between a desk and the server.
func TestNothingReadableCrossesTheWire(t *testing.T) {
	h := newFixture(t)
	tap := tapOn(t, h.Addr)
	h.Addr = tap.addr
	c := h.dial(t, wire.Options{})
	d := console.Draft{ID: "d1", Body: notes.Body{Fields: map[string]string{"name": "María Muñoz", "reason": "chest tightness",
		"callback": "+13125550142"}}}
	if err := console.AskSaveDraft.Do(t.Context(), c, d); err != nil {
		t.Fatal(err)
	}
	if got := h.desk.drafts["d1"].Body.Fields["name"]; got != "María Muñoz" {
		t.Fatalf("the draft arrived as %q", got)
	}
	c.Close()
	seen := tap.bytes()
	if len(seen) < 1000 {
		t.Fatalf("the tap recorded only %d bytes", len(seen))
	}
	for _, secret := range []string{"Muñoz", "chest", "5550142", "123456", "savedraft"} {
		if bytes.Contains(seen, []byte(secret)) {
			t.Errorf("%q crossed the wire readable", secret)
		}
	}
}

type tap struct {
	addr string
	mu   sync.Mutex // guards buf
	buf  bytes.Buffer
}

func (p *tap) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.buf.Write(b)
}

func (p *tap) bytes() []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	return bytes.Clone(p.buf.Bytes())
}

func tapOn(t *testing.T, target string) *tap {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	p := &tap{addr: l.Addr().String()}
	go func() {
		for {
			in, err := l.Accept()
			if err != nil {
				return
			}
			out, err := net.Dial("tcp", target)
			if err != nil {
				in.Close()
				return
			}
			pass := func(dst, src net.Conn) {
				defer dst.Close()
				io.Copy(io.MultiWriter(dst, p), src) // ends with either side
			}
			go pass(out, in)
			go pass(in, out)
		}
	}()
	return p
}
