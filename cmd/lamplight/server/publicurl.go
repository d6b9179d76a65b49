package server

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"time"
)

// serverHeader names the process that answers, so that the server knows its own answer.
const serverHeader = "Lamplight-Server"

// How often it is looked at, and how often while something is wrong.
const (
	publicEvery = 10 * time.Minute
	publicSoon  = 10 * time.Second
)

// watchPublic looks at the public address as a phone would, at the start and from time to time, and says what is wrong.
func (s *Server) watchPublic(ctx context.Context) {
	if s.Config.PublicURL == "" {
		return
	}
	for {
		err := s.checkPublicURL(ctx)
		if ctx.Err() != nil {
			return
		}
		next, trouble := publicEvery, ""
		if err != nil {
			next, trouble = publicSoon, err.Error()
		}
		s.Health.setPublic(trouble)
		select {
		case <-ctx.Done():
			return
		case <-time.After(next):
		}
	}
}

// checkPublicURL asks the public address for this server. The authority we made for ourselves is believed beside the machine's
// roots; that phones do not believe it is theirs to be told.
func (s *Server) checkPublicURL(ctx context.Context) error {
	roots, err := x509.SystemCertPool()
	if err != nil {
		roots = x509.NewCertPool()
	}
	for _, c := range s.Certs.Server.Certificates {
		if own, err := x509.ParseCertificate(c.Certificate[len(c.Certificate)-1]); err == nil {
			roots.AddCert(own)
		}
	}
	client := &http.Client{Timeout: 10 * time.Second,
		Transport:     &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	address := strings.TrimSuffix(s.Config.PublicURL, "/") + "/readyz"
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return fmt.Errorf("--public-url %s cannot be asked: %w", s.Config.PublicURL, err)
	}
	res, err := client.Do(req)
	if err != nil {
		code, detail, text := whyNot(err)
		return &unreached{code, detail, fmt.Sprintf("--public-url %s: %s", s.Config.PublicURL, text)}
	}
	defer res.Body.Close()
	if _, err := io.Copy(io.Discard, io.LimitReader(res.Body, 64<<10)); err != nil {
		return fmt.Errorf("--public-url %s: the answer breaks off: %w", s.Config.PublicURL, err)
	}
	return s.judge(res)
}

// unreached is why the public address does not lead here: a word of the catalogs, what goes into it, and a sentence for the log.
type unreached struct{ code, detail, text string }

func (e *unreached) Error() string { return e.text }

// judge says what is wrong with what answered.
func (s *Server) judge(res *http.Response) error {
	at := "--public-url " + s.Config.PublicURL
	switch id := res.Header.Get(serverHeader); {
	case id == s.id:
		return nil
	case id != "":
		return &unreached{"another", "", at + " leads to another Lamplight than this one"}
	case res.StatusCode == http.StatusBadGateway || res.StatusCode == http.StatusGatewayTimeout:
		return &unreached{"proxy", s.web.Addr().String(), fmt.Sprintf("%s: a proxy answers %d: it does not reach %s; 'lamplight proxy nginx' "+
			"prints what it needs", at, res.StatusCode, s.web.Addr())}
	case res.StatusCode >= 300 && res.StatusCode < 400:
		to := res.Header.Get("Location")
		return &unreached{"elsewhere", to, at + " leads elsewhere, to " + to}
	default:
		return &unreached{"stranger", s.web.Addr().String(), fmt.Sprintf("%s: something else answers there (%s, status %d): does your proxy "+
			"hand on all paths to %s?", at, res.Header.Get("Server"), res.StatusCode, s.web.Addr())}
	}
}

// whyNot says in words why nothing answered.
func whyNot(err error) (code, detail, text string) {
	var dns *net.DNSError
	var names x509.HostnameError
	var unknown x509.UnknownAuthorityError
	var invalid x509.CertificateInvalidError
	var outer *url.Error
	switch {
	case errors.As(err, &dns):
		return "no-name", dns.Name, "the name " + dns.Name + " is not found"
	case errors.As(err, &names):
		others := strings.Join(names.Certificate.DNSNames, ", ")
		return "other-names", others, "the certificate there is for other names: " + others
	case errors.As(err, &unknown):
		return "untrusted", "", "the certificate there is signed by nobody this machine trusts, and phones will not either"
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "ended", "", "the certificate there has ended, or has not begun"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "nothing", "", "nothing listens there"
	case errors.Is(err, context.DeadlineExceeded):
		return "timeout", "", "no answer in time: is there a firewall, and may this machine reach its own public address?"
	case errors.As(err, &outer):
		return "broken", outer.Err.Error(), outer.Err.Error()
	}
	return "broken", err.Error(), err.Error()
}
