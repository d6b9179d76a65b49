package access

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"lamplight/notes"
	"lamplight/notes/audit"
)

// A Person is somebody who may sign in. Nothing in it is patient data.
type Person struct {
	ID       notes.PersonID
	Login    string
	Name     string
	Language string // of their screens, "en" or "es"
	Email    string
	Mobile   string // E.164
	Endpoint string // an agent's phone on the switch
	Speaks   string // an agent's languages and skills as JSON, for whoever builds telephony.Agent
	HasCode  bool   // a one-time code is enrolled
	Left     bool   // may not sign in any more
	Grants   []Grant

	HasPassword bool
	LeftAt      time.Time // zero for who has not
	Forged      bool      // their row is not as Lamplight wrote it: nobody comes in by it
}

// Errors a caller can tell apart.
var (
	ErrNoPerson   = errors.New("no such person")
	ErrLoginTaken = errors.New("the login is taken")
	// ErrNoPhone: every phone of the switch is some agent's.
	ErrNoPhone = errors.New("every phone on the switch has its agent: start the server with more of them, --phones")
	// ErrForged: somebody who is not Lamplight wrote to a person's row. They cannot come in before an administrator resets them.
	ErrForged = errors.New("this person's row in the database is not as Lamplight wrote it: run 'lamplight audit verify' and tell your " +
		"security officer; 'lamplight people reset' lets them in again")
)

var (
	personColumns = []string{"id", "login", "name", "language", "email", "mobile", "password", "code", "endpoint", "speaks", "made_at",
		"left_at"}
	grantColumns = []string{"person", "account", "role"}

	personTable = audit.Table{Kind: "person", Name: "person", Key: "id", Columns: personColumns, Mac: personColumns}
	grantTable  = audit.Table{Kind: "person_grant", Name: "person_grant", Key: "person || '/' || account || '/' || role",
		Columns: grantColumns, Mac: grantColumns, MacKey: len(grantColumns)}
	// Sessions and used codes have no leaf of their own: one that is taken away lets nobody in.
	sessionTable = audit.Table{Kind: "session", Name: "session", Mac: []string{"token", "person", "made_at", "seen_at", "expires_at"}}
	codeTable    = audit.Table{Kind: "code_used", Name: "code_used", Mac: []string{"person", "step"}}
)

// Tables are the tables whose rows the log vouches for, or a MAC.
func Tables() []audit.Table {
	return []audit.Table{personTable, grantTable, sessionTable, codeTable, feedTable, invitationTable, changeTable,
		{Name: "session_program", Why: "people tell their own sessions apart by it, and nothing is decided by it"},
		{Name: "person_seen", Why: "it tells when somebody was last here, and nothing is decided by it"},
		{Name: "sign_in_pace", Why: "it slows guesses: one taken away gives guesses back, and one added keeps a login waiting"}}
}

// AddPerson stores a person with a password; "" lets them in by nothing. The id is made here when it is empty.
func (d *Door) AddPerson(ctx context.Context, p Person, password string) (notes.PersonID, error) {
	actor, ok := From(ctx)
	switch {
	case !ok:
		return "", ErrNobody
	case !actor.keeps(p.Grants):
		return "", ErrForbidden
	}
	if p.ID == "" {
		p.ID = notes.PersonID(uuid.Must(uuid.NewV7()).String())
	}
	hash, err := hashIfAny(password)
	if err != nil {
		return "", err
	}
	err = pgx.BeginFunc(ctx, d.pool, func(tx pgx.Tx) error { return d.addTx(ctx, tx, p, hash, nil) })
	var pgErr *pgconn.PgError
	if errors.As(err, &pgErr) && pgErr.Code == "23505" {
		return "", ErrLoginTaken
	}
	if err != nil {
		return "", fmt.Errorf("add a person: %w", err)
	}
	return p.ID, nil
}

// addTx stores a person with the hash of a password and a sealed authenticator's secret, if there are any.
func (d *Door) addTx(ctx context.Context, tx pgx.Tx, p Person, hash string, code []byte) error {
	now := d.Now()
	var sealed any // null, and no empty one, where there is none
	if code != nil {
		sealed = code
	}
	values := []any{string(p.ID), foldLogin(p.Login), p.Name, p.Language, p.Email, p.Mobile, hash, sealed, p.Endpoint, p.Speaks, now, nil}
	row, err := personTable.Row(string(p.ID), values...)
	if err != nil {
		return err
	}
	mac, err := d.log.Mac(personTable, values...)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, fmt.Sprintf("insert into person (%s, mac) values (%s, $%d)", personTable.List(), personTable.Placeholders(),
		len(values)+1), append(values, mac)...); err != nil {
		return err
	}
	rows := []audit.Row{row}
	for _, g := range p.Grants {
		r, err := d.grantTx(ctx, tx, p.ID, g)
		if err != nil {
			return err
		}
		rows = append(rows, r...)
	}
	b := &pgx.Batch{}
	told, err := d.tell(ctx, b, p.ID, personAdded, wordsOf(p.Grants))
	if err != nil {
		return err
	}
	actor, _ := From(ctx)
	if err := d.log.Queue(b, audit.Entry{At: now, Actor: actor.ID(), Action: personAdded, Kind: "person", Object: string(p.ID),
		Rows: append(rows, told)}); err != nil {
		return err
	}
	defer d.log.Wake()
	return tx.SendBatch(ctx, b).Close()
}

func (d *Door) grantTx(ctx context.Context, tx pgx.Tx, id notes.PersonID, g Grant) ([]audit.Row, error) {
	if !g.Role.Known() {
		return nil, fmt.Errorf("no role %q", g.Role)
	}
	mac, err := d.log.Mac(grantTable, string(id), g.Account, string(g.Role))
	if err != nil {
		return nil, err
	}
	rows, err := tx.Query(ctx, `insert into person_grant (person, account, role, mac) values ($1, $2, $3, $4)
		on conflict (person, account, role) do update set mac = excluded.mac where person_grant.mac is distinct from excluded.mac
		returning `+grantTable.Returning(), id, g.Account, g.Role, mac)
	if err != nil {
		return nil, err
	}
	return grantTable.Read(rows)
}

// Grant gives a person a role; one they have is success. Nobody gives themselves one.
func (d *Door) Grant(ctx context.Context, id notes.PersonID, g Grant) error {
	return d.change(ctx, id, act{name: "person.granted", detail: []string{string(g.Role), g.Account}, touches: []Grant{g}},
		func(tx pgx.Tx) ([]audit.Row, error) {
			rows, err := d.grantTx(ctx, tx, id, g)
			if err == nil && len(rows) == 0 {
				err = errAsItWas
			}
			return rows, err
		})
}

// Revoke takes a role from a person, whose sessions see it with their next act; ErrLastAdmin when nobody could keep people then.
func (d *Door) Revoke(ctx context.Context, id notes.PersonID, g Grant) error {
	return d.change(ctx, id, act{name: "person.revoked", detail: []string{string(g.Role), g.Account}, touches: []Grant{g}, keeper: true},
		func(tx pgx.Tx) ([]audit.Row, error) {
			if g == administrator {
				if err := d.othersKeep(ctx, tx, id); err != nil {
					return nil, err
				}
			}
			var key string
			err := tx.QueryRow(ctx, "delete from person_grant where person = $1 and account = $2 and role = $3 returning "+grantTable.Key, id,
				g.Account, g.Role).Scan(&key)
			if errors.Is(err, pgx.ErrNoRows) {
				return nil, errAsItWas
			}
			return []audit.Row{audit.Removed(grantTable.Kind, key)}, err
		})
}

func readPerson(ctx context.Context, tx pgx.Tx, id notes.PersonID, lock string) (*audit.MacRow, error) {
	r := personTable.MacRow()
	err := tx.QueryRow(ctx, "select "+personTable.MacList("")+" from person where id = $1"+lock, id).Scan(r.Into()...)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, ErrNoPerson
	}
	return r, err
}

const (
	passwordSet = "person.password-set"
	personAdded = "person.added"
)

func lockPerson(ctx context.Context, tx pgx.Tx, id notes.PersonID) error {
	var one int
	err := tx.QueryRow(ctx, "select 1 from person where id = $1 for update", id).Scan(&one)
	if errors.Is(err, pgx.ErrNoRows) {
		return ErrNoPerson
	}
	return err
}

// SetPassword gives a person a new password and ends their sessions. A person may set their own; who has left gets none.
func (d *Door) SetPassword(ctx context.Context, id notes.PersonID, password string) error {
	hash, err := hashPassword(password)
	if err != nil {
		return err
	}
	return d.change(ctx, id, act{name: passwordSet, self: true, mends: true}, func(tx pgx.Tx) ([]audit.Row, error) {
		if err := stays(ctx, tx, id); err != nil {
			return nil, err
		}
		b := &pgx.Batch{}
		b.Queue("update person set password = $2 where id = $1", id, hash)
		b.Queue("delete from session where person = $1", id)
		return nil, tx.SendBatch(ctx, b).Close()
	})
}

// SetAbilities keeps anew what an agent speaks, is certified for and belongs to, and their phone on the switch. The queue knows
// it from their next sign-in on.
func (d *Door) SetAbilities(ctx context.Context, id notes.PersonID, speaks, endpoint string) error {
	return d.change(ctx, id, act{name: "person.abilities-set", keeper: true}, func(tx pgx.Tx) ([]audit.Row, error) {
		_, err := tx.Exec(ctx, "update person set speaks = $2, endpoint = $3 where id = $1", id, speaks, endpoint)
		return nil, err
	})
}

// SetCard keeps anew what a person is called, which language their screens speak, and how they are reached.
func (d *Door) SetCard(ctx context.Context, id notes.PersonID, name, language, email, mobile string) error {
	return d.change(ctx, id, act{name: "person.card-set", keeper: true}, func(tx pgx.Tx) ([]audit.Row, error) {
		_, err := tx.Exec(ctx, "update person set name = $2, language = $3, email = $4, mobile = $5 where id = $1", id, name, language,
			email, mobile)
		return nil, err
	})
}

// GivePhone sees that an agent has a phone on the switch that nobody else who is here has: theirs, or else the first of all that is
// free, ErrNoPhone when none is.
func (d *Door) GivePhone(ctx context.Context, id notes.PersonID, all []string) error {
	return d.change(ctx, id, act{name: "person.phone-given", keeper: true}, func(tx pgx.Tx) ([]audit.Row, error) {
		if err := oneAtATime(ctx, tx, "phones"); err != nil {
			return nil, err
		}
		rows, err := tx.Query(ctx, "select endpoint from person where left_at is null and endpoint <> '' and id <> $1", id)
		if err != nil {
			return nil, err
		}
		taken, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			return nil, err
		}
		var has string
		if err := tx.QueryRow(ctx, "select endpoint from person where id = $1", id).Scan(&has); err != nil {
			return nil, err
		}
		if has != "" && !slices.Contains(taken, has) {
			return nil, errAsItWas
		}
		i := slices.IndexFunc(all, func(phone string) bool { return !slices.Contains(taken, phone) })
		if i < 0 {
			return nil, ErrNoPhone
		}
		_, err = tx.Exec(ctx, "update person set endpoint = $2 where id = $1", id, all[i])
		return nil, err
	})
}

// Leave ends a person's access, sessions and invitations at once; ErrLastAdmin when nobody could keep people then. Their acts stay
// theirs.
func (d *Door) Leave(ctx context.Context, id notes.PersonID) error {
	return d.change(ctx, id, act{name: "person.left", keeper: true}, func(tx pgx.Tx) ([]audit.Row, error) {
		if err := d.othersKeep(ctx, tx, id); err != nil {
			return nil, err
		}
		if err := d.endInvitations(ctx, tx, id, invitationLeft); err != nil {
			return nil, err
		}
		b := &pgx.Batch{}
		b.Queue("update person set left_at = coalesce(left_at, $2) where id = $1", id, d.Now())
		b.Queue("delete from session where person = $1", id)
		return nil, tx.SendBatch(ctx, b).Close()
	})
}

// stored is a person with their secrets, inside this package only.
type stored struct {
	Person
	password  string
	code      []byte
	used      int64
	usedKnown bool // used is the step of the last one-time code, and as we wrote it
}

// mayComeIn reports that nothing of the person's row keeps them out.
func (p *stored) mayComeIn() bool { return p != nil && !p.Left && !p.Forged }

var selectedPerson = `p.id, p.login, p.name, p.language, p.email, p.mobile, p.endpoint, p.speaks, p.password, p.code, p.left_at, ` +
	personTable.MacList("p") + ", " + codeTable.MacList("u")

const fromPerson = " from person p left join code_used u on u.person = p.id "

var selectPerson = "select " + selectedPerson + fromPerson

// scanPerson reads what selectedPerson selects, and whatever was selected behind it.
func (d *Door) scanPerson(row pgx.Row, more ...any) (*stored, error) {
	var p stored
	var left *time.Time
	whole, code := personTable.MacRow(), codeTable.MacRow()
	into := []any{&p.ID, &p.Login, &p.Name, &p.Language, &p.Email, &p.Mobile, &p.Endpoint, &p.Speaks, &p.password, &p.code, &left}
	err := row.Scan(slices.Concat(into, whole.Into(), code.Into(), more)...)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read a person: %w", err)
	}
	p.HasCode, p.HasPassword, p.Forged = p.code != nil, p.password != "", !d.log.Holds(whole)
	if p.Left = left != nil; p.Left {
		p.LeftAt = *left
	}
	if step, there := code.Values()[1].(int64); there {
		p.used, p.usedKnown = step, d.log.Holds(code)
	}
	return &p, nil
}

func (d *Door) personByLogin(ctx context.Context, login string) (*stored, error) {
	return d.scanPerson(d.pool.QueryRow(ctx, selectPerson+"where p.login = $1", login))
}

func (d *Door) personByID(ctx context.Context, id notes.PersonID) (*stored, error) {
	return d.scanPerson(d.pool.QueryRow(ctx, selectPerson+"where p.id = $1", id))
}

// Person returns a person with their grants.
func (d *Door) Person(ctx context.Context, id notes.PersonID) (Person, error) {
	p, err := d.personByID(ctx, id)
	if err != nil {
		return Person{}, err
	}
	if p == nil {
		return Person{}, ErrNoPerson
	}
	p.Grants, err = d.grants(ctx, id)
	return p.Person, err
}

// People lists everybody, with their grants, by name.
func (d *Door) People(ctx context.Context) ([]Person, error) {
	rows, err := d.pool.Query(ctx, selectPerson+"order by p.name, p.id")
	if err != nil {
		return nil, fmt.Errorf("list people: %w", err)
	}
	people, err := pgx.CollectRows(rows, func(r pgx.CollectableRow) (Person, error) {
		p, err := d.scanPerson(r)
		if err != nil {
			return Person{}, err
		}
		return p.Person, nil
	})
	if err != nil {
		return nil, fmt.Errorf("list people: %w", err)
	}
	byID, err := d.readGrants(ctx, d.pool, "")
	if err != nil {
		return nil, fmt.Errorf("list people: %w", err)
	}
	for i := range people {
		people[i].Grants = byID[people[i].ID]
	}
	return people, nil
}

func (d *Door) grants(ctx context.Context, id notes.PersonID) ([]Grant, error) {
	byID, err := d.readGrants(ctx, d.pool, "where person = $1", id)
	if err != nil {
		return nil, fmt.Errorf("read what a person may do: %w", err)
	}
	return byID[id], nil
}

// readGrants reads roles, of which those that Lamplight did not give are none.
func (d *Door) readGrants(ctx context.Context, q interface {
	Query(context.Context, string, ...any) (pgx.Rows, error)
}, where string, args ...any) (map[notes.PersonID][]Grant, error) {
	rows, err := q.Query(ctx, "select person, account, role, "+grantTable.MacList("")+" from person_grant "+where+
		" order by account, role", args...)
	if err != nil {
		return nil, err
	}
	byID := map[notes.PersonID][]Grant{}
	var id notes.PersonID
	var g Grant
	r := grantTable.MacRow()
	_, err = pgx.ForEachRow(rows, append([]any{&id, &g.Account, &g.Role}, r.Into()...), func() error {
		if d.log.Holds(r) {
			byID[id] = append(byID[id], g)
		}
		return nil
	})
	return byID, err
}

func (d *Door) actor(ctx context.Context, p *stored) (Actor, error) {
	g, err := d.grants(ctx, p.ID)
	return Actor{Person: p.ID, Name: p.Name, Language: p.Language, Grants: g}, err
}

// ActorOf returns the actor a person is, for a desk that has proved who it is by other means (the bus's own sign-in).
func (d *Door) ActorOf(ctx context.Context, id notes.PersonID) (Actor, error) {
	p, err := d.personByID(ctx, id)
	if err != nil {
		return Actor{}, err
	}
	if !p.mayComeIn() {
		return Actor{}, ErrNoPerson
	}
	return d.actor(ctx, p)
}
