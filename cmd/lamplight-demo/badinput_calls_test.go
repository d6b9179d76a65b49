package main

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"lamplight/cmd/lamplight/server"
	"lamplight/console"
	"lamplight/notes"
	"lamplight/notes/access"
	"lamplight/routing"
	"lamplight/telephony"
	"lamplight/telephony/asterisk"
	"lamplight/telephony/phone"
	"lamplight/telephony/phone/speech"
)

// TestBadCalls: what callers and agents may do wrong on a server that runs.
func TestBadCalls(t *testing.T) {
	t.Parallel()
	d := boot(t)
	w := d.walkers(t)
	if err := w.until(t.Context(), "hello", func(s deskState) bool { return s.hello }); err != nil {
		t.Fatal(err)
	}
	t.Run("a number nobody owns", func(t *testing.T) { nobodysNumber(t, w) })
	if err := console.AskReady.Do(t.Context(), w.desk, console.Nothing{}); err != nil {
		t.Fatal(err)
	}
	t.Run("a half-filled form", func(t *testing.T) { halfFilled(t, w) })
	t.Run("names", func(t *testing.T) { badNames(t, w) })
	t.Run("a broken practice", func(t *testing.T) { brokenPractice(t, d) })
}

// nobodysNumber: the caller hears the apology to its end, nothing is left on the switch, and the log has a line without the
// caller's number. The record has no row: a call belongs to a practice, and this one has none.
func nobodysNumber(t *testing.T, w *walker) {
	const nobodys, caller = "+13125559999", "+13125550187"
	c, err := w.network.Dial(t.Context(), phone.Outgoing{Number: nobodys, From: caller})
	if err != nil {
		t.Fatal(err)
	}
	select {
	case <-c.Done():
	case <-time.After(markLimit):
		t.Fatal("the caller was not hung up on after the apology")
	}
	heard := 0.0
	for _, language := range []string{"en", "es"} {
		apology, err := asterisk.Sound(language, "unknown")
		if err != nil {
			t.Fatal(err)
		}
		got, _ := speech.Match(c.Heard(), speech.FromUlaw(apology))
		t.Logf("the apology in %s was heard at %.2f", language, got)
		heard = max(heard, got)
	}
	if heard < heardWell {
		t.Errorf("the apology was heard at %.2f", heard)
	}
	eventually(t, "an empty switch", func() bool {
		s, err := w.d.server.Switch.Client.Snapshot(t.Context())
		return err == nil && len(s.Legs)+len(s.Bridges) == 0 && len(w.d.server.Engine.Calls()) == 0
	})
	log := logs(t, w.d)
	if !strings.Contains(log, "a number was dialled that nobody owns") || !strings.Contains(log, nobodys) {
		t.Error("the log does not tell of the number that nobody owns")
	}
	if strings.Contains(log, caller[2:]) {
		t.Error("a log holds the caller's number")
	}
}

// logs are all logs there are: the server's, PostgreSQL's and Asterisk's.
func logs(t *testing.T, d *demo) string {
	t.Helper()
	var all strings.Builder
	n := 0
	err := filepath.WalkDir(d.server.State.Dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() || !strings.Contains(path, "log") || strings.Contains(path, "/data/") {
			return err
		}
		b, err := os.ReadFile(path)
		all.Write(b)
		n++
		return err
	})
	if err != nil || n < 3 {
		t.Fatalf("%d logs, %v", n, err)
	}
	return all.String()
}

// halfFilled sends a form with holes: the answer names each, and what was typed is still there.
func halfFilled(t *testing.T, w *walker) {
	ctx := t.Context()
	one := &walk{walker: w, s: w.d.script(0)}
	caller, agent, err := one.connect(ctx)
	if err != nil {
		t.Fatal(err)
	}
	whole := one.draft()
	half := whole
	half.Body.Fields = maps.Clone(whole.Body.Fields)
	delete(half.Body.Fields, "name")
	half.Body.Fields["callback"], half.Body.Fields["dob"] = "12", "2150-01-01"
	if err := console.AskSaveDraft.Do(ctx, w.desk, half); err != nil {
		t.Fatal(err)
	}
	preview, err := console.AskPreview.Of(ctx, w.desk, half)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"name": notes.FieldRequired, "callback": notes.FieldNumber, "dob": notes.FieldFuture}
	if !maps.Equal(preview.Missing, want) {
		t.Errorf("the preview says %v, want %v", preview.Missing, want)
	}
	for range 2 { // asking again changes nothing
		_, err = console.AskSend.Of(ctx, w.desk, half)
		var refused *console.Error
		if !errors.As(err, &refused) || !maps.Equal(refused.Fields, want) {
			t.Fatalf("sending half a form: %v, %+v; want %v", err, refused, want)
		}
	}
	hello, err := console.AskHello.Of(ctx, w.desk, console.Nothing{})
	if err != nil || len(hello.Drafts) != 1 || !maps.Equal(hello.Drafts[0].Body.Fields, half.Body.Fields) {
		t.Fatalf("the draft did not survive: %+v, %v", hello.Drafts, err)
	}
	var rows int
	if err := w.d.server.Pool.QueryRow(ctx, "select count(*) from note").Scan(&rows); err != nil || rows != 0 {
		t.Errorf("half a form left %d notes, %v", rows, err)
	}
	whole.Seq = half.Seq + 1
	sent, err := console.AskSend.Of(ctx, w.desk, whole)
	if err != nil || sent.Reference == "" {
		t.Fatalf("the completed form: %+v, %v", sent, err)
	}
	if hello, err = console.AskHello.Of(ctx, w.desk, console.Nothing{}); err != nil || len(hello.Drafts) != 0 {
		t.Errorf("after sending, %d drafts stay, %v", len(hello.Drafts), err)
	}
	if err := one.end(ctx, caller, agent); err != nil {
		t.Fatal(err)
	}
}

// badNames has callers with names that no honest carrier sends. Each stands on the pop as harmless text.
func badNames(t *testing.T, w *walker) {
	ctx := t.Context()
	const marker = "Zyxwvut"
	for _, one := range []struct{ name, sent, want string }{
		{"HTML", `<script>alert(1)</script><img src=x onerror=y>` + marker, `<script>alert(1)</script><img src=x onerror=y>` + marker},
		{"quotes and backslashes", `"` + marker + `" \ <sip:911@x>`, `\"` + marker + `\" \\ <sip:911@x>`}, // Asterisk passes the escapes on
		{"control characters", "\x1b[31m" + marker + "\a\b\x7f\t\vred", "[31m" + marker + " red"},
		{"bidi", "\u202e" + marker + "\u2066\u200f\u200bevil\u2069", marker + "evil"},
		{"not UTF-8", marker + "\xff\xfe\xc3x", marker + "x"},
		{"10 kB", strings.Repeat(marker+" ", 10<<10/8), ""},
		{"10 kB of accents", strings.Repeat(marker+strings.Repeat("\u0301", 50), 10<<10/107), ""},
	} {
		t.Run(one.name, func(t *testing.T) {
			w.seen.pop, w.seen.gone = nil, ""
			caller := inviteRaw(t, w, one.sent)
			if caller.refused != "" {
				t.Fatalf("Asterisk refuses the call: %s", caller.refused)
			}
			if err := w.until(ctx, "screen pop", func(s deskState) bool { return s.pop != nil }); err != nil {
				t.Fatal(err)
			}
			got := w.seen.pop.Name
			if !utf8.ValidString(got) || utf8.RuneCountInString(got) > telephony.MaxNameRunes ||
				strings.ContainsFunc(got, func(r rune) bool { return !unicode.IsGraphic(r) }) {
				t.Errorf("the pop shows %q", got)
			}
			if one.want != "" && got != one.want || one.want == "" && !strings.HasPrefix(got, marker) {
				t.Errorf("the pop shows %q, want %q or the beginning of what was sent", got, one.want)
			}
			in := <-w.phone.Incoming()
			if number, name := in.From(); strings.Contains(number+name, marker) {
				t.Logf("the agent's phone is told %q %q", number, name)
			}
			caller.bye(t)
			<-in.Gone()
			w.ended(t, telephony.Abandoned)
		})
	}
	if strings.Contains(logs(t, w.d), marker) {
		t.Error("a log holds a caller's name")
	}
}

// rawCall is a call made without a SIP library, because none would send such names.
type rawCall struct {
	conn                 *net.UDPConn
	target, from, to, id string
	refused              string
	cseq                 int
}

// inviteRaw calls as the carrier with a name as it is, and waits for the answer.
func inviteRaw(t *testing.T, w *walker, name string) *rawCall {
	t.Helper()
	conn, err := net.DialUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 2)}, net.UDPAddrFromAddrPort(w.d.server.Switch.Private.SIPAddr()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(markLimit)); err != nil {
		t.Fatal(err)
	}
	me := conn.LocalAddr().String()
	c := &rawCall{conn: conn, target: "sip:+13125550100@" + conn.RemoteAddr().String(), id: fmt.Sprintf("raw-%d", time.Now().UnixNano())}
	c.from = `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(name) + `" <sip:+13125550142@127.0.0.2>;tag=raw`
	c.to = "<" + c.target + ">"
	sdp := "v=0\r\no=- 1 1 IN IP4 127.0.0.2\r\ns=-\r\nc=IN IP4 127.0.0.2\r\nt=0 0\r\nm=audio 40000 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n"
	c.request(t, "INVITE", c.from, "Contact: <sip:raw@"+me+">\r\nContent-Type: application/sdp\r\n", sdp)
	for b := make([]byte, 64<<10); ; {
		n, err := conn.Read(b)
		if err != nil {
			c.refused = "no answer: " + err.Error()
			return c
		}
		status, _, _ := strings.Cut(string(b[:n]), "\r\n")
		switch {
		case strings.HasPrefix(status, "SIP/2.0 1"):
		case strings.HasPrefix(status, "SIP/2.0 2"):
			for line := range strings.Lines(string(b[:n])) {
				if to, ok := strings.CutPrefix(line, "To: "); ok {
					c.to = strings.TrimSpace(to)
				}
				if contact, ok := strings.CutPrefix(line, "Contact: <"); ok {
					c.target, _, _ = strings.Cut(contact, ">")
				}
			}
			c.request(t, "ACK", c.from, "", "")
			return c
		default:
			c.refused = status
			return c
		}
	}
}

func (c *rawCall) request(t *testing.T, method, from, more, body string) {
	t.Helper()
	if method != "ACK" {
		c.cseq++
	}
	msg := method + " " + c.target + " SIP/2.0\r\nVia: SIP/2.0/UDP " + c.conn.LocalAddr().String() + ";rport;branch=z9hG4bK" + c.id +
		method +
		"\r\nFrom: " + from + "\r\nTo: " + c.to + "\r\nCall-ID: " + c.id + fmt.Sprintf("\r\nCSeq: %d %s\r\nMax-Forwards: 70\r\n", c.cseq,
		method) +
		more + fmt.Sprintf("Content-Length: %d\r\n\r\n", len(body)) + body
	if _, err := c.conn.Write([]byte(msg)); err != nil {
		t.Fatal(err)
	}
}

func (c *rawCall) bye(t *testing.T) {
	t.Helper()
	c.request(t, "BYE", "<sip:+13125550142@127.0.0.2>;tag=raw", "", "")
}

// brokenPractice: a document with a mistake is refused with the practice's name and where the mistake is; none of the
// practices that came with it is stored, and the corrected one is.
func brokenPractice(t *testing.T, d *demo) {
	count := func() (n int) {
		t.Helper()
		if err := d.server.Pool.QueryRow(t.Context(), "select count(*) from account").Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	before := count()
	for what, spoil := range map[string]func(*routing.PracticeDocument){
		"account.timeZone":                   func(p *routing.PracticeDocument) { p.Account.TimeZone = "Mars/Olympus" },
		"schedule.layerz":                    func(p *routing.PracticeDocument) { p.Schedule = []byte(`{"timezone":"UTC","layerz":[]}`) },
		"schedule ":                          func(p *routing.PracticeDocument) { p.Schedule = []byte(`{`) },
		"ladders ":                           func(p *routing.PracticeDocument) { p.Ladders = []byte(`{"ladders":[{"name":"urgent"`) },
		"account.script.callTypes":           func(p *routing.PracticeDocument) { p.Account.Script.CallTypes = nil },
		"account.script.callTypes[0].ladder": func(p *routing.PracticeDocument) { p.Account.Script.CallTypes[0].Ladder = "stairs" },
	} {
		practices, err := readPractices()
		if err != nil {
			t.Fatal(err)
		}
		fresh, bad := practices[0], practices[1]
		fresh.Account.ID, fresh.Account.Lines, fresh.Account.Messaging = "fresh", nil, nil
		spoil(&bad)
		_, err = seed(access.System(t.Context(), "test"), d.server, []routing.PracticeDocument{fresh, bad})
		if err == nil || !strings.Contains(err.Error(), what) || !strings.Contains(err.Error(), string(bad.Account.ID)) {
			t.Errorf("%s: %v", what, err)
		} else {
			t.Log(server.OneLine(err))
		}
		if n := count(); n != before {
			t.Fatalf("%s: %d practices are stored, were %d", what, n, before)
		}
	}
	practices, err := readPractices()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := seed(access.System(t.Context(), "test"), d.server, practices); err != nil {
		t.Error(err)
	}
}
