package server

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	mathrand "math/rand/v2"
	"net"
	"net/http"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"lamplight/routing"
	"lamplight/routing/channel"
	"lamplight/routing/channel/mail"
	"lamplight/routing/channel/push"
	"lamplight/routing/channel/twilio"
)

// newChannels makes the channels. One that nothing is configured for is an empty socket, by which attempts fail as "not-configured": the
// board shows it. What the command line says holds for good; into the other sockets goes what is set on the web.
func (s *Server) newChannels() (map[routing.ChannelKind]channel.Channel, error) {
	out := map[routing.ChannelKind]channel.Channel{routing.Text: &s.textSocket, routing.Email: &s.mailSocket}
	pusher, err := push.New(push.Config{Keys: s.push, Subscriber: s.Config.PushContact, Plain: s.Config.PushPlain}, s.Phones)
	if err != nil {
		return nil, err
	}
	out[routing.Push] = pusher
	if s.Config.TextAccount != "" {
		token, err := secret(s.Config.TextTokenFile)
		if err == nil {
			err = s.putText(s.Config, token)
		}
		if err != nil {
			return nil, err
		}
	}
	if s.Config.MailHost != "" {
		password, err := secret(s.Config.MailPasswordFile)
		if err == nil {
			err = s.putMail(s.Config, password)
		}
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// putText has texts leave by a gateway from now on; by none without an account.
func (s *Server) putText(cfg Config, token string) error {
	if cfg.TextAccount == "" {
		s.text.Store(nil)
		s.textSocket.Put(nil)
		return nil
	}
	c, err := twilio.New(twilio.Config{BaseURL: cfg.TextURL, AccountSID: cfg.TextAccount, AuthToken: token, From: cfg.TextFrom,
		CallbackURL: cfg.TextCallback, InboundURL: inboundURL(cfg.TextCallback)})
	if err != nil {
		return err
	}
	s.text.Store(c)
	s.textSocket.Put(c)
	return nil
}

// putMail has mail leave by a server from now on; by none without a host.
func (s *Server) putMail(cfg Config, password string) error {
	if cfg.MailHost == "" {
		s.mailSocket.Put(nil)
		return nil
	}
	roots, err := readPool(cfg.MailCA)
	if err != nil {
		return err
	}
	m, err := mail.New(mail.Config{Host: cfg.MailHost, Port: cfg.MailPort, Implicit: cfg.MailPort == 465, Username: cfg.MailUser,
		Password: password, From: cfg.MailFrom, Bounces: cfg.MailBounces, Roots: roots})
	if err != nil {
		return err
	}
	s.mailSocket.Put(m)
	return nil
}

// gateway is where the text gateway reports; there is nothing while texts leave by none.
func (s *Server) gateway(hook func(*twilio.Client) http.Handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if c := s.text.Load(); c != nil {
			hook(c).ServeHTTP(w, r)
			return
		}
		http.NotFound(w, r)
	}
}

// withoutCarrier are the channels a ladder may name that nothing is configured for.
func withoutCarrier(channels map[routing.ChannelKind]channel.Channel) (out []routing.ChannelKind) {
	for _, kind := range routing.Channels() {
		if channel.Set(channels[kind]) == nil {
			out = append(out, kind)
		}
	}
	return out
}

// inboundURL is where the gateway tells of texts that come back: beside its reports, "/hooks/text/in".
func inboundURL(callback string) string {
	if callback == "" {
		return ""
	}
	return strings.TrimSuffix(callback, "/") + "/in"
}

// serveHTTP serves, over TLS when cert is given, until ctx ends; requests under way may then finish for a moment.
func serveHTTP(ctx context.Context, g *errgroup.Group, srv *http.Server, l net.Listener, cert *tls.Config) {
	g.Go(func() error {
		var err error
		if cert == nil {
			err = srv.Serve(l)
		} else {
			srv.TLSConfig = cert.Clone()
			err = srv.ServeTLS(l, "", "")
		}
		if !errors.Is(err, http.ErrServerClosed) {
			return err
		}
		return nil
	})
	g.Go(func() error {
		<-ctx.Done()
		end, cancel := context.WithTimeout(context.WithoutCancel(ctx), 3*time.Second)
		defer cancel()
		if err := srv.Shutdown(end); err != nil {
			return srv.Close() // a download still runs: it is cut
		}
		return nil
	})
}

func randomKey() []byte {
	b := make([]byte, 32)
	rand.Read(b) //nolint:errcheck // never fails since Go 1.24
	return b
}

// RandomWord is a made-up password a person can type: 60 random bits.
func RandomWord() string {
	const letters = "abcdefghijkmnpqrstuvwxyz23456789" // 32 that look different
	b := randomKey()[:12]
	for i := range b {
		b[i] = letters[b[i]%32]
	}
	return string(b)
}

// FreeAddr is a loopback address nobody uses at this moment, for what must be named before it is opened. Its port lies above those
// that the system hands to clients, so that none of them has it when a server that was away comes back.
func FreeAddr() (string, error) {
	const first, end = 61000, 65536
	var last error
	for range 200 {
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", first+mathrand.IntN(end-first)))
		if err == nil {
			return l.Addr().String(), l.Close()
		}
		last = err
	}
	return "", fmt.Errorf("find a free port: %w", last)
}

// ReadSubscription reads what a browser's PushSubscription says of itself.
func ReadSubscription(doc []byte) (s push.Subscription, err error) {
	if err := json.Unmarshal(doc, &s); err != nil {
		return s, fmt.Errorf("read a push subscription: %w", err)
	}
	return s, nil
}
