package access

import (
	"context"
	"crypto/subtle"
	"encoding/base32"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"lamplight/notes"
	"lamplight/notes/seal"
)

// A service is founded by its first administrator, who comes in by a code that the server prints. The code is made of the record's
// keys and the hour: a server that starts again in between, or a second one, prints the same, and no copy of the database holds it.
const (
	foundingEvery    = time.Hour // a new one is made this often, and the one before still opens
	foundingTold     = 48        // older ones, that many, are told to be over rather than wrong
	foundingLetters  = "abcdefghijkmnpqrstuvwxyz23456789"
	foundingGroups   = 3
	foundingGroupLen = 4
)

// Why nobody comes in by a code.
var (
	// ErrFounded: the service has an administrator. No code opens anything any more.
	ErrFounded = errors.New("the service has an administrator already")
	// ErrFoundingCode: that is not the code.
	ErrFoundingCode = errors.New("that is not the code that the server prints")
	// ErrFoundingOver: it was the code some hours ago.
	ErrFoundingOver = errors.New("the code is over: the server has printed a newer one")
)

// A Founder is the first administrator, as they chose.
type Founder struct {
	Code                  string // that the server prints
	Login, Name, Language string
	Password              string
	Secret, OneTime       string // of their authenticator, and the code that it shows
	Source, Program       string
}

// FoundingCode is what the server prints while the service has no administrator who can sign in, and until when it opens; "" when it
// has one.
func (d *Door) FoundingCode(ctx context.Context) (code string, until time.Time, err error) {
	if founded, err := d.founded(ctx, d.pool); err != nil || founded {
		return "", until, err
	}
	own, err := d.ring.Keys(ctx, "")
	if err != nil {
		return "", until, err
	}
	now := d.Now()
	return foundingCode(own, now), now.Truncate(foundingEvery).Add(2 * foundingEvery), nil
}

func foundingCode(own *seal.Keys, at time.Time) string {
	mark := own.Term("founding", strconv.FormatInt(at.Unix()/int64(foundingEvery/time.Second), 10))
	var b strings.Builder
	for i := range foundingGroups * foundingGroupLen {
		if i > 0 && i%foundingGroupLen == 0 {
			b.WriteByte('-')
		}
		b.WriteByte(foundingLetters[mark[i]%byte(len(foundingLetters))])
	}
	return b.String()
}

// founded tells whether an administrator of the whole service is here, who can sign in.
func (d *Door) founded(ctx context.Context, q interface {
	Query(context.Context, string, ...any) (pgx.Rows, error)
}) (bool, error) {
	byID, err := d.readGrants(ctx, q, "where account = $1 and role = $2 and exists (select 1 from person p where p.id = person and "+
		"p.left_at is null and p.password <> '')", administrator.Account, administrator.Role)
	return len(byID) > 0, err
}

// checkFounding looks at a code, slowed by its source as wrong passwords are, and gives a right one's try back.
func (d *Door) checkFounding(ctx context.Context, code, source string) error {
	own, err := d.ring.Keys(ctx, "")
	if err != nil {
		return err
	}
	paces := []pace{{own.Term("pace-founding", network(source)), freeByLogin, longestWait}}
	until, err := d.takeTurn(ctx, paces)
	switch {
	case err != nil:
		return err
	case !until.IsZero():
		return &SlowedError{until}
	}
	if founded, err := d.founded(ctx, d.pool); err != nil {
		return err
	} else if founded {
		return ErrFounded
	}
	code = strings.Join(strings.FieldsFunc(strings.ToLower(code), func(r rune) bool { return !strings.ContainsRune(foundingLetters, r) }), "")
	now := d.Now()
	for ago := range foundingTold {
		want := strings.ReplaceAll(foundingCode(own, now.Add(-time.Duration(ago)*foundingEvery)), "-", "")
		if subtle.ConstantTimeCompare([]byte(want), []byte(code)) == 0 {
			continue
		}
		if err := d.giveBack(ctx, paces); err != nil {
			return err
		}
		if ago > 1 {
			return ErrFoundingOver
		}
		return nil
	}
	if err := d.addLeaf(ctx, happening{"door", "founding.refused", "service", "service"}); err != nil {
		return err
	}
	return ErrFoundingCode
}

// ShowFounding checks a code and makes an authenticator's secret, which is nobody's until the founder comes in with it. It returns
// ErrFounded, ErrFoundingCode, ErrFoundingOver or a *SlowedError.
func (d *Door) ShowFounding(ctx context.Context, code, login, source string) (secret, uri string, err error) {
	if err := d.checkFounding(ctx, code, source); err != nil {
		return "", "", err
	}
	return NewCode("Lamplight", foldLogin(login))
}

// Found stores the first administrator and signs them in, all of it or nothing; whoever comes second gets ErrFounded. Otherwise it
// returns as ShowFounding, or ErrWeak, ErrWrongCode, ErrLoginTaken.
func (d *Door) Found(ctx context.Context, f Founder) (s Session, err error) {
	if err := CheckPassword(f.Password); err != nil { // before anything is counted
		return s, err
	}
	if err := d.checkFounding(ctx, f.Code, f.Source); err != nil {
		return s, err
	}
	step, ok := periodOf(f.Secret, f.OneTime, d.Now())
	if raw, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(f.Secret); err != nil || len(raw) != 20 || !ok {
		return s, ErrWrongCode
	}
	hash, err := d.hashInTurn(ctx, f.Password)
	if err != nil {
		return s, err
	}
	login := foldLogin(f.Login)
	p := Person{ID: notes.PersonID(login), Login: login, Name: f.Name, Language: f.Language, Grants: []Grant{administrator}}
	sealed, err := d.sealCode(ctx, p.ID, f.Secret)
	if err != nil {
		return s, err
	}
	own, err := d.ring.Keys(ctx, "")
	if err != nil {
		return s, err
	}
	s = d.newSession("", newDevice(own, login))
	setup := System(ctx, "setup")
	err = pgx.BeginFunc(ctx, d.pool, func(tx pgx.Tx) error {
		if err := oneAtATime(ctx, tx, "administrators"); err != nil {
			return err
		}
		if founded, err := d.founded(ctx, tx); err != nil {
			return err
		} else if founded { // another was quicker
			return ErrFounded
		}
		if err := d.addTx(setup, tx, p, hash, sealed); err != nil {
			return err
		}
		if err := d.useCode(ctx, tx, p.ID, step); err != nil {
			return err
		}
		b := &pgx.Batch{}
		if err := d.queueSession(b, s, p.ID, f.Program); err != nil {
			return err
		}
		return tx.SendBatch(ctx, b).Close()
	})
	var pgErr *pgconn.PgError
	switch {
	case errors.As(err, &pgErr) && pgErr.Code == "23505":
		return Session{}, ErrLoginTaken
	case err != nil:
		return Session{}, fmt.Errorf("found the service: %w", err)
	}
	return s, nil
}
