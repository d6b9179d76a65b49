package asterisk

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// A Server is one running Asterisk. Its methods may be called from any goroutine.
type Server struct {
	in     Install
	acc    account
	plan   plan
	agents map[string]string
	lock   *os.File // held while we watch this directory
	audio  reservation

	closing   chan struct{} // closed by Close
	closeOnce sync.Once
	done      chan struct{} // closed when nothing of it runs any more
	closeErr  error         // set before done is closed

	mu       sync.Mutex // guards what follows
	pid      int
	restarts int
}

// Start configures and starts an Asterisk, or takes over the one that an earlier process of ours left running in
// Config.Dir with the same configuration. It returns when Asterisk answers on ARI and on SIP. When ctx is done before
// that the start is given up; afterwards ctx has no part in it: Close stops the server.
func Start(ctx context.Context, in Install, c Config) (*Server, error) {
	s, err := start(ctx, in, c)
	if err != nil {
		return nil, fmt.Errorf("start Asterisk: %w", err)
	}
	return s, nil
}

func start(ctx context.Context, in Install, c Config) (s *Server, err error) {
	c = c.withDefaults()
	if c.Dir, err = filepath.Abs(c.Dir); err != nil {
		return nil, err
	}
	if err := c.check(); err != nil {
		return nil, err
	}
	s = &Server{in: in, closing: make(chan struct{}), done: make(chan struct{})}
	if s.acc, err = pickAccount(c.User); err != nil {
		return nil, err
	}
	if err := s.takeDir(c.Dir); err != nil {
		return nil, err
	}
	p, err := s.first(ctx, c)
	if err != nil {
		return nil, errors.Join(err, s.letGo())
	}
	s.setPid(p.pid)
	go s.watch(p)
	return s, nil
}

// takeDir makes the directory ours: no other process of ours may run an Asterisk in it.
func (s *Server) takeDir(dir string) error {
	if err := makeDir(dir, s.acc); err != nil {
		return err
	}
	if err := s.acc.own(dir); err != nil {
		return err
	}
	for _, d := range []string{dir, s.in.Modules, s.in.Data} {
		if err := s.acc.reach(d); err != nil {
			return err
		}
	}
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		return errors.Join(fmt.Errorf("another process runs an Asterisk in %s: stop it, or choose another directory", dir), f.Close())
	}
	s.lock = f
	return nil
}

// letGo gives back what the server held.
func (s *Server) letGo() error { return errors.Join(s.audio.release(), s.lock.Close()) }

// first brings the first Asterisk: the one that was left running if it is as we would start it, or a new one.
func (s *Server) first(ctx context.Context, c Config) (*process, error) {
	st, err := readState(c.Dir)
	if err != nil {
		return nil, err
	}
	st.credentials(c.Agents)
	old, err := adopt(c.Dir)
	if err != nil {
		return nil, err
	}
	if old != nil {
		if s.usePlan(st, c); s.same(ctx, c) {
			if err := s.plan.sounds(s.acc); err != nil { // ours may be newer than those it was started with
				return nil, err
			}
			// Its audio range is still its own; ours to reserve again only if nobody came between.
			if r, err := reserveAudio(st.RTP); err == nil {
				s.audio = r
			}
			return old, nil
		}
		c.Log.Warn("the Asterisk that was left running has another configuration: it is started anew, its calls are cut", "pid", old.pid)
		if err := errors.Join(old.stop(), old.release()); err != nil {
			return nil, err
		}
	}
	var last error
	for range 3 { // a port of our choosing may be taken between our look and Asterisk's
		if s.audio, err = st.ports(c); err != nil {
			return nil, err
		}
		s.usePlan(st, c)
		if err := st.write(c.Dir); err != nil {
			return nil, err
		}
		if err := s.plan.lay(s.in, s.acc); err != nil {
			return nil, err
		}
		p, err := s.run(ctx)
		if err == nil {
			return p, nil
		}
		last = errors.Join(err, s.audio.release())
		s.audio = reservation{}
		if ctx.Err() != nil {
			break
		}
		st.SIP, st.ARI, st.Carrier = 0, 0, ""
	}
	return nil, last
}

func (s *Server) usePlan(st state, c Config) {
	s.plan, s.agents = st.plan(c, s.in), st.Agents
}

// same tells whether the Asterisk that runs has the configuration of the plan, and fits what is asked now.
func (s *Server) same(ctx context.Context, c Config) bool {
	fits := func(asked, has netip.AddrPort) bool { return asked.Port() == 0 || asked == has }
	if !fits(c.SIP, s.plan.SIP) || !fits(c.ARI, s.plan.ARI) || c.RTP.Last != 0 && c.RTP != s.plan.RTP {
		return false
	}
	laid, err := s.plan.laid()
	return err == nil && laid && answers(ctx, s.plan) == nil
}

// run starts Asterisk on the plan and waits until it answers.
func (s *Server) run(ctx context.Context) (*process, error) {
	if err := rotate(filepath.Join(s.plan.Dir, "log", "messages.log")); err != nil {
		return nil, err
	}
	if err := repairRecordings(s.plan.Spool); err != nil {
		// A recording that stays as it is must not keep Asterisk from answering the next caller.
		s.plan.Log.Error("a recording that was cut short", "error", err)
	}
	p, err := launch(s.in, s.plan.Dir, s.acc, s.plan.DieWithUs)
	if err != nil {
		return nil, err
	}
	if err := p.ready(ctx, s.plan); err != nil {
		return nil, errors.Join(err, p.stop(), p.release())
	}
	if a, err := unix.SchedGetAttr(p.pid, 0); err == nil && a.Policy != unix.SCHED_RR {
		s.plan.Log.Info("Asterisk may not run in real time: a busy machine makes gaps in recordings. LimitRTPRIO=10 allows it")
	}
	return p, nil
}

// rotate keeps one log before this one.
func rotate(log string) error {
	if fi, err := os.Stat(log); err == nil && fi.Size() > 4<<20 {
		return os.Rename(log, log+".1")
	}
	return nil
}

// watch starts Asterisk again whenever it dies, sooner at first and then each ten seconds, for as long as it takes:
// while it is down no call gets in, so there is nothing better to do than to try.
func (s *Server) watch(p *process) {
	const shortest, longest = 50 * time.Millisecond, 10 * time.Second
	wait, since := shortest, time.Now()
	for {
		if s.attend(p) {
			s.finish(p.stop(), p)
			return
		}
		s.setPid(0)
		if time.Since(since) > time.Minute {
			wait = shortest
		}
		s.plan.Log.Error("Asterisk died and is started again", "pid", p.pid, "ran", time.Since(since).Round(time.Millisecond), "how", p.how)
		if err := p.release(); err != nil {
			s.plan.Log.Warn("a dead Asterisk's handle", "error", err)
		}
		var up bool
		if p, wait, up = s.again(wait, longest); !up {
			s.finish(nil, nil)
			return
		}
		since = time.Now()
	}
}

// attend watches a running Asterisk until it is gone, or the server is being closed. One that answers no SIP for a long
// time is killed: it takes no call and ends none, and only a new one will.
func (s *Server) attend(p *process) (closing bool) {
	const look, patience = 4 * time.Second, 20 * time.Second
	tick := time.NewTicker(look)
	defer tick.Stop()
	answered := time.Now()
	for {
		select {
		case <-s.closing:
			return true
		case <-p.gone:
			return false
		case <-tick.C:
		}
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		err := answersSIP(ctx, dialable(s.plan.SIP))
		cancel()
		if err == nil {
			answered = time.Now()
		} else if time.Since(answered) > patience {
			s.plan.Log.Error("Asterisk is frozen and is killed", "pid", p.pid, "silent", time.Since(answered).Round(time.Second), "error",
				err)
			if err := p.signal(syscall.SIGKILL); err != nil {
				s.plan.Log.Error("a frozen Asterisk cannot be killed", "error", err)
			}
		}
	}
}

// again tries until Asterisk is back, or the server is being closed.
func (s *Server) again(wait, longest time.Duration) (*process, time.Duration, bool) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() {
		select {
		case <-s.closing:
			cancel()
		case <-ctx.Done():
		}
	}()
	for {
		select {
		case <-s.closing:
			return nil, wait, false
		// Asterisk names a channel by the second and a counter that begins anew with each start: one that came back within
		// the second would give a name again, and its caller would be taken for one who has gone.
		case <-time.After(max(wait, time.Until(time.Now().Truncate(time.Second).Add(time.Second)))):
		}
		wait = min(2*wait, longest)
		p, err := s.run(ctx)
		if err == nil {
			s.mu.Lock()
			s.pid, s.restarts = p.pid, s.restarts+1
			s.mu.Unlock()
			s.plan.Log.Info("Asterisk is back", "pid", p.pid)
			return p, wait, true
		}
		if ctx.Err() == nil {
			s.plan.Log.Error("Asterisk does not start", "error", err, "again in", wait)
		}
	}
}

// finish ends the server; p is the process that was stopped, if one ran.
func (s *Server) finish(err error, p *process) {
	s.setPid(0)
	if p != nil {
		err = errors.Join(err, p.release())
	}
	s.closeErr = errors.Join(err, s.letGo())
	close(s.done)
}

func (s *Server) setPid(pid int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pid = pid
}

// ARI returns where ARI is ("http://127.0.0.1:8088/ari") and the user and password to use there.
func (s *Server) ARI() (baseURL, user, password string) {
	return "http://" + dialable(s.plan.ARI).String() + "/ari", ariUser, s.plan.ARIPassword
}

// App returns the name of the ARI application.
func (s *Server) App() string { return s.plan.App }

// SIPListen returns where Asterisk listens for SIP over UDP; SIPAddr, where on this machine it is reached.
func (s *Server) SIPListen() netip.AddrPort { return s.plan.SIP }

// SIPAddr returns where Asterisk is reached by SIP over UDP from this machine.
func (s *Server) SIPAddr() netip.AddrPort { return dialable(s.plan.SIP) }

// CarrierAddr returns where calls to the telephone network are sent, host:port. A scripted carrier listens there.
func (s *Server) CarrierAddr() string { return s.plan.Carrier.Contact }

// TrainingAddr returns where the network of practice calls listens, and calls from: the carrier's own place without a real
// one.
func (s *Server) TrainingAddr() string { return s.plan.TrainingAddr() }

// Registrar returns where an agent's phone registers, host:port: an address of ours that lies in one of the agents' networks,
// when Asterisk listens on all.
func (s *Server) Registrar() (string, error) {
	if !s.plan.SIP.Addr().IsUnspecified() {
		return s.plan.SIP.String(), nil
	}
	ours, err := net.InterfaceAddrs()
	if err != nil {
		return "", fmt.Errorf("which addresses we have: %w", err)
	}
	for _, a := range ours {
		p, err := netip.ParsePrefix(a.String())
		if err != nil || p.Addr().IsLoopback() {
			continue
		}
		if slices.ContainsFunc(s.plan.AgentNets, func(n netip.Prefix) bool { return n.Contains(p.Addr()) }) {
			return netip.AddrPortFrom(p.Addr(), s.plan.SIP.Port()).String(), nil
		}
	}
	return s.SIPAddr().String(), nil
}

// Agents returns the agents' phones: the SIP user, which is also the endpoint's name, and its password.
func (s *Server) Agents() map[string]string { return maps.Clone(s.agents) }

// Spool returns the directory of recordings; voicemails stand in its "vm". It holds patients' voices.
func (s *Server) Spool() string { return s.plan.Spool }

// Log returns Asterisk's log file. It holds errors only, because Asterisk's warnings quote callers.
func (s *Server) Log() string { return filepath.Join(s.plan.Dir, "log", "messages.log") }

// Pid returns the process id of the Asterisk that runs now, 0 while none does.
func (s *Server) Pid() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.pid
}

// Restarts returns how often Asterisk had to be started again.
func (s *Server) Restarts() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.restarts
}

// Done is closed when the server was closed and nothing of it runs any more. A server that is not closed is never done:
// it starts Asterisk again for as long as it takes, and Pid tells whether one runs.
func (s *Server) Done() <-chan struct{} { return s.done }

// Close stops Asterisk and returns when it is gone. Calls that stand are cut. A second Close waits for the first.
func (s *Server) Close() error {
	s.closeOnce.Do(func() { close(s.closing) })
	<-s.done
	return s.closeErr
}
