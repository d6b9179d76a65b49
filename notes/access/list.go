package access

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/jackc/pgx/v5"
	"golang.org/x/text/unicode/norm"

	"lamplight/notes"
)

// A PeopleQuery asks for a page of the people.
type PeopleQuery struct {
	Search string // beginnings of words of names, logins and addresses, without regard to accents
	Left   bool   // those who have left, instead of those who are here
	After  notes.PersonID
	Limit  int
}

// A Listed is a person on a list.
type Listed struct {
	Person
	Seen    time.Time // when they were last here; zero when they never were
	Invited time.Time // until when an invitation opens; zero when none does
	Whole   bool      // who asks may change them: they are nothing to any practice that is not theirs
}

// A PeoplePage is one page, by name. Next is the last one's id when there are more.
type PeoplePage struct {
	People []Listed
	Next   notes.PersonID
}

// ListPeople reads a page of the people whom the actor keeps. Of somebody who is something to other practices too, only the roles that
// the actor may see are told. What it costs does not grow with how many there are.
func (d *Door) ListPeople(ctx context.Context, q PeopleQuery) (out PeoplePage, err error) {
	actor, ok := From(ctx)
	if !ok {
		return out, ErrNobody
	}
	accounts, everywhere := actor.Accounts(notes.EditPeople)
	if !everywhere && len(accounts) == 0 {
		return out, ErrForbidden
	}
	where, args, err := d.listWhere(ctx, accounts, q)
	if err != nil || where == "" {
		return out, err
	}
	if out.People, err = d.listed(ctx, where, args); err != nil {
		return out, fmt.Errorf("list people: %w", err)
	}
	if len(out.People) > q.Limit {
		out.People = out.People[:q.Limit]
		out.Next = out.People[q.Limit-1].ID
	}
	if err := d.addGrants(ctx, actor, out.People); err != nil {
		return out, fmt.Errorf("list people: %w", err)
	}
	return out, nil
}

// listWhere is which people a page has, of those who are something to the accounts, or of all when these are nil. "" is none.
func (d *Door) listWhere(ctx context.Context, accounts []string, q PeopleQuery) (where string, args []any, err error) {
	where = map[bool]string{false: "p.left_at is null", true: "p.left_at is not null"}[q.Left]
	arg := func(v any) string {
		args = append(args, v)
		return fmt.Sprintf("$%d", len(args))
	}
	if q.After != "" {
		var name string
		err := d.pool.QueryRow(ctx, "select people_fold(name) from person where id = $1", q.After).Scan(&name)
		if errors.Is(err, pgx.ErrNoRows) {
			return "", nil, nil
		}
		if err != nil {
			return "", nil, fmt.Errorf("list people: %w", err)
		}
		where += fmt.Sprintf(" and (people_fold(p.name), p.id) > (%s, %s)", arg(name), arg(q.After))
	}
	if words := searchWords(q.Search); words != "" {
		where += " and to_tsvector('simple'::regconfig, people_fold(p.name || ' ' || p.login || ' ' || p.email)) @@ " +
			"to_tsquery('simple'::regconfig, people_fold(" + arg(words) + "))"
	} else if strings.TrimSpace(q.Search) != "" {
		return "", nil, nil // nothing of it is in a word
	}
	if accounts != nil {
		where += " and exists (select 1 from person_grant g where g.person = p.id and g.account = any(" + arg(accounts) + "))"
	}
	return where + " order by people_fold(p.name), p.id limit " + arg(q.Limit+1), args, nil
}

// ListPerson is one person as a list shows them, ErrNoPerson when there is none whom the actor may look at.
func (d *Door) ListPerson(ctx context.Context, id notes.PersonID) (Listed, error) {
	actor, ok := From(ctx)
	if !ok {
		return Listed{}, ErrNobody
	}
	one, err := d.listed(ctx, "p.id = $1", []any{id})
	if err == nil {
		err = d.addGrants(ctx, actor, one)
	}
	switch {
	case err != nil:
		return Listed{}, fmt.Errorf("read a person: %w", err)
	case len(one) == 0 || !actor.sees(one[0].Grants):
		return Listed{}, ErrNoPerson
	}
	return one[0], nil
}

var selectListed = "select " + selectedPerson + `, (select at from person_seen s where s.person = p.id),
	(select max(expires_at) from invitation i where i.person = p.id and i.ended_at is null)` + fromPerson + "where "

func (d *Door) listed(ctx context.Context, where string, args []any) ([]Listed, error) {
	rows, err := d.pool.Query(ctx, selectListed+where, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(r pgx.CollectableRow) (l Listed, err error) {
		var seen, invited *time.Time
		p, err := d.scanPerson(r, &seen, &invited)
		if err != nil {
			return l, err
		}
		l.Person = p.Person
		if seen != nil {
			l.Seen = *seen
		}
		if invited != nil && invited.After(d.Now()) {
			l.Invited = *invited
		}
		return l, nil
	})
}

// addGrants gives people on a list their roles, so far as the actor may see them.
func (d *Door) addGrants(ctx context.Context, actor Actor, people []Listed) error {
	ids := make([]string, len(people))
	for i, p := range people {
		ids[i] = string(p.ID)
	}
	byID, err := d.readGrants(ctx, d.pool, "where person = any($1)", ids)
	if err != nil {
		return err
	}
	for i := range people {
		p := &people[i]
		p.Whole = actor.keeps(byID[p.ID])
		p.Grants = slices.DeleteFunc(byID[p.ID], func(g Grant) bool { return !actor.May(notes.EditPeople, g.Account) })
	}
	return nil
}

// searchWords makes a query of what was typed: the beginning of each word, of letters and digits alone.
func searchWords(typed string) string {
	words := strings.FieldsFunc(norm.NFC.String(typed), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.Is(unicode.Mn, r)
	})
	for i, w := range words {
		words[i] = w + ":*"
	}
	return strings.Join(words[:min(len(words), 8)], " & ")
}
