// Package audit is the transparency log: a leaf for every act that changes or opens a record, written in the act's own
// transaction, put in order by one sequencer into a Merkle tree, whose heads (checkpoints) are signed. Verify recomputes the whole.
//
// It promises that Verify finds any leaf that was edited, removed, inserted or moved, any altered hash or checkpoint, and any
// business row that has no leaf, is no longer what its last leaf vouched for, or has disappeared. A leaf that still waits to
// be sequenced carries a MAC, so it cannot be edited or forged either.
//
// What the database alone cannot show: that the newest leaves, their rows and their checkpoints were all removed together (a
// rollback to an older state), or that a leaf of a mere reading was removed before it was sequenced. Against the first, keep
// checkpoints elsewhere (Key.Remember keeps the newest beside the key) and give them to Verify; the second needs the database's
// own superuser within the moment between commit and sequencing.
//
// It leaves to others: which rows are vouched for (each package's own Tables), and who may ask (notes/access).
package audit

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"lamplight/notes/audit/tree"
)

// An Entry is what a leaf tells; a Row is a business row it vouches for.
type (
	Entry = tree.Entry
	Row   = tree.Row
)

// Removed vouches that a row was removed by the act.
func Removed(kind, id string) Row { return tree.Removed(kind, id) }

// A Log takes leaves and sequences them. Its methods may be called from any goroutine, and any number of servers may hold a
// Log on the same database.
type Log struct {
	pool *pgxpool.Pool
	key  *Key
	wake chan struct{}
	macs macs
}

// NewLog returns the log of the database, with its key.
func NewLog(pool *pgxpool.Pool, key *Key) *Log {
	return &Log{pool: pool, key: key, wake: make(chan struct{}, 1)}
}

// ForgedDispatch is the action of a leaf that tells of rows of a dispatch that somebody else wrote, and that were put right. Verify
// tells of such a leaf for good.
const ForgedDispatch = "dispatch.forged"

const insertLeaf = "insert into audit_outbox (kind, object, body, mac) values ($1, $2, $3, $4)"

// Append writes the leaf in the caller's transaction: with it the act is told, without it the act has not happened. At is
// now when zero. For a row that other transactions may change too, call Append after the row has been locked or written, so
// that leaves of one row follow each other as its changes did.
func (l *Log) Append(ctx context.Context, tx pgx.Tx, entries ...Entry) error {
	if len(entries) == 1 {
		body, err := l.encode(&entries[0])
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, insertLeaf, entries[0].Kind, entries[0].Object, body,
			l.key.mac(entries[0].Kind, entries[0].Object, body)); err != nil {
			return fmt.Errorf("write an audit leaf: %w", err)
		}
		l.Wake()
		return nil
	}
	b := &pgx.Batch{}
	if err := l.Queue(b, entries...); err != nil {
		return err
	}
	if err := tx.SendBatch(ctx, b).Close(); err != nil {
		return fmt.Errorf("write audit leaves: %w", err)
	}
	l.Wake()
	return nil
}

// Queue adds the leaves to a batch that will be sent in the act's transaction, to save the round trip.
func (l *Log) Queue(b *pgx.Batch, entries ...Entry) error {
	for i := range entries {
		body, err := l.encode(&entries[i])
		if err != nil {
			return err
		}
		b.Queue(insertLeaf, entries[i].Kind, entries[i].Object, body, l.key.mac(entries[i].Kind, entries[i].Object, body))
	}
	return nil
}

// Leaf returns the values of audit_outbox's columns kind, object, body and mac for an entry, for an act that writes its leaf
// in the same statement as its row; nothing else may write there.
func (l *Log) Leaf(e Entry) ([]any, error) {
	body, err := l.encode(&e)
	if err != nil {
		return nil, err
	}
	return []any{e.Kind, e.Object, body, l.key.mac(e.Kind, e.Object, body)}, nil
}

func (l *Log) encode(e *Entry) ([]byte, error) {
	if e.At.IsZero() {
		e.At = time.Now()
	}
	return e.Encode()
}

// Wake tells this process's sequencer that leaves wait. Append does it; after Queue it saves up to a second.
func (l *Log) Wake() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// mac is over what an outbox row says. The row's id is not in it: order is given by the sequencer.
func (k *Key) mac(kind, object string, body []byte) []byte {
	h := hmac.New(sha256.New, k.macKey)
	for _, part := range [][]byte{[]byte(kind), []byte(object), body} {
		h.Write(binary.AppendUvarint(nil, uint64(len(part))))
		h.Write(part)
	}
	return h.Sum(nil)
}
