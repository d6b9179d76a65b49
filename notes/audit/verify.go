package audit

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/mod/sumdb/tlog"

	"lamplight/notes/audit/tree"
)

// VerifyOptions say what Verify checks beside the log itself.
type VerifyOptions struct {
	Key     *Key     // checks signatures and the MACs of waiting leaves
	Tables  []Table  // the business tables; a row of a kind not listed is counted in Report.Unchecked
	Against []string // checkpoints kept elsewhere: the log must still contain each
	// Schema lists what of the schema itself (functions, triggers, rules, policies, constraints, columns) is not as the
	// migrations made it, "trigger x on y: added"; nil for not looking.
	Schema func(context.Context, pgx.Tx) ([]string, error)
}

// Verify recomputes the log from its leaves and compares everything there is with it, in one snapshot of the database: it
// may run beside a working server. Its error means that it could not look; what it saw is in the Report.
func Verify(ctx context.Context, pool *pgxpool.Pool, o VerifyOptions) (Report, error) {
	var r Report
	// Before the snapshot: a working server goes on signing, and what it keeps meanwhile the snapshot does not have.
	kept, err := o.Key.Remembered()
	if err != nil {
		return r, fmt.Errorf("verify the audit log: %w", err)
	}
	if kept != "" {
		o.Against = append([]string{kept}, o.Against...)
	}
	err = pgx.BeginTxFunc(ctx, pool, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) (err error) {
		r, err = VerifyTx(ctx, tx, o)
		return err
	})
	return r, err
}

// VerifyTx is Verify in a transaction of the caller's, which looks at what that transaction sees, and not at the checkpoint
// beside the key.
func VerifyTx(ctx context.Context, tx pgx.Tx, o VerifyOptions) (r Report, err error) {
	v := &verifier{tx: tx, o: o, r: &r, rows: map[[sha256.Size]byte]vouched{}}
	for _, step := range []func(context.Context) error{v.readHashes, v.leaves, v.checkpoints, v.outbox, v.tables, v.macs, v.schema} {
		if err := step(ctx); err != nil {
			return r, fmt.Errorf("verify the audit log: %w", err)
		}
	}
	return r, nil
}

// verifier is one run.
type verifier struct {
	tx     pgx.Tx
	o      VerifyOptions
	r      *Report
	check  tree.Checker
	stored map[int64][]byte // audit_hash, entries leave when they were compared
	rows   map[[sha256.Size]byte]vouched
}

// vouched is what the last leaf said of a row.
type vouched struct {
	kind, id, hash string
	seen           bool
}

func rowKey(kind, id string) [sha256.Size]byte { return sha256.Sum256([]byte(kind + "\x00" + id)) }

func (v *verifier) readHashes(ctx context.Context) error {
	v.stored = map[int64][]byte{}
	rows, err := v.tx.Query(ctx, "select idx, hash from audit_hash")
	if err != nil {
		return err
	}
	for rows.Next() {
		var idx int64
		var h []byte
		if err := rows.Scan(&idx, &h); err != nil {
			return err
		}
		v.stored[idx] = h
	}
	return rows.Err()
}

// leaves recomputes the tree. Each leaf is held against the hash stored for it, which names the leaf that was changed;
// that the stored hashes themselves are the right ones is shown by the checkpoints.
func (v *verifier) leaves(ctx context.Context) error {
	rows, err := v.tx.Query(ctx, "select idx, kind, object, body from audit_leaf order by idx")
	if err != nil {
		return err
	}
	var idx int64
	var kind, object string
	var body []byte
	_, err = pgx.ForEachRow(rows, []any{&idx, &kind, &object, &body}, func() error {
		for next := v.check.Size(); next < idx; next++ {
			v.r.find("leaf-missing", "leaf %d", next)
			// A placeholder keeps the places of the leaves that follow, so that only the missing one is named.
			if err := v.grow(nil, false); err != nil {
				return err
			}
		}
		if idx != v.check.Size() {
			v.r.find("leaf-inserted", "leaf %d", idx)
			return nil
		}
		v.r.Leaves++
		at := tlog.StoredHashIndex(0, idx)
		if h := tlog.RecordHash(body); string(h[:]) != string(v.stored[at]) {
			v.r.find("leaf-edited", "leaf %d", idx)
		}
		v.believe(body, kind, object, "leaf "+strconv.FormatInt(idx, 10))
		return v.grow(body, true)
	})
	if err != nil {
		return err
	}
	for idx := range v.stored {
		v.r.find("hash-inserted", "hash %d", idx)
	}
	return nil
}

// grow adds a leaf to the recomputed tree and compares the inner hashes it completes. Once a leaf is missing or altered the
// hashes above it differ too; they are not findings of their own beside it, but never hide one, since any finding fails.
func (v *verifier) grow(body []byte, compare bool) error {
	from, made, err := v.check.Add(body)
	if err != nil {
		return err
	}
	for i, h := range made {
		idx := from + int64(i)
		if stored, ok := v.stored[idx]; !ok {
			v.r.find("hash-missing", "hash %d", idx)
		} else if compare && string(stored) != string(h[:]) {
			v.r.find("hash-altered", "hash %d", idx)
		}
		delete(v.stored, idx)
	}
	return nil
}

// believe takes a leaf at its word about the rows it vouches for.
func (v *verifier) believe(body []byte, kind, object, where string) {
	e, err := tree.Decode(body)
	if err != nil {
		v.r.find("leaf-unreadable", "%s", where)
		return
	}
	if e.Kind != kind || e.Object != object {
		v.r.find("leaf-edited", "%s", where)
	}
	if e.Action == ForgedDispatch {
		v.r.Mended = append(v.r.Mended, fmt.Sprintf("dispatch %s, at %s (%s)", e.Object, e.At.Format(time.RFC3339), where))
	}
	for _, row := range e.Rows {
		v.rows[rowKey(row.Kind, row.ID)] = vouched{kind: row.Kind, id: row.ID, hash: row.Hash}
	}
}

func (v *verifier) checkpoints(ctx context.Context) error {
	rows, err := v.tx.Query(ctx, "select size, note from audit_checkpoint order by size")
	if err != nil {
		return err
	}
	prev, newest := int64(-1), int64(0)
	var size int64
	var msg string
	_, err = pgx.ForEachRow(rows, []any{&size, &msg}, func() error {
		v.r.Checkpoints++
		h, err := tree.VerifyHead(msg, v.o.Key.verifier)
		if err != nil {
			v.r.find("checkpoint-altered", "checkpoint %d: %v", size, err)
			return nil
		}
		if h.Size != size {
			v.r.find("checkpoint-altered", "checkpoint %d", size)
		}
		if h.Prev != prev {
			v.r.find("checkpoint-missing", "between %d and %d", prev, h.Size)
		}
		prev, newest = h.Size, h.Size
		return v.contains(h, "checkpoint "+strconv.FormatInt(size, 10))
	})
	if err != nil {
		return err
	}
	if have := v.check.Size(); have > newest {
		v.r.find("leaf-inserted", "%d leaves beyond the newest checkpoint", have-newest)
	}
	for _, msg := range v.o.Against {
		h, err := tree.VerifyHead(msg, v.o.Key.verifier)
		if err != nil {
			v.r.find("checkpoint-foreign", "a checkpoint given to compare with: %v", err)
			continue
		}
		if err := v.contains(h, "kept checkpoint "+strconv.FormatInt(h.Size, 10)); err != nil {
			return err
		}
	}
	return nil
}

// contains checks that the recomputed log still begins with what the head covers.
func (v *verifier) contains(h tree.Head, where string) error {
	if h.Size > v.check.Size() {
		v.r.find("log-cut", "%s, and the log has %d leaves", where, v.check.Size())
		return nil
	}
	hash, err := v.check.Head(h.Size)
	if err != nil {
		return err
	}
	if hash != h.Hash {
		v.r.find("log-altered", "%s does not cover these leaves", where)
	}
	return nil
}

func (v *verifier) outbox(ctx context.Context) error {
	rows, err := v.tx.Query(ctx, "select id, kind, object, body, mac from audit_outbox order by id")
	if err != nil {
		return err
	}
	var id int64
	var kind, object string
	var body, mac []byte
	_, err = pgx.ForEachRow(rows, []any{&id, &kind, &object, &body, &mac}, func() error {
		v.r.Waiting++
		where := "waiting leaf " + strconv.FormatInt(id, 10)
		if !hmac.Equal(mac, v.o.Key.mac(kind, object, body)) {
			v.r.find("leaf-forged", "%s", where)
			return nil
		}
		v.believe(body, kind, object, where)
		return nil
	})
	return err
}

func (v *verifier) tables(ctx context.Context) error {
	checked := map[string]bool{}
	for _, t := range v.o.Tables {
		if how, ok := t.How(); ok {
			v.r.Vouched = append(v.r.Vouched, t.Name+": "+how)
		} else {
			v.r.Apart = append(v.r.Apart, t.Name+": "+how)
		}
		if t.Differs != "" {
			if err := v.differs(ctx, t); err != nil {
				return fmt.Errorf("work %s out again: %w", t.Name, err)
			}
		}
		if t.Columns == nil {
			continue
		}
		checked[t.Kind] = true
		if err := t.each(ctx, v.tx, func(row Row) { v.row(row) }); err != nil {
			return fmt.Errorf("read %s: %w", t.Name, err)
		}
	}
	unchecked := map[string]bool{}
	for _, w := range v.rows {
		switch {
		case !checked[w.kind]:
			if !unchecked[w.kind] {
				unchecked[w.kind] = true
				v.r.Unchecked = append(v.r.Unchecked, w.kind)
			}
		case !w.seen && w.hash != "":
			v.r.find("row-missing", "%s %s", w.kind, w.id)
		}
	}
	return nil
}

// differs finds the rows of a table that are not what follows from its sources.
func (v *verifier) differs(ctx context.Context, t Table) error {
	rows, err := v.tx.Query(ctx, t.Differs)
	if err != nil {
		return err
	}
	var id string
	_, err = pgx.ForEachRow(rows, []any{&id}, func() error {
		v.r.find("row-underived", "%s %s", t.Name, id)
		return nil
	})
	return err
}

// macs checks each row that carries a MAC.
func (v *verifier) macs(ctx context.Context) error {
	lenient, err := v.macMark(ctx)
	if err != nil {
		return err
	}
	for _, t := range v.o.Tables {
		if t.Mac == nil {
			continue
		}
		rows, err := v.tx.Query(ctx, "select "+t.MacList("")+" from "+t.Name)
		if err != nil {
			return err
		}
		r := t.MacRow()
		if _, err := pgx.ForEachRow(rows, r.Into(), func() error {
			v.r.Macs++
			if ok, err := v.o.Key.holds(r); err == nil && ok {
				return nil
			}
			if lenient {
				v.r.Unsettled++
			} else {
				v.r.find("row-forged", "%s %s", t.Kind, r.id())
			}
			return nil
		}); err != nil {
			return fmt.Errorf("read %s: %w", t.Name, err)
		}
	}
	return nil
}

// macMark reads since when all rows have MACs; lenient says that servers of the release before may still be writing.
func (v *verifier) macMark(ctx context.Context) (lenient bool, err error) {
	m, known, err := v.o.Key.macMark(ctx, v.tx)
	switch {
	case err != nil:
		return false, err
	case known == macUnmarked:
		v.r.find("row-missing", "mac_mark 1")
	case known == macNever:
		return false, nil
	}
	return !m.Settled && time.Now().Before(m.Since.Add(SideBySide)), nil
}

// schema looks at what acts by itself in the database, and at what keeps rows from being wrong.
func (v *verifier) schema(ctx context.Context) error {
	if v.o.Schema == nil {
		return nil
	}
	odd, err := v.o.Schema(ctx, v.tx)
	if err != nil {
		return fmt.Errorf("look at the schema: %w", err)
	}
	v.r.Schema = true
	for _, o := range odd {
		v.r.find("schema-altered", "%s", o)
	}
	return nil
}

func (v *verifier) row(row Row) {
	v.r.Rows++
	k := rowKey(row.Kind, row.ID)
	w, ok := v.rows[k]
	switch {
	case !ok:
		v.r.find("row-without-leaf", "%s %s", row.Kind, row.ID)
		return
	case w.hash == "":
		v.r.find("row-returned", "%s %s", row.Kind, row.ID)
	case w.hash != row.Hash:
		v.r.find("row-altered", "%s %s", row.Kind, row.ID)
	}
	w.seen = true
	v.rows[k] = w
}
