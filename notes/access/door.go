package access

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"lamplight/notes"
	"lamplight/notes/audit"
	"lamplight/notes/seal"
)

// A Door lets people in. Its methods may be called from any goroutine and by any number of servers on one database.
type Door struct {
	pool *pgxpool.Pool
	log  *audit.Log
	ring *seal.Ring
	// Idle is how long a session lasts without an act, Lifetime how long at most.
	Idle, Lifetime time.Duration
	// Now is the clock.
	Now func() time.Time
	// hashing and knownHashing bound how many passwords are hashed at once: each takes 19 MiB and a core, and guesses must not
	// starve calls. Known devices and desks do not queue behind a crowd of strangers.
	hashing, knownHashing chan struct{}
}

// NewDoor returns a Door with 30 minutes of idleness and 12 hours of life.
func NewDoor(pool *pgxpool.Pool, log *audit.Log, ring *seal.Ring) *Door {
	return &Door{pool: pool, log: log, ring: ring, Idle: 30 * time.Minute, Lifetime: 12 * time.Hour, Now: time.Now,
		hashing: make(chan struct{}, 2), knownHashing: make(chan struct{}, 1)}
}

// A SignInAttempt is one try to sign in.
type SignInAttempt struct {
	Login    string
	Password string
	Code     string // the one-time code, when the person has enrolled one
	Source   string // where it came from: an address without its port
	Device   string // what an earlier sign-in of this login left with the browser; "" when it has nothing
	Program  string // what they sit at, "Firefox, Windows", for their list of sessions
	// Token, if given, becomes the session's secret: a desk chooses its own before it connects, because its place on the
	// bus is named by the token's hash. At least 43 characters of base64url, 256 random bits.
	Token string
}

// A Session is a signed-in person. Token is told once and lies nowhere but with the person. Device, told at a sign-in, is
// for the browser to keep: with it the person is not slowed by those who guess at the login from elsewhere. It opens nothing.
type Session struct {
	Token   string
	Device  string
	Actor   Actor
	Expires time.Time
}

// ErrRefused is the one answer to a wrong login, password or code. It does not say which.
var ErrRefused = errors.New("login, password or code is wrong")

// A SlowedError says that too many tries failed; Until is when the next is looked at. It is told alike for logins that
// exist and that do not.
type SlowedError struct{ Until time.Time }

func (e *SlowedError) Error() string { return "too many tries; wait a little" }

// SignIn checks the attempt and opens a session. It returns ErrRefused, which leaves a leaf, or a *SlowedError, which leaves
// none: it says that nothing was looked at, and the log is no stranger's to fill.
func (d *Door) SignIn(ctx context.Context, a SignInAttempt) (Session, error) {
	own, err := d.ring.Keys(ctx, "")
	if err != nil {
		return Session{}, err
	}
	login := foldLogin(a.Login)
	known := knownDevice(own, login, a.Device)
	paces := pacesOf(own, login, a, known)
	if until, err := d.takeTurn(ctx, paces); err != nil {
		return Session{}, err
	} else if !until.IsZero() {
		return Session{}, &SlowedError{until}
	}
	p, err := d.personByLogin(ctx, login)
	if err != nil {
		return Session{}, err
	}
	queue := d.hashing
	if known || a.Token != "" {
		queue = d.knownHashing
	}
	ok, step, err := d.prove(ctx, own, p, a, queue)
	if err != nil {
		return Session{}, err
	}
	if !ok {
		return Session{}, d.refuse(ctx, own, p, login)
	}
	if !known {
		a.Device = newDevice(own, login)
	}
	return d.admit(ctx, p, step, paces, own, login, a)
}

// prove checks password and code; it does the same work for a person who does not exist.
func (d *Door) prove(ctx context.Context, own *seal.Keys, p *stored, a SignInAttempt, queue chan struct{}) (
	ok bool, step int64, err error,
) {
	select {
	case queue <- struct{}{}:
	case <-ctx.Done():
		return false, 0, ctx.Err()
	}
	hash := decoy
	if p != nil {
		hash = p.password
	}
	ok = checkPassword(hash, a.Password)
	<-queue
	step, codeOK, err := d.checkCode(own, p, a.Code)
	if err != nil {
		return false, 0, err
	}
	return ok && codeOK && p.mayComeIn(), step, nil
}

func (d *Door) refuse(ctx context.Context, own *seal.Keys, p *stored, login string) error {
	e := happening{actor: "door", action: "sign-in.refused", kind: "sign-in", object: loginMark(own, login)}
	if p != nil {
		e.kind, e.object = "person", string(p.ID)
	}
	if err := d.addLeaf(ctx, e); err != nil {
		return err
	}
	return ErrRefused
}

// admit opens the session: the code's step is used up, the login's pace reset, and the leaf written, in one transaction.
func (d *Door) admit(ctx context.Context, p *stored, step int64, paces []pace, own *seal.Keys, login string, a SignInAttempt) (
	Session, error,
) {
	if a.Token != "" {
		if len(a.Token) < 43 {
			return Session{}, ErrRefused
		}
		a.Program = "desk"
	}
	s := d.newSession(a.Token, a.Device)
	replayed := false
	err := pgx.BeginFunc(ctx, d.pool, func(tx pgx.Tx) error {
		if step > 0 {
			mac, err := d.log.Mac(codeTable, string(p.ID), step)
			if err != nil {
				return err
			}
			tag, err := tx.Exec(ctx, "update code_used set step = $2, mac = $3 where person = $1 and step < $2", p.ID, step, mac)
			if err != nil {
				return err
			}
			if replayed = tag.RowsAffected() == 0; replayed {
				return nil
			}
		}
		b := &pgx.Batch{}
		if err := d.queueSession(b, s, p.ID, a.Program); err != nil {
			return err
		}
		b.Queue("delete from sign_in_pace where key = $1", paces[0].key)
		for _, shared := range paces[1:] {
			b.Queue("update sign_in_pace set failures = failures - 1, until = last_at where key = $1 and failures > 0", shared.key)
		}
		if err := tx.SendBatch(ctx, b).Close(); err != nil {
			return err
		}
		return d.log.Append(ctx, tx, audit.Entry{At: d.Now(), Actor: string(p.ID), Action: "sign-in.done", Kind: "person",
			Object: string(p.ID)})
	})
	if err != nil {
		return Session{}, fmt.Errorf("open a session: %w", err)
	}
	if replayed {
		return Session{}, d.refuse(ctx, own, p, login)
	}
	s.Actor, err = d.actor(ctx, p)
	return s, err
}

// ErrSignedOut: the session is over: signed out, idle too long, at its end, or never there.
var ErrSignedOut = errors.New("the session is over")

// Resume returns who a token belongs to and counts as an act: the session's idle time begins anew.
func (d *Door) Resume(ctx context.Context, token string) (Session, error) {
	s, err := d.ResumeHashed(ctx, tokenHash(token), InUse{})
	s.Token = token
	return s, err
}

// InUse is what the asker knows of a session that a clock set forward would end. It lengthens none that was signed out.
type InUse struct {
	Connected bool // whoever holds it was here a moment ago, by a clock that nobody sets: it is not idle
	InCall    bool // and has a caller in hand, so its life does not end now
}

// ResumeHashed is Resume for whoever knows only the SHA-256 of the token, and has it from where none but the token's
// holder may speak (the bus, whose callout saw the token itself).
func (d *Door) ResumeHashed(ctx context.Context, hash []byte, use InUse) (Session, error) {
	now := d.clock()
	var s Session
	var person notes.PersonID
	// seen_at moves in steps of a twentieth of the idle time: a page of twenty requests is one write, not twenty.
	var seen time.Time
	row := sessionTable.MacRow()
	err := d.pool.QueryRow(ctx, "select person, expires_at, seen_at, "+sessionTable.MacList("")+
		" from session where token = $1 and (expires_at > $2 or $4) and (seen_at > $3 or $5)",
		hash, now, now.Add(-d.Idle), use.InCall, use.Connected).Scan(append([]any{&person, &s.Expires, &seen}, row.Into()...)...)
	if errors.Is(err, pgx.ErrNoRows) || err == nil && !d.log.Holds(row) {
		return Session{}, ErrSignedOut
	}
	if err != nil {
		return Session{}, fmt.Errorf("look for a session: %w", err)
	}
	if now.Sub(seen) > d.Idle/20 {
		row.Set("seen_at", now)
		mac, err := d.log.Mac(sessionTable, row.Values()...)
		if err != nil {
			return Session{}, err
		}
		b := &pgx.Batch{}
		b.Queue("update session set seen_at = $2, mac = $3 where token = $1 and seen_at < $2", hash, now, mac)
		queueSeen(b, person, now)
		if err := d.pool.SendBatch(ctx, b).Close(); err != nil {
			return Session{}, fmt.Errorf("keep a session: %w", err)
		}
	}
	p, err := d.personByID(ctx, person)
	if err != nil {
		return Session{}, err
	}
	if !p.mayComeIn() {
		return Session{}, ErrSignedOut
	}
	s.Actor, err = d.actor(ctx, p)
	s.Actor.Session = sessionName(hash)
	return s, err
}

// SignOut ends a session; one that is over is success.
func (d *Door) SignOut(ctx context.Context, token string) error {
	err := pgx.BeginFunc(ctx, d.pool, func(tx pgx.Tx) error {
		var person notes.PersonID
		err := tx.QueryRow(ctx, "delete from session where token = $1 returning person", tokenHash(token)).Scan(&person)
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		return d.log.Append(ctx, tx, audit.Entry{At: d.Now(), Actor: string(person), Action: "sign-in.out", Kind: "person",
			Object: string(person)})
	})
	if err != nil {
		return fmt.Errorf("sign out: %w", err)
	}
	return nil
}

// Sweep removes sessions that were over long ago, for one in use outlives its end (see InUse), and paces that are forgotten.
// Called now and then by the server.
func (d *Door) Sweep(ctx context.Context) error {
	now := d.Now()
	b := &pgx.Batch{}
	b.Queue("delete from session where expires_at < $1 or seen_at < $2", now.Add(-d.Lifetime), now.Add(-d.Idle-d.Lifetime))
	b.Queue("delete from sign_in_pace where last_at < $1", now.Add(-paceForgets))
	if err := d.pool.SendBatch(ctx, b).Close(); err != nil {
		return fmt.Errorf("sweep sessions: %w", err)
	}
	return nil
}

// clock is now to the microsecond, which is what a row keeps.
func (d *Door) clock() time.Time { return d.Now().UTC().Truncate(time.Microsecond) }

// randomToken is a session's or an invitation's secret.
func randomToken() string {
	random := make([]byte, 32)
	rand.Read(random)
	return base64.RawURLEncoding.EncodeToString(random)
}

func tokenHash(token string) []byte {
	h := sha256.Sum256([]byte(token))
	return h[:]
}

// foldLogin also makes what was typed something a database takes: valid, without zero bytes, of a bounded length.
func foldLogin(s string) string {
	s = strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
	if r := []rune(s); len(r) > 200 {
		s = string(r[:200])
	}
	return strings.ToLower(strings.TrimSpace(s))
}

// happening is a leaf without a row, before it has a time.
type happening struct{ actor, action, kind, object string }

// addLeaf commits a leaf that stands alone.
func (d *Door) addLeaf(ctx context.Context, e happening) error {
	return pgx.BeginFunc(ctx, d.pool, func(tx pgx.Tx) error {
		return d.log.Append(ctx, tx, audit.Entry{At: d.Now(), Actor: e.actor, Action: e.action, Kind: e.kind, Object: e.object})
	})
}
