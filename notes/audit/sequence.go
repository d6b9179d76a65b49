package audit

import (
	"context"
	"crypto/hmac"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/mod/sumdb/tlog"

	"lamplight/notes/audit/tree"
)

const (
	sequencerLock = 0x4c414d50 // pg_advisory_xact_lock: one sequencer at a time over all servers
	batchSize     = 4000
	gather        = 100 * time.Millisecond // how long leaves are gathered: a batch costs two fsyncs, which the acts would wait for
	sequencePoll  = time.Second            // how long a leaf of another process, which cannot wake us, may wait
)

// ErrForged is wrapped when a waiting leaf's MAC does not hold: somebody wrote to the database who is not Lamplight. Such a
// leaf is never sequenced and stays for Verify to show.
var ErrForged = errors.New("a waiting audit leaf is not one of ours")

// ErrTampered is wrapped when the stored hashes do not lead to the newest checkpoint: nothing is signed any more.
var ErrTampered = errors.New("the audit log does not match its newest checkpoint")

// Run sequences leaves as they come until ctx ends, and then once more. report hears of errors; Run goes on after each.
func (l *Log) Run(ctx context.Context, report func(error)) {
	for {
		timer := time.NewTimer(sequencePoll)
		select {
		case <-ctx.Done():
		case <-timer.C:
		case <-l.wake:
			select {
			case <-ctx.Done():
			case <-time.After(gather):
			}
		}
		timer.Stop()
		if ctx.Err() != nil {
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
			defer cancel()
			if _, err := l.Sequence(last); err != nil {
				report(err)
			}
			return
		}
		if _, err := l.Sequence(ctx); err != nil && ctx.Err() == nil {
			report(err)
		}
	}
}

// Sequence gives every leaf that waits now its place, signs a checkpoint over them, and returns how many it placed. When
// another server is at it, it waits for its turn.
func (l *Log) Sequence(ctx context.Context) (int, error) {
	total := 0
	for {
		n, forged, err := l.sequenceBatch(ctx)
		total += n
		if err != nil {
			return total, fmt.Errorf("sequence the audit log: %w", err)
		}
		if n < batchSize {
			if forged > 0 {
				return total, fmt.Errorf("%w: %d of them", ErrForged, forged)
			}
			return total, nil
		}
	}
}

// waiting is an outbox row.
type waiting struct {
	id           int64
	kind, object string
	body         []byte
}

func (l *Log) sequenceBatch(ctx context.Context) (placed, forged int, err error) {
	// A look without a lock first: most wake-ups of most servers find nothing.
	var any bool
	if err := l.pool.QueryRow(ctx, "select exists (select from audit_outbox)").Scan(&any); err != nil || !any {
		return 0, 0, err
	}
	var signed string
	err = pgx.BeginFunc(ctx, l.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "select pg_advisory_xact_lock($1)", int64(sequencerLock)); err != nil {
			return err
		}
		var leaves []waiting
		if leaves, forged, err = l.readOutbox(ctx, tx); err != nil || len(leaves) == 0 {
			return err
		}
		size, edge, err := l.newest(ctx, tx)
		if err != nil {
			return err
		}
		signed, err = l.place(ctx, tx, size, edge, leaves)
		placed = len(leaves)
		return err
	})
	if err != nil {
		return 0, forged, err
	}
	if signed != "" {
		err = l.key.Remember(signed)
	}
	return placed, forged, err
}

func (l *Log) readOutbox(ctx context.Context, tx pgx.Tx) (leaves []waiting, forged int, err error) {
	rows, err := tx.Query(ctx, "select id, kind, object, body, mac from audit_outbox order by id limit $1", batchSize)
	if err != nil {
		return nil, 0, err
	}
	var w waiting
	var mac []byte
	_, err = pgx.ForEachRow(rows, []any{&w.id, &w.kind, &w.object, &w.body, &mac}, func() error {
		if !hmac.Equal(mac, l.key.mac(w.kind, w.object, w.body)) {
			forged++
			return nil
		}
		leaves = append(leaves, w)
		w.body = nil
		return nil
	})
	return leaves, forged, err
}

// newest returns the log's size and the hashes it grows from, after checking that they lead to the newest checkpoint.
func (l *Log) newest(ctx context.Context, tx pgx.Tx) (int64, map[int64]tlog.Hash, error) {
	var msg string
	err := tx.QueryRow(ctx, "select note from audit_checkpoint order by size desc limit 1").Scan(&msg)
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, nil, nil
	}
	if err != nil {
		return 0, nil, err
	}
	head, err := tree.VerifyHead(msg, l.key.verifier)
	if err != nil {
		return 0, nil, fmt.Errorf("%w: %w", ErrTampered, err)
	}
	edge := map[int64]tlog.Hash{}
	rows, err := tx.Query(ctx, "select idx, hash from audit_hash where idx = any($1)", tree.Edge(head.Size))
	if err != nil {
		return 0, nil, err
	}
	var idx int64
	var h []byte
	if _, err := pgx.ForEachRow(rows, []any{&idx, &h}, func() error {
		if len(h) != tlog.HashSize {
			return ErrTampered
		}
		edge[idx] = tlog.Hash(h)
		return nil
	}); err != nil {
		return 0, nil, err
	}
	if _, hash, err := tree.Grow(head.Size, edge, nil); err != nil || hash != head.Hash {
		return 0, nil, ErrTampered
	}
	return head.Size, edge, nil
}

// place stores leaves and hashes, signs the new head and empties the outbox, all in tx.
func (l *Log) place(ctx context.Context, tx pgx.Tx, size int64, edge map[int64]tlog.Hash, leaves []waiting) (string, error) {
	bodies := make([][]byte, len(leaves))
	ids := make([]int64, len(leaves))
	for i, w := range leaves {
		bodies[i], ids[i] = w.body, w.id
	}
	stored, hash, err := tree.Grow(size, edge, bodies)
	if err != nil {
		return "", err
	}
	head := tree.Head{Size: size + int64(len(leaves)), Hash: hash, Prev: size, At: time.Now()}
	if size == 0 {
		head.Prev = -1
	}
	signed, err := head.Sign(l.key.signer)
	if err != nil {
		return "", err
	}
	if _, err := tx.CopyFrom(ctx, pgx.Identifier{"audit_leaf"}, []string{"idx", "kind", "object", "body"},
		pgx.CopyFromSlice(len(leaves), func(i int) ([]any, error) {
			return []any{size + int64(i), leaves[i].kind, leaves[i].object, leaves[i].body}, nil
		})); err != nil {
		return "", err
	}
	first := tlog.StoredHashCount(size)
	if _, err := tx.CopyFrom(ctx, pgx.Identifier{"audit_hash"}, []string{"idx", "hash"},
		pgx.CopyFromSlice(len(stored), func(i int) ([]any, error) { return []any{first + int64(i), stored[i][:]}, nil })); err != nil {
		return "", err
	}
	b := &pgx.Batch{}
	b.Queue("insert into audit_checkpoint (size, note) values ($1, $2)", head.Size, signed)
	b.Queue("delete from audit_outbox where id = any($1)", ids)
	return signed, tx.SendBatch(ctx, b).Close()
}

// Checkpoint is the newest signed checkpoint, "" for an empty log. It holds nothing secret: give it away.
func (l *Log) Checkpoint(ctx context.Context) (string, error) {
	var msg string
	err := l.pool.QueryRow(ctx, "select note from audit_checkpoint order by size desc limit 1").Scan(&msg)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return "", fmt.Errorf("read the newest checkpoint: %w", err)
	}
	return msg, nil
}

// VerifyCheckpoint checks a checkpoint's signature and reads it.
func (l *Log) VerifyCheckpoint(msg string) (tree.Head, error) {
	return tree.VerifyHead(msg, l.key.verifier)
}
