package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"lamplight/cmd/lamplight/server"
	"lamplight/console"
	"lamplight/console/wire"
)

// serverProcess is a demo's server as a process of its own, which may be killed or frozen; the pocket stays in this one.
type serverProcess struct {
	program string   // what runs as the server
	env     []string // beside our own
	cfg     server.Config
	cmd     *exec.Cmd // nil while it does not run
}

// apart makes a demo whose server will be a process: state directory and addresses are set up and stay the same from start to
// start. prepare, if not nil, may change what is stored before the first.
func apart(ctx context.Context, c *demoCmd, program string, prepare func(*demo) error) (d *demo, p *serverProcess, err error) {
	if d, err = startDemo(ctx, c, time.Now()); err != nil {
		return nil, nil, err
	}
	if prepare != nil {
		err = prepare(d)
	}
	cfg := d.server.Config
	// The private Asterisk is started by the process; its scripted network stands in this one.
	cfg.Training, cfg.State = false, d.server.State.Dir
	err = errors.Join(err, d.server.Close())
	for _, addr := range []*string{&cfg.NATSListen, &cfg.Listen} {
		if err == nil {
			*addr, err = server.FreeAddr()
		}
	}
	if err != nil {
		return nil, nil, errors.Join(err, d.pocket.Close())
	}
	d.server = &server.Server{State: d.server.State, Certs: d.server.Certs, Log: d.server.Log,
		Bus:      server.Bus{URL: "tls://" + cfg.NATSListen},
		PagesURL: "https://localhost:" + portOf(cfg.Listen), Config: cfg}
	return d, &serverProcess{program: program, cfg: cfg}, nil
}

func portOf(addr string) string { return addr[strings.LastIndex(addr, ":")+1:] }

// start starts it and returns when desks can reach it, or ctx ends.
func (p *serverProcess) start(ctx context.Context, d *demo) error {
	c := p.cfg
	log, err := os.OpenFile(d.server.State.Path("server.log"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close() // the process has its own
	p.cmd = exec.Command(p.program, "serve", "--state", c.State, "--nats-listen", c.NATSListen, "--listen", c.Listen, "--hooks-listen",
		c.HooksListen,
		"--text-url", c.TextURL, "--text-account", c.TextAccount, "--text-token-file", c.TextTokenFile, "--text-from", c.TextFrom,
		"--text-callback", c.TextCallback,
		"--mail-host", c.MailHost, "--mail-port", fmt.Sprint(c.MailPort), "--mail-ca", c.MailCA, "--mail-from", c.MailFrom,
		"--push-contact", c.PushContact)
	p.cmd.Env = append(append(os.Environ(), "LAMPLIGHT_PUSH_PLAIN=127.0.0.1"), p.env...)
	p.cmd.Stdout, p.cmd.Stderr = log, log
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
	if err := p.cmd.Start(); err != nil {
		p.cmd = nil
		return fmt.Errorf("%w; 'make build' builds it", err)
	}
	for {
		_, err := wire.Dial(ctx, wire.Options{URL: d.server.Bus.URL, CA: d.server.Certs.Pool})
		var refused *console.Error
		if errors.As(err, &refused) { // it lets nobody in without a name
			return nil
		}
		if err := pause(ctx, 10*time.Millisecond); err != nil {
			return fmt.Errorf("the server does not answer: %w", err)
		}
	}
}

// stop sends it a signal that ends it, and returns when it has ended, with how.
func (p *serverProcess) stop(sig syscall.Signal) error {
	if p.cmd == nil {
		return nil
	}
	cmd := p.cmd
	p.cmd = nil
	if err := cmd.Process.Signal(sig); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	if err := cmd.Wait(); err != nil && sig != syscall.SIGKILL {
		return fmt.Errorf("the server ended: %w", err)
	}
	return nil
}
