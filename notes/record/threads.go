package record

import (
	"context"
	"errors"
	"fmt"
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

// checkMessage tidies what is written. What has files needs no words.
func checkMessage(id, words string, files ...string) (string, error) {
	if words = strings.TrimSpace(words); words == "" && len(files) == 0 || len(words) > notes.MaxMessage {
		return "", &Incomplete{map[string]string{"text": map[bool]string{true: notes.FieldRequired, false: notes.FieldTooLong}[words == ""]}}
	}
	if id == "" || len(id) > 100 {
		return "", errors.New("notes: a message needs an id")
	}
	if len(files) > notes.MaxFiles {
		return "", &Incomplete{map[string]string{"files": notes.FieldTooLong}}
	}
	return strings.ToValidUTF8(strings.ReplaceAll(words, "\x00", "\uFFFD"), "\uFFFD"), nil
}

// A Writing is what one of a practice's staff writes. ID is chosen by the page, so that writing it again writes it once. Files are those
// that the writer has sent (FinishFile), by the ids they gave them; when one is not there, nothing is written: ErrNoFile. Seen is the
// last message that the writer had before them, "" for none: when another has come since, nothing is written and it is ErrThreadMoved.
// Remark says that it is for staff alone.
type Writing struct {
	ID, Text, Seen string
	Files          []string
	Patient        notes.PatientID
	Remark         bool
}

// Write sends a message to a patient, or keeps a remark. The patient's thread is begun where none is open.
func (p *Patients) Write(ctx context.Context, w Writing, hooks ...ThreadHook) (t notes.Thread, err error) {
	h, actor, err := p.allowed(ctx, w.Patient)
	if err != nil {
		return t, err
	}
	if w.Text, err = checkMessage(w.ID, w.Text, w.Files...); err != nil {
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
		if err := p.attach(ctx, tx, t, m, actor.ID(), w.Files); err != nil {
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

// waitOnStaff has a thread wait for an answer. Who writes twice does not begin to wait anew.
func waitOnStaff(t *notes.Thread, now, due time.Time) {
	if t.Waits != notes.WaitsOnStaff || t.DueAt.IsZero() {
		t.DueAt = due.UTC().Truncate(time.Microsecond)
	}
	t.MovedAt, t.Waits = now, notes.WaitsOnStaff
}

// TextTx keeps what came by text from a patient's number, in a transaction of the caller's, and has staff look at it. It may have come from
// whoever forges the number; the story says that it was a text. Kept again with the same id it is kept once.
func (p *Patients) TextTx(ctx context.Context, tx pgx.Tx, of notes.PatientID, id, words string, due time.Time,
	w notes.ThreadWarning) error {
	words, err := checkMessage(id, words)
	if err != nil {
		return err
	}
	h, err := scanHead(tx.QueryRow(ctx, lockPatient, of))
	if err != nil {
		return err
	}
	if _, known, err := p.known(ctx, tx, id, "", h.ID); known || err != nil {
		return err
	}
	t, err := p.openThread(ctx, tx, h)
	if err != nil {
		return err
	}
	waitOnStaff(&t, p.s.clock(), due)
	t.Warned = w
	return p.say(ctx, tx, &t, &notes.ThreadEntry{ID: id, Kind: notes.FromPatient, Text: words}, access.Visitor{Patient: of}.ID(),
		"message.texted")
}

// PatientWords are what a patient has written. ID makes it repeatable; Files are as a Writing's; Due is by when an answer is promised.
// Flagged, nil for none, becomes a note in the same transaction. Texted says that it came by text from their number, and Shared that the
// number is others', too: then it stays among staff.
type PatientWords struct {
	ID, Text       string
	Files          []string
	Due            time.Time
	Flagged        *Flagged
	Texted, Shared bool
}

// WriteAsPatient keeps what the patient who acts has written.
func (p *Patients) WriteAsPatient(ctx context.Context, w PatientWords, hooks ...ThreadHook) (t notes.Thread, err error) {
	id, words, flagged := w.ID, w.Text, w.Flagged
	v, err := access.VisitorFrom(ctx)
	if err != nil {
		return t, err
	}
	if words, err = checkMessage(id, words, w.Files...); err != nil {
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
	m, action := notes.ThreadEntry{ID: id, Kind: notes.FromPatient, Text: words, Flagged: flagged != nil}, "message.received"
	if w.Texted {
		action = "message.texted"
	}
	if w.Shared {
		m.Kind = notes.StaffRemark
	}
	err = p.act(ctx, h, "keep a patient's message", func(tx pgx.Tx) (err error) {
		var known bool
		if t, known, err = p.known(ctx, tx, id, "", h.ID); known || err != nil {
			return err
		}
		if t, err = p.openThread(ctx, tx, h); err != nil {
			return err
		}
		waitOnStaff(&t, p.s.clock(), w.Due)
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
		if err := p.say(ctx, tx, &t, &m, v.ID(), action, detail...); err != nil {
			return err
		}
		if err := p.attach(ctx, tx, t, m, v.ID(), w.Files); err != nil {
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

// Withdraw takes a message back that the patient has not read, and deletes its files; *ReadAlready tells when they did.
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
		gone, err := p.detach(ctx, tx, message)
		if err != nil {
			return err
		}
		moved, err := p.put(ctx, tx, &t)
		if err != nil {
			return err
		}
		if err := p.leaf(ctx, tx, t, actor.ID(), "message.withdrawn", append(append(rows, gone...), moved...)); err != nil {
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
