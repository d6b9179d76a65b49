package access

import (
	"context"
	"crypto/hmac"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"
	"github.com/pquerna/otp/totp"

	"lamplight/notes"
	"lamplight/notes/audit"
	"lamplight/notes/seal"
)

const codePeriod = 30 // seconds

// ErrWrongCode: the code that should confirm an enrolment is not the one the secret gives.
var ErrWrongCode = errors.New("the one-time code is wrong")

// NewCode makes a one-time-code secret for a person to put into an authenticator; EnrolCode stores it once a code proves
// that it got there. uri is for a QR picture.
func NewCode(issuer, login string) (secret, uri string, err error) {
	k, err := totp.Generate(totp.GenerateOpts{Issuer: issuer, AccountName: login, Period: codePeriod, SecretSize: 20})
	if err != nil {
		return "", "", fmt.Errorf("make a one-time code: %w", err)
	}
	return k.Secret(), k.URL(), nil
}

// EnrolCode stores a person's one-time-code secret, sealed. From then on signing in needs a code. The code given is used up.
func (d *Door) EnrolCode(ctx context.Context, id notes.PersonID, secret, code string) error {
	step, ok := periodOf(secret, code, d.Now())
	if !ok {
		return ErrWrongCode
	}
	return d.setCode(ctx, id, secret, step)
}

// SetCode stores a secret without a proof, for people made by an administrator or a seed.
func (d *Door) SetCode(ctx context.Context, id notes.PersonID, secret string) error {
	if _, err := hotp.GenerateCode(secret, 1); err != nil {
		return fmt.Errorf("set a one-time code: %w", err)
	}
	return d.setCode(ctx, id, secret, 0)
}

func (d *Door) setCode(ctx context.Context, id notes.PersonID, secret string, step int64) error {
	sealed, err := d.sealCode(ctx, id, secret)
	if err != nil {
		return err
	}
	return d.change(ctx, id, act{name: "person.code-set", self: true}, func(tx pgx.Tx) ([]audit.Row, error) {
		return nil, d.putCode(ctx, tx, id, sealed, step)
	})
}

func (d *Door) sealCode(ctx context.Context, id notes.PersonID, secret string) ([]byte, error) {
	own, err := d.ring.Keys(ctx, "")
	if err != nil {
		return nil, err
	}
	return own.Seal(codeLabel(id), []byte(secret))
}

// putCode stores a sealed secret of which the code of a step is used up.
func (d *Door) putCode(ctx context.Context, tx pgx.Tx, id notes.PersonID, sealed []byte, step int64) error {
	if err := d.useCode(ctx, tx, id, step); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, "update person set code = $2 where id = $1", id, sealed)
	return err
}

// useCode says that a person's code of a step is used up, and none after it.
func (d *Door) useCode(ctx context.Context, tx pgx.Tx, id notes.PersonID, step int64) error {
	mac, err := d.log.Mac(codeTable, string(id), step)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, "insert into code_used (person, step, mac) values ($1, $2, $3) on conflict (person) do update set step = "+
		"excluded.step, mac = excluded.mac", id, step, mac)
	return err
}

func codeLabel(id notes.PersonID) seal.Label {
	return seal.Label{Kind: "person.code", ID: string(id), Version: 1}
}

// checkCode checks a one-time code; ok is true for a person without one. For nobody it does the same work with a
// secret that is nobody's.
func (d *Door) checkCode(own *seal.Keys, p *stored, code string) (step int64, ok bool, err error) {
	if p == nil || p.code == nil {
		_, _ = periodOf("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", code, d.Now()) // RFC 6238's own example
		return 0, p != nil, nil
	}
	secret, err := own.Unseal(codeLabel(p.ID), p.code)
	if err != nil {
		return 0, false, fmt.Errorf("open a one-time-code secret: %w", err)
	}
	step, ok = periodOf(string(secret), code, d.Now())
	// Whose last code nobody knows could come in twice with the same one.
	return step, ok && p.usedKnown && step > p.used, nil
}

// periodOf finds which time step a code belongs to: now's, or one to either side, for clocks that differ.
func periodOf(secret, code string, now time.Time) (int64, bool) {
	code = strings.ReplaceAll(strings.TrimSpace(code), " ", "")
	at := now.Unix() / codePeriod
	found, step := false, int64(0)
	for s := at - 1; s <= at+1; s++ {
		want, err := hotp.GenerateCodeCustom(secret, uint64(s), hotp.ValidateOpts{Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1})
		if err == nil && hmac.Equal([]byte(want), []byte(code)) {
			found, step = true, s
		}
	}
	return step, found
}

// CodeAt is the code a secret shows at an instant: what an authenticator does, for the demo's people and for tests.
func CodeAt(secret string, at time.Time) (string, error) {
	return totp.GenerateCode(secret, at)
}
