package server

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"lamplight/telephony/phone"
)

func TestSIPFlags(t *testing.T) {
	password := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(password, []byte("s3cret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		flags SIP
		says  string // "" for no complaint
	}{
		"none": {SIP{}, ""},
		"a carrier, the usual way": {SIP{Trunk: "sip.example.net", SIPListen: "0.0.0.0:5060", SIPExternal: "203.0.113.9",
			RTPPorts: "16000-16399"}, ""},
		"an account over TLS": {SIP{Trunk: "sip.example.net", SIPListen: "10.0.0.5:5060", TrunkUser: "u", TrunkPasswordFile: password,
			TrunkRegister: true, TrunkTLS: true, TrunkSRTP: true}, ""},
		"a carrier on this machine":   {SIP{Trunk: "127.0.0.2:5999"}, ""},
		"a carrier, nowhere to reach": {SIP{Trunk: "sip.example.net"}, "--trunk needs --sip-listen too"},
		"loopback for a carrier":      {SIP{Trunk: "198.51.100.7:5060", SIPListen: "127.0.0.1:5060"}, "--trunk needs --sip-listen too"},
		"a user without a carrier":    {SIP{TrunkUser: "u", TrunkPasswordFile: password}, "--trunk is missing"},
		"a user without a password":   {SIP{Trunk: "127.0.0.2:5999", TrunkUser: "u"}, "belong together"},
		"registration without a user": {SIP{Trunk: "127.0.0.2:5999", TrunkRegister: true}, "--trunk-register needs"},
		"secret sound, open keys":     {SIP{Trunk: "127.0.0.2:5999", TrunkSRTP: true}, "--trunk-srtp needs --trunk-tls"},
		"a name to listen on":         {SIP{SIPListen: "pbx:5060"}, "use an address of this machine"},
		"half a range":                {SIP{RTPPorts: "16000"}, "the first and the last"},
		"a word for a network":        {SIP{AgentNet: []string{"office"}}, "no network such as"},
	} {
		err := test.flags.check()
		if (err == nil) != (test.says == "") || err != nil && !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
	a, err := SIP{TrunkMatch: []string{"198.51.100.7", "203.0.113.0/24"}, Phones: 40}.Asterisk()
	if err != nil || len(a.Carrier.Match) != 2 || a.Carrier.Match[0].Bits() != 32 || a.Agents != 40 {
		t.Errorf("%+v, %v", a, err)
	}
}

// Beside a real carrier practice calls have their place, and after a restart everything is where it was.
func TestARealCarrierAndTraining(t *testing.T) {
	dir, err := os.MkdirTemp("", "lamplight-server-") // t.TempDir cannot be entered by the account Asterisk runs as
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	st, err := NewStateDir(filepath.Join(dir, "state"))
	if err == nil {
		err = os.Chmod(dir, 0o711)
	}
	if err != nil {
		t.Fatal(err)
	}
	cfg := Config{SIP: SIP{Trunk: "127.0.0.4:5999", Phones: 3}, Training: true, Telephones: []string{"agent2"}}
	var before string
	for range 2 {
		b, err := newSwitchboard(t.Context(), cfg, st, slog.New(slog.DiscardHandler), nil)
		if err != nil {
			t.Fatal(err)
		}
		trainer, err := newTrainer(b.Private, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		if at := b.Registrar() + " " + b.Private.TrainingAddr(); before != "" && at != before {
			t.Errorf("it was at %s, it is at %s", before, at)
		} else {
			before = at
		}
		if a, ok := b.phones.account("agent3"); !ok || a.Password == "" || a.Registrar != b.Registrar() {
			t.Errorf("a built-in phone: %v", ok)
		}
		for _, own := range []string{"agent2", "agent4"} { // a telephone on a desk, and one that is not here
			if a, ok := b.phones.account(own); ok || a.Registrar != "" || a.Password != "" {
				t.Errorf("%s is registered by the desk at %s", own, a.Registrar)
			}
		}
		p, err := phone.Start(t.Context(), phone.Config{Registrar: b.Registrar(), User: "agent2", Password: b.phones.passwords["agent2"]})
		if err != nil {
			t.Fatal(err)
		}
		if err := p.Register(t.Context()); err != nil {
			t.Error(err)
		}
		if err := p.Close(); err != nil {
			t.Error(err)
		}
		if err := trainer.Close(); err != nil {
			t.Error(err)
		}
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	}
}
