package server

import (
	"cmp"
	"crypto/tls"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"lamplight/telephony/acd"
)

// Config says what a server stands on: a flag, its environment variable and its default stand on one line. With
// nothing given everything is private and on this machine.
type Config struct {
	State string `help:"Directory of keys, certificates, the private database and Asterisk." env:"LAMPLIGHT_STATE" type:"path" placeholder:"DIR"`

	DatabaseURL string `help:"A PostgreSQL of yours, instead of the private one." env:"LAMPLIGHT_DATABASE_URL" placeholder:"postgres://…"`
	PostgresBin string `help:"The directory of PostgreSQL's server programs, where they are not found by themselves." env:"LAMPLIGHT_POSTGRES_BIN" type:"path" placeholder:"DIR"`

	ForTests bool `hidden:"" env:"LAMPLIGHT_FOR_TESTS" help:"The private PostgreSQL does not wait for the disk: a power cut loses what was written."`

	NATSListen string `name:"nats-listen" help:"Where desks connect." env:"LAMPLIGHT_NATS_LISTEN" default:"127.0.0.1:4222"`
	NATSCA     string `name:"nats-ca" help:"With --nats-url: a file with the certificate to trust there, if the machine's roots do not know it." env:"LAMPLIGHT_NATS_CA" type:"path"`
	NATSURL    string `name:"nats-url" help:"A NATS of yours, instead of the built-in one; see 'lamplight nats config'." env:"LAMPLIGHT_NATS_URL" placeholder:"tls://…"`

	ServerName     []string `help:"The names and addresses by which desks and phones on other machines reach this server; they go into its certificate." env:"LAMPLIGHT_SERVER_NAME" placeholder:"NAME"`
	Certificate    string   `help:"A certificate of yours with its chain, shown for the host names in it; read again when it changes." env:"LAMPLIGHT_CERTIFICATE" type:"path" placeholder:"PEM"`
	CertificateKey string   `help:"Its key." env:"LAMPLIGHT_CERTIFICATE_KEY" type:"path" placeholder:"PEM"`

	Listen      string   `help:"Where the web pages are served, over TLS." env:"LAMPLIGHT_LISTEN" default:"127.0.0.1:8443"`
	PublicURL   string   `help:"How phones reach the web pages; links begin with it." env:"LAMPLIGHT_PUBLIC_URL" placeholder:"https://…"`
	Proxy       []string `help:"The addresses of your TLS proxy before --listen: then it is believed where a sign-in comes from." env:"LAMPLIGHT_PROXY" placeholder:"CIDR"`
	MetricsFrom []string `help:"Who may read /metrics and the red lines of /healthz, asking the pages' address directly." env:"LAMPLIGHT_METRICS_FROM" placeholder:"CIDR" default:"127.0.0.0/8,::1/128"`
	HooksListen string   `help:"Where carriers report deliveries, plain HTTP for your TLS proxy; signatures are checked." env:"LAMPLIGHT_HOOKS_LISTEN" default:"127.0.0.1:0"`

	ARIURL          string   `name:"ari-url" help:"An Asterisk of yours, instead of the private one; see 'lamplight asterisk config'." env:"LAMPLIGHT_ARI_URL" placeholder:"http://…/ari"`
	ARIUser         string   `name:"ari-user" env:"LAMPLIGHT_ARI_USER" default:"lamplight" help:"The ARI user."`
	ARIPasswordFile string   `name:"ari-password-file" env:"LAMPLIGHT_ARI_PASSWORD_FILE" type:"path" help:"A file with the ARI user's password."`
	PhonesFile      string   `help:"With --ari-url: a file of lines 'user password', the desks' SIP phones." env:"LAMPLIGHT_PHONES_FILE" type:"path"`
	Registrar       string   `help:"host:port where the desks' phones register; needed with --ari-url, otherwise an address of --sip-listen that the desks reach." env:"LAMPLIGHT_REGISTRAR"`
	Telephones      []string `help:"Phones that stand on a desk and register by themselves, instead of the desk's built-in one; see 'lamplight asterisk phones'." env:"LAMPLIGHT_TELEPHONES" placeholder:"agent3"`
	AsteriskCache   string   `help:"Where the fetched Asterisk is kept." env:"LAMPLIGHT_ASTERISK_CACHE" type:"path"`

	SIP      `embed:""`
	CatchAll string `help:"Whose calls for nobody's number are: a practice or one of its numbers; default nobody's, who call hear an apology." env:"LAMPLIGHT_CATCH_ALL" placeholder:"ACCOUNT|NUMBER"`

	TextURL       string `help:"The text gateway (Twilio's API)." env:"LAMPLIGHT_TEXT_URL" default:"https://api.twilio.com"`
	TextAccount   string `help:"The account at the text gateway; without one there are no texts." env:"LAMPLIGHT_TEXT_ACCOUNT"`
	TextTokenFile string `help:"A file with its auth token." env:"LAMPLIGHT_TEXT_TOKEN_FILE" type:"path"`
	TextFrom      string `help:"The number texts come from." env:"LAMPLIGHT_TEXT_FROM"`
	TextCallback  string `help:"How the gateway reaches --hooks-listen. At the gateway give the same address with /in as the webhook of incoming messages: texts back, STOP and START come by it." env:"LAMPLIGHT_TEXT_CALLBACK" placeholder:"https://…/hooks/text"`

	RemindersAMinute int `help:"How many reminders of appointments are texted a minute at most, of all servers together: what your carrier allows." env:"LAMPLIGHT_REMINDERS_A_MINUTE" default:"180"`

	MailHost         string `help:"The mail server; without one there is no email." env:"LAMPLIGHT_MAIL_HOST"`
	MailPort         int    `help:"Its port: STARTTLS is demanded, except on 465." env:"LAMPLIGHT_MAIL_PORT" default:"587"`
	MailUser         string `help:"The user there." env:"LAMPLIGHT_MAIL_USER"`
	MailPasswordFile string `help:"A file with the password." env:"LAMPLIGHT_MAIL_PASSWORD_FILE" type:"path"`
	MailFrom         string `help:"The sender." env:"LAMPLIGHT_MAIL_FROM" default:"Lamplight <notes@localhost>"`
	MailBounces      string `help:"The address that mail servers report to, bounces@…; have yours hand on bounces+…@ to --bounces-listen." env:"LAMPLIGHT_MAIL_BOUNCES" placeholder:"ADDRESS"`
	BouncesListen    string `help:"Where your mail server hands on delivery reports, plain SMTP." env:"LAMPLIGHT_BOUNCES_LISTEN" default:"127.0.0.1:0"`
	MailCA           string `name:"mail-ca" help:"A file with the certificate to trust there, if it is not publicly known." env:"LAMPLIGHT_MAIL_CA" type:"path"`

	ChartCA string `name:"chart-ca" help:"A file with certificates to trust at practices' charts, beside the publicly known ones." env:"LAMPLIGHT_CHART_CA" type:"path"`

	PushContact string   `help:"A mail address by which a push service can complain." env:"LAMPLIGHT_PUSH_CONTACT" default:"mailto:operator@localhost"`
	PushPlain   []string `hidden:"" env:"LAMPLIGHT_PUSH_PLAIN" help:"Hosts pushes may reach without public TLS; the demo's."`

	LockAfter time.Duration `help:"How long a desk or a page may stand untouched before it locks." env:"LAMPLIGHT_LOCK_AFTER" default:"15m"`

	Zone string `help:"Where the service's day begins at midnight, America/Chicago; this machine's zone by default." env:"LAMPLIGHT_ZONE" placeholder:"ZONE"`

	GroupHours map[string]string `help:"When groups of agents are asked, by the clock of --zone: night=22:00-06:00;weekend=fri 17:00-24:00+sat,sun 00:00-24:00. The days are those a window begins on. Other groups always are." env:"LAMPLIGHT_GROUP_HOURS" placeholder:"GROUP=[DAYS ]FROM-TO"`

	BackupConfig

	Training bool `help:"Agents may ask for practice calls." env:"LAMPLIGHT_TRAINING"`
}

// check refuses what cannot work, before anything is started.
func (c *Config) check() error {
	if c.ARIURL != "" && (c.ARIPasswordFile == "" || c.PhonesFile == "" || c.Registrar == "") {
		return errors.New("--ari-url needs --ari-password-file, --phones-file and --registrar too")
	}
	if _, err := c.zone(); err != nil {
		return err
	}
	if (c.Certificate == "") != (c.CertificateKey == "") {
		return errors.New("--certificate and --certificate-key belong together")
	}
	for _, name := range c.ServerName {
		if !isHost(name) {
			return fmt.Errorf("--server-name %q: give a host name such as lamplight.example.net or an address, without a port", name)
		}
	}
	if c.LockAfter < 0 {
		return fmt.Errorf("--lock-after %s: a desk cannot lock before it is used", c.LockAfter)
	}
	if c.TextAccount != "" && (c.TextTokenFile == "" || c.TextFrom == "") {
		return errors.New("--text-account needs --text-token-file and --text-from too")
	}
	if c.RemindersAMinute < 0 {
		return fmt.Errorf("--reminders-a-minute %d: a practice that wants none leaves the reminders out of its document", c.RemindersAMinute)
	}
	if c.MailBounces != "" && c.MailHost == "" {
		return errors.New("--mail-bounces needs --mail-host too")
	}
	if c.PublicURL != "" && !strings.HasPrefix(c.PublicURL, "https://") {
		return fmt.Errorf("--public-url %q: phones need https", c.PublicURL)
	}
	if c.ARIURL != "" && (c.Trunk != "" || c.SIPListen != "" || c.SIPExternal != "" || c.RTPPorts != "") {
		return errors.New("--trunk, --sip-listen, --sip-external and --rtp-ports are the private Asterisk's: give them to 'lamplight " +
			"asterisk config' for one of yours")
	}
	if err := c.SIP.check(); err != nil {
		return err
	}
	if err := c.BackupConfig.check(c.DatabaseURL != ""); err != nil {
		return err
	}
	if _, err := prefixes("--metrics-from", c.MetricsFrom); err != nil {
		return err
	}
	_, err := c.proxies()
	return err
}

// isHost tells whether text is a host name (RFC 1123, 2.1) or an address.
func isHost(text string) bool {
	if _, err := netip.ParseAddr(text); err == nil {
		return true
	}
	for label := range strings.SplitSeq(text, ".") {
		bad := func(r rune) bool {
			return !(r == '-' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z')
		}
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' || strings.ContainsFunc(label, bad) {
			return false
		}
	}
	return len(text) <= 253
}

// zone is where the service's day begins.
func (c *Config) zone() (*time.Location, error) {
	name := c.Zone
	if name == "" {
		name = "Local"
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return nil, fmt.Errorf("--zone %q is no time zone such as America/Chicago", c.Zone)
	}
	return zone, nil
}

// groups are those that --group-hours gives hours.
func (c *Config) groups() (out []acd.Group, err error) {
	for _, name := range slices.Sorted(maps.Keys(c.GroupHours)) {
		g := acd.Group{ID: acd.GroupID(name), Zone: cmp.Or(c.Zone, "Local")}
		for window := range strings.SplitSeq(c.GroupHours[name], "+") {
			hours, ok := readHours(strings.TrimSpace(window))
			if !ok {
				return nil, fmt.Errorf("--group-hours %s=%s: write hours such as 22:00-06:00, mon-fri 08:00-17:00 or sat,sun 00:00-24:00, and "+
					"several with + between them", name, c.GroupHours[name])
			}
			g.Hours = append(g.Hours, hours)
		}
		out = append(out, g)
	}
	return out, nil
}

// readHours reads "22:00-06:00" of every day, or of the days before it: "mon-fri 08:00-17:00", "sat,sun 00:00-24:00".
func readHours(text string) (h acd.Hours, ok bool) {
	days, span, some := strings.Cut(text, " ")
	if !some {
		days, span = "", text
	} else if h.Days, ok = readDays(days); !ok {
		return h, false
	}
	from, to, _ := strings.Cut(span, "-")
	var begins, ends bool
	h.From, begins = minuteOf(from)
	h.To, ends = minuteOf(to)
	return h, begins && ends && h.From < 24*60
}

// minuteOf reads "06:30" as the minute after midnight, up to "24:00".
func minuteOf(text string) (int, bool) {
	if text == "24:00" {
		return 24 * 60, true
	}
	t, err := time.Parse("15:04", text)
	return 60*t.Hour() + t.Minute(), err == nil
}

var dayNames = []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

// readDays reads "mon-fri" or "sat,sun", or both together.
func readDays(text string) (out []time.Weekday, ok bool) {
	for part := range strings.SplitSeq(text, ",") {
		first, last, several := strings.Cut(part, "-")
		if !several {
			last = first
		}
		d, end := slices.Index(dayNames, first), slices.Index(dayNames, last)
		if d < 0 || end < 0 {
			return nil, false
		}
		for out = append(out, time.Weekday(d)); d != end; {
			d = (d + 1) % len(dayNames)
			out = append(out, time.Weekday(d))
		}
	}
	return out, true
}

// proxies are the networks that --proxy names.
func (c *Config) proxies() ([]netip.Prefix, error) { return prefixes("--proxy", c.Proxy) }

// prefixes are the networks that a flag names.
func prefixes(flag string, texts []string) (out []netip.Prefix, err error) {
	for _, text := range texts {
		n, err := netip.ParsePrefix(text)
		if err != nil {
			return nil, fmt.Errorf("%s %q is no network such as 10.0.0.7/32", flag, text)
		}
		out = append(out, n)
	}
	return out, nil
}

// webTLS is what the pages are served with: behind a proxy TLS 1.2 too, which is the newest that nginx speaks to what stands
// behind it by default.
func (c *Config) webTLS(own *tls.Config) *tls.Config {
	out := own.Clone()
	if len(c.Proxy) > 0 {
		out.MinVersion = tls.VersionTLS12
	}
	return out
}

// A StateDir is the directory a server keeps its own in. Secrets lie in keys, which only we can read; the directory itself can
// be entered, because the private database and Asterisk run as other accounts.
type StateDir struct{ Dir string }

func NewStateDir(dir string) (StateDir, error) {
	if dir == "" {
		var err error
		if dir, err = DefaultState(); err != nil {
			return StateDir{}, err
		}
	}
	s := StateDir{Dir: dir}
	// The outer one first: made on the way to keys, it would have their mode and keep the other accounts out.
	err := os.MkdirAll(dir, 0o711)
	if err == nil {
		err = os.MkdirAll(s.Keys(""), 0o700)
	}
	if err != nil {
		return StateDir{}, fmt.Errorf("make the state directory: %w; choose another with --state", err)
	}
	return s, nil
}

func DefaultState() (string, error) {
	if os.Geteuid() == 0 {
		return "/var/lib/lamplight", nil
	}
	if d := os.Getenv("XDG_STATE_HOME"); d != "" {
		return filepath.Join(d, "lamplight"), nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", fmt.Errorf("find the state directory: %w; give one with --state", err)
	}
	return filepath.Join(home, ".local", "state", "lamplight"), nil
}

func (s StateDir) Path(name string) string { return filepath.Join(s.Dir, name) }
func (s StateDir) Keys(name string) string { return filepath.Join(s.Dir, "keys", name) }

// secret reads a one-line secret file.
func secret(path string) (string, error) {
	if path == "" {
		return "", nil
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("read secret: %w", err)
	}
	return strings.TrimSpace(string(b)), nil
}
