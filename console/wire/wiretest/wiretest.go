// Package wiretest serves a test's Service on the real wire: NATS with TLS in this process, the callout that lets desks in, and the
// server that answers them.
//
// It promises that all of it has ended when the test has. It leaves to the test who is let in and what is answered.
package wiretest

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"log/slog"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"lamplight/console"
	"lamplight/console/wire"
	"lamplight/console/wire/bus"
)

// People knows who may sign in, and whose request it is.
type People interface {
	bus.Admitter
	wire.Doorkeeper
}

// A Server is what desks reach. It belongs to one test and one goroutine.
type Server struct {
	Addr   string         // host:port
	CA     *x509.CertPool // who signed its certificate, which is for 127.0.0.1
	CAFile string         // the same in a file
	Stop   func()         // ends it, as a server's end does

	keys    bus.ServerKeys
	cert    *tls.Config
	service console.Backend
	keeper  People
}

// Start serves on a port of its own.
func Start(t *testing.T, service console.Backend, keeper People) *Server {
	t.Helper()
	s := &Server{Addr: "127.0.0.1:0", service: service, keeper: keeper}
	var err error
	if s.keys, err = bus.NewServerKeys(); err != nil {
		t.Fatal(err)
	}
	s.certify(t)
	s.Restart(t)
	return s
}

// Restart serves on Addr again after Stop.
func (s *Server) Restart(t *testing.T) {
	t.Helper()
	e, err := bus.StartEmbedded(s.Addr, s.keys, s.cert)
	if err != nil {
		t.Fatal(err)
	}
	nc, err := e.Connect()
	if err != nil {
		t.Fatal(err)
	}
	callout, err := e.ConnectCallout()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	s.Addr = e.Addr()
	s.Stop = sync.OnceFunc(func() { cancel(); nc.Close(); callout.Close(); e.Close() })
	t.Cleanup(s.Stop)
	log := slog.New(slog.DiscardHandler)
	if err := bus.Callout(ctx, callout, s.keys, s.keeper, log); err != nil {
		t.Fatal(err)
	}
	if _, err := wire.Serve(ctx, nc, s.service, s.keeper, log); err != nil {
		t.Fatal(err)
	}
}

func (s *Server) certify(t *testing.T) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	s.cert = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}, MinVersion: tls.VersionTLS13}
	own := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	s.CA = x509.NewCertPool()
	s.CA.AppendCertsFromPEM(own)
	s.CAFile = filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(s.CAFile, own, 0o600); err != nil {
		t.Fatal(err)
	}
}
