package record

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"lamplight/notes"
)

// NewestNotes names the newest note of each practice that has one, for whoever tries whether notes open.
func (s *Store) NewestNotes(ctx context.Context) ([]notes.NoteID, error) {
	rows, err := s.pool.Query(ctx, selectNewestNotes)
	if err != nil {
		return nil, fmt.Errorf("look for the newest notes: %w", err)
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[notes.NoteID])
	if err != nil {
		return nil, fmt.Errorf("look for the newest notes: %w", err)
	}
	return ids, nil
}
