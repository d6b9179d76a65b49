package record

import (
	"context"
	"fmt"
	"sync"
	"time"

	"lamplight/notes"
	"lamplight/notes/access"
	"lamplight/notes/audit"
)

// A listing is a list whose patients' display names are to be opened, and who reads it.
type listing struct {
	action string
	actor  string   // who reads
	shown  []string // for whom, when it is not the actor
	scope  []string // the practices it covers, nil for all
	brief  bool     // one leaf covers a minute of it
	titles []title
}

// A title is a sealed display name and where it goes.
type title struct {
	note   *notes.Note
	sealed []byte
	into   *string
}

// glance is how long one leaf covers what a person reads of one kind of list: a desk that is told each change, or somebody who
// pages through a morning's calls, would bury the log under leaves that say the same.
const glance = time.Minute

// glances remembers which leaves still cover whom.
type glances struct {
	mu    sync.Mutex // guards until
	until map[glanceKey]time.Time
}

// glanceKey is a person, a kind of list and a practice, access.Everywhere for all of them.
type glanceKey struct{ who, action, account string }

// covers tells whether somebody's leaves of the last minute cover every practice of a scope.
func (g *glances) covers(who, action string, scope []string, now time.Time) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	covered := func(account string) bool { return now.Before(g.until[glanceKey{who, action, account}]) }
	if covered(access.Everywhere) {
		return true
	}
	for _, account := range scope {
		if !covered(account) {
			return false
		}
	}
	return len(scope) > 0
}

// left notes down that a leaf was left.
func (g *glances) left(who []string, action string, scope []string, now time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.until == nil {
		g.until = map[glanceKey]time.Time{}
	}
	for k, t := range g.until {
		if !now.Before(t) {
			delete(g.until, k)
		}
	}
	if scope == nil {
		scope = []string{access.Everywhere}
	}
	for _, w := range who {
		for _, account := range scope {
			g.until[glanceKey{w, action, account}] = now.Add(glance)
		}
	}
}

// unsealTitles opens a list's display names when a leaf that says so is durable.
func (s *Store) unsealTitles(ctx context.Context, l listing) error {
	if len(l.titles) == 0 {
		return nil
	}
	if err := s.traceListing(ctx, l); err != nil {
		return err
	}
	for _, t := range l.titles {
		keys, err := s.Keys(ctx, t.note.Account)
		if err != nil {
			return err
		}
		plain, err := keys.Unseal(noteLabel(*t.note, "note.title"), t.sealed)
		if err != nil {
			return fmt.Errorf("open a note's title: %w", err)
		}
		*t.into = string(plain)
	}
	return nil
}

// traceListing commits a list's leaf, unless one of the last minute covers it for everybody who is shown it.
func (s *Store) traceListing(ctx context.Context, l listing) error {
	readers := l.shown
	if readers == nil {
		readers = []string{l.actor}
	}
	now := s.clock()
	var uncovered []string
	for _, r := range readers {
		if !l.brief || !s.glances.covers(r, l.action, l.scope, now) {
			uncovered = append(uncovered, r)
		}
	}
	if len(uncovered) == 0 {
		return nil
	}
	e := audit.Entry{Actor: l.actor, Action: l.action, Kind: "list", Object: "all", Detail: []string{fmt.Sprintf("rows=%d", len(l.titles))}}
	if l.brief {
		e.Detail[0] = "for-a-minute"
	}
	if l.shown != nil {
		for _, r := range uncovered {
			e.Detail = append(e.Detail, "shown:"+r)
		}
	}
	if len(l.scope) == 1 {
		e.Account, e.Object = l.scope[0], l.scope[0]
	} else if len(l.scope) > 1 {
		e.Object = fmt.Sprintf("accounts=%d", len(l.scope))
	}
	if err := s.addLeaf(ctx, e); err != nil {
		return err
	}
	if l.brief {
		s.glances.left(uncovered, l.action, l.scope, now)
	}
	return nil
}
