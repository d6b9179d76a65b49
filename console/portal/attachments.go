package portal

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"lamplight/notes"
	"lamplight/notes/record"
)

// pieceTime is how long a piece may take to come: a phone in a cellar sends 35 kbit/s.
const pieceTime = time.Minute

// filePolicy lets nothing run of a file that is opened by itself, and gives it no origin of ours.
const filePolicy = "default-src 'none'; sandbox"

// attachmentRoutes serves the bytes of files, which are no JSON. Of what stands in an address, a file's id says nothing.
func (p *Portal) attachmentRoutes() {
	if p.cfg.Attachments == nil {
		return
	}
	for base, who := range map[string]func(func(http.ResponseWriter, *http.Request) error) http.HandlerFunc{
		"/api/patients/{patient}/files/{file}": p.signedIn, "/api/patient/files/{file}": p.visiting} {
		p.mux.HandleFunc("POST "+base+"/pieces/{n}", who(p.piece))
		p.mux.HandleFunc("GET "+base, who(func(w http.ResponseWriter, r *http.Request) error { return p.attachment(w, r, false) }))
		p.mux.HandleFunc("GET "+base+"/small", who(func(w http.ResponseWriter, r *http.Request) error { return p.attachment(w, r, true) }))
	}
}

func (p *Portal) piece(w http.ResponseWriter, r *http.Request) error {
	n, err := strconv.Atoi(r.PathValue("n"))
	if err != nil {
		return errMalformed
	}
	err = http.NewResponseController(w).SetReadDeadline(time.Now().Add(pieceTime))
	if err != nil && !errors.Is(err, http.ErrNotSupported) {
		return fmt.Errorf("wait for a piece: %w", err)
	}
	var tooLarge *http.MaxBytesError
	b, err := io.ReadAll(r.Body)
	switch {
	case errors.As(err, &tooLarge):
		return err
	case err != nil: // the line was cut: nothing of the piece is kept, and the page sends it again
		return errMalformed
	}
	out, err := p.cfg.Attachments.KeepPiece(r.Context(), notes.PatientID(r.PathValue("patient")), r.PathValue("file"), n, b)
	if err != nil {
		return err
	}
	p.write(w, http.StatusOK, out)
	return nil
}

func (p *Portal) attachment(w http.ResponseWriter, r *http.Request, small bool) error {
	out := &attachmentWriter{ResponseWriter: w}
	err := p.cfg.Attachments.Attachment(r.Context(), notes.PatientID(r.PathValue("patient")), r.PathValue("file"), small, out)
	if err != nil && out.begun { // what is there already must not be taken for the whole
		p.cfg.Log.Info("portal: file not delivered", "route", r.Pattern, "error", err)
		panic(http.ErrAbortHandler)
	}
	return err
}

// attachmentWriter writes the headers of a file before it. A PDF is never shown by a page of ours: it is a download.
type attachmentWriter struct {
	http.ResponseWriter
	begun bool
}

var _ record.FileWriter = (*attachmentWriter)(nil)

func (a *attachmentWriter) Begin(kind notes.FileKind, size int64) error {
	a.begun = true
	h := a.Header()
	h.Set("Content-Security-Policy", filePolicy)
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Content-Length", strconv.FormatInt(size, 10))
	h.Set("Content-Type", "image/jpeg")
	h.Set("Content-Disposition", `inline; filename="photo.jpg"`)
	if kind == notes.PDF {
		h.Set("Content-Type", "application/pdf")
		h.Set("Content-Disposition", `attachment; filename="document.pdf"`)
	}
	return nil
}
