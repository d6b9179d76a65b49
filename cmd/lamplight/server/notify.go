package server

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"time"
)

// A notifier tells the service manager how the process is (sd_notify(3)); without one it tells nobody.
type notifier struct{ socket string }

// serviceManager is the one that started this process, if one did.
func serviceManager() notifier { return notifier{os.Getenv("NOTIFY_SOCKET")} }

func (n notifier) send(state string) error {
	if n.socket == "" {
		return nil
	}
	name := n.socket
	if strings.HasPrefix(name, "@") {
		name = "\x00" + name[1:] // in the abstract namespace
	}
	c, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: name, Net: "unixgram"})
	if err != nil {
		return fmt.Errorf("tell the service manager: %w", err)
	}
	_, err = c.Write([]byte(state))
	if err = errors.Join(err, c.Close()); err != nil {
		return fmt.Errorf("tell the service manager: %w", err)
	}
	return nil
}

// watchdogPeriod is how often a sign of life is due at least, 0 when none is asked for.
func watchdogPeriod() time.Duration {
	if pid := os.Getenv("WATCHDOG_PID"); pid != "" && pid != strconv.Itoa(os.Getpid()) {
		return 0
	}
	us, err := strconv.ParseInt(os.Getenv("WATCHDOG_USEC"), 10, 64)
	if err != nil || us <= 0 {
		return 0
	}
	return time.Duration(us) * time.Microsecond
}

// stillAlive is how long the core may take to answer before no sign of life is given for it.
const stillAlive = 5 * time.Second

// attend tells the service manager that the server serves, that it lives for as long as the core of the calls answers, and
// what is red. A frozen core is thus killed and started anew, while the callers are with the switch's fail-safe.
func (s *Server) attend(ctx context.Context, n notifier) {
	say := func(state string) {
		if err := n.send(state); err != nil {
			s.Log.Warn("the service manager hears nothing", "error", err)
		}
	}
	say("READY=1\nSTATUS=serving")
	defer say("STOPPING=1\nSTATUS=stopping")
	every := watchdogPeriod() / 3
	if every == 0 {
		every = 10 * time.Second
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		state := "STATUS=serving"
		if reds := s.Health.last(); len(reds) > 0 {
			state = "STATUS=" + reds[0].Text
		}
		if time.Since(s.Engine.Pulse().Answered) < stillAlive {
			state = "WATCHDOG=1\n" + state
		} else {
			s.Log.Error("the core of the calls does not answer; no sign of life is given")
		}
		say(state)
	}
}
