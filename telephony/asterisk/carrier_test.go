package asterisk_test

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"lamplight/telephony/asterisk"
	"lamplight/telephony/asterisk/asterisktest"
	"lamplight/telephony/phone"
)

// A carrier with an account: we register with it, answer its challenge, and its calls come to where it was told, for the
// number that stands in To.
func TestATrunkThatRegisters(t *testing.T) {
	t.Parallel()
	carrier, registered := asterisktest.CarrierAt(t, "127.0.0.4", "trunk-7", "s3cret")
	s := asterisktest.Start(t, func(c *asterisk.Config) {
		c.External = netip.MustParseAddrPort("203.0.113.9:5070")
		c.Carrier = asterisk.Carrier{Contact: carrier, User: "trunk-7", Password: "s3cret", Register: true}
		c.Training = true
	})
	warnings(t, s)
	ctx := within(t, 30*time.Second)
	select {
	case contact := <-registered:
		if !strings.Contains(contact, "sip:trunk-7@") || !strings.Contains(contact, "line=") {
			t.Errorf("registered as %s", contact)
		}
	case <-ctx.Done():
		t.Fatal("it does not register")
	}
	a := drive(t, ctx, s)
	for name, from := range map[string]string{"the carrier": "127.0.0.4", "practice": "127.0.0.2"} {
		w := asterisktest.NewWire(t, from, s.SIPAddr())
		w.URI, w.To = "sip:trunk-7@"+s.SIPAddr().String(), "+13125550100"
		done := make(chan int, 1)
		go func() { done <- w.Invite(ctx) }()
		e := a.next(ctx, "StasisStart")
		if i, _ := asterisk.ParseInvite(e.Channel.Channelvars[asterisk.InviteVar]); i.Called()[0] != "+13125550100" {
			t.Errorf("%s called %v", name, i.Called())
		}
		a.must(ctx, "POST", "channels/"+e.Channel.ID+"/answer", nil)
		if code := <-done; code != 200 {
			t.Errorf("%s: %d", name, code)
		}
		w.Bye()
	}
	stranger := asterisktest.NewWire(t, "127.0.0.5", s.SIPAddr())
	if code := stranger.Invite(ctx); code != 401 {
		t.Errorf("a stranger's call is answered with %d", code)
	}
	p := must[*phone.Phone](t)(phone.Start(ctx, phone.Config{Listen: s.TrainingAddr(), Registrar: s.SIPAddr().String(), User: "network"}))
	if err := p.Close(); err != nil {
		t.Error(err)
	}
	noTrouble(t, s)
}

// A carrier over TLS is proved by its certificate.
func TestATrunkOverTLS(t *testing.T) {
	t.Parallel()
	cert, ca := certificate(t, "127.0.0.4")
	l := must[net.Listener](t)(tls.Listen("tcp", "127.0.0.4:0", &tls.Config{Certificates: []tls.Certificate{cert}}))
	defer l.Close()
	registered := make(chan string, 1)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return // the test is over
			}
			go func() {
				defer c.Close()
				for r := bufio.NewReader(c); ; {
					request := ""
					for !strings.HasSuffix(request, "\r\n\r\n") {
						line, err := r.ReadString('\n')
						if err != nil {
							return
						}
						request += line
					}
					answer, contact := asterisktest.Registrar(t, request, "trunk-7", "s3cret")
					if _, err := c.Write([]byte(answer)); err != nil {
						return
					}
					if contact != "" {
						select {
						case registered <- contact:
						default:
						}
					}
				}
			}()
		}
	}()
	asterisktest.Start(t, func(c *asterisk.Config) {
		c.Carrier = asterisk.Carrier{Contact: l.Addr().String(), User: "trunk-7", Password: "s3cret", Register: true, TLS: true, CA: ca}
	})
	select {
	case contact := <-registered:
		if !strings.Contains(strings.ToLower(contact), "transport=tls") {
			t.Errorf("registered as %s", contact)
		}
	case <-within(t, 30*time.Second).Done():
		t.Fatal("it does not register")
	}
}

// certificate makes one for an address, signed by itself, and a file with it.
func certificate(t *testing.T, host string) (tls.Certificate, string) {
	t.Helper()
	key := must[*ecdsa.PrivateKey](t)(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	c := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: host}, IPAddresses: []net.IP{net.ParseIP(host)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature}
	der := must[[]byte](t)(x509.CreateCertificate(rand.Reader, c, c, &key.PublicKey, key))
	file := filepath.Join(home(t)+"-ca", "ca.pem")
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o644); err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, file
}

// What a carrier is told behind NAT is the external address, what a phone beside us is told is ours.
func TestAnAddressBehindNAT(t *testing.T) {
	t.Parallel()
	c := asterisk.Config{SIP: netip.MustParseAddrPort("0.0.0.0:5060"), External: netip.MustParseAddrPort("203.0.113.9:0"),
		AgentNets: []netip.Prefix{netip.MustParsePrefix("100.64.0.0/10")}, Carrier: asterisk.Carrier{Contact: "sip.example.net", User: "u",
			Password: "p", TLS: true, SRTP: true}}
	var out strings.Builder
	if err := c.Write(&out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"external_media_address = 203.0.113.9", "external_signaling_address = 203.0.113.9",
		"local_net = 100.64.0.0/10", "bind = 0.0.0.0:5060",
		"bind = 0.0.0.0:5061", "contact = sip:sip.example.net:5061\\;transport=tls", "match = sip.example.net", "media_encryption = sdes"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("it does not say %q", want)
		}
	}
	for _, not := range []string{"media_address = 0.0.0.0", "external_signaling_port"} {
		if strings.Contains(out.String(), "\n"+not) {
			t.Errorf("it says %q", not)
		}
	}
	if fmt.Sprint(c.Carrier.Match) != "[]" {
		t.Error("the configuration was changed")
	}
}

// How a registration stands is told, with another Asterisk as the carrier: taken, refused by 403 and by a wrong password, unanswered.
func TestHowARegistrationStands(t *testing.T) {
	t.Parallel()
	n := asterisktest.StartNetwork(t, "127.0.0.4", "127.0.0.6")
	gone := asterisk.Carrier{Contact: "127.0.0.8:5999", User: n.User, Password: n.Password, Register: true}
	right := asterisk.Carrier{Contact: n.Addr, User: n.User, Password: n.Password, Register: true}
	wrong := right
	wrong.Password = "ANOTHER"
	stands := func(name string, c asterisk.Carrier, want asterisk.Registration) {
		t.Helper()
		s := asterisktest.Start(t, func(cfg *asterisk.Config) {
			cfg.SIP, cfg.Carrier = netip.MustParseAddrPort("127.0.0.6:0"), c
		})
		ctx := within(t, 60*time.Second)
		eventually(t, ctx, name, func() bool {
			is, err := s.Registration(ctx)
			return err == nil && is == want
		})
	}
	stands("registered", right, asterisk.Registered)
	stands("a wrong password", wrong, asterisk.Denied)
	stands("a carrier that is not there", gone, asterisk.Trying)
	n.Bar()
	stands("403", right, asterisk.Denied)
}
