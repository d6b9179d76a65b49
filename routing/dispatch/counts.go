package dispatch

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"lamplight/routing"
)

// An AttemptKind is a channel and how an attempt by it stands.
type AttemptKind struct {
	Channel routing.ChannelKind
	State   routing.AttemptState
}

// Counts are what stands in the database, for whoever watches a night.
type Counts struct {
	Open     map[routing.DispatchState]int // escalations that no person has ended
	Attempts map[AttemptKind]int           // made in the last 24 hours
}

// Counts counts, without walking through what is older.
func (e *Engine) Counts(ctx context.Context) (Counts, error) {
	c := Counts{Open: map[routing.DispatchState]int{routing.Climbing: 0, routing.Exhausted: 0}, Attempts: map[AttemptKind]int{}}
	rows, err := e.pool.Query(ctx, countOpen)
	if err != nil {
		return c, fmt.Errorf("count the open dispatches: %w", err)
	}
	var state routing.DispatchState
	var n int
	if _, err := pgx.ForEachRow(rows, []any{&state, &n}, func() error { c.Open[state] = n; return nil }); err != nil {
		return c, fmt.Errorf("count the open dispatches: %w", err)
	}
	rows, err = e.pool.Query(ctx, countAttempts,
		since(time.Now().Add(-24*time.Hour)))
	if err != nil {
		return c, fmt.Errorf("count the attempts: %w", err)
	}
	var k AttemptKind
	if _, err := pgx.ForEachRow(rows, []any{&k.Channel, &k.State, &n}, func() error { c.Attempts[k] = n; return nil }); err != nil {
		return c, fmt.Errorf("count the attempts: %w", err)
	}
	return c, nil
}

// since is the least id that was made at a moment: a UUIDv7 begins with its milliseconds.
func since(at time.Time) string {
	ms := at.UnixMilli()
	id := uuid.UUID{byte(ms >> 40), byte(ms >> 32), byte(ms >> 24), byte(ms >> 16), byte(ms >> 8), byte(ms)}
	return id.String()
}
