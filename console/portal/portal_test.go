package portal_test

import (
	"encoding/csv"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"lamplight/console"
)

var routes = []struct{ method, path, body, did string }{
	{"GET", "/api/me", "", "me"},
	{"POST", "/api/locate", `{"token":"tok"}`, "locate tok"},
	{"POST", "/api/inbox", `{"after":"m x"}`, "inbox m x"},
	{"POST", "/api/notes/n1/open", "", "open n1"},
	{"POST", "/api/notes/n1/rendered", `{"token":"tok"}`, "rendered n1 tok"},
	{"POST", "/api/notes/n1/acknowledge", "{}", "acknowledge n1"},
	{"POST", "/api/notes/n1/pass", "{}", "pass n1"},
	{"POST", "/api/notes/n1/reply", `{"text":"on my way"}`, "reply n1 on my way"},
	{"POST", "/api/notes/n1/close", `{"text":"advised"}`, "close n1 advised"},
	{"POST", "/api/notes/n1/call", `{"id":"uuid"}`, "call n1 uuid"},
	{"GET", "/api/push-key", "", "push-key"},
	{"POST", "/api/push", `{"endpoint":"e","keys":{"p256dh":"p","auth":"a"}}`, "push e p a"},
	{"POST", "/api/calls", `{"account":"a1","search":"Muñoz"}`, "calls a1 Muñoz"},
	{"POST", "/api/calls.csv", `{"account":"a1","search":"Muñoz"}`, "export: calls a1 Muñoz"},
	{"POST", "/api/calls/c1/open", "", "story c1"},
	{"GET", "/api/calls/c1/recording", "", "recording c1"},
	{"POST", "/api/week", `{"account":"a1","from":"2026-11-22"}`, "week a1 2026-11-22"},
}

func TestEveryRoute(t *testing.T) {
	for _, c := range routes {
		t.Run(c.path, func(t *testing.T) {
			s := newSite(t)
			if w := s.ask(c.method, c.path, c.body); w.Code != http.StatusOK || s.pages.did != c.did {
				t.Fatalf("%d %s: did %q, want %q", w.Code, w.Body, s.pages.did, c.did)
			} else if w.Header().Get("Cache-Control") != "no-store" {
				t.Error("the answer may be cached")
			}
			s.pages.did = ""
			for _, cookie := range []string{"", "__Host-lamplight=stolen"} {
				if w := s.ask(c.method, c.path, c.body, header("Cookie", cookie)); w.Code != http.StatusUnauthorized ||
					codeOf(t, w) != "portal.error.signed-out" {
					t.Errorf("cookie %q: %d %s", cookie, w.Code, w.Body)
				}
			}
			other := map[string]string{"GET": "POST", "POST": "GET"}[c.method]
			if w := s.ask(other, c.path, ""); w.Code != http.StatusNotFound && w.Code != http.StatusMethodNotAllowed {
				t.Errorf("%s: %d", other, w.Code)
			}
			if s.pages.did != "" {
				t.Errorf("a refused request did %q", s.pages.did)
			}
			s.pages.err = console.Refuse(console.NotFound, "portal.error.not-found")
			if w := s.ask(c.method, c.path, c.body); w.Code != http.StatusNotFound || codeOf(t, w) != "portal.error.not-found" {
				t.Errorf("refused: %d %s", w.Code, w.Body)
			}
		})
	}
}

// A phone's service worker tells where it is notified now although its owner's session is long over; no other site's may.
func TestAPhoneThatMovedNeedsNoSession(t *testing.T) {
	s := newSite(t)
	const body = `{"old":"o","endpoint":"e","keys":{"p256dh":"p","auth":"a"}}`
	if w := s.ask("POST", "/api/push/moved", body, header("Cookie", "")); w.Code != http.StatusOK || s.pages.did != "move o to e p a" {
		t.Errorf("%d %s: did %q", w.Code, w.Body, s.pages.did)
	}
	s.pages.did = ""
	if w := s.ask("POST", "/api/push/moved", body, header("Sec-Fetch-Site", "cross-site")); w.Code != http.StatusForbidden ||
		s.pages.did != "" {
		t.Errorf("%d %s: did %q", w.Code, w.Body, s.pages.did)
	}
	s.pages.err = console.Refuse(console.Invalid, "portal.error.push-keys")
	if w := s.ask("POST", "/api/push/moved", body); codeOf(t, w) != "portal.error.push-keys" {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func TestErrorsToStatus(t *testing.T) {
	for name, c := range map[string]struct {
		err    error
		status int
		code   string
	}{
		"what is not there":   {console.Refuse(console.NotFound, "portal.error.not-found"), 404, "portal.error.not-found"},
		"what is not allowed": {console.Refuse(console.Forbidden, "portal.error.forbidden"), 403, "portal.error.forbidden"},
		"not theirs":          {console.Refuse(console.Forbidden, "desk.error.not-yours"), 403, "desk.error.not-yours"},
		"signed out":          {console.Refuse(console.SignedOut, "portal.error.signed-out"), 401, "portal.error.signed-out"},
		"another refusal":     {console.Refuse(console.Invalid, "desk.error.closed"), 422, "desk.error.closed"},
		"wrapped": {fmt.Errorf("open: %w", console.Refuse(console.NotFound, "portal.error.not-found")), 404,
			"portal.error.not-found"},
		"a fault": {errors.New("pq: Maria Muñoz +13125550142"), 500, "portal.error.internal"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t)
			s.pages.err = c.err
			w := s.ask("POST", "/api/notes/n1/open", "{}")
			if w.Code != c.status || codeOf(t, w) != c.code {
				t.Errorf("%d %s, want %d %s", w.Code, w.Body, c.status, c.code)
			}
			if strings.Contains(w.Body.String(), "Muñoz") {
				t.Error("the inside of a fault is told outside")
			}
		})
	}
}

func TestFieldsOfARefusalAreTold(t *testing.T) {
	s := newSite(t)
	s.pages.err = &console.Error{Code: "desk.error.incomplete", Fields: map[string]string{"text": "field.required"}}
	if w := s.ask("POST", "/api/notes/n1/reply", `{"text":""}`); !strings.Contains(w.Body.String(), `"fields":{"text":"field.required"}`) {
		t.Error(w.Body)
	}
}

func TestOnlyOurOwnPagesMayCall(t *testing.T) {
	s := newSite(t)
	for _, with := range []func(*http.Request){header("Sec-Fetch-Site", "cross-site"), header("Sec-Fetch-Site", "same-site"),
		func(r *http.Request) { r.Header.Del("Sec-Fetch-Site"); r.Header.Set("Origin", "https://evil.example") }} {
		for _, path := range []string{"/api/notes/n1/acknowledge", "/api/sign-in"} {
			if w := s.ask("POST", path, "{}", with); w.Code != http.StatusForbidden || codeOf(t, w) != "portal.error.origin" ||
				s.pages.did != "" {
				t.Errorf("%s: %d %s, did %q", path, w.Code, w.Body, s.pages.did)
			}
		}
	}
	// A carrier calls from elsewhere by nature; its handler checks the signature.
	if w := s.ask("POST", "/hooks/text", "x", header("Sec-Fetch-Site", "cross-site")); w.Code != http.StatusNoContent {
		t.Errorf("a hook: %d", w.Code)
	}
}

func TestSignInAndOut(t *testing.T) {
	s := newSite(t)
	w := s.ask("POST", "/api/sign-in", `{"login":"reyes","password":"right","code":"123456"}`)
	if w.Code != http.StatusOK || len(w.Result().Cookies()) != 2 {
		t.Fatal(w.Code, w.Body)
	}
	for i, want := range [][2]string{{"__Host-lamplight", "s3cret"}, {"__Host-lamplight-device", "d3vice"}} {
		c := w.Result().Cookies()[i]
		if c.Name != want[0] || c.Value != want[1] || !c.Secure || !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.Path != "/" ||
			c.Domain != "" || c.Expires.Before(time.Now()) {
			t.Errorf("cookie %+v", c)
		}
	}
	if strings.Contains(w.Body.String(), "s3cret") {
		t.Error("the session's secret is in the body")
	}
	s.ask("POST", "/api/sign-in", `{}`, header("Cookie", "__Host-lamplight-device=d3vice"))
	if s.sessions.knock.Device != "d3vice" {
		t.Errorf("a browser that is known came as %+v", s.sessions.knock)
	}
	w = s.ask("POST", "/api/sign-out", "")
	if w.Code != http.StatusOK || s.sessions.out != "s3cret" || w.Result().Cookies()[0].Expires.After(time.Now()) {
		t.Error(w.Code, s.sessions.out)
	}
}

func TestSignInRefused(t *testing.T) {
	s := newSite(t)
	var first string
	for _, body := range []string{`{"login":"nobody","password":"right","code":"123456"}`,
		`{"login":"reyes","password":"wrong","code":"123456"}`,
		`{"login":"reyes","password":"right","code":"000000"}`, `{}`} {
		w := s.ask("POST", "/api/sign-in", body)
		if w.Code != http.StatusUnauthorized || codeOf(t, w) != "portal.error.sign-in" || len(w.Result().Cookies()) != 0 {
			t.Errorf("%s: %d %s", body, w.Code, w.Body)
		}
		if first == "" {
			first = w.Body.String()
		} else if w.Body.String() != first {
			t.Error("wrong answers differ")
		}
	}
	w := s.ask("POST", "/api/sign-in", `{"login":"slow"}`)
	if w.Code != http.StatusTooManyRequests || codeOf(t, w) != "portal.error.slow-down" || w.Header().Get("Retry-After") != "90" {
		t.Errorf("%d %s, again after %q", w.Code, w.Body, w.Header().Get("Retry-After"))
	}
	if w := s.ask("POST", "/api/sign-in", `{"login":"broken","password":"hunter2"}`); w.Code != http.StatusInternalServerError ||
		codeOf(t, w) != "portal.error.internal" {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if strings.Contains(s.log.String(), "hunter2") {
		t.Error("a password is in the log")
	}
}

func TestChangePassword(t *testing.T) {
	s := newSite(t)
	change := func(password, chosen string) *httptest.ResponseRecorder {
		return s.ask("POST", "/api/password", `{"login":"reyes","password":"`+password+`","code":"123456","new":"`+chosen+`"}`)
	}
	if w := change("right", "hunter2"); w.Code != http.StatusUnprocessableEntity || codeOf(t, w) != "portal.error.weak" {
		t.Errorf("a weak one: %d %s", w.Code, w.Body)
	}
	if w := change("wrong", "a lamp in each window"); w.Code != http.StatusUnauthorized || codeOf(t, w) != "portal.error.sign-in" {
		t.Errorf("a wrong one: %d %s", w.Code, w.Body)
	}
	if w := change("right", "a lamp in each window"); w.Code != http.StatusOK || len(w.Result().Cookies()) != 0 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if strings.Contains(s.log.String(), "window") {
		t.Error("a password is in the log")
	}
}

func TestBadBodies(t *testing.T) {
	s := newSite(t)
	long := `{"text":"` + strings.Repeat("x", 70<<10) + `"}`
	for _, c := range []struct {
		body   string
		status int
		code   string
	}{
		{`{"text":`, 400, "portal.error.malformed"}, {`[]`, 400, "portal.error.malformed"}, {`{"text":1}`, 422, "portal.error.malformed"},
		{long, 413, "portal.error.too-large"},
	} {
		for _, path := range []string{"/api/notes/n1/reply"} {
			if w := s.ask("POST", path, c.body); w.Code != c.status || codeOf(t, w) != c.code || s.pages.did != "" {
				t.Errorf("%.20s: %d %s", c.body, w.Code, w.Body)
			}
		}
	}
	if w := s.ask("POST", "/api/nothing", "{}"); w.Code != http.StatusNotFound || codeOf(t, w) != "portal.error.not-found" {
		t.Error(w.Code, w.Body)
	}
}

func TestHeadersStandOnEverything(t *testing.T) {
	s := newSite(t)
	for _, path := range []string{"/", "/m", "/assets/index-1a.js", "/api/me", "/api/nothing"} {
		h := s.ask("GET", path, "").Header()
		for k, want := range map[string]string{"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer",
			"Cross-Origin-Opener-Policy": "same-origin"} {
			if h.Get(k) != want {
				t.Errorf("%s: %s is %q", path, k, h.Get(k))
			}
		}
		policy := h.Get("Content-Security-Policy")
		if !strings.Contains(policy, "default-src 'none'") || strings.Contains(policy, "unsafe") ||
			!strings.Contains(policy, "frame-ancestors 'none'") {
			t.Errorf("%s: policy %q", path, policy)
		}
		if h.Get("Strict-Transport-Security") == "" {
			t.Errorf("%s: no transport security", path)
		}
	}
}

func TestFiles(t *testing.T) {
	s := newSite(t)
	for _, c := range []struct{ path, cache, has string }{
		{"/", "no-cache", "<!doctype html>"}, {"/m", "no-cache", "<!doctype html>"}, {"/sw.js", "no-cache", "1"},
		{"/assets/index-1a.js", "public, max-age=31536000, immutable", "console.log"},
	} {
		w := s.ask("GET", c.path, "")
		if w.Code == http.StatusTemporaryRedirect || w.Code == http.StatusMovedPermanently {
			w = s.ask("GET", w.Header().Get("Location"), "") // a path is cleaned first
		}
		if w.Code != http.StatusOK || w.Header().Get("Cache-Control") != c.cache || !strings.Contains(w.Body.String(), c.has) {
			t.Errorf("%s: %d %q %.40q", c.path, w.Code, w.Header().Get("Cache-Control"), w.Body)
		}
	}
	// nobody finds a page where none is
	for _, path := range []string{"/anything/else", "/assets", "/assets/", "/%2e%2e/portal.go", "/m/", "/.env"} {
		if w := s.ask("GET", path, ""); w.Code != http.StatusNotFound || strings.Contains(w.Body.String(), "<!doctype") {
			t.Errorf("%s: %d %.40q", path, w.Code, w.Body)
		}
	}
	plain, small := s.ask("GET", "/assets/index-1a.js", ""), s.ask("GET", "/assets/index-1a.js", "", header("Accept-Encoding", "br, gzip"))
	if small.Header().Get("Content-Encoding") != "gzip" || small.Body.Len() >= plain.Body.Len() ||
		small.Header().Get("Vary") != "Accept-Encoding" {
		t.Errorf("%d bytes instead of %d: %v", small.Body.Len(), plain.Body.Len(), small.Header())
	}
	if w := s.ask("POST", "/", "x"); w.Code != http.StatusMethodNotAllowed {
		t.Error(w.Code)
	}
}

func TestExport(t *testing.T) {
	s := newSite(t)
	at := time.Date(2026, 11, 22, 8, 14, 7, 0, time.UTC)
	chicago, err := time.LoadLocation("America/Chicago")
	if err != nil {
		t.Fatal(err)
	}
	pages := map[string]console.CallsPage{
		"": {Next: "2", Rows: []console.CallRow{
			{At: at, Ref: "L-1", Patient: `=HYPERLINK("http://evil")`, Agent: "+Ana", Wait: 1500 * time.Millisecond},
			{At: at, Ref: "-1", Patient: "@x", AckedBy: "\tx"}}},
		"2": {Rows: []console.CallRow{{At: at.In(chicago), Zone: "America/Chicago", Ref: "L-2", Patient: "J. Muñoz",
			Agent: `a "quoted", b`, Words: &console.NoteWords{Name: "José Muñoz", Reason: "=1+1"}}}},
	}
	s.pages.page = func(f console.CallsFilter) (console.CallsPage, error) {
		if f.Limit != 500 {
			t.Errorf("asked by %+v", f)
		}
		return pages[f.After], nil
	}
	w := s.ask("POST", "/api/calls.csv", `{"account":"a1","after":"forged","limit":1}`)
	if w.Header().Get("Content-Type") != "text/csv; charset=utf-8" || !strings.Contains(w.Header().Get("Content-Disposition"),
		"attachment") {
		t.Error(w.Header())
	}
	text, marked := strings.CutPrefix(w.Body.String(), "\ufeff")
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil || !marked || len(rows) != 4 {
		t.Fatalf("%v, marked %v, %d rows", err, marked, len(rows))
	}
	if rows[1][3] != `'=HYPERLINK("http://evil")` || rows[1][7] != "'+Ana" || rows[2][2] != "'-1" || rows[2][3] != "'@x" ||
		rows[2][13] != "'\tx" || rows[3][17] != "'=1+1" {
		t.Errorf("a cell would run: %q", rows)
	}
	if rows[3][3] != "J. Muñoz" || rows[3][7] != `a "quoted", b` || rows[1][9] != "1.5" || rows[1][0] != "2026-11-22 08:14:07" ||
		rows[3][0] != "2026-11-22 02:14:07" || rows[3][1] != "America/Chicago" || rows[3][15] != "José Muñoz" {
		t.Errorf("%q", rows)
	}
	s.pages.page = func(f console.CallsFilter) (console.CallsPage, error) {
		if f.After == "2" {
			return console.CallsPage{}, errors.New("the database went away")
		}
		return pages[f.After], nil
	}
	if w := s.ask("POST", "/api/calls.csv", `{}`); !strings.Contains(w.Body.String(), "INCOMPLETE") {
		t.Error("a file cut short looks whole")
	}
}

// A database that is away for a moment does not tell a doctor that they are signed out.
func TestASessionThatCannotBeLookedAtIsNotOver(t *testing.T) {
	s := newSite(t)
	w := s.ask("POST", "/api/notes/n1/acknowledge", "{}", header("Cookie", "__Host-lamplight=unlucky"))
	if w.Code != http.StatusInternalServerError || codeOf(t, w) != "portal.error.internal" || s.pages.did != "" {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func TestWhereASignInComesFrom(t *testing.T) {
	s := newSite(t)
	for _, c := range []struct{ remote, forwarded, want string }{
		{"192.0.2.1:5000", "", "192.0.2.1"},
		{"192.0.2.1:5000", "203.0.113.9", "192.0.2.1"}, // nobody's proxy says it
		{"10.0.0.1:5000", "203.0.113.9", "203.0.113.9"},
		{"10.0.0.1:5000", "198.51.100.1, 203.0.113.9", "203.0.113.9"}, // the first was written by the caller
		{"10.0.0.1:5000", "203.0.113.9, 10.0.0.2", "203.0.113.9"},
		{"10.0.0.1:5000", "unknown", "10.0.0.1"},
		{"10.0.0.1:5000", "", "10.0.0.1"},
		{"[::ffff:10.0.0.1]:5000", "2001:db8::7", "2001:db8::7"},
	} {
		s.ask("POST", "/api/sign-in", "{}", header("X-Forwarded-For", c.forwarded), func(r *http.Request) { r.RemoteAddr = c.remote })
		if got := s.sessions.knock.Source; got != c.want {
			t.Errorf("%s with %q came from %q, want %q", c.remote, c.forwarded, got, c.want)
		}
	}
}
