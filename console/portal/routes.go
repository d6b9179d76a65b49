package portal

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"time"

	"lamplight/console"
)

// routes serves every request that has a route, and what is not asked and answered as JSON.
func (p *Portal) routes() {
	for _, d := range console.Requests() {
		switch {
		case d.Patient:
			p.mux.HandleFunc(d.Route, p.visiting(p.ask(d.Name, d.Route)))
		case d.Route != "":
			p.mux.HandleFunc(d.Route, p.signedIn(p.ask(d.Name, d.Route)))
		}
	}
	p.patientRoutes()
	p.mux.HandleFunc("POST /api/sign-in", p.signIn)
	p.mux.HandleFunc("POST /api/password", p.changePassword)
	p.mux.HandleFunc("POST /api/invitation", p.invitation)
	p.mux.HandleFunc("POST /api/invitation/join", p.join)
	if p.cfg.Founding != nil {
		p.mux.HandleFunc("POST /api/setup", p.showFounding)
		p.mux.HandleFunc("POST /api/setup/found", p.found)
	}
	p.mux.HandleFunc("POST /api/push/moved", p.pushMoved)
	p.mux.HandleFunc("POST /api/sign-out", p.signedIn(p.signOut))
	p.mux.HandleFunc("POST /api/calls.csv", p.signedIn(p.export))
	p.mux.HandleFunc("GET /api/calls/{call}/recording", p.signedIn(p.recording))
	p.mux.HandleFunc("GET /feed/{address}", p.feed)
	p.mux.HandleFunc("/api/", func(w http.ResponseWriter, _ *http.Request) {
		p.refuse(w, http.StatusNotFound, console.Refuse(console.NotFound, "portal.error.not-found"))
	})
}

var wildcard = regexp.MustCompile(`\{(\w+)\}`)

// ask makes a handler that asks for name with a request's body, whose fields the route's wildcards fill.
func (p *Portal) ask(name, route string) func(http.ResponseWriter, *http.Request) error {
	var fields []string
	for _, m := range wildcard.FindAllStringSubmatch(route, -1) {
		fields = append(fields, m[1])
	}
	return func(w http.ResponseWriter, r *http.Request) error {
		in := map[string]json.RawMessage{}
		if r.Method == http.MethodPost {
			var err error
			if in, err = read[map[string]json.RawMessage](r); err != nil {
				return err
			}
		}
		if in == nil { // an empty body, or null
			in = map[string]json.RawMessage{}
		}
		for _, f := range fields {
			value, err := json.Marshal(r.PathValue(f))
			if err != nil {
				return fmt.Errorf("%w: %v", errMalformed, err)
			}
			in[f] = value
		}
		body, err := json.Marshal(in)
		if err != nil {
			return fmt.Errorf("%w: %v", errMalformed, err)
		}
		answer, err := p.cfg.Service.Ask(r.Context(), name, body)
		if err != nil {
			return err
		}
		p.write(w, http.StatusOK, json.RawMessage(answer))
		return nil
	}
}

type signInBody struct {
	Login    string `json:"login"`
	Password string `json:"password"`
	Code     string `json:"code"`
}

func (p *Portal) signIn(w http.ResponseWriter, r *http.Request) {
	b, err := read[signInBody](r)
	if err != nil {
		p.fail(w, r, err)
		return
	}
	in, err := p.cfg.Sessions.SignIn(r.Context(), p.credentials(r, b))
	if err != nil {
		p.fail(w, r, err)
		return
	}
	p.letIn(w, in)
}

// letIn gives a browser what it comes in by from now on.
func (p *Portal) letIn(w http.ResponseWriter, in SignedIn) {
	setCookie(w, cookieName, in.Token, in.Until)
	setCookie(w, deviceName, in.Device, time.Now().Add(deviceLife))
	p.write(w, http.StatusOK, console.Nothing{})
}

// invitation shows an invitation to whoever has its token; nothing of it is used up.
func (p *Portal) invitation(w http.ResponseWriter, r *http.Request) {
	b, err := read[console.LinkToken](r)
	if err != nil {
		p.fail(w, r, err)
		return
	}
	out, err := p.cfg.Sessions.Invitation(r.Context(), b.Token, p.source(r))
	if err != nil {
		p.fail(w, r, err)
		return
	}
	p.write(w, http.StatusOK, out)
}

func (p *Portal) join(w http.ResponseWriter, r *http.Request) {
	b, err := read[struct {
		Token    string `json:"token"`
		Password string `json:"password"`
		Secret   string `json:"secret"`
		Code     string `json:"code"`
	}](r)
	if err != nil {
		p.fail(w, r, err)
		return
	}
	in, err := p.cfg.Sessions.Join(r.Context(), Joining{Token: b.Token, Password: b.Password, Secret: b.Secret, Code: b.Code,
		Source: p.source(r), Program: program(r.UserAgent())})
	if err != nil {
		p.fail(w, r, err)
		return
	}
	p.letIn(w, in)
}

// showFounding answers an authenticator to whoever has the server's code; nothing is stored.
func (p *Portal) showFounding(w http.ResponseWriter, r *http.Request) {
	b, err := read[console.Founding](r)
	if err != nil {
		p.fail(w, r, err)
		return
	}
	out, err := p.cfg.Founding.ShowFounding(r.Context(), b, p.source(r))
	if err != nil {
		p.fail(w, r, refusal(err))
		return
	}
	p.write(w, http.StatusOK, out)
}

func (p *Portal) found(w http.ResponseWriter, r *http.Request) {
	b, err := read[console.Founded](r)
	if err != nil {
		p.fail(w, r, err)
		return
	}
	s, err := p.cfg.Founding.Found(r.Context(), b, p.source(r), program(r.UserAgent()))
	if err != nil {
		p.fail(w, r, refusal(err))
		return
	}
	p.letIn(w, SignedIn{Token: s.Token, Device: s.Device, Until: s.Expires})
}

// credentials reads a sign-in, with the address it comes from.
func (p *Portal) credentials(r *http.Request, b signInBody) Credentials {
	k := Credentials{Login: b.Login, Password: b.Password, Code: b.Code, Source: p.source(r), Program: program(r.UserAgent())}
	if c, err := r.Cookie(deviceName); err == nil {
		k.Device = c.Value
	}
	return k
}

func (p *Portal) changePassword(w http.ResponseWriter, r *http.Request) {
	b, err := read[struct {
		signInBody
		New string `json:"new"`
	}](r)
	if err == nil {
		err = p.cfg.Sessions.ChangePassword(r.Context(), p.credentials(r, b.signInBody), b.New)
	}
	if err != nil {
		p.fail(w, r, err)
		return
	}
	p.write(w, http.StatusOK, console.Nothing{})
}

func (p *Portal) signOut(w http.ResponseWriter, r *http.Request) error {
	c, err := r.Cookie(cookieName)
	if err != nil {
		return console.Refuse(console.SignedOut, "portal.error.signed-out")
	}
	if err := p.cfg.Sessions.SignOut(r.Context(), c.Value); err != nil {
		return err
	}
	setCookie(w, cookieName, "", time.Unix(1, 0))
	p.write(w, http.StatusOK, console.Nothing{})
	return nil
}

// pushMoved is told by a phone's service worker, which may wake days after its owner's session ended.
func (p *Portal) pushMoved(w http.ResponseWriter, r *http.Request) {
	b, err := read[struct {
		Old string `json:"old"`
		console.PushSubscription
	}](r)
	if err == nil {
		err = p.cfg.Pushes.MovePush(r.Context(), b.Old, b.PushSubscription)
	}
	if err != nil {
		p.fail(w, r, err)
		return
	}
	p.write(w, http.StatusOK, console.Nothing{})
}

func setCookie(w http.ResponseWriter, name, value string, until time.Time) {
	http.SetCookie(w, &http.Cookie{Name: name, Value: value, Path: "/", Expires: until, Secure: true, HttpOnly: true,
		SameSite: http.SameSiteStrictMode})
}

// feed answers a calendar program, which does not sign in. It is asked for nothing but its address, so it says no more about one that
// leads nowhere.
func (p *Portal) feed(w http.ResponseWriter, r *http.Request) {
	var body bytes.Buffer
	secret, ok := strings.CutSuffix(r.PathValue("address"), ".ics")
	if !ok {
		http.NotFound(w, r)
		return
	}
	err := p.cfg.Feeds.Feed(r.Context(), secret, &body)
	var refused *console.Error
	switch {
	case errors.As(err, &refused) && refused.Kind == console.NotFound:
		http.NotFound(w, r)
		return
	case err != nil:
		p.cfg.Log.Error("portal: request failed", "route", r.Pattern, "error", err)
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/calendar; charset=utf-8")
	w.Header().Set("Cache-Control", "private, no-cache")
	if _, err := body.WriteTo(w); err != nil {
		p.cfg.Log.Info("portal: answer not delivered", "error", err)
	}
}
