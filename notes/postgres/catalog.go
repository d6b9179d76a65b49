package postgres

import (
	"context"
	_ "embed"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
)

// What acts by itself in a database, and what keeps its rows right, can be changed by whoever can write its schema: a trigger
// that swallows an update leaves no row to find. So the schema's own catalog is held against what the migrations made of it.

// schemaText has a line for each thing of the schema: what it is, a tab, a digest of its definition.
//
//go:embed schema.txt
var schemaText string

// newestMigration is the newest migration schemaText tells of.
const newestMigration = 124

// catalogQuery lists everything of the schema that acts or that keeps rows right, with its definition. What belongs to an
// extension is left out, and so is the table in which goose counts. A CHECK's text is PostgreSQL's own, alike since release 10.
const catalogQuery = `
	with ours as (select oid, relname, relkind, relpersistence, relrowsecurity, relforcerowsecurity, reloptions from pg_class c
		where relnamespace = current_schema()::regnamespace and relkind in ('r', 'p', 'v', 'm', 'f', 'S')
		and relname not like 'goose\_db\_version%'
		and not exists (select from pg_depend x where x.classid = 'pg_class'::regclass and x.objid = c.oid and x.deptype = 'e'))
	select 'table ' || relname as thing, concat_ws(' ', relkind, relpersistence, relrowsecurity, relforcerowsecurity) as made from ours
	union all select 'column ' || c.relname || '.' || a.attname, concat_ws(' ', format_type(a.atttypid, a.atttypmod), a.attnotnull,
			a.attidentity, a.attgenerated, pg_get_expr(d.adbin, d.adrelid))
		from ours c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
		left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum where c.relkind <> 'S'
	union all select 'constraint ' || n.conname || ' on ' || coalesce(c.relname, n.contypid::regtype::text), concat_ws(' ', n.contype,
			n.convalidated, n.condeferrable, n.condeferred, pg_get_constraintdef(n.oid))
		from pg_constraint n left join ours c on c.oid = n.conrelid
		where n.connamespace = current_schema()::regnamespace and n.contype <> 'n' and (c.oid is not null or n.conrelid = 0)
	union all select 'index ' || i.relname || ' on ' || c.relname,
			concat_ws(' ', x.indisvalid, x.indisunique, pg_get_indexdef(x.indexrelid))
		from ours c join pg_index x on x.indrelid = c.oid join pg_class i on i.oid = x.indexrelid
	union all select 'trigger ' || t.tgname || ' on ' || t.tgrelid::regclass, concat_ws(' ', t.tgenabled, pg_get_triggerdef(t.oid))
		from pg_trigger t join pg_class c on c.oid = t.tgrelid where not t.tgisinternal and c.relnamespace = current_schema()::regnamespace
	union all select 'trigger off ' || t.tgname || ' on ' || t.tgrelid::regclass, 'a constraint''s trigger does not fire'
		from pg_trigger t join pg_class c on c.oid = t.tgrelid
		where t.tgisinternal and t.tgenabled <> 'O' and c.relnamespace = current_schema()::regnamespace
	union all select 'rule ' || r.rulename || ' on ' || r.ev_class::regclass, concat_ws(' ', r.ev_enabled, pg_get_ruledef(r.oid))
		from pg_rewrite r join pg_class c on c.oid = r.ev_class where c.relnamespace = current_schema()::regnamespace
	union all select 'policy ' || p.polname || ' on ' || p.polrelid::regclass, concat_ws(' ', p.polcmd, p.polpermissive,
			p.polroles::text, pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid)) from pg_policy p
	union all select 'function ' || p.proname || '(' || pg_get_function_identity_arguments(p.oid) || ')', concat_ws(' ', p.prokind,
			l.lanname, p.prosecdef, p.provolatile, p.proisstrict, pg_get_function_result(p.oid), p.proconfig::text, p.prosrc, p.probin)
		from pg_proc p join pg_language l on l.oid = p.prolang where p.pronamespace = current_schema()::regnamespace
		and not exists (select from pg_depend x where x.classid = 'pg_proc'::regclass and x.objid = p.oid and x.deptype = 'e')
	union all select 'operator ' || o.oid::regoperator, o.oprcode::text from pg_operator o
		where o.oprnamespace = current_schema()::regnamespace
		and not exists (select from pg_depend x where x.classid = 'pg_operator'::regclass and x.objid = o.oid and x.deptype = 'e')
	union all select 'event trigger ' || evtname, concat_ws(' ', evtevent, evtenabled, evtfoid::regproc) from pg_event_trigger
	union all select 'parent of ' || inhrelid::regclass, inhparent::regclass::text from pg_inherits join ours c on c.oid = inhparent
	union all select 'setting ' || s.cfg, 'of this database or its user' from pg_db_role_setting r, unnest(r.setconfig) s (cfg)
		where r.setdatabase in (0, (select oid from pg_database where datname = current_database()))
		and s.cfg ~ '^(session_replication_role|search_path)='`

// catalog reads the lines of the schema as it is.
func catalog(ctx context.Context, tx pgx.Tx) (map[string]string, error) {
	rows, err := tx.Query(ctx, "select thing, encode(sha256(convert_to(regexp_replace(coalesce(made, ''), "+
		"'\\m'||current_schema()||'\\.', '', 'g'), "+
		"'UTF8')), 'hex') from ("+catalogQuery+") c")
	if err != nil {
		return nil, err
	}
	out := map[string]string{}
	var thing, digest string
	_, err = pgx.ForEachRow(rows, []any{&thing, &digest}, func() error {
		out[thing] = digest[:16]
		return nil
	})
	return out, err
}

// CheckSchema lists what of the schema is not as the migrations made it: "trigger x on y: added". A database of a newer build is
// that build's to check.
func CheckSchema(ctx context.Context, tx pgx.Tx) (odd []string, err error) {
	var version int
	if err := tx.QueryRow(ctx, "select coalesce(max(version_id), 0) from goose_db_version").Scan(&version); err != nil {
		return nil, fmt.Errorf("ask for the schema's version: %w", err)
	}
	if version > newestMigration {
		return []string{fmt.Sprintf("it is of a newer build (migration %d, this one knows %d): verify with that", version,
			newestMigration)}, nil
	}
	is, err := catalog(ctx, tx)
	if err != nil {
		return nil, fmt.Errorf("read the catalog: %w", err)
	}
	for line := range strings.Lines(schemaText) {
		thing, want, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		switch have, there := is[thing]; {
		case !there:
			odd = append(odd, thing+": gone")
		case have != want:
			odd = append(odd, thing+": altered")
		}
		delete(is, thing)
	}
	for thing := range is {
		odd = append(odd, thing+": added")
	}
	slices.Sort(odd)
	return odd, nil
}
