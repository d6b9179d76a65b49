package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"lamplight/notes/audit"
	"lamplight/notes/seal"
)

// A KeyShelf keeps practices' wrapped keys in the database, each with a leaf.
type KeyShelf struct {
	pool *pgxpool.Pool
	log  *audit.Log
}

var _ seal.Shelf = (*KeyShelf)(nil)

// NewShelf returns the shelf of the database.
func NewShelf(pool *pgxpool.Pool, log *audit.Log) *KeyShelf { return &KeyShelf{pool, log} }

var keyTable = audit.Table{Kind: "seal_key", Name: "seal_key", Key: "id",
	Columns: []string{"id", "practice", "use", "generation", "root", "wrapped", "made_at"}}

// Tables are the tables of this package, and those of the log itself.
func Tables() []audit.Table {
	out := []audit.Table{keyTable, audit.MacMark, {Name: "goose_db_version",
		Why: "it only counts the migrations: the schema itself is looked at"}}
	for _, name := range []string{"audit_leaf", "audit_hash", "audit_checkpoint"} {
		out = append(out, audit.Table{Name: name, Via: "by the signed checkpoints"})
	}
	return append(out, audit.Table{Name: "audit_outbox", Via: "by each leaf's MAC until it has its place"})
}

// Get lists a practice's keys.
func (s *KeyShelf) Get(ctx context.Context, practice string) ([]seal.Wrapped, error) {
	rows, err := s.pool.Query(ctx, "select id, practice, use, generation, root, wrapped from seal_key where practice = $1 order by use, "+
		"generation", practice)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[seal.Wrapped])
}

// Put stores those that are not there yet.
func (s *KeyShelf) Put(ctx context.Context, keys []seal.Wrapped) error {
	return pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		now := time.Now()
		for _, k := range keys {
			rows, err := tx.Query(ctx, "insert into seal_key ("+keyTable.List()+") values ("+keyTable.Placeholders()+") on conflict (practice, use, generation) do nothing returning "+keyTable.Returning(),
				k.ID, k.Practice, k.Use, k.Generation, k.Root, k.Wrapped, now)
			if err != nil {
				return err
			}
			made, err := keyTable.Read(rows)
			if err != nil {
				return err
			}
			if len(made) == 0 {
				continue
			}
			if err := s.log.Append(ctx, tx, audit.Entry{At: now, Actor: "seal", Action: "key.made", Kind: "seal_key", Object: k.ID,
				Account: k.Practice, Rows: made}); err != nil {
				return err
			}
		}
		return nil
	})
}
