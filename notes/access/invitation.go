package access

import (
	"context"
	"crypto/sha256"
	"encoding/base32"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"lamplight/notes"
	"lamplight/notes/audit"
	"lamplight/notes/seal"
)

// InvitationLife is how long an invitation opens.
const InvitationLife = 72 * time.Hour

// Why an invitation opens nothing any more.
const (
	invitationTaken    = "taken"
	invitationReplaced = "replaced"
	invitationLeft     = "left"
	invitationExpired  = "expired" // never stored
)

// ErrNoInvitation: no invitation has this token.
var ErrNoInvitation = errors.New("no such invitation")

// An InvitationEndedError says that an invitation opens nothing any more: it was "taken", "replaced" by a newer one, is "expired", or
// the person has "left". By is who made it, and whom to ask for another; "" when a command did.
type InvitationEndedError struct{ How, By string }

func (e *InvitationEndedError) Error() string {
	return "the invitation opens nothing any more: " + e.How
}

var invitationTable = audit.Table{Kind: "invitation", Name: "invitation",
	Mac: []string{"hash", "person", "made_at", "made_by", "expires_at", "ended_at", "ended"}}

// Invite makes an invitation: who has its token sets the person's password and authenticator, once, within InvitationLife. What the
// person came in by until now, older invitations among it, opens nothing from this moment, and their sessions are over.
func (d *Door) Invite(ctx context.Context, id notes.PersonID) (token string, until time.Time, err error) {
	token = randomToken()
	now := d.clock()
	until = now.Add(InvitationLife)
	err = d.change(ctx, id, act{name: "person.invited", mends: true}, func(tx pgx.Tx) ([]audit.Row, error) {
		if err := stays(ctx, tx, id); err != nil {
			return nil, err
		}
		if err := d.endInvitations(ctx, tx, id, invitationReplaced); err != nil {
			return nil, err
		}
		actor, _ := From(ctx)
		values := []any{tokenHash(token), string(id), now, actor.ID(), until, nil, ""}
		mac, err := d.log.Mac(invitationTable, values...)
		if err != nil {
			return nil, err
		}
		b := &pgx.Batch{}
		b.Queue("insert into invitation (hash, person, made_at, made_by, expires_at, ended_at, ended, mac) "+
			"values ($1, $2, $3, $4, $5, $6, $7, $8)", append(values, mac)...)
		b.Queue("update person set password = '', code = null where id = $1", id)
		b.Queue("delete from session where person = $1", id)
		return nil, tx.SendBatch(ctx, b).Close()
	})
	return token, until, err
}

// endInvitations ends a person's invitations that still open.
func (d *Door) endInvitations(ctx context.Context, tx pgx.Tx, id notes.PersonID, how string) error {
	rows, err := tx.Query(ctx, "select "+invitationTable.MacList("")+
		" from invitation where person = $1 and ended_at is null for update", id)
	if err != nil {
		return err
	}
	open, err := invitationTable.ReadMacs(rows)
	if err != nil {
		return err
	}
	b := &pgx.Batch{}
	for _, r := range open {
		now := d.clock()
		r.Set("ended_at", now)
		r.Set("ended", how)
		b.Queue("update invitation set ended_at = $2, ended = $3 where hash = $1", r.Values()[0], now, how)
		if err := d.log.QueueMac(b, r); err != nil {
			return err
		}
	}
	return tx.SendBatch(ctx, b).Close()
}

// An InvitationShown is what an invitation's holder is shown. Secret and URI are for an authenticator, others at each look: they are
// nobody's until the invitation is taken with them.
type InvitationShown struct {
	Name, Login, Language string
	By                    string // who made it; "" when a command did
	Until                 time.Time
	Secret, URI           string
}

// invited is an invitation as it is stored.
type invited struct {
	person  notes.PersonID
	by      string
	expires time.Time
	ended   string
}

func (d *Door) invitation(ctx context.Context, q interface {
	QueryRow(context.Context, string, ...any) pgx.Row
}, token, lock string) (i invited, err error) {
	row := invitationTable.MacRow()
	err = q.QueryRow(ctx, "select person, expires_at, ended, coalesce((select name from person where id = made_by), ''), "+
		invitationTable.MacList("i")+" from invitation i where hash = $1"+lock, tokenHash(token)).
		Scan(append([]any{&i.person, &i.expires, &i.ended, &i.by}, row.Into()...)...)
	switch {
	case errors.Is(err, pgx.ErrNoRows) || err == nil && !d.log.Holds(row):
		return i, ErrNoInvitation
	case err != nil:
		return i, err
	case i.ended == "" && !d.Now().Before(i.expires):
		i.ended = invitationExpired
	}
	if i.ended != "" {
		return i, &InvitationEndedError{How: i.ended, By: i.by}
	}
	return i, nil
}

// Invitation shows an invitation to whoever has its token; nothing is used up. Tokens that are none are slowed by their source, as
// wrong passwords are: *SlowedError. Otherwise it returns ErrNoInvitation or an *InvitationEndedError.
func (d *Door) Invitation(ctx context.Context, token, source string) (out InvitationShown, err error) {
	paces, err := d.paceInvitation(ctx, token, source)
	if err != nil {
		return out, err
	}
	i, err := d.invitation(ctx, d.pool, token, "")
	if err != nil {
		return out, d.invitationRefused(ctx, paces, err)
	}
	p, err := d.Person(ctx, i.person)
	if err != nil {
		return out, err
	}
	if out.Secret, out.URI, err = NewCode("Lamplight", p.Login); err != nil {
		return out, err
	}
	out.Name, out.Login, out.Language, out.By, out.Until = p.Name, p.Login, p.Language, i.by, i.expires
	return out, d.giveBack(ctx, paces)
}

// A Taking is what the holder of an invitation chose.
type Taking struct {
	Token    string
	Password string
	Secret   string // of their authenticator, as Invitation gave it
	Code     string // which it shows, and which is used up
	Source   string
	Program  string // what they sit at: "Firefox, Windows"
}

// TakeInvitation gives the person invited the password and authenticator they chose, and signs them in. The invitation is over then.
// It returns ErrWeak, ErrWrongCode, or as Invitation; a wrong code is counted against the invitation and its source.
func (d *Door) TakeInvitation(ctx context.Context, t Taking) (s Session, err error) {
	if err := CheckPassword(t.Password); err != nil { // before anything is counted
		return s, err
	}
	paces, err := d.paceInvitation(ctx, t.Token, t.Source)
	if err != nil {
		return s, err
	}
	i, err := d.invitation(ctx, d.pool, t.Token, "")
	if err != nil {
		return s, d.invitationRefused(ctx, paces, err)
	}
	step, ok := periodOf(t.Secret, t.Code, d.Now())
	if raw, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(t.Secret); err != nil || len(raw) != 20 || !ok {
		if err := d.addLeaf(ctx, happening{"door", "invitation.refused", "person", string(i.person)}); err != nil {
			return s, err
		}
		return s, ErrWrongCode
	}
	hash, err := d.hashInTurn(ctx, t.Password)
	if err != nil {
		return s, err
	}
	sealed, err := d.sealCode(ctx, i.person, t.Secret)
	if err != nil {
		return s, err
	}
	own, err := d.ring.Keys(ctx, "")
	if err != nil {
		return s, err
	}
	p, err := d.Person(ctx, i.person)
	if err != nil {
		return s, err
	}
	s = d.newSession("", newDevice(own, p.Login))
	self := With(ctx, Actor{Person: i.person})
	err = d.change(self, i.person, act{name: "person.joined", self: true}, func(tx pgx.Tx) ([]audit.Row, error) {
		if _, err := d.invitation(ctx, tx, t.Token, " for update"); err != nil { // another may have taken it a moment ago
			return nil, err
		}
		if err := stays(ctx, tx, i.person); err != nil {
			return nil, err
		}
		if err := d.endInvitations(ctx, tx, i.person, invitationTaken); err != nil {
			return nil, err
		}
		if _, err := tx.Exec(ctx, "update person set password = $2 where id = $1", i.person, hash); err != nil {
			return nil, err
		}
		if err := d.putCode(ctx, tx, i.person, sealed, step); err != nil {
			return nil, err
		}
		b := &pgx.Batch{}
		if err := d.queueSession(b, s, i.person, t.Program); err != nil {
			return nil, err
		}
		return nil, tx.SendBatch(ctx, b).Close()
	})
	if err != nil {
		return Session{}, d.invitationRefused(ctx, paces, err)
	}
	return s, d.giveBack(ctx, paces)
}

// hashInTurn hashes a new password when its turn comes among the strangers'.
func (d *Door) hashInTurn(ctx context.Context, password string) (string, error) {
	select {
	case d.hashing <- struct{}{}:
	case <-ctx.Done():
		return "", ctx.Err()
	}
	defer func() { <-d.hashing }()
	return hashPassword(password)
}

// paceInvitation counts a try at an invitation before it is looked at.
func (d *Door) paceInvitation(ctx context.Context, token, source string) ([]pace, error) {
	own, err := d.ring.Keys(ctx, "")
	if err != nil {
		return nil, err
	}
	paces := pacesOfInvitation(own, token, source)
	until, err := d.takeTurn(ctx, paces)
	if err == nil && !until.IsZero() {
		err = &SlowedError{until}
	}
	return paces, err
}

func pacesOfInvitation(own *seal.Keys, token, source string) []pace {
	hash := sha256.Sum256([]byte(token))
	return []pace{{own.Term("pace-invitation", string(hash[:])), freeByLogin, longestWait},
		{own.Term("pace-source", network(source)), freeBySource, longestWait / 3}}
}

// invitationRefused counts no try at an invitation that there was: its holder may look again why it opens nothing.
func (d *Door) invitationRefused(ctx context.Context, paces []pace, err error) error {
	var ended *InvitationEndedError
	if errors.As(err, &ended) {
		return errors.Join(err, d.giveBack(ctx, paces))
	}
	return err
}

// giveBack takes tries that were right from what was counted.
func (d *Door) giveBack(ctx context.Context, paces []pace) error {
	for _, p := range paces {
		if _, err := d.pool.Exec(ctx, "update sign_in_pace set failures = failures - 1, until = last_at where key = $1 and failures > 0",
			p.key); err != nil {
			return fmt.Errorf("pace the invitations: %w", err)
		}
	}
	return nil
}
