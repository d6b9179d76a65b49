package patient

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"lamplight/notes"
	"lamplight/notes/access"
	"lamplight/notes/audit"
	"lamplight/notes/postgres"
	"lamplight/routing/channel"
	"lamplight/telephony"
)

// SessionLasts is how long a device is remembered that a patient has proved to be theirs.
const SessionLasts = 30 * 24 * time.Hour

// What a patient is sent at most, and how often a code may be tried.
const (
	codesInAnHour = 5
	linksInADay   = 3
	codeTries     = 5
	warnAfter     = 3 // wrong tries of one code, after which staff are told
)

// A LinkedPatient is whom a link that was sent leads to. It proves nothing about who holds it, so nothing of the patient is told.
type LinkedPatient struct {
	Account  telephony.AccountID
	Patient  notes.PatientID
	Language telephony.Language
	Expired  bool

	notice string
	thread notes.ThreadID
}

// Locate finds what a link's token leads to, ErrNoLink when it leads nowhere.
func (e *Engine) Locate(ctx context.Context, token string) (l LinkedPatient, err error) {
	if len(token) != base64.RawURLEncoding.EncodedLen(sha256.Size) {
		return l, ErrNoLink
	}
	var by string
	var expires time.Time
	row := noticeTable.MacRow()
	err = e.cfg.Pool.QueryRow(ctx, selectByLink, hashToken(token)).Scan(append([]any{&l.notice, &l.Account, &l.Patient, &l.thread, &by,
		&l.Language, &expires}, row.Into()...)...)
	if postgres.NoRow(err) || err == nil && !e.cfg.Log.Holds(row) {
		return LinkedPatient{}, ErrNoLink
	}
	if err != nil {
		return LinkedPatient{}, fmt.Errorf("locate a patient's link: %w", err)
	}
	l.Expired = !e.clock().Before(expires)
	return l, nil
}

// SendCode has a one-time code sent to the address on record of whoever a link leads to, and tells by which channel. source is where
// it was asked for. It refuses with ErrNoLink, ErrExpired, ErrNoConsent (no address is left that anything may be sent to),
// ErrEnough, or an *access.SlowedError.
func (e *Engine) SendCode(ctx context.Context, token, source string) (notes.ConsentChannel, error) {
	l, err := e.Locate(ctx, token)
	if err == nil && l.Expired {
		err = ErrExpired
	}
	if err != nil {
		return "", err
	}
	return e.send(ctx, l, source, notice{kind: channel.NoticeCode, lasts: codeLasts}, codesInAnHour, time.Hour)
}

// SendLink sends a new link in the place of one that has expired, as SendCode does a code.
func (e *Engine) SendLink(ctx context.Context, token, source string) (notes.ConsentChannel, error) {
	l, err := e.Locate(ctx, token)
	if err != nil {
		return "", err
	}
	return e.send(ctx, l, source, notice{kind: channel.NoticeLink, lasts: linkLasts}, linksInADay, 24*time.Hour)
}

func (e *Engine) send(ctx context.Context, l LinkedPatient, source string, n notice, most int, within time.Duration) (
	by notes.ConsentChannel, err error,
) {
	if err := e.cfg.Door.Turn(ctx, "send "+l.notice, source); err != nil {
		return "", err
	}
	p, err := e.cfg.Patients.Open(system(ctx), l.Patient)
	if err != nil {
		return "", err
	}
	ways, err := e.ways(ctx, p, askedFor)
	if err != nil {
		return "", err
	}
	if len(ways) == 0 {
		return "", ErrNoConsent
	}
	n.thread, n.due = l.thread, e.clock()
	err = postgres.InTx(ctx, e.cfg.Pool, func(tx pgx.Tx) error {
		var sent int
		if _, err := tx.Exec(ctx, lockSent, l.Patient); err != nil {
			return err
		}
		if err := tx.QueryRow(ctx, countSent, l.Patient, string(n.kind), n.due.Add(-within)).Scan(&sent); err != nil {
			return err
		}
		if sent >= most {
			return ErrEnough
		}
		return e.put(ctx, tx, p, ways[0], n)
	})
	if err != nil {
		return "", fmt.Errorf("send a patient a %s: %w", n.kind, err)
	}
	return ways[0].channel, e.cfg.Door.Done(ctx, "send "+l.notice, source)
}

// A Proof is what a patient shows to come in.
type Proof struct {
	Token  string // of the link
	Code   string
	Birth  string // as it was typed
	Source string
}

// Prove lets a patient in: the newest code that was sent to them, and their date of birth. Both are always looked at, and a code opens
// once. It returns the secret of the device's session. ErrWrongProof says that one of the two is wrong, and not which; several of them
// are told to staff.
func (e *Engine) Prove(ctx context.Context, pr Proof) (token string, until time.Time, err error) {
	l, err := e.Locate(ctx, pr.Token)
	if err == nil && l.Expired {
		err = ErrExpired
	}
	if err != nil {
		return "", until, err
	}
	if err := e.cfg.Door.Turn(ctx, "prove "+l.notice, pr.Source); err != nil {
		return "", until, err
	}
	p, err := e.cfg.Patients.Open(system(ctx), l.Patient)
	if err != nil {
		return "", until, err
	}
	random := make([]byte, 32)
	rand.Read(random)
	token, until = base64.RawURLEncoding.EncodeToString(random), e.clock().Add(SessionLasts)
	refused := false
	err = postgres.InTx(ctx, e.cfg.Pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, lockSent, l.Patient); err != nil {
			return err
		}
		right, code, tries, err := e.proves(ctx, tx, p, pr)
		if err != nil {
			return err
		}
		if refused = !right; refused {
			return e.refuse(ctx, tx, l, code, tries)
		}
		return e.admit(ctx, tx, l, code, token, until)
	})
	if err != nil {
		return "", time.Time{}, fmt.Errorf("let a patient in: %w", err)
	}
	e.cfg.Log.Wake()
	if refused {
		return "", time.Time{}, ErrWrongProof
	}
	return token, until, e.cfg.Door.Done(ctx, "prove "+l.notice, pr.Source)
}

// proves looks at both things that a patient shows; code is the notice whose code was looked at, "" where there is none.
func (e *Engine) proves(ctx context.Context, tx pgx.Tx, p notes.Patient, pr Proof) (right bool, code string, tries int, err error) {
	row := noticeTable.MacRow()
	err = tx.QueryRow(ctx, lockCode, p.ID, e.clock()).Scan(append([]any{&code, &tries}, row.Into()...)...)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return false, "", 0, err
	}
	known := err == nil && e.cfg.Log.Holds(row) && tries < codeTries
	same := subtle.ConstantTimeCompare([]byte(digits(pr.Code)), []byte(e.code(code))) == 1
	born, ok := notes.ParseDate(pr.Birth)
	birth := ok && subtle.ConstantTimeCompare([]byte(born.Format(time.DateOnly)), []byte(p.Birth)) == 1
	return known && same && birth, code, tries, nil
}

// digits are those of what somebody typed, "123 456" among it.
func digits(s string) string {
	var out []byte
	for i := range len(s) {
		if '0' <= s[i] && s[i] <= '9' && len(out) < 12 {
			out = append(out, s[i])
		}
	}
	return string(out)
}

// refuse counts a wrong try, and tells staff of the third.
func (e *Engine) refuse(ctx context.Context, tx pgx.Tx, l LinkedPatient, code string, tries int) error {
	if code != "" {
		if _, err := tx.Exec(ctx, codeTried, code); err != nil {
			return err
		}
	}
	if tries+1 >= warnAfter {
		return e.warn(ctx, tx, l.Account, l.Patient, notes.WarnRefused, "patient.refused")
	}
	return e.cfg.Log.Append(ctx, tx, e.entry(ctx, l.Account, l.Patient, l.thread, "patient.refused"))
}

// admit uses the code up and remembers the device.
func (e *Engine) admit(ctx context.Context, tx pgx.Tx, l LinkedPatient, code, token string, until time.Time) error {
	now, hash := e.clock(), hashToken(token)
	mac, err := e.cfg.Log.Mac(sessionTable, hash, string(l.Patient), string(l.Account), now, until)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, insertSession, hash, l.Patient, l.Account, now, until, mac); err != nil {
		return err
	}
	res, err := tx.Query(ctx, codeUsed, code, now)
	if err != nil {
		return err
	}
	entry := e.entry(ctx, l.Account, l.Patient, l.thread, "patient.came-in")
	entry.Actor = access.Visitor{Patient: l.Patient}.ID()
	return e.vouch(ctx, tx, res, noticeTable, entry)
}

// Resume returns the patient whose device a session's secret is kept on, ErrNoVisit for nobody's.
func (e *Engine) Resume(ctx context.Context, token string) (v access.Visitor, err error) {
	var until time.Time
	row := sessionTable.MacRow()
	err = e.cfg.Pool.QueryRow(ctx, selectSession, hashToken(token)).Scan(append([]any{&v.Patient, &v.Account, &until}, row.Into()...)...)
	if postgres.NoRow(err) || err == nil && (!e.cfg.Log.Holds(row) || !e.clock().Before(until)) {
		return access.Visitor{}, ErrNoVisit
	}
	if err != nil {
		return access.Visitor{}, fmt.Errorf("look for a patient's session: %w", err)
	}
	return v, nil
}

// SignOut forgets a device; one that is not known is success.
func (e *Engine) SignOut(ctx context.Context, token string) error {
	err := postgres.InTx(ctx, e.cfg.Pool, func(tx pgx.Tx) error {
		var v access.Visitor
		err := tx.QueryRow(ctx, deleteSession, hashToken(token)).Scan(&v.Patient, &v.Account)
		if postgres.NoRow(err) {
			return nil
		}
		if err != nil {
			return err
		}
		return e.cfg.Log.Append(ctx, tx, audit.Entry{At: e.clock(), Actor: v.ID(), Action: "patient.went-out", Kind: "patient",
			Object: string(v.Patient), Account: string(v.Account)})
	})
	if err != nil {
		return fmt.Errorf("sign a patient out: %w", err)
	}
	return nil
}

// Sweep forgets sessions that are over. Called now and then by the server.
func (e *Engine) Sweep(ctx context.Context) error {
	if _, err := e.cfg.Pool.Exec(ctx, sweepSessions, e.clock()); err != nil {
		return fmt.Errorf("sweep patients' sessions: %w", err)
	}
	return nil
}
