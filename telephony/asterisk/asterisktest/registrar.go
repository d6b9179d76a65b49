package asterisktest

import (
	"crypto/md5"
	"encoding/hex"
	"net"
	"regexp"
	"strings"
	"sync"
	"testing"
)

// CarrierAt listens on an address, "127.0.0.4", as a carrier with one account does, until the test ends. Each Contact that has
// registered there is told; those that nobody waits for are dropped.
func CarrierAt(t testing.TB, address, user, password string) (addr string, registered <-chan string) {
	t.Helper()
	carrier, err := net.ListenPacket("udp", net.JoinHostPort(address, "0"))
	if err != nil {
		t.Fatal(err)
	}
	told := make(chan string, 1)
	var loop sync.WaitGroup
	loop.Go(func() {
		b := make([]byte, 8<<10)
		for {
			n, from, err := carrier.ReadFrom(b)
			if err != nil {
				return // the test is over
			}
			answer, contact := Registrar(t, string(b[:n]), user, password)
			if answer == "" {
				continue
			}
			if _, err := carrier.WriteTo([]byte(answer), from); err != nil {
				t.Error(err)
			}
			if contact != "" {
				select {
				case told <- contact:
				default:
				}
			}
		}
	})
	t.Cleanup(func() { carrier.Close(); loop.Wait() })
	return carrier.LocalAddr().String(), told
}

// Registrar answers one REGISTER as a carrier does: with a challenge, and to the right digest with yes. It returns the Contact
// registered, "" until then.
func Registrar(t testing.TB, request, user, password string) (answer, contact string) {
	t.Helper()
	if !strings.HasPrefix(request, "REGISTER ") {
		return "", ""
	}
	lines := []string{"SIP/2.0 401 Unauthorized"}
	if auth := Header(request, "Authorization"); auth != "" {
		field := func(name string) string {
			m := regexp.MustCompile(`\b` + name + `="?([^",]*)`).FindStringSubmatch(auth)
			if m == nil {
				return ""
			}
			return m[1]
		}
		sum := func(parts ...string) string {
			h := md5.Sum([]byte(strings.Join(parts, ":")))
			return hex.EncodeToString(h[:])
		}
		want := sum(sum(user, "carrier", password), "n1", sum("REGISTER", field("uri")))
		if field("username") != user || field("response") != want {
			t.Errorf("the digest is wrong: %s", auth)
		}
		contact = Header(request, "Contact")
		lines = []string{"SIP/2.0 200 OK", "Contact: " + contact + ";expires=300"}
	} else {
		lines = append(lines, `WWW-Authenticate: Digest realm="carrier",nonce="n1",algorithm=MD5`)
	}
	for _, name := range []string{"Via", "From", "To", "Call-ID", "CSeq"} {
		v := Header(request, name)
		if name == "To" {
			v += ";tag=r1"
		}
		lines = append(lines, name+": "+v)
	}
	return strings.Join(append(lines, "Content-Length: 0", "", ""), "\r\n"), contact
}
