package record

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"lamplight/notes"
	"lamplight/notes/access"
	"lamplight/notes/audit"
	"lamplight/notes/postgres"
	"lamplight/notes/seal"
	"lamplight/telephony"
)

// Errors of threads.
var (
	ErrNoThread  = errors.New("notes: the patient has no open thread")
	ErrNoMessage = errors.New("notes: no such message")
	// ErrThreadMoved: somebody wrote meanwhile, or has taken the thread. Nothing is stored.
	ErrThreadMoved = errors.New("notes: the thread has moved on")
	// ErrMessageTaken: the id belongs to somebody else's message.
	ErrMessageTaken = errors.New("notes: the message's id is another's")
)

// A ReadAlready message cannot be withdrawn: the patient has read it.
type ReadAlready struct{ At time.Time }

func (e *ReadAlready) Error() string { return "notes: the patient has read the message" }

// MessagesMany is how many of the last messages of a patient are read; ThreadsMany how many threads a page has, and where counting
// them ends.
const (
	MessagesMany = 200
	ThreadsMany  = 100
)

// A ThreadHook runs in the transaction of an act on a thread, after its rows: what must follow is written there, or the act does not
// happen.
type ThreadHook func(ctx context.Context, tx pgx.Tx, t notes.Thread, m notes.ThreadEntry) error

func scanThread(row pgx.Row, more ...any) (t notes.Thread, err error) {
	var due, closed *time.Time
	err = row.Scan(append([]any{&t.ID, &t.Account, &t.Patient, &t.State, &t.Waits, &t.MadeAt, &t.MovedAt, &due, &t.Assigned, &t.Warned,
		&t.Note, &t.Version, &closed, &t.ClosedBy}, more...)...)
	t.MadeAt, t.MovedAt, t.DueAt, t.ClosedAt = t.MadeAt.UTC(), t.MovedAt.UTC(), since(due), since(closed)
	if noSuch(err) {
		return t, ErrNoThread
	}
	return t, err
}

// put writes a thread that is held, and answers its row with the version it has then.
func (p *Patients) put(ctx context.Context, tx pgx.Tx, t *notes.Thread) ([]audit.Row, error) {
	res, err := tx.Query(ctx, updateThread, t.ID, t.State, t.Waits, t.MovedAt, orNil(t.DueAt), t.Assigned, t.Warned, t.Note,
		orNil(t.ClosedAt), t.ClosedBy)
	if err != nil {
		return nil, err
	}
	t.Version++
	return threadTable.Read(res)
}

// openThread is a patient's open thread, begun where there is none. The patient's row is held.
func (p *Patients) openThread(ctx context.Context, tx pgx.Tx, h head) (t notes.Thread, err error) {
	t, err = scanThread(tx.QueryRow(ctx, selectOpenThread, h.ID))
	if !errors.Is(err, ErrNoThread) {
		return t, err
	}
	now := p.s.clock()
	t = notes.Thread{ID: notes.ThreadID(newID()), Account: h.Account, Patient: h.ID, State: notes.ThreadOpen, Waits: notes.WaitsOnStaff,
		MadeAt: now, MovedAt: now, Version: 1}
	// Its row is vouched for by the leaf of whatever it begins with.
	_, err = tx.Exec(ctx, insertThread, t.ID, t.Account, t.Patient, t.State, t.Waits, t.MadeAt, t.MovedAt, nil, "", "", "", t.Version, nil,
		"")
	return t, err
}

func messageLabel(account telephony.AccountID, id string) seal.Label {
	return seal.Label{Practice: string(account), Kind: "message.body", ID: id, Version: 1}
}

// say adds a message to a thread that is held, with the leaf that vouches for both.
func (p *Patients) say(ctx context.Context, tx pgx.Tx, t *notes.Thread, m *notes.ThreadEntry, actor, action string,
	detail ...string) error {
	keys, err := p.s.Keys(ctx, t.Account)
	if err != nil {
		return err
	}
	body, err := keys.Seal(messageLabel(t.Account, m.ID), []byte(m.Text))
	if err != nil {
		return err
	}
	m.Thread, m.At = t.ID, p.s.clock()
	res, err := tx.Query(ctx, insertMessage, m.ID, t.ID, t.Account, t.Patient, m.Kind, m.At, m.By, m.ByName, body, m.Flagged, nil, nil, "")
	if err != nil {
		return err
	}
	rows, err := messageTable.Read(res)
	if err != nil {
		return err
	}
	moved, err := p.put(ctx, tx, t)
	if err != nil {
		return err
	}
	return p.leaf(ctx, tx, *t, actor, action, append(rows, moved...), detail...)
}

func (p *Patients) leaf(ctx context.Context, tx pgx.Tx, t notes.Thread, actor, action string, rows []audit.Row, detail ...string) error {
	return p.s.log.Append(ctx, tx, audit.Entry{At: p.s.clock(), Actor: actor, Action: action, Kind: "thread", Object: string(t.ID),
		Account: string(t.Account), Detail: detail, Rows: rows})
}

// known looks whether a message was written before: the thread it stands in, or ErrMessageTaken.
func (p *Patients) known(ctx context.Context, tx pgx.Tx, id string, by notes.PersonID, of notes.PatientID) (t notes.Thread, known bool,
	err error) {
	var thread notes.ThreadID
	var writer notes.PersonID
	var patient notes.PatientID
	err = tx.QueryRow(ctx, selectMessageOf, id).Scan(&thread, &writer, &patient)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return t, false, nil
	case err != nil:
		return t, false, err
	case writer != by || patient != of:
		return t, false, ErrMessageTaken
	}
	t, err = scanThread(tx.QueryRow(ctx, selectThreads+"where id = $1", thread))
	return t, true, err
}

func checkMessage(id, words string) (string, error) {
	if words = strings.TrimSpace(words); words == "" || len(words) > notes.MaxMessage {
		return "", &Incomplete{map[string]string{"text": map[bool]string{true: notes.FieldRequired, false: notes.FieldTooLong}[words == ""]}}
	}
	if id == "" || len(id) > 100 {
		return "", errors.New("notes: a message needs an id")
	}
	return strings.ToValidUTF8(strings.ReplaceAll(words, "\x00", "\uFFFD"), "\uFFFD"), nil
}

// A Writing is what one of a practice's staff writes. ID is chosen by the page, so that writing it again writes it once. Seen is the
// last message that the writer had before them, "" for none: when another has come since, nothing is written and it is
// ErrThreadMoved. Remark says that it is for staff alone.
type Writing struct {
	ID, Text, Seen string
	Patient        notes.PatientID
	Remark         bool
}

// Write sends a message to a patient, or keeps a remark. The patient's thread is begun where none is open.
func (p *Patients) Write(ctx context.Context, w Writing, hooks ...ThreadHook) (t notes.Thread, err error) {
	h, actor, err := p.allowed(ctx, w.Patient)
	if err != nil {
		return t, err
	}
	if w.Text, err = checkMessage(w.ID, w.Text); err != nil {
		return t, err
	}
	m := notes.ThreadEntry{ID: w.ID, Kind: notes.FromStaff, By: notes.PersonID(actor.ID()), ByName: actor.Name, Text: w.Text}
	action := "message.sent"
	if w.Remark {
		m.Kind, action = notes.StaffRemark, "message.remarked"
	}
	err = p.act(ctx, h, "write to a patient", func(tx pgx.Tx) (err error) {
		var known bool
		if t, known, err = p.known(ctx, tx, w.ID, m.By, h.ID); known || err != nil {
			return err
		}
		if !w.Remark {
			if err := p.unmoved(ctx, tx, h.ID, w.Seen); err != nil {
				return err
			}
		}
		if t, err = p.openThread(ctx, tx, h); err != nil {
			return err
		}
		if !w.Remark {
			t.MovedAt, t.Waits, t.DueAt, t.Warned = p.s.clock(), notes.WaitsOnPatient, time.Time{}, notes.WarnNone
			if t.Assigned == "" {
				t.Assigned = m.By
			}
		}
		if err := p.say(ctx, tx, &t, &m, actor.ID(), action); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, deleteHand, h.ID, m.By); err != nil {
			return err
		}
		return runHooks(ctx, tx, t, m, hooks)
	})
	return t, err
}

// act runs one act on a patient's thread, whose row is held for it.
func (p *Patients) act(ctx context.Context, h head, what string, do func(pgx.Tx) error) error {
	err := postgres.InTx(ctx, p.s.pool, func(tx pgx.Tx) error {
		if _, err := scanHead(tx.QueryRow(ctx, lockPatient, h.ID)); err != nil {
			return err
		}
		return do(tx)
	})
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	p.s.log.Wake()
	return nil
}

func runHooks(ctx context.Context, tx pgx.Tx, t notes.Thread, m notes.ThreadEntry, hooks []ThreadHook) error {
	for _, h := range hooks {
		if err := h(ctx, tx, t, m); err != nil {
			return err
		}
	}
	return nil
}

// unmoved holds what somebody has seen against what there is.
func (p *Patients) unmoved(ctx context.Context, tx pgx.Tx, of notes.PatientID, seen string) error {
	last := ""
	if err := tx.QueryRow(ctx, selectLastMessage, of).Scan(&last); err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return err
	}
	if last != seen {
		return ErrThreadMoved
	}
	return nil
}

// A Flagged message reaches the person on call at once: the note it becomes, in the practice's zone, and what must be written with it.
type Flagged struct {
	Note  notes.Draft
	Zone  *time.Location
	Begin ActHook
}

// WriteAsPatient keeps what the patient who acts has written, and by when an answer is promised. Written again with the same id it is
// kept once. flagged, nil for none, becomes a note in the same transaction.
func (p *Patients) WriteAsPatient(ctx context.Context, id, words string, due time.Time, flagged *Flagged, hooks ...ThreadHook) (
	t notes.Thread, err error,
) {
	v, err := access.VisitorFrom(ctx)
	if err != nil {
		return t, err
	}
	if words, err = checkMessage(id, words); err != nil {
		return t, err
	}
	h, err := scanHead(p.s.pool.QueryRow(ctx, selectPatient, v.Patient))
	if err != nil {
		return t, err
	}
	var note *prepared
	if flagged != nil {
		if note, err = p.s.prepare(access.System(ctx, "patients"), flagged.Note, notes.Script{}, p.s.clock(), flagged.Zone); err != nil {
			return t, err
		}
	}
	m := notes.ThreadEntry{ID: id, Kind: notes.FromPatient, Text: words, Flagged: flagged != nil}
	err = p.act(ctx, h, "keep a patient's message", func(tx pgx.Tx) (err error) {
		var known bool
		if t, known, err = p.known(ctx, tx, id, "", h.ID); known || err != nil {
			return err
		}
		if t, err = p.openThread(ctx, tx, h); err != nil {
			return err
		}
		if t.Waits != notes.WaitsOnStaff || t.DueAt.IsZero() { // who writes twice does not begin to wait anew
			t.DueAt = due.UTC().Truncate(time.Microsecond)
		}
		t.MovedAt, t.Waits = p.s.clock(), notes.WaitsOnStaff
		var detail []string
		if note != nil {
			t.Note, detail = note.note.ID, []string{"note:" + string(note.note.ID)}
			b := &pgx.Batch{}
			if err := p.s.queueNote(b, note); err != nil {
				return err
			}
			if err := tx.SendBatch(ctx, b).Close(); err != nil {
				return err
			}
			if err := flagged.Begin(access.System(ctx, "patients"), tx, note.note); err != nil {
				return err
			}
		}
		if err := p.say(ctx, tx, &t, &m, v.ID(), "message.received", detail...); err != nil {
			return err
		}
		return runHooks(ctx, tx, t, m, hooks)
	})
	return t, err
}

// change runs an act on a patient's open thread that says nothing to the patient.
func (p *Patients) change(ctx context.Context, of notes.PatientID, action string, do func(tx pgx.Tx, t *notes.Thread,
	actor access.Actor) (detail []string, err error)) (t notes.Thread, err error) {
	h, actor, err := p.allowed(ctx, of)
	if err != nil {
		return t, err
	}
	err = p.act(ctx, h, action, func(tx pgx.Tx) (err error) {
		if t, err = scanThread(tx.QueryRow(ctx, selectOpenThread, h.ID)); err != nil {
			return err
		}
		detail, err := do(tx, &t, actor)
		if err != nil {
			return err
		}
		rows, err := p.put(ctx, tx, &t)
		if err != nil {
			return err
		}
		return p.leaf(ctx, tx, t, actor.ID(), action, rows, detail...)
	})
	return t, err
}

// Assign gives an open thread to one of the practice's staff, "" for nobody, if it is whose the asker believes.
func (p *Patients) Assign(ctx context.Context, of notes.PatientID, from, to notes.PersonID) (notes.Thread, error) {
	return p.change(ctx, of, "thread.assigned", func(_ pgx.Tx, t *notes.Thread, _ access.Actor) ([]string, error) {
		if t.Assigned != from {
			return nil, ErrThreadMoved
		}
		t.Assigned = to
		return []string{"to:" + string(to)}, nil
	})
}

// Close ends an open thread with a word among staff. When somebody wrote since seen, it stays open: ErrThreadMoved.
func (p *Patients) Close(ctx context.Context, of notes.PatientID, id, word, seen string) (t notes.Thread, err error) {
	h, actor, err := p.allowed(ctx, of)
	if err != nil {
		return t, err
	}
	if word, err = checkMessage(id, word); err != nil {
		return t, err
	}
	m := notes.ThreadEntry{ID: id, Kind: notes.StaffClosing, By: notes.PersonID(actor.ID()), ByName: actor.Name, Text: word}
	err = p.act(ctx, h, "close a thread", func(tx pgx.Tx) (err error) {
		var known bool
		if t, known, err = p.known(ctx, tx, id, m.By, h.ID); known || err != nil {
			return err
		}
		if err := p.unmoved(ctx, tx, h.ID, seen); err != nil {
			return err
		}
		if t, err = scanThread(tx.QueryRow(ctx, selectOpenThread, h.ID)); err != nil {
			return err
		}
		t.State, t.Waits, t.DueAt, t.Warned = notes.ThreadClosed, notes.WaitsOnNobody, time.Time{}, notes.WarnNone
		t.ClosedAt, t.ClosedBy = p.s.clock(), m.By
		return p.say(ctx, tx, &t, &m, actor.ID(), "thread.closed")
	})
	return t, err
}

// Withdraw takes a message back that the patient has not read; *ReadAlready tells when they did.
func (p *Patients) Withdraw(ctx context.Context, of notes.PatientID, message string, hooks ...ThreadHook) (t notes.Thread, err error) {
	h, actor, err := p.allowed(ctx, of)
	if err != nil {
		return t, err
	}
	err = p.act(ctx, h, "withdraw a message", func(tx pgx.Tx) (err error) {
		var kind notes.MessageKind
		var read, withdrawn *time.Time
		err = tx.QueryRow(ctx, lockMessage, message, h.ID).Scan(&kind, &read, &withdrawn)
		switch {
		case noSuch(err) || err == nil && kind != notes.FromStaff:
			return ErrNoMessage
		case err != nil:
			return err
		case read != nil:
			return &ReadAlready{read.UTC()}
		}
		if t, err = scanThread(tx.QueryRow(ctx, selectLastThread, h.ID)); err != nil || withdrawn != nil {
			return err
		}
		res, err := tx.Query(ctx, messageWithdrawn, message, p.s.clock(), actor.ID())
		if err != nil {
			return err
		}
		rows, err := messageTable.Read(res)
		if err != nil {
			return err
		}
		moved, err := p.put(ctx, tx, &t)
		if err != nil {
			return err
		}
		if err := p.leaf(ctx, tx, t, actor.ID(), "message.withdrawn", append(rows, moved...)); err != nil {
			return err
		}
		return runHooks(ctx, tx, t, notes.ThreadEntry{ID: message}, hooks)
	})
	return t, err
}

// Hand says that whoever acts is writing to a patient, for a while, or no longer. It holds nothing and leaves no trace.
func (p *Patients) Hand(ctx context.Context, of notes.PatientID, on bool) error {
	h, actor, err := p.allowed(ctx, of)
	if err != nil {
		return err
	}
	now := p.s.clock()
	if on {
		_, err = p.s.pool.Exec(ctx, upsertHand, h.ID, actor.ID(), actor.Name, now.Add(handLasts), now)
	} else {
		_, err = p.s.pool.Exec(ctx, deleteHand, h.ID, actor.ID())
	}
	if err != nil {
		return fmt.Errorf("say who is writing: %w", err)
	}
	return nil
}

// handLasts is how long it is said that somebody is writing after they were last heard of.
const handLasts = 20 * time.Second

// WarnTx has staff look at a patient's last thread, whatever its state, in a transaction of the caller's; the leaf is the caller's
// part of the server's. A patient without a thread warns nobody.
func (p *Patients) WarnTx(ctx context.Context, tx pgx.Tx, of notes.PatientID, w notes.ThreadWarning, actor, action string,
	detail ...string) error {
	if _, err := scanHead(tx.QueryRow(ctx, lockPatient, of)); err != nil {
		return err
	}
	t, err := scanThread(tx.QueryRow(ctx, selectLastThread, of))
	if errors.Is(err, ErrNoThread) {
		return nil
	}
	if err != nil {
		return err
	}
	t.Warned = w
	rows, err := p.put(ctx, tx, &t)
	if err != nil {
		return err
	}
	return p.leaf(ctx, tx, t, actor, action, rows, detail...)
}

// Looked says that whoever acts has seen a thread's warning, which then is none any more.
func (p *Patients) Looked(ctx context.Context, of notes.PatientID) error {
	h, actor, err := p.allowed(ctx, of)
	if err != nil {
		return err
	}
	return p.act(ctx, h, "look at a warning", func(tx pgx.Tx) error {
		return p.WarnTx(ctx, tx, of, notes.WarnNone, actor.ID(), "thread.looked")
	})
}

// Reached are the patients, of every practice, with a number: their ids, practices and languages.
func (p *Patients) Reached(ctx context.Context, q querier, reach []byte) ([]notes.Patient, error) {
	rows, err := q.Query(ctx, selectReached, [][]byte{reach})
	if err != nil {
		return nil, fmt.Errorf("whose number it is: %w", err)
	}
	return pgx.CollectRows(rows, func(r pgx.CollectableRow) (notes.Patient, error) {
		h, err := scanHead(r)
		return h.Patient, err
	})
}

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
	return out, nil
}

// A ThreadListed is a row of a practice's inbox. Hand is who else is writing to the patient now.
type ThreadListed struct {
	notes.Thread
	Hand string
}

// ThreadLines are a page of a practice's inbox.
type ThreadLines struct {
	Lines  []ThreadListed
	Next   string                  // the After of the page that follows, "" when none does
	Counts map[notes.ThreadTab]int // ThreadsMany stands for that many or more
}

// Threads reads a page of a practice's inbox, what was promised soonest first. Names are opened; the trace of that is durable
// before, one for what a person reads of it within a minute.
func (p *Patients) Threads(ctx context.Context, account telephony.AccountID, tab notes.ThreadTab, after string) (
	page ThreadLines, err error,
) {
	actor, err := access.Check(ctx, notes.MessagePatients, string(account))
	if err != nil {
		return page, err
	}
	if threadTabs[tab] == "" {
		tab = notes.TabAll
	}
	due, moved, id, err := readPlace(after)
	if err != nil {
		return page, err
	}
	now := p.s.clock()
	type sealedName struct {
		title   []byte
		version int
	}
	var names []sealedName
	page.Counts = map[notes.ThreadTab]int{}
	b := &pgx.Batch{}
	b.Queue(threadPage(tab), account, actor.ID(), now, due, moved, id).Query(func(rows pgx.Rows) error {
		for rows.Next() {
			var n sealedName
			var l ThreadListed
			var language telephony.Language
			t, err := scanThread(rows, &n.version, &language, &n.title, &l.Hand)
			if err != nil {
				return err
			}
			l.Thread, l.Language = t, language
			page.Lines, names = append(page.Lines, l), append(names, n)
		}
		return rows.Err()
	})
	b.Queue(countThreads, account, actor.ID(), now).QueryRow(func(r pgx.Row) error {
		var n [5]int
		err := r.Scan(&n[0], &n[1], &n[2], &n[3], &n[4])
		for i, tab := range []notes.ThreadTab{notes.TabUnassigned, notes.TabMine, notes.TabWaiting, notes.TabLate, notes.TabAll} {
			page.Counts[tab] = n[i]
		}
		return err
	})
	if err := p.s.pool.SendBatch(ctx, b).Close(); err != nil {
		return page, fmt.Errorf("read the inbox: %w", err)
	}
	if len(page.Lines) > ThreadsMany {
		page.Lines = page.Lines[:ThreadsMany]
		page.Next = place(page.Lines[ThreadsMany-1].Thread)
	}
	if len(page.Lines) == 0 {
		return page, nil
	}
	if err := p.s.traceListing(ctx, listing{action: "threads.opened", actor: actor.ID(), scope: []string{string(account)},
		brief: true}); err != nil {
		return page, err
	}
	keys, err := p.s.Keys(ctx, account)
	if err != nil {
		return page, err
	}
	for i := range page.Lines {
		l := &page.Lines[i]
		plain, err := keys.Unseal(patientLabel(account, "patient.title", l.Patient, names[i].version), names[i].title)
		if err != nil {
			return page, fmt.Errorf("open a patient's name: %w", err)
		}
		l.Name = string(plain)
	}
	return page, nil
}

// place is where a thread stands in the inbox's order; nothing of the patient.
func place(t notes.Thread) string {
	due := int64(-1)
	if !t.DueAt.IsZero() {
		due = t.DueAt.UnixMicro()
	}
	return fmt.Sprintf("%d.%d.%s", due, t.MovedAt.UnixMicro(), t.ID)
}

func readPlace(s string) (due any, moved time.Time, id string, err error) {
	if s == "" {
		return "-infinity", time.Time{}, "", nil
	}
	parts := strings.SplitN(s, ".", 3)
	if len(parts) != 3 {
		return nil, moved, "", ErrCursor
	}
	d, err1 := strconv.ParseInt(parts[0], 10, 64)
	m, err2 := strconv.ParseInt(parts[1], 10, 64)
	if err1 != nil || err2 != nil {
		return nil, moved, "", ErrCursor
	}
	due = any("infinity")
	if d >= 0 {
		due = time.UnixMicro(d).UTC()
	}
	return due, time.UnixMicro(m).UTC(), parts[2], nil
}
