package record_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"lamplight/notes"
	"lamplight/notes/access"
	"lamplight/notes/attachment"
	"lamplight/notes/postgres/postgrestest"
	"lamplight/notes/record"
)

// noisy is a photo that does not shrink, with words before and behind it, of several pieces.
func noisy(t testing.TB, side int) []byte {
	t.Helper()
	m := image.NewRGBA(image.Rect(0, 0, side, side))
	r := rand.New(rand.NewPCG(7, 8))
	for i := range m.Pix {
		m.Pix[i] = uint8(r.Uint32())
	}
	for y := range side / 4 { // what it shows is recognised by its corner
		for x := range side / 4 {
			m.SetRGBA(x, y, color.RGBA{R: 255, A: 255})
		}
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: 97}); err != nil {
		t.Fatal(err)
	}
	exif := "Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00\x00\x00\x00\x00\x00 GPS of Ximena's kitchen 41.8781"
	out := append([]byte{0xff, 0xd8, 0xff, 0xe1, 0, byte(len(exif) + 2)}, exif...)
	return append(append(out, b.Bytes()[2:]...), "behind the photo: her film"...)
}

const plainPDF = "%PDF-1.4\n1 0 obj\n<</Type/Catalog/Title(Laboratorio de la senora)>>\nendobj\nxref\n0 1\n0000000000 65535 f \n" +
	"trailer<</Root 1 0 R>>\nstartxref\n73\n%%EOF\n"

// sent sends a whole file, and has it looked at.
func (h *fixture) sent(t testing.TB, ctx context.Context, of notes.PatientID, b []byte) (id string, c record.ComingFile) {
	t.Helper()
	id = uuid.NewString()
	store := h.patients()
	if _, err := store.BeginFile(ctx, of, id, int64(len(b))); err != nil {
		t.Fatal(err)
	}
	for n := 0; n*record.PieceSize < len(b); n++ {
		if _, err := store.KeepPiece(ctx, of, id, n, b[n*record.PieceSize:min(len(b), (n+1)*record.PieceSize)]); err != nil {
			t.Fatal(err)
		}
	}
	c, err := store.FinishFile(ctx, of, id)
	if err != nil || c.File.ID == "" {
		t.Fatalf("%+v, %v", c, err)
	}
	return id, c
}

// opened is what OpenFile writes.
type opened struct {
	bytes.Buffer
	kind notes.FileKind
	size int64
}

func (o *opened) Begin(kind notes.FileKind, size int64) error {
	o.kind, o.size = kind, size
	return nil
}

func (h *fixture) open(ctx context.Context, of notes.PatientID, file string, small bool) (*opened, error) {
	o := &opened{}
	return o, h.patients().OpenFile(ctx, of, file, small, o)
}

// count counts rows.
func (h *fixture) count(t testing.TB, of string) (n int) {
	t.Helper()
	if err := h.pool.QueryRow(t.Context(), "select count(*) from "+of).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// TestFilesOnAThread: a photo from a patient and a PDF from staff, read by the other side and by nobody else, vouched for by the log;
// what was withdrawn unread is deleted.
func TestFilesOnAThread(t *testing.T) {
	h := newFixture(t).furnish(t)
	office, store := h.as(t, officeID), h.patients()
	p, other := h.admitted(t, "Ximena Quiñones", "3125550142"), h.admitted(t, "Ana Reyes", "3125550143")
	mine := asPatient(p)
	photo := noisy(t, 900)
	id, c := h.sent(t, mine, "", photo)
	if c.File.Kind != notes.Photo || c.File.Width != 900 || len(photo) < 3*record.PieceSize {
		t.Fatalf("%+v of %d bytes", c, len(photo))
	}
	if again, err := store.FinishFile(mine, "", id); err != nil || again.File != c.File {
		t.Errorf("looked at again: %+v, %v", again, err)
	}
	if _, err := h.open(mine, "", c.File.ID, false); !errors.Is(err, record.ErrNoFile) {
		t.Errorf("what hangs on no message is opened: %v", err)
	}
	if _, err := store.Write(office, record.Writing{ID: "m0", Patient: p.ID, Text: "x", Files: []string{id}}); !errors.Is(err, record.ErrNoFile) {
		t.Errorf("staff attach what the patient sent: %v", err)
	}
	_, err := store.WriteAsPatient(asPatient(other), record.PatientWords{ID: "m0", Files: []string{id}})
	if !errors.Is(err, record.ErrNoFile) {
		t.Errorf("another patient attaches it: %v", err)
	}
	for range 2 { // what was answered by nobody is asked again
		w := record.PatientWords{ID: "m1", Files: []string{id}, Due: time.Now().Add(time.Hour)}
		if _, err := store.WriteAsPatient(mine, w); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := store.WriteAsPatient(mine, record.PatientWords{ID: "m2", Files: []string{id}}); !errors.Is(err, record.ErrNoFile) {
		t.Errorf("attached twice: %v", err)
	}
	pdf, pc := h.sent(t, office, p.ID, []byte(plainPDF))
	if _, err := store.Write(office, record.Writing{ID: "m3", Patient: p.ID, Text: "Su resultado", Files: []string{pdf}, Seen: "m1"}); err != nil {
		t.Fatal(err)
	}
	remark, rc := h.sent(t, office, p.ID, photo)
	if _, err := store.Write(office, record.Writing{ID: "m4", Patient: p.ID, Files: []string{remark}, Remark: true}); err != nil {
		t.Fatal(err)
	}
	for what, f := range map[string]string{"a PDF that they have not read": pc.File.ID, "what is among staff": rc.File.ID} {
		if _, err := h.open(mine, "", f, false); !errors.Is(err, record.ErrNoFile) {
			t.Errorf("the patient opens %s: %v", what, err)
		}
	}
	conv, err := store.ReadAsPatient(mine)
	if err != nil || len(conv.Messages) != 2 || len(conv.Messages[0].Files) != 1 || conv.Messages[0].Files[0] != c.File ||
		conv.Messages[1].Files[0].Kind != notes.PDF {
		t.Fatalf("%+v, %v", conv.Messages, err)
	}
	if o, err := h.open(mine, "", pc.File.ID, false); err != nil || o.String() != plainPDF || o.kind != notes.PDF {
		t.Errorf("the PDF: %q, %v", o, err)
	}
	for of, ctx := range map[notes.PatientID]context.Context{"": mine, p.ID: office} {
		whole, err := h.open(ctx, of, c.File.ID, false)
		if err != nil || whole.size != int64(whole.Len()) || bytes.Contains(whole.Bytes(), []byte("Ximena")) ||
			bytes.Contains(whole.Bytes(), []byte("her film")) {
			t.Fatalf("%d bytes of %d, %v", whole.Len(), whole.size, err)
		}
		m, err := jpeg.Decode(whole)
		if err != nil || m.Bounds().Dx() != 900 {
			t.Fatal(err)
		}
		if r, g, _, _ := m.At(100, 100).RGBA(); r < 0xe000 || g > 0x2000 {
			t.Errorf("it shows another thing: %x %x", r, g)
		}
		for range 2 {
			small, err := h.open(ctx, of, c.File.ID, true)
			if err != nil {
				t.Fatal(err)
			}
			if s, err := jpeg.DecodeConfig(&small.Buffer); err != nil || s.Width != 320 {
				t.Errorf("a thumbnail of %d, %v", s.Width, err)
			}
		}
	}
	if _, err := h.open(office, p.ID, pc.File.ID, true); !errors.Is(err, record.ErrNoFile) {
		t.Errorf("a PDF's thumbnail: %v", err)
	}
	// Nobody else, and nobody by another's name.
	for who, ctx := range map[string]context.Context{"agent": h.as(t, agentID), "stranger": h.as(t, strangerID), "nobody": t.Context()} {
		if _, err := h.open(ctx, p.ID, c.File.ID, true); !errors.Is(err, access.ErrForbidden) && !errors.Is(err, access.ErrNobody) {
			t.Errorf("%s: %v", who, err)
		}
	}
	for who, ctx := range map[string]context.Context{"another patient": asPatient(other), "": mine} {
		if _, err := h.open(ctx, p.ID, c.File.ID, false); err == nil {
			t.Errorf("%s opens as staff do", who)
		}
	}
	if _, err := h.open(asPatient(other), "", c.File.ID, false); !errors.Is(err, record.ErrNoFile) {
		t.Errorf("another patient: %v", err)
	}
	if _, err := h.open(office, other.ID, c.File.ID, false); !errors.Is(err, record.ErrNoFile) {
		t.Errorf("as another patient's: %v", err)
	}
	for action, want := range map[string]int{"files.attached": 3, "file.opened": 3, "files.seen": 2} {
		if n := h.count(t, "audit_outbox where convert_from(body, 'UTF8') like '%\""+action+"\"%'"); n != want {
			t.Errorf("%d leaves say %s, want %d", n, action, want)
		}
	}
	h.mustVerify(t)

	wrong, wc := h.sent(t, office, p.ID, photo)
	if _, err := store.Write(office, record.Writing{ID: "m5", Patient: p.ID, Files: []string{wrong}, Seen: "m3"}); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Withdraw(office, p.ID, "m5"); err != nil {
		t.Fatal(err)
	}
	if _, err := h.open(office, p.ID, wc.File.ID, true); !errors.Is(err, record.ErrNoFile) {
		t.Errorf("what was withdrawn is opened: %v", err)
	}
	if n := h.count(t, "attachment_chunk where attachment = '"+wc.File.ID+"'"); n != 0 {
		t.Errorf("%d chunks of what was withdrawn", n)
	}
	if c, err := store.Read(office, p.ID); err != nil || len(c.Messages[3].Files) != 0 {
		t.Errorf("%+v, %v", c.Messages, err)
	}
	if n := h.count(t, "upload") + h.count(t, "upload_piece"); n != 0 {
		t.Errorf("%d rows of what has come are left", n)
	}
	h.mustVerify(t)

	// What is altered is found, and opens nothing.
	for what, do := range map[string]string{
		"chunks are swapped":  "update attachment_chunk set n = case n when 0 then 1 when 1 then 0 else n end where attachment = $1 and n < 2",
		"the end is cut":      "delete from attachment_chunk where attachment = $1 and n = (select max(n) from attachment_chunk where attachment = $1)",
		"another's chunk":     "update attachment_chunk set data = (select data from attachment_chunk where attachment = '" + rc.File.ID + "' and n = 0) where attachment = $1 and n = 0",
		"a thumbnail is gone": "update attachment set small = '' where id = $1",
		"it is another's":     "update attachment set patient = '" + string(other.ID) + "' where id = $1",
	} {
		tx, err := h.pool.Begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if what == "chunks are swapped" {
			if _, err := tx.Exec(t.Context(), "alter table attachment_chunk drop constraint attachment_chunk_pkey"); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := tx.Exec(t.Context(), do, c.File.ID); err != nil {
			t.Fatal(what, err)
		}
		if err := tx.Commit(t.Context()); err != nil {
			t.Fatal(err)
		}
		if h.verify(t).Good() {
			t.Errorf("%s, and verify finds nothing", what)
		}
		_, whole := h.open(office, p.ID, c.File.ID, false)
		_, small := h.open(office, p.ID, c.File.ID, true)
		if whole == nil && small == nil {
			t.Errorf("%s, and it opens", what)
		}
	}
}

// TestAFileComes in pieces, in their order, from where it was cut; what is none is refused and gone; what hangs on nothing is swept.
func TestAFileComes(t *testing.T) {
	now := time.Now()
	h := newFixtureAt(t, func() time.Time { return now }).furnish(t)
	store, p := h.patients(), h.admitted(t, "Ximena Quiñones", "3125550142")
	mine, photo := asPatient(p), noisy(t, 900)
	size := int64(len(photo))
	piece := func(n int) []byte { return photo[n*record.PieceSize : min(len(photo), (n+1)*record.PieceSize)] }
	if _, err := store.KeepPiece(mine, "", "f1", 0, piece(0)); !errors.Is(err, record.ErrNoFile) {
		t.Errorf("a piece of nothing: %v", err)
	}
	for _, wrong := range []int64{0, -1, notes.MaxFileBytes + 1} {
		if _, err := store.BeginFile(mine, "", "f1", wrong); !errors.Is(err, record.ErrPiece) {
			t.Errorf("of %d bytes: %v", wrong, err)
		}
	}
	steps := []struct {
		what string
		do   func() (record.ComingFile, error)
		want int64
	}{
		{"begun", func() (record.ComingFile, error) { return store.BeginFile(mine, "", "f1", size) }, 0},
		{"looked at too soon", func() (record.ComingFile, error) { return store.FinishFile(mine, "", "f1") }, 0},
		{"a piece too soon", func() (record.ComingFile, error) { return store.KeepPiece(mine, "", "f1", 1, piece(1)) }, 0},
		{"the first", func() (record.ComingFile, error) { return store.KeepPiece(mine, "", "f1", 0, piece(0)) }, record.PieceSize},
		{"the first again", func() (record.ComingFile, error) { return store.KeepPiece(mine, "", "f1", 0, piece(0)) }, record.PieceSize},
		{"a place that is none", func() (record.ComingFile, error) { return store.KeepPiece(mine, "", "f1", -1, piece(0)) }, record.PieceSize},
		{"asked how far", func() (record.ComingFile, error) { return store.BeginFile(mine, "", "f1", size) }, record.PieceSize},
	}
	for _, s := range steps {
		if c, err := s.do(); err != nil || c.Arrived != s.want || c.File.ID != "" {
			t.Errorf("%s: %+v, %v", s.what, c, err)
		}
	}
	if _, err := store.BeginFile(mine, "", "f1", size-1); !errors.Is(err, record.ErrPiece) {
		t.Errorf("of another size: %v", err)
	}
	for _, b := range [][]byte{nil, piece(1)[:100], append(bytes.Clone(piece(1)), 1)} {
		if _, err := store.KeepPiece(mine, "", "f1", 1, b); !errors.Is(err, record.ErrPiece) {
			t.Errorf("a piece of %d bytes: %v", len(b), err)
		}
	}
	var refused *attachment.FileRefusal
	if _, err := store.BeginFile(mine, "", "f2", 6); err != nil {
		t.Fatal(err)
	}
	if _, err := store.KeepPiece(mine, "", "f2", 0, []byte("<html>")); err != nil {
		t.Fatal(err)
	}
	if _, err := store.FinishFile(mine, "", "f2"); !errors.As(err, &refused) || refused.Why != attachment.NoKind {
		t.Errorf("a page: %v", err)
	}
	if n := h.count(t, "upload"); n != 1 {
		t.Errorf("%d uploads: what was refused is kept", n)
	}
	ready, rc := h.sent(t, mine, "", photo)
	if err := store.DropFile(mine, "", ready); err != nil || h.count(t, "attachment_chunk where attachment = '"+rc.File.ID+"'") > 0 {
		t.Errorf("dropped: %v", err)
	}
	for i := range 15 {
		now = now.Add(time.Second)
		if _, err := store.BeginFile(mine, "", fmt.Sprint("many-", i), 10); err != nil {
			t.Fatal(err)
		}
	}
	if n := h.count(t, "upload"); n != 10 {
		t.Errorf("%d uploads of one patient", n)
	}
	h.sent(t, mine, "", photo)
	if err := store.SweepFiles(t.Context()); err != nil || h.count(t, "upload") != 10 {
		t.Errorf("swept at once: %v", err)
	}
	now = now.Add(record.UploadLasts + time.Minute)
	if err := store.SweepFiles(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := h.count(t, "upload") + h.count(t, "upload_piece") + h.count(t, "attachment_chunk"); n != 0 {
		t.Errorf("%d rows are left a day later", n)
	}
	h.mustVerify(t)
}

// TestADumpTellsNothingOfAFile, neither of what was kept nor of what came.
func TestADumpTellsNothingOfAFile(t *testing.T) {
	url := postgrestest.URL(t)
	h := fixtureOn(t, connect(t, url), t.TempDir()).furnish(t)
	store, p := h.patients(), h.admitted(t, "Ximena Quiñones", "3125550142")
	mine, photo := asPatient(p), noisy(t, 400)
	id, c := h.sent(t, mine, "", photo)
	pdf, _ := h.sent(t, mine, "", []byte(plainPDF))
	if _, err := store.WriteAsPatient(mine, record.PatientWords{ID: "m1", Files: []string{id, pdf}}); err != nil {
		t.Fatal(err)
	}
	if _, err := store.BeginFile(mine, "", "half", int64(len(photo))); err != nil {
		t.Fatal(err)
	}
	if _, err := store.KeepPiece(mine, "", "half", 0, photo[:min(len(photo), record.PieceSize)]); err != nil {
		t.Fatal(err)
	}
	whole, err := h.open(mine, "", c.File.ID, false)
	if err != nil {
		t.Fatal(err)
	}
	small, err := h.open(mine, "", c.File.ID, true)
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(filepath.Join(postgrestest.Cluster(t).Bin(), "pg_dump"), "--dbname", url).CombinedOutput()
	if err != nil || !bytes.Contains(out, []byte("COPY public.attachment_chunk")) {
		t.Fatalf("pg_dump: %v", err)
	}
	log, err := os.ReadFile(postgrestest.Cluster(t).Log())
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range []string{"GPS of Ximena", "41.8781", "her film", "Laboratorio de la senora", "%PDF-1.4", string(photo[2000:2024]),
		whole.String()[2000:2024], small.String()[700:724]} {
		for form, b := range forms(w) {
			if form != "folded" && (bytes.Contains(out, b) || bytes.Contains(log, b)) {
				t.Errorf("the dump or the log shows %q (%s)", w, form)
			}
		}
	}
}

// TestSenderProcess is not a test of its own: the test below runs it in a child process and kills it. It sends files without end.
func TestSenderProcess(t *testing.T) {
	url, dir := os.Getenv("LAMPLIGHT_TEST_SENDER"), os.Getenv("LAMPLIGHT_TEST_STATE")
	if url == "" {
		return
	}
	h := fixtureOn(t, connect(t, url), dir)
	mine := access.WithVisitor(context.Background(), access.Visitor{Patient: notes.PatientID(os.Getenv("LAMPLIGHT_TEST_PATIENT")),
		Account: "lakeside"})
	photo := noisy(t, 500)
	for {
		id, _ := h.sent(t, mine, "", photo)
		if _, err := h.patients().WriteAsPatient(mine, record.PatientWords{ID: id, Files: []string{id}}); err != nil {
			t.Fatal(err)
		}
		fmt.Println("acknowledged", id)
	}
}

// TestASenderIsKilled in the middle, again and again: each message that was acknowledged has its photo, whole; none has half of one;
// and what hangs on nothing is what can be sent on.
func TestASenderIsKilled(t *testing.T) {
	url, state := postgrestest.URL(t), t.TempDir()
	h := fixtureOn(t, connect(t, url), state).furnish(t)
	p := h.admitted(t, "Ximena Quiñones", "3125550142")
	acknowledged := 0
	for range 3 {
		cmd := exec.Command(os.Args[0], "-test.run", "^TestSenderProcess$")
		cmd.Env = append(os.Environ(), "LAMPLIGHT_TEST_SENDER="+url, "LAMPLIGHT_TEST_STATE="+state, "LAMPLIGHT_TEST_PATIENT="+string(p.ID))
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		buf, said := make([]byte, 4096), ""
		for strings.Count(said, "acknowledged") < 2 {
			n, err := out.Read(buf)
			if err != nil {
				t.Fatal(said, err)
			}
			said += string(buf[:n])
		}
		time.Sleep(time.Duration(rand.IntN(60)) * time.Millisecond) // anywhere in the next one: not a wait for anything
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		for {
			n, err := out.Read(buf)
			said += string(buf[:n])
			if err != nil {
				break
			}
		}
		_ = cmd.Wait()
		acknowledged += strings.Count(said, "acknowledged")
	}
	conv, err := h.patients().Read(h.as(t, officeID), p.ID)
	if err != nil || len(conv.Messages) < acknowledged {
		t.Fatalf("%d messages of %d acknowledged, %v", len(conv.Messages), acknowledged, err)
	}
	for _, m := range conv.Messages {
		if len(m.Files) != 1 {
			t.Fatalf("a message with %d files", len(m.Files))
		}
		whole, err := h.open(h.as(t, officeID), p.ID, m.Files[0].ID, false)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := jpeg.Decode(whole); err != nil {
			t.Error(err)
		}
	}
	if n := h.count(t, "attachment_chunk c where not exists (select from attachment where id = c.attachment) "+
		"and not exists (select from upload where file = c.attachment)"); n != 0 {
		t.Errorf("%d chunks are nobody's", n)
	}
	h.mustVerify(t)
}
