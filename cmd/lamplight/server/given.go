package server

import (
	"crypto/tls"
	"fmt"
	"os"
	"sync"
	"time"
)

// A givenCertificate is the administrator's own, shown to whoever asks for a name it is for; who asks for another, or
// comes by an address and so says none, is shown the machine's. Its files are read again when they change, so that who
// renews them need restart nothing. Its methods may be called from any goroutine.
type givenCertificate struct {
	file, key string

	mu      sync.Mutex // guards what follows
	read    time.Time  // the files' newest modification
	current *tls.Certificate
}

// give has a server show the certificate in file, with its chain, and in keyFile its key.
func (c *Certs) give(file, keyFile string) error {
	g := &givenCertificate{file: file, key: keyFile}
	if _, err := g.load(); err != nil {
		return err
	}
	c.given = g
	c.Server.GetCertificate = func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
		cert, err := g.load()
		if err != nil {
			return nil, err
		}
		if cert.Leaf.VerifyHostname(hello.ServerName) != nil {
			return nil, nil // the machine's own
		}
		return cert, nil
	}
	return nil
}

// load reads the files if they changed. What cannot be read any more leaves the last one in use.
func (g *givenCertificate) load() (*tls.Certificate, error) {
	newest := time.Time{}
	for _, file := range []string{g.file, g.key} {
		if info, err := os.Stat(file); err == nil && info.ModTime().After(newest) {
			newest = info.ModTime()
		}
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.current != nil && newest.Equal(g.read) {
		return g.current, nil
	}
	cert, err := tls.LoadX509KeyPair(g.file, g.key)
	switch {
	case err == nil:
		g.current, g.read = &cert, newest
	case g.current == nil:
		return nil, fmt.Errorf("--certificate %s with --certificate-key %s: %w; give the certificate with its chain, and its key, in PEM",
			g.file, g.key, err)
	}
	return g.current, nil
}

// ends is when the first of what a server shows ends.
func (c Certs) ends() time.Time {
	end := c.Server.Certificates[0].Leaf.NotAfter
	if c.given != nil {
		if cert, err := c.given.load(); err == nil && cert.Leaf.NotAfter.Before(end) {
			end = cert.Leaf.NotAfter
		}
	}
	return end
}
