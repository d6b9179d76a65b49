package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"lamplight/notes/postgres/postgrestest"
)

// TestBadPlaces starts the real program where it cannot keep its state.
func TestBadPlaces(t *testing.T) {
	t.Parallel()
	dir := postgrestest.Dir(t)
	t.Run("a file", func(t *testing.T) {
		file := filepath.Join(dir, "file")
		if err := os.WriteFile(file, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		serve(t, file, nil).refuses(t, file, 1, file, "not a directory", "--state")
	})
	t.Run("not writable", func(t *testing.T) {
		closed := filepath.Join(dir, "closed")
		if err := os.Mkdir(closed, 0o755); err != nil {
			t.Fatal(err)
		}
		unprivileged := func(c *exec.Cmd) {
			if os.Geteuid() == 0 { // root may write anywhere: be somebody else, whose program is where they can run it
				c.Path = copyOfOurselves(t, dir)
				c.SysProcAttr.Credential = &syscall.Credential{Uid: 65534, Gid: 65534}
			}
		}
		if err := os.Chmod(closed, 0o555); err != nil {
			t.Fatal(err)
		}
		serve(t, filepath.Join(closed, "state"), unprivileged).refuses(t, closed, 1, closed, "permission denied", "--state")
		serve(t, closed, unprivileged).refuses(t, closed, 1, closed, "permission denied", "--state")
	})
	t.Run("where PostgreSQL's account cannot come", func(t *testing.T) {
		parent := filepath.Join(dir, "private")
		if err := os.Mkdir(parent, 0o700); err != nil {
			t.Fatal(err)
		}
		inside := filepath.Join(parent, "state")
		if os.Geteuid() == 0 {
			serve(t, inside, nil).refuses(t, inside, 1, "PostgreSQL runs as", "may not enter "+parent, "choose a state directory")
			if err := os.Chmod(parent, 0o711); err != nil {
				t.Fatal(err)
			}
		}
		worksAgain(t, inside) // for whoever is not root PostgreSQL's account is their own
	})
	t.Run("no file may grow", func(t *testing.T) {
		state := filepath.Join(dir, "limited")
		for _, blocks := range []string{"0", "64"} { // of 512 bytes: no key can be written, no database be made
			limited := func(c *exec.Cmd) {
				c.Args = append([]string{"sh", "-c", "ulimit -f " + blocks + `; exec "$0" "$@"`, c.Path}, c.Args[1:]...)
				c.Path = "/bin/sh"
			}
			serve(t, state, limited).refuses(t, state, 1, "limit", "ulimit -f", "start again")
		}
		worksAgain(t, state)
	})
	t.Run("a full disk", func(t *testing.T) { fullDisk(t, filepath.Join(dir, "disk")) })
}

func copyOfOurselves(t *testing.T, dir string) string {
	t.Helper()
	to := filepath.Join(dir, "lamplight")
	if _, err := os.Stat(to); err == nil {
		return to
	}
	from, err := os.Open(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	defer from.Close()
	f, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY, 0o755)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(f, from); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return to
}

// fullDisk has a disk that is too small from the start, and one that fills up later. Only root can mount one; for anybody
// else the limit above stops the same writes.
func fullDisk(t *testing.T, dir string) {
	if err := os.Mkdir(dir, 0o711); err != nil {
		t.Fatal(err)
	}
	mount := func(flags uintptr, size uint64) error {
		return unix.Mount("tmpfs", dir, "tmpfs", flags, fmt.Sprintf("size=%d,mode=0711", size))
	}
	err := mount(0, 64<<20)
	if errors.Is(err, unix.EPERM) || errors.Is(err, unix.EACCES) {
		t.Log("this account may not mount a disk; the limit on files stands for it")
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
	serve(t, dir, nil).refuses(t, dir, 1, dir, "free", "MB")
	enough := func() {
		t.Helper()
		if err := mount(unix.MS_REMOUNT, 700<<20); err != nil {
			t.Fatal(err)
		}
	}
	enough()
	worksAgain(t, dir)
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil {
		t.Fatal(err)
	}
	used := (st.Blocks - st.Bfree) * uint64(st.Bsize)
	for _, left := range []uint64{0, 4 << 10} { // room for nothing, and for the keys
		if err := mount(unix.MS_REMOUNT, used+left); err != nil {
			t.Fatal(err)
		}
		serve(t, dir, nil).refuses(t, dir, 1, "free some room", "start again")
	}
	enough()
	worksAgain(t, dir)
}
