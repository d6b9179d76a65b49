// Package journal keeps what an agent types on their own machine, sealed under a key made from their password, until the
// server has stored it.
//
// It promises that an entry is on the disk when Put returns, that a damaged or foreign file is set aside and never lost, and
// that nobody without the password reads it. It leaves what is kept, and for how long, to the desk.
package journal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"syscall"

	"golang.org/x/crypto/argon2"

	"lamplight/console"
)

// A Journal keeps what one agent typed and has not sent, on this machine, sealed, so that a crash of the desk, of the
// server or of the line between them costs nothing.
//
// Its key is made from the agent's password (argon2id, 19 MiB, t=2) with a salt that stands at the file's head, and lives
// in memory only. A key in the operating system's keyring needs a session that unlocked it, which a shared workstation
// at night has not; a key in a file beside the journal is no lock at all. The password is there whenever a journal is
// wanted: drafts are offered after sign-in, to the person who typed them. After a changed password the old journal does
// not open; it is set aside, and the server's copy of the drafts serves.
//
// What Put was given has been written and synced when it returns. Methods may be called from any goroutine.
type Journal struct {
	path string
	aad  []byte
	aead cipher.AEAD
	salt []byte
	lock *os.File

	mu      sync.Mutex // guards entries and the file
	entries map[string]Entry
}

// An Entry is a draft with the call it belongs to, without which its form could not be drawn again.
type Entry struct {
	Draft console.Draft `json:"draft"`
	Pop   *console.Pop  `json:"pop,omitempty"`
	// Sending says that the agent has sent it, and that no answer has come yet.
	Sending bool `json:"sending,omitempty"`
}

const saltSize = 16

// ErrSetAside says that a journal was found that this password does not open.
var ErrSetAside = errors.New("the journal on this machine does not open with this password and was set aside")

// Open opens login's journal under dir, or begins one. With ErrSetAside the journal is usable and empty.
func Open(dir, login, password string) (*Journal, error) {
	sum := sha256.Sum256([]byte(login))
	path := filepath.Join(dir, "journal-"+hex.EncodeToString(sum[:8]))
	lock, err := os.OpenFile(path+".lock", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open journal: %w", err)
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, errors.Join(fmt.Errorf("open journal: another desk on this machine has it: %w", err), lock.Close())
	}
	j := &Journal{path: path + ".sealed", aad: []byte("lamplight desk journal 1 " + login), lock: lock, entries: map[string]Entry{}}
	raw, err := os.ReadFile(j.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return j, j.begin(password)
	case err != nil:
		return nil, errors.Join(fmt.Errorf("read journal: %w", err), lock.Close())
	}
	if len(raw) > saltSize {
		j.salt = raw[:saltSize]
		if err := j.key(password); err != nil {
			return nil, errors.Join(err, lock.Close())
		}
		if plain, err := j.aead.Open(nil, nil, raw[saltSize:], j.aad); err == nil && console.Decode(plain, &j.entries) == nil {
			return j, nil
		}
	}
	if err := os.Rename(j.path, j.path+".aside"); err != nil {
		return nil, errors.Join(fmt.Errorf("set journal aside: %w", err), lock.Close())
	}
	j.entries = map[string]Entry{}
	return j, errors.Join(ErrSetAside, j.begin(password))
}

// begin chooses a salt for a journal that has none.
func (j *Journal) begin(password string) error {
	j.salt = make([]byte, saltSize)
	if _, err := rand.Read(j.salt); err != nil {
		return fmt.Errorf("begin journal: %w", err)
	}
	return j.key(password)
}

func (j *Journal) key(password string) error {
	block, err := aes.NewCipher(argon2.IDKey([]byte(password), j.salt, 2, 19*1024, 1, 32))
	if err != nil {
		return fmt.Errorf("journal key: %w", err)
	}
	j.aead, err = cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return fmt.Errorf("journal key: %w", err)
	}
	return nil
}

// Put keeps e unless a later one of the same draft is there. An entry without a call keeps the call known before, and what is
// being sent stays so.
func (j *Journal) Put(e Entry) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	old, known := j.entries[e.Draft.ID]
	if known && old.Draft.Seq > e.Draft.Seq {
		return nil
	}
	if e.Pop == nil {
		e.Pop = old.Pop
	}
	e.Sending = e.Sending || old.Sending
	j.entries[e.Draft.ID] = e
	return j.write()
}

// NotSent says of a draft that its sending was refused: it is being typed again.
func (j *Journal) NotSent(id string) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	e, ok := j.entries[id]
	if !ok || !e.Sending {
		return nil
	}
	e.Sending = false
	j.entries[id] = e
	return j.write()
}

// Drop forgets a draft that was sent or thrown away.
func (j *Journal) Drop(id string) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if _, ok := j.entries[id]; !ok {
		return nil
	}
	delete(j.entries, id)
	return j.write()
}

// All lists what was typed and not sent.
func (j *Journal) All() []Entry {
	j.mu.Lock()
	defer j.mu.Unlock()
	out := make([]Entry, 0, len(j.entries))
	for _, e := range j.entries {
		out = append(out, e)
	}
	return out
}

// write replaces the file whole: a crash leaves the old one or the new one. The caller holds mu.
func (j *Journal) write() error {
	plain, err := json.Marshal(j.entries)
	if err != nil {
		return fmt.Errorf("write journal: %w", err)
	}
	sealed := append(append([]byte{}, j.salt...), j.aead.Seal(nil, nil, plain, j.aad)...)
	f, err := os.OpenFile(j.path+".new", os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("write journal: %w", err)
	}
	if _, err := f.Write(sealed); err != nil {
		return errors.Join(fmt.Errorf("write journal: %w", err), f.Close())
	}
	if err := f.Sync(); err != nil {
		return errors.Join(fmt.Errorf("write journal: %w", err), f.Close())
	}
	if err := f.Close(); err != nil {
		return fmt.Errorf("write journal: %w", err)
	}
	if err := os.Rename(j.path+".new", j.path); err != nil {
		return fmt.Errorf("write journal: %w", err)
	}
	return nil
}

// Close lets another desk open it.
func (j *Journal) Close() error { return j.lock.Close() }
