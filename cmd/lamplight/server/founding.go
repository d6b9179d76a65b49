package server

import (
	"context"
	"fmt"
	"net"
	"time"
)

// SetupURL is where the first administrator comes in: by this machine's own address, because the public one may not lead here yet.
func (s *Server) SetupURL() string {
	host, port, err := net.SplitHostPort(s.web.Addr().String())
	if err != nil {
		return s.PagesURL + "/setup"
	}
	if ip := net.ParseIP(host); ip != nil && (ip.IsUnspecified() || ip.IsLoopback()) {
		host = certificateHosts
		if ip.IsUnspecified() && len(s.Config.ServerName) > 0 {
			host = s.Config.ServerName[0]
		}
	}
	return "https://" + net.JoinHostPort(host, port) + "/setup"
}

// tellFounder prints the code by which the first administrator comes in, and each one after it, until there is one.
func (s *Server) tellFounder(ctx context.Context) {
	if s.Out == nil {
		return
	}
	last := ""
	for {
		code, until, err := s.Door.FoundingCode(ctx)
		switch {
		case ctx.Err() != nil || err == nil && code == "":
			return
		case err != nil:
			s.Log.Error("the first administrator's code", "error", err)
		case code != last:
			last = code
			if _, err := fmt.Fprintf(s.Out, "\nLamplight waits for its first administrator.\n  open  %s\n  code  %s  until %s\n\n", s.SetupURL(), code,
				until.Local().Format("15:04")); err != nil {
				s.Log.Error("the first administrator's code", "error", err)
				return
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(time.Minute):
		}
	}
}
