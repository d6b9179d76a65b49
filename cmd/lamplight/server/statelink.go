package server

import (
	"errors"
	"fmt"
	"hash/fnv"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// spaceless is a path to a state directory that Asterisk's files can say: its own, or a link to it where its name holds what
// they cannot. The link is the same at each start, so that a running Asterisk is found again by it.
func spaceless(dir string) (string, error) {
	if !strings.ContainsAny(dir, " ,;\\") {
		return dir, nil
	}
	h := fnv.New64a()
	h.Write([]byte(dir))
	link := filepath.Join(linkRoom(), fmt.Sprintf("lamplight-%d-%x", os.Geteuid(), h.Sum64()))
	err := os.Symlink(dir, link)
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return "", fmt.Errorf("link %s to the state directory: %w", link, err)
	}
	fi, err := os.Lstat(link)
	if err != nil {
		return "", fmt.Errorf("look at %s: %w", link, err)
	}
	st, ok := fi.Sys().(*syscall.Stat_t)
	if to, err := os.Readlink(link); err != nil || to != dir || !ok || int(st.Uid) != os.Geteuid() {
		return "", fmt.Errorf("%s is not our link to %s: remove it, or choose a state directory without spaces with --state", link, dir)
	}
	return link, nil
}

// linkRoom is where nobody clears away what is old, as they do in /tmp, and where the account Asterisk runs as may look.
func linkRoom() string {
	if os.Geteuid() == 0 {
		return "/run"
	}
	if d := os.Getenv("XDG_RUNTIME_DIR"); d != "" && !strings.ContainsAny(d, " ,;\\") {
		return d
	}
	return "/var/tmp"
}
