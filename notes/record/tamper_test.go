package record_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"lamplight/notes"
	"lamplight/notes/access"
	"lamplight/notes/audit"
	"lamplight/notes/postgres"
	"lamplight/telephony"
)

// busy is a record in which something of everything has happened, sequenced in several batches.
func busy(t testing.TB) *fixture {
	t.Helper()
	h := newFixture(t).furnish(t)
	agent, doctor := h.as(t, agentID), h.as(t, doctorID)
	h.comeIn(t)
	for i := range 4 {
		id := telephony.CallID(fmt.Sprintf("call-%d", i))
		h.record(t, aCall(id), telephony.Arrived, telephony.Talking, telephony.Ended)
		if err := h.store.Keep(context.Background(), id, telephony.RecordingID("rec-"+id),
			writes(bytes.Repeat([]byte{1, 2, 3}, 120_000))); err != nil {
			t.Fatal(err)
		}
		n, err := h.store.Take(agent, aDraft("draft-"+string(id), id))
		if err != nil {
			t.Fatal(err)
		}
		if i > 0 {
			if _, err := h.store.Acknowledge(doctor, n.ID); err != nil {
				t.Fatal(err)
			}
			if _, err := h.store.CloseOut(doctor, n.ID, "done"); err != nil {
				t.Fatal(err)
			}
		}
		h.mustVerify(t)
	}
	return h
}

// comeIn has the doctor sign in, and every row have its MAC for good.
func (h *fixture) comeIn(t testing.TB) {
	t.Helper()
	ctx, id := access.System(context.Background(), "seed"), notes.PersonID(doctorID)
	const secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
	code, err := access.CodeAt(secret, time.Now())
	if err == nil {
		err = errors.Join(h.door.SetPassword(ctx, id, "a password of the tests"), h.door.SetCode(ctx, id, secret))
	}
	if err == nil {
		_, err = h.door.SignIn(ctx, access.SignInAttempt{Login: "reyes", Password: "a password of the tests", Code: code})
	}
	if err == nil {
		_, err = h.log.StartMacs(ctx, h.tables(), func(string, ...any) {})
	}
	if err != nil {
		t.Fatal(err)
	}
}

// raw runs statements as somebody who has the database: no foreign key, no trigger in the way.
func (h *fixture) raw(t testing.TB, do func(pgx.Tx) error) {
	t.Helper()
	err := pgx.BeginFunc(context.Background(), h.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(context.Background(), "set local session_replication_role = replica"); err != nil {
			return err
		}
		return do(tx)
	})
	if err != nil {
		t.Fatal(err)
	}
}

var auditedTables = []string{"audit_leaf", "audit_hash", "audit_checkpoint", "account", "line", "call", "call_step", "recording",
	"recording_chunk",
	"note", "add_on", "person", "person_grant", "seal_key", "mac_mark"}

// keptTables are vouched for by a MAC alone, or follow from others: what is altered is found, and what is taken away harms nobody
// or is found too.
var keptTables = []string{"session", "code_used", "board"}

type column struct{ table, name, kind string }

func (h *fixture) columns(t testing.TB, tables []string) (out []column) {
	t.Helper()
	rows, err := h.pool.Query(context.Background(), "select table_name, column_name, udt_name from information_schema.columns where "+
		"table_schema = 'public' and table_name = any($1) order by 1, ordinal_position", tables)
	if err != nil {
		t.Fatal(err)
	}
	out, err = pgx.CollectRows(rows, func(r pgx.CollectableRow) (c column, err error) {
		return c, r.Scan(&c.table, &c.name, &c.kind)
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// altered is an SQL expression for the column's value with one small thing changed at random.
func altered(c column, r *rand.Rand) string {
	q := pgx.Identifier{c.name}.Sanitize()
	bit := r.IntN(8)
	at := r.IntN(1 << 20)
	flip := func(b string) string {
		return fmt.Sprintf("case when length(%[1]s) = 0 then '\\x01'::bytea else set_byte(%[1]s, %[2]d %% length(%[1]s), "+
			"get_byte(%[1]s, %[2]d %% length(%[1]s)) # %[3]d) end", b, at, 1<<bit)
	}
	switch c.kind {
	case "bytea":
		return "coalesce(" + flip(q) + ", '\\x00'::bytea)"
	case "text":
		return fmt.Sprintf("coalesce(case when length(%[1]s) = 0 then 'x' else overlay(%[1]s placing (case substr(%[1]s, 1 + %[2]d %% "+
			"length(%[1]s), 1) when 'A' then 'B' else 'A' end) from 1 + %[2]d %% length(%[1]s) for 1) end, 'x')", q, at)
	case "int4", "int8":
		return q + " + 1000000"
	case "int2":
		return "(coalesce(" + q + ", 2) + 1) % 3"
	case "bool":
		return "not " + q
	case "timestamptz":
		return "coalesce(" + q + " + interval '1 microsecond', now())"
	case "_bytea":
		return q + "[1:cardinality(" + q + ") - 1]"
	}
	return "null" // a type nobody tampers with is a failure of the test, seen by its constraint
}

// TestAnyAlteredValueIsFound alters one value at a time, of every column of every table the log vouches for and of the log
// itself, and expects Verify to say so.
func TestAnyAlteredValueIsFound(t *testing.T) {
	h := busy(t)
	r := rand.New(rand.NewPCG(1, 2))
	for _, c := range h.columns(t, append(keptTables, auditedTables...)) {
		for range 4 {
			h.alterOnce(t, c, altered(c, r))
		}
	}
	h.mustVerify(t)
}

func (h *fixture) alterOnce(t *testing.T, c column, expr string) {
	t.Helper()
	ctx := context.Background()
	q := pgx.Identifier{c.name}.Sanitize()
	var old any
	var ctid string
	h.raw(t, func(tx pgx.Tx) error {
		if err := tx.QueryRow(ctx, fmt.Sprintf("select ctid::text, %s from %s order by random() limit 1", q, c.table)).Scan(&ctid,
			&old); err != nil {
			return fmt.Errorf("%v: %w", c, err)
		}
		if strings.Contains("state use role kind id", c.name) && c.table != "audit_leaf" {
			if _, err := tx.Exec(ctx, fmt.Sprintf("alter table %s drop constraint if exists %s_%s_check", c.table, c.table,
				c.name)); err != nil {
				return err
			}
		}
		err := tx.QueryRow(ctx, fmt.Sprintf("update %s set %s = %s where ctid = $1::tid returning ctid::text", c.table, q, expr),
			ctid).Scan(&ctid)
		if err != nil {
			return fmt.Errorf("%v: %w", c, err)
		}
		return nil
	})
	if rep := h.verify(t); rep.Good() {
		t.Errorf("%s.%s was altered (%v) and nobody noticed", c.table, c.name, old)
	}
	h.raw(t, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, fmt.Sprintf("update %s set %s = $2 where ctid = $1::tid", c.table, q), ctid, old)
		return err
	})
}

// TestTheSchemasOwnTampering has the database itself lie.
func TestTheSchemasOwnTampering(t *testing.T) {
	h := busy(t)
	o := audit.VerifyOptions{Key: h.key, Tables: h.tables(), Schema: postgres.CheckSchema}
	if r, err := audit.Verify(t.Context(), h.pool, o); err != nil || !r.Good() || !r.Schema {
		t.Fatalf("before: %+v, %v", r, err)
	}
	for _, sql := range []string{
		"create function swallow() returns trigger language plpgsql as 'begin return null; end'",
		"create trigger swallow before update on note for each row execute function swallow()",
		"create rule silent as on delete to session do instead nothing",
	} {
		h.raw(t, func(tx pgx.Tx) error { _, err := tx.Exec(t.Context(), sql); return err })
	}
	r, err := audit.Verify(t.Context(), h.pool, o)
	if err != nil {
		t.Fatal(err)
	}
	want := []audit.Finding{{What: "schema-altered", Where: "function swallow(): added"},
		{What: "schema-altered", Where: "rule silent on session: added"}, {What: "schema-altered", Where: "trigger swallow on note: added"}}
	if !slices.Equal(r.Findings, want) {
		t.Errorf("%v", r.Findings)
	}
}

// TestAnyRemovedRowIsFound removes one row at a time.
func TestAnyRemovedRowIsFound(t *testing.T) {
	h := busy(t)
	ctx := context.Background()
	for _, table := range auditedTables {
		for range 5 {
			h.raw(t, func(tx pgx.Tx) error {
				if _, err := tx.Exec(ctx, "create temp table removed on commit preserve rows as select * from "+table+" order by random() limit 1"); err != nil {
					return err
				}
				_, err := tx.Exec(ctx, fmt.Sprintf("delete from %[1]s where ctid in (select t.ctid from %[1]s t where exists (select "+
					"from removed r where r::text = t::text))", table))
				return err
			})
			if rep := h.verify(t); rep.Good() {
				t.Errorf("a row of %s was removed and nobody noticed", table)
			}
			h.raw(t, func(tx pgx.Tx) error {
				if _, err := tx.Exec(ctx, "insert into "+table+" select * from pg_temp.removed"); err != nil {
					return fmt.Errorf("%s: %w", table, err)
				}
				_, err := tx.Exec(ctx, "drop table pg_temp.removed")
				return err
			})
		}
	}
	h.mustVerify(t)
}

// TestTheLogsOwnTampering tries what a clever hand would: each case must be found, by the code given.
func TestTheLogsOwnTampering(t *testing.T) {
	h := busy(t)
	ctx := context.Background()
	for name, c := range map[string]struct {
		sql  []string
		want string
	}{
		"two leaves swapped": {[]string{"update audit_leaf set idx = -1 where idx = 5",
			"update audit_leaf set idx = 5 where idx = 6", "update audit_leaf set idx = 6 where idx = -1"}, "leaf-edited"},
		"a leaf appended": {[]string{"insert into audit_leaf select (select max(idx) + 1 from audit_leaf), kind, object, " +
			"body from audit_leaf where idx = 3"}, "leaf-inserted"},
		"a leaf and its hash taken out": {[]string{"delete from audit_leaf where idx = 4"}, "leaf-missing"},
		"the newest leaf removed":       {[]string{"delete from audit_leaf where idx = (select max(idx) from audit_leaf)"}, "log-cut"},
		"a hash invented":               {[]string{"insert into audit_hash select max(idx) + 7, '\\x00' from audit_hash"}, "hash-inserted"},
		"a checkpoint left out": {[]string{"delete from audit_checkpoint where size = (select min(size) from audit_checkpoint)"},
			"checkpoint-missing"},
		"rolled back as a whole": {[]string{
			"delete from audit_checkpoint where size = (select max(size) from audit_checkpoint)",
			"delete from audit_leaf where idx >= (select max(size) from audit_checkpoint)",
		}, "log-cut"},
		"a leaf forged in the outbox": {[]string{"insert into audit_outbox (kind, object, body, mac) select kind, object, body, " +
			"'\\x00' from audit_leaf where idx = 3"}, "leaf-forged"},
		"a note without a leaf": {[]string{"insert into note select 'forged', 'd', account, year, 'L-9', call, call_type, " +
			"urgency, language, taker, taken_at, state, read_at, acked_at, acked_by, closed_at, closed_by, version, script_version, " +
			"title, body, terms from note limit 1"}, "row-without-leaf"},
		"a chunk appended": {[]string{"insert into recording_chunk select recording, 99, data from recording_chunk limit 1"},
			"row-altered"},
		"two recordings' chunks swapped": {[]string{"update recording_chunk c set data = (select data from recording_chunk o where " +
			"o.recording <> c.recording and o.n = 0 limit 1) where ctid = (select ctid from recording_chunk where n = 0 limit 1)"},
			"row-altered"},
	} {
		tx, err := h.pool.Begin(ctx)
		if err != nil {
			t.Fatal(err)
		}
		tx.Rollback(ctx)
		saved := h.save(t)
		h.raw(t, func(tx pgx.Tx) error {
			for _, s := range c.sql {
				if _, err := tx.Exec(ctx, s); err != nil {
					return fmt.Errorf("%s: %w", name, err)
				}
			}
			return nil
		})
		rep := h.verify(t)
		found := false
		for _, f := range rep.Findings {
			found = found || f.What == c.want
		}
		if !found {
			t.Errorf("%s: %v, want %s", name, rep.Findings, c.want)
		}
		h.restore(t, saved)
	}
	h.mustVerify(t)
}

// save copies the log and the notes; restore puts them back.
func (h *fixture) save(t testing.TB) []string {
	t.Helper()
	tables := []string{"audit_outbox", "audit_leaf", "audit_hash", "audit_checkpoint", "note", "recording_chunk"}
	h.raw(t, func(tx pgx.Tx) error {
		for _, n := range tables {
			if _, err := tx.Exec(context.Background(), "create table saved_"+n+" as table "+n); err != nil {
				return err
			}
		}
		return nil
	})
	return tables
}

func (h *fixture) restore(t testing.TB, tables []string) {
	t.Helper()
	h.raw(t, func(tx pgx.Tx) error {
		for _, n := range tables {
			if _, err := tx.Exec(context.Background(), fmt.Sprintf("delete from %[1]s; insert into %[1]s overriding system value select "+
				"* from saved_%[1]s; drop table saved_%[1]s", n)); err != nil {
				return err
			}
		}
		return nil
	})
}

// TestALeafThatWaitsCannotBeChanged alters leaves between their commit and their sequencing.
func TestALeafThatWaitsCannotBeChanged(t *testing.T) {
	h := busy(t)
	ctx := context.Background()
	if _, err := h.store.Take(h.as(t, agentID), aDraft("waits", "")); err != nil {
		t.Fatal(err)
	}
	if rep := h.verify(t); !rep.Good() || rep.Waiting == 0 {
		t.Fatalf("before: %+v", rep)
	}
	r := rand.New(rand.NewPCG(3, 4))
	for _, c := range h.columns(t, []string{"audit_outbox"}) {
		if c.name == "id" {
			continue // order is given by the sequencer; which leaf waits first is nobody's promise
		}
		for range 6 {
			h.alterOnce(t, c, altered(c, r))
		}
	}
	h.raw(t, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, "update audit_outbox set body = body || '\\x20'")
		return err
	})
	if _, err := h.log.Sequence(ctx); err == nil {
		t.Error("a forged leaf was sequenced without a word")
	}
	if rep := h.verify(t); rep.Good() {
		t.Error("a forged leaf is not found")
	}
}

// TestEveryColumnIsVouchedFor holds the Tables against the schema: a column added by a migration must be added there too.
func TestEveryColumnIsVouchedFor(t *testing.T) {
	h := newFixture(t)
	listed := map[string]string{}
	for _, table := range h.tables() {
		listed[table.Name] = "," + strings.Join(table.Columns, ",") + ","
	}
	listed["recording_chunk"] = ",recording,n,data," // by the recording's digest; its own three columns are in it or lead to it
	for _, table := range h.tables() {               // a MAC is over every column, or over those a leaf does not vouch for
		if table.Mac != nil && table.Name != "mac_mark" {
			listed[table.Name] += strings.Join(table.Mac, ",") + ",mac,"
		}
	}
	listed["mac_mark"] = ",id,since,settled,mac,"
	listed["board"] = ",id,kind,account,rank,since,replied_by,replied_at," // worked out again
	for _, name := range append(keptTables, auditedTables[3:]...) {
		if listed[name] == "" {
			t.Errorf("nobody vouches for %s", name)
		}
		for _, c := range h.columns(t, []string{name}) {
			if !strings.Contains(listed[name], ","+c.name+",") {
				t.Errorf("nobody vouches for %s.%s", name, c.name)
			}
		}
	}
}

func TestAnOlderCheckpointStillHolds(t *testing.T) {
	h := newFixture(t).furnish(t)
	h.mustVerify(t)
	old, err := h.log.Checkpoint(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.store.Take(h.as(t, agentID), aDraft("d", "")); err != nil {
		t.Fatal(err)
	}
	h.mustVerify(t)
	other := busy(t)
	foreign, err := other.log.Checkpoint(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		against string
		good    bool
	}{"ours": {old, true}, "of another log": {foreign, false}, "cut": {old[:len(old)-5], false}} {
		rep, err := audit.Verify(t.Context(), h.pool, audit.VerifyOptions{Key: h.key, Tables: h.tables(), Against: []string{c.against}})
		if err != nil || rep.Good() != c.good {
			t.Errorf("%s: %v %v", name, rep.Findings, err)
		}
	}
}
