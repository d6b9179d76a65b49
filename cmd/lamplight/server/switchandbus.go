package server

import (
	"cmp"
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/nats-io/nats.go"

	"lamplight/console"
	"lamplight/console/wire/bus"
	"lamplight/notes/keyfile"
	"lamplight/telephony/ari"
	"lamplight/telephony/asterisk"
)

// phones are the desks' SIP phones and where they register.
type phones struct {
	registrar string
	passwords map[string]string // by user
	desk      []string          // users that are telephones on a desk, and not the desk's built-in phone
}

// account is what a desk's built-in phone registers with; ok is false, and the account empty, for a telephone that stands on
// the desk and registers by itself.
func (p phones) account(endpoint string) (console.PhoneAccount, bool) {
	password, ok := p.passwords[endpoint]
	if !ok || slices.Contains(p.desk, endpoint) {
		return console.PhoneAccount{}, false
	}
	return console.PhoneAccount{Registrar: p.registrar, User: endpoint, Password: password}, ok
}

// names are the phones' users, agent2 before agent10.
func (p phones) names() []string {
	return slices.SortedFunc(maps.Keys(p.passwords), func(a, b string) int { return cmp.Or(len(a)-len(b), cmp.Compare(a, b)) })
}

// Registrar is where the desks' phones register, host:port.
func (b Switchboard) Registrar() string { return b.phones.registrar }

// A Switchboard is the switch with what belongs to it.
type Switchboard struct {
	Client  *ari.Client
	phones  phones
	Private *asterisk.Server // nil with an Asterisk of the administrator's
}

func (b Switchboard) Close() error {
	err := b.Client.Close()
	if b.Private != nil {
		err = errors.Join(err, b.Private.Close())
	}
	return err
}

// newSwitchboard fetches and starts the private Asterisk, or takes the one given, and connects to it.
func newSwitchboard(ctx context.Context, cfg Config, st StateDir, log *slog.Logger, say asterisk.Progress) (Switchboard, error) {
	var b Switchboard
	conn := ari.Config{URL: cfg.ARIURL, User: cfg.ARIUser, App: "lamplight", Log: log}
	if cfg.ARIURL == "" {
		server, err := startAsterisk(ctx, cfg, st, log, say)
		if err != nil {
			return b, err
		}
		b.Private = server
		conn.URL, conn.User, conn.Password = server.ARI()
		conn.App, conn.Spool = server.App(), server.Spool()
		b.phones = phones{registrar: cfg.Registrar, passwords: server.Agents(), desk: cfg.Telephones}
		if sip := server.SIPAddr(); b.phones.registrar == "" && !sip.Addr().IsLoopback() && len(cfg.ServerName) > 0 {
			b.phones.registrar = net.JoinHostPort(cfg.ServerName[0], strconv.Itoa(int(sip.Port())))
		}
		if b.phones.registrar == "" {
			if b.phones.registrar, err = server.Registrar(); err != nil {
				return b, errors.Join(err, server.Close())
			}
		}
	} else {
		var err error
		if conn.Password, err = secret(cfg.ARIPasswordFile); err != nil {
			return b, err
		}
		b.phones.registrar, b.phones.desk = cfg.Registrar, cfg.Telephones
		if b.phones.passwords, err = readPhones(cfg.PhonesFile); err != nil {
			return b, err
		}
	}
	var err error
	if b.Client, err = ari.Connect(conn); err != nil {
		if b.Private != nil {
			err = errors.Join(err, b.Private.Close())
		}
		return b, err
	}
	return b, nil
}

func startAsterisk(ctx context.Context, cfg Config, st StateDir, log *slog.Logger, say asterisk.Progress) (*asterisk.Server, error) {
	cache := cfg.AsteriskCache
	if cache == "" {
		var err error
		if cache, err = asterisk.CacheDir(); err != nil {
			return nil, err
		}
	}
	install, err := asterisk.Fetch(ctx, cache, say)
	if err != nil {
		return nil, err
	}
	dir, err := spaceless(st.Dir)
	if err != nil {
		return nil, err
	}
	c, err := cfg.SIP.Asterisk()
	if err != nil {
		return nil, err
	}
	c.Dir, c.Log, c.Training = filepath.Join(dir, "asterisk"), log, cfg.Training
	return asterisk.Start(ctx, install, c)
}

// readPhones reads lines of "user password".
func readPhones(path string) (map[string]string, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the phones' file: %w", err)
	}
	out := map[string]string{}
	for i, l := range strings.Split(string(b), "\n") {
		if l = strings.TrimSpace(l); l == "" || strings.HasPrefix(l, "#") {
			continue
		}
		user, password, ok := strings.Cut(l, " ")
		if !ok {
			return nil, fmt.Errorf("%s:%d: a line is 'user password'", path, i+1)
		}
		out[user] = strings.TrimSpace(password)
	}
	return out, nil
}

// A Bus is NATS: the server's connection, the callout's, and how desks reach it.
type Bus struct {
	nc, callout *nats.Conn
	keys        bus.ServerKeys
	URL         string
	embedded    *bus.Embedded
}

func (b Bus) Close() error {
	if b.nc != nil {
		b.nc.Close()
	}
	if b.callout != nil {
		b.callout.Close()
	}
	if b.embedded != nil {
		b.embedded.Close()
	}
	return nil
}

// newBus starts NATS in this process, or connects to the one given with the same keys.
func newBus(cfg Config, st StateDir, certs Certs) (b Bus, err error) {
	if b.keys, err = NATSKeys(st.Keys("nats.json")); err != nil {
		return b, err
	}
	if cfg.NATSURL != "" {
		b.URL = cfg.NATSURL
		roots, err := natsRoots(cfg.NATSCA, certs)
		if err != nil {
			return b, err
		}
		if b.nc, b.callout, err = bus.Connect(cfg.NATSURL, b.keys, roots); err != nil {
			return b, errors.Join(err, b.Close())
		}
		return b, nil
	}
	if b.embedded, err = bus.StartEmbedded(cfg.NATSListen, b.keys, certs.Server); err != nil {
		return b, err
	}
	b.URL = "tls://" + b.embedded.Addr()
	if b.nc, err = b.embedded.Connect(); err == nil {
		b.callout, err = b.embedded.ConnectCallout()
	}
	if err != nil {
		return b, errors.Join(err, b.Close())
	}
	return b, nil
}

// natsRoots is whom a NATS of the administrator's must be vouched for by: the file given; else the machine's roots, or our own
// authority, which may have signed its certificate.
func natsRoots(file string, certs Certs) (*x509.CertPool, error) {
	if file != "" {
		return readPool(file)
	}
	roots, err := x509.SystemCertPool()
	if err != nil { // a machine without any
		return certs.Pool, nil
	}
	own, err := os.ReadFile(certs.CAFile)
	if err != nil {
		return nil, fmt.Errorf("read certificates: %w", err)
	}
	roots.AppendCertsFromPEM(own)
	return roots, nil
}

// NATSKeys reads the keys shared with NATS, or makes them.
func NATSKeys(path string) (bus.ServerKeys, error) {
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		k, err := bus.NewServerKeys()
		if err != nil {
			return k, err
		}
		if b, err = json.Marshal(k); err != nil {
			return k, fmt.Errorf("write NATS keys: %w", err)
		}
		return k, keyfile.Replace(path, b, 0o600)
	}
	if err != nil {
		return bus.ServerKeys{}, fmt.Errorf("read NATS keys: %w", err)
	}
	var k bus.ServerKeys
	if err := json.Unmarshal(b, &k); err != nil || k.Check() != nil { // what is wrong might quote a secret
		return k, fmt.Errorf("the keys of NATS in %s are damaged: restore them from their backup, or have them made anew with "+
			"'lamplight keys renew nats.json' and give a NATS of yours its new configuration", path)
	}
	return k, nil
}
