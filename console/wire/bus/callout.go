package bus

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"lamplight/console"
	"lamplight/console/wire"
	"log/slog"
	"time"

	"github.com/nats-io/jwt/v2"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nkeys"
)

// SignIn is what a desk signs in with. Password and Code are empty when it comes back with a session it has.
type SignIn struct {
	Login       string
	Password    string
	Code        string
	Token       string // the session's secret
	Source      string // the address it comes from, to slow down guessing
	DeskVersion console.Version
}

// An Admitter lets people in: it opens the session named by SessionOf(Token), or takes up one that is open. An error is a
// refusal; the desk is not told why.
type Admitter interface {
	Enter(ctx context.Context, in SignIn) (until time.Time, err error)
}

const calloutSubject = "$SYS.REQ.USER.AUTH"

// Callout answers NATS's question whether a desk may connect, and as what: a desk gets its own subjects and nothing else.
// It returns when subscribed and answers until ctx ends.
func Callout(ctx context.Context, nc *nats.Conn, keys ServerKeys, admitter Admitter, log *slog.Logger) error {
	issuer, err := nkeys.FromSeed([]byte(keys.IssuerSeed))
	if err != nil {
		return fmt.Errorf("NATS issuer seed: %w", err)
	}
	sub, err := nc.QueueSubscribe(calloutSubject, wire.QueueGroup, func(m *nats.Msg) {
		go func() {
			b, desk, err := admit(ctx, m.Data, issuer, admitter)
			if err != nil {
				log.Info("wire: sign-in refused", "error", err)
			} else {
				log.Info("wire: a desk is let in", "protocol", desk.Protocol, "build", desk.Build)
			}
			if err := m.Respond(b); err != nil { // an empty answer is a refusal
				log.Warn("wire: callout answer not sent", "error", err)
			}
		}()
	})
	if err != nil {
		return fmt.Errorf("subscribe to NATS auth callout: %w", err)
	}
	if err := nc.Flush(); err != nil { // NATS has the subscription now: a desk that comes at once is asked who it is
		return fmt.Errorf("subscribe to NATS auth callout: %w", err)
	}
	context.AfterFunc(ctx, func() {
		if err := sub.Unsubscribe(); err != nil && !errors.Is(err, nats.ErrConnectionClosed) {
			log.Warn("wire: unsubscribe", "error", err)
		}
	})
	return nil
}

// admit checks one request and returns the signed permission. The permission is nil with an error.
func admit(ctx context.Context, data []byte, issuer nkeys.KeyPair, admitter Admitter) (permission []byte, desk console.Version, err error) {
	req, err := jwt.DecodeAuthorizationRequestClaims(string(data))
	if err != nil {
		return nil, desk, fmt.Errorf("decode callout: %w", err)
	}
	var cr wire.Credentials
	if err := json.Unmarshal([]byte(req.ConnectOptions.Password), &cr); err != nil || len(cr.Token) < 43 {
		return nil, desk, errors.New("credentials are not of our form")
	}
	until, err := admitter.Enter(ctx, SignIn{Login: req.ConnectOptions.Username, Password: cr.Password, Code: cr.Code,
		Token: cr.Token, Source: req.ClientInformation.Host, DeskVersion: cr.DeskVersion})
	if err != nil {
		return nil, desk, err
	}
	s := wire.SessionOf(cr.Token)
	user := jwt.NewUserClaims(req.UserNkey)
	user.Name = string(s)
	user.Audience = deskAccount
	user.Expires = until.Unix()
	publish, subscribe := wire.Permissions(s)
	user.Pub.Allow.Add(publish...)
	user.Sub.Allow.Add(subscribe...)
	signed, err := user.Encode(issuer)
	if err != nil {
		return nil, desk, fmt.Errorf("sign permission: %w", err)
	}
	res := jwt.NewAuthorizationResponseClaims(req.UserNkey)
	res.Audience = req.Server.ID
	res.Jwt = signed
	out, err := res.Encode(issuer)
	if err != nil {
		return nil, desk, fmt.Errorf("sign callout answer: %w", err)
	}
	return []byte(out), cr.DeskVersion, nil
}
