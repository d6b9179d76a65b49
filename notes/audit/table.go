package audit

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"lamplight/notes/audit/tree"
)

// A Table tells Verify of a table whose every row must be vouched for by a leaf. The package that owns the table lists it in
// a function Tables() []audit.Table; main hands them all to Verify.
type Table struct {
	Kind    string   // the kind its Rows carry: "note"
	Name    string   // in the database
	Key     string   // an SQL expression for a row's id as text: "id", or "dispatch || '/' || rung"
	Columns []string // every column, in one order; an SQL expression may stand for columns kept elsewhere (a digest of chunks)
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
