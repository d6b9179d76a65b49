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
	"lamplight/notes"
	"lamplight/telephony"
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
	session Session
}

var _ console.Service = (*Client)(nil)

// credentials is what travels as the NATS password, inside TLS: the person's own at sign-in, the session's secret after.
type Credentials struct {
	Password string `json:"password,omitempty"`
	Code     string `json:"code,omitempty"`
	Token    string `json:"token"`
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
		nats.MaxReconnects(-1), nats.ReconnectWait(250 * time.Millisecond), nats.ReconnectJitter(100*time.Millisecond, 500*time.Millisecond),
		nats.PingInterval(5 * time.Second), nats.MaxPingsOutstanding(2), nats.Timeout(requestLimit),
		nats.IgnoreAuthErrorAbort(), AtOnce,
		nats.Secure(&tls.Config{RootCAs: o.CA, MinVersion: tls.VersionTLS13}),
		nats.UserInfoHandler(func() (string, string) {
			cr := Credentials{Token: token}
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
			return nil, &console.Error{Code: "desk.error.sign-in"}
		}
		if d.err != nil {
			return nil, fmt.Errorf("%w: %v", ErrUnreachable, d.err)
		}
		signedIn.Store(true)
		c.nc = d.nc
		return c, nil
	}
}

// Close ends the connection; the session ends with the desk's silence.
func (c *Client) Close() { c.nc.Close() }

// request asks one method and decodes the answer.
func request[Out any](ctx context.Context, c *Client, method string, in any) (out Out, err error) {
	body, err := json.Marshal(in)
	if err != nil {
		return out, fmt.Errorf("%s: encode: %w", method, err)
	}
	ctx, cancel := context.WithTimeout(ctx, requestLimit)
	defer cancel()
	m, err := c.nc.RequestWithContext(ctx, doSubject(c.session, method), body)
	if err != nil {
		return out, fmt.Errorf("%s: %w (%v)", method, ErrUnreachable, err)
	}
	var a answer
	if err := json.Unmarshal(m.Data, &a); err != nil {
		return out, fmt.Errorf("%s: decode: %w", method, err)
	}
	if a.Error != nil {
		return out, a.Error
	}
	if err := json.Unmarshal(a.Result, &out); err != nil {
		return out, fmt.Errorf("%s: decode: %w", method, err)
	}
	return out, nil
}

func (c *Client) tell(ctx context.Context, method string, in any) error {
	_, err := request[none](ctx, c, method, in)
	return err
}

func (c *Client) Hello(ctx context.Context) (console.Hello, error) {
	return request[console.Hello](ctx, c, "hello", none{})
}
func (c *Client) Ready(ctx context.Context) error { return c.tell(ctx, "ready", none{}) }
func (c *Client) Pause(ctx context.Context, reason string) error {
	return c.tell(ctx, "pause", reasonBody{reason})
}
func (c *Client) Reject(ctx context.Context, call telephony.CallID, epoch uint64) error {
	return c.tell(ctx, "reject", callBody{Call: call, Epoch: epoch})
}
func (c *Client) Hold(ctx context.Context, call telephony.CallID) error {
	return c.tell(ctx, "hold", callBody{Call: call})
}
func (c *Client) Resume(ctx context.Context, call telephony.CallID) error {
	return c.tell(ctx, "resume", callBody{Call: call})
}
func (c *Client) Rejoin(ctx context.Context, call telephony.CallID) error {
	return c.tell(ctx, "rejoin", callBody{Call: call})
}
func (c *Client) HangUp(ctx context.Context, call telephony.CallID) error {
	return c.tell(ctx, "hangup", callBody{Call: call})
}
func (c *Client) WrapUpDone(ctx context.Context) error { return c.tell(ctx, "wrapupdone", none{}) }
func (c *Client) SetLanguage(ctx context.Context, call telephony.CallID, l telephony.Language) error {
	return c.tell(ctx, "setlanguage", callBody{Call: call, Language: l})
}
func (c *Client) CallBack(ctx context.Context, call telephony.CallID) error {
	return c.tell(ctx, "callback", callBody{Call: call})
}
func (c *Client) SaveDraft(ctx context.Context, d console.Draft) error {
	return c.tell(ctx, "savedraft", d)
}
func (c *Client) Drafts(ctx context.Context) ([]console.Draft, error) {
	return request[[]console.Draft](ctx, c, "drafts", none{})
}
func (c *Client) DropDraft(ctx context.Context, id string) error {
	return c.tell(ctx, "dropdraft", nameBody{id})
}
func (c *Client) Preview(ctx context.Context, d console.Draft) (console.Preview, error) {
	return request[console.Preview](ctx, c, "preview", d)
}
func (c *Client) Send(ctx context.Context, d console.Draft) (console.Sent, error) {
	return request[console.Sent](ctx, c, "send", d)
}
func (c *Client) Board(ctx context.Context) ([]console.BoardRow, error) {
	return request[[]console.BoardRow](ctx, c, "board", none{})
}
func (c *Client) Story(ctx context.Context, r console.StoryRef) (console.Story, error) {
	return request[console.Story](ctx, c, "story", r)
}
func (c *Client) AddOn(ctx context.Context, note notes.NoteID, text string) error {
	return c.tell(ctx, "addon", noteBody{Note: note, Text: text})
}
func (c *Client) CloseAbandoned(ctx context.Context, call telephony.CallID, outcome string) error {
	return c.tell(ctx, "closeabandoned", callBody{Call: call, Outcome: outcome})
}
func (c *Client) Supervise(ctx context.Context, note notes.NoteID, act, reason string) error {
	return c.tell(ctx, "supervise", noteBody{Note: note, Act: act, Reason: reason})
}
func (c *Client) Scenarios(ctx context.Context) ([]console.Scenario, error) {
	return request[[]console.Scenario](ctx, c, "scenarios", none{})
}
func (c *Client) PracticeCall(ctx context.Context, scenario string) error {
	return c.tell(ctx, "practicecall", nameBody{scenario})
}
