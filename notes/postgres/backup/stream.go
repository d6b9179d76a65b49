package backup

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"
)

const (
	slotName   = "lamplight_backup"
	flushEvery = 500 * time.Millisecond // what may be lost with this machine, about
	fewPieces  = 64                     // then they are put into one again, so that a quiet night leaves no thousands
)

// replicate opens a connection that speaks PostgreSQL's replication protocol.
func replicate(ctx context.Context, url string) (*pgconn.PgConn, error) {
	cfg, err := pgconn.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("read the database URL: %w", err)
	}
	cfg.RuntimeParams["replication"] = "true"
	cfg.RuntimeParams["application_name"] = "lamplight backup"
	conn, err := pgconn.ConnectConfig(ctx, cfg)
	if err != nil {
		return nil, fmt.Errorf("reach the database: %w", err)
	}
	return conn, nil
}

// hangUp ends a connection that may be in the midst of a copy.
func hangUp(conn *pgconn.PgConn) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_ = conn.Close(ctx) // nothing of ours is pending on it
}

// identify tells whose WAL the connection gives.
func identify(ctx context.Context, conn *pgconn.PgConn) (line, error) {
	res, err := conn.Exec(ctx, "IDENTIFY_SYSTEM").ReadAll()
	if err != nil {
		return line{}, fmt.Errorf("ask the database who it is: %w", err)
	}
	if len(res) != 1 || len(res[0].Rows) != 1 || len(res[0].Rows[0]) < 2 {
		return line{}, errors.New("the database does not say who it is")
	}
	row := res[0].Rows[0]
	n, err := strconv.Atoi(string(row[1]))
	return line{string(row[0]), n}, err
}

// slot makes sure that the database keeps what was not stored yet, and tells from where it has it.
func slot(ctx context.Context, url string) (lsn, error) {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return 0, fmt.Errorf("reach the database: %w", err)
	}
	defer conn.Close(context.WithoutCancel(ctx)) //nolint:errcheck // nothing is pending on it
	// One that fell too far behind was given up by the database, which would have had to fill its disk for it.
	const dropLost = "select pg_drop_replication_slot(slot_name) from pg_replication_slots where slot_name = $1 and wal_status = 'lost'"
	if _, err := conn.Exec(ctx, dropLost, slotName); err != nil {
		return 0, fmt.Errorf("drop the lost replication slot: %w", err)
	}
	_, err = conn.Exec(ctx, "select pg_create_physical_replication_slot($1, true)", slotName)
	var pgErr *pgconn.PgError
	if err != nil && !(errors.As(err, &pgErr) && pgErr.Code == "42710") { // it is there
		return 0, fmt.Errorf("make the replication slot: %w", err)
	}
	var at string
	if err := conn.QueryRow(ctx, "select restart_lsn::text from pg_replication_slots where slot_name = $1",
		slotName).Scan(&at); err != nil {
		return 0, fmt.Errorf("read the replication slot: %w", err)
	}
	return parseLSN(at)
}

// Forget has a database keep nothing for a copy any more. Where nobody asked it to, that is success.
func Forget(ctx context.Context, url string) error {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return fmt.Errorf("reach the database: %w", err)
	}
	defer conn.Close(context.WithoutCancel(ctx)) //nolint:errcheck // nothing is pending on it
	const drop = "select pg_drop_replication_slot(slot_name) from pg_replication_slots where slot_name = $1 and not active"
	if _, err := conn.Exec(ctx, drop, slotName); err != nil {
		return fmt.Errorf("drop the replication slot: %w", err)
	}
	return nil
}

// stream receives the WAL and stores it until something fails or ctx ends. flows is called when it has begun.
func (k *Keeper) stream(ctx context.Context, flows func()) error {
	kept, err := slot(ctx, k.cfg.URL)
	if err != nil {
		return err
	}
	conn, err := replicate(ctx, k.cfg.URL)
	if err != nil {
		return err
	}
	defer hangUp(conn)
	l, err := identify(ctx, conn)
	if err != nil {
		return err
	}
	if err := k.cfg.Vault.prepare(l); err != nil {
		return err
	}
	have, err := k.cfg.Vault.stored(l)
	if err != nil {
		return err
	}
	from := have.segment()
	if gap := kept.segment(); have == 0 || gap > from {
		if have != 0 {
			k.cfg.Log.Error("backup: the database has given up WAL that was not stored; a new base backup is begun",
				"stored", have.String(), "from", kept.String())
			k.wantBase()
		}
		from = gap
	}
	if err := begin(ctx, conn, from.start(), l.Timeline); err != nil {
		return err
	}
	r := &receiver{keeper: k, conn: conn, line: l, seg: from}
	if r.pieces, err = k.cfg.Vault.pieces(l); err != nil {
		return err
	}
	r.pieces = slices.DeleteFunc(r.pieces, func(p piece) bool { return p.seg != from || p.whole })
	k.mu.Lock()
	k.line, k.stored = l, have
	k.mu.Unlock()
	flows()
	return r.run(ctx)
}

// wantBase has a base made soon.
func (k *Keeper) wantBase() {
	select {
	case k.due <- struct{}{}:
	default:
	}
}

// begin asks for the WAL from a place on.
func begin(ctx context.Context, conn *pgconn.PgConn, from lsn, timeline int) error {
	conn.Frontend().SendQuery(&pgproto3.Query{String: fmt.Sprintf("START_REPLICATION SLOT %s PHYSICAL %s TIMELINE %d", slotName, from,
		timeline)})
	if err := conn.Frontend().Flush(); err != nil {
		return fmt.Errorf("ask for the WAL: %w", err)
	}
	for {
		msg, err := conn.ReceiveMessage(ctx)
		if err != nil {
			return fmt.Errorf("ask for the WAL: %w", err)
		}
		switch m := msg.(type) {
		case *pgproto3.CopyBothResponse:
			return nil
		case *pgproto3.ErrorResponse:
			return fmt.Errorf("ask for the WAL: %w", pgconn.ErrorResponseToPgError(m))
		}
	}
}

// A receiver holds the newest segment in memory, so that it can be stored as one when it is whole.
type receiver struct {
	keeper *Keeper
	conn   *pgconn.PgConn
	line   line
	seg    segment
	buf    []byte  // the segment's bytes until now
	stored int     // how many of them lie in the vault
	pieces []piece // the files that hold them
	end    lsn     // of the server's WAL, as it told last
	caught time.Time
}

func (r *receiver) run(ctx context.Context) error {
	next := time.Now().Add(flushEvery)
	for ctx.Err() == nil {
		look, cancel := context.WithDeadline(ctx, next)
		msg, err := r.conn.ReceiveMessage(look)
		cancel()
		if err != nil && !pgconn.Timeout(err) {
			return errors.Join(fmt.Errorf("receive the WAL: %w", err), r.flush())
		}
		if err == nil {
			if err := r.take(msg); err != nil {
				return err
			}
		}
		if !time.Now().Before(next) {
			if err := r.flush(); err != nil {
				return err
			}
			if err := r.report(true); err != nil {
				return err
			}
			next = time.Now().Add(flushEvery)
		}
	}
	return errors.Join(r.flush(), r.report(false))
}

// take handles what the server says.
func (r *receiver) take(msg pgproto3.BackendMessage) error {
	switch m := msg.(type) {
	case *pgproto3.CopyData:
		return r.data(m.Data)
	case *pgproto3.ErrorResponse:
		return fmt.Errorf("receive the WAL: %w", pgconn.ErrorResponseToPgError(m))
	case *pgproto3.CopyDone:
		return errors.New("receive the WAL: the database ended its timeline")
	}
	return nil
}

func (r *receiver) data(b []byte) error {
	const dataHead, keepalive = 1 + 3*8, 1 + 2*8 + 1
	switch {
	case len(b) >= dataHead && b[0] == 'w':
		r.end = max(r.end, lsn(binary.BigEndian.Uint64(b[9:])))
		return r.feed(lsn(binary.BigEndian.Uint64(b[1:])), b[dataHead:])
	case len(b) >= keepalive && b[0] == 'k':
		r.end = max(r.end, lsn(binary.BigEndian.Uint64(b[1:])))
		r.noteCaughtUp(time.Now())
		if b[keepalive-1] == 1 {
			return r.report(false)
		}
	}
	return nil
}

// feed adds bytes of the WAL; a segment that is whole by them is stored at once.
func (r *receiver) feed(at lsn, b []byte) error {
	if want := r.seg.start() + lsn(len(r.buf)); at != want {
		return fmt.Errorf("receive the WAL: it goes on at %s and not at %s", at, want)
	}
	for len(b) > 0 {
		n := min(len(b), segmentBytes-len(r.buf))
		r.buf, b = append(r.buf, b[:n]...), b[n:]
		if len(r.buf) == segmentBytes {
			if err := r.finish(); err != nil {
				return err
			}
		}
	}
	return nil
}

// finish stores a whole segment and forgets its pieces.
func (r *receiver) finish() error {
	name := r.seg.name(r.line.Timeline) + ".age"
	if err := r.put(name, r.buf); err != nil {
		return err
	}
	if err := r.forget(segmentBytes); err != nil {
		return err
	}
	r.seg, r.buf, r.stored, r.pieces = r.seg+1, r.buf[:0], 0, nil
	r.advance()
	return nil
}

// flush stores what is not stored yet.
func (r *receiver) flush() error {
	if len(r.buf) == r.stored {
		r.advance()
		return nil
	}
	p := piece{seg: r.seg, n: 1, from: r.stored, to: len(r.buf)}
	if len(r.pieces) > 0 {
		p.n = r.pieces[len(r.pieces)-1].n + 1
	}
	if len(r.pieces) >= fewPieces {
		p.from = 0
	}
	p.file = fmt.Sprintf("%s.%08d.%d-%d.age", r.seg.name(r.line.Timeline), p.n, p.from, p.to)
	if err := r.put(p.file, r.buf[p.from:]); err != nil {
		return err
	}
	if p.from == 0 {
		if err := r.forget(p.to); err != nil {
			return err
		}
	}
	r.pieces, r.stored = append(r.pieces, p), p.to
	r.advance()
	return nil
}

func (r *receiver) put(name string, b []byte) error {
	return r.keeper.cfg.Vault.put(r.keeper.cfg.Vault.of(r.line, "wal", name), func(w io.Writer) error {
		_, err := w.Write(b)
		return err
	})
}

// forget removes the pieces that a file which begins the segment and reaches to holds too.
func (r *receiver) forget(to int) error {
	var kept []piece
	for _, p := range r.pieces {
		if p.to > to { // of an earlier receiver, and what it had we have not received again yet
			kept = append(kept, p)
			continue
		}
		if err := os.Remove(r.keeper.cfg.Vault.of(r.line, "wal", p.file)); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("forget a piece of the WAL: %w", err)
		}
	}
	r.pieces = kept
	return nil
}

func (r *receiver) position() lsn { return r.seg.start() + lsn(r.stored) }

// noteCaughtUp notes that everything the server told of is stored.
func (r *receiver) noteCaughtUp(now time.Time) {
	if r.end != 0 && len(r.buf) == r.stored && r.position() >= r.end { // it has told by now where its WAL ends
		r.caught = now
	}
}

func (r *receiver) advance() {
	r.noteCaughtUp(time.Now())
	k := r.keeper
	k.mu.Lock()
	defer k.mu.Unlock()
	k.stored = max(k.stored, r.position())
	if r.caught.After(k.caught) {
		k.caught = r.caught
	}
}

// report tells the server what is stored, so that it may forget that; ask has it answer where its WAL ends.
func (r *receiver) report(ask bool) error {
	b := make([]byte, 0, 34)
	b = append(b, 'r')
	for range 3 { // written, flushed, applied: here they are one
		b = binary.BigEndian.AppendUint64(b, uint64(r.position()))
	}
	b = binary.BigEndian.AppendUint64(b, uint64(time.Since(pgEpoch).Microseconds()))
	if ask {
		b = append(b, 1)
	} else {
		b = append(b, 0)
	}
	msg, err := (&pgproto3.CopyData{Data: b}).Encode(nil)
	if err == nil {
		err = r.conn.Frontend().SendUnbufferedEncodedCopyData(msg)
	}
	if err != nil {
		return fmt.Errorf("tell the database what is stored: %w", err)
	}
	return nil
}

var pgEpoch = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
