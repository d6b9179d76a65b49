package postgres

import (
	"errors"
	"fmt"
	"hash/fnv"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

const oldest, newest = 15, 18 // the major versions this schema is tested for

// findBinaries returns the directory of initdb and postgres and their major version.
func findBinaries(bin string) (string, int, error) {
	if bin != "" {
		v := majorVersion(bin)
		if v < oldest || v > newest {
			return "", 0, fmt.Errorf("no usable PostgreSQL in %s: it must hold initdb and postgres of a version from %d to %d: apt "+
				"install postgresql, or give --database-url", bin, oldest, newest)
		}
		return bin, v, nil
	}
	for v := newest; v >= oldest; v-- {
		if dir := versionBin(strconv.Itoa(v)); dir != "" {
			return dir, v, nil
		}
	}
	if path, err := exec.LookPath("initdb"); err == nil {
		dir := filepath.Dir(path)
		if v := majorVersion(dir); v >= oldest && v <= newest {
			return dir, v, nil
		}
	}
	return "", 0, fmt.Errorf("PostgreSQL's server programs (version %d to %d) are not on this machine: apt install postgresql, or give "+
		"--database-url", oldest, newest)
}

// versionBin is where Debian and Ubuntu keep a major version's binaries, "" when they are not there.
func versionBin(major string) string {
	dir := filepath.Join("/usr/lib/postgresql", major, "bin")
	for _, p := range []string{"initdb", "postgres"} {
		if _, err := os.Stat(filepath.Join(dir, p)); err != nil {
			return ""
		}
	}
	return dir
}

func majorVersion(bin string) int {
	out, err := exec.Command(filepath.Join(bin, "postgres"), "--version").Output()
	if err != nil {
		return 0
	}
	f := strings.Fields(string(out)) // "postgres (PostgreSQL) 15.14 (Debian …)"
	if len(f) < 3 {
		return 0
	}
	major, _, _ := strings.Cut(f[2], ".")
	return atoi(major)
}

// An account is whom PostgreSQL runs as. It refuses to run as root, so root lends it an unprivileged account.
type account struct {
	name     string
	uid, gid int
	switched bool // not our own account
}

func serviceAccount() (*account, error) {
	if os.Geteuid() != 0 {
		me, err := user.Current()
		if err != nil {
			return nil, fmt.Errorf("who runs this: %w", err)
		}
		return &account{name: me.Username, uid: os.Geteuid(), gid: os.Getegid()}, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		return &account{name: name, uid: atoi(u.Uid), gid: atoi(u.Gid), switched: true}, nil
	}
	return nil, errors.New("PostgreSQL must not run as root and this machine has neither an account postgres nor nobody: make one with " +
		"adduser --system postgres")
}

// apply makes cmd run as the account, with an environment that holds nothing of ours.
func (a *account) apply(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{}
	cmd.Env = []string{"PATH=/usr/bin:/bin", "LC_ALL=C.UTF-8", "TZ=UTC"}
	if a.switched {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: uint32(a.uid), Gid: uint32(a.gid)}
	}
}

func (a *account) own(path string) error {
	if !a.switched {
		return nil
	}
	if err := os.Chown(path, a.uid, a.gid); err != nil {
		return fmt.Errorf("give %s to the account %s: %w", path, a.name, err)
	}
	return nil
}

// owns reports that a file, or a process by its directory in /proc, is the account's.
func (a *account) owns(fi os.FileInfo) bool {
	st, ok := fi.Sys().(*syscall.Stat_t)
	return ok && int(st.Uid) == a.uid
}

// canEnter says which directory on the way to dir keeps the account out.
func (a *account) canEnter(dir string) error {
	if !a.switched {
		return nil
	}
	for p := dir; ; p = filepath.Dir(p) {
		fi, err := os.Stat(p)
		if err != nil {
			return fmt.Errorf("look at %s: %w", p, err)
		}
		st, ok := fi.Sys().(*syscall.Stat_t)
		open := fi.Mode().Perm()&0o001 != 0 ||
			ok && int(st.Uid) == a.uid && fi.Mode().Perm()&0o100 != 0 ||
			ok && int(st.Gid) == a.gid && fi.Mode().Perm()&0o010 != 0
		if !open {
			return fmt.Errorf("PostgreSQL runs as %s, who may not enter %s: choose a state directory outside it, such as "+
				"/var/lib/lamplight, or run as an ordinary user", a.name, p)
		}
		if p == filepath.Dir(p) {
			return nil
		}
	}
}

// socketDir makes the socket's directory: in Dir, or in /tmp when the path would be too long for a socket (107 bytes).
func (c *Cluster) socketDir() (string, error) {
	dir := filepath.Join(c.cfg.Dir, "run")
	if len(filepath.Join(dir, ".s.PGSQL.5432.lock")) > 100 {
		dir = fmt.Sprintf("/tmp/lamplight-pg-%d-%x", os.Geteuid(), c.hash())
	}
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
		return "", c.explain("make the socket's directory", err, "")
	}
	fi, err := os.Lstat(dir)
	if err != nil {
		return "", fmt.Errorf("look at the socket's directory: %w", err)
	}
	st, ok := fi.Sys().(*syscall.Stat_t)
	if !fi.IsDir() || !ok || int(st.Uid) != os.Geteuid() && !c.acct.owns(fi) {
		return "", fmt.Errorf("%s belongs to somebody else: remove it or choose another state directory", dir)
	}
	return dir, c.acct.own(dir)
}

// hash stands for the cluster's directory where a path is too long.
func (c *Cluster) hash() uint64 {
	h := fnv.New64a()
	h.Write([]byte(c.cfg.Dir))
	return h.Sum64()
}

// name is the cluster's own on this machine.
func (c *Cluster) name() string { return fmt.Sprintf("lamplight-%x", c.hash()) }

// tryLock takes the lock on path for this process's life; nil without an error when another process has it.
func tryLock(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the lock: %w", err)
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		f.Close()
		return nil, nil
	}
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("lock %s: %w", path, err)
	}
	return f, nil
}

// writeWhole replaces a file at once or not at all.
func writeWhole(path string, b []byte, mode os.FileMode) error {
	tmp := path + ".new"
	f, err := os.OpenFile(tmp, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, mode)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	if err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = os.Rename(tmp, path)
	}
	if err != nil {
		os.Remove(tmp)
	}
	return err
}

func enoughRoom(dir string) error {
	var st syscall.Statfs_t
	if err := syscall.Statfs(dir, &st); err != nil {
		return fmt.Errorf("look at the disk: %w", err)
	}
	if free := st.Bavail * uint64(st.Bsize); free < freeNeeded {
		return fmt.Errorf("the disk of %s has %d MB free and a new database needs %d: free some or choose another state directory", dir,
			free>>20, freeNeeded>>20)
	}
	return nil
}

// explain turns what PostgreSQL said into one sentence that says what to do.
func (c *Cluster) explain(what string, err error, said string) error {
	all := said + err.Error()
	switch {
	case errors.Is(err, syscall.ENOSPC), strings.Contains(all, "No space left on device"), strings.Contains(all, "Disk quota exceeded"):
		return fmt.Errorf("%s: the disk of %s is full: free some room and start again", what, c.cfg.Dir)
	case errors.Is(err, syscall.EFBIG), strings.Contains(all, "File too large"):
		return fmt.Errorf("%s: files in %s may not grow: lift the limit (ulimit -f) and start again", what, c.cfg.Dir)
	case strings.Contains(all, "could not create shared memory"), strings.Contains(all, "could not resize shared memory"):
		return fmt.Errorf("%s: no shared memory is left on this machine: raise /dev/shm or stop another PostgreSQL", what)
	case strings.Contains(all, "Is another postmaster"):
		return fmt.Errorf("%s: another PostgreSQL holds the socket in %s: stop it first", what, c.socket)
	case strings.Contains(all, "Permission denied"):
		return fmt.Errorf("%s: the account %s may not use %s: choose another state directory", what, c.acct.name, c.cfg.Dir)
	}
	if said = strings.TrimSpace(said); said != "" {
		lines := strings.Split(said, "\n")
		return fmt.Errorf("%s: %w: %s", what, err, strings.Join(lines[max(0, len(lines)-6):], "; "))
	}
	return fmt.Errorf("%s: %w", what, err)
}
