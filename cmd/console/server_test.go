package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/emiago/sipgo"
	"github.com/emiago/sipgo/sip"

	deskphone "lamplight/cmd/console/phone"
	"lamplight/console"
	"lamplight/console/wire"
	"lamplight/console/wire/bus"
	"lamplight/console/wire/wiretest"
	"lamplight/telephony"
	"lamplight/telephony/phone"
	"lamplight/telephony/phone/voice"
)

// A testServer is all a desk talks to: the real wire with its TLS and its door, a registrar that rings the desk's real
// phone and speaks to it, and behind both a fake Backend.
type testServer struct {
	*wiretest.Server
	desk   *fakeDesk
	pwFile string

	mu   sync.Mutex // guards open and legs
	open map[wire.DeskSession]bool
	legs []*phone.Call
}

const testLogin, testPassword = "ana", "correct horse"

func (s *testServer) Enter(_ context.Context, in bus.SignIn) (time.Time, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	id := wire.SessionOf(in.Token)
	if !s.open[id] && (in.Login != testLogin || in.Password != testPassword) {
		return time.Time{}, errors.New("refused")
	}
	s.open[id] = true
	return time.Now().Add(time.Hour), nil
}

func (s *testServer) Who(ctx context.Context, id wire.DeskSession) (context.Context, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.open[id] {
		return nil, &console.Error{Code: errSignedOut}
	}
	return ctx, nil
}

func newTestServer(t *testing.T) *testServer {
	t.Helper()
	s := &testServer{open: map[wire.DeskSession]bool{}, pwFile: filepath.Join(t.TempDir(), "password")}
	if err := os.WriteFile(s.pwFile, []byte(testPassword+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	r := newRegistrar(t)
	s.desk = newFakeDesk(console.PhoneAccount{Registrar: r.addr, User: "agent1", Password: "unasked"})
	s.desk.ring = func(ctx context.Context, call telephony.CallID) (func(), error) { return s.ringDesk(ctx, r, call) }
	s.Server = wiretest.Start(t, s.desk, s)
	return s
}

// ringDesk rings the desk's phone for a call, and once it answers speaks to it until the call is over.
func (s *testServer) ringDesk(ctx context.Context, r *registrar, call telephony.CallID) (func(), error) {
	p, err := phone.Start(ctx, phone.Config{Listen: "127.0.0.2:0", Registrar: r.contact(ctx), User: "switch"})
	if err != nil {
		return nil, err
	}
	c, err := p.Dial(ctx, phone.Outgoing{Number: "agent1", Headers: map[string]string{deskphone.CallHeader: string(call)}})
	if err != nil {
		return nil, errors.Join(err, p.Close())
	}
	s.mu.Lock()
	s.legs = append(s.legs, c)
	s.mu.Unlock()
	speak, err := voice.Caller("en")
	if err != nil {
		return nil, errors.Join(err, p.Close())
	}
	go func() {
		for c.Play(ctx, speak) == nil {
		}
		_ = p.Close() // the call is over; there is nobody left to tell
	}()
	return func() { _ = c.Hangup(context.Background()) }, nil
}

// args are a desk's flags for this server, signed in by itself.
func (s *testServer) args(data string) []string {
	return append(s.argsAsking(data), "--login", testLogin, "--password-file", s.pwFile)
}

// argsAsking are the same for a desk that asks who signs in.
func (s *testServer) argsAsking(data string) []string {
	return []string{"--server", "tls://" + s.Addr, "--ca", s.CAFile, "--data", data, "--lang", "en", "--sound", "none"}
}

// A registrar says yes to every REGISTER and remembers from where it came.
type registrar struct {
	addr string
	mu   sync.Mutex // guards at
	at   string
	came chan struct{} // closed at the first registration
}

func newRegistrar(t *testing.T) *registrar {
	t.Helper()
	// The first phone of a process silences the SIP library, whose loggers are global: before its first server runs.
	p, err := phone.Start(t.Context(), phone.Config{Listen: "127.0.0.2:0"})
	if err == nil {
		err = p.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	ua, err := sipgo.NewUA()
	if err != nil {
		t.Fatal(err)
	}
	srv, err := sipgo.NewServer(ua)
	if err != nil {
		t.Fatal(err)
	}
	r := &registrar{came: make(chan struct{})}
	first := sync.OnceFunc(func() { close(r.came) })
	srv.OnRegister(func(req *sip.Request, tx sip.ServerTransaction) {
		if c := req.Contact(); c != nil {
			r.mu.Lock()
			r.at = fmt.Sprintf("%s:%d", c.Address.Host, c.Address.Port)
			r.mu.Unlock()
			first()
		}
		if err := tx.Respond(sip.NewResponseFromRequest(req, 200, "OK", nil)); err != nil {
			t.Error("registrar:", err)
		}
	})
	l, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r.addr = l.LocalAddr().String()
	go func() { _ = srv.ServeUDP(l) }() // ends with the user agent
	t.Cleanup(func() {
		if err := errors.Join(ua.Close(), l.Close()); err != nil {
			t.Log("registrar:", err)
		}
	})
	return r
}

// contact is where the desk's phone is, once it registered.
func (r *registrar) contact(ctx context.Context) string {
	select {
	case <-r.came:
	case <-ctx.Done():
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.at
}
