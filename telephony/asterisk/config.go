package asterisk

import (
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Config says how one Asterisk is set up. The zero value of each field but Dir has a working default: everything on
// loopback, on free ports that are kept in Dir and used again after a restart.
type Config struct {
	Dir  string // everything of this server: configuration, logs, spool. Made if missing; one server at a time
	User string // the account Asterisk runs as when we are root; default the first of lamplight, asterisk, nobody

	SIP netip.AddrPort // where Asterisk listens for SIP over UDP; default 127.0.0.1, a free port
	// External is our address as the carrier sees it, where that is another than SIP's: behind NAT. A port if it is not SIP's.
	External netip.AddrPort
	ARI      netip.AddrPort // where Asterisk listens for HTTP and ARI; default 127.0.0.1, a free port
	RTP      PortRange      // where audio flows; default a free range of 400 ports, two for each leg

	App   string        // the ARI application; default "lamplight"
	Lease time.Duration // how long a caller waits for a silent application; whole seconds, default 8 s
	Stale time.Duration // how old a heartbeat may be; whole seconds, default 4 s
	MaxVM time.Duration // the longest voicemail; whole seconds, default 180 s
	Quiet time.Duration // silence that ends a voicemail; whole seconds, default 6 s
	// Silent is how long the carrier's side of a call may send nothing, neither sound nor its reports, before it is taken for
	// dead and hung up; whole seconds, default 30 s. On hold it is ten times as long.
	Silent time.Duration
	Agents int // how many agents' phones: agent1 … agentN; default 8
	// AgentNets are the networks an agent's phone may register and call from; default 127.0.0.0/8.
	AgentNets []netip.Prefix
	Carrier   Carrier
	// Training lets practice calls in beside a real carrier, from this machine alone: see Server.TrainingAddr.
	Training bool
	// Emergency are the numbers an agent's phone may dial, straight to the carrier; default 911 and 933 (its test).
	// EmergencyFrom is the number the carrier has the desks' street address for: digits, a plus before them allowed.
	Emergency     []string
	EmergencyFrom string
	// Log is told when Asterisk died and when it is back; default nobody.
	Log *slog.Logger

	// DieWithUs ends Asterisk when our process dies, by any death. For tests: in service Asterisk must outlive us,
	// because it holds the calls and the fail-safe.
	DieWithUs bool
}

// Lease is how long a caller waits for a silent application, if Config does not say. Net is the lease of a caller whom the
// dialplan's watchman looks after: how long they wait when it has died with Lamplight. WatchStale is how old its sign may be.
const (
	Lease      = 8 * time.Second
	Net        = 2 * time.Minute
	WatchStale = 4 * time.Second
)

// Carrier is the trunk to the telephone network.
type Carrier struct {
	// Match are the addresses the carrier's INVITEs come from: who sends from there is believed to be the carrier.
	// Default Contact's host, by all addresses its name has; without one, 127.0.0.2/32.
	Match []netip.Prefix
	// Contact is where calls to the telephone network are sent, host:port; default 127.0.0.2 and a free port.
	Contact string
	// User and Password answer the carrier's challenge, if it makes one; with Register they also tell the carrier where we are.
	User, Password string
	Register       bool
	// TLS has signalling go over TLS, proved by the certificates in CA (a PEM file; default those the machine trusts).
	// SRTP has sound encrypted, which is only worth something with TLS.
	TLS, SRTP bool
	CA        string
}

// match is what the configuration says of where the carrier's calls come from.
func (c Carrier) match() (all []string) {
	for _, m := range c.Match {
		all = append(all, m.String())
	}
	if len(all) == 0 {
		host, _, err := net.SplitHostPort(c.Contact)
		if err == nil {
			all = append(all, host)
		}
	}
	return all
}

// systemCA is where Debian keeps the certificates that the machine trusts.
const systemCA = "/etc/ssl/certs/ca-certificates.crt"

// A PortRange is UDP ports First to Last, both included.
type PortRange struct{ First, Last uint16 }

var (
	appName  = regexp.MustCompile(`^[a-z][a-z0-9-]{0,39}$`)
	hostPort = regexp.MustCompile(`^[A-Za-z0-9.:\[\]-]+:[0-9]{1,5}$`)
	word     = regexp.MustCompile(`^[!-:<-~]*$`) // printable, no space, no semicolon: those mean something in a .conf
	dialled  = regexp.MustCompile(`^[0-9]{2,15}$`)
	shown    = regexp.MustCompile(`^(\+?[0-9]{2,15})?$`)
)

// withDefaults fills what was left empty, all but ports and credentials, which live in Dir.
func (c Config) withDefaults() Config {
	set := func(d *time.Duration, def time.Duration) {
		if *d == 0 {
			*d = def
		}
	}
	set(&c.Lease, Lease)
	set(&c.Stale, 4*time.Second)
	set(&c.MaxVM, 180*time.Second)
	set(&c.Quiet, 6*time.Second)
	set(&c.Silent, 30*time.Second)
	if c.App == "" {
		c.App = "lamplight"
	}
	if c.Agents == 0 {
		c.Agents = 8
	}
	if c.AgentNets == nil {
		c.AgentNets = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	}
	if c.Carrier.Match == nil && c.Carrier.Contact == "" {
		c.Carrier.Match = []netip.Prefix{netip.MustParsePrefix("127.0.0.2/32")}
	}
	if c.Carrier.Contact != "" && !hostPort.MatchString(c.Carrier.Contact) {
		port := ":5060"
		if c.Carrier.TLS {
			port = ":5061"
		}
		c.Carrier.Contact += port
	}
	if c.Carrier.CA == "" {
		c.Carrier.CA = systemCA
	}
	if c.Emergency == nil {
		c.Emergency = []string{"911", "933"}
	}
	loopback := netip.AddrFrom4([4]byte{127, 0, 0, 1})
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if !c.SIP.IsValid() {
		c.SIP = netip.AddrPortFrom(loopback, 0)
	}
	if !c.ARI.IsValid() {
		c.ARI = netip.AddrPortFrom(loopback, 0)
	}
	return c
}

// check refuses what would make a configuration that does not mean what was asked.
func (c Config) check() error {
	switch {
	case !appName.MatchString(c.App):
		return fmt.Errorf("asterisk: the application name %q: use small letters, digits and dashes", c.App)
	case c.Agents < 0 || c.Agents > 1000:
		return fmt.Errorf("asterisk: %d agents' phones: use 1 to 1000", c.Agents)
	case c.Carrier.Contact != "" && !hostPort.MatchString(c.Carrier.Contact):
		return fmt.Errorf("asterisk: the carrier's contact %q: use host:port", c.Carrier.Contact)
	case !word.MatchString(c.Carrier.User) || !word.MatchString(c.Carrier.Password):
		return fmt.Errorf("asterisk: the carrier's user and password must be printable ASCII without spaces or semicolons")
	case strings.ContainsAny(c.Dir, " \t\r\n;\\,"):
		return fmt.Errorf("asterisk: the directory %q: its name must hold no space, comma, semicolon or backslash, Asterisk's files "+
			"cannot say them", c.Dir)
	case c.Carrier.Register && c.Carrier.User == "":
		return fmt.Errorf("asterisk: a user is needed to register with the carrier")
	case strings.ContainsAny(c.Carrier.CA, " \t\r\n;"):
		return fmt.Errorf("asterisk: the certificates' file %q: its name must hold no space or semicolon", c.Carrier.CA)
	case len(c.Carrier.match()) == 0 || len(c.AgentNets) == 0:
		return fmt.Errorf("asterisk: the carrier needs at least one address, and the agents at least one network")
	case !shown.MatchString(c.EmergencyFrom):
		return fmt.Errorf("asterisk: the number %q to show with emergency calls: use digits", c.EmergencyFrom)
	case c.RTP.Last != 0 && (c.RTP.First < 1024 || c.RTP.Last < c.RTP.First+3):
		return fmt.Errorf("asterisk: audio ports %d to %d: use a range of at least four, above 1023", c.RTP.First, c.RTP.Last)
	}
	for _, d := range []time.Duration{c.Lease, c.Stale, c.MaxVM, c.Quiet, c.Silent} {
		if d < time.Second || d%time.Second != 0 {
			return fmt.Errorf("asterisk: lease, stale, longest voicemail, quiet and silent are whole seconds, at least one; got %v", d)
		}
	}
	if i := slices.IndexFunc(c.Emergency, func(n string) bool { return !dialled.MatchString(n) }); i >= 0 {
		return fmt.Errorf("asterisk: the emergency number %q: use digits only", c.Emergency[i])
	}
	return nil
}
