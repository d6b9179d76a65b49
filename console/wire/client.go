package wire

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"

	"lamplight/console"
)

// Options says where a desk connects and as whom.
type Options struct {
	URL      string         // "tls://127.0.0.1:4222"
	CA       *x509.CertPool // who may have signed the server's certificate; nil means the machine's own roots
	Login    string
	Password string
	Code     string                          // the one-time code of the moment
	Changed  func(linked bool, at time.Time) // the link broke or came back; may be nil, must not block
}

// Client is a desk's end of the wire. It reconnects by itself, for ever, with the session it signed in with.
type Client struct {
	nc      *nats.Conn
	session DeskSession
}

var _ console.Backend = (*Client)(nil)

// Credentials is what travels as the NATS password, inside TLS: the person's own at sign-in, the session's secret after.
type Credentials struct {
	Password string `json:"password,omitempty"`
	Code     string `json:"code,omitempty"`
	Token    string `json:"token"`
	// DeskVersion is what the desk speaks and which build it is; the zero Version for one from before versions.
	DeskVersion console.Version `json:"desk"`
}

// Dial signs in. A refusal is a *console.Error "desk.error.sign-in", the same for an unknown login, a wrong password and a
// wrong code; ErrUnreachable is wrapped when no server is there.
func Dial(ctx context.Context, o Options) (*Client, error) {
	token := NewToken()
	c := &Client{session: SessionOf(token)}
	var signedIn atomic.Bool
	opts := []nats.Option{
		nats.Name("desk"),
		nats.CustomInboxPrefix(replyPrefix(c.session)),
		nats.MaxReconnects(-1), nats.ReconnectWait(250 * time.Millisecond), nats.ReconnectJitter(100*time.Millisecond,
			500*time.Millisecond),
		nats.PingInterval(5 * time.Second), nats.MaxPingsOutstanding(2), nats.Timeout(requestLimit),
		nats.IgnoreAuthErrorAbort(), AtOnce,
		nats.Secure(&tls.Config{RootCAs: o.CA, MinVersion: tls.VersionTLS13}),
		nats.UserInfoHandler(func() (string, string) {
			cr := Credentials{Token: token, DeskVersion: console.ThisVersion()}
			if !signedIn.Load() {
				cr.Password, cr.Code = o.Password, o.Code
			}
			b, err := json.Marshal(cr)
			if err != nil { // two strings always encode
				return o.Login, ""
			}
			return o.Login, string(b)
		}),
	}
	if o.Changed != nil {
		opts = append(opts,
			nats.DisconnectErrHandler(func(*nats.Conn, error) { o.Changed(false, time.Now()) }),
			nats.ReconnectHandler(func(*nats.Conn) { o.Changed(true, time.Now()) }))
	}
	type dialled struct {
		nc  *nats.Conn
		err error
	}
	done := make(chan dialled, 1)
	go func() {
		nc, err := nats.Connect(o.URL, opts...)
		if err != nil && strings.Contains(err.Error(), "got 'PING'") {
			// NATS grew impatient while the password was checked and sent its first ping before its answer, which the
			// client library takes for an error. The code is used and the session open: come back with that.
			signedIn.Store(true)
			nc, err = nats.Connect(o.URL, opts...)
		}
		done <- dialled{nc, err}
	}()
	select {
	case <-ctx.Done():
		go func() {
			if d := <-done; d.nc != nil {
				d.nc.Close()
			}
		}()
		return nil, fmt.Errorf("sign in: %w", ctx.Err())
	case d := <-done:
		if errors.Is(d.err, nats.ErrAuthorization) {
			return nil, console.Refuse(console.SignedOut, "desk.error.sign-in")
		}
		if err := distrusted(d.err); err != nil {
			return nil, err
		}
		if d.err != nil {
			return nil, fmt.Errorf("%w: %v", ErrUnreachable, d.err)
		}
		signedIn.Store(true)
		c.nc = d.nc
		return c, nil
	}
}

// distrusted is the refusal of a server whose certificate this desk does not believe, nil for any other error.
func distrusted(err error) error {
	var named x509.HostnameError
	var signed x509.UnknownAuthorityError
	var invalid x509.CertificateInvalidError
	switch {
	case errors.As(err, &named):
		is := append([]string{}, named.Certificate.DNSNames...)
		for _, ip := range named.Certificate.IPAddresses {
			is = append(is, ip.String())
		}
		e := console.Refuse(console.Unavailable, "desk.error.certificate-name")
		e.Vars = map[string]string{"asked": named.Host, "names": strings.Join(is, ", ")}
		return e
	case errors.As(err, &signed):
		return console.Refuse(console.Unavailable, "desk.error.certificate-unknown")
	case errors.As(err, &invalid):
		return console.Refuse(console.Unavailable, "desk.error.certificate-invalid")
	}
	return nil
}

// Close ends the connection; the session ends with the desk's silence.
func (c *Client) Close() { c.nc.Close() }

// Ask asks one request and brings the answer.
func (c *Client) Ask(ctx context.Context, name string, body []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, requestLimit)
	defer cancel()
	m, err := c.nc.RequestWithContext(ctx, doSubject(c.session, name), aged(name+".in", body))
	if err != nil {
		return nil, fmt.Errorf("%s: %w (%v)", name, ErrUnreachable, err)
	}
	var a answer
	if err := console.Decode(m.Data, &a); err != nil {
		return nil, fmt.Errorf("%s: decode: %w", name, err)
	}
	if a.Error != nil {
		return nil, a.Error
	}
	return aged(name+".out", a.Result), nil
}
