package asterisk

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"sort"
	"strconv"
	"strings"
	"time"
)

// An Install is an Asterisk that can be run.
type Install struct {
	Version string   // "22.10.1"
	Command []string // what runs it, before its own arguments
	Modules string   // the directory of its modules
	Data    string   // the directory of its documentation and REST description
}

var versionLine = regexp.MustCompile(`(?m)^Asterisk (?:certified[-/])?((\d+)\.[0-9.]+)`)

// check runs the Asterisk and makes sure that it is a 22 with every module and document the configuration names.
func (in *Install) check(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	out, err := exec.CommandContext(ctx, in.Command[0], append(in.Command[1:len(in.Command):len(in.Command)], "-V")...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s -V: %w: %s", in.Command[len(in.Command)-1], err, lastLine(out))
	}
	m := versionLine.FindSubmatch(out)
	if m == nil {
		return fmt.Errorf("%q does not tell an Asterisk version", lastLine(out))
	}
	in.Version = strings.TrimRight(string(m[1]), ".")
	if string(m[2]) != "22" {
		return fmt.Errorf("it is Asterisk %s, Lamplight needs 22", in.Version)
	}
	for _, name := range modules {
		if _, err := os.Stat(filepath.Join(in.Modules, name+".so")); err != nil {
			return fmt.Errorf("Asterisk %s lacks its module %s", in.Version, name)
		}
	}
	for _, name := range []string{"documentation/core-en_US.xml", "rest-api/resources.json"} {
		if _, err := os.Stat(filepath.Join(in.Data, name)); err != nil {
			return fmt.Errorf("Asterisk %s lacks %s", in.Version, filepath.Join(in.Data, name))
		}
	}
	return nil
}

// onMachine finds an Asterisk 22 that this machine's administrator has installed.
func onMachine(ctx context.Context) (Install, error) {
	bin, err := exec.LookPath("asterisk")
	if err != nil {
		// Debian's is in sbin, which an ordinary user's PATH does not name.
		if bin, err = exec.LookPath("/usr/sbin/asterisk"); err != nil {
			return Install{}, errors.New("no asterisk on this machine")
		}
	}
	found := fmt.Errorf("%s: its modules were not found", bin)
	for _, mods := range glob("/usr/lib/*/asterisk/modules", "/usr/lib/asterisk/modules", "/usr/lib64/asterisk/modules",
		"/usr/local/lib/asterisk/modules") {
		for _, data := range glob("/usr/share/asterisk", "/var/lib/asterisk", "/usr/local/share/asterisk") {
			in := Install{Command: []string{bin}, Modules: mods, Data: data}
			if found = in.check(ctx); found == nil {
				return in, nil
			}
		}
	}
	return Install{}, found
}

// inCache finds the newest Asterisk that was fetched into dir. Only complete ones bear such a name.
func inCache(ctx context.Context, dir string) (Install, error) {
	roots := glob(filepath.Join(dir, "asterisk-22.*"))
	if len(roots) == 0 {
		return Install{}, fmt.Errorf("no Asterisk in %s", dir)
	}
	sort.Slice(roots, func(i, j int) bool { return newer(roots[i], roots[j]) })
	var found error
	for _, root := range roots {
		in, err := unpacked(ctx, root)
		if err == nil {
			return in, nil
		}
		found = fmt.Errorf("%s: %w", root, err)
	}
	return Install{}, found
}

// unpacked describes an Asterisk whose packages were unpacked in root. It is run through the loader and with the
// libraries that were unpacked with it, because they are newer than the machine's.
func unpacked(ctx context.Context, root string) (Install, error) {
	libc := glob(filepath.Join(root, "usr/lib/*/libc.so.6"))
	if len(libc) == 0 {
		return Install{}, errors.New("its C library was not unpacked")
	}
	libs := filepath.Dir(libc[0])
	loader := glob(filepath.Join(libs, "ld-linux-*.so.*"))
	if len(loader) == 0 {
		return Install{}, errors.New("its loader was not unpacked")
	}
	in := Install{
		Command: []string{loader[0], "--library-path", libs, "--argv0", "asterisk", filepath.Join(root, "usr/sbin/asterisk")},
		Modules: filepath.Join(libs, "asterisk/modules"),
		Data:    filepath.Join(root, "usr/share/asterisk"),
	}
	return in, in.check(ctx)
}

// newer compares two directories' names number by number, so that 22.10 stands before 22.9.
func newer(a, b string) bool {
	x, y := strings.FieldsFunc(filepath.Base(a), notDigit), strings.FieldsFunc(filepath.Base(b), notDigit)
	for i := 0; i < len(x) && i < len(y); i++ {
		if len(x[i]) != len(y[i]) {
			return len(x[i]) > len(y[i])
		}
		if x[i] != y[i] {
			return x[i] > y[i]
		}
	}
	return len(x) > len(y)
}

func notDigit(r rune) bool { return r < '0' || r > '9' }

// glob lists what the patterns match; the patterns are ours and well formed but for the caller's directory, whose odd
// characters at worst match nothing.
func glob(patterns ...string) []string {
	var all []string
	for _, p := range patterns {
		found, err := filepath.Glob(p)
		if err == nil {
			all = append(all, found...)
		}
	}
	return all
}

// lastLine is the end of a program's words, for an error in one line.
func lastLine(out []byte) string {
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	s := strings.TrimSpace(lines[len(lines)-1])
	if s == "" {
		return "it said nothing"
	}
	if len(s) > 300 {
		s = s[:300]
	}
	return s
}

// mb says a number of bytes in megabytes.
func mb(n uint64) string { return strconv.FormatUint(n>>20, 10) + " MB" }
