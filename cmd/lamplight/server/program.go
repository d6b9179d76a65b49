package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/alecthomas/kong"

	"lamplight/console"
)

var (
	errStopped       = errors.New("stopped by a signal before it was done; what was begun is taken up at the next start")
	errStoppedAtOnce = errors.New("stopped at once; a private database and Asterisk may still run, and the next start takes them over")
)

const (
	exitFailed = 1
	exitUsage  = 2
	ExitAtOnce = 130
)

// Main parses the command line into cli, which kong describes, and runs the command it names until that ends or a signal
// says so; it returns when the command has succeeded and ends the process otherwise: 1 failed, 2 the command line is wrong,
// 130 stopped at once by a second signal. What goes wrong is told in one line on standard error.
func Main(name, description string, cli any) {
	signal.Ignore(syscall.SIGXFSZ) // a write past the limit then fails as any other does
	ctx := untilSignalled(name)
	var version struct {
		Version kong.VersionFlag `help:"Print the build and end."`
	}
	parser := kong.Must(cli, kong.Name(name), kong.Description(description), kong.BindTo(ctx, (*context.Context)(nil)),
		kong.Embed(&version), kong.Vars{"version": name + " " + console.ThisVersion().String()})
	k, err := parser.Parse(os.Args[1:])
	if err != nil {
		// The whole help would bury what is wrong.
		end(name, exitUsage, fmt.Errorf("%w; '%s %s--help' tells what there is", err, name, commandNamed(parser, os.Args[1:])))
	}
	if err := k.Run(); err != nil {
		if errors.Is(err, context.Canceled) && ctx.Err() != nil {
			err = errStopped
		}
		end(name, exitFailed, withAdvice(err))
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
func untilSignalled(name string) context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-signals
		cancel()
		<-signals
		end(name, ExitAtOnce, errStoppedAtOnce)
	}()
	return ctx
}

// end tells what went wrong in one line and leaves.
func end(name string, status int, err error) {
	fmt.Fprintf(os.Stderr, "%s: %s\n", name, OneLine(err))
	os.Exit(status)
}

// OneLine is an error as one sentence: what libraries and joined errors say in several lines becomes parts of it, and
// what is said twice is told once.
func OneLine(err error) string {
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

// PrintProgress prints a line a step with the time since the start.
func PrintProgress(step string, took time.Duration) {
	fmt.Fprintf(os.Stderr, "  %-58s%6.1f s\n", step, took.Seconds())
}

func discardLog() *slog.Logger { return slog.New(slog.DiscardHandler) }
