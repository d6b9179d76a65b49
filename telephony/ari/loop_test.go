package ari_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/coder/websocket"

	"lamplight/telephony"
	"lamplight/telephony/ari"
)

// pretender stands in for Asterisk where the real one cannot be made to misbehave. Each connection runs talk.
type pretender struct {
	*httptest.Server
	connects, filters atomic.Int64
	conn              atomic.Pointer[websocket.Conn]
	kept              atomic.Bool // a recording was asked for on a connection to be kept
	mute              atomic.Bool // events are not sent, as when Asterisk has taken the application away
}

func pretend(t *testing.T, talk func(ctx context.Context, n int64, c *websocket.Conn)) *pretender {
	p := &pretender{}
	mux := http.NewServeMux()
	mux.HandleFunc("/ari/events", func(w http.ResponseWriter, r *http.Request) {
		if user, pass, _ := r.BasicAuth(); user != "u" || pass != "p" || strings.Contains(r.URL.RawQuery, "p") &&
			r.URL.Query().Has("api_key") {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		c, err := websocket.Accept(w, r, nil)
		if err != nil {
			return
		}
		defer c.CloseNow()
		p.conn.Store(c)
		talk(r.Context(), p.connects.Add(1), c)
	})
	mux.HandleFunc("PUT /ari/applications/app/eventFilter", func(w http.ResponseWriter, r *http.Request) {
		b, err := io.ReadAll(r.Body)
		if err == nil && strings.Contains(string(b), `{"type":"StasisStart"}`) {
			p.filters.Add(1)
		}
		w.Write([]byte("{}"))
	})
	mux.HandleFunc("POST /ari/events/user/{name}", func(w http.ResponseWriter, r *http.Request) {
		if c := p.conn.Load(); !p.mute.Load() {
			c.Write(r.Context(), websocket.MessageText, fmt.Appendf(nil,
				`{"type":"ChannelUserevent","timestamp":"2026-01-02T03:04:05.678+0000","eventname":%q,"userevent":{}}`,
				r.PathValue("name")))
		}
	})
	mux.HandleFunc("/ari/channels/missing/answer", func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusNotFound) })
	mux.HandleFunc("/ari/channels/broken/answer", func(w http.ResponseWriter,
		r *http.Request) {
		w.WriteHeader(http.StatusInternalServerError)
	})
	mux.HandleFunc("/ari/channels/slow/answer", func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body) // so that the server notices when the other side leaves
		<-r.Context().Done()
	})
	mux.HandleFunc("GET /ari/recordings/stored/app%2Fgrows/file", func(w http.ResponseWriter, r *http.Request) {
		conn, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			return
		}
		defer conn.Close()
		io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n12345678"+strings.Repeat("\x00", 640)) // longer than it said
		p.kept.Store(!r.Close)
		io.Copy(io.Discard, conn)
	})
	p.Server = httptest.NewServer(mux)
	t.Cleanup(p.Close)
	return p
}

func (p *pretender) connect(t *testing.T, change func(*ari.Config)) *ari.Client {
	cfg := ari.Config{URL: p.URL + "/ari", User: "u", Password: "p", App: "app", BackoffMax: 100 * time.Millisecond,
		Log: slog.New(slog.DiscardHandler)}
	if change != nil {
		change(&cfg)
	}
	c, err := ari.Connect(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// quietly reads until the other side leaves.
func quietly(ctx context.Context, _ int64, c *websocket.Conn) { c.Read(ctx) }

func arrival(id, name string) string {
	n, err := json.Marshal(name)
	if err != nil {
		panic(err)
	}
	return fmt.Sprintf(`{"type":"StasisStart","timestamp":"2026-01-02T03:04:05.678+0000","args":["inbound","3125550100"],"channel":{"id":%q,"name":"PJSIP/c-1","caller":{"name":%s,"number":"3125550142"}}}`, id, n)
}

func TestThousandsOfEventsAtOnceAreAllDelivered(t *testing.T) {
	const events = 3000
	p := pretend(t, func(ctx context.Context, _ int64, c *websocket.Conn) {
		say := func(s string) { c.Write(ctx, websocket.MessageText, []byte(s)) }
		say(arrival("c1", "Ana"))
		for i := range events {
			say(fmt.Sprintf(`{"type":"ChannelDtmfReceived","timestamp":"2026-01-02T03:04:%02d.%03d+0000","digit":"%d","channel":{"id":"c1"}}`, i/1000, i%1000, i%10))
			if i%100 == 0 {
				say(`{"type":"ChannelToneDetected","timestamp":"2026-01-02T03:04:05.678+0000","channel":{"id":"c1"}}`)
				say(`{"type":"NeverHeardOf"}`)
				say(`{"type":`)
				say(`[]`)
				say(`{"type":"StasisStart","timestamp":"yesterday","channel":[]}`)
				say(`{"type":"ChannelDestroyed","timestamp":"2026-01-02T03:04:05.678+0000","channel":{"id":"nobody"}}`)
			}
		}
		c.Read(ctx)
	})
	var alarms atomic.Int64
	c := p.connect(t, func(cfg *ari.Config) { cfg.AlarmDepth, cfg.Alarm = 500, func(int) { alarms.Add(1) } })
	for deadline := time.Now().Add(20 * time.Second); c.Backlog() < events+2; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d events wait", c.Backlog())
		}
	}
	next(t, c, telephony.Linked)
	next(t, c, telephony.LegArrived)
	for i := range events {
		if e := <-c.Events(); e.Kind != telephony.Digit || e.Digit != fmt.Sprint(i%10) {
			t.Fatalf("event %d is %+v", i, e)
		}
	}
	if n := alarms.Load(); n != 3 { // at 500, 1,000 and 2,000
		t.Errorf("%d alarms", n)
	}
	if u := c.UnknownEvents(); u["NeverHeardOf"] != 30 || u["ChannelToneDetected"] != 30 {
		t.Errorf("unknown events: %v", u)
	}
}

func TestNamesAreHarmless(t *testing.T) {
	names := map[string]string{
		"10 kB":   strings.Repeat("x", 10<<10),
		"html":    `<img src=x onerror=alert(1)>`,
		"bidi":    "evil\u202efdp.exe\u202c\u2066",
		"control": "a\x00\x1b[2J\r\nb",
	}
	for what, name := range names {
		p := pretend(t, func(ctx context.Context, _ int64, c *websocket.Conn) {
			c.Write(ctx, websocket.MessageText, []byte(arrival("c1", name)))
			c.Read(ctx)
		})
		e := next(t, p.connect(t, nil), telephony.LegArrived)
		if e.CallerName != telephony.CleanName(name) || utf8.RuneCountInString(e.CallerName) > 80 ||
			strings.ContainsAny(e.CallerName, "\x00\x1b\r\n\u202e\u202c\u2066") {
			t.Errorf("%s: %q", what, e.CallerName)
		}
		if e.DID != "+13125550100" || e.ANI != "+13125550142" || e.At.Year() != 2026 {
			t.Errorf("%s: %+v", what, e)
		}
	}
}

func TestLostConnectionsAreToldAndSoughtAgain(t *testing.T) {
	p := pretend(t, func(ctx context.Context, n int64, c *websocket.Conn) {
		if n < 4 {
			c.Write(ctx, websocket.MessageText, []byte(arrival(fmt.Sprint("c", n), "Ana")))
			return // cut off
		}
		c.Read(ctx)
	})
	c := p.connect(t, nil)
	for n := 1; n < 4; n++ {
		next(t, c, telephony.Linked)
		if e := next(t, c, telephony.LegArrived); e.Leg != telephony.LegID(fmt.Sprint("c", n)) {
			t.Errorf("arrived %+v", e)
		}
		next(t, c, telephony.Unlinked)
	}
	next(t, c, telephony.Linked)
	for deadline := time.Now().Add(10 * time.Second); p.filters.Load() == 0 && time.Now().Before(deadline); {
		time.Sleep(time.Millisecond)
	}
	if p.filters.Load() == 0 {
		t.Error("no event filter was set")
	}
}

func TestADumbSwitchIsNoticed(t *testing.T) {
	p := pretend(t, func(ctx context.Context, _ int64, c *websocket.Conn) { <-ctx.Done() }) // reads nothing, answers no ping
	c := p.connect(t, func(cfg *ari.Config) { cfg.PingEvery = 50 * time.Millisecond })
	next(t, c, telephony.Linked)
	next(t, c, telephony.Unlinked)
	next(t, c, telephony.Linked)
}

func TestAMuteConnectionIsNoticed(t *testing.T) {
	p := pretend(t, quietly) // answers pings
	c := p.connect(t, func(cfg *ari.Config) { cfg.PingEvery = 50 * time.Millisecond })
	next(t, c, telephony.Linked)
	p.mute.Store(true)
	next(t, c, telephony.Unlinked)
	p.mute.Store(false)
	next(t, c, telephony.Linked)
	select {
	case e := <-c.Events():
		t.Errorf("on a sound connection: %+v", e)
	case <-time.After(300 * time.Millisecond): // several proofs long
	}
}

func TestDemotionIsNotFought(t *testing.T) {
	p := pretend(t, func(ctx context.Context, _ int64, c *websocket.Conn) {
		c.Write(ctx, websocket.MessageText, []byte(`{"type":"ApplicationReplaced","timestamp":"2026-01-02T03:04:05.678+0000"}`))
		c.Read(ctx)
	})
	c := p.connect(t, nil)
	next(t, c, telephony.Demoted)
	select {
	case e := <-c.Events():
		t.Errorf("after the demotion: %+v", e)
	case <-time.After(300 * time.Millisecond): // longer than the longest pause between connects
	}
	if n := p.connects.Load(); n != 1 {
		t.Errorf("connected %d times", n)
	}
}

func TestErrorsAreTheSwitchs(t *testing.T) {
	p := pretend(t, quietly)
	c := p.connect(t, func(cfg *ari.Config) { cfg.Timeout = 100 * time.Millisecond })
	next(t, c, telephony.Linked)
	ctx := t.Context()
	if err := c.Answer(ctx, "missing"); !errors.Is(err, telephony.ErrGone) {
		t.Errorf("404: %v", err)
	}
	if err := c.Answer(ctx, "broken"); err == nil || errors.Is(err, telephony.ErrGone) || errors.Is(err, telephony.ErrUnlinked) {
		t.Errorf("500: %v", err)
	}
	if err := c.Answer(ctx, "slow"); !errors.Is(err, telephony.ErrUnlinked) {
		t.Errorf("no answer: %v", err)
	}
	hurried, cancel := context.WithTimeout(ctx, 10*time.Millisecond)
	defer cancel()
	if err := c.Answer(hurried, "slow"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the caller's own deadline: %v", err)
	}
	p.CloseClientConnections()
	p.Listener.Close()
	if err := c.Beat(ctx); !errors.Is(err, telephony.ErrUnlinked) {
		t.Errorf("nobody there: %v", err)
	}
	for _, o := range []telephony.Originate{
		{Leg: "l"},
		{Leg: "l", Agent: "a/b"},
		{Leg: "l", Agent: "agent1", Number: "+13125550142"},
		{Leg: "l", Number: "+1312@evil"},
		{Leg: "l", Agent: "agent1", Headers: map[string]string{"From": "x"}},
		{Leg: "l", Agent: "agent1", Headers: map[string]string{"X-A": "x\r\nFrom: y"}},
	} {
		if err := c.Originate(ctx, o); err == nil || errors.Is(err, telephony.ErrUnlinked) || strings.Contains(err.Error(), "5550142") {
			t.Errorf("originate %+v: %v", o, err)
		}
	}
	if err := c.Record(ctx, "c1", "../../etc/passwd"); err == nil || errors.Is(err, telephony.ErrUnlinked) {
		t.Errorf("a recording named as a path: %v", err)
	}
}

func TestConfigThatCannotWork(t *testing.T) {
	for _, cfg := range []ari.Config{{}, {URL: "ftp://x/ari", App: "a", User: "u"}, {URL: "http://x/ari", User: "u"},
		{URL: "http://x/ari", App: "a"}} {
		if c, err := ari.Connect(cfg); err == nil {
			c.Close()
			t.Errorf("%+v was taken", cfg)
		}
	}
}

// A recording that grows while it is sent is longer than its length said: what is left of it must not stand on a connection
// that the next command goes over.
func TestARecordingThatGrowsSpoilsNoCommand(t *testing.T) {
	p := pretend(t, quietly)
	c := p.connect(t, nil)
	var b bytes.Buffer
	must(t, c.FetchRecording(t.Context(), "grows", &b))
	if p.kept.Load() {
		t.Error("the connection was to be kept")
	}
}
