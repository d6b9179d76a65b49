package server

import (
	"context"
	"log/slog"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"lamplight/telephony/engine"
)

// TestADeadCoreGivesNoSignOfLife attends a server whose core of the calls has never answered: the service manager hears what
// is red, and no sign of life.
func TestADeadCoreGivesNoSignOfLife(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "notify")
	l, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: socket, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	t.Setenv("WATCHDOG_USEC", "30000")
	t.Setenv("WATCHDOG_PID", "")
	s := &Server{Log: slog.New(slog.DiscardHandler), Engine: engine.NewEngine(engine.Config{Log: slog.New(slog.DiscardHandler)})}
	s.Health = newHealth(s)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { s.attend(ctx, notifier{socket}); close(ended) }()
	if err := l.SetReadDeadline(time.Now().Add(30 * time.Second)); err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 4096)
	for heard := 0; heard < 5; heard++ {
		n, err := l.Read(b)
		if err != nil {
			t.Fatal(err)
		}
		said := string(b[:n])
		if strings.Contains(said, "WATCHDOG") {
			t.Errorf("a sign of life: %q", said)
		}
		if heard > 0 && said != "STATUS=the server is starting" {
			t.Errorf("it says %q", said)
		}
	}
	cancel()
	<-ended
}

func TestTheWatchdogOfAnotherProcessIsNotOurs(t *testing.T) {
	t.Setenv("WATCHDOG_USEC", "30000")
	t.Setenv("WATCHDOG_PID", "1")
	if p := watchdogPeriod(); p != 0 {
		t.Errorf("a sign each %s", p)
	}
}
