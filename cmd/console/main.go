// Command console is the agent's desk: a window (Wails) around the page in frontend/desk, a link to the server
// (console/wire) and the agent's built-in phone.
//
// It promises that nothing typed is lost (every change is in a sealed journal on this machine and on the server within
// half a second), that a call comes to the front complete before it rings, and that a broken link is told and mended
// without a key. It holds no database credential and no key of the server; the journal's key is made from the person's
// password and lives in memory only.
//
// It leaves to others: who may do what and what is stored (console), how the wire is kept apart (console/wire), SIP and
// RTP (telephony/phone), what is drawn (frontend/desk).
//
// Build: go build -tags desktop,production,webkit2_41 ./cmd/console (needs gtk3 and webkit2gtk-4.1 to compile).
// Two more tags exist for tests and are never in a release: "automation" lets WebKitWebDriver drive the window, "bridge"
// serves the same page and methods to a browser on loopback, without a display.
//
// Flags and environment: see config. It opens no port (but with "bridge"), writes only under its data directory, logs
// JSON lines to standard error, and ends on SIGTERM as on closing the window.
package main

import (
	"fmt"
	"log/slog"
	"os"

	"lamplight/cmd/console/phone"

	"github.com/alecthomas/kong"

	"lamplight/console"
)

// config is all there is to configure: one line a setting, its flag, its environment variable and its default.
type config struct {
	Server       string           `default:"tls://127.0.0.1:4222" env:"LAMPLIGHT_SERVER" help:"Where the server's bus listens."`
	CA           string           `env:"LAMPLIGHT_CA" type:"path" help:"PEM file of who signed the server's certificate; empty means this machine's own roots."`
	Login        string           `env:"LAMPLIGHT_LOGIN" help:"Who signs in. With --password-file the desk signs in by itself."`
	PasswordFile string           `env:"LAMPLIGHT_PASSWORD_FILE" type:"path" help:"File that holds the password, for a demo desk that signs in by itself."`
	Code         string           `env:"LAMPLIGHT_CODE" help:"One-time code that goes with --password-file."`
	Lang         string           `env:"LAMPLIGHT_LANG" enum:",en,es" default:"" help:"The desk's language until somebody signs in: en or es."`
	Data         string           `env:"LAMPLIGHT_DATA" type:"path" help:"Where the journal stands; default is the user's state directory."`
	Sound        string           `env:"LAMPLIGHT_SOUND" enum:"auto,none" default:"auto" help:"none opens no audio device: the phone works, silent and deaf."`
	Version      kong.VersionFlag `help:"Print the build and end."`

	Listen string `env:"LAMPLIGHT_LISTEN" default:"127.0.0.1:0" hidden:"" help:"Where a bridge build serves the page."`
}

func main() {
	var c config
	kong.Parse(&c, kong.Name("console"), kong.Description("The agent's desk."), kong.UsageOnError(),
		kong.Vars{"version": "console " + console.ThisVersion().String()})
	log := slog.New(slog.NewJSONHandler(os.Stderr, nil))
	if err := run(c, log); err != nil {
		fmt.Fprintln(os.Stderr, "console:", err)
		os.Exit(1)
	}
}

// run opens the desk and keeps the window until it is closed.
func run(c config, log *slog.Logger) error {
	dir, err := c.dataDir()
	if err != nil {
		return err
	}
	dial, err := c.dialer()
	if err != nil {
		return err
	}
	d := newDesk(deskParts{Dial: dial, Phone: phone.New(c.Sound, log), Data: dir, Log: log, Demo: c.demo, Lang: c.Lang})
	defer d.close()
	return show(c, d)
}
