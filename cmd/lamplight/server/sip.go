package server

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"

	"lamplight/telephony/asterisk"
)

// SIP says how the telephone network and the desks' phones reach Asterisk.
type SIP struct {
	SIPListen     string   `name:"sip-listen" help:"Where Asterisk listens for SIP over UDP (and, with --trunk-tls, for TLS on the port behind it); default loopback and a port it keeps." env:"LAMPLIGHT_SIP_LISTEN" placeholder:"HOST:PORT"`
	SIPExternal   string   `name:"sip-external" help:"Our address as the carrier sees it, where that is another: behind NAT." env:"LAMPLIGHT_SIP_EXTERNAL" placeholder:"IP[:PORT]"`
	RTPPorts      string   `name:"rtp-ports" help:"The UDP ports of sound, four a call; default 400 that are free." env:"LAMPLIGHT_RTP_PORTS" placeholder:"FIRST-LAST"`
	Phones        int      `help:"How many desks' phones: agent1, agent2…" env:"LAMPLIGHT_PHONES" default:"8"`
	AgentNet      []string `help:"The networks desks' phones may register from; default this machine." env:"LAMPLIGHT_AGENT_NET" placeholder:"CIDR"`
	EmergencyFrom string   `help:"The number shown with emergency calls: the one the carrier has your street address for." env:"LAMPLIGHT_EMERGENCY_FROM" placeholder:"NUMBER"`

	Trunk             string   `help:"The carrier's SIP address, host[:port]." env:"LAMPLIGHT_TRUNK"`
	TrunkMatch        []string `help:"The addresses the carrier's calls come from; default those of --trunk." env:"LAMPLIGHT_TRUNK_MATCH" placeholder:"CIDR"`
	TrunkUser         string   `help:"The account at the carrier, where it asks for one." env:"LAMPLIGHT_TRUNK_USER"`
	TrunkPasswordFile string   `help:"A file with its password." env:"LAMPLIGHT_TRUNK_PASSWORD_FILE" type:"path"`
	TrunkRegister     bool     `help:"Register with the carrier, which sends its calls to where we registered." env:"LAMPLIGHT_TRUNK_REGISTER"`
	TrunkTLS          bool     `name:"trunk-tls" help:"Speak SIP over TLS with the carrier." env:"LAMPLIGHT_TRUNK_TLS"`
	TrunkSRTP         bool     `name:"trunk-srtp" help:"Encrypt sound too." env:"LAMPLIGHT_TRUNK_SRTP"`
	TrunkCA           string   `name:"trunk-ca" help:"A file with the certificate to trust there, if it is not publicly known." env:"LAMPLIGHT_TRUNK_CA" type:"path"`
}

// Asterisk is the configuration of the Asterisk that is asked for.
func (c SIP) Asterisk() (a asterisk.Config, err error) {
	a.Agents, a.EmergencyFrom = c.Phones, c.EmergencyFrom
	a.Carrier = asterisk.Carrier{Contact: c.Trunk, User: c.TrunkUser, Register: c.TrunkRegister, TLS: c.TrunkTLS, SRTP: c.TrunkSRTP,
		CA: c.TrunkCA}
	if c.SIPListen != "" {
		if a.SIP, err = netip.ParseAddrPort(c.SIPListen); err != nil {
			return a, fmt.Errorf("--sip-listen %q: use an address of this machine and a port, 0.0.0.0:5060", c.SIPListen)
		}
	}
	if a.External, err = external(c.SIPExternal); err != nil {
		return a, err
	}
	if a.RTP, err = portRange(c.RTPPorts); err != nil {
		return a, err
	}
	if a.AgentNets, err = networks("--agent-net", c.AgentNet); err != nil {
		return a, err
	}
	if a.Carrier.Match, err = networks("--trunk-match", c.TrunkMatch); err != nil {
		return a, err
	}
	a.Carrier.Password, err = secret(c.TrunkPasswordFile)
	return a, err
}

// check refuses what a carrier could not reach or would not take.
func (c SIP) check() error {
	a, err := c.Asterisk()
	switch {
	case err != nil:
		return err
	case c.Trunk == "" && (c.TrunkUser != "" || c.TrunkRegister || c.TrunkTLS || c.TrunkSRTP || c.SIPExternal != "" ||
		len(c.TrunkMatch) > 0):
		return errors.New("--trunk is missing: the carrier's address, sip.example.net")
	case (c.TrunkUser == "") != (c.TrunkPasswordFile == ""):
		return errors.New("--trunk-user and --trunk-password-file belong together")
	case c.TrunkRegister && c.TrunkUser == "":
		return errors.New("--trunk-register needs --trunk-user and --trunk-password-file")
	case c.TrunkSRTP && !c.TrunkTLS:
		return errors.New("--trunk-srtp needs --trunk-tls: without it the keys of the sound can be read on the way")
	case c.Trunk != "" && !loopback(c.Trunk) && (!a.SIP.IsValid() || a.SIP.Addr().IsLoopback()):
		return errors.New("--trunk needs --sip-listen too: the carrier cannot reach 127.0.0.1; on all addresses it is 0.0.0.0:5060")
	}
	return nil
}

// loopback tells of a host[:port] that it is this machine's own.
func loopback(host string) bool {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	a, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && a.IsLoopback()
}

// external reads an address with or without a port.
func external(text string) (netip.AddrPort, error) {
	if text == "" {
		return netip.AddrPort{}, nil
	}
	if a, err := netip.ParseAddr(text); err == nil {
		return netip.AddrPortFrom(a, 0), nil
	}
	a, err := netip.ParseAddrPort(text)
	if err != nil {
		return a, fmt.Errorf("--sip-external %q: use an address, 203.0.113.9, with a port if it is another than ours", text)
	}
	return a, nil
}

// portRange reads FIRST-LAST.
func portRange(text string) (r asterisk.PortRange, err error) {
	if text == "" {
		return r, nil
	}
	first, last, _ := strings.Cut(text, "-")
	a, err1 := strconv.ParseUint(first, 10, 16)
	b, err2 := strconv.ParseUint(last, 10, 16)
	if err := errors.Join(err1, err2); err != nil {
		return r, fmt.Errorf("--rtp-ports %q: use the first and the last, 16000-16399", text)
	}
	return asterisk.PortRange{First: uint16(a), Last: uint16(b)}, nil
}

// networks reads networks, or single addresses, that a flag names.
func networks(flag string, texts []string) (out []netip.Prefix, err error) {
	for _, text := range texts {
		n, err := netip.ParsePrefix(text)
		if err != nil {
			a, err := netip.ParseAddr(text)
			if err != nil {
				return nil, fmt.Errorf("%s %q is no network such as 10.0.0.0/24 and no address", flag, text)
			}
			n = netip.PrefixFrom(a, a.BitLen())
		}
		out = append(out, n)
	}
	return out, nil
}
