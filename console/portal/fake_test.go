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
	knock portal.Credentials
}

func (f *fakeSessions) SignIn(_ context.Context, k portal.Credentials) (portal.SignedIn, error) {
	f.knock = k
	switch {
	case k.Login == "slow":
		return portal.SignedIn{}, &portal.SlowedError{Until: time.Now().Add(90 * time.Second)}
	case k.Login == "broken":
		return portal.SignedIn{}, errors.New("dial tcp: secret inside")
	case k.Login != "reyes" || k.Password != "right" || k.Code != "123456" || k.Source == "":
		return portal.SignedIn{}, console.Refuse(console.SignedOut, "portal.error.sign-in")
	}
	return portal.SignedIn{Token: "s3cret", Device: "d3vice", Until: time.Now().Add(time.Hour)}, nil
}

func (f *fakeSessions) Resume(ctx context.Context, token string) (context.Context, error) {
	switch token {
	case "s3cret":
	case "unlucky":
		return nil, errors.New("dial tcp: the database went away")
	default:
		return nil, console.Refuse(console.SignedOut, "portal.error.signed-out")
	}
	return context.WithValue(ctx, signedIn{}, true), nil
}

func (f *fakeSessions) SignOut(_ context.Context, token string) error { f.out = token; return nil }

func (f *fakeSessions) ChangePassword(ctx context.Context, k portal.Credentials, password string) error {
	if len(password) < 12 {
		return console.Refuse(console.Invalid, "portal.error.weak")
	}
	_, err := f.SignIn(ctx, k)
	return err
}

func (f *fakeSessions) Invitation(_ context.Context, token, source string) (console.Invitation, error) {
	if token != "inv1ted" || source == "" {
		return console.Invitation{}, console.Refuse(console.NotFound, "portal.error.invitation")
	}
	return console.Invitation{Name: "Dr Reyes"}, nil
}

func (f *fakeSessions) Join(ctx context.Context, j portal.Joining) (portal.SignedIn, error) {
	if _, err := f.Invitation(ctx, j.Token, j.Source); err != nil {
		return portal.SignedIn{}, err
	}
	return portal.SignedIn{Token: "s3cret", Device: "d3vice", Until: time.Now().Add(time.Hour)}, nil
}

// fakePages answers every request with what it was asked, or with err.
type fakePages struct {
	console.Answers
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
func (f *fakePages) Inbox(ctx context.Context, q console.InboxQuery) (console.InboxPage, error) {
	return console.InboxPage{Rows: []console.InboxRow{}}, f.saw(ctx, "inbox %s", q.After)
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
func (f *fakePages) MovePush(_ context.Context, old string, s console.PushSubscription) error {
	f.did = fmt.Sprintf("move %s to %s %s %s", old, s.Endpoint, s.Keys.P256dh, s.Keys.Auth)
	return f.err
}
func (f *fakePages) PushKey(ctx context.Context) (string, error) { return "BK", f.saw(ctx, "push-key") }
func (f *fakePages) Calls(ctx context.Context, q console.CallsFilter) (console.CallsPage, error) {
	if err := f.saw(ctx, "calls %s %s", q.Account, q.Search); err != nil || f.page == nil {
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

func newFakePages() *fakePages {
	type ctx = context.Context
	f := &fakePages{}
	a := &f.Answers
	console.On(a, console.AskMe, func(c ctx, _ console.Nothing) (console.Me, error) { return f.Me(c) })
	console.On(a, console.AskLocate, func(c ctx, b console.LinkToken) (console.NoteRef, error) {
		n, err := f.Locate(c, b.Token)
		return console.NoteRef{Note: n}, err
	})
	console.On(a, console.AskInboxPage, f.Inbox)
	console.On(a, console.AskCard, func(c ctx, b console.NoteRef) (console.Card, error) { return f.Card(c, b.Note) })
	console.On(a, console.AskAcknowledge, func(c ctx, b console.NoteRef) (console.Card, error) { return f.Acknowledge(c, b.Note) })
	console.On(a, console.AskPassOn, func(c ctx, b console.NoteRef) (console.Card, error) { return f.PassOn(c, b.Note) })
	console.On(a, console.AskReply, func(c ctx, b console.NoteText) (console.Card, error) { return f.Reply(c, b.Note, b.Text) })
	console.On(a, console.AskCloseOut, func(c ctx, b console.NoteText) (console.Card, error) { return f.CloseOut(c, b.Note, b.Text) })
	console.OnDo(a, console.AskRendered, func(c ctx, b console.NoteDrawn) error { return f.Rendered(c, b.Note, b.Token) })
	console.OnDo(a, console.AskCallPatient, func(c ctx, b console.PatientCall) error { return f.CallPatient(c, b.Note, b.ID) })
	console.OnDo(a, console.AskSubscribe, f.Subscribe)
	console.On(a, console.AskPushKey, func(c ctx, _ console.Nothing) (console.PushKey, error) {
		k, err := f.PushKey(c)
		return console.PushKey{Key: k}, err
	})
	console.On(a, console.AskCalls, f.Calls)
	console.On(a, console.AskExport, func(c ctx, q console.CallsFilter) (console.CallsPage, error) {
		page, err := f.Calls(c, q)
		f.did = "export: " + f.did
		return page, err
	})
	console.On(a, console.AskCallStory, func(c ctx, b console.CallRef) (console.CallStory, error) { return f.CallStory(c, b.Call) })
	console.On(a, console.AskWeek, func(c ctx, b console.WeekRef) (console.Week, error) { return f.Week(c, b.Account, b.From) })
	return f
}

type site struct {
	t        *testing.T
	pages    *fakePages
	sessions *fakeSessions
	log      bytes.Buffer
	handler  http.Handler
}

func newSite(t *testing.T) *site {
	s := &site{t: t, pages: newFakePages(), sessions: &fakeSessions{}}
	files := fstest.MapFS{
		"index.html":         {Data: []byte("<!doctype html>" + strings.Repeat("page ", 200))},
		"sw.js":              {Data: []byte("1")},
		"assets/index-1a.js": {Data: []byte(strings.Repeat("console.log(1);", 100))},
	}
	hook := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	s.handler = portal.New(portal.Config{Service: s.pages, Recordings: s.pages, Pushes: s.pages, Sessions: s.sessions, Files: files,
		Proxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}, Hooks: map[string]http.Handler{"POST /hooks/text": hook},
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
