// Package pocket is the demo providers' pocket: phones at which the texts, mails and pushes that leave the server arrive,
// and a page that shows them. It is the other end of every channel: a text gateway that speaks the Twilio Messages API and
// reports deliveries, an SMTP server with TLS, a Web Push service that checks and decrypts.
//
// It speaks the real protocols over real sockets and shares no code with the channels that call it, so a test that passes
// here has spoken Twilio, SMTP and Web Push. Faults makes it refuse, break, hang, take and not deliver, and misreport. It
// promises to show what arrived as it arrived, every byte escaped, and to listen on loopback unless told otherwise.
//
// It leaves to others who owns a phone. It holds what it got in memory and forgets it when it closes; it is for demos,
// training and tests.
package pocket

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-smtp"

	"lamplight/telephony"
)

// Config is who has a phone, and where the pocket listens. The zero Config listens on free loopback ports.
type Config struct {
	Phones []ProviderPhone
	Host   string // the address to listen on; "127.0.0.1" if empty
	Port   int    // of the page, the text gateway and the push service; a free one if 0
	// AccountSID and AuthToken are the text gateway's account; made up if empty.
	AccountSID string
	AuthToken  string
	// MailUser and MailPassword, if set, are demanded of who brings mail.
	MailUser, MailPassword string
	// CallbackRoots vouch for the server's address that deliveries are reported to; the machine's if nil.
	CallbackRoots *x509.CertPool
	// PushKey, if set, is the only VAPID public key (base64url) whose pushes are taken.
	PushKey string
	// Faults, if set, is asked about each arrival; see SetFaults.
	Faults func(Arrival) Fault
}

// A ProviderPhone is one provider's.
type ProviderPhone struct {
	Person string             `json:"person"`
	Name   string             `json:"name"`
	Number string             `json:"number"` // E.164
	Email  string             `json:"email"`
	Lang   telephony.Language `json:"lang"`
}

// An Arrival is one message that reached the pocket.
type Arrival struct {
	Seq      int       `json:"seq"` // from 1, in the order of arrival
	At       time.Time `json:"at"`  // when its first byte was seen
	Kind     string    `json:"kind"`
	To       string    `json:"to"` // the number, the address or the person
	From     string    `json:"from"`
	Title    string    `json:"title"` // a mail's subject, a push's title
	Body     string    `json:"body"`
	Link     string    `json:"link"`
	Ref      string    `json:"ref"`                // the gateway's SID, the mail's Message-ID, the push's topic
	Envelope string    `json:"envelope,omitempty"` // a mail's ENVID: the sender's own name for it
	Repeat   bool      `json:"repeat"`             // the same text, Message-ID or topic came to this phone before
	Status   string    `json:"status"`             // a text's, as the gateway would tell it; "refused" for what was turned
	// away; "written" for what the phone wrote back, "unheard" when the server did not take that
}

// Pocket is open until Close. Its methods may be called from any goroutine.
type Pocket struct {
	URL        string // of the page; the text gateway's base URL and the push service are under it as well
	AccountSID string
	AuthToken  string
	MailHost   string
	MailPort   int            // STARTTLS
	MailsPort  int            // TLS from the first byte
	Roots      *x509.CertPool // trusts the mail server
	RootPEM    []byte         // the same certificate, for a configuration file

	cfg       Config
	http      *http.Server
	mail      *smtp.Server
	mailPorts []net.Listener           // go-smtp forgets those on which it had not begun to serve when it was closed
	subs      map[string]*subscription // by id; written only by Open
	byPerson  map[string]*subscription
	ctx       context.Context // ends with Close: what still wants to report gives up
	cancel    context.CancelFunc
	running   sync.WaitGroup
	callbacks http.Client

	mu       sync.Mutex // guards what follows
	faults   func(Arrival) Fault
	arrivals []Arrival
	texts    map[string]*text // by SID
	seen     map[string]bool
	changed  chan struct{} // closed and replaced when anything arrives or changes
	closed   bool
	inbound  string
	bounces  string
}

// Start starts listening. The pocket closes when ctx ends, or at Close.
func Start(ctx context.Context, cfg Config) (*Pocket, error) {
	if cfg.Host == "" {
		cfg.Host = "127.0.0.1"
	}
	p := &Pocket{
		AccountSID: cfg.AccountSID, AuthToken: cfg.AuthToken, MailHost: cfg.Host, cfg: cfg, faults: cfg.Faults,
		texts: map[string]*text{}, seen: map[string]bool{}, changed: make(chan struct{}),
		subs: map[string]*subscription{}, byPerson: map[string]*subscription{},
		callbacks: http.Client{Timeout: 5 * time.Second,
			Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: cfg.CallbackRoots}}},
	}
	if p.AccountSID == "" {
		p.AccountSID = "AC" + random(16)
	}
	if p.AuthToken == "" {
		p.AuthToken = random(16)
	}
	p.ctx, p.cancel = context.WithCancel(context.WithoutCancel(ctx))
	if err := p.listen(); err != nil {
		return nil, errors.Join(err, p.Close())
	}
	for _, ph := range cfg.Phones {
		if err := p.subscribe(ph.Person); err != nil {
			return nil, errors.Join(err, p.Close())
		}
	}
	context.AfterFunc(ctx, func() { _ = p.Close() })
	return p, nil
}

func (p *Pocket) listen() error {
	web, err := net.Listen("tcp", net.JoinHostPort(p.cfg.Host, fmt.Sprint(p.cfg.Port)))
	if err != nil {
		return fmt.Errorf("open the pocket: %w", err)
	}
	p.URL = "http://" + web.Addr().String()
	p.http = &http.Server{Handler: p.routes(), ReadHeaderTimeout: 10 * time.Second}
	p.running.Go(func() { _ = p.http.Serve(web) })
	return p.listenMail()
}

// Close stops listening and drops what was on its way. Closing twice is no error.
func (p *Pocket) Close() error {
	p.mu.Lock()
	first := !p.closed
	p.closed = true
	p.mu.Unlock()
	if !first {
		return nil
	}
	p.cancel()
	var errs []error
	if p.http != nil {
		errs = append(errs, p.http.Close())
	}
	if p.mail != nil {
		for _, l := range p.mailPorts {
			_ = l.Close() // go-smtp closes them too: the second is told that it was late
		}
		_ = p.mail.Close()
	}
	p.running.Wait()
	p.callbacks.CloseIdleConnections()
	return errors.Join(errs...)
}

// Messages are all arrivals so far, in order.
func (p *Pocket) Messages() []Arrival {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.arrivals)
}

// Wait returns the arrivals as soon as enough says they are, and the error when ctx ends before.
func (p *Pocket) Wait(ctx context.Context, enough func([]Arrival) bool) ([]Arrival, error) {
	for {
		p.mu.Lock()
		all, changed := slices.Clone(p.arrivals), p.changed
		p.mu.Unlock()
		if enough(all) {
			return all, nil
		}
		select {
		case <-ctx.Done():
			return all, fmt.Errorf("wait at the pocket: %d have arrived: %w", len(all), ctx.Err())
		case <-p.ctx.Done():
			return all, errors.New("wait at the pocket: it was closed")
		case <-changed:
		}
	}
}

// arrive books a, tells whether the phone had it before, and says what shall go wrong with it.
func (p *Pocket) arrive(a Arrival) (Arrival, Fault) {
	p.mu.Lock()
	a.Seq = len(p.arrivals) + 1
	key := a.Kind + "\x00" + a.To + "\x00" + a.Ref
	if a.Kind == ArrivedText {
		key = a.Kind + "\x00" + a.To + "\x00" + a.Body
	}
	a.Link = firstLink(a)
	faults := p.faults
	p.mu.Unlock()
	fault := None
	if faults != nil {
		fault = faults(a)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if fault.turnsAway() {
		a.Status = "refused"
	} else {
		a.Repeat = p.seen[key]
		p.seen[key] = true
	}
	a.Seq = len(p.arrivals) + 1
	p.arrivals = append(p.arrivals, a)
	p.wake()
	return a, fault
}

// status changes what the page shows of an arrival.
func (p *Pocket) status(seq int, s string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.arrivals[seq-1].Status = s
	p.wake()
}

// wake wakes everyone who waits; p.mu is held.
func (p *Pocket) wake() {
	close(p.changed)
	p.changed = make(chan struct{})
}

// The kinds of arrivals.
const (
	ArrivedText  = "text"
	ArrivedEmail = "email"
	ArrivedPush  = "push"
)

var link = regexp.MustCompile(`https?://[^\s<>"]+`)

func firstLink(a Arrival) string {
	if a.Link != "" {
		return a.Link
	}
	return strings.TrimRight(link.FindString(a.Body), ".,;)")
}

func random(n int) string {
	b := make([]byte, n)
	if _, err := rand.Read(b); err != nil {
		panic(err) // crypto/rand never fails on the systems we run on; without it nothing here may go on
	}
	return hex.EncodeToString(b)
}
