package asterisk

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Progress is told when a step begins, with the time since the work began. It is called from one goroutine. May be nil.
type Progress func(step string, elapsed time.Duration)

// Fetch returns an Asterisk 22 to run: the one fetched into dir before (at once), or one installed on this machine, or
// else Debian's, fetched into dir with apt's signature check, unpacked there, nothing installed and no root needed
// (about 170 MB of disk, 10 to 40 seconds). Several processes may call it with the same dir; one works, the others wait.
// A failed or cancelled fetch leaves nothing in dir that a later one could mistake for an Asterisk.
func Fetch(ctx context.Context, dir string, progress Progress) (Install, error) {
	if in, err := inCache(ctx, dir); err == nil {
		return in, nil
	}
	if in, err := onMachine(ctx); err == nil {
		return in, nil
	}
	f := fetch{dir: dir, mirror: debianMirror(), suites: []string{"forky", "sid"}, keyring: debianKeyring, room: 500 << 20,
		begun: time.Now(), progress: progress}
	return f.run(ctx)
}

const debianKeyring = "/usr/share/keyrings/debian-archive-keyring.gpg"

// A fetch is one attempt to bring Debian's Asterisk into a directory.
type fetch struct {
	dir, mirror, keyring string
	suites               []string
	room                 uint64 // bytes needed, packages and what they unpack to, both at once
	begun                time.Time
	progress             Progress
}

func (f fetch) report(format string, a ...any) {
	if f.progress != nil {
		f.progress(fmt.Sprintf(format, a...), time.Since(f.begun))
	}
}

// run fetches under a lock and renames what it made into place when it is whole and was seen to run.
func (f fetch) run(ctx context.Context) (Install, error) {
	fail := func(err error) (Install, error) {
		return Install{}, fmt.Errorf("fetch Asterisk 22: %w", err)
	}
	for _, tool := range []string{"apt-get", "dpkg", "dpkg-deb", "tar"} {
		if _, err := exec.LookPath(tool); err != nil {
			return fail(fmt.Errorf("%s is missing: on a system without apt install Asterisk 22 yourself, it is found by its name", tool))
		}
	}
	if _, err := os.Stat(f.keyring); err != nil {
		return fail(fmt.Errorf("%s is missing: install the package debian-archive-keyring, so that signatures can be checked", f.keyring))
	}
	if f.mirror == "" {
		return fail(fmt.Errorf("this machine's apt uses no Debian mirror: name one with %s, or install Asterisk 22 yourself",
			mirrorVariable))
	}
	if err := os.MkdirAll(f.dir, 0o755); err != nil {
		return fail(fmt.Errorf("%w: choose a cache directory that you may write to", err))
	}
	unlock, err := lock(ctx, filepath.Join(f.dir, ".lock"))
	if err != nil {
		return fail(err)
	}
	defer unlock()
	if in, err := inCache(ctx, f.dir); err == nil { // somebody else's fetch ended while we waited
		return in, nil
	}
	if err := f.hasRoom(); err != nil {
		return fail(err)
	}
	for _, left := range glob(filepath.Join(f.dir, ".fetch-*")) { // a killed fetch's; the lock says nobody uses it
		if err := os.RemoveAll(left); err != nil {
			return fail(err)
		}
	}
	work, err := os.MkdirTemp(f.dir, ".fetch-")
	if err != nil {
		return fail(err)
	}
	in, err := f.make(ctx, work)
	if err != nil {
		return fail(errors.Join(err, os.RemoveAll(work)))
	}
	return in, nil
}

// hasRoom refuses to begin what a full disk would stop half-way.
func (f fetch) hasRoom() error {
	var st unix.Statfs_t
	if err := unix.Statfs(f.dir, &st); err != nil {
		return fmt.Errorf("how much room %s has: %w", f.dir, err)
	}
	if free := st.Bavail * uint64(st.Bsize); free < f.room {
		return fmt.Errorf("%s has %s free and %s are needed: make room or choose another cache directory", f.dir, mb(free), mb(f.room))
	}
	return nil
}

// make downloads and unpacks into work, checks the result and renames it to its lasting name.
func (f fetch) make(ctx context.Context, work string) (Install, error) {
	debs, err := f.download(ctx, filepath.Join(work, "apt"))
	if err != nil {
		return Install{}, err
	}
	f.report("unpacking %d packages", len(debs))
	root := filepath.Join(work, "root")
	if err := os.Mkdir(root, 0o755); err != nil {
		return Install{}, err
	}
	for _, deb := range debs {
		if err := unpack(ctx, deb, root); err != nil {
			return Install{}, fmt.Errorf("unpack %s: %w", filepath.Base(deb), err)
		}
	}
	f.report("checking what was unpacked")
	in, err := unpacked(ctx, root)
	if err != nil {
		return Install{}, err
	}
	// The account Asterisk runs as is another than ours when we are root.
	if err := os.Chmod(root, 0o755); err != nil {
		return Install{}, err
	}
	last := filepath.Join(f.dir, "asterisk-"+in.Version)
	if err := os.RemoveAll(last); err != nil { // one that inCache found broken
		return Install{}, err
	}
	if err := os.Rename(root, last); err != nil {
		return Install{}, err
	}
	if err := os.RemoveAll(work); err != nil {
		return Install{}, err
	}
	f.report("Asterisk %s is ready", in.Version)
	return unpacked(ctx, last)
}

// unneeded are packages that Debian's dependencies name and an Asterisk in the foreground never uses.
var unneeded = []string{"adduser_", "passwd_", "perl", "libperl", "debconf_", "dpkg_", "tar_", "sysvinit-utils_", "init-system-helpers_",
	"gnupg", "gpg", "dirmngr_", "pinentry", "libdebian-", "asterisk-config_", "freetds-common_", "snmpd_", "libsnmp-base_", "systemd"}

// download has apt check the signatures and bring the packages, with a state of its own: the machine's is not touched.
func (f fetch) download(ctx context.Context, state string) ([]string, error) {
	var failed []string
	for _, suite := range f.suites {
		if err := f.aptState(ctx, state, suite); err != nil {
			return nil, err
		}
		f.report("asking %s for the packages of %s", f.mirror, suite)
		err := aptGet(ctx, state, "update", "-o", "APT::Update::Error-Mode=any")
		if err == nil {
			f.report("downloading Asterisk 22 from %s", suite)
			err = aptGet(ctx, state, "install", "-y", "--download-only", "asterisk=1:22.*", "asterisk-modules=1:22.*")
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err != nil {
			failed = append(failed, suite+": "+err.Error())
			continue
		}
		var debs []string
		for _, deb := range glob(filepath.Join(state, "archives", "*.deb")) {
			if !hasPrefix(filepath.Base(deb), unneeded) {
				debs = append(debs, deb)
			}
		}
		return debs, nil
	}
	return nil, fmt.Errorf("%s did not give it: check the network, or install Asterisk 22 yourself: %s", f.mirror,
		strings.Join(failed, "; "))
}

// aptState lays out an apt of our own in dir, for one suite.
func (f fetch) aptState(ctx context.Context, dir, suite string) error {
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	for _, d := range []string{"lists/partial", "archives/partial", "preferences.d"} {
		if err := os.MkdirAll(filepath.Join(dir, d), 0o755); err != nil {
			return err
		}
	}
	arch, err := exec.CommandContext(ctx, "dpkg", "--print-architecture").Output()
	if err != nil {
		return fmt.Errorf("dpkg --print-architecture: %w", err)
	}
	files := map[string]string{
		"status":       "",
		"sources.list": fmt.Sprintf("deb [signed-by=%s] %s %s main\n", f.keyring, f.mirror, suite),
		// A testing suite's Release file can be past its date, so that is not checked; its signature is.
		"apt.conf": fmt.Sprintf(`Dir::State "%[1]s"; Dir::State::lists "%[1]s/lists"; Dir::State::status "%[1]s/status";
Dir::Cache "%[1]s"; Dir::Cache::archives "%[1]s/archives";
Dir::Etc::sourcelist "%[1]s/sources.list"; Dir::Etc::sourceparts "-"; Dir::Etc::preferences "-"; Dir::Etc::preferencesparts "%[1]s/preferences.d";
APT::Install-Recommends "false"; APT::Sandbox::User ""; APT::Architecture "%[2]s"; APT::Architectures "";
Acquire::Languages "none"; Acquire::Check-Valid-Until "false"; Acquire::Retries "3"; Acquire::http::Timeout "20"; Acquire::https::Timeout "20";
#clear APT::Update::Post-Invoke; #clear APT::Update::Post-Invoke-Success; #clear DPkg::Post-Invoke; #clear DPkg::Pre-Install-Pkgs;
`, dir, strings.TrimSpace(string(arch))),
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// aptGet runs apt-get with our state. Cancelling ends it with its children.
func aptGet(ctx context.Context, state string, args ...string) error {
	cmd := exec.CommandContext(ctx, "apt-get", append([]string{"-q"}, args...)...)
	cmd.Env = append(os.Environ(), "APT_CONFIG="+filepath.Join(state, "apt.conf"), "LC_ALL=C.UTF-8", "DEBIAN_FRONTEND=noninteractive")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
	cmd.WaitDelay = 5 * time.Second
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("apt-get %s: %w: %s", args[0], err, aptErrors(out))
	}
	return nil
}

// aptErrors is what apt-get said was wrong, in one line.
func aptErrors(out []byte) string {
	var said []string
	for _, line := range strings.Split(string(out), "\n") {
		if rest, ok := strings.CutPrefix(line, "E: "); ok && len(said) < 2 && !strings.HasPrefix(rest, "Some index files failed") {
			said = append(said, strings.TrimSpace(rest))
		}
	}
	if said == nil {
		return lastLine(out)
	}
	return strings.Join(said, "; ")
}

// unpack lays a package's files under root, without documentation and without running anything of it.
func unpack(ctx context.Context, deb, root string) error {
	from := exec.CommandContext(ctx, "dpkg-deb", "--fsys-tarfile", deb)
	to := exec.CommandContext(ctx, "tar", "-x", "-C", root, "--no-same-owner", "--exclude=./usr/share/doc*", "--exclude=./usr/share/man*",
		"--exclude=./usr/share/locale*", "--exclude=./usr/share/info*", "--exclude=./usr/share/lintian*", "--exclude=./usr/lib/systemd*")
	pipe, err := from.StdoutPipe()
	if err != nil {
		return err
	}
	to.Stdin = pipe
	if err := from.Start(); err != nil {
		return err
	}
	out, err := to.CombinedOutput()
	if err != nil {
		err = fmt.Errorf("tar: %w: %s", err, lastLine(out))
	}
	return errors.Join(err, from.Wait())
}

// mirrorVariable names a Debian mirror for machines whose apt uses none, Ubuntu's for instance.
const mirrorVariable = "LAMPLIGHT_DEBIAN_MIRROR"

// debianMirror is the Debian mirror that mirrorVariable names or this machine's apt uses; "" when there is none.
func debianMirror() string {
	if m := os.Getenv(mirrorVariable); m != "" {
		return m
	}
	var uris []string
	for _, file := range glob("/etc/apt/sources.list.d/*.sources", "/etc/apt/sources.list.d/*.list", "/etc/apt/sources.list") {
		text, err := os.ReadFile(file)
		if err != nil {
			continue // a source we may not read is one we do not use
		}
		for _, line := range strings.Split(string(text), "\n") {
			if line = strings.TrimSpace(line); strings.HasPrefix(line, "deb ") || strings.HasPrefix(line, "URIs:") {
				uris = append(uris, strings.Fields(line)...)
			}
		}
	}
	for _, uri := range uris {
		if strings.HasPrefix(uri, "http") && strings.HasSuffix(strings.TrimRight(uri, "/"), "/debian") {
			return uri
		}
	}
	return ""
}

func hasPrefix(s string, prefixes []string) bool {
	for _, p := range prefixes {
		if strings.HasPrefix(s, p) {
			return true
		}
	}
	return false
}

// lock takes the lock file, waiting for whoever has it until ctx is done. A lock ends with its holder's process.
func lock(ctx context.Context, file string) (unlock func(), err error) {
	f, err := os.OpenFile(file, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, err
	}
	for {
		err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if err == nil {
			return func() { f.Close() }, nil
		}
		if !errors.Is(err, unix.EWOULDBLOCK) {
			f.Close()
			return nil, fmt.Errorf("lock %s: %w", file, err)
		}
		select {
		case <-ctx.Done():
			f.Close()
			return nil, fmt.Errorf("waiting for %s: %w", file, ctx.Err())
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// CacheDir is where fetched Asterisks stand when nobody says otherwise: /var/cache for root, because the account that
// Asterisk runs as must read it there, and the user's cache directory for all others.
func CacheDir() (string, error) {
	if os.Geteuid() == 0 {
		return "/var/cache/lamplight/asterisk", nil
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("where this user's caches are: %w", err)
	}
	return filepath.Join(dir, "lamplight", "asterisk"), nil
}
