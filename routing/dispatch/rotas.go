package dispatch

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"lamplight/notes"
	"lamplight/routing"
	"lamplight/routing/oncall"
)

// rotas keeps the schedules compiled and the ladders read lately, by their documents' hashes, since every preview and every note asks.
type rotas struct {
	mu     sync.Mutex // guards what follows
	kept   map[rotaKey]*oncall.Schedule
	parsed map[[sha256.Size]byte][]routing.Ladder
}

type rotaKey struct {
	doc  [sha256.Size]byte
	left string // who has left, and when
	week int64  // the span a schedule is compiled for moves on
}

const (
	rotaSpan = 14 * 24 * time.Hour
	rotaKeep = 500
)

// schedule compiles doc for the time around now; who has left sits nowhere in it. A practice without a schedule has nobody on call.
func (r *rotas) schedule(doc []byte, left map[string]time.Time, now time.Time) (*oncall.Schedule, error) {
	if len(bytes.TrimSpace(doc)) == 0 {
		doc = []byte(`{"timezone":"UTC","layers":[]}`)
	}
	key := rotaKey{doc: sha256.Sum256(doc), week: now.Unix() / int64(rotaSpan/time.Second/2)}
	for _, id := range slices.Sorted(maps.Keys(left)) {
		key.left += fmt.Sprintf("%s %d\n", id, left[id].Unix())
	}
	r.mu.Lock()
	s := r.kept[key]
	r.mu.Unlock()
	if s != nil {
		return s, nil
	}
	parsed, err := oncall.Parse(bytes.NewReader(doc))
	if err != nil {
		return nil, err
	}
	for id, at := range left {
		parsed.MarkLeft(oncall.ParticipantID(id), at)
	}
	if s, err = oncall.Compile(parsed, now.Add(-time.Hour), now.Add(rotaSpan)); err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.kept == nil || len(r.kept) >= rotaKeep {
		r.kept = map[rotaKey]*oncall.Schedule{}
	}
	r.kept[key] = s
	return s, nil
}

// ladders reads a practice's ladders, which nobody may change.
func (r *rotas) ladders(doc []byte) ([]routing.Ladder, error) {
	key := sha256.Sum256(doc)
	r.mu.Lock()
	l, ok := r.parsed[key]
	r.mu.Unlock()
	if ok {
		return l, nil
	}
	l, err := routing.ParseLadders(doc)
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.parsed == nil || len(r.parsed) >= rotaKeep {
		r.parsed = map[[sha256.Size]byte][]routing.Ladder{}
	}
	r.parsed[key] = l
	return l, nil
}

// Schedule is a practice's compiled schedule for the time around at, for whoever shows who is on call: who has left sits nowhere, and
// Warnings name where they still stand. With a stale answer it goes by what the database said last of who has left, so that a caller
// waits for no question.
func (e *Engine) Schedule(ctx context.Context, acc notes.Account, at time.Time, stale bool) (*oncall.Schedule, error) {
	s, ok := e.heard.recall(acc.Contacts)
	if !stale || !ok {
		var err error
		if s, err = e.ask(ctx, acc.Contacts); err != nil {
			return nil, fmt.Errorf("schedule of %s: %w", acc.ID, err)
		}
	}
	return e.rotas.schedule(acc.Schedule, leavers(acc.Contacts, s.left), at)
}
