package server

import (
	"crypto/tls"
	"encoding/pem"
	"io"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// A name that desks say goes into the certificate, which is made anew for it and otherwise kept.
func TestTheCertificateHoldsTheNamesThatAreAsked(t *testing.T) {
	dir, now := t.TempDir(), time.Now()
	serial := func(names ...string) string {
		t.Helper()
		c, err := Certificates(dir, names, now)
		if err != nil {
			t.Fatal(err)
		}
		leaf := c.Server.Certificates[0].Leaf
		for _, name := range append(names, "localhost", "127.0.0.1", Hostname()) {
			if err := leaf.VerifyHostname(name); err != nil {
				t.Error(err)
			}
		}
		return leaf.SerialNumber.String()
	}
	first := serial()
	if serial() != first {
		t.Error("a certificate that serves was made anew")
	}
	named := serial("lamplight.example.net", "10.0.0.7")
	if named == first {
		t.Error("a certificate that lacks a name was kept")
	}
	if serial("10.0.0.7") != named {
		t.Error("a certificate with one name too many was made anew")
	}
}

// The administrator's certificate is shown for its names, the machine's for all others; a renewed one without a restart.
func TestAGivenCertificateIsShownForItsNames(t *testing.T) {
	dir, now := t.TempDir(), time.Now()
	given := func(from string) (file string) {
		t.Helper()
		c, err := Certificates(filepath.Join(dir, from), []string{"lamplight.example.net"}, now)
		if err != nil {
			t.Fatal(err)
		}
		file = filepath.Join(dir, "given.pem")
		b, err := os.ReadFile(filepath.Join(dir, from, "server-secret.pem"))
		if err != nil {
			t.Fatal(err)
		}
		for _, der := range c.Server.Certificates[0].Certificate[1:] {
			b = append(b, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})...)
		}
		if err := os.WriteFile(file, b, 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	for _, one := range []string{"own", "first", "second"} {
		if err := os.Mkdir(filepath.Join(dir, one), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	own, err := Certificates(filepath.Join(dir, "own"), nil, now)
	if err != nil {
		t.Fatal(err)
	}
	file := given("first")
	if err := own.give(file, file); err != nil {
		t.Fatal(err)
	}
	shown := func(name string) string {
		t.Helper()
		a, b := net.Pipe()
		defer a.Close()
		go func() {
			s := tls.Server(b, own.Server)
			_, err := s.Write([]byte("x"))
			_ = err // the client looks at the certificate only
			b.Close()
		}()
		c := tls.Client(a, &tls.Config{ServerName: name, InsecureSkipVerify: true})
		if err := c.Handshake(); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadAll(c); err != nil && err != io.ErrUnexpectedEOF {
			t.Fatal(err)
		}
		return c.ConnectionState().PeerCertificates[0].SerialNumber.String()
	}
	first, other := shown("lamplight.example.net"), shown("another.example.net")
	if other != own.Server.Certificates[0].Leaf.SerialNumber.String() || first == other {
		t.Error("the certificates are mixed up")
	}
	given("second")
	if err := os.Chtimes(file, now, now.Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	if shown("lamplight.example.net") == first {
		t.Error("the renewed certificate is not shown")
	}
	if err := os.WriteFile(file, []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	shown("lamplight.example.net") // the last good one goes on
	if err := own.give(file, file); err == nil {
		t.Error("a damaged certificate is taken at start")
	}
}
