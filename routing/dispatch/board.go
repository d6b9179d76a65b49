package dispatch

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"lamplight/notes"
	"lamplight/notes/audit/tree"
	"lamplight/routing"
)

func scanView(r pgx.CollectableRow) (routing.DispatchView, error) {
	var row routing.DispatchView
	var late bool
	var begun, board time.Time
	var next, again *time.Time
	var folded string
	err := r.Scan(&row.Note, &row.State, &late, &begun, &board, &row.Next.Kind, &row.Next.Name, &next,
		&row.Last.Kind, &row.Last.Channel, &row.Last.Name, &row.Last.Detail, &row.Last.At, &folded, &again,
		&row.Taken.Name, &row.Taken.By)
	var plan routing.Plan
	// One that cannot be read is told by the engines and the auditor: a board must show the others.
	if folded != "" && json.Unmarshal([]byte(folded), &plan) == nil && plan.Reaches() {
		first, at := plan.Attempts[0], begun.Add(plan.Attempts[0].At.Sub(plan.At))
		row.Next, next = routing.DispatchNext{Kind: routing.NextKind(first.Channel), Name: first.Name}, &at
	}
	row.Last.At = row.Last.At.UTC()
	switch {
	case row.State == routing.Exhausted:
		row.Late = routing.Unreachable
		if next != nil {
			row.Next.At = next.UTC()
		} else if row.Next = (routing.DispatchNext{}); again != nil {
			row.Next = routing.DispatchNext{Kind: routing.NextService, At: again.UTC()}
		}
	case row.State != routing.Climbing:
		row.Next = routing.DispatchNext{}
	case next == nil || !next.Before(board):
		row.Next = routing.DispatchNext{Kind: routing.NextBoard, At: board.UTC()}
	default:
		row.Next.At = next.UTC()
	}
	if row.State == routing.Climbing && late {
		row.Late = routing.Late
	}
	return row, err
}

// Views are the newest dispatches of the notes named, open or not, in one question; a note that never climbed has none.
func (e *Engine) Views(ctx context.Context, of ...notes.NoteID) (map[notes.NoteID]routing.DispatchView, error) {
	rows, err := e.pool.Query(ctx, selectViews, of)
	if err != nil {
		return nil, fmt.Errorf("read the dispatches: %w", err)
	}
	list, err := pgx.CollectRows(rows, scanView)
	if err != nil {
		return nil, fmt.Errorf("read the dispatches: %w", err)
	}
	out := make(map[notes.NoteID]routing.DispatchView, len(list))
	for _, r := range list {
		out[r.Note] = r
	}
	return out, nil
}

// View is one note's newest dispatch, open or not.
func (e *Engine) View(ctx context.Context, note notes.NoteID) (routing.DispatchView, error) {
	rows, err := e.Views(ctx, note)
	row, ok := rows[note]
	if err == nil && !ok {
		err = routing.ErrNoDispatch
	}
	return row, err
}

// Attempts tells what was tried for each of the notes named, in order, in one question.
func (e *Engine) Attempts(ctx context.Context, of ...notes.NoteID) (map[notes.NoteID][]routing.Attempt, error) {
	rows, err := e.pool.Query(ctx, selectAttempts, of)
	if err != nil {
		return nil, fmt.Errorf("list the attempts: %w", err)
	}
	out := map[notes.NoteID][]routing.Attempt{}
	var note notes.NoteID
	var a routing.Attempt
	var sent, arrived *time.Time
	_, err = pgx.ForEachRow(rows, []any{&note, &a.ID, &a.Dispatch, &a.Rung, &a.Contact, &a.Name, &a.Channel, &a.State, &a.DueAt, &sent,
		&arrived, &a.Try, &a.Why}, func() error {
		a.DueAt, a.SentAt, a.Arrived = a.DueAt.UTC(), time.Time{}, time.Time{}
		if sent != nil {
			a.SentAt = sent.UTC()
		}
		if arrived != nil {
			a.Arrived = arrived.UTC()
		}
		out[note] = append(out[note], a)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list the attempts: %w", err)
	}
	return out, nil
}

// Story tells what was tried for a note, in order, as lines of its story. A line's Detail is "channel", "channel/code" or "code".
func (e *Engine) Story(ctx context.Context, note notes.NoteID) ([]notes.StoryLine, error) {
	leaves, err := e.leaves(ctx, note)
	if err != nil {
		return nil, fmt.Errorf("tell a note's attempts: %w", err)
	}
	rows, err := e.pool.Query(ctx, selectSteps, note)
	if err != nil {
		return nil, fmt.Errorf("tell a note's attempts: %w", err)
	}
	lines, err := pgx.CollectRows(rows, func(r pgx.CollectableRow) (notes.StoryLine, error) {
		var l notes.StoryLine
		var id, channel, detail string
		err := r.Scan(&id, &l.At, &l.Kind, &l.Actor, &channel, &detail)
		l.At, l.Leaf, l.Detail = l.At.UTC(), -1, channel
		if idx, ok := leaves[id]; ok {
			l.Leaf = idx
		}
		if channel != "" && detail != "" {
			l.Detail += "/"
		}
		l.Detail += detail
		return l, err
	})
	if err != nil {
		return nil, fmt.Errorf("tell a note's attempts: %w", err)
	}
	return lines, nil
}

// leaves finds the sequenced leaf of each of a note's steps: the one that vouches for the step's row.
func (e *Engine) leaves(ctx context.Context, note notes.NoteID) (map[string]int64, error) {
	rows, err := e.pool.Query(ctx, selectLeaves, note)
	if err != nil {
		return nil, err
	}
	found := map[string]int64{}
	var idx int64
	var body []byte
	_, err = pgx.ForEachRow(rows, []any{&idx, &body}, func() error {
		entry, err := tree.Decode(body)
		if err != nil {
			return nil // an altered leaf is verify's to report; the story shows the step without a proof
		}
		for _, r := range entry.Rows {
			if r.Kind == stepTable.Kind {
				found[r.ID] = idx
			}
		}
		return nil
	})
	return found, err
}
