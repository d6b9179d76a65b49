package server

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"strings"
	"syscall"
	"time"

	"lamplight/console"
	"lamplight/console/house"
	"lamplight/notes"
	"lamplight/notes/access"
	"lamplight/notes/custody"
	"lamplight/routing"
	"lamplight/routing/oncall"
	"lamplight/telephony"
	"lamplight/telephony/asterisk"
)

// What is looked at before a night. The page and 'lamplight doctor' show the same checks, with the same words.

const (
	lookPatience = 8 * time.Second
	leastRoom    = 1 << 30 // bytes
	clockApart   = 2 * time.Second
)

// checker collects checks.
type checker struct {
	s    *Server
	now  time.Time
	last []console.TonightCheck
}

func (c *checker) say(name string, state console.CheckState, say string, vars ...string) {
	v := map[string]string{}
	for i := 0; i+1 < len(vars); i += 2 {
		v[vars[i]] = vars[i+1]
	}
	c.last = append(c.last, console.TonightCheck{Name: name, State: state, Say: say, Vars: v})
}

func (c *checker) good(name, say string, vars ...string) {
	c.say(name, console.CheckGood, say, vars...)
}
func (c *checker) open(name, say string, vars ...string) {
	c.say(name, console.CheckOpen, say, vars...)
}
func (c *checker) bad(name, say string, vars ...string) { c.say(name, console.CheckBad, say, vars...) }

// Checks implements house.Office: everything a night needs, of the running server. What cannot be asked in time is bad.
func (s *Server) Checks(ctx context.Context) []console.TonightCheck {
	ctx, cancel := context.WithTimeout(access.System(ctx, "doctor"), lookPatience)
	defer cancel()
	c := &checker{s: s, now: time.Now()}
	c.runs()
	c.machine(ctx)
	c.addresses(ctx)
	c.trunk(ctx)
	c.carrier(ctx, "text", console.PartText, routing.Text)
	c.carrier(ctx, "mail", console.PartMail, routing.Email)
	c.supervisors(ctx)
	c.practices(ctx)
	c.agents(ctx)
	c.backup()
	c.walked(ctx)
	return c.last
}

// StoppedChecks are those of a server that does not run, which was connected to its record alone; problem is why not even that, nil when
// it was.
func (s *Server) StoppedChecks(ctx context.Context, problem error) []console.TonightCheck {
	ctx, cancel := context.WithTimeout(access.System(ctx, "doctor"), lookPatience)
	defer cancel()
	c := &checker{s: s, now: time.Now()}
	c.bad("server", "stopped")
	if problem != nil {
		c.bad("record", "broken", "why", OneLine(problem))
	}
	c.machine(ctx)
	c.free()
	c.addresses(ctx)
	c.trunk(ctx)
	if problem == nil {
		c.carrier(ctx, "text", console.PartText, routing.Text)
		c.carrier(ctx, "mail", console.PartMail, routing.Email)
		c.practices(ctx)
		c.agents(ctx)
		c.walked(ctx)
	}
	return c.last
}

// runs tells of the running server itself: what is red already is not said twice.
func (c *checker) runs() {
	told := []string{"certificate", "public-url", "backup-late", "backup-base", "backup-keys", "drill", "drill-late", "no-carrier", "chart-late"}
	var down []string
	for _, r := range c.s.Health.last() {
		if r.Code != "starting" && r.Down && !slices.Contains(told, r.Code) {
			down = append(down, r.Code)
		}
	}
	if len(down) > 0 {
		c.bad("server", "red", "codes", strings.Join(down, ", "))
		return
	}
	c.good("server", "runs", "build", console.Build(), "pages", c.s.web.Addr().String(), "desks", c.s.Bus.URL, "phones", c.s.Switch.Registrar())
}

// machine looks at versions, clock, disk.
func (c *checker) machine(ctx context.Context) {
	if c.s.Pool != nil {
		var version string
		var at time.Time
		asked := time.Now()
		err := c.s.Pool.QueryRow(ctx, "select current_setting('server_version'), clock_timestamp()").Scan(&version, &at)
		apart := at.Sub(asked)
		switch {
		case err != nil:
			c.bad("record", "away")
		case apart < -clockApart || apart > clockApart+time.Since(asked):
			c.bad("clock", "apart", "seconds", fmt.Sprint(int(apart.Abs().Seconds())))
		default:
			c.good("record", "answers", "version", version)
		}
	}
	var tx syscall.Timex
	if state, err := syscall.Adjtimex(&tx); err == nil {
		const unsynchronized = 5 // TIME_ERROR, adjtimex(2)
		if state == unsynchronized {
			c.open("clock", "unwatched")
		} else {
			c.good("clock", "watched")
		}
	}
	var st syscall.Statfs_t
	if err := syscall.Statfs(c.s.State.Dir, &st); err == nil {
		room := st.Bavail * uint64(st.Bsize)
		gigabytes := fmt.Sprintf("%.1f", float64(room)/(1<<30))
		if room < leastRoom {
			c.bad("disk", "full", "room", gigabytes, "dir", c.s.State.Dir)
		} else {
			c.good("disk", "room", "room", gigabytes, "dir", c.s.State.Dir)
		}
	}
}

// free tells which of a stopped server's addresses somebody else has.
func (c *checker) free() {
	for _, at := range []struct{ address, flag, network string }{{c.s.Config.Listen, "--listen", "tcp"},
		{c.s.Config.NATSListen, "--nats-listen", "tcp"}, {c.s.Config.HooksListen, "--hooks-listen", "tcp"},
		{c.s.Config.SIPListen, "--sip-listen", "udp"}} {
		if at.address == "" || at.flag == "--nats-listen" && c.s.Config.NATSURL != "" {
			continue
		}
		var err error
		if at.network == "udp" {
			var l net.PacketConn
			if l, err = net.ListenPacket("udp", at.address); err == nil {
				err = l.Close()
			}
		} else {
			var l net.Listener
			if l, err = net.Listen("tcp", at.address); err == nil {
				err = l.Close()
			}
		}
		if err != nil {
			c.bad("ports", "taken", "address", at.address, "flag", at.flag)
			return
		}
	}
	c.good("ports", "free")
}

// addresses looks at how desks, phones and the pages' readers reach the server, and what it shows them.
func (c *checker) addresses(ctx context.Context) {
	cfg := c.s.Config
	desks, phones := here(cfg.NATSListen) && cfg.NATSURL == "", here(cfg.SIPListen) && cfg.ARIURL == ""
	switch {
	case desks:
		c.open("desks", "here")
	case len(cfg.ServerName) == 0 && cfg.Certificate == "" && cfg.NATSURL == "":
		c.open("desks", "no-name")
	case phones:
		c.open("desks", "no-sound")
	default:
		c.good("desks", "reached", "names", strings.Join(cfg.ServerName, ", "))
	}
	if ends, ok := c.certificateEnds(); ok {
		days := int(ends.Sub(c.now).Hours() / 24)
		until := ends.UTC().Format(time.DateOnly)
		switch {
		case days < 14:
			c.bad("certificate", "ends", "days", fmt.Sprint(days), "until", until)
		default:
			c.good("certificate", "holds", "days", fmt.Sprint(days), "until", until)
		}
	}
	c.names(ctx)
	if cfg.PublicURL == "" {
		c.open("public", "none")
		return
	}
	if c.s.web == nil {
		return // nobody answers there
	}
	if err := c.s.checkPublicURL(ctx); err != nil {
		why := &unreached{code: "broken", detail: err.Error()}
		errors.As(err, &why)
		c.bad("public", why.code, "url", cfg.PublicURL, "detail", why.detail)
		return
	}
	c.good("public", "reached", "url", cfg.PublicURL)
}

// here tells of an address that nobody on another machine reaches.
func here(address string) bool {
	a, err := netip.ParseAddrPort(address)
	return address == "" || err == nil && a.Addr().IsLoopback() || err != nil && strings.HasPrefix(address, certificateHosts+":")
}

func (c *checker) certificateEnds() (time.Time, bool) {
	if c.s.Certs.Server != nil {
		return c.s.Certs.ends(), true
	}
	text, err := os.ReadFile(c.s.State.Keys("server-secret.pem"))
	if err != nil {
		return time.Time{}, false
	}
	block, _ := pem.Decode(text)
	if block == nil {
		return time.Time{}, false
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return time.Time{}, false
	}
	return cert.NotAfter, true
}

// names asks whether every name that is given is one.
func (c *checker) names(ctx context.Context) {
	cfg := c.s.set()
	hosts := slices.Clone(cfg.ServerName)
	if u, err := url.Parse(cfg.PublicURL); err == nil && u.Hostname() != "" {
		hosts = append(hosts, u.Hostname())
	}
	for _, at := range []string{cfg.Trunk, cfg.MailHost} {
		if host, _, err := net.SplitHostPort(at); err == nil {
			at = host
		}
		hosts = append(hosts, at)
	}
	asked := 0
	for _, host := range hosts {
		if _, err := netip.ParseAddr(host); host == "" || err == nil {
			continue
		}
		asked++
		if _, err := net.DefaultResolver.LookupHost(ctx, host); err != nil {
			c.bad("dns", "unknown", "name", host)
			return
		}
	}
	if asked > 0 {
		c.good("dns", "known")
	}
}

// trunk looks at the carrier of calls, and whether a trial by it has come.
func (c *checker) trunk(ctx context.Context) {
	switch why := c.s.Trunk(ctx); {
	case why == "no-trunk":
		c.open("calls", "none")
	case why == "trunk-silent":
		c.bad("calls", "silent", "trunk", c.s.Config.Trunk)
	case why != "":
		c.bad("calls", "rejected", "trunk", c.s.Config.Trunk, "user", c.s.Config.TrunkUser)
	case c.s.Record != nil:
		c.proved(ctx, "calls", house.PartVoice)
	}
}

// Trunk implements house.Office: it asks the carrier whether it answers, and the private Asterisk of a running server whether the
// carrier has taken its registration.
func (s *Server) Trunk(ctx context.Context) string {
	switch {
	case s.Config.ARIURL != "":
		return ""
	case s.Config.Trunk == "":
		return "no-trunk"
	}
	if err := asterisk.Reaches(ctx, s.Config.Trunk, s.Config.TrunkTLS); err != nil {
		return "trunk-silent"
	}
	if !s.Config.TrunkRegister || s.Switch.Private == nil {
		return ""
	}
	is, err := s.Switch.Private.Registration(ctx)
	switch {
	case err != nil:
		s.Log.Error("how the registration with the carrier stands", "error", err)
	case is == asterisk.Denied:
		return "trunk-rejected"
	}
	return ""
}

// proved tells whether a person has said that a trial by a carrier, as it is now, has come.
func (c *checker) proved(ctx context.Context, name string, part console.SettingPart) {
	proof, err := c.s.Record.Setting(ctx, house.ProofOf(part))
	switch {
	case err != nil:
		c.bad(name, "not-taken", "why", OneLine(err))
	case proof.Version == 0 || proof.Values["carrier"] != c.s.Carrier(part):
		c.open(name, "untried")
	default:
		c.good(name, "came", "at", proof.Values["at"], "by", proof.ByName)
	}
}

// carrier looks at who carries texts or mail.
func (c *checker) carrier(ctx context.Context, name string, part console.SettingPart, kind routing.ChannelKind) {
	c.s.settings.mu.Lock()
	trouble := c.s.settings.trouble[part]
	c.s.settings.mu.Unlock()
	if trouble != nil {
		c.bad(name, "not-taken", "why", OneLine(trouble))
		return
	}
	if c.s.Carrier(part) == "" {
		c.open(name, "none")
		return
	}
	if c.s.Routing != nil {
		for _, f := range c.s.Routing.Failing() {
			if f.Channel == kind {
				c.bad(name, "failing", "why", f.Why)
				return
			}
		}
	}
	c.proved(ctx, name, part)
}

func (c *checker) supervisors(ctx context.Context) {
	switch _, why, err := c.s.Routing.ServicePlan(ctx); {
	case err != nil:
		c.bad("record", "away")
	case why != "":
		c.bad("supervisors", why)
	default:
		c.good("supervisors", "called")
	}
}

// practices looks whether there is one that is called, and whether each has somebody on call for as long as is looked ahead.
func (c *checker) practices(ctx context.Context) {
	all, err := c.s.Record.Accounts(ctx)
	if err != nil {
		c.bad("record", "away")
		return
	}
	called := 0
	var holes []string
	for _, a := range all {
		if len(a.Lines) > 0 {
			called++
		}
		if c.s.Routing != nil && ctx.Err() == nil && c.hole(ctx, a) {
			holes = append(holes, a.Name)
		}
	}
	if called == 0 {
		c.open("practices", "none")
		return
	}
	c.good("practices", "called", "count", fmt.Sprint(called))
	switch {
	case c.s.Routing == nil:
	case ctx.Err() != nil:
		c.bad("schedules", "too-many")
	case len(holes) > 0:
		c.bad("schedules", "holes", "count", fmt.Sprint(len(holes)), "names", strings.Join(holes[:min(3, len(holes))], ", "))
	default:
		c.good("schedules", "whole")
	}
}

// hole tells whether nobody is on call at some moment to come, or nobody can say who is.
func (c *checker) hole(ctx context.Context, a notes.Account) bool {
	sched, err := c.s.Routing.Schedule(ctx, a, c.now, false)
	var unread oncall.ReadProblems
	if err != nil {
		return errors.As(err, &unread)
	}
	return slices.ContainsFunc(sched.Roles(), func(role string) bool {
		return len(sched.Gaps(c.now, c.now.Add(routing.LookAhead), oncall.Query{Role: role})) > 0
	})
}

func (c *checker) agents(ctx context.Context) {
	all, err := c.s.Door.People(ctx)
	if err != nil {
		c.bad("record", "away")
		return
	}
	in, invited := 0, 0
	for _, p := range all {
		agent := slices.ContainsFunc(p.Grants, func(g access.Grant) bool {
			return g.Role == notes.RoleAgent || g.Role == notes.RoleSupervisor
		})
		switch {
		case !agent || p.Left:
		case p.HasPassword:
			in++
		default:
			invited++
		}
	}
	switch {
	case in > 0:
		c.good("agents", "in", "count", fmt.Sprint(in))
	case invited > 0:
		c.open("agents", "invited", "count", fmt.Sprint(invited))
	default:
		c.open("agents", "none")
	}
}

func (c *checker) backup() {
	st := c.s.Custody.Status(c.now)
	switch {
	case st.Keys != "":
		c.bad("backup", "keys", "why", st.Keys)
	case !st.Kept && c.s.Cluster != nil:
		c.open("backup", "none")
	case !st.Kept:
		c.good("backup", "yours")
	case !st.Drill.Ended.IsZero() && !st.Drill.Good:
		c.bad("backup", "drill")
	case st.Base.IsZero():
		c.open("backup", "first")
	case st.Behind > custody.LossPromised:
		c.bad("backup", "behind", "minutes", fmt.Sprint(int(st.Behind.Minutes())))
	default:
		c.good("backup", "kept", "seconds", fmt.Sprint(int(st.Behind.Seconds())), "base", st.Base.UTC().Format(time.RFC3339))
	}
}

// walked tells whether a call has come in and been answered, and a note been acknowledged: the whole chain, once.
func (c *checker) walked(ctx context.Context) {
	var answered, acked bool
	err := c.s.Pool.QueryRow(ctx, "select exists(select from call where inbound and answered_at is not null), "+
		"exists(select from note where acked_at is not null)").Scan(&answered, &acked)
	switch {
	case err != nil:
		c.bad("record", "away")
	case acked:
		c.good("walk", "acknowledged")
	case answered:
		c.open("walk", "answered")
	default:
		if number := c.number(ctx); number != "" {
			c.open("walk", "none", "number", number)
			return
		}
		c.open("walk", "no-line")
	}
}

// number is one that a practice is called at, "" while there is none.
func (c *checker) number(ctx context.Context) string {
	all, err := c.s.Record.Accounts(ctx)
	if err != nil {
		return ""
	}
	for _, a := range all {
		if line := a.Line(); line != telephony.Number("") {
			return line.Reveal()
		}
	}
	return ""
}
