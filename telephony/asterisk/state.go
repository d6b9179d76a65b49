package asterisk

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
)

// A state is what one server chose for itself and keeps in its directory, readable by its owner alone: after a restart
// phones and drivers find the same ports and passwords.
type state struct {
	SIP, ARI    uint16
	RTP         PortRange
	Carrier     string
	Training    uint16 `json:",omitempty"`
	ARIPassword string
	Agents      map[string]string
}

func readState(dir string) (state, error) {
	var s state
	text, err := os.ReadFile(filepath.Join(dir, "state.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}
	if err != nil {
		return s, err
	}
	if err := json.Unmarshal(text, &s); err != nil {
		return s, fmt.Errorf("%s: %w: remove it, and new ports and passwords are made", filepath.Join(dir, "state.json"), err)
	}
	return s, nil
}

// SIPPhones tells what the server in a directory chose: the SIP port, and its phones' users and passwords.
func SIPPhones(dir string) (sip uint16, passwords map[string]string, err error) {
	s, err := readState(dir)
	if err == nil && len(s.Agents) == 0 {
		err = fmt.Errorf("no Asterisk was set up in %s yet: start the server once", dir)
	}
	return s.SIP, s.Agents, err
}

func (s state) write(dir string) error {
	text, err := json.Marshal(s)
	if err != nil {
		return err
	}
	return writeFile(filepath.Join(dir, "state.json"), text, account{})
}

// credentials makes the passwords that are missing.
func (s *state) credentials(agents int) {
	if s.ARIPassword == "" {
		s.ARIPassword = secret()
	}
	had := s.Agents
	s.Agents = make(map[string]string, agents)
	for i := range agents {
		name := phoneName(i)
		if s.Agents[name] = had[name]; s.Agents[name] == "" {
			s.Agents[name] = secret()
		}
	}
}

// ports chooses what the configuration leaves open and makes sure that what it fixes is free.
func (s *state) ports(c Config) (reservation, error) {
	choose := func(network string, what, field string, fixed netip.AddrPort, chosen *uint16) error {
		if fixed.Port() == 0 {
			p, err := freePort(network, fixed.Addr(), *chosen)
			*chosen = p
			return err
		}
		*chosen = fixed.Port()
		if err := canBind(network, fixed); err != nil {
			return fmt.Errorf("the %s port %s is taken: stop what uses it, or set %s to another (%w)", what, fixed, field, err)
		}
		return nil
	}
	if err := choose("udp", "SIP", "SIP", c.SIP, &s.SIP); err != nil {
		return reservation{}, err
	}
	if err := choose("tcp", "ARI", "ARI", c.ARI, &s.ARI); err != nil {
		return reservation{}, err
	}
	if err := s.carrier(c); err != nil {
		return reservation{}, err
	}
	if c.RTP.Last != 0 {
		s.RTP = c.RTP
		return reservation{ports: c.RTP}, nil
	}
	r, err := reserveAudio(s.RTP)
	s.RTP = r.ports
	return r, err
}

// carrier chooses where a scripted carrier will listen, when no real one is named.
func (s *state) carrier(c Config) error {
	training := s.Training
	s.Training = 0
	if c.Carrier.Contact != "" {
		s.Carrier = c.Carrier.Contact
		if c.Training {
			p, err := freePort("udp", trainingHost, training)
			s.Training = p
			return err
		}
		return nil
	}
	addr := c.Carrier.Match[0].Addr()
	var before uint16
	if _, p, err := net.SplitHostPort(s.Carrier); err == nil {
		n, err := strconv.ParseUint(p, 10, 16)
		if err == nil {
			before = uint16(n)
		}
	}
	p, err := freePort("udp", addr, before)
	if err != nil {
		return fmt.Errorf("where the carrier listens: %w: set Carrier.Contact", err)
	}
	s.Carrier = netip.AddrPortFrom(addr, p).String()
	return nil
}

// plan joins the configuration, what was chosen, and the Asterisk.
func (s state) plan(c Config, in Install) plan {
	c.SIP, c.ARI, c.RTP, c.Carrier.Contact = withPort(c.SIP, s.SIP), withPort(c.ARI, s.ARI), s.RTP, s.Carrier
	p := plan{Config: c, Modules: in.Modules, Spool: spool(c.Dir), ARIPassword: s.ARIPassword, TrainingPort: s.Training}
	for i := range c.Agents {
		p.Phones = append(p.Phones, phone{phoneName(i), s.Agents[phoneName(i)]})
	}
	return p
}

func spool(dir string) string { return filepath.Join(dir, "spool", "recording") }

func phoneName(i int) string { return "agent" + strconv.Itoa(i+1) }

// secret is a password nobody has to type.
func secret() string { return rand.Text() }
