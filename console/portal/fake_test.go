package portal_test

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
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"lamplight/console"
	"lamplight/console/portal"
	"lamplight/notes"
	"lamplight/notes/record"
	"lamplight/telephony"
)

type signedIn struct{}

// fakeSessions knows one person.
type fakeSessions struct {
	out   string
	knock portal.Knock
}

func (f *fakeSessions) SignIn(_ context.Context, k portal.Knock) (portal.Entry, error) {
	f.knock = k
	switch {
	case k.Login == "slow":
		return portal.Entry{}, &portal.SlowedError{Until: time.Now().Add(90 * time.Second)}
	case k.Login == "broken":
		return portal.Entry{}, errors.New("dial tcp: secret inside")
	case k.Login != "reyes" || k.Password != "right" || k.Code != "123456" || k.Source == "":
		return portal.Entry{}, &console.Error{Code: "portal.error.sign-in"}
	}
	return portal.Entry{Token: "s3cret", Device: "d3vice", Until: time.Now().Add(time.Hour)}, nil
}

func (f *fakeSessions) Resume(ctx context.Context, token string) (context.Context, error) {
	switch token {
	case "s3cret":
	case "unlucky":
		return nil, errors.New("dial tcp: the database went away")
	default:
		return nil, &console.Error{Code: "portal.error.signed-out"}
	}
	return context.WithValue(ctx, signedIn{}, true), nil
}

func (f *fakeSessions) SignOut(_ context.Context, token string) error { f.out = token; return nil }

// fakePages answers every request with what it was asked, or with err.
type fakePages struct {
	console.Pages
	err  error
	did  string
	page func(console.CallsFilter) (console.CallsPage, error)
	wav  []byte
	// broken is what goes wrong after all of wav was written.
	broken error
	// chunk is how much of it is written at a time.
	chunk int
}

func (f *fakePages) saw(ctx context.Context, format string, args ...any) error {
	f.did = fmt.Sprintf(format, args...)
	if ctx.Value(signedIn{}) == nil {
		return errors.New("nobody is in the context")
	}
	return f.err
}

func (f *fakePages) Me(ctx context.Context) (console.Me, error) {
	return console.Me{Name: "Elena Reyes"}, f.saw(ctx, "me")
}
func (f *fakePages) Locate(ctx context.Context, token string) (notes.NoteID, error) {
	return "n1", f.saw(ctx, "locate %s", token)
}
func (f *fakePages) Inbox(ctx context.Context) ([]console.InboxRow, error) {
	return []console.InboxRow{}, f.saw(ctx, "inbox")
}
func (f *fakePages) Card(ctx context.Context, n notes.NoteID) (console.Card, error) {
	return console.Card{Note: n}, f.saw(ctx, "open %s", n)
}
func (f *fakePages) Rendered(ctx context.Context, n notes.NoteID, token string) error {
	return f.saw(ctx, "rendered %s %s", n, token)
}
func (f *fakePages) Acknowledge(ctx context.Context, n notes.NoteID) (console.Card, error) {
	return console.Card{Note: n}, f.saw(ctx, "acknowledge %s", n)
}
func (f *fakePages) PassOn(ctx context.Context, n notes.NoteID) (console.Card, error) {
	return console.Card{Note: n}, f.saw(ctx, "pass %s", n)
}
func (f *fakePages) Reply(ctx context.Context, n notes.NoteID, text string) (console.Card, error) {
	return console.Card{Note: n}, f.saw(ctx, "reply %s %s", n, text)
}
func (f *fakePages) CloseOut(ctx context.Context, n notes.NoteID, text string) (console.Card, error) {
	return console.Card{Note: n}, f.saw(ctx, "close %s %s", n, text)
}
func (f *fakePages) CallPatient(ctx context.Context, n notes.NoteID, id string) error {
	return f.saw(ctx, "call %s %s", n, id)
}
func (f *fakePages) Subscribe(ctx context.Context, s console.PushSubscription) error {
	return f.saw(ctx, "push %s %s %s", s.Endpoint, s.Keys.P256dh, s.Keys.Auth)
}
func (f *fakePages) PushKey(ctx context.Context) (string, error) { return "BK", f.saw(ctx, "push-key") }
func (f *fakePages) Calls(ctx context.Context, q console.CallsFilter) (console.CallsPage, error) {
	if err := f.saw(ctx, "calls %s %s export=%v", q.Account, q.Search, q.Export); err != nil || f.page == nil {
		return console.CallsPage{}, err
	}
	return f.page(q)
}
func (f *fakePages) CallStory(ctx context.Context, c telephony.CallID) (console.CallStory, error) {
	return console.CallStory{}, f.saw(ctx, "story %s", c)
}
func (f *fakePages) Recording(ctx context.Context, c telephony.CallID, w io.Writer) error {
	if err := f.saw(ctx, "recording %s", c); err != nil {
		return err
	}
	if s, ok := w.(record.Sized); ok {
		if err := s.Size(int64(len(f.wav))); err != nil {
			return err
		}
	}
	for b := range slices.Chunk(f.wav, max(f.chunk, 5)) {
		if _, err := w.Write(b); err != nil {
			return err
		}
	}
	return f.broken
}
func (f *fakePages) Week(ctx context.Context, a telephony.AccountID, from string) (console.Week, error) {
	return console.Week{}, f.saw(ctx, "week %s %s", a, from)
}

type site struct {
	t        *testing.T
	pages    *fakePages
	sessions *fakeSessions
	log      bytes.Buffer
	handler  http.Handler
}

func newSite(t *testing.T) *site {
	s := &site{t: t, pages: &fakePages{}, sessions: &fakeSessions{}}
	files := fstest.MapFS{
		"index.html":         {Data: []byte("<!doctype html>" + strings.Repeat("page ", 200))},
		"sw.js":              {Data: []byte("1")},
		"assets/index-1a.js": {Data: []byte(strings.Repeat("console.log(1);", 100))},
	}
	hook := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	s.handler = portal.New(portal.Config{Pages: s.pages, Sessions: s.sessions, Files: files, Proxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}, Hooks: map[string]http.Handler{"POST /hooks/text": hook},
		Log: slog.New(slog.NewTextHandler(&s.log, nil))})
	return s
}

// ask sends a request as a signed-in browser of our own page would; with changes it.
func (s *site) ask(method, path, body string, with ...func(*http.Request)) *httptest.ResponseRecorder {
	s.t.Helper()
	r := httptest.NewRequest(method, "https://pages.example"+path, strings.NewReader(body))
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	r.AddCookie(&http.Cookie{Name: "__Host-lamplight", Value: "s3cret"})
	for _, f := range with {
		f(r)
	}
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(w, r)
	return w
}

func header(k, v string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set(k, v) }
}

func codeOf(t *testing.T, w *httptest.ResponseRecorder) string {
	t.Helper()
	var out struct{ Error console.Error }
	if err := json.Unmarshal(w.Body.Bytes(), &out); err != nil {
		t.Fatalf("%q is no refusal: %v", w.Body, err)
	}
	return out.Error.Code
}
