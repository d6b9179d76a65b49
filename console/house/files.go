package house

import (
	"context"
	"errors"

	"lamplight/console"
	"lamplight/notes"
	"lamplight/notes/access"
	"lamplight/notes/attachment"
	"lamplight/notes/record"
)

// File begins a file, or tells how far it has come. Here and below, of is "" for the patient who acts.
func (h *House) File(ctx context.Context, b console.FileBegun) (out console.FileCame, err error) {
	if err := h.messages(); err != nil {
		return out, err
	}
	c, err := h.cfg.Patients.BeginFile(ctx, b.Patient, b.File, b.Size)
	if errors.Is(err, record.ErrPiece) {
		err = &attachment.FileRefusal{Why: attachment.TooLarge}
	}
	return came(c), fileRefusal(b.Patient, err)
}

// KeepPiece keeps a piece of a file that comes.
func (h *House) KeepPiece(ctx context.Context, of notes.PatientID, file string, n int, piece []byte) (out console.FileCame, err error) {
	if err := h.messages(); err != nil {
		return out, err
	}
	c, err := h.cfg.Patients.KeepPiece(ctx, of, file, n, piece)
	return came(c), fileRefusal(of, err)
}

// FileDone has a file looked at that has arrived.
func (h *House) FileDone(ctx context.Context, of notes.PatientID, file string) (out console.FileCame, err error) {
	if err := h.messages(); err != nil {
		return out, err
	}
	c, err := h.cfg.Patients.FinishFile(ctx, of, file)
	return came(c), fileRefusal(of, err)
}

// FileDrop takes a file back that hangs on no message.
func (h *House) FileDrop(ctx context.Context, of notes.PatientID, file string) error {
	if err := h.messages(); err != nil {
		return err
	}
	return fileRefusal(of, h.cfg.Patients.DropFile(ctx, of, file))
}

// Attachment writes a file of a thread, or a photo's thumbnail.
func (h *House) Attachment(ctx context.Context, of notes.PatientID, file string, small bool, w record.FileWriter) error {
	if err := h.messages(); err != nil {
		return err
	}
	err := h.cfg.Patients.OpenFile(ctx, of, file, small, w)
	if errors.Is(err, record.ErrNoFile) {
		return console.Refuse(console.NotFound, filePage(of)+".error.not-found")
	}
	return fileRefusal(of, err)
}

func came(c record.ComingFile) console.FileCame {
	return console.FileCame{Arrived: c.Arrived, Piece: record.PieceSize, Kind: c.File.Kind}
}

// filePage is the catalog of whoever asks.
func filePage(of notes.PatientID) string {
	if of == "" {
		return "patient"
	}
	return "portal"
}

// fileRefusal turns an error about a file into a refusal with the words of the page that asks.
func fileRefusal(of notes.PatientID, err error) error {
	var refused *attachment.FileRefusal
	switch {
	case errors.As(err, &refused):
		return console.Refuse(console.Invalid, filePage(of)+".error.file-"+string(refused.Why))
	case errors.Is(err, record.ErrNoFile):
		return console.Refuse(console.Conflict, filePage(of)+".error.file-gone")
	case errors.Is(err, record.ErrPiece):
		return console.Refuse(console.Invalid, filePage(of)+".error.malformed")
	case of == "" && errors.Is(err, access.ErrNobody):
		return console.Refuse(console.SignedOut, "patient.error.signed-out")
	}
	return patientRefusal(err)
}

func messageFiles(files []notes.File) []console.MessageFile {
	out := make([]console.MessageFile, len(files))
	for i, f := range files {
		out[i] = console.MessageFile{ID: f.ID, Kind: f.Kind, Bytes: f.Bytes, Width: f.Width, Height: f.Height}
	}
	return out
}
