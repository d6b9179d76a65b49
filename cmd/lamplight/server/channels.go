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
	"lamplight/routing/dispatch"
)

// newChannels makes the channels that are configured. A kind that is not fails its attempts as "not-configured", which
// the board shows.
func newChannels(cfg Config, keys push.VAPIDKeys, phones *dispatch.PushPhones) (
	map[routing.ChannelKind]channel.Channel, *twilio.Client, error,
) {
	out := map[routing.ChannelKind]channel.Channel{}
	pusher, err := push.New(push.Config{Keys: keys, Subscriber: cfg.PushContact, Plain: cfg.PushPlain}, phones)
	if err != nil {
		return nil, nil, err
	}
	out[routing.Push] = pusher
	var text *twilio.Client
	if cfg.TextAccount != "" {
		token, err := secret(cfg.TextTokenFile)
		if err != nil {
			return nil, nil, err
		}
		if text, err = twilio.New(twilio.Config{BaseURL: cfg.TextURL, AccountSID: cfg.TextAccount, AuthToken: token, From: cfg.TextFrom,
			CallbackURL: cfg.TextCallback, InboundURL: inboundURL(cfg.TextCallback)}); err != nil {
			return nil, nil, err
		}
		out[routing.Text] = text
	}
	if cfg.MailHost != "" {
		password, err := secret(cfg.MailPasswordFile)
		if err != nil {
			return nil, nil, err
		}
		roots, err := readPool(cfg.MailCA)
		if err != nil {
			return nil, nil, err
		}
		m, err := mail.New(mail.Config{Host: cfg.MailHost, Port: cfg.MailPort, Implicit: cfg.MailPort == 465, Username: cfg.MailUser,
			Password: password,
			From:     cfg.MailFrom, Bounces: cfg.MailBounces, Roots: roots})
		if err != nil {
			return nil, nil, err
		}
		out[routing.Email] = m
	}
	return out, text, nil
}

// withoutCarrier are the channels a ladder may name that nothing is configured for.
func withoutCarrier(channels map[routing.ChannelKind]channel.Channel) (out []routing.ChannelKind) {
	for _, kind := range routing.Channels() {
		if channels[kind] == nil {
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
