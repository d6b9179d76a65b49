// Command lamplight is the server and its administrator's command line: pure Go, no cgo, and the only place where
// adapters meet.
//
// Each command's flags, ports, files and signals are in its own file's comment; `lamplight COMMAND --help` prints them.
// What goes wrong is told in one line on standard error, with what to do about it. Exit status: 0 done, 1 failed, 2 the
// command line is wrong, 130 stopped at once by a second signal.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"
)

// cli is the command line: one field a command.
type cli struct {
	Serve    serveCmd    `cmd:"" help:"Run the server: calls, notes, escalations, pages."`
	Demo     demoCmd     `cmd:"" help:"Run everything with two made-up practices, practice calls and the providers' phones."`
	DemoCode demoCodeCmd `cmd:"" help:"Print a demo person's one-time code of this moment."`
	Bench    benchCmd    `cmd:"" help:"Measure calls, notes and deliveries against bare peers, in one run."`
	Audit    auditCmd    `cmd:"" help:"Prove that nothing was altered or dropped."`
	Practice practiceCmd `cmd:"" help:"Keep practices."`
	People   peopleCmd   `cmd:"" help:"Keep the people who may sign in."`
	Asterisk asteriskCmd `cmd:"" help:"Use an Asterisk of yours."`
	NATS     natsCmd     `cmd:"" name:"nats" help:"Use a NATS of yours."`
	OnCall   onCallCmd   `cmd:"" name:"oncall" help:"Ask a schedule file who is on call, until when, who is next and where nobody is."`
	ACD      acdCmd      `cmd:"" name:"acd" help:"Simulate the distribution of calls to agents."`
}

var (
	errStopped       = errors.New("stopped by a signal before it was done; what was begun is taken up at the next start")
	errStoppedAtOnce = errors.New("stopped at once; a private database and Asterisk may still run, and the next start takes them over")
)

const (
	exitFailed = 1
	exitUsage  = 2
	exitAtOnce = 130
)

func main() {
	signal.Ignore(syscall.SIGXFSZ) // a write past the limit then fails as any other does
	ctx := untilSignalled()
	var c cli
	parser := kong.Must(&c,
		kong.Name("lamplight"),
		kong.Description("The operator console for medical answering services: server and administration."),
		kong.BindTo(ctx, (*context.Context)(nil)))
	k, err := parser.Parse(os.Args[1:])
	if err != nil {
		// The whole help would bury what is wrong.
		end(exitUsage, fmt.Errorf("%w; 'lamplight %s--help' tells what there is", err, commandNamed(parser, os.Args[1:])))
	}
	if err := k.Run(); err != nil {
		if errors.Is(err, context.Canceled) && ctx.Err() != nil {
			err = errStopped
		}
		end(exitFailed, withAdvice(err))
	}
}

// withAdvice says what to do about what may happen at any write.
func withAdvice(err error) error {
	advice := ""
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		advice = "free some room"
	case errors.Is(err, syscall.EFBIG):
		advice = "lift the limit of file sizes (ulimit -f)"
	case errors.Is(err, syscall.EROFS):
		advice = "make the disk writable or choose another state directory with --state"
	default:
		return err
	}
	return fmt.Errorf("%w; %s and start again", err, advice)
}

// untilSignalled is a context that the first SIGINT or SIGTERM ends; a second one ends the process at once.
func untilSignalled() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-signals
		cancel()
		<-signals
		end(exitAtOnce, errStoppedAtOnce)
	}()
	return ctx
}

// end tells what went wrong in one line and leaves.
func end(status int, err error) {
	fmt.Fprintln(os.Stderr, "lamplight:", oneLine(err))
	os.Exit(status)
}

// oneLine is an error as one sentence: what libraries and joined errors say in several lines becomes parts of it, and
// what is said twice is told once.
func oneLine(err error) string {
	var parts []string
	said := map[string]bool{}
	for line := range strings.Lines(err.Error()) {
		if line = strings.TrimSpace(line); line != "" && !said[line] {
			said[line] = true
			parts = append(parts, line)
		}
	}
	var b strings.Builder
	for i, p := range parts {
		switch {
		case i == 0:
		case strings.HasSuffix(parts[i-1], ":"):
			b.WriteByte(' ')
		default:
			b.WriteString("; ")
		}
		b.WriteString(p)
	}
	return b.String()
}

// commandNamed is the command that a wrong command line names, with a space behind it, or "".
func commandNamed(parser *kong.Kong, args []string) string {
	if len(args) == 0 {
		return ""
	}
	for _, n := range parser.Model.Children {
		if n.Name == args[0] {
			return n.Name + " "
		}
	}
	return ""
}
