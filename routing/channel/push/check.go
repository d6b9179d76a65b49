package push

import (
	"crypto/ecdh"
	"encoding/base64"
	"errors"
	"net"
	"net/mail"
	"net/url"
	"strings"
)

// What is wrong with a subscription, for whoever tells the browser's owner.
var (
	ErrEndpoint = errors.New("push: the endpoint is no push service's address")
	ErrKeys     = errors.New("push: the keys are none that a push can be encrypted to")
)

// Check refuses a subscription to which no push could ever be sent: it comes from a browser, and what is found wrong when a
// note must leave is found too late. Its endpoint must be a push service's (ErrEndpoint): https, without a password, at no
// address inside a network, because it could be made to point at our own machines; plain are the hosts that are spared. Its
// keys must be a point of P-256 and 16 bytes (ErrKeys; RFC 8291, 2.1 and 3.2).
func (s Subscription) Check(plain []string) error {
	u, err := url.Parse(s.Endpoint)
	if err != nil || u.Host == "" || len(s.Endpoint) > 2048 {
		return ErrEndpoint
	}
	if !spared(u.Hostname(), plain) {
		if u.Scheme != "https" || u.User != nil {
			return ErrEndpoint
		}
		if ip := net.ParseIP(u.Hostname()); ip != nil && !public(ip) {
			return ErrEndpoint
		}
	}
	point, err := fromBase64(s.Keys.P256dh)
	if err != nil {
		return ErrKeys
	}
	if _, err := ecdh.P256().NewPublicKey(point); err != nil {
		return ErrKeys
	}
	if auth, err := fromBase64(s.Keys.Auth); err != nil || len(auth) != 16 {
		return ErrKeys
	}
	return nil
}

func spared(host string, plain []string) bool {
	for _, h := range plain {
		if strings.EqualFold(host, h) {
			return true
		}
	}
	return false
}

// fromBase64 reads base64url as browsers write it, or in the older alphabet or padding that webpush-go takes too.
func fromBase64(s string) ([]byte, error) {
	s = strings.NewReplacer("+", "-", "/", "_").Replace(strings.TrimRight(s, "="))
	return base64.RawURLEncoding.DecodeString(s)
}

// contact is the address that signs our pushes, as webpush-go wants it: it writes "mailto:" before whatever is not https, and
// Apple refuses a subject of "mailto:mailto:".
func contact(subscriber string) (string, error) {
	if u, err := url.Parse(subscriber); err == nil && u.Scheme == "https" && u.Host != "" {
		return subscriber, nil
	}
	if len(subscriber) >= len("mailto:") && strings.EqualFold(subscriber[:len("mailto:")], "mailto:") {
		subscriber = subscriber[len("mailto:"):]
	}
	a, err := mail.ParseAddress(subscriber)
	if err != nil || a.Address != subscriber {
		return "", errors.New("push: the contact for push services is neither a mail address nor an https URL")
	}
	return subscriber, nil
}
