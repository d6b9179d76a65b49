package asterisk

import (
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
)

// Ports of our own choosing lie below the range the system hands to clients, so that no client can take one between our
// look and Asterisk's bind; signalling and audio are kept apart.
const (
	firstPort, endPort   = 7000, 10000
	firstAudio, endAudio = 10000, 32400
	audioPorts           = 400
)

// freePort finds a port on addr that nobody listens on, preferring the one that was used before.
func freePort(network string, addr netip.Addr, before uint16) (uint16, error) {
	if before != 0 && canBind(network, netip.AddrPortFrom(addr, before)) == nil {
		return before, nil
	}
	var last error
	for range 200 {
		p := uint16(firstPort + rand.IntN(endPort-firstPort))
		if last = canBind(network, netip.AddrPortFrom(addr, p)); last == nil {
			return p, nil
		}
	}
	return 0, fmt.Errorf("no free %s port on %s: %w", network, addr, last)
}

// canBind tells whether the address could be listened on a moment ago.
func canBind(network string, a netip.AddrPort) error {
	if network == "udp" {
		c, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(a))
		if err != nil {
			return err
		}
		return c.Close()
	}
	l, err := net.ListenTCP("tcp", net.TCPAddrFromAddrPort(a))
	if err != nil {
		return err
	}
	return l.Close()
}

// A reservation keeps a range of audio ports from other servers of ours on this machine: it holds the range's first
// port, which Asterisk is not given. It ends with our process, by any death.
type reservation struct {
	ports PortRange // what Asterisk is given
	held  *net.UDPConn
}

// reserveAudio reserves the range whose first given port was before, or any.
func reserveAudio(before PortRange) (reservation, error) {
	const slots = (endAudio - firstAudio) / audioPorts
	start := rand.IntN(slots)
	try := func(slot int) (reservation, error) {
		base := firstAudio + slot*audioPorts
		c, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: base})
		if err != nil {
			return reservation{}, err
		}
		return reservation{PortRange{uint16(base + 2), uint16(base + audioPorts - 1)}, c}, nil
	}
	if slot := (int(before.First) - 2 - firstAudio) / audioPorts; before.First >= firstAudio+2 && slot < slots {
		if r, err := try(slot); err == nil {
			return r, nil
		}
	}
	var last error
	for i := range slots {
		r, err := try((start + i) % slots)
		if err == nil {
			return r, nil
		}
		last = err
	}
	return reservation{}, fmt.Errorf("all %d ranges of audio ports are taken: %w", slots, last)
}

func (r reservation) release() error {
	if r.held == nil {
		return nil
	}
	return r.held.Close()
}

func withPort(a netip.AddrPort, p uint16) netip.AddrPort { return netip.AddrPortFrom(a.Addr(), p) }
