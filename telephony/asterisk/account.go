package asterisk

import (
	"errors"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

// An account is who Asterisk runs as. The zero value of self means ourselves.
type account struct {
	name     string
	uid, gid uint32
	other    bool // another account than ours: files are given to it, and the process is started as it
}

// pickAccount chooses an account without privileges: ours, unless we are root.
func pickAccount(name string) (account, error) {
	if os.Geteuid() != 0 {
		return account{name: "this user", uid: uint32(os.Geteuid()), gid: uint32(os.Getegid())}, nil
	}
	names := []string{"lamplight", "asterisk", "nobody"}
	if name != "" {
		names = []string{name}
	}
	var last error
	for _, n := range names {
		u, err := user.Lookup(n)
		if err != nil {
			last = err
			continue
		}
		uid, err1 := strconv.ParseUint(u.Uid, 10, 32)
		gid, err2 := strconv.ParseUint(u.Gid, 10, 32)
		if err := errors.Join(err1, err2); err != nil {
			return account{}, fmt.Errorf("the account %s: %w", n, err)
		}
		if uid == 0 {
			return account{}, fmt.Errorf("the account %s is root's: Asterisk must not run as root, choose another", n)
		}
		return account{name: n, uid: uint32(uid), gid: uint32(gid), other: true}, nil
	}
	return account{}, fmt.Errorf("Asterisk must not run as root and there is no account for it: make one named lamplight: %w", last)
}

// credential is for the process attributes; nil when we are that account.
func (a account) credential() *syscall.Credential {
	if !a.other {
		return nil
	}
	return &syscall.Credential{Uid: a.uid, Gid: a.gid}
}

// own gives a file or directory to the account.
func (a account) own(name string) error {
	if !a.other {
		return nil
	}
	return os.Lchown(name, int(a.uid), int(a.gid))
}

// reach makes sure that the account can come to a directory, so that the error names the directory that bars the way
// and is not Asterisk's "unable to read".
func (a account) reach(dir string) error {
	if !a.other {
		return nil
	}
	for d := dir; ; d = filepath.Dir(d) {
		fi, err := os.Stat(d)
		if err != nil {
			return err
		}
		st, ok := fi.Sys().(*syscall.Stat_t)
		if !ok {
			return fmt.Errorf("%s: this system does not tell who owns it", d)
		}
		perm := fi.Mode().Perm()
		if !(st.Uid == a.uid && perm&0o100 != 0 || st.Uid != a.uid && st.Gid == a.gid && perm&0o010 != 0 || perm&0o001 != 0) {
			return fmt.Errorf("the account %s, which Asterisk runs as, may not enter %s: choose a directory it can reach, or open that "+
				"one for it (chmod o+x)", a.name, d)
		}
		if d == filepath.Dir(d) {
			return nil
		}
	}
}
