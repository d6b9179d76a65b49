package portal

import (
	"context"
	"net/http"
	"time"

	"lamplight/console"
	"lamplight/notes"
	"lamplight/telephony"
)

// routes names every request. What changes something is a POST; a search is one too, because a URL is logged by others.
func (p *Portal) routes() {
	g := p.cfg.Pages
	handle := func(pattern string, h func(http.ResponseWriter, *http.Request) error) {
		p.mux.HandleFunc(pattern, p.signedIn(h))
	}
	p.mux.HandleFunc("POST /api/sign-in", p.signIn)
	handle("POST /api/sign-out", p.signOut)
	handle("GET /api/me", answer(p, func(r *http.Request, _ none) (console.Me, error) { return g.Me(r.Context()) }))

	handle("POST /api/locate", answer(p, func(r *http.Request, b tokenBody) (noteBody, error) {
		n, err := g.Locate(r.Context(), b.Token)
		return noteBody{n}, err
	}))
	handle("GET /api/inbox", answer(p, func(r *http.Request, _ none) ([]console.InboxRow, error) { return g.Inbox(r.Context()) }))
	card := func(act string, do func(context.Context, notes.NoteID, textBody) (console.Card, error)) {
		handle("POST /api/notes/{note}/"+act, answer(p, func(r *http.Request, b textBody) (console.Card, error) {
			return do(r.Context(), notes.NoteID(r.PathValue("note")), b)
		}))
	}
	// Opening is a POST: it leaves a trace, so nothing may do it by looking ahead.
	card("open", func(ctx context.Context, n notes.NoteID, _ textBody) (console.Card, error) { return g.Card(ctx, n) })
	card("acknowledge", func(ctx context.Context, n notes.NoteID, _ textBody) (console.Card, error) {
		return g.Acknowledge(ctx, n)
	})
	card("pass", func(ctx context.Context, n notes.NoteID, _ textBody) (console.Card, error) { return g.PassOn(ctx, n) })
	card("reply", func(ctx context.Context, n notes.NoteID, b textBody) (console.Card, error) {
		return g.Reply(ctx, n, b.Text)
	})
	card("close", func(ctx context.Context, n notes.NoteID, b textBody) (console.Card, error) {
		return g.CloseOut(ctx, n, b.Text)
	})
	handle("POST /api/notes/{note}/rendered", answer(p, func(r *http.Request, b tokenBody) (none, error) {
		return none{}, g.Rendered(r.Context(), notes.NoteID(r.PathValue("note")), b.Token)
	}))
	handle("POST /api/notes/{note}/call", answer(p, func(r *http.Request, b idBody) (none, error) {
		return none{}, g.CallPatient(r.Context(), notes.NoteID(r.PathValue("note")), b.ID)
	}))

	handle("GET /api/push-key", answer(p, func(r *http.Request, _ none) (keyBody, error) {
		k, err := g.PushKey(r.Context())
		return keyBody{k}, err
	}))
	handle("POST /api/push", answer(p, func(r *http.Request, b console.PushSubscription) (none, error) {
		return none{}, g.Subscribe(r.Context(), b)
	}))

	handle("POST /api/calls", answer(p, func(r *http.Request, f console.CallsFilter) (console.CallsPage, error) {
		return g.Calls(r.Context(), f)
	}))
	handle("POST /api/calls.csv", p.export)
	handle("POST /api/calls/{call}/open", answer(p, func(r *http.Request, _ none) (console.CallStory, error) {
		return g.CallStory(r.Context(), telephony.CallID(r.PathValue("call")))
	}))
	handle("GET /api/calls/{call}/recording", p.recording)
	handle("POST /api/week", answer(p, func(r *http.Request, b weekBody) (console.Week, error) {
		return g.Week(r.Context(), b.Account, b.From)
	}))
	p.mux.HandleFunc("/api/", func(w http.ResponseWriter, _ *http.Request) {
		p.refuse(w, http.StatusNotFound, &console.Error{Code: "portal.error.not-found"})
	})
}

// The bodies of requests and small answers.
type (
	none      struct{}
	tokenBody struct {
		Token string `json:"token"`
	}
	noteBody struct {
		Note notes.NoteID `json:"note"`
	}
	textBody struct {
		Text string `json:"text"`
	}
	idBody struct {
		ID string `json:"id"`
	}
	keyBody struct {
		Key string `json:"key"`
	}
	weekBody struct {
		Account telephony.AccountID `json:"account"`
		From    string              `json:"from"`
	}
	signInBody struct {
		Login    string `json:"login"`
		Password string `json:"password"`
		Code     string `json:"code"`
	}
)

// answer makes a handler of a function from a body to an answer.
func answer[In, Out any](p *Portal, f func(*http.Request, In) (Out, error)) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error {
		var in In
		var err error
		if r.Method == http.MethodPost {
			if in, err = read[In](r); err != nil {
				return err
			}
		}
		out, err := f(r, in)
		if err != nil {
			return err
		}
		p.write(w, http.StatusOK, out)
		return nil
	}
}

func (p *Portal) signIn(w http.ResponseWriter, r *http.Request) {
	b, err := read[signInBody](r)
	if err != nil {
		p.fail(w, r, err)
		return
	}
	k := Knock{Login: b.Login, Password: b.Password, Code: b.Code, Source: p.source(r)}
	if c, err := r.Cookie(deviceName); err == nil {
		k.Device = c.Value
	}
	in, err := p.cfg.Sessions.SignIn(r.Context(), k)
	if err != nil {
		p.fail(w, r, err)
		return
	}
	setCookie(w, cookieName, in.Token, in.Until)
	setCookie(w, deviceName, in.Device, time.Now().Add(deviceLife))
	p.write(w, http.StatusOK, none{})
}

func (p *Portal) signOut(w http.ResponseWriter, r *http.Request) error {
	c, err := r.Cookie(cookieName)
	if err != nil {
		return &console.Error{Code: "portal.error.signed-out"}
	}
	if err := p.cfg.Sessions.SignOut(r.Context(), c.Value); err != nil {
		return err
	}
	setCookie(w, cookieName, "", time.Unix(1, 0))
	p.write(w, http.StatusOK, none{})
	return nil
}

func setCookie(w http.ResponseWriter, name, value string, until time.Time) {
	http.SetCookie(w, &http.Cookie{Name: name, Value: value, Path: "/", Expires: until, Secure: true, HttpOnly: true, SameSite: http.SameSiteStrictMode})
}
