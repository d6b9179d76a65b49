package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"lamplight/cmd/lamplight/server"
	"lamplight/notes/postgres/postgrestest"
)

// service is a whole server under a service manager, with a backup and a public address behind a proxy. Its paths hold spaces.
type service struct {
	*server.Server
	root, public string
	client       *http.Client
	told         chan string // to the service manager
	stop         func()
}

func newService(t *testing.T) *service {
	t.Helper()
	c := &service{root: filepath.Join(postgrestest.Dir(t), "two words"), told: make(chan string, 1000)}
	if err := os.Mkdir(c.root, 0o711); err != nil {
		t.Fatal(err)
	}
	c.manager(t)
	var recipient strings.Builder
	if err := (&backupIdentityCmd{filepath.Join(c.root, "identity")}).run(&recipient); err != nil {
		t.Fatal(err)
	}
	var err error
	if c.public, err = server.FreeAddr(); err != nil {
		t.Fatal(err)
	}
	cfg := server.Config{State: filepath.Join(c.root, "state"), ForTests: true, NATSListen: "127.0.0.1:0", Listen: "127.0.0.1:0",
		HooksListen: "127.0.0.1:0",
		PublicURL:   "https://localhost:" + port(c.public), Proxy: []string{"127.0.0.1/32"}, MetricsFrom: []string{"127.0.0.0/8"},
		PushContact: "mailto:operator@lamplight.example",
		BackupConfig: server.BackupConfig{BackupDir: filepath.Join(c.root, "copy"), BackupKeys: filepath.Join(c.root, "keys copy"),
			BackupRecipient: []string{strings.TrimSpace(recipient.String())}, BackupEvery: time.Hour, DrillEvery: time.Hour}}
	log, err := os.Create(filepath.Join(c.root, "server.log"))
	if err != nil {
		t.Fatal(err)
	}
	if c.Server, err = server.Start(t.Context(), cfg, slog.New(slog.NewTextHandler(log, nil)), nil); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ran := make(chan error, 1)
	go func() { ran <- c.Run(ctx) }()
	c.stop = func() {
		cancel()
		if err := <-ran; err != nil {
			t.Errorf("the server ended: %v", err)
		}
		ran <- nil // for the clean-up
	}
	c.client = &http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: c.Certs.Pool}}}
	t.Cleanup(func() {
		c.stop()
		closed(t, c.Server)
		c.unlink(t)
		if t.Failed() {
			b, err := os.ReadFile(log.Name())
			t.Logf("server.log: %s %v", b, err)
		}
	})
	return c
}

// unlink removes the link by which Asterisk says the state directory's name.
func (c *service) unlink(t *testing.T) {
	t.Helper()
	links, err := filepath.Glob("/run/lamplight-*")
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range links {
		if to, err := os.Readlink(l); err == nil && to == c.State.Dir {
			if err := os.Remove(l); err != nil {
				t.Error(err)
			}
		}
	}
}

func port(addr string) string { return addr[strings.LastIndex(addr, ":")+1:] }

// manager listens as the service manager does.
func (c *service) manager(t *testing.T) {
	t.Helper()
	socket := filepath.Join(c.root, "notify socket")
	l, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: socket, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	t.Setenv("NOTIFY_SOCKET", socket)
	t.Setenv("WATCHDOG_USEC", "1500000")
	t.Setenv("WATCHDOG_PID", fmt.Sprint(os.Getpid()))
	go func() {
		b := make([]byte, 4096)
		for {
			n, err := l.Read(b)
			if err != nil {
				return
			}
			c.told <- string(b[:n])
		}
	}()
}

// hears waits until the service manager is told something.
func (c *service) hears(t *testing.T, want string) {
	t.Helper()
	for end := time.After(30 * time.Second); ; {
		select {
		case said := <-c.told:
			if strings.Contains(said, want) {
				return
			}
		case <-end:
			t.Fatalf("the service manager never heard %s", want)
		}
	}
}

// ask asks an address by a path.
func (c *service) ask(t *testing.T, base, path string) (int, string) {
	t.Helper()
	res, err := c.client.Get(base + path)
	if err != nil {
		return 0, err.Error()
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(b)
}

// TestAServiceStandsOnIt runs a server as a service and asks it as a night operator and as phones would.
func TestAServiceStandsOnIt(t *testing.T) {
	c := newService(t)
	direct := "https://" + c.WebAddr()
	c.hears(t, "READY=1")
	c.hears(t, "WATCHDOG=1")
	c.hears(t, "WATCHDOG=1")
	eventually(t, "it is ready", func() bool { status, _ := c.ask(t, direct, "/readyz"); return status == http.StatusOK })
	t.Run("a public address where nothing listens", func(t *testing.T) {
		eventually(t, "it is told", func() bool {
			_, text := c.ask(t, direct, "/healthz")
			return strings.Contains(text, "red: --public-url https://localhost:"+port(c.public)+": nothing listens there")
		})
		if status, _ := c.ask(t, direct, "/readyz"); status != http.StatusOK {
			t.Errorf("callers are served all the same: %d", status)
		}
	})
	t.Run("paths", func(t *testing.T) { c.paths(t, direct) })
	t.Run("TLS 1.2 behind a proxy", func(t *testing.T) {
		old := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: c.Certs.Pool, MaxVersion: tls.VersionTLS12}}}
		res, err := old.Get(direct + "/")
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
	})
	t.Run("the backup and its drill", func(t *testing.T) {
		eventually(t, "a good drill", func() bool {
			_, text := c.ask(t, direct, "/metrics")
			return strings.Contains(text, "lamplight_drill_good 1") && strings.Contains(text, "lamplight_backup_base_age_seconds")
		})
	})
	t.Run("the backup's disk goes and comes back", func(t *testing.T) {
		dir := c.Config.BackupDir
		if err := os.Rename(dir, dir+".away"); err != nil {
			t.Fatal(err)
		}
		if err := os.Mkdir(dir, 0o700); err != nil { // as a mount point is there without its disk
			t.Fatal(err)
		}
		eventually(t, "it is red", func() bool {
			_, text := c.ask(t, direct, "/healthz")
			return strings.Contains(text, "red: the backup is more than 5s behind") && strings.Contains(text, "is its disk mounted?")
		})
		if status, _ := c.ask(t, direct, "/readyz"); status != http.StatusOK {
			t.Errorf("callers are served all the same: %d", status)
		}
		if err := os.Remove(dir); err != nil { // nothing was written there
			t.Error(err)
		}
		if err := os.Rename(dir+".away", dir); err != nil {
			t.Fatal(err)
		}
		eventually(t, "it is well again", func() bool {
			_, text := c.ask(t, direct, "/healthz")
			return !strings.Contains(text, "red: the backup")
		})
	})
	t.Run("metrics", func(t *testing.T) { c.metrics(t, direct) })
	t.Run("behind nginx", func(t *testing.T) { c.nginx(t); c.behind(t) })
	t.Run("behind caddy", func(t *testing.T) { c.caddy(t); c.behind(t) })
	c.stop()
	c.hears(t, "STOPPING=1")
}

func (c *service) paths(t *testing.T, base string) {
	for path, want := range map[string]int{"/": 200, "/m": 200, "/healthz": 200, "/icon.svg": 200, "/nothing": 404, "/m/more": 404,
		"/assets": 404,
		"/.env":   404, "/wp-login.php": 404, "/api/nothing": 404} {
		if status, text := c.ask(t, base, path); status != want {
			t.Errorf("%s: %d, want %d: %.80s", path, status, want, text)
		}
	}
}

func (c *service) metrics(t *testing.T, base string) {
	_, text := c.ask(t, base, "/metrics")
	for _, want := range []string{"lamplight_build_info", "lamplight_calls_waiting 0", "lamplight_calls_waiting_longest_seconds",
		"lamplight_dispatches_open{state=\"climbing\"} 0",
		"lamplight_dispatches_late{kind=\"overdue\"} 0", "lamplight_ledger_writing 1", "lamplight_beat_age_seconds",
		"lamplight_bus_connected 1",
		"lamplight_backup_behind_seconds", "lamplight_certificate_days 39", "lamplight_audit_leaves_waiting"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s in %s", want, text)
		}
	}
	req, err := http.NewRequest(http.MethodGet, base+"/metrics", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-Forwarded-For", "127.0.0.1")
	res, err := c.client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != http.StatusNotFound {
		t.Errorf("the metrics through a proxy: %d", res.StatusCode)
	}
}

// behind asks through a proxy that has just been started.
func (c *service) behind(t *testing.T) {
	base := "https://localhost:" + port(c.public)
	eventually(t, "the proxy answers", func() bool { status, _ := c.ask(t, base, "/"); return status == http.StatusOK })
	c.paths(t, base)
	if status, _ := c.ask(t, base, "/metrics"); status != http.StatusNotFound {
		t.Errorf("the metrics: %d", status)
	}
	if _, text := c.ask(t, base, "/healthz"); text != "alive\n" {
		t.Errorf("a stranger hears %q", text)
	}
	req, err := http.NewRequest(http.MethodPost, base+"/api/sign-in", strings.NewReader(`{"login":"nobody","password":"x","code":"1"}`))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Origin", base)
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	req.Header.Set("Content-Type", "application/json")
	res, err := c.client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != http.StatusUnauthorized && res.StatusCode != http.StatusTooManyRequests {
		t.Errorf("a sign-in of nobody: %d", res.StatusCode)
	}
	eventually(t, "the server sees its public address", func() bool {
		_, text := c.ask(t, "https://"+c.WebAddr(), "/healthz")
		return !strings.Contains(text, "public-url")
	})
}

// start runs a proxy until the subtest ends.
func start(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	var said strings.Builder
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		t.Fatalf("%v: 'make test' installs it", err)
	}
	ended := make(chan struct{})
	go func() { _ = cmd.Wait(); close(ended) }()
	t.Cleanup(func() {
		if err := cmd.Process.Signal(os.Interrupt); err != nil {
			t.Error(err)
		}
		<-ended
		if t.Failed() {
			t.Log(said.String())
		}
	})
}

func (c *service) proxied(t *testing.T) proxied {
	t.Helper()
	own := filepath.Join(c.State.Keys(""), "server-secret.pem")
	var n int
	if _, err := fmt.Sscan(port(c.public), &n); err != nil {
		t.Fatal(err)
	}
	return proxied{Name: "localhost", Port: n, To: c.WebAddr(), CA: c.Certs.CAFile, Certificate: own, Key: own}
}

func (c *service) nginx(t *testing.T) {
	var site strings.Builder
	if err := (&nginxCmd{c.proxied(t)}).run(&site); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	conf := fmt.Sprintf("daemon off; master_process off; pid %[1]s/pid; error_log stderr;\nevents {}\nhttp { access_log off; "+
		"client_body_temp_path %[1]s/b; proxy_temp_path %[1]s/p; fastcgi_temp_path %[1]s/f; uwsgi_temp_path %[1]s/u; scgi_temp_path "+
		"%[1]s/s;\n%[2]s}\n", dir, site.String())
	file := filepath.Join(dir, "nginx.conf")
	if err := os.WriteFile(file, []byte(conf), 0o600); err != nil {
		t.Fatal(err)
	}
	start(t, exec.Command("/usr/sbin/nginx", "-c", file, "-e", "stderr"))
}

func (c *service) caddy(t *testing.T) {
	var site strings.Builder
	if err := (&caddyCmd{c.proxied(t)}).run(&site); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "Caddyfile")
	if err := os.WriteFile(file, []byte("{\n\tadmin off\n\tauto_https disable_redirects\n}\n"+site.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("caddy", "run", "--config", file, "--adapter", "caddyfile")
	cmd.Env = append(os.Environ(), "HOME="+dir, "XDG_DATA_HOME="+dir, "XDG_CONFIG_HOME="+dir)
	start(t, cmd)
}

// TestTheUnit: what systemd reads back is what was asked for, and systemd itself finds nothing wrong where it is installed.
func TestTheUnit(t *testing.T) {
	var text strings.Builder
	c := systemdUnitCmd{Exec: "/opt/lamp light/bin/lamplight", User: "lamplight", State: "/srv/a b/100%",
		Environment: "/etc/lamplight/lamplight.env"}
	if err := c.run(&text); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"Type=notify\n", "WatchdogSec=30\n", `ExecStart="/opt/lamp light/bin/lamplight" serve` + "\n",
		`Environment="LAMPLIGHT_STATE=/srv/a b/100%%"` + "\n", "KillMode=process\n"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("no %q in\n%s", want, text.String())
		}
	}
	analyze, err := exec.LookPath("systemd-analyze")
	if err != nil {
		return
	}
	c.Exec = "/bin/true"
	text.Reset()
	if err := c.run(&text); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "lamplight.service")
	if err := os.WriteFile(file, []byte(text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(analyze, "verify", "--man=no", file).CombinedOutput(); err != nil ||
		strings.Contains(string(out), "lamplight.service:") {
		t.Errorf("%v: %s", err, out)
	}
}
