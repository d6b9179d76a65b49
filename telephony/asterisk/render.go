package asterisk

import (
	"bytes"
	"embed"
	"fmt"
	"io"
	"io/fs"
	"net/netip"
	"path"
	"path/filepath"
	"slices"
	"text/template"
	"time"
)

// Asterisk's configuration, as templates over plan.
//
//go:embed conf/*.conf
var confFiles embed.FS

var conf = template.Must(template.ParseFS(confFiles, "conf/*.conf"))

// A plan is all that a configuration is rendered from: what was asked, what was chosen, and where the Asterisk is.
type plan struct {
	Config
	Modules     string // the directory of modules
	Spool       string // the directory of recordings
	ARIPassword string
	Phones      []phone
	// TrainingPort is where practice calls' network listens on 127.0.0.2, beside a real carrier; 0 without.
	TrainingPort uint16
}

// A phone is an agent's: the SIP user and its password.
type phone struct{ Name, Password string }

// The methods below are what the templates ask.

func (plan) ModuleNames() []string  { return modules }
func (plan) ARIUser() string        { return ariUser }
func (p plan) LeaseSeconds() int    { return seconds(p.Lease) }
func (p plan) StaleSeconds() int    { return seconds(p.Stale) }
func (plan) NetSeconds() int        { return seconds(Net) }
func (plan) WatchSeconds() int      { return seconds(WatchStale) }
func (p plan) VMSeconds() int       { return seconds(p.MaxVM) }
func (p plan) QuietSeconds() int    { return seconds(p.Quiet) }
func (p plan) SilentSeconds() int   { return seconds(p.Silent) }
func (p plan) HeldSeconds() int     { return 10 * seconds(p.Silent) }
func (p plan) LegSeconds() int      { return seconds(p.Lease) + 4 } // time to be bridged, after it was answered
func (p plan) OverflowSeconds() int { return seconds(p.MaxVM) + 90 }
func (plan) InviteVar() string      { return InviteVar }
func seconds(d time.Duration) int   { return int(d / time.Second) }

// Dialled are the patterns of all that a carrier may dial: numbers in any writing, account names, nothing at all ("s"). One
// letter alone is left out, because such extensions mean something to the dialplan.
func (plan) Dialled() []string { return []string{"_[+0-9]!", "_[!-~].", "s"} }

// Printable is what FILTER lets through of a header: printable ASCII without braces and the | that stands between fields.
func (plan) Printable() string { return "!-z ~" }

// Kept is what stands before a channel in the name of the variable that keeps what a full disk did not take.
func (plan) Kept() string { return KeptPrefix }

// Told is what the dialplan tells in an Invite after what was dialled, in the order of its fields.
func (plan) Told() []string {
	told := []string{"PJSIP_HEADER(read,To)"}
	for _, h := range []string{"Diversion", "History-Info", "P-Asserted-Identity"} {
		told = append(told, "PJSIP_HEADER(read,"+h+",1)", "PJSIP_HEADER(read,"+h+",2)")
	}
	return append(told, "CALLERID(num)", "CALLERID(num-pres)", "PJSIP_HEADER(read,Privacy)", "PJSIP_HEADER(read,From)")
}

// Matches are the addresses, networks or names the carrier's calls come from.
func (p plan) Matches() []string { return p.Carrier.match() }

// TrunkURI is the carrier, or an account there.
func (p plan) TrunkURI(user string) string {
	if user != "" {
		user += "@"
	}
	if p.Carrier.TLS {
		return "sip:" + user + p.Carrier.Contact + "\\;transport=tls"
	}
	return "sip:" + user + p.Carrier.Contact
}

// TLSBind is where SIP over TLS listens: the port behind that of UDP, as 5061 is behind 5060.
func (p plan) TLSBind() netip.AddrPort { return withPort(p.SIP, p.SIP.Port()+1) }

// LocalNets are where we are not seen by our external address.
func (p plan) LocalNets() []netip.Prefix {
	nets := []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("10.0.0.0/8"),
		netip.MustParsePrefix("172.16.0.0/12"), netip.MustParsePrefix("192.168.0.0/16")}
	for _, n := range p.AgentNets {
		if !slices.Contains(nets, n) {
			nets = append(nets, n)
		}
	}
	return nets
}

// TrainingAddr is where practice calls' network listens.
func (p plan) TrainingAddr() string {
	if p.TrainingPort == 0 {
		return p.Carrier.Contact
	}
	return netip.AddrPortFrom(trainingHost, p.TrainingPort).String()
}

var trainingHost = netip.AddrFrom4([4]byte{127, 0, 0, 2})

const ariUser = "lamplight"

// render returns the configuration's files by name.
func (p plan) render() (map[string][]byte, error) {
	names, err := fs.Glob(confFiles, "conf/*.conf")
	if err != nil {
		return nil, err
	}
	files := make(map[string][]byte, len(names)+len(emptyConf))
	for _, name := range names {
		var b bytes.Buffer
		if err := conf.ExecuteTemplate(&b, path.Base(name), p); err != nil {
			return nil, fmt.Errorf("asterisk: render %s: %w", name, err)
		}
		files[path.Base(name)] = b.Bytes()
	}
	for _, name := range emptyConf {
		files[name] = nil
	}
	return files, nil
}

// emptyConf are files Asterisk warns about when they are missing, and needs nothing in.
var emptyConf = []string{"features.conf", "udptl.conf", "acl.conf", "ccss.conf", "codecs.conf", "stasis.conf",
	"websocket_client.conf", "sorcery.conf", "dnsmgr.conf", "cli.conf", "cli_permissions.conf", "cli_aliases.conf"}

// Write prints what the administrator of an existing Asterisk 22 installs to give it to Lamplight: the files, with
// passwords made for it, and what else is to do. Its ports default to 5060 and 8088. The print holds credentials.
func (c Config) Write(w io.Writer) error {
	c = c.withDefaults()
	if c.SIP.Port() == 0 {
		c.SIP = withPort(c.SIP, 5060)
	}
	if c.ARI.Port() == 0 {
		c.ARI = withPort(c.ARI, 8088)
	}
	if c.Carrier.Contact == "" {
		c.Carrier.Contact = c.Carrier.Match[0].Addr().String() + ":5060"
	}
	if err := c.check(); err != nil {
		return err
	}
	p := plan{Config: c, Spool: "/var/spool/asterisk/recording", ARIPassword: secret()}
	for i := range c.Agents {
		p.Phones = append(p.Phones, phone{phoneName(i), secret()})
	}
	files, err := p.render()
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := existing.Execute(&b, p); err != nil {
		return fmt.Errorf("asterisk: render: %w", err)
	}
	for _, name := range []string{"pjsip.conf", "extensions.conf", "ari.conf", "http.conf", "logger.conf", "pjproject.conf"} {
		fmt.Fprintf(&b, "\n;;; %s\n%s", filepath.Join("/etc/asterisk", name), files[name])
	}
	_, err = b.WriteTo(w)
	return err
}

var existing = template.Must(template.New("existing").Parse(`;;; What Lamplight needs of an existing Asterisk 22.
;;; This text holds passwords: keep the files readable by Asterisk's account alone.
;;;
;;; 1. Put the sections below into the files they name.
;;; 2. Have these modules loaded (modules.conf; autoload = yes loads them all):
{{range .ModuleNames}};;;      {{.}}
{{end}};;; 3. Copy Lamplight's prompts, en and es, into Asterisk's sounds directory, and its music where "default" music is.
;;; 4. Make {{.Spool}}/vm, owned by Asterisk's account, mode 0700, and start Asterisk with umask 077:
;;;    voicemails and recordings are patients' voices. Start it with -p too (LimitRTPRIO=10 where it is not started as
;;;    root): a recorder that waits 100 ms for a busy machine loses what was said.
;;; 5. Keep Asterisk's verbose and debug levels at 0 and its logs to errors: the others tell callers' numbers.
;;; 6. Point Lamplight at it: address http://{{.ARI}}/ari, user {{.ARIUser}}, application {{.App}}.
`))
