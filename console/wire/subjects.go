// Package wire carries console.Backend over NATS: Client is the desk's end and implements the interface, Server answers
// with any implementation of it.
//
// Every subject name stands in this file. A subject holds a session's public name and a method, nothing of a person:
//
//	lamplight.desk.<session>.do.<method>   a desk asks; servers answer in a queue group
//	lamplight.desk.<session>.reply.>       the answers
//	lamplight.desk.<session>.tell          what happens at the desk, numbered, so that a gap is noticed
//
// A session's public name is the hash of a secret the desk chose; knowing the name gives nothing, because the callout
// lets only the secret's holder publish or subscribe under it.
//
// It promises that a request is answered by the service, refused with a code, or fails with ErrUnreachable: never
// silently lost; and that a desk that stops beating is noticed within BeatLimit. It leaves the deciding to
// console.Backend, the NATS server and who may connect to wire/bus, and remembers nothing: PostgreSQL remembers, NATS tells.
package wire

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"time"
)

const (
	root       = "lamplight.desk."
	QueueGroup = "lamplight"

	// BeatEvery is how often a watching desk says that it is there; BeatLimit is when a silent one is taken for gone.
	BeatEvery = 2 * time.Second
	BeatLimit = 7 * time.Second

	// requestLimit bounds one request. Sending a note is milliseconds; the rest is a database that comes back.
	requestLimit = 10 * time.Second
)

// A DeskSession names a desk's connection on the wire. It is public: the secret is the Token it was made from.
type DeskSession string

// NewToken makes a session's secret: 256 random bits.
func NewToken() string {
	b := make([]byte, 32)
	rand.Read(b) //nolint:errcheck // never fails since Go 1.24
	return base64.RawURLEncoding.EncodeToString(b)
}

// SessionOf gives the public name of a secret token.
func SessionOf(token string) DeskSession {
	h := sha256.Sum256([]byte(token))
	return DeskSession(hex.EncodeToString(h[:]))
}

// Hash is the token's SHA-256, which the name is made of.
func (s DeskSession) Hash() ([]byte, error) {
	b, err := hex.DecodeString(string(s))
	if err != nil || len(b) != sha256.Size {
		return nil, errors.New("not a session's name")
	}
	return b, nil
}

func doSubject(s DeskSession, method string) string { return root + string(s) + ".do." + method }
func eventSubject(s DeskSession) string             { return root + string(s) + ".tell" }
func replyPrefix(s DeskSession) string              { return root + string(s) + ".reply" }

const everyDo = root + "*.do.*"

// Permissions are the subjects that a session's desk may publish on and subscribe to: its own, and nothing else.
func Permissions(s DeskSession) (publish, subscribe []string) {
	return []string{root + string(s) + ".do.*"}, []string{eventSubject(s), replyPrefix(s) + ".>"}
}
