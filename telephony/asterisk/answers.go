package asterisk

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"
)

// answers asks Asterisk on ARI and on SIP; nil means that both are served by the Asterisk of this plan.
func answers(ctx context.Context, p plan) error {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	for _, ask := range []string{"asterisk/info?only=status", "endpoints/PJSIP/carrier"} {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+dialable(p.ARI).String()+"/ari/"+ask, nil)
		if err != nil {
			return err
		}
		req.SetBasicAuth(ariUser, p.ARIPassword)
		res, err := probe.Do(req)
		if err != nil {
			return fmt.Errorf("ARI: %w", err)
		}
		_, err = io.Copy(io.Discard, io.LimitReader(res.Body, 1<<20))
		if err = errors.Join(err, res.Body.Close()); err != nil {
			return fmt.Errorf("ARI: %w", err)
		}
		if res.StatusCode != http.StatusOK {
			return fmt.Errorf("ARI answers %s: %s", ask, res.Status)
		}
	}
	return answersSIP(ctx, dialable(p.SIP))
}

// probe keeps no connection, so that each question is put to whoever listens now.
var probe = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}

// Reaches asks a carrier, host[:port], whether it answers SIP over UDP, or takes connections over TLS; any answer will do, and it
// says nothing of an account there.
func Reaches(ctx context.Context, address string, overTLS bool) error {
	if _, _, err := net.SplitHostPort(address); err != nil {
		address = net.JoinHostPort(address, map[bool]string{false: "5060", true: "5061"}[overTLS])
	}
	if overTLS {
		ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
		defer cancel()
		c, err := new(net.Dialer).DialContext(ctx, "tcp", address)
		if err != nil {
			return fmt.Errorf("SIP: %w", err)
		}
		return c.Close()
	}
	a, err := net.ResolveUDPAddr("udp", address)
	if err != nil {
		return fmt.Errorf("SIP: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	return answersSIP(ctx, a.AddrPort())
}

// answersSIP sends OPTIONS; any answer will do, a stranger gets a refusal.
func answersSIP(ctx context.Context, a netip.AddrPort) error {
	c, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(a))
	if err != nil {
		return fmt.Errorf("SIP: %w", err)
	}
	defer c.Close()
	until, ok := ctx.Deadline()
	if !ok {
		until = time.Now().Add(time.Second)
	}
	if err := c.SetDeadline(until); err != nil {
		return fmt.Errorf("SIP: %w", err)
	}
	me, id := c.LocalAddr().String(), secret()
	msg := strings.Join([]string{
		"OPTIONS sip:" + a.String() + " SIP/2.0", "Via: SIP/2.0/UDP " + me + ";rport;branch=z9hG4bK" + id,
		"From: <sip:probe@" + me + ">;tag=" + id, "To: <sip:" + a.String() + ">", "Contact: <sip:probe@" + me + ">",
		"Call-ID: " + id, "CSeq: 1 OPTIONS", "Max-Forwards: 1", "Content-Length: 0", "", ""}, "\r\n")
	if _, err := c.Write([]byte(msg)); err != nil {
		return fmt.Errorf("SIP: %w", err)
	}
	b := make([]byte, 2048)
	n, err := c.Read(b)
	if err != nil {
		return fmt.Errorf("SIP: %w", err)
	}
	if !strings.HasPrefix(string(b[:n]), "SIP/2.0 ") {
		return errors.New("SIP: what answers is not a SIP server")
	}
	return nil
}

// dialable is where to reach what listens on a: on every address means on ours too.
func dialable(a netip.AddrPort) netip.AddrPort {
	if a.Addr().IsUnspecified() {
		return netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), a.Port())
	}
	return a
}
