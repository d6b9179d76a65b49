package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"lamplight/cmd/lamplight/server"
)

// benchCmd measures the main walk against peers and floors, on a server of its own: the server with the demo's two
// practices, a real caller, a real agent's phone, a desk client over NATS and, where a window can be opened, the desk's
// own program; beside it a second private Asterisk with nothing but a bare ARI client, and bare statements on the same
// PostgreSQL. Ours and the peer's go in turn, so a busy machine slows both alike, and each line is the median of the
// repeats' ratios with the least and the most.
//
// It prints "missed" for a missed target and still ends with status 0: the status only tells whether it could measure.
// Files: a new directory below --state, removed at the end. Ports: free ones on loopback. Signals: SIGINT stops it.
type benchCmd struct {
	State   string `help:"Directory to put the bench's own database and Asterisks in; on a disk that is like the real one." type:"path" placeholder:"DIR"`
	Repeats int    `help:"How often ours and the peer are measured against each other." default:"5"`
	Calls   int    `help:"Calls of each kind a repeat." default:"15"`
	Sends   int    `help:"Notes sent in each of our calls." default:"5"`
	Window  bool   `help:"Measure the desk's own window too." default:"true" negatable:""`
	// What the Go benchmarks of the pure cores printed, to be judged in the same table.
	GoBenchmarks []string `name:"go-benchmarks" help:"Files with the output of go test -bench." type:"existingfile"`
}

// bench is a running measurement.
type bench struct {
	cmd    *benchCmd
	out    io.Writer
	demo   *demo
	agent  *walker     // ours: an agent with a desk client and a phone, and a caller
	super  *supervisor // clears up between two calls, and is the agent of the window
	peer   *barePeer
	floor  *floor
	window *deskWindow // nil when no window can be opened
	noWin  string      // why not
	now    int         // the repeat that runs
	load   string      // average of the minute before

	pop, answer, send, text, painted versus
}

func (c *benchCmd) Run(ctx context.Context) (err error) {
	if c.Repeats < 1 || c.Calls < 1 || c.Sends < 1 {
		return errors.New("--repeats, --calls and --sends must be at least 1")
	}
	cores, err := readGoBenchmarks(c.GoBenchmarks)
	if err != nil {
		return err
	}
	began := time.Now()
	dir, err := c.directory()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	d, err := startDemo(ctx, &demoCmd{State: filepath.Join(dir, "house")}, began)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.server.Close(), d.pocket.Close()) }()
	running := make(chan error, 1)
	go func() { running <- d.server.Run(ctx); stop() }()
	b := &bench{cmd: c, out: os.Stdout, demo: d, load: loadAverage()}
	if err = b.start(ctx, dir, began); err == nil {
		err = b.measure(ctx, began)
	}
	if err == nil {
		b.print(cores, time.Since(began))
	}
	b.close()
	stop()
	return errors.Join(err, <-running)
}

// directory makes a new one that the accounts of PostgreSQL and Asterisk can enter.
func (c *benchCmd) directory() (string, error) {
	base := c.State
	if base == "" {
		var err error
		if base, err = server.DefaultState(); err != nil {
			return "", err
		}
	}
	if err := os.MkdirAll(base, 0o711); err != nil {
		return "", fmt.Errorf("make the bench's directory: %w; choose another with --state", err)
	}
	dir, err := os.MkdirTemp(base, "bench-")
	if err != nil {
		return "", fmt.Errorf("make the bench's directory: %w; choose another with --state", err)
	}
	return dir, os.Chmod(dir, 0o711)
}

// start brings everybody in.
func (b *bench) start(ctx context.Context, dir string, began time.Time) (err error) {
	if b.peer, err = startBarePeer(ctx, filepath.Join(dir, "peer")); err != nil {
		return fmt.Errorf("the bare peer: %w", err)
	}
	server.PrintProgress("a second Asterisk with a bare ARI client", time.Since(began))
	if b.agent, err = b.demo.newWalker(ctx); err != nil {
		return err
	}
	if b.super, err = b.demo.newSupervisor(ctx); err != nil {
		return err
	}
	if b.floor, err = startFloor(ctx, b.demo); err != nil {
		return err
	}
	if !b.cmd.Window {
		b.noWin = "--no-window"
		return nil
	}
	if b.window, err = startDeskWindow(ctx, b.demo, dir); err != nil {
		b.noWin = err.Error()
		return nil
	}
	server.PrintProgress("the desk's window", time.Since(began))
	return nil
}

func (b *bench) close() {
	note := func(what string, err error) {
		if err != nil {
			b.demo.server.Log.Info("bench: close", "what", what, "error", err)
		}
	}
	if b.window != nil {
		note("window", b.window.close())
	}
	if b.super != nil {
		b.super.desk.Close()
	}
	if b.agent != nil {
		b.agent.close()
	}
	if b.peer != nil {
		note("peer", b.peer.close())
	}
}

// measure runs the repeats; the first calls of each kind only warm up.
func (b *bench) measure(ctx context.Context, began time.Time) error {
	if err := b.round(ctx, 1); err != nil {
		return err
	}
	b.pop, b.answer, b.send, b.text, b.painted = versus{}, versus{}, versus{}, versus{}, versus{}
	server.PrintProgress("warm", time.Since(began))
	for b.now = range b.cmd.Repeats {
		if err := b.round(ctx, b.cmd.Calls); err != nil {
			return err
		}
		server.PrintProgress(fmt.Sprintf("repeat %d of %d", b.now+1, b.cmd.Repeats), time.Since(began))
	}
	return nil
}

// round is one repeat: calls in turn, first to the agent, then to the bare peer, then to the window.
func (b *bench) round(ctx context.Context, calls int) error {
	for range calls {
		if err := b.ourCall(ctx); err != nil {
			return fmt.Errorf("a call to our agent: %w", err)
		}
		took, err := b.peer.call(ctx)
		if err != nil {
			return fmt.Errorf("a call to the bare peer: %w", err)
		}
		b.pop.peer(b.now, took.start)
		b.painted.peer(b.now, took.start)
		b.answer.peer(b.now, took.audio)
		if b.window == nil {
			continue
		}
		if err := b.windowCall(ctx); err != nil {
			return fmt.Errorf("a call to the window: %w", err)
		}
	}
	return nil
}
