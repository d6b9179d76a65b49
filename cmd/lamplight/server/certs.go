package server

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"

	"lamplight/notes/keyfile"
)

// A machine without certificates of its own gets an authority made for it and one certificate signed by that: the desks
// and the demo's browser trust ca.pem, which can be given to others; the keys never leave the state directory.
const (
	authorityYears   = 10
	certificateDays  = 397 // what browsers accept at most
	renewBeforeDays  = 30
	certificateHosts = "localhost"
	authorityFile    = "ca.pem" // public: what a desk or a browser is told to trust
)

// Certs are what a server shows and whom the desks trust.
type Certs struct {
	Server *tls.Config
	Pool   *x509.CertPool
	CAFile string
	given  *givenCertificate // nil without --certificate
}

// Certificates reads the machine's own from dir, making or renewing what is missing. Names are the host names and addresses,
// beside localhost and the machine's own name, that desks and phones say; a certificate that lacks one of them is made anew.
func Certificates(dir string, names []string, now time.Time) (Certs, error) {
	ca, caKey, err := pair(dir, "ca", now, func() (*x509.Certificate, *x509.Certificate, *ecdsa.PrivateKey) {
		return &x509.Certificate{
			Subject: pkix.Name{CommonName: "Lamplight on " + Hostname()}, NotAfter: now.AddDate(authorityYears, 0, 0),
			IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign, MaxPathLenZero: true,
		}, nil, nil
	})
	if err != nil {
		return Certs{}, err
	}
	leaf, leafKey, err := pair(dir, "server", now, func() (*x509.Certificate, *x509.Certificate, *ecdsa.PrivateKey) {
		c := &x509.Certificate{
			Subject: pkix.Name{CommonName: Hostname()}, NotAfter: now.AddDate(0, 0, certificateDays),
			KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
			DNSNames:    []string{certificateHosts, Hostname()},
			IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
		}
		for _, name := range names {
			if ip := net.ParseIP(name); ip != nil {
				c.IPAddresses = append(c.IPAddresses, ip)
			} else {
				c.DNSNames = append(c.DNSNames, name)
			}
		}
		return c, ca, caKey
	})
	if err != nil {
		return Certs{}, err
	}
	public := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: ca.Raw})
	caFile := filepath.Join(dir, authorityFile)
	if err := keyfile.Replace(caFile, public, 0o644); err != nil {
		return Certs{}, err
	}
	pool := x509.NewCertPool()
	pool.AddCert(ca)
	return Certs{Pool: pool, CAFile: caFile, Server: &tls.Config{
		MinVersion:   tls.VersionTLS13,
		Certificates: []tls.Certificate{{Certificate: [][]byte{leaf.Raw, ca.Raw}, PrivateKey: leafKey, Leaf: leaf}},
	}}, nil
}

// pair reads NAME-secret.pem, a certificate and its key in one file so that a crash cannot part them, or makes it from the
// template when it is missing, nearly over, without a name of the template's, or signed by another authority than the parent.
func pair(dir, name string, now time.Time, template func() (self, parent *x509.Certificate,
	parentKey *ecdsa.PrivateKey)) (*x509.Certificate, *ecdsa.PrivateKey, error) {
	file := filepath.Join(dir, name+"-secret.pem")
	loaded, err := tls.LoadX509KeyPair(file, file)
	if err == nil {
		key, ok := loaded.PrivateKey.(*ecdsa.PrivateKey)
		wanted, parent, _ := template()
		ours := parent == nil || loaded.Leaf.CheckSignatureFrom(parent) == nil // an authority made anew has signed nothing yet
		if ok && ours && holds(loaded.Leaf, wanted) && now.AddDate(0, 0, renewBeforeDays).Before(loaded.Leaf.NotAfter) {
			return loaded.Leaf, key, nil
		}
	} else if !errors.Is(err, fs.ErrNotExist) {
		return nil, nil, fmt.Errorf("read the certificate %s: %w; restore it, or have it made anew with 'lamplight keys renew %s'", file,
			err, filepath.Base(file))
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, fmt.Errorf("make key %s: %w", name, err)
	}
	self, parent, parentKey := template()
	if parent == nil {
		parent, parentKey = self, key
	}
	if self.SerialNumber, err = rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127)); err != nil {
		return nil, nil, fmt.Errorf("make certificate %s: %w", name, err)
	}
	self.NotBefore = now.Add(-time.Hour) // a desk's clock may be a little behind
	der, err := x509.CreateCertificate(rand.Reader, self, parent, &key.PublicKey, parentKey)
	if err != nil {
		return nil, nil, fmt.Errorf("make certificate %s: %w", name, err)
	}
	keyDER, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return nil, nil, fmt.Errorf("make certificate %s: %w", name, err)
	}
	bundle := append(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: keyDER})...)
	if err := keyfile.Replace(file, bundle, 0o600); err != nil {
		return nil, nil, err
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, nil, fmt.Errorf("make certificate %s: %w", name, err)
	}
	return cert, key, nil
}

// holds tells whether a certificate is for every name another is for.
func holds(c, wanted *x509.Certificate) bool {
	for _, name := range wanted.DNSNames {
		if c.VerifyHostname(name) != nil {
			return false
		}
	}
	for _, ip := range wanted.IPAddresses {
		if c.VerifyHostname(ip.String()) != nil {
			return false
		}
	}
	return true
}

func Hostname() string {
	h, err := os.Hostname()
	if err != nil || h == "" {
		return certificateHosts
	}
	return h
}
