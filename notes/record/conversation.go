package record

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"lamplight/notes"
	"lamplight/notes/access"
	"lamplight/notes/audit"
)

// A Conversation is a patient's last messages with the practice, over all threads, and how the last thread stands.
type Conversation struct {
	Patient  notes.Patient // opened for staff; without its words for the patient
	Thread   notes.Thread  // the open one, or the last; zero for none
	Messages []notes.ThreadEntry
	Hand     string // who else is writing now
	NoteRef  string // of the note that the thread became
	NoteIs   notes.NoteState
	Lines    []notes.StoryLine // what was done with the last thread; for staff
	Proof    notes.Proof
}

// Read opens a conversation for one of the practice's staff: what the patient wrote is read by then. The trace is durable before
// anything is decrypted.
func (p *Patients) Read(ctx context.Context, of notes.PatientID) (c Conversation, err error) {
	h, actor, err := p.allowed(ctx, of)
	if err != nil {
		return c, err
	}
	if c.Thread, err = p.markRead(ctx, h, notes.FromPatient, actor.ID(), "thread.opened"); err != nil {
		return c, err
	}
	var body []byte
	if h, err = scanHead(p.s.pool.QueryRow(ctx, selectPatientBody, of), &body); err != nil {
		return c, err
	}
	h.body = body
	if c.Patient, err = p.unseal(ctx, h); err != nil {
		return c, err
	}
	if c.Messages, err = p.messages(ctx, h); err != nil || c.Thread.ID == "" {
		return c, err
	}
	c.Thread.Name = c.Patient.Name
	rows, err := p.s.pool.Query(ctx, selectHand, []string{string(c.Thread.ID)}, p.s.clock())
	if err != nil {
		return c, err
	}
	var person, name string
	if _, err := pgx.ForEachRow(rows, []any{&person, &name}, func() error {
		if person != actor.ID() {
			c.Hand = name
		}
		return nil
	}); err != nil {
		return c, err
	}
	if c.Thread.Note != "" {
		if err := p.s.pool.QueryRow(ctx, selectThreadNote, c.Thread.Note).Scan(&c.NoteRef, &c.NoteIs); err != nil {
			return c, fmt.Errorf("read the note of a thread: %w", err)
		}
	}
	var st notes.Story
	if c.Lines, _, err = p.s.acts(ctx, &st, []string{string(c.Thread.ID), string(of)}); err != nil {
		return c, err
	}
	c.Proof = st.Proof
	slices.SortStableFunc(c.Lines, inOrder)
	return c, p.s.nameActors(ctx, c.Lines)
}

// ReadAsPatient opens a conversation for the patient who acts: what staff wrote is read by then, and what was withdrawn or is among
// staff is left out of it. The trace is durable before anything is decrypted.
func (p *Patients) ReadAsPatient(ctx context.Context) (c Conversation, err error) {
	v, err := access.VisitorFrom(ctx)
	if err != nil {
		return c, err
	}
	h, err := scanHead(p.s.pool.QueryRow(ctx, selectPatient, v.Patient))
	if err != nil {
		return c, err
	}
	if c.Thread, err = p.markRead(ctx, h, notes.FromStaff, v.ID(), "thread.read"); err != nil {
		return c, err
	}
	c.Patient = h.Patient
	all, err := p.messages(ctx, h)
	for _, m := range all {
		if m.Kind == notes.FromPatient || m.Kind == notes.FromStaff {
			c.Messages = append(c.Messages, m)
		}
	}
	return c, err
}

// Last is how a patient's last thread stands, zero for none. Nothing is opened.
func (p *Patients) Last(ctx context.Context, of notes.PatientID) (notes.Thread, error) {
	t, err := scanThread(p.s.pool.QueryRow(ctx, selectLastThread, of))
	if errors.Is(err, ErrNoThread) {
		return notes.Thread{}, nil
	}
	return t, err
}

// markRead commits the leaf of a reading, with what it has read.
func (p *Patients) markRead(ctx context.Context, h head, kind notes.MessageKind, actor, action string) (t notes.Thread, err error) {
	err = p.act(ctx, h, "open a thread", func(tx pgx.Tx) (err error) {
		t, err = scanThread(tx.QueryRow(ctx, selectLastThread, h.ID))
		if errors.Is(err, ErrNoThread) {
			t = notes.Thread{}
			return p.s.log.Append(ctx, tx, audit.Entry{At: p.s.clock(), Actor: actor, Action: action, Kind: "patient",
				Object: string(h.ID), Account: string(h.Account)})
		}
		if err != nil {
			return err
		}
		res, err := tx.Query(ctx, messagesRead, h.ID, kind, p.s.clock())
		if err != nil {
			return err
		}
		rows, err := messageTable.Read(res)
		if err != nil {
			return err
		}
		if len(rows) > 0 {
			moved, err := p.put(ctx, tx, &t)
			if err != nil {
				return err
			}
			rows = append(rows, moved...)
		}
		return p.leaf(ctx, tx, t, actor, action, rows)
	})
	return t, err
}

// messages decrypts a patient's last messages; the leaf must have been committed. What was withdrawn keeps no words.
func (p *Patients) messages(ctx context.Context, h head) (out []notes.ThreadEntry, err error) {
	keys, err := p.s.Keys(ctx, h.Account)
	if err != nil {
		return nil, err
	}
	rows, err := p.s.pool.Query(ctx, selectMessages, h.ID)
	if err != nil {
		return nil, fmt.Errorf("read a thread: %w", err)
	}
	var m notes.ThreadEntry
	var body []byte
	var read, withdrawn *time.Time
	if _, err := pgx.ForEachRow(rows, []any{&m.ID, &m.Thread, &m.Kind, &m.At, &m.By, &m.ByName, &body, &m.Flagged, &read, &withdrawn,
		&m.WithdrawnBy}, func() error {
		m.At, m.ReadAt, m.WithdrawnAt, m.Text = m.At.UTC(), since(read), since(withdrawn), ""
		if withdrawn == nil {
			plain, err := keys.Unseal(messageLabel(h.Account, m.ID), body)
			if err != nil {
				return err
			}
			m.Text = string(plain)
		}
		out = append(out, m)
		return nil
	}); err != nil {
		return nil, fmt.Errorf("open a thread: %w", err)
	}
	ids := make([]string, len(out))
	for i, m := range out {
		ids[i] = m.ID
	}
	files, err := p.files(ctx, ids)
	if err != nil {
		return nil, fmt.Errorf("read a thread's files: %w", err)
	}
	for i, m := range out {
		out[i].Files = files[m.ID]
	}
	return out, nil
}
