package push

import (
	"context"
	"net"
	"net/netip"
	"slices"
)

// blockedError is a push service's name that leads to an address inside a network.
type blockedError struct{}

func (*blockedError) Error() string { return "push: the endpoint leads inside a network" }

// dial connects to addr only at a public address, whatever its name resolves to at this moment.
func (c *Client) dial(ctx context.Context, d *net.Dialer, network, addr string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, err
	}
	if slices.Contains(c.cfg.Plain, host) {
		return d.DialContext(ctx, network, addr)
	}
	ips, err := net.DefaultResolver.LookupIP(ctx, "ip", host)
	if err != nil {
		return nil, &net.OpError{Op: "dial", Net: network, Err: err}
	}
	var last error = &blockedError{}
	for _, ip := range ips {
		if !public(ip) {
			continue
		}
		conn, err := d.DialContext(ctx, network, net.JoinHostPort(ip.String(), port))
		if err == nil {
			return conn, nil
		}
		last = err
	}
	return nil, last
}

// inner are networks beside the usual ones that lead inside: carriers' own (RFC 6598; some clouds keep their keys there),
// and IPv4 in other clothes (RFC 6052).
var inner = []netip.Prefix{netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("64:ff9b::/96"),
	netip.MustParsePrefix("0.0.0.0/8")}

func public(ip net.IP) bool {
	addr, ok := netip.AddrFromSlice(ip)
	if !ok || slices.ContainsFunc(inner, func(n netip.Prefix) bool { return n.Contains(addr.Unmap()) }) {
		return false
	}
	return !ip.IsLoopback() && !ip.IsPrivate() && !ip.IsLinkLocalUnicast() && !ip.IsUnspecified() && !ip.IsMulticast()
}
