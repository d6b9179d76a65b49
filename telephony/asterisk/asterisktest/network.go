package asterisktest

import (
	"context"
	"fmt"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"testing"

	"lamplight/telephony/asterisk"
)

// A Network is another Asterisk, as a carrier's: one account, and one telephone that its customer may call.
type Network struct {
	Addr           string // where it is reached by SIP, host:port
	User, Password string // the account
	Number         string // of the telephone, which registers as Telephone with Secret
	Telephone      string
	Secret         string

	t    testing.TB
	s    *asterisk.Server
	dir  string
	from string
	own  map[string][]byte // its configuration before it was a carrier's
}

// StartNetwork starts one on an address, "127.0.0.4", whose customer sends from another. It is gone when the test ends.
func StartNetwork(t testing.TB, address, from string) *Network {
	t.Helper()
	n := &Network{User: "harbor", Password: "CARRIERS-PASSWORD", Number: "+13125550171", Telephone: "agent1", t: t, from: from,
		own: map[string][]byte{}}
	n.s = Start(t, func(c *asterisk.Config) {
		c.SIP = netip.AddrPortFrom(netip.MustParseAddr(address), 0)
		n.dir = c.Dir
	})
	n.Addr, n.Secret = n.s.SIPAddr().String(), n.s.Agents()[n.Telephone]
	n.Serve()
	return n
}

// Serve has it take its customer's registrations and calls; Bar has it answer both with 403.
func (n *Network) Serve() { n.is(1, fmt.Sprintf("Dial(PJSIP/%s,40)", n.Telephone)) }

// Bar is Serve's other.
func (n *Network) Bar() { n.is(0, "Hangup(21)") }

func (n *Network) is(contacts int, called string) {
	n.t.Helper()
	n.add("pjsip.conf", fmt.Sprintf(`
[%[1]s](lamplight-leg)
context = network
auth = %[1]s
aors = %[1]s
[%[1]s]
type = auth
auth_type = userpass
username = %[1]s
password = %[2]s
[%[1]s]
type = aor
max_contacts = %[3]d
[%[1]s]
type = identify
endpoint = %[1]s
match = %[4]s
`, n.User, n.Password, contacts, n.from))
	n.add("extensions.conf", fmt.Sprintf(`
[network]
exten => %[1]s,1,%[2]s
 same => n,Hangup(${HANGUPCAUSE})
exten => _[+0-9]!,1,Hangup(1)
`, n.Number, called))
	for _, module := range []string{"pbx_config.so", "res_pjsip.so"} {
		base, user, password := n.s.ARI()
		req, err := http.NewRequestWithContext(context.Background(), http.MethodPut, base+"/asterisk/modules/"+module, nil)
		if err != nil {
			n.t.Fatal(err)
		}
		req.SetBasicAuth(user, password)
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			n.t.Fatal(err)
		}
		if err := res.Body.Close(); err != nil || res.StatusCode/100 != 2 {
			n.t.Fatalf("%s: %s, %v", module, res.Status, err)
		}
	}
}

func (n *Network) add(name, more string) {
	n.t.Helper()
	file := filepath.Join(n.dir, "etc", name)
	if n.own[name] == nil {
		text, err := os.ReadFile(file)
		if err != nil {
			n.t.Fatal(err)
		}
		n.own[name] = text
	}
	if err := os.WriteFile(file, append(n.own[name][:len(n.own[name]):len(n.own[name])], more...), 0o600); err != nil {
		n.t.Fatal(err)
	}
}
