package dispatch

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"lamplight/notes"
	"lamplight/notes/audit/tree"
	"lamplight/notes/postgres"
	"lamplight/routing"
	"lamplight/telephony"
)

// selectRow reads dispatches with their last step and what comes next; a folded one has that in its plan.
const selectRow = `
	select d.note, d.state, d.rung > d.first_rung, d.begun_at, d.board_at,
		coalesce(n.channel, ''), coalesce(n.name, ''), n.due_at,
		coalesce(l.kind, ''), coalesce(l.channel, ''), coalesce(l.actor, ''), coalesce(l.detail, ''), coalesce(l.at, d.begun_at),
		case when d.unfolded then '' else d.plan end
	from dispatch d
	left join lateral (select channel, name, due_at from attempt a
		where a.dispatch = d.id and a.state = 'due' order by due_at, id limit 1) n on true
	left join lateral (select kind, channel, actor, detail, at from dispatch_step s
		where s.dispatch = d.id order by seq desc limit 1) l on true `

func scanRow(r pgx.CollectableRow) (routing.Row, error) {
	var row routing.Row
	var late bool
	var begun, board time.Time
	var next *time.Time
	var folded string
	err := r.Scan(&row.Note, &row.State, &late, &begun, &board, &row.Next.Kind, &row.Next.Name, &next,
		&row.Last.Kind, &row.Last.Channel, &row.Last.Name, &row.Last.Detail, &row.Last.At, &folded)
	var plan routing.Plan
	// One that cannot be read is told by the engines and the auditor: a board must show the others.
	if folded != "" && json.Unmarshal([]byte(folded), &plan) == nil && plan.Reaches() {
		first, at := plan.Steps[0], begun.Add(plan.Steps[0].At.Sub(plan.At))
		row.Next, next = routing.RowNext{Kind: string(first.Channel), Name: first.Name}, &at
	}
	row.Last.At = row.Last.At.UTC()
	switch {
	case row.State == routing.Exhausted:
		row.Next, row.Late = routing.RowNext{}, routing.Unreachable
	case row.State != routing.Climbing:
		row.Next = routing.RowNext{}
	case next == nil || !next.Before(board):
		row.Next = routing.RowNext{Kind: NextBoard, At: board.UTC()}
	default:
		row.Next.At = next.UTC()
	}
	if row.State == routing.Climbing && late {
		row.Late = routing.Late
	}
	return row, err
}

// NextBoard is what comes after the last rung.
const NextBoard = "board"

// Rows are the open dispatches, of every practice when none is named, most late first.
func (e *Engine) Rows(ctx context.Context, accounts ...telephony.AccountID) ([]routing.Row, error) {
	if accounts == nil {
		accounts = []telephony.AccountID{}
	}
	rows, err := e.pool.Query(ctx, selectRow+`where d.state in ('climbing', 'exhausted')
		and (cardinality($1::text[]) = 0 or d.account = any($1))
		order by d.state = 'exhausted' desc, d.rung > d.first_rung desc, d.begun_at`, accounts)
	if err != nil {
		return nil, fmt.Errorf("list the open dispatches: %w", err)
	}
	list, err := pgx.CollectRows(rows, scanRow)
	if err != nil {
		return nil, fmt.Errorf("list the open dispatches: %w", err)
	}
	return list, nil
}

// Row is one note's dispatch, open or not.
func (e *Engine) Row(ctx context.Context, note notes.NoteID) (routing.Row, error) {
	rows, err := e.pool.Query(ctx, selectRow+"where d.note = $1 order by d.begun_at desc, d.id desc limit 1", note)
	if err != nil {
		return routing.Row{}, fmt.Errorf("read a dispatch: %w", err)
	}
	row, err := pgx.CollectExactlyOneRow(rows, scanRow)
	if postgres.Missing(err) {
		return routing.Row{}, routing.ErrNoDispatch
	}
	if err != nil {
		return routing.Row{}, fmt.Errorf("read a dispatch: %w", err)
	}
	return row, nil
}

// Attempts tells what was tried for a note, in order.
func (e *Engine) Attempts(ctx context.Context, note notes.NoteID) ([]routing.Attempt, error) {
	rows, err := e.pool.Query(ctx, `select a.id, a.dispatch, a.rung, a.contact, a.name, a.channel, a.state, a.due_at, a.sent_at,
			a.try, a.why
		from attempt a join dispatch d on d.id = a.dispatch where d.note = $1 order by d.begun_at, a.due_at, a.id`, note)
	if err != nil {
		return nil, fmt.Errorf("list a note's attempts: %w", err)
	}
	list, err := pgx.CollectRows(rows, func(r pgx.CollectableRow) (routing.Attempt, error) {
		var a routing.Attempt
		var sent *time.Time
		err := r.Scan(&a.ID, &a.Dispatch, &a.Rung, &a.Contact, &a.Name, &a.Channel, &a.State, &a.DueAt, &sent, &a.Try, &a.Why)
		a.DueAt = a.DueAt.UTC()
		if sent != nil {
			a.SentAt = sent.UTC()
		}
		return a, err
	})
	if err != nil {
		return nil, fmt.Errorf("list a note's attempts: %w", err)
	}
	return list, nil
}

// Story tells what was tried for a note, in order, as lines of its story. A line's Detail is "channel", "channel/code" or "code".
func (e *Engine) Story(ctx context.Context, note notes.NoteID) ([]notes.StoryLine, error) {
	leaves, err := e.leaves(ctx, note)
	if err != nil {
		return nil, fmt.Errorf("tell a note's attempts: %w", err)
	}
	rows, err := e.pool.Query(ctx, `select id, at, kind, actor, channel, detail from dispatch_step where note = $1 order by seq`, note)
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
	rows, err := e.pool.Query(ctx, `select l.idx, l.body from dispatch d join audit_leaf l on l.object = d.id and l.kind = 'dispatch'
		where d.note = $1`, note)
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
