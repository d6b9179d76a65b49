package access

import (
	"context"
	"errors"
	"fmt"
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
}

// Errors a caller can tell apart.
var (
	ErrNoPerson   = errors.New("no such person")
	ErrLoginTaken = errors.New("the login is taken")
)

var personTable = audit.Table{Kind: "person", Name: "person", Key: "id",
	Columns: []string{"id", "login", "name", "language", "email", "mobile", "password", "code", "endpoint", "speaks", "made_at", "left_at"}}

var grantTable = audit.Table{Kind: "person_grant", Name: "person_grant", Key: "person || '/' || account || '/' || role",
	Columns: []string{"person", "account", "role"}}

// Tables are the tables whose rows the log vouches for.
func Tables() []audit.Table { return []audit.Table{personTable, grantTable} }

// AddPerson stores a person with a password; "" lets them in by nothing. The id is made here when it is empty.
func (d *Door) AddPerson(ctx context.Context, p Person, password string) (notes.PersonID, error) {
	actor, err := Check(ctx, notes.EditPeople, Everywhere)
	if err != nil {
		return "", err
	}
	if p.ID == "" {
		p.ID = notes.PersonID(uuid.Must(uuid.NewV7()).String())
	}
	hash := ""
	if password != "" {
		if hash, err = hashPassword(password); err != nil {
			return "", err
		}
	}
	now := d.Now()
	values := []any{string(p.ID), foldLogin(p.Login), p.Name, p.Language, p.Email, p.Mobile, hash, nil, p.Endpoint, p.Speaks, now, nil}
	row, err := personTable.Row(string(p.ID), values...)
	if err != nil {
		return "", err
	}
	err = pgx.BeginFunc(ctx, d.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "insert into person ("+personTable.List()+") values ("+personTable.Placeholders()+")",
			values...); err != nil {
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
		return d.log.Append(ctx, tx, audit.Entry{At: now, Actor: actor.ID(), Action: "person.added", Kind: "person", Object: string(p.ID),
			Rows: rows})
	})
	var pgErr *pgconn.PgError
	if errors.As(err, &pgErr) && pgErr.Code == "23505" {
		return "", ErrLoginTaken
	}
	if err != nil {
		return "", fmt.Errorf("add a person: %w", err)
	}
	return p.ID, nil
}

func (d *Door) grantTx(ctx context.Context, tx pgx.Tx, id notes.PersonID, g Grant) ([]audit.Row, error) {
	if !g.Role.Known() {
		return nil, fmt.Errorf("no role %q", g.Role)
	}
	rows, err := tx.Query(ctx, "insert into person_grant (person, account, role) values ($1, $2, $3) on conflict do nothing returning "+grantTable.Returning(), id, g.Account, g.Role)
	if err != nil {
		return nil, err
	}
	return grantTable.Read(rows)
}

// Grant gives a person a role; one they have is success.
func (d *Door) Grant(ctx context.Context, id notes.PersonID, g Grant) error {
	return d.changeGrant(ctx, id, g, "person.granted", func(tx pgx.Tx) ([]audit.Row, error) { return d.grantTx(ctx, tx, id, g) })
}

// Revoke takes a role from a person, whose sessions see it with their next act.
func (d *Door) Revoke(ctx context.Context, id notes.PersonID, g Grant) error {
	return d.changeGrant(ctx, id, g, "person.revoked", func(tx pgx.Tx) ([]audit.Row, error) {
		var key string
		err := tx.QueryRow(ctx, "delete from person_grant where person = $1 and account = $2 and role = $3 returning "+grantTable.Key, id,
			g.Account, g.Role).Scan(&key)
		if errors.Is(err, pgx.ErrNoRows) {
			return nil, nil
		}
		return []audit.Row{audit.Gone(grantTable.Kind, key)}, err
	})
}

func (d *Door) changeGrant(ctx context.Context, id notes.PersonID, g Grant, action string, change func(pgx.Tx) ([]audit.Row, error)) error {
	actor, err := Check(ctx, notes.EditPeople, Everywhere)
	if err != nil {
		return err
	}
	err = pgx.BeginFunc(ctx, d.pool, func(tx pgx.Tx) error {
		if err := lockPerson(ctx, tx, id); err != nil {
			return err
		}
		rows, err := change(tx)
		if err != nil || len(rows) == 0 {
			return err
		}
		return d.log.Append(ctx, tx, audit.Entry{At: d.Now(), Actor: actor.ID(), Action: action, Kind: "person", Object: string(id),
			Detail: []string{string(g.Role), g.Account}, Rows: rows})
	})
	if err != nil {
		return fmt.Errorf("change what a person may do: %w", err)
	}
	return nil
}

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
	return d.changePerson(ctx, id, "person.password-set", func(tx pgx.Tx) error {
		if err := stays(ctx, tx, id); err != nil {
			return err
		}
		b := &pgx.Batch{}
		b.Queue("update person set password = $2 where id = $1", id, hash)
		b.Queue("delete from session where person = $1", id)
		return tx.SendBatch(ctx, b).Close()
	})
}

// Leave ends a person's access and sessions at once. Their acts stay theirs.
func (d *Door) Leave(ctx context.Context, id notes.PersonID) error {
	if _, err := Check(ctx, notes.EditPeople, Everywhere); err != nil {
		return err
	}
	return d.changePerson(ctx, id, "person.left", func(tx pgx.Tx) error {
		b := &pgx.Batch{}
		b.Queue("update person set left_at = coalesce(left_at, $2) where id = $1", id, d.Now())
		b.Queue("delete from session where person = $1", id)
		return tx.SendBatch(ctx, b).Close()
	})
}

// changePerson runs change on a locked person and vouches for the row as it is then. The person themself may, or an
// administrator.
func (d *Door) changePerson(ctx context.Context, id notes.PersonID, action string, change func(pgx.Tx) error) error {
	actor, ok := From(ctx)
	if !ok {
		return ErrNobody
	}
	if actor.Person != id && !actor.May(notes.EditPeople, Everywhere) {
		return ErrForbidden
	}
	err := pgx.BeginFunc(ctx, d.pool, func(tx pgx.Tx) error {
		if err := lockPerson(ctx, tx, id); err != nil {
			return err
		}
		if err := change(tx); err != nil {
			return err
		}
		res, err := tx.Query(ctx, "select "+personTable.Returning()+" from person where id = $1", id)
		if err != nil {
			return err
		}
		rows, err := personTable.Read(res)
		if err != nil {
			return err
		}
		return d.log.Append(ctx, tx, audit.Entry{At: d.Now(), Actor: actor.ID(), Action: action, Kind: "person", Object: string(id),
			Rows: rows})
	})
	if err != nil {
		return fmt.Errorf("change a person: %w", err)
	}
	return nil
}

// stored is a person with their secrets, inside this package only.
type stored struct {
	Person
	password string
	code     []byte
	leftAt   *time.Time
}

const selectPerson = "select id, login, name, language, email, mobile, endpoint, speaks, password, code, left_at from person "

func scanPerson(row pgx.Row) (*stored, error) {
	var p stored
	err := row.Scan(&p.ID, &p.Login, &p.Name, &p.Language, &p.Email, &p.Mobile, &p.Endpoint, &p.Speaks, &p.password, &p.code, &p.leftAt)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read a person: %w", err)
	}
	p.HasCode, p.Left = p.code != nil, p.leftAt != nil
	return &p, nil
}

func (d *Door) personByLogin(ctx context.Context, login string) (*stored, error) {
	return scanPerson(d.pool.QueryRow(ctx, selectPerson+"where login = $1", login))
}

func (d *Door) personByID(ctx context.Context, id notes.PersonID) (*stored, error) {
	return scanPerson(d.pool.QueryRow(ctx, selectPerson+"where id = $1", id))
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
	rows, err := d.pool.Query(ctx, selectPerson+"order by name, id")
	if err != nil {
		return nil, fmt.Errorf("list people: %w", err)
	}
	people, err := pgx.CollectRows(rows, func(r pgx.CollectableRow) (Person, error) {
		p, err := scanPerson(r)
		if err != nil {
			return Person{}, err
		}
		return p.Person, nil
	})
	if err != nil {
		return nil, fmt.Errorf("list people: %w", err)
	}
	rows, err = d.pool.Query(ctx, "select person, account, role from person_grant order by account, role")
	if err != nil {
		return nil, fmt.Errorf("list people: %w", err)
	}
	byID := map[notes.PersonID][]Grant{}
	var id notes.PersonID
	var g Grant
	if _, err := pgx.ForEachRow(rows, []any{&id, &g.Account, &g.Role}, func() error {
		byID[id] = append(byID[id], g)
		return nil
	}); err != nil {
		return nil, fmt.Errorf("list people: %w", err)
	}
	for i := range people {
		people[i].Grants = byID[people[i].ID]
	}
	return people, nil
}

func (d *Door) grants(ctx context.Context, id notes.PersonID) ([]Grant, error) {
	rows, err := d.pool.Query(ctx, "select account, role from person_grant where person = $1 order by account, role", id)
	if err != nil {
		return nil, fmt.Errorf("read what a person may do: %w", err)
	}
	g, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Grant])
	if err != nil {
		return nil, fmt.Errorf("read what a person may do: %w", err)
	}
	return g, nil
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
	if p == nil || p.leftAt != nil {
		return Actor{}, ErrNoPerson
	}
	return d.actor(ctx, p)
}
