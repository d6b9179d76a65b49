// Command lamplight is the server and its administrator's command line: pure Go, no cgo, and the only place where
// adapters meet.
//
// Each command's flags, ports, files and signals are in its own file's comment; `lamplight COMMAND --help` prints them.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
)

// cli is the command line: one field a command.
type cli struct {
	Serve    serveCmd    `cmd:"" help:"Run the server: calls, notes, escalations, pages."`
	Demo     demoCmd     `cmd:"" help:"Run everything with two made-up practices, practice calls and the providers' phones."`
	DemoCode demoCodeCmd `cmd:"" help:"Print a demo person's one-time code of this moment."`
	Audit    auditCmd    `cmd:"" help:"Prove that nothing was altered or dropped."`
	Asterisk asteriskCmd `cmd:"" help:"Use an Asterisk of yours."`
	NATS     natsCmd     `cmd:"" name:"nats" help:"Use a NATS of yours."`
	OnCall   onCallCmd   `cmd:"" name:"oncall" help:"Ask a schedule file who is on call, until when, who is next and where nobody is."`
	ACD      acdCmd      `cmd:"" name:"acd" help:"Simulate the distribution of calls to agents."`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var c cli
	k := kong.Parse(&c,
		kong.Name("lamplight"),
		kong.Description("The operator console for medical answering services: server and administration."),
		kong.UsageOnError(),
		kong.BindTo(ctx, (*context.Context)(nil)))
	if err := k.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "lamplight:", err)
		os.Exit(1)
	}
}
