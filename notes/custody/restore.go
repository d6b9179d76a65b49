package custody

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"filippo.io/age"

	"lamplight/notes/audit"
	"lamplight/notes/keyfile"
	"lamplight/notes/postgres"
	"lamplight/notes/postgres/backup"
)

// A RestorePlan is a state to be brought back.
type RestorePlan struct {
	State      string // the state directory; it must hold nothing yet, and the caller holds its lock
	Dir        string // where the copy of the database lies
	Keys       string // a copy of the keys, or the directory of their copies
	Identities []age.Identity
	Until      time.Time // take nothing that was committed later; zero takes all there is
	Line       string    // which history, "" for the newest
	Bin        string
	Tables     []audit.Table
	Say        func(string) // hears each step; may be nil
}

// A Returned is what came back.
type Returned struct {
	backup.Found
	RestoreProof
	Took time.Duration
}

// The work lies here until it is whole. While it does, the state is not one to be served.
const unfinished = "restore"

// Unfinished refuses a state directory in which a restore was begun and not ended: what a server would make there would take
// the place of what was to come back.
func Unfinished(state string) error {
	_, err := os.Stat(filepath.Join(state, unfinished))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("look at the state directory: %w", err)
	}
	return fmt.Errorf("a restore into %s was begun and did not end: run 'lamplight restore' again, which begins anew; "+
		"nothing is lost, the copy is only read", state)
}

// Restore brings a state back: keys, database, the phones' passwords; and proves it before it puts it in place. Killed at any
// moment it leaves a state that Unfinished refuses, or the whole one, and the copy as it was; called again it begins anew.
func Restore(ctx context.Context, r RestorePlan) (out Returned, err error) {
	began := time.Now()
	if r.Say == nil {
		r.Say = func(string) {}
	}
	work := filepath.Join(r.State, unfinished)
	if err := r.begin(work); err != nil {
		return out, err
	}
	if err := r.layKeys(work); err != nil {
		return out, errors.Join(err, clear(work))
	}
	r.Say("keys")
	v, err := backup.OpenVault(r.Dir)
	if err != nil {
		return out, errors.Join(err, clear(work))
	}
	src := backup.RestoreSource{Vault: v, Identities: r.Identities, Until: r.Until, Line: r.Line}
	cluster, found, err := backup.Restore(ctx, src, postgres.Config{Dir: filepath.Join(work, "postgres"), Bin: r.Bin})
	out.Found = found
	if err != nil {
		return out, errors.Join(err, clear(work))
	}
	r.Say("database")
	out.RestoreProof, err = prove(ctx, proving{url: cluster.URL(), keys: filepath.Join(work, "keys"), scratch: work,
		checkpoint: found.Checkpoint, tables: r.Tables})
	if err = errors.Join(err, cluster.Close()); err != nil {
		return out, errors.Join(err, clear(work))
	}
	r.Say("proof")
	if err := r.place(work, found.Checkpoint); err != nil {
		return out, err
	}
	out.Took = time.Since(began)
	return out, nil
}

// begin makes room for the work. What an earlier, unfinished restore has put in place goes with it: nobody has used it.
func (r RestorePlan) begin(work string) error {
	if Unfinished(r.State) == nil {
		if what := holds(r.State); what != "" {
			return fmt.Errorf("%s holds %s already, which a restore would take the place of: give another --state, or move it away",
				r.State, what)
		}
	} else {
		for _, dir := range []string{"postgres", "keys"} {
			if err := clear(filepath.Join(r.State, dir)); err != nil {
				return err
			}
		}
	}
	if err := clear(work); err != nil {
		return err
	}
	// PostgreSQL's account must come through.
	if err := os.Mkdir(work, 0o711); err != nil {
		return fmt.Errorf("begin the restore: %w", err)
	}
	return nil
}

// holds names what of an installation lies in a state directory, "" for nothing.
func holds(state string) string {
	if _, err := os.Stat(filepath.Join(state, "postgres", "data")); err == nil {
		return "a database"
	}
	if files, err := filepath.Glob(filepath.Join(state, "keys", "*")); err == nil && len(files) > 0 {
		return "keys"
	}
	return ""
}

// layKeys opens the copy of the keys into the work's directory.
func (r RestorePlan) layKeys(work string) error {
	files, err := readEscrow(r.Keys, r.Identities)
	if err != nil {
		return err
	}
	for name, b := range files {
		path := filepath.Join(work, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return fmt.Errorf("restore the keys: %w", err)
		}
		if err := os.WriteFile(path, b, 0o600); err != nil {
			return fmt.Errorf("restore the keys: %w", err)
		}
	}
	return nil
}

func readEscrow(path string, ids []age.Identity) (map[string][]byte, error) {
	fi, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("read the copy of the keys: %w", err)
	}
	if fi.IsDir() {
		if path, err = (backup.Escrow{Dir: path}).Newest(); err != nil {
			return nil, err
		}
	}
	return backup.ReadEscrow(path, ids)
}

// place puts the work where a server looks for it. The last step takes the mark away that keeps a server from it.
func (r RestorePlan) place(work, checkpoint string) error {
	if checkpoint != "" { // as the audit log keeps it, so that a database set back to an older state is noticed from now on
		if err := os.WriteFile(filepath.Join(work, "keys", auditFile+".checkpoint"), []byte(checkpoint), 0o600); err != nil {
			return fmt.Errorf("put the restored state in place: %w", err)
		}
	}
	if err := os.Remove(filepath.Join(r.State, "keys")); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("put the restored state in place: %w", err)
	}
	moves := []string{"keys", filepath.Join("postgres", "data")}
	if _, err := os.Stat(filepath.Join(work, "asterisk")); err == nil {
		moves = append(moves, filepath.Join("asterisk", "state.json"))
	}
	for _, name := range moves {
		to := filepath.Join(r.State, name)
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			return fmt.Errorf("put the restored state in place: %w", err)
		}
		if err := os.Rename(filepath.Join(work, name), to); err != nil {
			return fmt.Errorf("put the restored state in place: %w", err)
		}
	}
	done := work + ".done" // at once, or a half-removed work would be taken for an unfinished one
	if err := errors.Join(os.RemoveAll(done), os.Rename(work, done), os.RemoveAll(done)); err != nil {
		return fmt.Errorf("put the restored state in place: %w", err)
	}
	return nil
}

// OnlyKeys writes the keys of a copy that are missing in a state directory, and names them. One that is there and differs is
// refused, nothing is written then.
func OnlyKeys(state, keys string, ids []age.Identity) (laid []string, err error) {
	files, err := readEscrow(keys, ids)
	if err != nil {
		return nil, err
	}
	var other []string
	for name, b := range files {
		have, err := os.ReadFile(filepath.Join(state, name))
		switch {
		case errors.Is(err, fs.ErrNotExist) && strings.HasPrefix(name, "keys"):
			laid = append(laid, name)
		case err == nil && string(have) != string(b) && strings.HasPrefix(name, "keys"):
			other = append(other, name)
		}
	}
	if len(other) > 0 {
		return nil, fmt.Errorf("in %s these differ from the copy: %s; move away those that are wrong and try again", state,
			strings.Join(other, ", "))
	}
	for _, name := range laid {
		if err := keyfile.Replace(filepath.Join(state, name), files[name], 0o600); err != nil {
			return nil, err
		}
	}
	return laid, nil
}
