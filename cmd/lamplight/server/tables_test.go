package server

import (
	"maps"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"

	"lamplight/notes/postgres/postgrestest"
)

// TestEveryTableIsSpokenFor: of each table in the database verify says how its rows are vouched for, or why they are not.
func TestEveryTableIsSpokenFor(t *testing.T) {
	spoken := map[string]bool{}
	for _, table := range AuditedTables() {
		how, _ := table.How()
		if how == "" || spoken[table.Name] {
			t.Errorf("%s is said to be vouched for %q, and twice %v", table.Name, how, spoken[table.Name])
		}
		spoken[table.Name] = true
	}
	rows, err := postgrestest.New(t).Query(t.Context(), "select relname from pg_class where relnamespace = 'public'::regnamespace and "+
		"relkind = 'r'")
	if err != nil {
		t.Fatal(err)
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(names)
	if said := slices.Sorted(maps.Keys(spoken)); !slices.Equal(said, names) {
		t.Errorf("verify speaks of %q, and there are %q", said, names)
	}
}
