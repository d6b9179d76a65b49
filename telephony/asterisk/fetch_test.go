package asterisk

import (
	"context"
	"errors"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// left lists what a failed fetch left in dir, but for its lock.
func left(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		if e.Name() != ".lock" {
			names = append(names, e.Name())
		}
	}
	return names
}

func TestAFetchThatFailsLeavesNothing(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	mirror := &http.Server{Handler: http.NotFoundHandler()}
	go func() {
		if err := mirror.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			t.Error(err)
		}
	}()
	defer mirror.Close()
	good := fetch{mirror: "http://" + l.Addr().String(), suites: []string{"forky", "sid"}, keyring: debianKeyring, begun: time.Now()}
	for name, test := range map[string]struct {
		change func(*fetch)
		says   string
	}{
		"an empty mirror": {func(*fetch) {}, "did not give it: check the network, or install Asterisk 22 yourself"},
		"no keyring":      {func(f *fetch) { f.keyring = "/nowhere.gpg" }, "install the package debian-archive-keyring"},
		"a full disk":     {func(f *fetch) { f.room = 1 << 60 }, "make room or choose another cache directory"},
		"no directory":    {func(f *fetch) { f.dir = "/proc/lamplight" }, "choose a cache directory that you may write to"},
	} {
		f := good
		f.dir = filepath.Join(t.TempDir(), "cache")
		test.change(&f)
		_, err := f.run(t.Context())
		if err == nil || !strings.Contains(err.Error(), test.says) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", name, err)
		}
		if name == "no directory" || name == "no keyring" {
			continue // it did not come so far as to make one
		}
		if names := left(t, f.dir); len(names) != 0 {
			t.Errorf("%s left %v", name, names)
		}
	}
}

func TestAFetchCanBeGivenUp(t *testing.T) {
	t.Parallel()
	asked := make(chan struct{}, 10)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	mirror := &http.Server{Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		asked <- struct{}{}
		<-r.Context().Done() // a mirror that never answers
	})}
	go func() {
		if err := mirror.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			t.Error(err)
		}
	}()
	defer mirror.Close()
	ctx, cancel := context.WithCancel(t.Context())
	f := fetch{dir: t.TempDir(), mirror: "http://" + l.Addr().String(), suites: []string{"forky"}, keyring: debianKeyring,
		begun: time.Now()}
	failed := make(chan error, 1)
	go func() {
		_, err := f.run(ctx)
		failed <- err
	}()
	<-asked
	begun := time.Now()
	cancel()
	if err := <-failed; !errors.Is(err, context.Canceled) {
		t.Errorf("given up: %v", err)
	}
	if took := time.Since(begun); took > 6*time.Second {
		t.Errorf("giving up took %v", took)
	}
	if names := left(t, f.dir); len(names) != 0 {
		t.Errorf("it left %v", names)
	}
}

func TestNewerVersionsStandFirst(t *testing.T) {
	for _, pair := range [][2]string{{"asterisk-22.10.1", "asterisk-22.9.3"}, {"asterisk-22.10.1", "asterisk-22.10"},
		{"asterisk-22.11", "asterisk-22.10.9"}} {
		if !newer("/c/"+pair[0], "/c/"+pair[1]) || newer("/c/"+pair[1], "/c/"+pair[0]) {
			t.Errorf("%s should stand before %s", pair[0], pair[1])
		}
	}
}
