package journal

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"lamplight/console"
	"lamplight/notes"
)

func typed(id string, seq int64, words string) Entry {
	return Entry{Draft: console.Draft{ID: id, Seq: seq, Call: "call-0001", Body: notes.Body{Fields: map[string]string{"reason": words}},
		SavedAt: time.Unix(seq, 0).UTC()}}
}

func mustOpen(t *testing.T, dir, login, password string) *Journal {
	t.Helper()
	j, err := Open(dir, login, password)
	if err != nil {
		t.Fatal(err)
	}
	return j
}

func mustPut(t *testing.T, j *Journal, e Entry) {
	t.Helper()
	if err := j.Put(e); err != nil {
		t.Fatal(err)
	}
}

func TestJournalKeepsTheLatestAndItsCall(t *testing.T) {
	dir := t.TempDir()
	j := mustOpen(t, dir, "ana", "pw")
	first := typed("d1", 2, "fever since last night")
	first.Pop = &console.Pop{Call: "call-0001", Caller: "(312) 555-0142"}
	mustPut(t, j, first)
	mustPut(t, j, typed("d1", 5, "fever since last night, 103"))
	mustPut(t, j, typed("d1", 4, "an older word that arrives late"))
	mustPut(t, j, typed("d2", 1, "another call"))
	if err := j.Drop("d2"); err != nil {
		t.Fatal(err)
	}
	// No close: a crash does not say goodbye. The lock goes with the process; here the file is let go by hand.
	if err := j.lock.Close(); err != nil {
		t.Fatal(err)
	}
	got := mustOpen(t, dir, "ana", "pw").All()
	if len(got) != 1 || got[0].Draft.Body.Fields["reason"] != "fever since last night, 103" || got[0].Pop == nil ||
		got[0].Pop.Caller != "(312) 555-0142" {
		t.Errorf("came back as %+v", got)
	}
}

func TestJournalIsSealedAndThePersonsOwn(t *testing.T) {
	dir := t.TempDir()
	j := mustOpen(t, dir, "ana", "pw")
	mustPut(t, j, typed("d1", 1, "chest pain"))
	if other := mustOpen(t, dir, "luis", "pw").All(); len(other) != 0 {
		t.Errorf("somebody else reads %d drafts", len(other))
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(b, []byte("chest")) || bytes.Contains(b, []byte("call-0001")) {
			t.Errorf("%s can be read", filepath.Base(f))
		}
		if info, err := os.Stat(f); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v, %v", filepath.Base(f), info.Mode(), err)
		}
	}
}

func TestJournalThatDoesNotOpenIsSetAside(t *testing.T) {
	for name, spoil := range map[string]func(t *testing.T, path string) (password string){
		"another password": func(*testing.T, string) string { return "changed" },
		"a flipped bit": func(t *testing.T, path string) string {
			b, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			b[len(b)-1] ^= 1
			if err := os.WriteFile(path, b, 0o600); err != nil {
				t.Fatal(err)
			}
			return "pw"
		},
		"cut off": func(t *testing.T, path string) string {
			if err := os.Truncate(path, 7); err != nil {
				t.Fatal(err)
			}
			return "pw"
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			j := mustOpen(t, dir, "ana", "pw")
			mustPut(t, j, typed("d1", 1, "fever"))
			if err := j.Close(); err != nil {
				t.Fatal(err)
			}
			password := spoil(t, j.path)
			j, err := Open(dir, "ana", password)
			if !errors.Is(err, ErrSetAside) || len(j.All()) != 0 {
				t.Fatalf("opened with %v", err)
			}
			if _, err := os.Stat(j.path + ".aside"); err != nil {
				t.Error("the old one is gone:", err)
			}
			mustPut(t, j, typed("d2", 1, "cough"))
			if err := j.Close(); err != nil {
				t.Fatal(err)
			}
			if got := mustOpen(t, dir, "ana", password).All(); len(got) != 1 {
				t.Errorf("the new one holds %d drafts", len(got))
			}
		})
	}
}

func TestJournalHasOneDesk(t *testing.T) {
	dir := t.TempDir()
	mustOpen(t, dir, "ana", "pw")
	if _, err := Open(dir, "ana", "pw"); err == nil {
		t.Error("two desks hold one journal")
	}
}

func BenchmarkJournalPut(b *testing.B) {
	j, err := Open(b.TempDir(), "ana", "pw")
	if err != nil {
		b.Fatal(err)
	}
	for i := range b.N {
		if err := j.Put(typed("d1", int64(i), "fever since last night")); err != nil {
			b.Fatal(err)
		}
	}
}
