package audit

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"lamplight/notes/audit/tree"
	"lamplight/notes/keyfile"
)

// Rows that open doors and rows that move notes are believed when they are read, long before anybody verifies the log. So each
// carries a MAC by the log's key over every column that decides: who can only write the database can change such a row, and
// nobody believes it. A row set back to what it was earlier keeps its MAC; that, and a row that is gone, the leaves show.

// A MacRow is a row's columns under its MAC, in the order of Table.Mac, and the MAC.
type MacRow struct {
	table  Table
	values []any
	mac    []byte
}

// MacRow returns an empty one, to be filled by Scan.
func (t Table) MacRow() *MacRow { return &MacRow{table: t, values: make([]any, len(t.Mac))} }

// MacList is the columns under the MAC and the MAC as they stand in a select or a returning clause, for MacRow.Into. Alias is
// the table's in that statement, "" for none.
func (t Table) MacList(alias string) string {
	if alias != "" {
		alias += "."
	}
	list := make([]string, 0, len(t.Mac)+1)
	for _, c := range append(slices.Clone(t.Mac), "mac") {
		if !strings.Contains(c, "@") {
			c = "@" + c
		}
		list = append(list, strings.ReplaceAll(c, "@", alias))
	}
	return strings.Join(list, ", ")
}

// Into are a Scan's targets for what MacList selects.
func (r *MacRow) Into() []any {
	into := make([]any, 0, len(r.values)+1)
	for i := range r.values {
		into = append(into, &r.values[i])
	}
	return append(into, &r.mac)
}

// Set gives a column under the MAC another value, for QueueMac or Log.Mac.
func (r *MacRow) Set(column string, v any) {
	i := slices.Index(r.table.Mac, column)
	if i < 0 {
		panic("audit: " + r.table.Name + " has no column " + column + " under its MAC")
	}
	r.values[i] = v
}

// Values are the columns' values.
func (r *MacRow) Values() []any { return r.values }

// id names the row for a person. What names a phone's subscription or a session is no name to be shown.
func (r *MacRow) id() string {
	var parts []string
	for _, v := range r.values[:max(1, r.table.MacKey)] {
		switch v := v.(type) {
		case []byte:
			parts = append(parts, hex.EncodeToString(v[:min(8, len(v))]))
		case string:
			if !tree.IsCode(v) || strings.Contains(v, "://") {
				sum := sha256.Sum256([]byte(v))
				v = hex.EncodeToString(sum[:8])
			}
			parts = append(parts, v)
		}
	}
	return strings.Join(parts, "/")
}

// Mac is a row's MAC: of the values of the columns under it, in their order. The error is a mistake in the code.
func (l *Log) Mac(t Table, values ...any) ([]byte, error) { return l.key.rowMac(t, values) }

func (k *Key) rowMac(t Table, values []any) ([]byte, error) {
	hash, err := tree.HashRow(t.Kind, t.Mac, values)
	if err != nil {
		return nil, err
	}
	h := hmac.New(sha256.New, k.macKey)
	h.Write([]byte("lamplight row mac 1\n" + hash))
	return h.Sum(nil), nil
}

func (k *Key) holds(r *MacRow) (bool, error) {
	want, err := k.rowMac(r.table, r.values)
	return err == nil && hmac.Equal(want, r.mac), err
}

// Holds reports that a row is as Lamplight wrote it. One that is not must not be believed; it is remembered for Forged. While
// servers of the release before, which know of no MACs, may be writing, it is believed (StartMacs).
func (l *Log) Holds(r *MacRow) bool {
	ok, err := l.key.holds(r)
	if ok && err == nil {
		return true
	}
	if l.macs.lenient(time.Now()) {
		return true
	}
	l.macs.distrust(r.table.Kind + " " + r.id())
	return false
}

// QueueMac has b give the row the MAC of its present values.
func (l *Log) QueueMac(b *pgx.Batch, r *MacRow) error {
	mac, err := l.key.rowMac(r.table, r.values)
	if err != nil {
		return err
	}
	n := max(1, r.table.MacKey)
	var where []string
	for i, c := range r.table.Mac[:n] {
		where = append(where, fmt.Sprintf("%s = $%d", c, i+2))
	}
	b.Queue("update "+r.table.Name+" set mac = $1 where "+strings.Join(where, " and "), append([]any{mac}, r.values[:n]...)...)
	return nil
}

// ReadMacs collects what MacList selected.
func (t Table) ReadMacs(rows pgx.Rows) ([]*MacRow, error) {
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (*MacRow, error) {
		r := t.MacRow()
		return r, row.Scan(r.Into()...)
	})
}

// Distrust remembers for Forged a row that is not as it was written although its MAC says nothing of that.
func (l *Log) Distrust(kind, id string) { l.macs.distrust(kind + " " + id) }

// Forged lists the rows that were not believed since this process began, "session 5f0c…", at most mostForged of them.
func (l *Log) Forged() []string { return l.macs.list() }

const mostForged = 100

// macs is what a process knows of the rows' MACs.
type macs struct {
	mu     sync.Mutex // guards what follows
	until  time.Time  // rows without a right MAC are believed
	forged map[string]struct{}
}

func (m *macs) lenient(now time.Time) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return now.Before(m.until)
}

func (m *macs) believeUntil(at time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.until = at
}

func (m *macs) distrust(what string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.forged == nil {
		m.forged = map[string]struct{}{}
	}
	if len(m.forged) < mostForged {
		m.forged[what] = struct{}{}
	}
}

func (m *macs) list() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Sorted(maps.Keys(m.forged))
}

// SideBySide is how long after the first start with MACs servers of the release before may still write beside us.
const SideBySide = time.Hour

// A macMark says since when every row has its MAC. It stands in the database, under a MAC of its own, and beside the key, so
// that taking it out of the database does not have forged rows taken for old ones.
type macMark struct {
	Since   time.Time `json:"since"`
	Settled bool      `json:"settled"` // the rows of servers of the release before have theirs too
}

// MacMark is the table of the mark.
var MacMark = Table{Kind: "mac_mark", Name: "mac_mark", Mac: []string{"id", "since", "settled"}}

// StartMacs gives the rows of tables that are from before there were MACs theirs, once for a database, and says so in the log
// and to say. For SideBySide after that, rows without a right one are believed, because servers of the release before may still
// write; at its end SettleMacs gives these theirs. settleIn is the time until then, zero when nothing remains to be done.
func (l *Log) StartMacs(ctx context.Context, tables []Table, say func(text string, args ...any)) (settleIn time.Duration, err error) {
	err = l.changeMacMark(ctx, func(tx pgx.Tx, m *macMark, known macKnown) error {
		if known == macNever {
			n, err := l.adopt(ctx, tx, tables, say)
			if err != nil {
				return err
			}
			*m = macMark{Since: time.Now().UTC().Truncate(time.Microsecond), Settled: n == 0}
		}
		if m.Settled {
			return nil
		}
		end := m.Since.Add(SideBySide)
		if settleIn = time.Until(end); settleIn <= 0 {
			settleIn, m.Settled = 0, true
			_, err := l.adopt(ctx, tx, tables, say)
			return err
		}
		l.macs.believeUntil(end)
		return nil
	})
	return settleIn, err
}

// SettleMacs gives the rows that servers of the release before wrote meanwhile their MACs, and ends the time for that.
func (l *Log) SettleMacs(ctx context.Context, tables []Table, say func(text string, args ...any)) error {
	err := l.changeMacMark(ctx, func(tx pgx.Tx, m *macMark, known macKnown) error {
		if known == macNever || m.Settled {
			return nil
		}
		m.Settled = true
		_, err := l.adopt(ctx, tx, tables, say)
		return err
	})
	if err == nil {
		l.macs.believeUntil(time.Time{})
	}
	return err
}

// adopt signs what is there, and tells of it.
func (l *Log) adopt(ctx context.Context, tx pgx.Tx, tables []Table, say func(text string, args ...any)) (n int, err error) {
	if n, err = l.SignRows(ctx, tx, tables...); err != nil || n == 0 {
		return n, err
	}
	say("rows that open doors and move notes, written by the release before, got their MACs", "rows", n)
	return n, l.Append(ctx, tx, Entry{Actor: "audit", Action: "mac.given", Kind: MacMark.Kind, Object: "1",
		Detail: []string{"rows:" + strconv.Itoa(n)}})
}

// changeMacMark changes the mark, one server at a time.
func (l *Log) changeMacMark(ctx context.Context, change func(pgx.Tx, *macMark, macKnown) error) error {
	err := pgx.BeginFunc(ctx, l.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "select pg_advisory_xact_lock($1)", int64(macLock)); err != nil {
			return err
		}
		m, known, err := l.key.macMark(ctx, tx)
		if err != nil {
			return err
		}
		if known == macUnmarked {
			l.macs.distrust("mac_mark 1")
		}
		was := m
		if err := change(tx, &m, known); err != nil {
			return err
		}
		if known != macMarked || m != was {
			if err := l.putMacMark(ctx, tx, m); err != nil {
				return err
			}
		}
		return l.key.keepMacMark(m)
	})
	if err != nil {
		return fmt.Errorf("give rows their MACs: %w", err)
	}
	return nil
}

const macLock = sequencerLock + 1

// macKnown is where the mark was found.
type macKnown int

const (
	macNever    macKnown = iota // nowhere: no row has had its MAC yet
	macMarked                   // in the database
	macUnmarked                 // beside the key alone: somebody took it out of the database
)

// macMark reads the mark, from beside the key when the database has none to be believed.
func (k *Key) macMark(ctx context.Context, tx pgx.Tx) (m macMark, known macKnown, err error) {
	r := MacMark.MacRow()
	err = tx.QueryRow(ctx, "select "+MacMark.MacList("")+" from mac_mark").Scan(r.Into()...)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return m, macNever, err
	}
	if ok, _ := k.holds(r); err == nil && ok {
		m.Since, _ = r.values[1].(time.Time)
		m.Settled, _ = r.values[2].(bool)
		return m, macMarked, nil
	}
	b, err := os.ReadFile(k.macsFile())
	if errors.Is(err, fs.ErrNotExist) {
		return m, macNever, nil
	}
	if err == nil {
		err = json.Unmarshal(b, &m)
	}
	return m, macUnmarked, err
}

// macsFile keeps the mark beside the key.
func (k *Key) macsFile() string { return strings.TrimSuffix(k.path, ".key") + ".macs" }

func (l *Log) putMacMark(ctx context.Context, tx pgx.Tx, m macMark) error {
	mac, err := l.Mac(MacMark, 1, m.Since, m.Settled)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `insert into mac_mark (id, since, settled, mac) values (1, $1, $2, $3)
		on conflict (id) do update set since = excluded.since, settled = excluded.settled, mac = excluded.mac`, m.Since, m.Settled, mac)
	return err
}

func (k *Key) keepMacMark(m macMark) error {
	b, err := json.Marshal(m)
	if err != nil {
		return err
	}
	return keyfile.Replace(k.macsFile(), b, 0o600)
}

// SignRows gives each row of tables whose MAC is not right the right one, and counts them. It believes what it finds: it is for
// rows from before there were MACs, and for tests.
func (l *Log) SignRows(ctx context.Context, tx pgx.Tx, tables ...Table) (n int, err error) {
	for _, t := range tables {
		if t.Mac == nil {
			continue
		}
		rows, err := tx.Query(ctx, "select ctid::text, "+t.MacList("")+" from "+t.Name)
		if err != nil {
			return n, err
		}
		var places []string
		var right [][]byte
		r, place := t.MacRow(), ""
		if _, err := pgx.ForEachRow(rows, append([]any{&place}, r.Into()...), func() error {
			mac, err := l.key.rowMac(t, r.values)
			if err == nil && !hmac.Equal(mac, r.mac) {
				places, right = append(places, place), append(right, mac)
			}
			return err
		}); err != nil {
			return n, fmt.Errorf("%s: %w", t.Name, err)
		}
		if _, err := tx.Exec(ctx, "update "+t.Name+" t set mac = v.mac from unnest($1::text[], $2::bytea[]) v (place, mac) "+
			"where t.ctid = v.place::tid", places, right); err != nil {
			return n, fmt.Errorf("%s: %w", t.Name, err)
		}
		n += len(places)
	}
	return n, nil
}
