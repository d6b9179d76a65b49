// Package bus is the server's side of the wire: a NATS server in this process (Embedded) or connections to the
// administrator's own (Connect), and the auth callout that lets each desk in and confines it to its own subjects.
//
// It promises that a desk gets no subject but its session's, and that a session which has ended is refused within seconds.
// It leaves the requests themselves to console/wire, and people to notes/access.
package bus

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"lamplight/console/wire"
	"net"
	"strconv"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nkeys"
)

// The names of the accounts and of the server's own users, here and in the configuration printed for a cluster.
const (
	deskAccount    = "LAMPLIGHT"
	calloutAccount = "LAMPLIGHT_AUTH"
	serverUser     = "lamplight"
	calloutUser    = "lamplight-auth"
)

// ServerKeys are what the servers share with their NATS: the seed that signs desks' permissions and the passwords of the
// servers' own users. They are secrets and are kept like the other keys.
type ServerKeys struct {
	IssuerSeed      string `json:"issuerSeed"`
	ServerPassword  string `json:"serverPassword"`
	CalloutPassword string `json:"calloutPassword"`
}

// NewServerKeys makes fresh keys.
func NewServerKeys() (ServerKeys, error) {
	kp, err := nkeys.CreateAccount()
	if err != nil {
		return ServerKeys{}, fmt.Errorf("make NATS issuer: %w", err)
	}
	seed, err := kp.Seed()
	if err != nil {
		return ServerKeys{}, fmt.Errorf("make NATS issuer: %w", err)
	}
	return ServerKeys{IssuerSeed: string(seed), ServerPassword: wire.NewToken(), CalloutPassword: wire.NewToken()}, nil
}

// Check refuses keys that are not whole, as read from a damaged file. The error quotes no secret.
func (k ServerKeys) Check() error {
	if _, err := nkeys.FromSeed([]byte(k.IssuerSeed)); err != nil {
		return fmt.Errorf("NATS issuer seed: %w", err)
	}
	if k.ServerPassword == "" || k.CalloutPassword == "" {
		return errors.New("NATS keys without a password")
	}
	return nil
}

// Embedded is a NATS server in this process, reached by desks over TLS and by us without a socket.
type Embedded struct {
	ns   *server.Server
	keys ServerKeys
	addr string
}

// StartEmbedded starts NATS on addr ("127.0.0.1:0" picks a port) and returns when it accepts connections.
func StartEmbedded(addr string, keys ServerKeys, cert *tls.Config) (*Embedded, error) {
	host, portText, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, fmt.Errorf("NATS address %q: %w; give host:port", addr, err)
	}
	port, err := strconv.Atoi(portText)
	if err != nil {
		return nil, fmt.Errorf("NATS address %q: the port is not a number", addr)
	}
	if port == 0 {
		port = server.RANDOM_PORT
	} else if l, err := net.Listen("tcp", addr); err != nil {
		return nil, fmt.Errorf("NATS cannot listen on %s: %w; end what uses the port or choose another", addr, err)
	} else if err := l.Close(); err != nil {
		return nil, fmt.Errorf("NATS cannot listen on %s: %w", addr, err)
	}
	issuer, err := nkeys.FromSeed([]byte(keys.IssuerSeed))
	if err != nil {
		return nil, fmt.Errorf("NATS issuer seed: %w", err)
	}
	public, err := issuer.PublicKey()
	if err != nil {
		return nil, fmt.Errorf("NATS issuer seed: %w", err)
	}
	desks, callout := server.NewAccount(deskAccount), server.NewAccount(calloutAccount)
	o := &server.Options{
		ServerName: "lamplight", Host: host, Port: port, NoLog: true, NoSigs: true,
		TLS: true, TLSVerify: false, TLSConfig: cert, TLSTimeout: 5,
		AuthTimeout: 10, // a password takes tens of milliseconds to check, and longer after failures
		MaxPayload:  1 << 20, MaxControlLine: 4096, WriteDeadline: 5 * time.Second,
		Accounts: []*server.Account{desks, callout},
		Users: []*server.User{
			{Username: serverUser, Password: keys.ServerPassword, Account: desks},
			{Username: calloutUser, Password: keys.CalloutPassword, Account: callout},
		},
		AuthCallout: &server.AuthCallout{Issuer: public, Account: calloutAccount, AuthUsers: []string{serverUser, calloutUser}},
	}
	ns, err := server.NewServer(o)
	if err != nil {
		return nil, fmt.Errorf("configure NATS: %w", err)
	}
	go ns.Start()
	if !ns.ReadyForConnections(10 * time.Second) {
		ns.Shutdown()
		return nil, fmt.Errorf("NATS did not start on %s within 10 s", addr)
	}
	e := &Embedded{ns: ns, keys: keys}
	a, ok := ns.Addr().(*net.TCPAddr)
	if !ok {
		ns.Shutdown()
		return nil, errors.New("NATS has no TCP address")
	}
	e.addr = a.String()
	return e, nil
}

// Addr is host:port as desks reach it.
func (e *Embedded) Addr() string { return e.addr }

// Connect opens the server's own connection, in process.
func (e *Embedded) Connect() (*nats.Conn, error) {
	return e.connect(serverUser, e.keys.ServerPassword)
}

// ConnectCallout opens the connection the callout answers on, in process.
func (e *Embedded) ConnectCallout() (*nats.Conn, error) {
	return e.connect(calloutUser, e.keys.CalloutPassword)
}

func (e *Embedded) connect(user, password string) (*nats.Conn, error) {
	nc, err := nats.Connect("", nats.InProcessServer(e.ns), nats.UserInfo(user, password), nats.Name(user), wire.AtOnce)
	if err != nil {
		return nil, fmt.Errorf("connect to NATS in process: %w", err)
	}
	return nc, nil
}

// Close stops the server and waits for it.
func (e *Embedded) Close() {
	e.ns.Shutdown()
	e.ns.WaitForShutdown()
}

// Connect opens both connections to a NATS of the administrator's, set up as Configuration prints.
func Connect(url string, keys ServerKeys, ca *x509.CertPool) (server, callout *nats.Conn, err error) {
	dial := func(user, password string) (*nats.Conn, error) {
		nc, err := nats.Connect(url, nats.UserInfo(user, password), nats.Name(user), nats.MaxReconnects(-1), wire.AtOnce,
			nats.Secure(&tls.Config{RootCAs: ca, MinVersion: tls.VersionTLS13}))
		if err != nil {
			return nil, fmt.Errorf("connect to NATS at %s: %w", url, err)
		}
		return nc, nil
	}
	if server, err = dial(serverUser, keys.ServerPassword); err != nil {
		return nil, nil, err
	}
	if callout, err = dial(calloutUser, keys.CalloutPassword); err != nil {
		server.Close()
		return nil, nil, err
	}
	return server, callout, nil
}

// Configuration is the part of a NATS server's configuration that lets our servers in and asks them about desks. It holds
// the servers' passwords.
func Configuration(keys ServerKeys) (string, error) {
	issuer, err := nkeys.FromSeed([]byte(keys.IssuerSeed))
	if err != nil {
		return "", fmt.Errorf("NATS issuer seed: %w", err)
	}
	public, err := issuer.PublicKey()
	if err != nil {
		return "", fmt.Errorf("NATS issuer seed: %w", err)
	}
	return fmt.Sprintf(`accounts {
  %[1]s: { users: [ { user: %[3]q, password: %[4]q } ] }
  %[2]s: { users: [ { user: %[5]q, password: %[6]q } ] }
}
authorization {
  timeout: 10
  auth_callout { issuer: %[7]q, account: %[2]s, auth_users: [ %[3]q, %[5]q ] }
}
# and a tls { cert_file, key_file } block: desks connect over TLS only
`, deskAccount, calloutAccount, serverUser, keys.ServerPassword, calloutUser, keys.CalloutPassword, public), nil
}
