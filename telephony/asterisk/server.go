package asterisk

import (
	"context"
	"errors"
	"net/netip"
)

// A Server is one running Asterisk. Its methods may be called from any goroutine.
type Server struct{}

// Start configures and starts an Asterisk, or takes over the one that an earlier process of ours left running in
// Config.Dir with the same configuration. It returns when Asterisk answers on ARI and on SIP. When ctx is done before
// that the start is given up; afterwards ctx has no part in it: Close stops the server.
func Start(ctx context.Context, in Install, c Config) (*Server, error) {
	return nil, errors.New("asterisk: start is not here yet")
}

// ARI returns where ARI is ("http://127.0.0.1:8088/ari") and the user and password to use there.
func (s *Server) ARI() (baseURL, user, password string) { return "", "", "" }

// App returns the name of the ARI application.
func (s *Server) App() string { return "" }

// SIPAddr returns where Asterisk listens for SIP over UDP.
func (s *Server) SIPAddr() netip.AddrPort { return netip.AddrPort{} }

// CarrierAddr returns where calls to the telephone network are sent, host:port. A scripted carrier listens there.
func (s *Server) CarrierAddr() string { return "" }

// Agents returns the agents' phones: the SIP user, which is also the endpoint's name, and its password.
func (s *Server) Agents() map[string]string { return nil }

// Spool returns the directory of recordings; voicemails stand in its "vm". It holds patients' voices.
func (s *Server) Spool() string { return "" }

// Log returns Asterisk's log file: warnings and errors.
func (s *Server) Log() string { return "" }

// Pid returns the process id of the Asterisk that runs now, 0 while none does.
func (s *Server) Pid() int { return 0 }

// Restarts returns how often Asterisk had to be started again.
func (s *Server) Restarts() int { return 0 }

// Done is closed when the server is over: closed, or Asterisk died again and again. Err then tells why, nil after Close.
func (s *Server) Done() <-chan struct{} { return nil }

// Err tells why the server is over; nil while it runs and after Close.
func (s *Server) Err() error { return nil }

// Close stops Asterisk and returns when it is gone. Calls that stand are cut.
func (s *Server) Close() error { return nil }
