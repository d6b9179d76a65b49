package record

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"lamplight/notes"
	"lamplight/notes/access"
	"lamplight/notes/audit"
	"lamplight/notes/audit/tree"
	"lamplight/telephony"
)

// A StorySource adds its own lines to a note's story; routing's engine is one.
type StorySource interface {
	Story(ctx context.Context, note notes.NoteID) ([]notes.StoryLine, error)
}

// AddStorySource registers a source. Called while the server is put together.
func (s *Store) AddStorySource(src StorySource) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sources = append(s.sources, src)
}

// StoryOf tells everything of a call and its note, in order, with the note and the caller opened; one of the two ids may be
// empty. The trace is durable before anything is decrypted, and is itself the story's last line.
func (s *Store) StoryOf(ctx context.Context, call telephony.CallID, note notes.NoteID) (notes.Story, error) {
	st, sealed, err := s.findStory(ctx, call, note)
	if err != nil {
		return notes.Story{}, err
	}
	account := storyOf(st)
	actor, err := access.Check(ctx, notes.ReadNote, string(account))
	if err != nil {
		return notes.Story{}, err
	}
	e := audit.Entry{Actor: actor.ID(), Action: string(notes.LineStoryOpened), Kind: "call", Object: string(st.Call.ID),
		Account: string(account)}
	if st.Note != nil {
		e.Kind, e.Object = "note", string(st.Note.ID)
	}
	if err := s.addLeaf(ctx, e); err != nil {
		return notes.Story{}, err
	}
	if sealed != nil {
		if err := s.unsealCaller(ctx, &st.Call, sealed); err != nil {
			return notes.Story{}, err
		}
		if st.FollowUp, err = s.unsealFollowUp(ctx, st.Call); err != nil {
			return notes.Story{}, err
		}
	}
	if st.Note != nil {
		n, err := s.unseal(ctx, *st.Note)
		if err != nil {
			return notes.Story{}, err
		}
		st.Note = &n
	}
	return st, s.addLines(ctx, &st, true)
}

// StoryLines is StoryOf with nothing opened and no trace: who called, what the note says and the numbers in the lines are left out.
func (s *Store) StoryLines(ctx context.Context, call telephony.CallID, note notes.NoteID) (notes.Story, error) {
	st, _, err := s.findStory(ctx, call, note)
	if err != nil {
		return notes.Story{}, err
	}
	if _, err := access.Check(ctx, notes.ReadNote, string(storyOf(st))); err != nil {
		return notes.Story{}, err
	}
	return st, s.addLines(ctx, &st, false)
}

// storyOf is the practice whose story it is.
func storyOf(st notes.Story) telephony.AccountID {
	if st.Note != nil {
		return st.Note.Account
	}
	return st.Call.Account
}

// findStory finds the call and the note that belong together; nothing is opened.
func (s *Store) findStory(ctx context.Context, call telephony.CallID, note notes.NoteID) (st notes.Story, sealed []byte, err error) {
	query, key := selectNote, string(note)
	if note == "" {
		query, key = selectCallNote, string(call)
	}
	n, _, err := scanNote(s.pool.QueryRow(ctx, query, key))
	switch {
	case err == nil:
		st.Note = &n
		call = n.Call
	case !errors.Is(err, ErrNoNote):
		return notes.Story{}, nil, fmt.Errorf("read a story: %w", err)
	case note != "":
		return notes.Story{}, nil, ErrNoNote
	}
	if call == "" {
		return st, nil, nil
	}
	c, sealed, err := scanCall(s.pool.QueryRow(ctx, selectCall, call))
	if noSuch(err) {
		if st.Note == nil {
			return notes.Story{}, nil, ErrNoCall
		}
		return st, nil, nil
	}
	if err != nil {
		return notes.Story{}, nil, fmt.Errorf("read a story: %w", err)
	}
	if st.Note != nil && c.Account != st.Note.Account {
		return st, nil, nil // another practice's call, whatever the desk said: its caller is none of this note's
	}
	st.Call = c
	return st, sealed, nil
}

// addLines gathers steps, acts and the sources' lines; opened is whether the story's leaf has been committed.
func (s *Store) addLines(ctx context.Context, st *notes.Story, opened bool) error {
	objects := []string{}
	if st.Call.ID != "" {
		objects = append(objects, string(st.Call.ID))
	}
	if st.Note != nil {
		objects = append(objects, string(st.Note.ID))
	}
	acts, leafOf, err := s.acts(ctx, st, objects)
	if err != nil {
		return err
	}
	st.Lines = acts
	steps, err := s.steps(ctx, st.Call.ID, leafOf)
	if err != nil {
		return err
	}
	if err := s.namePatched(ctx, st.Call.Account, steps); err != nil {
		return err
	}
	st.Lines = append(st.Lines, steps...)
	if err := s.tellBacks(ctx, st, objects, opened); err != nil {
		return err
	}
	if err := s.askSources(ctx, st); err != nil {
		return err
	}
	if err := s.nameActors(ctx, st.Lines); err != nil {
		return err
	}
	slices.SortStableFunc(st.Lines, inOrder)
	if st.Recordings, err = s.Recordings(ctx, st.Call.ID); err != nil {
		return err
	}
	return nil
}

// inOrder tells what happened first: by the time, and at the same time by the log, in which a cause stands before its effect
// and what waits to be sequenced comes last.
func inOrder(a, b notes.StoryLine) int {
	place := func(l notes.StoryLine) uint64 { return uint64(l.Leaf) } // -1 is the last of all
	return cmp.Or(a.At.Compare(b.At), cmp.Compare(place(a), place(b)))
}

// backPrefix stands before the kind of a step that a call back has taken: the story's own call has such steps too.
const backPrefix = "back."

// tellBacks adds the steps of the calls that the service made about the story: whose phone rang, which number, and how it ended.
// The numbers are opened under the story's own leaf, if it was opened.
func (s *Store) tellBacks(ctx context.Context, st *notes.Story, objects []string, opened bool) error {
	rows, err := s.pool.Query(ctx, selectBacks, objects, storyOf(*st))
	if err != nil {
		return fmt.Errorf("read the calls back: %w", err)
	}
	type back struct {
		call   telephony.Call
		sealed []byte
	}
	backs, err := pgx.CollectRows(rows, func(r pgx.CollectableRow) (b back, err error) {
		b.call, b.sealed, err = scanCall(r)
		return b, err
	})
	if err != nil {
		return fmt.Errorf("read the calls back: %w", err)
	}
	for _, b := range backs {
		if opened {
			if err := s.unsealCaller(ctx, &b.call, b.sealed); err != nil {
				return err
			}
		}
		acts, leafOf, err := s.acts(ctx, st, []string{string(b.call.ID)})
		if err != nil {
			return err
		}
		lines, err := s.steps(ctx, b.call.ID, leafOf)
		if err != nil {
			return err
		}
		st.Lines = append(st.Lines, acts...)
		for _, l := range lines {
			if l.Kind == notes.LineKind(telephony.StepPlaced) {
				l.Number = b.call.ANI.Reveal()
			}
			l.Kind = backPrefix + l.Kind
			st.Lines = append(st.Lines, l)
		}
	}
	return nil
}

// steps reads a call's steps as lines, each with the leaf that vouches for it.
func (s *Store) steps(ctx context.Context, call telephony.CallID, leafOf map[string]int64) (lines []notes.StoryLine, err error) {
	rows, err := s.pool.Query(ctx, selectSteps, call)
	if err == nil {
		lines, err = pgx.CollectRows(rows, func(r pgx.CollectableRow) (l notes.StoryLine, err error) {
			var id string
			err = r.Scan(&id, &l.At, &l.Kind, &l.Actor, &l.Detail)
			l.Leaf, l.At = -1, l.At.UTC()
			if l.Kind == notes.LineKind(telephony.StepPlaced) || l.Kind == notes.LineHandedOver {
				l.Detail = "" // an id, which says nothing to people
			}
			if leaf, ok := leafOf["call_step/"+id]; ok {
				l.Leaf = leaf
			}
			return l, err
		})
	}
	if err != nil {
		return nil, fmt.Errorf("read a call's steps: %w", err)
	}
	return lines, nil
}

// namePatched says in the lines of a call whom of the practice's list the agent brought in.
func (s *Store) namePatched(ctx context.Context, account telephony.AccountID, lines []notes.StoryLine) error {
	whom := ""
	for i, l := range lines {
		switch l.Kind {
		case notes.LinePatchAsked, notes.LineTransferAsked:
			acc, err := s.Account(ctx, account)
			if err != nil {
				return err
			}
			whom, lines[i].Detail = "", ""
			for _, c := range acc.Contacts {
				if c.ID == l.Detail {
					whom = c.Name
				}
			}
			for _, p := range acc.Places {
				if p.ID == l.Detail {
					whom = p.Name
				}
			}
		case notes.LinePatchAnswered, notes.LinePatched, notes.LinePatchFailed, notes.LinePatchLeft, notes.LinePatchOver,
			notes.LineConsulted, notes.LineTransferred, notes.LineNoTransfer:
		default:
			continue
		}
		lines[i].Whom = whom
	}
	return nil
}

func (s *Store) askSources(ctx context.Context, st *notes.Story) error {
	if st.Note == nil {
		return nil
	}
	s.mu.Lock()
	sources := slices.Clone(s.sources)
	s.mu.Unlock()
	for _, src := range sources {
		lines, err := src.Story(ctx, st.Note.ID)
		if err != nil {
			return fmt.Errorf("read a story: %w", err)
		}
		st.Lines = append(st.Lines, lines...)
	}
	return nil
}

// acts reads the leaves of the story's objects: every act but the call's moves (which its steps tell better) becomes a line,
// and rows are found again by the leaf that vouches for them. Leaves that wait have the index -1.
func (s *Store) acts(ctx context.Context, st *notes.Story, objects []string) (lines []notes.StoryLine, leafOf map[string]int64, err error) {
	rows, err := s.pool.Query(ctx, selectLeaves, objects)
	if err != nil {
		return nil, nil, fmt.Errorf("read a story's leaves: %w", err)
	}
	leafOf = map[string]int64{}
	st.Proof.Sequenced = true
	var idx int64
	var body []byte
	if _, err := pgx.ForEachRow(rows, []any{&idx, &body}, func() error {
		e, err := tree.Decode(body)
		if err != nil {
			return err
		}
		st.Proof.Leaves++
		st.Proof.Sequenced = st.Proof.Sequenced && idx >= 0
		for _, r := range e.Rows {
			leafOf[r.Kind+"/"+r.ID] = idx
		}
		if e.Action != "call.moved" {
			lines = append(lines, notes.StoryLine{At: e.At, Kind: notes.LineKind(e.Action), Actor: e.Actor,
				Detail: strings.Join(e.Detail, " "), Leaf: idx})
		}
		return nil
	}); err != nil {
		return nil, nil, fmt.Errorf("read a story's leaves: %w", err)
	}
	return lines, leafOf, s.proof(ctx, &st.Proof)
}

// proof reads the newest checkpoint. Its signature is Verify's business; here it only dates the proof.
func (s *Store) proof(ctx context.Context, p *notes.Proof) error {
	msg, err := s.log.Checkpoint(ctx)
	if err != nil || msg == "" {
		return err
	}
	h, err := s.log.VerifyCheckpoint(msg)
	if err != nil {
		return fmt.Errorf("read the newest checkpoint: %w", err)
	}
	p.Checkpoint, p.At = h.Size, h.At
	return nil
}

// nameActors puts staff's names where their ids stand.
func (s *Store) nameActors(ctx context.Context, lines []notes.StoryLine) error {
	names, err := s.Names(ctx, actorIDs(lines))
	for i := range lines {
		if name, ok := names[notes.PersonID(lines[i].Actor)]; ok {
			lines[i].Actor = name
		}
	}
	return err
}

// Names are people's names by their ids, in one question; an id that is no person's is left out.
func (s *Store) Names(ctx context.Context, ids []notes.PersonID) (map[notes.PersonID]string, error) {
	names := make(map[notes.PersonID]string, len(ids))
	if len(ids) == 0 {
		return names, nil
	}
	rows, err := s.pool.Query(ctx, selectPeopleNames, ids)
	if err != nil {
		return nil, fmt.Errorf("name people: %w", err)
	}
	var id notes.PersonID
	var name string
	if _, err := pgx.ForEachRow(rows, []any{&id, &name}, func() error {
		names[id] = name
		return nil
	}); err != nil {
		return nil, fmt.Errorf("name people: %w", err)
	}
	return names, nil
}

func actorIDs(lines []notes.StoryLine) []notes.PersonID {
	ids := make([]notes.PersonID, 0, len(lines))
	for _, l := range lines {
		ids = append(ids, notes.PersonID(l.Actor))
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// Recordings lists a call's recordings, the oldest first.
func (s *Store) Recordings(ctx context.Context, call telephony.CallID) ([]telephony.RecordingID, error) {
	rows, err := s.pool.Query(ctx, selectRecordings, call)
	if err != nil {
		return nil, fmt.Errorf("list a call's recordings: %w", err)
	}
	out, err := pgx.CollectRows(rows, pgx.RowTo[telephony.RecordingID])
	if err != nil {
		return nil, fmt.Errorf("list a call's recordings: %w", err)
	}
	return out, nil
}

// A Prior is an earlier call of the same caller to the same practice. Nothing in it had to be opened.
type Prior struct {
	Call     telephony.CallID
	At       time.Time
	Outcome  telephony.Outcome
	Note     notes.NoteID // "" when none was taken
	Ref      string
	CallType string
	State    notes.NoteState
	StateAt  time.Time
}

// PriorCalls lists what this caller called about before, the newest first: at most limit calls from the number to the
// practice, without the call before itself. A withheld number has none.
func (s *Store) PriorCalls(ctx context.Context, account telephony.AccountID, ani telephony.Number, before telephony.CallID,
	limit int) ([]Prior, error) {
	if _, err := access.Check(ctx, notes.TakeNote, string(account)); err != nil {
		return nil, err
	}
	if ani == "" {
		return nil, nil
	}
	keys, err := s.Keys(ctx, account)
	if err != nil {
		return nil, err
	}
	rows, err := s.pool.Query(ctx, selectPrior,
		account, []byte(keys.PhoneTerm(ani.Reveal())), before, limit)
	if err != nil {
		return nil, fmt.Errorf("look for earlier calls: %w", err)
	}
	out, err := pgx.CollectRows(rows, func(r pgx.CollectableRow) (p Prior, err error) {
		err = r.Scan(&p.Call, &p.At, &p.Outcome, &p.Note, &p.Ref, &p.CallType, &p.State, &p.StateAt)
		p.At, p.StateAt = p.At.UTC(), p.StateAt.UTC()
		return p, err
	})
	if err != nil {
		return nil, fmt.Errorf("look for earlier calls: %w", err)
	}
	return out, nil
}
