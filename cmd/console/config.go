package main

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"lamplight/console"
	"lamplight/console/wire"
)

// credentials is what a person signs in with. All of it but the login is secret.
type credentials struct {
	Login, Password, Code string
}

// A link is a signed-in connection to the server.
type link interface {
	console.Backend
	Close()
}

// A dialer signs in; changed is told when the link breaks or comes back and must not block.
type dialer func(ctx context.Context, c credentials, changed func(up bool, at time.Time)) (link, error)

// dataDir is where the desk keeps its journal; made for this user alone.
func (c config) dataDir() (string, error) {
	dir := c.Data
	if dir == "" {
		base := os.Getenv("XDG_STATE_HOME")
		if base == "" {
			home, err := os.UserHomeDir()
			if err != nil {
				return "", fmt.Errorf("where to keep the journal: %w; say --data", err)
			}
			base = filepath.Join(home, ".local", "state")
		}
		dir = filepath.Join(base, "lamplight", "desk")
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("make the data directory: %w; say --data", err)
	}
	return dir, nil
}

// dialer reads the CA once, so that a wrong file is told at the start and not at the first sign-in.
func (c config) dialer() (dialer, error) {
	var pool *x509.CertPool
	if c.CA != "" {
		pem, err := os.ReadFile(c.CA)
		if err != nil {
			return nil, fmt.Errorf("read --ca: %w", err)
		}
		pool = x509.NewCertPool()
		if !pool.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("read --ca: %s holds no certificate", c.CA)
		}
	}
	return func(ctx context.Context, cr credentials, changed func(bool, time.Time)) (link, error) {
		return wire.Dial(ctx, wire.Options{URL: c.Server, CA: pool, Login: cr.Login, Password: cr.Password, Code: cr.Code,
			Changed: changed})
	}, nil
}

// errNoDemo says that this desk has a person to ask.
var errNoDemo = errors.New("no demo agent is configured")

// demo is who signs in without being asked. The file is read at each try: a demo's server may write it late.
func (c config) demo() (credentials, error) {
	if c.Login == "" || c.PasswordFile == "" {
		return credentials{Login: c.Login}, errNoDemo
	}
	pw, err := os.ReadFile(c.PasswordFile)
	if err != nil {
		return credentials{Login: c.Login}, fmt.Errorf("read --password-file: %w", err)
	}
	return credentials{Login: c.Login, Password: strings.TrimRight(string(pw), "\r\n"), Code: c.Code}, nil
}
