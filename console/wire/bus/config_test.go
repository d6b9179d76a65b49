package bus

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/nats-io/nats-server/v2/server"
)

// TestTheirNATSUnderstandsOurConfiguration has NATS itself read what an administrator is told to install.
func TestTheirNATSUnderstandsOurConfiguration(t *testing.T) {
	keys, err := NewServerKeys()
	if err != nil {
		t.Fatal(err)
	}
	text, err := Configuration(keys)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "nats.conf")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	o, err := server.ProcessConfigFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if o.AuthCallout == nil || o.AuthCallout.Account != calloutAccount || len(o.AuthCallout.AuthUsers) != 2 || len(o.Accounts) < 2 {
		t.Fatalf("NATS read %+v with %d accounts", o.AuthCallout, len(o.Accounts))
	}
	o.Host, o.Port, o.NoLog, o.NoSigs = "127.0.0.1", server.RANDOM_PORT, true, true
	ns, err := server.NewServer(o)
	if err != nil {
		t.Fatal(err)
	}
	ns.Shutdown()
}
