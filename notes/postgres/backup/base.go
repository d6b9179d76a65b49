package backup

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"
)

// takeBase stores a base backup, and describes it when the WAL up to its end is stored.
func (k *Keeper) takeBase(ctx context.Context) (Base, error) {
	// Only when the WAL is being stored: what is written during the copy would be missing otherwise, and the base with it.
	if _, err := k.Caught(ctx); err != nil {
		return Base{}, err
	}
	began := time.Now()
	conn, err := replicate(ctx, k.cfg.URL)
	if err != nil {
		return Base{}, err
	}
	defer hangUp(conn)
	l, err := identify(ctx, conn)
	if err != nil {
		return Base{}, err
	}
	v := k.cfg.Vault
	if err := v.prepare(l); err != nil {
		return Base{}, err
	}
	b := Base{System: l.System, Timeline: l.Timeline, File: "base-" + began.UTC().Format("20060102T150405.000Z") + ".tar.gz.age"}
	if b.Postgres, err = major(conn); err != nil {
		return b, err
	}
	copied := &copying{}
	if err := v.put(v.of(l, b.File), func(w io.Writer) error {
		copied.to = w
		return copied.run(ctx, conn)
	}); err != nil {
		return b, err
	}
	b.Start, b.End, b.Bytes = copied.ends[0].String(), copied.ends[1].String(), copied.bytes
	if err := v.waitFor(ctx, l, copied.ends[1]); err != nil {
		return b, err
	}
	b.At = time.Now().UTC()
	b.Seconds = b.At.Sub(began).Seconds()
	text, err := json.Marshal(b)
	if err != nil {
		return b, err
	}
	return b, writeWhole(v.of(l, described(b.File)), text)
}

func major(conn *pgconn.PgConn) (int, error) {
	var n int
	if _, err := fmt.Sscanf(conn.ParameterStatus("server_version"), "%d", &n); err != nil {
		return 0, fmt.Errorf("the database's version: %w", err)
	}
	return n, nil
}

// A copying is one BASE_BACKUP: the data directory as a tar, between two places in the WAL.
type copying struct {
	to    io.Writer
	ends  [2]lsn
	bytes int64

	copied bool // what comes now is the second place
}

func (c *copying) run(ctx context.Context, conn *pgconn.PgConn) error {
	conn.Frontend().SendQuery(&pgproto3.Query{String: "BASE_BACKUP (LABEL 'lamplight', CHECKPOINT 'fast', WAIT false, MANIFEST 'no')"})
	if err := conn.Frontend().Flush(); err != nil {
		return err
	}
	for {
		msg, err := conn.ReceiveMessage(ctx)
		if err != nil {
			return err
		}
		switch m := msg.(type) {
		case *pgproto3.DataRow:
			err = c.row(m.Values)
		case *pgproto3.CopyData:
			err = c.data(m.Data)
		case *pgproto3.CopyDone:
			c.copied = true
		case *pgproto3.ErrorResponse:
			return pgconn.ErrorResponseToPgError(m)
		case *pgproto3.ReadyForQuery:
			if c.ends[0] == 0 || c.ends[1] == 0 || c.bytes == 0 {
				return errors.New("the database gave no whole base backup")
			}
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// row is a place in the WAL, before or after the copy, or a tablespace, of which a private cluster has its own alone.
func (c *copying) row(values [][]byte) (err error) {
	switch {
	case len(values) == 2 && !c.copied:
		c.ends[0], err = parseLSN(string(values[0]))
	case len(values) == 2:
		c.ends[1], err = parseLSN(string(values[0]))
	case len(values) == 3 && values[0] != nil:
		err = fmt.Errorf("the database has a tablespace of its own at %s, which is not backed up", strconv.Quote(string(values[1])))
	}
	return err
}

func (c *copying) data(b []byte) error {
	if len(b) == 0 || b[0] != 'd' { // a name, or how far it is
		return nil
	}
	n, err := c.to.Write(b[1:])
	c.bytes += int64(n)
	return err
}
