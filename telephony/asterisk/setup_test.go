package asterisk_test

import (
	"bytes"
	"context"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"lamplight/telephony/asterisk"
	"lamplight/telephony/asterisk/asterisktest"
)

// start starts an Asterisk that the test closes itself.
func start(t *testing.T, c asterisk.Config) (*asterisk.Server, error) {
	t.Helper()
	c.DieWithUs = true
	return asterisk.Start(within(t, 30*time.Second), asterisktest.Install(t), c)
}

// home is a directory that the account Asterisk runs as can reach, which t.TempDir is not.
func home(t *testing.T) string {
	t.Helper()
	dir := must[string](t)(os.MkdirTemp("", "lamplight-asterisk-"))
	if err := os.Chmod(dir, 0o711); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	return filepath.Join(dir, "pbx")
}

func TestARestartKeepsPortsAndPasswords(t *testing.T) {
	t.Parallel()
	dir := home(t)
	a := must[*asterisk.Server](t)(start(t, asterisk.Config{Dir: dir, Agents: 2}))
	if _, err := start(t, asterisk.Config{Dir: dir}); err == nil || !strings.Contains(err.Error(), "another process runs an Asterisk in") {
		t.Errorf("a second server in the same directory: %v", err)
	}
	sip, password, agents := a.SIPAddr(), third(a.ARI()), a.Agents()
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	b := must[*asterisk.Server](t)(start(t, asterisk.Config{Dir: dir, Agents: 3}))
	if b.SIPAddr() != sip || third(b.ARI()) != password || b.Agents()["agent2"] != agents["agent2"] || len(b.Agents()) != 3 {
		t.Errorf("after a restart: %v, %d phones", b.SIPAddr(), len(b.Agents()))
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
}

func third(_, _, c string) string { return c }

func TestWhatIsWrongIsSaidInOneSentence(t *testing.T) {
	t.Parallel()
	taken := must[*net.UDPConn](t)(net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)}))
	defer taken.Close()
	busy := taken.LocalAddr().(*net.UDPAddr).AddrPort()
	for name, test := range map[string]struct {
		change func(*asterisk.Config)
		says   string
	}{
		"port taken": {func(c *asterisk.Config) { c.SIP = busy }, "the SIP port " + busy.String() + " is taken: stop what uses it"},
		"half a port": {func(c *asterisk.Config) { c.RTP = asterisk.PortRange{First: 20000, Last: 20001} },
			"use a range of at least four"},
		"odd directory":   {func(c *asterisk.Config) { c.Dir += "/my pbx" }, "must hold no space"},
		"no such account": {func(c *asterisk.Config) { c.User = "nobody-has-this-name" }, "make one named lamplight"},
		"root":            {func(c *asterisk.Config) { c.User = "root" }, "must not run as root"},
		"odd app":         {func(c *asterisk.Config) { c.App = "a,b" }, "small letters"},
		"odd contact":     {func(c *asterisk.Config) { c.Carrier.Contact = "x;transport=tcp" }, "use host:port"},
		"odd password":    {func(c *asterisk.Config) { c.Carrier.Password = "a\nb" }, "printable ASCII"},
		"half a second":   {func(c *asterisk.Config) { c.Lease = 1500 * time.Millisecond }, "whole seconds"},
		"odd emergency":   {func(c *asterisk.Config) { c.Emergency = []string{"911,1"} }, "use digits only"},
	} {
		c := asterisk.Config{Dir: home(t)}
		test.change(&c)
		if c.User != "" && os.Geteuid() != 0 {
			continue // only root chooses an account
		}
		s, err := start(t, c)
		if err == nil || !strings.Contains(err.Error(), test.says) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", name, err)
		}
		if err == nil {
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		}
	}
}

func TestABrokenAsteriskIsNotStarted(t *testing.T) {
	t.Parallel()
	broken := asterisktest.Install(t)
	broken.Command = []string{"/bin/false"}
	begun := time.Now()
	if _, err := asterisk.Start(within(t, 30*time.Second), broken, asterisk.Config{Dir: home(t)}); err == nil ||
		!strings.Contains(err.Error(), "ended while it started") {
		t.Errorf("a program that ends at once: %v", err)
	}
	if took := time.Since(begun); took > 5*time.Second {
		t.Errorf("it took %v to say so", took)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := asterisk.Start(ctx, asterisktest.Install(t), asterisk.Config{Dir: home(t), DieWithUs: true}); err == nil {
		t.Error("a start that was given up succeeded")
	}
}

// An Asterisk that outlives the process that started it is taken over with its calls, by the same configuration.
func TestAnAsteriskLeftRunningIsTakenOver(t *testing.T) {
	t.Parallel()
	dir := home(t)
	pid := must[int](t)(leaveRunning(t, dir))
	ctx := within(t, 30*time.Second)
	s := must[*asterisk.Server](t)(asterisk.Start(ctx, asterisktest.Install(t), asterisk.Config{Dir: dir}))
	if s.Pid() != pid {
		t.Errorf("process %d runs, %d was left", s.Pid(), pid)
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	eventually(t, ctx, "it comes back", func() bool { return s.Restarts() > 0 })
	if s.Pid() == pid || s.Pid() == 0 {
		t.Error("an Asterisk that was taken over is not watched")
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

func TestWhatAnAdministratorInstalls(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	c := asterisk.Config{Agents: 2, App: "front-desk", SIP: netip.MustParseAddrPort("10.1.2.3:0"),
		Carrier: asterisk.Carrier{Match: []netip.Prefix{netip.MustParsePrefix("198.51.100.0/24")}, Contact: "sip.example.net:5060",
			User: "u", Password: "p"}}
	if err := c.Write(&out); err != nil {
		t.Fatal(err)
	}
	text := out.String()
	for _, want := range []string{";;; /etc/asterisk/pjsip.conf", "bind = 10.1.2.3:5060", "match = 198.51.100.0/24",
		"outbound_auth = carrier",
		"contact = sip:sip.example.net:5060", "[agent2](lamplight-agent)", "Stasis(front-desk,inbound",
		"taskprocessor_overload_trigger = pjsip_only",
		"websocket_write_timeout", "sessionlimit", "app_softhangup", "umask 077"} {
		if !strings.Contains(text, want) {
			t.Errorf("it does not say %q", want)
		}
	}
	if odd := regexp.MustCompile(`password = *\n|<no value>|/root|/tmp`).FindString(text); odd != "" {
		t.Errorf("it says %q", odd)
	}
}

func TestSoundsForAnAdministrator(t *testing.T) {
	dir := t.TempDir()
	if err := asterisk.WriteSounds(dir); err != nil {
		t.Fatal(err)
	}
	for _, lang := range []string{"en", "es"} {
		for _, p := range asterisk.Prompts {
			want := must[[]byte](t)(asterisk.Sound(lang, p))
			got := must[[]byte](t)(os.ReadFile(filepath.Join(dir, lang, p+".ulaw")))
			if len(want) < 3000 || !bytes.Equal(got, want) {
				t.Errorf("%s %s: %d bytes written of %d", lang, p, len(got), len(want))
			}
		}
	}
	if _, err := asterisk.Sound("fr", "lamplight/greeting"); err == nil {
		t.Error("a prompt in French")
	}
}
