package chart

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"lamplight/notes"
)

// ClientConfig is one practice's chart, as a Client speaks with it. Settings and Key are needed.
type ClientConfig struct {
	notes.Chart
	Key   Key
	Roots *x509.CertPool // whom to believe beside the machine's own; nil for those alone
	Now   func() time.Time
}

// A Client speaks with one chart. Its methods may be called from any goroutine; their errors are *Trouble, or the context's.
type Client struct {
	cfg     ClientConfig
	dialect dialect
	base    *url.URL
	http    *http.Client
	signIn  signIn

	mu     sync.Mutex // guards what follows
	says   *capability
	saidAt time.Time
}

const (
	patience   = 20 * time.Second // for one answer
	maxAnswer  = 32 << 20         // bytes of one
	asksAnew   = time.Hour        // the CapabilityStatement
	fhirJSON   = "application/fhir+json"
	maxPatient = 200 // patients of one search that are looked at
)

// CheckEndpoint says what is wrong with a chart's address: it is https, and http on this machine alone.
func CheckEndpoint(address string) error {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return errors.New("it is no address of a server")
	}
	if u.Scheme == "https" {
		return nil
	}
	ip, err := netip.ParseAddr(u.Hostname())
	if u.Scheme == "http" && (u.Hostname() == "localhost" || err == nil && ip.IsLoopback()) {
		return nil
	}
	return errors.New("it is not https")
}

// NewClient checks cfg. Nothing is asked before it is needed.
func NewClient(cfg ClientConfig) (*Client, error) {
	if err := CheckEndpoint(cfg.Endpoint); err != nil {
		return nil, fmt.Errorf("the chart's address %q: %w", cfg.Endpoint, err)
	}
	base, err := url.Parse(strings.TrimRight(cfg.Endpoint, "/"))
	if err != nil {
		return nil, fmt.Errorf("the chart's address: %w", err)
	}
	d, ok := dialectOf(cfg.Dialect)
	if !ok {
		return nil, fmt.Errorf("there is no dialect %q: %s", cfg.Dialect, strings.Join(notes.ChartDialects, ", "))
	}
	if cfg.Appointments {
		d.scopes = slices.Concat(d.scopes, d.visits)
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	transport := &http.Transport{Proxy: http.ProxyFromEnvironment, MaxConnsPerHost: 8, IdleConnTimeout: time.Minute,
		DialContext:         (&net.Dialer{Timeout: patience / 2}).DialContext,
		TLSHandshakeTimeout: patience / 2, ResponseHeaderTimeout: patience, ForceAttemptHTTP2: true,
		TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: cfg.Roots}}
	return &Client{cfg: cfg, dialect: d, base: base, http: &http.Client{Transport: transport, Timeout: patience,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}, nil
}

func (c *Client) now() time.Time { return c.cfg.Now() }

// Close lets its connections go.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// send has one request answered, whole.
func (c *Client) send(req *http.Request) (status int, header http.Header, body []byte, err error) {
	res, err := c.http.Do(req)
	if err != nil {
		return 0, nil, nil, silence(req.Context(), err)
	}
	defer res.Body.Close()
	body, err = io.ReadAll(io.LimitReader(res.Body, maxAnswer+1))
	switch {
	case err != nil && req.Context().Err() != nil:
		return 0, nil, nil, req.Context().Err()
	case err != nil:
		return 0, nil, nil, &Trouble{Why: Cut, Status: res.StatusCode}
	case len(body) > maxAnswer:
		return 0, nil, nil, &Trouble{Why: Odd, Status: res.StatusCode}
	}
	return res.StatusCode, res.Header, body, nil
}

// silence is why there was no answer. What an error says may hold the address with what was searched for, so it goes no further.
func silence(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	var unknown x509.UnknownAuthorityError
	var wrongHost x509.HostnameError
	var invalid x509.CertificateInvalidError
	var verify *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	var alert tls.AlertError
	if errors.As(err, &unknown) || errors.As(err, &wrongHost) || errors.As(err, &invalid) || errors.As(err, &verify) ||
		errors.As(err, &record) || errors.As(err, &alert) || strings.Contains(err.Error(), "tls: ") ||
		strings.Contains(err.Error(), "HTTP response to HTTPS client") {
		return &Trouble{Why: Untrusted}
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return &Trouble{Why: Cut}
	}
	return &Trouble{Why: Unreachable}
}

// open asks without a token what a chart tells everybody.
func (c *Client) open(ctx context.Context, path, accept string) (status int, header http.Header, body []byte, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.base.String()+path, nil)
	if err != nil {
		return 0, nil, nil, fmt.Errorf("ask a chart: %w", err)
	}
	req.Header.Set("Accept", accept)
	status, header, body, err = c.send(req)
	if err == nil && (status == http.StatusTooManyRequests || status >= 500) {
		err = c.trouble(http.MethodGet, status, header, body)
	}
	return status, header, body, err
}

// An answer is what a chart answered with success.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// do asks with a token; one that is refused is fetched anew, once.
func (c *Client) do(ctx context.Context, method, address string, body []byte, header http.Header) (answer, error) {
	bad := ""
	for {
		token, err := c.token(ctx, bad)
		if err != nil {
			return answer{}, err
		}
		req, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(body))
		if err != nil {
			return answer{}, fmt.Errorf("ask a chart: %w", err)
		}
		for name, values := range header {
			req.Header[name] = values
		}
		if req.Header.Get("Accept") == "" {
			req.Header.Set("Accept", fhirJSON)
		}
		req.Header.Set("Authorization", "Bearer "+token)
		if body != nil {
			req.Header.Set("Content-Type", fhirJSON)
		}
		status, got, text, err := c.send(req)
		if err != nil {
			return answer{}, err
		}
		if status == http.StatusUnauthorized && bad == "" {
			bad = token
			continue
		}
		if status < 200 || status > 299 {
			return answer{}, c.trouble(method, status, got, text)
		}
		return answer{status, got, text}, nil
	}
}

// trouble is what an answer that is no success says.
func (c *Client) trouble(method string, status int, header http.Header, body []byte) error {
	t := &Trouble{Status: status, After: retryAfter(header.Get("Retry-After"), c.now())}
	if o, ok := outcome(body); ok {
		t.Said = o.words()
	}
	switch {
	case status == http.StatusUnauthorized:
		t.Why = NoSignIn
	case status == http.StatusForbidden:
		t.Why = NotAllowed
	case status == http.StatusNotFound || status == http.StatusGone:
		t.Why = Gone
	case status == http.StatusPreconditionFailed && method == http.MethodPost:
		t.Why = Several
	case status == http.StatusPreconditionFailed || status == http.StatusConflict:
		t.Why = Changed
	case status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable:
		t.Why = Busy
	case status >= 500:
		t.Why = Failing
	case status >= 400:
		t.Why = Refused
	default: // a redirection, to a page for signing in mostly
		t.Why = Odd
	}
	return t
}

// maxAfter is the longest that a chart may have us wait.
const maxAfter = time.Hour

// retryAfter reads a Retry-After: seconds or a date.
func retryAfter(s string, now time.Time) time.Duration {
	if n, err := strconv.Atoi(strings.TrimSpace(s)); err == nil && n > 0 {
		return min(time.Duration(n)*time.Second, maxAfter)
	}
	if at, err := http.ParseTime(s); err == nil && at.After(now) {
		return min(at.Sub(now), maxAfter)
	}
	return 0
}

// outcome reads an OperationOutcome; ok is false for anything else.
func outcome(body []byte) (o OperationOutcome, ok bool) {
	err := json.Unmarshal(body, &o)
	return o, err == nil && o.ResourceType == "OperationOutcome"
}

// into reads a resource of the type wanted. A success that carries an OperationOutcome in its place is none.
func (a answer) into(v any, want string) error {
	var head struct {
		ResourceType string `json:"resourceType"`
	}
	if err := json.Unmarshal(a.body, &head); err != nil {
		return &Trouble{Why: Odd, Status: a.status}
	}
	if o, ok := outcome(a.body); ok && want != "OperationOutcome" {
		why := Odd
		if o.failed() {
			why = Refused
		}
		return &Trouble{Why: why, Status: a.status, Said: o.words()}
	}
	if head.ResourceType != want || json.Unmarshal(a.body, v) != nil {
		return &Trouble{Why: Odd, Status: a.status}
	}
	return nil
}

var idOf = regexp.MustCompile(`^[A-Za-z0-9.\-]{1,64}$`)

// at is the address of a resource.
func (c *Client) at(path string, query url.Values) string {
	u := c.base.JoinPath(path)
	u.RawQuery = query.Encode()
	return u.String()
}

// read reads "Patient/123".
func (c *Client) read(ctx context.Context, reference string, v any) error {
	kind, id, _ := strings.Cut(reference, "/")
	if !idOf.MatchString(id) {
		return &Trouble{Why: Gone}
	}
	a, err := c.do(ctx, http.MethodGet, c.at(reference, nil), nil, nil)
	if err != nil {
		return err
	}
	return a.into(v, kind)
}

// search calls do with each resource of a kind that a search finds, page by page, at most limit of them; more reports that there
// were more.
func (c *Client) search(ctx context.Context, kind string, query url.Values, limit int,
	do func(json.RawMessage) error) (more bool, err error) {
	return c.searchFrom(ctx, kind, query, limit, nil, do)
}

// searchFrom is search, which also says into asked when the chart was asked, by its clock or, where it does not tell, by ours.
func (c *Client) searchFrom(ctx context.Context, kind string, query url.Values, limit int, asked *time.Time,
	do func(json.RawMessage) error) (more bool, err error) {
	next, seen := c.at(kind, query), 0
	for next != "" {
		begun := c.now()
		a, err := c.do(ctx, http.MethodGet, next, nil, nil)
		if err != nil {
			return false, err
		}
		if asked != nil && asked.IsZero() {
			if *asked, err = http.ParseTime(a.header.Get("Date")); err != nil {
				*asked = begun
			}
		}
		var b Bundle
		if err := a.into(&b, "Bundle"); err != nil {
			return false, err
		}
		for _, e := range b.Entry {
			var head struct {
				ResourceType string `json:"resourceType"`
			}
			if err := json.Unmarshal(e.Resource, &head); err != nil || head.ResourceType != kind {
				continue // an OperationOutcome with a remark, mostly
			}
			if seen++; seen > limit {
				return true, nil
			}
			if err := do(e.Resource); err != nil {
				return false, err
			}
		}
		next = ""
		for _, l := range b.Link {
			if l.Relation == "next" {
				if next, err = c.within(l.URL); err != nil {
					return false, err
				}
			}
		}
	}
	return false, nil
}

// within is an address that the chart gave us, when it is the chart's own: our token goes nowhere else.
func (c *Client) within(address string) (string, error) {
	u, err := c.base.Parse(address)
	if err != nil {
		return "", &Trouble{Why: Odd}
	}
	if !u.IsAbs() || u.Scheme != c.base.Scheme || u.Host != c.base.Host || !strings.HasPrefix(u.Path, c.base.Path+"/") &&
		u.Path != c.base.Path {
		return "", &Trouble{Why: Odd}
	}
	return u.String(), nil
}
