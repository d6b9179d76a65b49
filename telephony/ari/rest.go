package ari

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"lamplight/telephony"
)

// scheme stands before an ARI address given to the native client. That client sends through http.DefaultTransport, has
// no timeout and no way to be given either; a scheme of our own there leads to our transport and leaves the rest of the
// process alone.
const scheme = "ari+"

var transport = &http.Transport{
	DialContext:           (&net.Dialer{Timeout: 2 * time.Second, KeepAlive: 5 * time.Second}).DialContext,
	ResponseHeaderTimeout: 10 * time.Second,
	MaxIdleConnsPerHost:   64,
	IdleConnTimeout:       10 * time.Second, // Asterisk closes an idle connection after 15 s; be sooner
	TLSHandshakeTimeout:   5 * time.Second,
}

type viaOurs struct{}

func (viaOurs) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.URL.Scheme = strings.TrimPrefix(r.URL.Scheme, scheme)
	// An empty key is not sent. It lets the transport repeat a command when the kept connection turns out closed:
	// our ids make the repeat harmless.
	r.Header["Idempotency-Key"] = []string{}
	return transport.RoundTrip(r)
}

var registerTransport = sync.OnceValue(func() error {
	t, ok := http.DefaultTransport.(*http.Transport)
	if !ok {
		return fmt.Errorf("ari: http.DefaultTransport is a %T, which takes no scheme of ours", http.DefaultTransport)
	}
	t.RegisterProtocol(scheme+"http", viaOurs{})
	t.RegisterProtocol(scheme+"https", viaOurs{})
	return nil
})

// call runs one command of the native client, which knows no context, and explains its error. When ctx is done first
// the command may still be carried out.
func (c *Client) call(ctx context.Context, what string, command func() error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("ari: %s: %w", what, ctx.Err())
	}
	c.raw.sent.Add(1)
	late := time.NewTimer(c.cfg.Timeout)
	defer late.Stop()
	done := make(chan error, 1)
	go func() { done <- command() }()
	select {
	case err := <-done:
		return explain(what, err)
	case <-late.C:
		return fmt.Errorf("ari: %s: %w: no answer within %v", what, telephony.ErrUnlinked, c.cfg.Timeout)
	case <-ctx.Done():
		return fmt.Errorf("ari: %s: %w", what, ctx.Err())
	}
}

// status is the HTTP status of an error from the native client or from raw; 0 when it has none.
func status(err error) int {
	var s interface {
		error
		Code() int
	}
	if errors.As(err, &s) {
		return s.Code()
	}
	return 0
}

// explain turns an error of HTTP into one of the Switch. What has ended is ErrGone, an Asterisk that did not answer is
// ErrUnlinked. The status stays readable for who can make more of it.
func explain(what string, err error) error {
	switch code := status(err); {
	case err == nil:
		return nil
	case code == http.StatusNotFound:
		return fmt.Errorf("ari: %s: %w: %w", what, telephony.ErrGone, err)
	case code != 0, errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("ari: %s: %w", what, err)
	}
	var broken *url.Error
	if errors.As(err, &broken) {
		return fmt.Errorf("ari: %s: %w: %w", what, telephony.ErrUnlinked, broken.Err)
	}
	return fmt.Errorf("ari: %s: %w", what, err)
}

// orGone makes ErrGone of the statuses with which Asterisk says of this command that its channel has left Stasis.
func orGone(err error, codes ...int) error {
	for _, code := range codes {
		if status(err) == code && !errors.Is(err, telephony.ErrGone) {
			return fmt.Errorf("%w: %w", telephony.ErrGone, err)
		}
	}
	return err
}

// orDone makes success of an error that says the command was needless.
func orDone(err error, codes ...int) error {
	for _, code := range codes {
		if status(err) == code {
			return nil
		}
	}
	return err
}

// raw speaks to ARI where the native client has no method, lacks a parameter or would ask once for each of a list.
type raw struct {
	base, user, password string
	http                 *http.Client
	sent                 *atomic.Int64 // requests, the native client's too
}

func newRaw(cfg Config) raw {
	return raw{base: cfg.URL, user: cfg.User, password: cfg.Password, http: &http.Client{Transport: transport}, sent: new(atomic.Int64)}
}

type statusError int

func (e statusError) Error() string { return "Asterisk answered " + http.StatusText(int(e)) }
func (e statusError) Code() int     { return int(e) }

// send asks for path with a JSON body and returns the answer, whose body the caller closes. Parts of a path that are
// names must be escaped.
func (r raw) send(ctx context.Context, method, path string, body any) (*http.Response, error) {
	var payload io.Reader
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			return nil, err
		}
		payload = bytes.NewReader(b)
	}
	q, err := http.NewRequestWithContext(ctx, method, r.base+path, payload)
	if err != nil {
		return nil, err
	}
	q.SetBasicAuth(r.user, r.password)
	q.Header["Idempotency-Key"] = []string{}
	if body != nil {
		q.Header.Set("Content-Type", "application/json")
	}
	// A recording that grows while Asterisk sends it is longer than Asterisk has said: on a kept connection the rest would
	// be taken for the next answer.
	q.Close = strings.HasSuffix(path, "/file")
	r.sent.Add(1)
	a, err := r.http.Do(q)
	if err != nil {
		return nil, err
	}
	if a.StatusCode/100 != 2 {
		_, err := io.Copy(io.Discard, a.Body) // so that the connection is kept
		return nil, errors.Join(statusError(a.StatusCode), err, a.Body.Close())
	}
	return a, nil
}

// do sends a command and decodes its answer into result, which may be nil.
func (c *Client) do(ctx context.Context, what, method, path string, body, result any) error {
	limited, cancel := context.WithTimeout(ctx, c.cfg.Timeout)
	defer cancel()
	a, err := c.raw.send(limited, method, path, body)
	switch {
	case err != nil && limited.Err() != nil && ctx.Err() == nil:
		return fmt.Errorf("ari: %s: %w: no answer within %v", what, telephony.ErrUnlinked, c.cfg.Timeout)
	case err != nil:
		return explain(what, err)
	}
	if result == nil {
		_, err = io.Copy(io.Discard, a.Body)
	} else {
		err = json.NewDecoder(a.Body).Decode(result)
	}
	if err = errors.Join(err, a.Body.Close()); err != nil {
		return fmt.Errorf("ari: %s: %w", what, err)
	}
	return nil
}
