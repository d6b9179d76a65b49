package postgres_test

import (
	"context"
	"flag"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"lamplight/notes/postgres"
	"lamplight/notes/postgres/postgrestest"
)

var update = flag.Bool("update", false, "write schema.txt anew")

// TestTheSchemaIsWhatTheMigrationsMake holds schema.txt against a database that was migrated just now.
func TestTheSchemaIsWhatTheMigrationsMake(t *testing.T) {
	pool := postgrestest.New(t)
	look := func(do func(context.Context, pgx.Tx) error) {
		t.Helper()
		tx, err := pool.Begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer tx.Rollback(context.Background()) // nothing of it stays
		if err := do(t.Context(), tx); err != nil {
			t.Fatal(err)
		}
	}
	if *update {
		look(func(ctx context.Context, tx pgx.Tx) error {
			is, err := postgres.Catalog(ctx, tx)
			var b strings.Builder
			for _, thing := range slices.Sorted(maps.Keys(is)) {
				fmt.Fprintf(&b, "%s\t%s\n", thing, is[thing])
			}
			if err == nil {
				err = os.WriteFile("schema.txt", []byte(b.String()), 0o644)
			}
			return err
		})
		return
	}
	look(func(ctx context.Context, tx pgx.Tx) error {
		odd, err := postgres.CheckSchema(ctx, tx)
		if len(odd) > 0 {
			t.Errorf("after a migration run this test with -update: %q", odd)
		}
		return err
	})
	files, err := fs.Glob(postgres.Migrations, "migrations/*.sql")
	if err != nil || !strings.Contains(files[len(files)-1], fmt.Sprintf("/%05d_", postgres.NewestMigration)) {
		t.Errorf("postgres.NewestMigration is %d, the postgres.NewestMigration migration is %s, %v", postgres.NewestMigration,
			files[len(files)-1], err)
	}
	for sql, want := range map[string]string{
		"create function swallow() returns trigger language plpgsql as 'begin return null; end'; " +
			"create trigger swallow before update on dispatch for each row execute function swallow()": "trigger swallow on dispatch: added",
		"create or replace function board_climb(which text) returns smallint language sql stable as 'select 2::smallint'": "function board_climb(which text): altered",
		"create or replace function routing_now() returns timestamptz language sql volatile as 'select clock_timestamp() - interval ''1 " +
			"hour'''": "function routing_now(): altered",
		"alter table attempt disable trigger inbox_told":                                                                   "trigger inbox_told on attempt: altered",
		"alter table note disable trigger all":                                                                             "trigger board_taken on note: altered",
		"drop trigger board_begun on dispatch":                                                                             "trigger board_begun on dispatch: gone",
		"create rule quiet as on update to attempt do instead nothing":                                                     "rule quiet on attempt: added",
		"alter table dispatch enable row level security; create policy hidden on dispatch using (urgency <> 'emergency')":  "policy hidden on dispatch: added",
		"alter table attempt force row level security":                                                                     "table attempt: altered",
		"alter table dispatch drop constraint dispatch_state_check":                                                        "constraint dispatch_state_check on dispatch: gone",
		"alter table attempt add constraint never check (wake_at < '2000-01-01') not valid":                                "constraint never on attempt: added",
		"drop index dispatch_open":                                                                                         "index dispatch_open on dispatch: gone",
		"drop index dispatch_open; create index dispatch_open on dispatch (note) where state in ('climbing', 'exhausted')": "index dispatch_open on dispatch: altered",
		"alter table attempt alter column why set default 'x'":                                                             "column attempt.why: altered",
		"alter table session alter column person drop not null":                                                            "column session.person: altered",
		"alter table code_used set unlogged":                                                                               "table code_used: altered",
		"create view shown as select 1 as one":                                                                             "table shown: added",
		"create function odd() returns event_trigger language plpgsql as 'begin end'; " +
			"create event trigger odd on ddl_command_end execute function odd()": "event trigger odd: added",
		"create function same(text, text) returns bool language sql as 'select true'; " +
			"create operator === (leftarg = text, rightarg = text, function = same)": "operator ===(text,text): added",
	} {
		look(func(ctx context.Context, tx pgx.Tx) error {
			if _, err := tx.Exec(ctx, sql); err != nil {
				return fmt.Errorf("%s: %w", sql, err)
			}
			odd, err := postgres.CheckSchema(ctx, tx)
			if !slices.Contains(odd, want) {
				t.Errorf("%s: %q, want %q", sql, odd, want)
			}
			return err
		})
	}
}
