// Package portal is the web for providers and practices: the phone page a link opens, and a practice's calls and notes.
// It carries what pages ask (console.Requests) over HTTPS as JSON and serves the built pages; what a person may do is
// decided there, not here.
//
// It promises: nothing of a patient stands in a URL, a header or a log (a link's token is in the fragment, searches are
// posted); answers are never cached; only our own pages may call it (same-site cookies, origin checked, a strict content
// policy); a slow or endless request is ended. It leaves the people to notes/access and the look to frontend/portal.
package portal

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	stdlog "log"
	"log/slog"
	"math"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"lamplight/console"
	"lamplight/notes"
	"lamplight/notes/access"
	"lamplight/notes/postgres"
	"lamplight/notes/record"
	"lamplight/telephony"
)

// A SlowedError says that too many tries failed: none is looked at before Until, and the page says so.
type SlowedError struct{ Until time.Time }

func (e *SlowedError) Error() string { return "too many tries" }

// Credentials are one try to sign in: what was typed, where from, and what an earlier sign-in left with the browser.
// Program is what they sit at, "Firefox, Windows".
type Credentials struct{ Login, Password, Code, Source, Device, Program string }

// A Joining is what the holder of an invitation chose: a password, and an authenticator by its secret and the code it shows.
type Joining struct{ Token, Password, Secret, Code, Source, Program string }

// SignedIn is what a browser gets for Credentials that were right. Token is a secret that only its cookie holds; Device opens
// nothing, but spares its browser the waits that others' guesses cause.
type SignedIn struct {
	Token, Device string
	Until         time.Time
}

// Sessions signs people in on the web.
type Sessions interface {
	// SignIn answers the same error, in the same time, for an unknown login, a wrong password and a wrong code,
	// or a *SlowedError, alike for logins that exist and that do not.
	SignIn(ctx context.Context, k Credentials) (SignedIn, error)
	// Resume returns ctx with the session's actor in it; a refusal with the code "portal.error.signed-out" means that nobody
	// is signed in by that token, any other error that it cannot be told now.
	Resume(ctx context.Context, token string) (context.Context, error)
	SignOut(ctx context.Context, token string) error
	// ChangePassword gives whose credentials these are another password and ends their sessions. It answers as SignIn does, and refuses a
	// password that is too weak as Invalid.
	ChangePassword(ctx context.Context, k Credentials, password string) error
	// Invitation shows an invitation to whoever has its token, and Join takes it: the person is signed in with what they chose, and it
	// is over. Guesses are slowed as at SignIn. One that opens nothing any more is refused with why.
	Invitation(ctx context.Context, token, source string) (console.Invitation, error)
	Join(ctx context.Context, j Joining) (SignedIn, error)
}

// Recordings plays calls; the service's own.
type Recordings interface {
	// Recording writes a call's recording as a WAV file; a record.Sized writer is told its length first. Errors are as an Asker's.
	Recording(ctx context.Context, call telephony.CallID, w io.Writer) error
}

// Attachments are the photos and PDFs of patients' threads; the service's own. of is "" for the patient in whose name ctx is. Errors
// are as an Asker's.
type Attachments interface {
	// KeepPiece keeps a piece of a file that comes, its number from 0, each record.PieceSize long but the last.
	KeepPiece(ctx context.Context, of notes.PatientID, file string, n int, piece []byte) (console.FileCame, error)
	// Attachment writes a file, or a photo's thumbnail.
	Attachment(ctx context.Context, of notes.PatientID, file string, small bool, w record.FileWriter) error
}

// Pushes keeps where phones are notified; the service's own.
type Pushes interface {
	// MovePush takes the subscription that a browser put in the place of an old one while nobody was signed in: who knows the
	// old endpoint is that phone. One that is not known moves nothing, and is no error. Errors are as an Asker's.
	MovePush(ctx context.Context, old string, s console.PushSubscription) error
}

// Feeds are providers' on-call days, for calendar programs; the service's own.
type Feeds interface {
	// Feed writes the calendar that an address's secret leads to; a refusal as NotFound says that it leads nowhere, or not any more.
	Feed(ctx context.Context, secret string, w io.Writer) error
}

// A FirstRun lets the service's first administrator in, by the code that the server prints; the service's own. Errors are access's,
// or as an Asker's.
type FirstRun interface {
	// Founded tells whether there is an administrator: then there is no such page.
	Founded(ctx context.Context) (bool, error)
	// ShowFounding answers an authenticator to whoever has the code and has said who they are; nothing is stored. Found makes them the
	// administrator and signs them in. Guesses are slowed as at SignIn.
	ShowFounding(ctx context.Context, f console.Founding, source string) (console.Invitation, error)
	Found(ctx context.Context, f console.Founded, source, program string) (access.Session, error)
}

// Config is what a Portal stands on.
type Config struct {
	Service    console.Asker // answers what the pages ask
	Recordings Recordings
	Pushes     Pushes
	Feeds      Feeds
	// Attachments is nil where no patient comes.
	Attachments Attachments
	Sessions    Sessions
	Founding    FirstRun // nil where the first administrator was made by a command
	// Patients lets practices' patients in, and Practice tells a practice's name and the number that its patients call; nil, both of
	// them, where no patient comes.
	Patients PatientDoor
	Practice func(context.Context, telephony.AccountID) (name, number string, err error)
	Files    fs.FS                   // the built pages, index.html at its root
	Hooks    map[string]http.Handler // carriers' callbacks, by path; they check their own signatures
	// Proxies are the addresses of the service's own proxies: of a request from one of them, the X-Forwarded-For header is
	// believed. Without them everybody behind a proxy is one source, and slowed as one.
	Proxies []netip.Prefix
	Log     *slog.Logger
}

// Portal is an http.Handler.
type Portal struct {
	cfg Config
	mux *http.ServeMux
	csp *http.CrossOriginProtection
}

var _ http.Handler = (*Portal)(nil)

const (
	cookieName = "__Host-lamplight"
	deviceName = "__Host-lamplight-device"
	deviceLife = 400 * 24 * time.Hour // the longest a browser keeps a cookie
	bodyLimit  = 64 << 10
	// practiceLimit is of what holds a practice's document, quoted, or a file of appointments.
	practiceLimit = 3 << 20

	// The pages' own scripts and styles, nothing inline and nothing from elsewhere; recordings play from here.
	contentPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self' data:; " +
		"media-src 'self' blob:; connect-src 'self'; manifest-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'self'; " +
		"frame-ancestors 'none'"
)

// New makes a portal.
func New(cfg Config) *Portal {
	p := &Portal{cfg: cfg, mux: http.NewServeMux(), csp: http.NewCrossOriginProtection()}
	for path, h := range cfg.Hooks {
		p.mux.Handle(path, h)
	}
	p.routes()
	p.attachmentRoutes()
	p.mux.Handle("/", p.files())
	return p
}

// NewServer returns an HTTP server with time limits a stranger cannot hold open. What it says of itself goes to log.
func NewServer(h http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{Handler: h, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 15 * time.Second,
		WriteTimeout: 5 * time.Minute, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 16 << 10,
		ErrorLog: stdlog.New(serverLog{log}, "", 0)}
}

// serverLog takes what net/http has to say: a handler's panic is an error, a stranger who hangs up in the middle is not.
type serverLog struct{ log *slog.Logger }

func (l serverLog) Write(line []byte) (int, error) {
	level := slog.LevelDebug
	if bytes.Contains(line, []byte("panic")) {
		level = slog.LevelError
	}
	l.log.Log(context.Background(), level, "portal: "+strings.TrimSpace(string(line)))
	return len(line), nil
}

func (p *Portal) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Security-Policy", contentPolicy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Strict-Transport-Security", "max-age=31536000")
	if strings.HasPrefix(r.URL.Path, "/api/") {
		h.Set("Cache-Control", "no-store")
		if err := p.csp.Check(r); err != nil {
			p.refuse(w, http.StatusForbidden, console.Refuse(console.Forbidden, "portal.error.origin"))
			return
		}
	}
	limit := int64(bodyLimit)
	if strings.HasPrefix(r.URL.Path, "/api/practices/") || r.URL.Path == "/api/appointments/sheet" {
		limit = practiceLimit
	} else if strings.Contains(r.URL.Path, "/pieces/") {
		limit = record.PieceSize
	}
	r.Body = http.MaxBytesReader(w, r.Body, limit)
	p.mux.ServeHTTP(w, r)
}

// source is the address a sign-in comes from. A header is believed of our own proxies alone, and of what they were told only
// the last address that is not theirs: what stands before it anybody may have written.
func (p *Portal) source(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	said := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for len(said) > 0 && p.ours(host) {
		next := strings.TrimSpace(said[len(said)-1])
		if _, err := netip.ParseAddr(next); err != nil {
			break
		}
		host, said = next, said[:len(said)-1]
	}
	return host
}

// ours tells whether an address is one of the service's proxies.
func (p *Portal) ours(host string) bool {
	addr, err := netip.ParseAddr(host)
	return err == nil && slices.ContainsFunc(p.cfg.Proxies, func(n netip.Prefix) bool { return n.Contains(addr.Unmap()) })
}

// signedIn runs h with the actor in the request's context, or answers 401.
func (p *Portal) signedIn(h func(http.ResponseWriter, *http.Request) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		c, err := r.Cookie(cookieName)
		if err != nil {
			p.refuse(w, http.StatusUnauthorized, console.Refuse(console.SignedOut, "portal.error.signed-out"))
			return
		}
		ctx, err := p.cfg.Sessions.Resume(r.Context(), c.Value)
		if err != nil {
			p.fail(w, r, err)
			return
		}
		if err := h(w, r.WithContext(ctx)); err != nil {
			p.fail(w, r, err)
		}
	}
}

// fail answers an error: a refusal as itself, anything else as "internal", the inside only in the log.
func (p *Portal) fail(w http.ResponseWriter, r *http.Request, err error) {
	var refusal *console.Error
	var tooLarge *http.MaxBytesError
	var slowed *SlowedError
	switch {
	case errors.As(err, &slowed):
		w.Header().Set("Retry-After", strconv.Itoa(max(1, int(math.Ceil(time.Until(slowed.Until).Seconds())))))
		p.refuse(w, http.StatusTooManyRequests, console.Refuse(console.Unavailable, "portal.error.slow-down"))
	case errors.As(err, &refusal):
		p.refuse(w, cmp.Or(statusOf[refusal.Kind], http.StatusInternalServerError), refusal)
	case errors.As(err, &tooLarge):
		p.refuse(w, http.StatusRequestEntityTooLarge, console.Refuse(console.Invalid, "portal.error.too-large"))
	case errors.Is(err, errMalformed):
		p.refuse(w, http.StatusBadRequest, console.Refuse(console.Invalid, "portal.error.malformed"))
	case errors.Is(err, context.Canceled):
	case postgres.Away(err):
		p.cfg.Log.Warn("portal: the database is away", "route", r.Pattern, "error", err)
		p.refuse(w, http.StatusServiceUnavailable, console.Refuse(console.Unavailable, "portal.error.unreachable"))
	default:
		p.cfg.Log.Error("portal: request failed", "route", r.Pattern, "error", err)
		p.refuse(w, http.StatusInternalServerError, console.Refuse(console.Internal, "portal.error.internal"))
	}
}

// statusOf is the HTTP status of each kind of refusal.
var statusOf = map[console.Kind]int{
	console.NotFound:    http.StatusNotFound,
	console.Forbidden:   http.StatusForbidden,
	console.SignedOut:   http.StatusUnauthorized,
	console.Conflict:    http.StatusConflict,
	console.Invalid:     http.StatusUnprocessableEntity,
	console.Unavailable: http.StatusServiceUnavailable,
	console.Internal:    http.StatusInternalServerError,
}

func (p *Portal) refuse(w http.ResponseWriter, status int, e *console.Error) {
	p.write(w, status, map[string]*console.Error{"error": e})
}

func (p *Portal) write(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	if err := json.NewEncoder(w).Encode(v); err != nil {
		p.cfg.Log.Info("portal: answer not delivered", "error", err)
	}
}

var errMalformed = errors.New("malformed request")

// read decodes a request's body.
func read[T any](r *http.Request) (v T, err error) {
	d := json.NewDecoder(r.Body)
	d.DisallowUnknownFields()
	if err := d.Decode(&v); err != nil && !errors.Is(err, io.EOF) {
		var tooLarge *http.MaxBytesError
		if errors.As(err, &tooLarge) {
			return v, err
		}
		return v, fmt.Errorf("%w: %v", errMalformed, err)
	}
	return v, nil
}
