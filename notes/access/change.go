package access

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"lamplight/notes"
	"lamplight/notes/audit"
)

// Errors a caller can tell apart.
var (
	// ErrMoved: the person is no longer as whoever changes them saw them. Nothing is changed.
	ErrMoved = errors.New("somebody has changed this person meanwhile: look again")
	// ErrLastAdmin: without this person nobody would be left who may keep people.
	ErrLastAdmin = errors.New("this is the last administrator: make somebody else one first, who has signed in")
	// ErrOwn: nobody does this to themselves.
	ErrOwn = errors.New("nobody does this to themselves: ask another administrator")
)

// errAsItWas ends a change in which nothing changes, without a trace.
var errAsItWas = errors.New("as it was")

// administrator is the role that keeps everybody.
var administrator = Grant{Account: Everywhere, Role: notes.RoleAdmin}

// A Word goes with the changes of a person: why, and Basis, the person as whoever changes them saw them (Door.Basis), "" for no
// matter how.
type Word struct{ Basis, Why string }

type wordKey struct{}

// Because returns a context in which changes are made with a word.
func Because(ctx context.Context, w Word) context.Context {
	return context.WithValue(ctx, wordKey{}, w)
}

func wordOf(ctx context.Context) Word {
	w, _ := ctx.Value(wordKey{}).(Word)
	return w
}

// keeps reports that a may change a person with these roles: whoever keeps everybody, and who keeps all of the practices that
// the person is anything to.
func (a Actor) keeps(grants []Grant) bool {
	if a.May(notes.EditPeople, Everywhere) {
		return true
	}
	return len(grants) > 0 && !slices.ContainsFunc(grants, func(g Grant) bool { return !a.May(notes.EditPeople, g.Account) })
}

// sees reports that a may look at a person with these roles.
func (a Actor) sees(grants []Grant) bool {
	return a.May(notes.EditPeople, Everywhere) ||
		slices.ContainsFunc(grants, func(g Grant) bool { return a.May(notes.EditPeople, g.Account) })
}

// An act is what is done to a person. Who keeps the person does it; self allows the person themself; with keeper a keeper does it to
// themselves, too. touches are roles given or taken, for which alone a keeper of their practice is asked. An act that mends is done to a
// row that somebody else wrote.
type act struct {
	name                string
	detail              []string
	touches             []Grant
	self, keeper, mends bool
}

func (a act) allowed(actor Actor, id notes.PersonID, grants []Grant) error {
	asked := grants
	if a.touches != nil {
		asked = a.touches
		if !actor.sees(grants) { // of whom there is nothing to take, and nobody to be found by a guess
			asked = grants
		}
	}
	switch own := actor.Person == id && actor.part == ""; {
	case own && a.self:
		return nil
	case !actor.keeps(asked):
		return ErrForbidden
	case own && !a.keeper:
		return ErrOwn
	}
	return nil
}

// change does something to a locked person, vouches for the row as it is then and for those that do tells of, and tells of it in the
// person's history. Nobody is changed who is not as the Word's Basis says.
func (d *Door) change(ctx context.Context, id notes.PersonID, a act, do func(pgx.Tx) ([]audit.Row, error)) error {
	actor, ok := From(ctx)
	if !ok {
		return ErrNobody
	}
	err := pgx.BeginFunc(ctx, d.pool, func(tx pgx.Tx) error {
		was, grants, basis, err := d.lookAt(ctx, tx, id, " for update")
		if err != nil {
			return err
		}
		if err := a.allowed(actor, id, grants); err != nil {
			return err
		}
		if w := wordOf(ctx).Basis; w != "" && w != basis {
			return ErrMoved
		}
		e := audit.Entry{At: d.Now(), Actor: actor.ID(), Action: a.name, Kind: "person", Object: string(id), Detail: a.detail}
		if !d.log.Holds(was) {
			if !a.mends || !actor.keeps(grants) {
				return ErrForged
			}
			e.Detail = []string{"was-forged"}
		}
		if e.Rows, err = do(tx); err != nil {
			return err
		}
		is, err := readPerson(ctx, tx, id, "")
		if err != nil {
			return err
		}
		row, err := personTable.Row(string(id), is.Values()...)
		if err != nil {
			return err
		}
		b := &pgx.Batch{}
		told, err := d.tell(ctx, b, id, a.name, a.detail)
		if err != nil {
			return err
		}
		e.Rows = append(e.Rows, row, told)
		if err := errors.Join(d.log.QueueMac(b, is), d.log.Queue(b, e)); err != nil {
			return err
		}
		defer d.log.Wake()
		return tx.SendBatch(ctx, b).Close()
	})
	if errors.Is(err, errAsItWas) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("change a person: %w", err)
	}
	return nil
}

// lookAt reads a person's row and roles, and names how they stand.
func (d *Door) lookAt(ctx context.Context, tx pgx.Tx, id notes.PersonID, lock string) (row *audit.MacRow, grants []Grant, basis string,
	err error) {
	if row, err = readPerson(ctx, tx, id, lock); err != nil {
		return nil, nil, "", err
	}
	byID, err := d.readGrants(ctx, tx, "where person = $1", id)
	if err != nil {
		return nil, nil, "", err
	}
	var told string
	if err := tx.QueryRow(ctx, "select count(*) || coalesce(max(id), '') from person_change where person = $1", id).Scan(&told); err != nil {
		return nil, nil, "", err
	}
	h := sha256.New()
	for _, v := range row.Values() {
		if at, ok := v.(time.Time); ok {
			v = at.UnixMicro()
		}
		fmt.Fprintf(h, "%v\x00", v)
	}
	fmt.Fprintf(h, "%v\x00%s", byID[id], told)
	return row, byID[id], hex.EncodeToString(h.Sum(nil)[:12]), nil
}

// Basis names how a person stands now, for a Word.
func (d *Door) Basis(ctx context.Context, id notes.PersonID) (basis string, err error) {
	err = pgx.BeginFunc(ctx, d.pool, func(tx pgx.Tx) error {
		_, _, basis, err = d.lookAt(ctx, tx, id, "")
		return err
	})
	if err != nil {
		return "", fmt.Errorf("look at a person: %w", err)
	}
	return basis, nil
}

// oneAtATime has changes of one kind wait for each other until they are committed.
func oneAtATime(ctx context.Context, tx pgx.Tx, what string) error {
	_, err := tx.Exec(ctx, "select pg_advisory_xact_lock(hashtextextended('lamplight people '||$1, 0))", what)
	return err
}

// othersKeep refuses with ErrLastAdmin when a person is an administrator and no other is, who is here and can sign in.
func (d *Door) othersKeep(ctx context.Context, tx pgx.Tx, id notes.PersonID) error {
	if err := oneAtATime(ctx, tx, "administrators"); err != nil {
		return err
	}
	byID, err := d.readGrants(ctx, tx, "where account = $1 and role = $2 and (person = $3 or exists (select 1 from person p "+
		"where p.id = person and p.left_at is null and p.password <> ''))", administrator.Account, administrator.Role, id)
	if err != nil {
		return err
	}
	if len(byID[id]) > 0 && len(byID) == 1 {
		return ErrLastAdmin
	}
	return nil
}

// A Change is one line of a person's history.
type Change struct {
	At     time.Time
	By     notes.PersonID // or a part of the server
	ByName string         // "" for a part of the server
	Act    string         // "person.granted"
	Detail []string       // of a role its name and practice
	Why    string
}

var (
	changeColumns = []string{"id", "person", "made_at", "made_by", "act", "detail", "why"}
	changeTable   = audit.Table{Kind: "person_change", Name: "person_change", Key: "id", Columns: changeColumns}
)

// tell has b write a line of a person's history, for which the caller's leaf must vouch.
func (d *Door) tell(ctx context.Context, b *pgx.Batch, id notes.PersonID, name string, detail []string) (audit.Row, error) {
	actor, _ := From(ctx)
	if detail == nil {
		detail = []string{}
	}
	words, err := json.Marshal(detail)
	if err != nil {
		return audit.Row{}, err
	}
	key := uuid.Must(uuid.NewV7()).String()
	values := []any{key, string(id), d.clock(), actor.ID(), name, string(words), wordOf(ctx).Why}
	b.Queue(fmt.Sprintf("insert into person_change (%s) values (%s)", changeTable.List(), changeTable.Placeholders()), values...)
	return changeTable.Row(key, values...)
}

func wordsOf(grants []Grant) (out []string) {
	for _, g := range grants {
		out = append(out, string(g.Role), g.Account)
	}
	return out
}

// Changes is what was done to a person, the newest first, at most limit.
func (d *Door) Changes(ctx context.Context, id notes.PersonID, limit int) ([]Change, error) {
	rows, err := d.pool.Query(ctx, `select c.made_at, c.made_by, coalesce(p.name, ''), c.act, c.detail, c.why
		from person_change c left join person p on p.id = c.made_by where c.person = $1 order by c.id desc limit $2`, id, limit)
	if err != nil {
		return nil, fmt.Errorf("read a person's history: %w", err)
	}
	out, err := pgx.CollectRows(rows, func(r pgx.CollectableRow) (c Change, err error) {
		var words string
		if err := r.Scan(&c.At, &c.By, &c.ByName, &c.Act, &words, &c.Why); err != nil {
			return c, err
		}
		return c, json.Unmarshal([]byte(words), &c.Detail)
	})
	if err != nil {
		return nil, fmt.Errorf("read a person's history: %w", err)
	}
	return out, nil
}
