package record

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/jackc/pgx/v5"

	"lamplight/notes"
	"lamplight/notes/audit"
)

// attach hangs files that came on a message, in its order, with the leaf that vouches for them.
func (p *Patients) attach(ctx context.Context, tx pgx.Tx, t notes.Thread, m notes.ThreadEntry, actor string, files []string) error {
	if len(files) == 0 {
		return nil
	}
	type came struct {
		notes.File
		chunks              int
		head, small, digest []byte
	}
	got := map[string]came{}
	rows, err := tx.Query(ctx, lockUploads, t.Patient, m.By, files)
	if err != nil {
		return err
	}
	var id string
	var c came
	if _, err := pgx.ForEachRow(rows, []any{&id, &c.ID, &c.Kind, &c.Bytes, &c.Width, &c.Height, &c.chunks, &c.head, &c.small,
		&c.digest}, func() error {
		got[id] = c
		return nil
	}); err != nil {
		return err
	}
	var vouched []audit.Row
	var detail []string
	for n, id := range files {
		c, ok := got[id]
		if !ok {
			return ErrNoFile
		}
		delete(got, id)
		values := []any{c.ID, m.ID, t.Account, t.Patient, n, c.Kind, c.Bytes, c.Width, c.Height, c.chunks, c.head, c.small}
		if _, err := tx.Exec(ctx, insertAttachment, values...); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, deleteUpload, c.ID); err != nil {
			return err
		}
		row, err := attachmentTable.Row(c.ID, c.ID, m.ID, string(t.Account), string(t.Patient), n, string(c.Kind), c.Bytes, c.Width,
			c.Height, c.chunks, c.head, c.small, nil, c.digest)
		if err != nil {
			return err
		}
		vouched, detail = append(vouched, row), append(detail, "file:"+c.ID)
	}
	return p.leaf(ctx, tx, t, actor, "files.attached", vouched, detail...)
}

// detach deletes what hangs on a message that is withdrawn; the rows that say so.
func (p *Patients) detach(ctx context.Context, tx pgx.Tx, message string) ([]audit.Row, error) {
	if _, err := tx.Exec(ctx, deleteFileChunks, message); err != nil {
		return nil, err
	}
	res, err := tx.Query(ctx, filesGone, message, p.s.clock())
	if err != nil {
		return nil, err
	}
	return attachmentTable.Read(res)
}

// files are what hangs on messages, by message. Nothing is opened.
func (p *Patients) files(ctx context.Context, messages []string) (map[string][]notes.File, error) {
	rows, err := p.s.pool.Query(ctx, selectFiles, messages)
	if err != nil {
		return nil, err
	}
	out := map[string][]notes.File{}
	var message string
	var f notes.File
	_, err = pgx.ForEachRow(rows, []any{&message, &f.ID, &f.Kind, &f.Bytes, &f.Width, &f.Height}, func() error {
		out[message] = append(out[message], f)
		return nil
	})
	return out, err
}

// A FileWriter is told what comes before the first byte of it.
type FileWriter interface {
	io.Writer
	Begin(kind notes.FileKind, size int64) error
}

// OpenFile writes a file of a patient's thread, or a photo's thumbnail, for whoever may read its message; ErrNoFile for everybody else.
// of is "" for the patient who acts: of what staff wrote they see what stands in messages that they have opened. The trace is durable
// before anything is decrypted; one covers what somebody sees of a thread's thumbnails within a minute.
func (p *Patients) OpenFile(ctx context.Context, of notes.PatientID, file string, small bool, w FileWriter) error {
	s, err := p.sender(ctx, of)
	if err != nil {
		return err
	}
	var f notes.File
	var chunks int
	var head, thumb []byte
	var thread notes.ThreadID
	var kind notes.MessageKind
	var read *time.Time
	err = p.s.pool.QueryRow(ctx, selectFile, file, s.ID).Scan(&f.Kind, &f.Bytes, &f.Width, &f.Height, &chunks, &head, &thumb, &thread,
		&kind, &read)
	switch {
	case noSuch(err):
		return ErrNoFile
	case err != nil:
		return fmt.Errorf("look for a file: %w", err)
	case s.by == "" && kind != notes.FromPatient && (kind != notes.FromStaff || read == nil), small && f.Kind != notes.Photo:
		return ErrNoFile
	}
	if err := p.traceFile(ctx, s, thread, file, small); err != nil {
		return err
	}
	keys, err := p.s.Keys(ctx, s.Account)
	if err != nil {
		return err
	}
	if small {
		plain, err := keys.Unseal(fileLabel(s.Account, "attachment.small", file), thumb)
		if err != nil {
			return fmt.Errorf("open a thumbnail: %w", err)
		}
		if err := w.Begin(f.Kind, int64(len(plain))); err != nil {
			return err
		}
		_, err = w.Write(plain)
		return err
	}
	stream, err := keys.UnsealStream(fileLabel(s.Account, "attachment", file), head)
	if err != nil {
		return fmt.Errorf("open a file: %w", err)
	}
	for n := range chunks {
		var sealed []byte
		if err := p.s.pool.QueryRow(ctx, selectFileChunk, file, n).Scan(&sealed); err != nil {
			return fmt.Errorf("read a file: %w", err)
		}
		plain, err := stream.Unseal(sealed, n == chunks-1)
		if err != nil {
			return fmt.Errorf("open a file: %w", err)
		}
		if n == 0 { // only now it is known that it opens
			if err := w.Begin(f.Kind, f.Bytes); err != nil {
				return err
			}
		}
		if _, err := w.Write(plain); err != nil {
			return err
		}
	}
	return nil
}

// traceFile commits the leaf of a file's opening.
func (p *Patients) traceFile(ctx context.Context, s sender, thread notes.ThreadID, file string, small bool) error {
	leaf := audit.Entry{Actor: s.actor, Action: "file.opened", Kind: "thread", Object: string(thread), Account: string(s.Account),
		Detail: []string{"file:" + file}}
	if !small {
		return p.s.addLeaf(ctx, leaf)
	}
	leaf.Action, leaf.Detail = "files.seen", nil
	seen, scope, now := leaf.Action+" "+leaf.Object, []string{leaf.Account}, p.s.clock()
	if p.s.glances.covers(s.actor, seen, scope, now) {
		return nil
	}
	if err := p.s.addLeaf(ctx, leaf); err != nil {
		return err
	}
	p.s.glances.left([]string{s.actor}, seen, scope, now)
	return nil
}
