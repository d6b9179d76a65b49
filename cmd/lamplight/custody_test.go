package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"lamplight/cmd/lamplight/server"
	"lamplight/notes"
	"lamplight/notes/access"
	"lamplight/notes/custody"
	"lamplight/notes/postgres/postgrestest"
	"lamplight/telephony"
)

// TestMain runs `lamplight` itself when a test has started this binary as a process it may kill.
func TestMain(m *testing.M) {
	if os.Getenv("LAMPLIGHT_TEST_PROGRAM") != "" {
		main()
		return
	}
	if err := os.Setenv("LAMPLIGHT_FOR_TESTS", "true"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(60 * time.Second); !ok(); time.Sleep(time.Millisecond) { // between two looks
		if time.Now().After(end) {
			t.Fatalf("never: %s", what)
		}
	}
}

// copied is a server's state, with practices and notes, and the directories of its copies. All paths hold a space.
type copied struct {
	server.CustodyFlags
	root, identity string
	written        []notes.NoteID
}

func newCopied(t *testing.T) *copied {
	t.Helper()
	root := filepath.Join(postgrestest.Dir(t), "two words")
	if err := os.Mkdir(root, 0o711); err != nil {
		t.Fatal(err)
	}
	c := &copied{root: root, identity: filepath.Join(root, "identity.txt")}
	var recipient strings.Builder
	if err := (&backupIdentityCmd{c.identity}).run(&recipient); err != nil {
		t.Fatal(err)
	}
	c.State = filepath.Join(root, "state")
	c.BackupConfig = server.BackupConfig{BackupDir: filepath.Join(root, "copy"), BackupKeys: filepath.Join(root, "keys' copies"),
		BackupRecipient: []string{strings.TrimSpace(recipient.String())}, BackupEvery: time.Hour, BackupKeep: 2}
	s := c.opened(t)
	for _, name := range []string{"lakeside", "sol"} {
		p, found, err := readPractice(filepath.Join("..", "lamplight-demo", "practices", name+".json"), nil)
		if err != nil || len(found) > 0 {
			t.Fatal(found, err)
		}
		if err := s.Record.PutAccount(access.System(t.Context(), "test"), p.Account); err != nil {
			t.Fatal(err)
		}
	}
	c.write(t, s, "before the backup")
	closed(t, s)
	return c
}

// opened opens the state with what keeps its copies.
func (c *copied) opened(t *testing.T) *server.Server {
	t.Helper()
	s, err := c.Connect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func closed(t *testing.T, s *server.Server) {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// write takes a note for each practice.
func (c *copied) write(t *testing.T, s *server.Server, reason string) {
	t.Helper()
	ctx := access.System(t.Context(), "test")
	all, err := s.Record.Accounts(ctx)
	if err != nil || len(all) == 0 {
		t.Fatalf("%d practices, %v", len(all), err)
	}
	for _, a := range all {
		id := fmt.Sprintf("%s-%d", a.ID, len(c.written))
		call := telephony.Call{ID: telephony.CallID(id), DID: a.Lines[0].DID, Account: a.ID, Language: "en", State: telephony.Arrived,
			OpenedAt: time.Now(), Inbound: true}
		if err := s.Record.Record(ctx, call, telephony.Step{At: time.Now(), Kind: "arrived"}); err != nil {
			t.Fatal(err)
		}
		d := notes.Draft{ID: id, Seq: 1, Call: call.ID, Account: a.ID, CallType: a.Script.CallTypes[0].ID, Urgency: notes.Routine,
			Language: "en", Body: bodyFor(a.Script.CallTypes[0], reason)}
		n, err := s.Record.Take(ctx, d)
		if err != nil {
			t.Fatal(err)
		}
		c.written = append(c.written, n.ID)
	}
}

// bodyFor answers every field of a call type.
func bodyFor(ct notes.CallType, reason string) notes.Body {
	b := notes.Body{Fields: map[string]string{}}
	for _, f := range ct.Fields {
		switch f.Kind {
		case "phone":
			b.Fields[f.Key] = "(312) 555-0142"
		case "date":
			b.Fields[f.Key] = "4/2/1961"
		case "choice":
			b.Fields[f.Key] = f.Choices[0].Value
		case "yesno":
			b.Fields[f.Key] = "no"
		default:
			b.Fields[f.Key] = reason
		}
		if f.ReadBack {
			b.ReadBack = append(b.ReadBack, f.Key)
		}
	}
	return b
}

// cameBack opens every note written in a restored state.
func (c *copied) cameBack(t *testing.T, state string) {
	t.Helper()
	s, err := server.RecordFlags{State: state}.Connect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer closed(t, s)
	for _, id := range c.written {
		if n, err := s.Record.Open(access.System(t.Context(), "test"), id); err != nil || len(n.Body.Fields) == 0 {
			t.Errorf("the note %s: %v", id, err)
		}
	}
	if r, err := s.Verify(t.Context()); err != nil || !r.Good() || len(r.Unchecked) > 0 {
		t.Errorf("the restored log: %+v, %v", r, err)
	}
}

func (c *copied) restore(state string) *restoreCmd {
	return &restoreCmd{State: state, BackupDir: c.BackupDir, BackupKeys: c.BackupKeys, Identity: c.identity}
}

// TestTheRecordComesBack backs up, drills and restores; then spoils what can be spoiled, one at a time, and is told of each.
func TestTheRecordComesBack(t *testing.T) {
	c := newCopied(t)
	var said strings.Builder
	if err := (&backupNowCmd{c.CustodyFlags}).run(t.Context(), &said); err != nil {
		t.Fatal(err)
	}
	s := c.opened(t)
	c.write(t, s, "after the base")
	d, err := s.Custody.Drill(t.Context())
	if err != nil || !d.Good || d.Notes != 2 || d.Rows == 0 {
		t.Fatalf("the drill: %+v, %v", d, err)
	}
	closed(t, s)
	if err := (&drillCmd{CustodyFlags: c.CustodyFlags}).run(t.Context(), &said); err != nil {
		t.Fatal(err)
	}
	if err := (&backupStatusCmd{c.BackupDir, c.BackupKeys}).run(&said); err != nil {
		t.Fatal(err)
	}
	back := filepath.Join(c.root, "another machine")
	if err := c.restore(back).run(t.Context(), &said); err != nil {
		t.Fatal(err)
	}
	t.Log(said.String())
	c.cameBack(t, back)
	if err := c.restore(back).run(t.Context(), io.Discard); err == nil || !strings.Contains(err.Error(), "holds a database already") {
		t.Errorf("over what is there: %v", err)
	}
	t.Run("the restored one is backed up on a history of its own", func(t *testing.T) {
		again := *c
		again.State = back
		if err := (&backupNowCmd{again.CustodyFlags}).run(t.Context(), io.Discard); err != nil {
			t.Fatal(err)
		}
		if err := (&drillCmd{CustodyFlags: again.CustodyFlags}).run(t.Context(), io.Discard); err != nil {
			t.Error(err)
		}
	})
	t.Run("spoiled", func(t *testing.T) { spoiled(t, c) })
}

// TestACutCopyIsNotTaken restores without the newest piece of the log. PostgreSQL finds nothing wrong with that; the checkpoint
// that was kept does.
func TestACutCopyIsNotTaken(t *testing.T) {
	t.Parallel() // it mostly waits
	c := newCopied(t)
	s := c.opened(t)
	ctx, stop := context.WithCancel(t.Context())
	ran := make(chan error, 1)
	go func() { ran <- s.Custody.Run(ctx) }()
	found := func(name ...string) []string {
		files, err := filepath.Glob(filepath.Join(append([]string{c.BackupDir, "*"}, name...)...))
		if err != nil {
			t.Fatal(err)
		}
		return files
	}
	eventually(t, "a base", func() bool { return len(found("base-*.json")) == 1 })
	c.write(t, s, "after the base")
	if _, err := s.Audit.Sequence(t.Context()); err != nil {
		t.Fatal(err)
	}
	signed, err := s.Audit.Checkpoint(t.Context())
	if err != nil || signed == "" {
		t.Fatalf("%q, %v", signed, err)
	}
	eventually(t, "the checkpoint in the copy", func() bool {
		files := found("checkpoint")
		if len(files) != 1 {
			return false
		}
		kept, err := os.ReadFile(files[0])
		return err == nil && string(kept) == signed
	})
	stop()
	if err := <-ran; err != nil {
		t.Error(err)
	}
	closed(t, s)
	if err := c.restore(filepath.Join(c.root, "whole")).run(t.Context(), io.Discard); err != nil {
		t.Fatal(err)
	}
	files := found("wal", "*.*-*.age")
	for _, p := range files[len(files)/2:] {
		if err := os.Remove(p); err != nil {
			t.Fatal(err)
		}
	}
	cut := filepath.Join(c.root, "cut")
	if err := c.restore(cut).run(t.Context(), io.Discard); err == nil || !strings.Contains(err.Error(), "log-cut") &&
		!strings.Contains(err.Error(), "files are missing") {
		t.Errorf("%d of %d pieces: %v", len(files)-len(files)/2, len(files), err)
	} else {
		t.Log(err)
	}
	if _, err := os.Stat(filepath.Join(cut, "postgres", "data")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("it was put in place all the same: %v", err)
	}
}

// spoiled has drills fail, each with its words in the result, in the row and in what it says.
func spoiled(t *testing.T, c *copied) {
	for _, one := range []struct {
		what, pattern string
		want          string
	}{
		{"the base cut short", filepath.Join(c.BackupDir, "*", "base-*.tar.gz.age"), "unpack the base backup"},
		{"the keys' copy altered", filepath.Join(c.BackupKeys, "keys-*.age"), "is damaged"},
	} {
		t.Run(one.what, func(t *testing.T) {
			files, err := filepath.Glob(one.pattern)
			if err != nil || len(files) == 0 {
				t.Fatalf("%d files, %v", len(files), err)
			}
			for _, f := range files {
				whole, err := os.ReadFile(f)
				if err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(f, whole[:len(whole)-1], 0o600); err != nil {
					t.Fatal(err)
				}
				defer func() {
					if err := os.WriteFile(f, whole, 0o600); err != nil {
						t.Error(err)
					}
				}()
			}
			if err := (&drillCmd{CustodyFlags: c.CustodyFlags}).run(t.Context(), io.Discard); err == nil ||
				!strings.Contains(err.Error(), one.want) {
				t.Errorf("the drill: %v, want %q", err, one.want)
			}
			s := c.opened(t)
			defer closed(t, s)
			var good bool
			if err := s.Pool.QueryRow(t.Context(), "select good from drill order by begun_at desc limit 1").Scan(&good); err != nil ||
				good {
				t.Errorf("the row says good %v, %v", good, err)
			}
			if _, err := os.Stat(filepath.Join(c.State, "drill")); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("the drill left something behind: %v", err)
			}
		})
	}
}

// TestAKilledRestoreIsBegunAnew kills `lamplight restore` and its PostgreSQL at points of their work. Each time a server
// refuses the half of it, and in the end everything is there.
func TestAKilledRestoreIsBegunAnew(t *testing.T) {
	t.Parallel() // it mostly waits
	c := newCopied(t)
	if err := (&backupNowCmd{c.CustodyFlags}).run(t.Context(), io.Discard); err != nil {
		t.Fatal(err)
	}
	state := filepath.Join(c.root, "restored")
	work := filepath.Join(state, "restore")
	there := func(name ...string) func() bool {
		return func() bool {
			_, err := os.Stat(filepath.Join(append([]string{work}, name...)...))
			return err == nil
		}
	}
	for _, point := range []struct {
		what string
		at   func() bool
	}{
		{"when it begins", there()},
		{"while the base is unpacked", there("postgres", "data.new", "base")},
		{"while PostgreSQL recovers", there("postgres", "data", "postmaster.pid")},
		{"while it is proved", there("proof")},
	} {
		cmd := exec.Command(os.Args[0], "restore", "--state", state, "--backup-dir", c.BackupDir, "--backup-keys", c.BackupKeys,
			"--identity", c.identity)
		cmd.Env = append(os.Environ(), "LAMPLIGHT_TEST_PROGRAM=1")
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		eventually(t, point.what, point.at)
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait() // it was killed
		if _, err := (server.RecordFlags{State: state}).Connect(t.Context()); err == nil ||
			!strings.Contains(err.Error(), "was begun and did not end") {
			t.Errorf("killed %s: a server says %v", point.what, err)
		}
	}
	t.Run("PostgreSQL killed in it", func(t *testing.T) {
		ended := make(chan error, 1)
		go func() { ended <- c.restore(state).run(t.Context(), io.Discard) }()
		var pid int
		eventually(t, "the recovering PostgreSQL", func() bool {
			b, err := os.ReadFile(filepath.Join(work, "postgres", "data", "postmaster.pid"))
			if err == nil {
				_, err = fmt.Sscan(string(b), &pid)
			}
			return err == nil && pid > 1
		})
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
			t.Fatal(err)
		}
		if err := <-ended; err != nil { // it may say so; then it is begun anew
			t.Logf("the restore says: %v", err)
			if err := c.restore(state).run(t.Context(), io.Discard); err != nil {
				t.Fatal(err)
			}
		}
	})
	c.cameBack(t, state)
	if err := custody.Unfinished(state); err != nil {
		t.Error(err)
	}
}

func TestWhatIsNoBackupIsRefused(t *testing.T) {
	state := postgrestest.Dir(t)
	const to = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"
	for name, one := range map[string]struct {
		args []string
		want string
	}{
		"no keys":    {[]string{"--backup-dir", "/tmp/b", "--backup-recipient", to}, "needs --backup-keys"},
		"for nobody": {[]string{"--backup-dir", "/tmp/b", "--backup-keys", "/tmp/k"}, "--backup-recipient"},
		"for a misspelt one": {[]string{"--backup-dir", "/tmp/b", "--backup-keys", "/tmp/k", "--backup-recipient", to + "x"},
			"is no age recipient"},
		"the keys with it": {[]string{"--backup-dir", "/tmp/b", "--backup-keys", "/tmp/b/k", "--backup-recipient", to},
			"would lie with what they open"},
		"in the state": {[]string{"--backup-dir", state + "/b", "--backup-keys", "/tmp/k", "--backup-recipient", to},
			"would be lost with the state directory"},
		"of somebody's own one": {[]string{"--database-url", "postgres://x", "--backup-dir", "/tmp/b", "--backup-keys", "/tmp/k",
			"--backup-recipient", to}, "is yours"},
	} {
		t.Run(name, func(t *testing.T) {
			cmd := exec.Command(os.Args[0], append([]string{"backup", "now", "--state", postgrestest.Dir(t)}, one.args...)...)
			if name == "in the state" {
				cmd.Args[4] = state
			}
			cmd.Env = append(os.Environ(), "LAMPLIGHT_TEST_PROGRAM=1")
			out, err := cmd.CombinedOutput()
			if err == nil || !strings.Contains(string(out), one.want) {
				t.Errorf("%v, %s, want %q", err, out, one.want)
			}
		})
	}
}
