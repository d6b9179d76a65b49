package record

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/jackc/pgx/v5"

	"lamplight/notes"
	"lamplight/notes/access"
	"lamplight/notes/attachment"
	"lamplight/notes/postgres"
	"lamplight/notes/seal"
	"lamplight/telephony"
)

const (
	// PieceSize is how long each piece of a file is in which it comes, in bytes; the last may be shorter.
	PieceSize = 256 << 10
	// UploadLasts is how long a file that hangs on no message is kept after its last piece.
	UploadLasts = 24 * time.Hour
)

// Errors of files.
var (
	// ErrNoFile: there is none, or it is not for whoever asks; of one that comes, it has to be sent from its beginning.
	ErrNoFile = errors.New("notes: no such file")
	// ErrPiece: a piece is not as long as its place wants, or a file as large as none may be.
	ErrPiece = errors.New("notes: a piece of a wrong length")
)

// A ComingFile is how far a file has come. When Arrived is its size, FinishFile looks at it; File has an id once it can be attached.
type ComingFile struct {
	Arrived int64
	File    notes.File
}

// sender is whoever sends or reads a patient's files: one of the practice's staff, or ("" of a patient asked for) the patient who acts.
type sender struct {
	head
	by    notes.PersonID // "" for the patient
	actor string
}

func (p *Patients) sender(ctx context.Context, of notes.PatientID) (s sender, err error) {
	if of != "" {
		h, actor, err := p.allowed(ctx, of)
		return sender{h, notes.PersonID(actor.ID()), actor.ID()}, err
	}
	v, err := access.VisitorFrom(ctx)
	if err != nil {
		return s, err
	}
	h, err := scanHead(p.s.pool.QueryRow(ctx, selectPatient, v.Patient))
	return sender{h, "", v.ID()}, err
}

// upload is a row of what comes.
type upload struct {
	ComingFile
	file string // what it will be as an attachment
	size int64
}

func scanUpload(row pgx.Row) (u upload, err error) {
	err = row.Scan(&u.file, &u.size, &u.Arrived, &u.File.Kind, &u.File.Bytes, &u.File.Width, &u.File.Height)
	if noSuch(err) {
		return u, ErrNoFile
	}
	if u.File.Kind != "" {
		u.File.ID = u.file
	}
	return u, err
}

// BeginFile begins a file of so many bytes, which its sender names id, or says how far it has come: sending it goes on there. of is
// "" for the patient who acts. A sender's oldest files make way when there are too many.
func (p *Patients) BeginFile(ctx context.Context, of notes.PatientID, id string, size int64) (c ComingFile, err error) {
	s, err := p.sender(ctx, of)
	if err != nil {
		return c, err
	}
	if size < 1 || size > notes.MaxFileBytes || id == "" || len(id) > 60 {
		return c, ErrPiece
	}
	err = postgres.InTx(ctx, p.s.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, insertUpload, newID(), s.ID, s.by, id, size, p.s.clock()); err != nil {
			return err
		}
		u, err := scanUpload(tx.QueryRow(ctx, selectUpload, s.ID, s.by, id))
		if err != nil {
			return err
		}
		if u.size != size {
			return ErrPiece
		}
		c = u.ComingFile
		_, err = tx.Exec(ctx, keepUploads, s.ID, s.by, uploadsMany)
		return err
	})
	if err != nil {
		err = fmt.Errorf("begin a file: %w", err)
	}
	return c, err
}

func pieceLabel(account telephony.AccountID, file string, n int) seal.Label {
	return seal.Label{Practice: string(account), Kind: "upload.piece", ID: file, Version: n}
}

// KeepPiece keeps the piece with the number n, from 0. One that is not the next changes nothing: the answer says how far the file is.
func (p *Patients) KeepPiece(ctx context.Context, of notes.PatientID, id string, n int, piece []byte) (c ComingFile, err error) {
	s, err := p.sender(ctx, of)
	if err != nil {
		return c, err
	}
	keys, err := p.s.Keys(ctx, s.Account)
	if err != nil {
		return c, err
	}
	err = postgres.InTx(ctx, p.s.pool, func(tx pgx.Tx) error {
		u, err := scanUpload(tx.QueryRow(ctx, lockUpload, s.ID, s.by, id))
		if c = u.ComingFile; err != nil || int64(n)*PieceSize != u.Arrived || u.Arrived == u.size {
			return err
		}
		if int64(len(piece)) != min(PieceSize, u.size-u.Arrived) {
			return ErrPiece
		}
		sealed, err := keys.Seal(pieceLabel(s.Account, u.file, n), piece)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, insertPiece, u.file, n, sealed); err != nil {
			return err
		}
		c.Arrived += int64(len(piece))
		_, err = tx.Exec(ctx, pieceArrived, u.file, c.Arrived, p.s.clock())
		return err
	})
	if err != nil {
		err = fmt.Errorf("keep a piece of a file: %w", err)
	}
	return c, err
}

// FinishFile looks at a file that has arrived and makes of it what is kept. Finished again it is as it was made; one of which
// something is missing is answered with how far it is. An *attachment.FileRefusal says why it is not kept, and it is gone then.
func (p *Patients) FinishFile(ctx context.Context, of notes.PatientID, id string) (c ComingFile, err error) {
	s, err := p.sender(ctx, of)
	if err != nil {
		return c, err
	}
	// A photo takes a processor for a second and hundreds of megabytes: one is looked at at a time.
	select {
	case p.looking <- struct{}{}:
		defer func() { <-p.looking }()
	case <-ctx.Done():
		return c, ctx.Err()
	}
	ctx = context.WithoutCancel(ctx) // who waited too long asks again, and finds it done
	u, err := scanUpload(p.s.pool.QueryRow(ctx, selectUpload, s.ID, s.by, id))
	if err != nil || u.File.ID != "" || u.Arrived < u.size {
		return u.ComingFile, err
	}
	came, err := p.pieces(ctx, s.Account, u)
	if err != nil {
		return c, fmt.Errorf("read a file that came: %w", err)
	}
	made, err := attachment.Inspect(came)
	var refused *attachment.FileRefusal
	if errors.As(err, &refused) {
		if err := p.DropFile(ctx, of, id); err != nil {
			return c, err
		}
		return c, refused
	}
	if err != nil {
		return c, err
	}
	return p.keepMade(ctx, s, id, u.file, made)
}

// pieces opens what has arrived of a file.
func (p *Patients) pieces(ctx context.Context, account telephony.AccountID, u upload) ([]byte, error) {
	keys, err := p.s.Keys(ctx, account)
	if err != nil {
		return nil, err
	}
	rows, err := p.s.pool.Query(ctx, selectPieces, u.file)
	if err != nil {
		return nil, err
	}
	var n int
	var sealed []byte
	came := make([]byte, 0, u.size)
	if _, err := pgx.ForEachRow(rows, []any{&n, &sealed}, func() error {
		plain, err := keys.Unseal(pieceLabel(account, u.file, n), sealed)
		if err != nil || int64(n)*PieceSize != int64(len(came)) {
			return errors.Join(err, ErrPiece)
		}
		came = append(came, plain...)
		return nil
	}); err != nil {
		return nil, err
	}
	if int64(len(came)) != u.size {
		return nil, ErrPiece
	}
	return came, nil
}

func fileLabel(account telephony.AccountID, kind, file string) seal.Label {
	return seal.Label{Practice: string(account), Kind: kind, ID: file, Version: 1}
}

// keepMade seals what a file became and stores it in the place of its pieces.
func (p *Patients) keepMade(ctx context.Context, s sender, id, file string, made attachment.Made) (c ComingFile, err error) {
	keys, err := p.s.Keys(ctx, s.Account)
	if err != nil {
		return c, err
	}
	stream, head, err := keys.NewStream(fileLabel(s.Account, "attachment", file))
	if err != nil {
		return c, err
	}
	small := []byte{}
	if made.Small != nil {
		if small, err = keys.Seal(fileLabel(s.Account, "attachment.small", file), made.Small); err != nil {
			return c, err
		}
	}
	err = postgres.InTx(ctx, p.s.pool, func(tx pgx.Tx) error {
		u, err := scanUpload(tx.QueryRow(ctx, lockUpload, s.ID, s.by, id))
		if c = u.ComingFile; err != nil || u.File.ID != "" || u.file != file {
			return err // somebody was quicker
		}
		content := sha256.New()
		w := seal.NewWriter(stream, func(n int, sealed []byte) error {
			sum := sha256.Sum256(sealed)
			content.Write(binary.BigEndian.AppendUint32(nil, uint32(n)))
			content.Write(sum[:])
			_, err := tx.Exec(ctx, insertFileChunk, file, n, sealed)
			return err
		})
		if _, err := io.Copy(w, bytes.NewReader(made.Data)); err != nil {
			return err
		}
		if err := w.Close(); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, uploadMade, file, made.Kind, len(made.Data), made.Width, made.Height, w.Chunks(), head, small,
			content.Sum(nil)); err != nil {
			return err
		}
		c.File = notes.File{ID: file, Kind: made.Kind, Bytes: int64(len(made.Data)), Width: made.Width, Height: made.Height}
		_, err = tx.Exec(ctx, deletePieces, file)
		return err
	})
	if err != nil {
		err = fmt.Errorf("keep a file: %w", err)
	}
	return c, err
}

// DropFile deletes a file that hangs on no message. One that is not there is no error.
func (p *Patients) DropFile(ctx context.Context, of notes.PatientID, id string) error {
	s, err := p.sender(ctx, of)
	if err != nil {
		return err
	}
	if _, err := p.s.pool.Exec(ctx, dropUpload, s.ID, s.by, id); err != nil {
		return fmt.Errorf("drop a file: %w", err)
	}
	return nil
}

// SweepFiles deletes files that hang on no message UploadLasts after their last piece.
func (p *Patients) SweepFiles(ctx context.Context) error {
	if _, err := p.s.pool.Exec(ctx, sweepUploads, p.s.clock().Add(-UploadLasts)); err != nil {
		return fmt.Errorf("sweep files: %w", err)
	}
	return nil
}
