package ari_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"lamplight/telephony"
	"lamplight/telephony/ari"
	"lamplight/telephony/asterisk"
	"lamplight/telephony/asterisk/asterisktest"
)

const childEnv = "LAMPLIGHT_TEST_ARI"

// TestMain lets this binary be a server of its own that can be frozen.
func TestMain(m *testing.M) {
	if at := os.Getenv(childEnv); at != "" {
		if err := child(strings.Fields(at)); err != nil {
			fmt.Println("error", err)
			os.Exit(1)
		}
		return
	}
	asterisktest.Main(m, 6)
}

// child beats, answers whoever arrives, renews their lease, and prints each event.
func child(at []string) error {
	c, err := ari.Connect(ari.Config{URL: at[0], User: at[1], Password: at[2], App: at[3]})
	if err != nil {
		return err
	}
	defer c.Close()
	ctx := context.Background()
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	legs := map[telephony.LegID]bool{}
	for {
		select {
		case e, ok := <-c.Events():
			if !ok {
				return nil
			}
			if e.Kind == telephony.LegArrived {
				legs[e.Leg] = true
				if err := c.Answer(ctx, e.Leg); err != nil {
					return err
				}
			}
			if e.Kind == telephony.LegLost || e.Kind == telephony.LegDown {
				delete(legs, e.Leg)
			}
			fmt.Println(e.Kind, e.Leg)
		case <-tick.C:
			for l := range legs {
				if err := c.Renew(ctx, l, 2*time.Second); err != nil {
					fmt.Println("renew", err)
				}
			}
			if err := c.Beat(ctx); err != nil {
				return err
			}
			fmt.Println("beat")
		}
	}
}

// TestFrozen freezes the server as SIGSTOP does: Asterisk notices nothing. The waiting caller and a new one reach the
// fail-safe, and the server learns of it when it thaws.
func TestFrozen(t *testing.T) {
	t.Parallel()
	h := newFixture(t, func(c *asterisk.Config) { c.Stale = time.Second })
	url, user, password := h.server.ARI()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"="+strings.Join([]string{url, user, password, h.server.App()}, " "))
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait() //nolint:errcheck // it was killed
	})
	lines := make(chan string, 1000)
	go func() {
		defer close(lines)
		for s := bufio.NewScanner(out); s.Scan(); {
			lines <- s.Text()
		}
	}()
	until := func(prefix string) string {
		t.Helper()
		late := time.After(30 * time.Second)
		for {
			select {
			case l, ok := <-lines:
				if !ok || strings.HasPrefix(l, "error") {
					t.Fatalf("the child ended before %q: %s", prefix, l)
				}
				if strings.HasPrefix(l, prefix) {
					return l
				}
			case <-late:
				t.Fatalf("no %q", prefix)
			}
		}
	}
	until("linked")
	until("beat")
	h.dial("+13125550100", "+13125550142", "Ana Paz").talks()
	arrived := until("leg-arrived")
	until("beat")
	until("beat")

	begun := time.Now()
	must(t, cmd.Process.Signal(syscall.SIGSTOP))
	h.overflowed(t, 1)
	t.Logf("frozen: the waiting caller reached the fail-safe after %v (lease 2 s)", time.Since(begun))
	if took := time.Since(begun); took > 5*time.Second {
		t.Errorf("the waiting caller waited %v", took)
	}
	h.dial("+13125550100", "+13125550143", "Eva Paz")
	h.overflowed(t, 2)
	must(t, cmd.Process.Signal(syscall.SIGCONT))
	if lost := until("leg-lost"); strings.Fields(lost)[1] != strings.Fields(arrived)[1] {
		t.Errorf("%s, but %s", lost, arrived)
	}
	until("beat")
}

// overflowed waits until n callers are with the fail-safe.
func (h *fixture) overflowed(t *testing.T, n int) {
	t.Helper()
	url, user, password := h.server.ARI()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+"/channels", nil)
		must(t, err)
		r.SetBasicAuth(user, password)
		a, err := http.DefaultClient.Do(r)
		must(t, err)
		b, err := io.ReadAll(a.Body)
		must(t, err, a.Body.Close())
		if strings.Count(string(b), `"context":"overflow"`) == n {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d callers are not with the fail-safe", n)
		}
	}
}
