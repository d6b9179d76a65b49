package server

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
)

// ErrHeld: another process runs on the state directory.
var ErrHeld = errors.New("another lamplight runs on this state directory")

// A StateLock makes a state directory one process's. It ends with Close, or with the process by any death.
type StateLock struct {
	StateDir
	lock *os.File
}

// LockStateDir opens a state directory and keeps others out of it: two servers on one private database and Asterisk would
// take each other's calls, and a second demo would overwrite what the first one's server reads. The error is ErrHeld,
// with who it is, when somebody was first.
func LockStateDir(dir string) (*StateLock, error) {
	s, err := NewStateDir(dir)
	if err != nil {
		return nil, err
	}
	f, err := os.OpenFile(s.Path("lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("use the state directory: %w; choose another with --state", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		if errors.Is(err, syscall.EWOULDBLOCK) {
			err = fmt.Errorf("%w, %s%s: stop it, or give this one a directory of its own with --state", ErrHeld, s.Dir, holder(f))
		}
		return nil, errors.Join(err, f.Close())
	}
	h := &StateLock{s, f}
	err = f.Truncate(0)
	if err == nil {
		_, err = fmt.Fprintf(f, "%d\n", os.Getpid())
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("use the state directory: %w", err), h.Close())
	}
	return h, nil
}

// holder says which process has the lock, if it has come to writing that down.
func holder(lock *os.File) string {
	b := make([]byte, 20)
	n, _ := lock.ReadAt(b, 0) // what cannot be read is left out
	if pid := strings.TrimSpace(string(b[:n])); pid != "" {
		return " (process " + pid + ")"
	}
	return ""
}

// Close lets others in. A second one is nothing.
func (h *StateLock) Close() error {
	if err := h.lock.Close(); !errors.Is(err, os.ErrClosed) {
		return err
	}
	return nil
}
