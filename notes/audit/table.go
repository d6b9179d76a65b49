package audit

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"lamplight/notes/audit/tree"
)

// A Table tells Verify of a table: how each of its rows is vouched for, or why none is. The package that owns the table lists it
// in a function Tables() []audit.Table; main hands them all to Verify.
type Table struct {
	Kind string // the kind its Rows carry: "note"
	Name string // in the database

	// Key and Columns are for a table whose every row must be vouched for by a leaf: an SQL expression for a row's id as text
	// ("id", or "dispatch || '/' || rung"), and every column, in one order; an SQL expression may stand for columns kept
	// elsewhere (a digest of chunks).
	Key     string
	Columns []string

	// Mac is the columns under each row's MAC (Log.Holds), which stands in the column mac; nil for a table without. Its first
	// MacKey columns (one when zero) are the row's key. In an SQL expression @ stands for the table's alias and its dot.
	Mac    []string
	MacKey int

	// Differs is for a table whose rows follow from others': a query for the ids of those that are not what they should be.
	Differs string
	// Via says through what else a table without any of these is vouched for; Why, why it is not.
	Via, Why string
}

// How says in a few words by what the table is vouched for; ok is false when it is not.
func (t Table) How() (how string, ok bool) {
	switch {
	case t.Columns != nil && t.Mac != nil:
		return "by the log and a MAC", true
	case t.Columns != nil:
		return "by the log", true
	case t.Mac != nil:
		return "by a MAC", true
	case t.Differs != "":
		return "worked out again from its sources", true
	case t.Via != "":
		return t.Via, true
	}
	return t.Why, false
}

// List is the columns as they stand in a select or a returning clause.
func (t Table) List() string { return strings.Join(t.Columns, ", ") }

// Placeholders is "$1, $2, …" for an insert of every column.
func (t Table) Placeholders() string {
	p := make([]string, len(t.Columns))
	for i := range p {
		p[i] = fmt.Sprintf("$%d", i+1)
	}
	return strings.Join(p, ", ")
}

// Row vouches for a row of which the writer knows every value, in the order of Columns.
func (t Table) Row(id string, values ...any) (Row, error) {
	h, err := tree.HashRow(t.Kind, t.Columns, values)
	return Row{Kind: t.Kind, ID: id, Hash: h}, err
}

// Read vouches for what a statement returned: rows must give the key, then Columns ("returning "+t.Returning()).
func (t Table) Read(rows pgx.Rows) ([]Row, error) {
	defer rows.Close()
	var out []Row
	for rows.Next() {
		v, err := rows.Values()
		if err != nil {
			return nil, err
		}
		r, err := t.fromValues(v)
		if err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, rows.Err()
}

// Returning is the key and the columns, for Read.
func (t Table) Returning() string { return t.Key + "::text, " + t.List() }

func (t Table) fromValues(v []any) (Row, error) {
	id, ok := v[0].(string)
	if !ok {
		return Row{}, fmt.Errorf("audit: a row of %s without an id", t.Name)
	}
	return t.Row(id, v[1:]...)
}

// each calls do with every row of the table as it stands.
func (t Table) each(ctx context.Context, tx pgx.Tx, do func(Row)) error {
	rows, err := tx.Query(ctx, "select "+t.Returning()+" from "+t.Name)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		v, err := rows.Values()
		if err != nil {
			return err
		}
		r, err := t.fromValues(v)
		if err != nil {
			return err
		}
		do(r)
	}
	return rows.Err()
}
