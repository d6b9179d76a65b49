package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"lamplight/console"
	"lamplight/notes/keyfile"
	"lamplight/telephony"
	"lamplight/telephony/phone"
)

// deskWindow is the desk's own program on a screen that nobody sees. It tells in its log when a pop was painted.
type deskWindow struct {
	screen, desk *exec.Cmd
	painted      chan paint
	left         chan error
}

// paint is the log line of a pop that stands on the screen.
type paint struct {
	Msg  string
	Call telephony.CallID
	At   time.Time
}

// startDeskWindow starts the desk that was built beside this program, under Xvfb, signed in as the supervisor.
func startDeskWindow(ctx context.Context, d *demo, dir string) (w *deskWindow, err error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	program := filepath.Join(filepath.Dir(self), "console")
	if _, err := os.Stat(program); err != nil {
		return nil, errors.New("no desk beside this program; 'make build' builds it")
	}
	if _, err := exec.LookPath("Xvfb"); err != nil {
		return nil, errors.New("no Xvfb on this machine")
	}
	w = &deskWindow{painted: make(chan paint, 16), left: make(chan error, 1)}
	defer func() {
		if err != nil {
			err = errors.Join(err, w.close())
		}
	}()
	display, err := w.openScreen(ctx)
	if err != nil {
		return w, err
	}
	code, err := d.keys.code(desks[2].ID, time.Now().Add(30*time.Second)) // this moment's has been used by the supervisor's desk client
	if err != nil {
		return w, err
	}
	password := d.server.State.Keys("demo-password")
	if err = keyfile.Replace(password, []byte(d.keys.Password), 0o600); err != nil {
		return w, err
	}
	w.desk = exec.Command(program, "--server", d.server.Bus.URL, "--ca", d.server.Certs.CAFile, "--login", string(desks[2].ID),
		"--password-file", password, "--data", filepath.Join(dir, "desk"), "--sound", "none")
	w.desk.Env = append(os.Environ(), "LAMPLIGHT_CODE="+code, "DISPLAY="+display, "WAYLAND_DISPLAY=")
	w.desk.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
	log, err := w.desk.StderrPipe()
	if err != nil {
		return w, err
	}
	if err = w.desk.Start(); err != nil {
		return w, err
	}
	go w.read(log)
	return w, nil
}

// openScreen starts Xvfb on a display of its choosing.
func (w *deskWindow) openScreen(ctx context.Context) (display string, err error) {
	r, told, err := os.Pipe()
	if err != nil {
		return "", err
	}
	defer r.Close()
	w.screen = exec.Command("Xvfb", "-displayfd", "3", "-screen", "0", "1280x800x24", "-nolisten", "tcp")
	w.screen.ExtraFiles = []*os.File{told}
	w.screen.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
	err = w.screen.Start()
	if cerr := told.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return "", fmt.Errorf("start Xvfb: %w", err)
	}
	stop := context.AfterFunc(ctx, func() { _ = r.Close() }) // unblocks the read; the error it gives is told below
	defer stop()
	line, err := bufio.NewReader(r).ReadString('\n')
	if err != nil {
		return "", fmt.Errorf("start Xvfb: %w", err)
	}
	return ":" + strings.TrimSpace(line), nil
}

// read passes the painted lines of the desk's log on until the desk ends.
func (w *deskWindow) read(log io.Reader) {
	sc := bufio.NewScanner(log)
	for sc.Scan() {
		var p paint
		if json.Unmarshal(sc.Bytes(), &p) == nil && p.Msg == "painted" {
			w.painted <- p
		}
	}
	w.left <- w.desk.Wait()
}

// close ends the desk and its screen.
func (w *deskWindow) close() error {
	if w.desk != nil && w.desk.Process != nil {
		if err := syscall.Kill(-w.desk.Process.Pid, syscall.SIGTERM); err != nil && !errors.Is(err, syscall.ESRCH) {
			return err
		}
		select {
		case <-w.left:
		case <-time.After(5 * time.Second):
			if err := syscall.Kill(-w.desk.Process.Pid, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
				return err
			}
			<-w.left
		}
	}
	if w.screen == nil || w.screen.Process == nil {
		return nil
	}
	if err := w.screen.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	var ended *exec.ExitError
	if err := w.screen.Wait(); !errors.As(err, &ended) {
		return err
	}
	return nil
}

// until waits for the pop of one call to be painted.
func (w *deskWindow) until(ctx context.Context, call telephony.CallID) (time.Time, error) {
	for {
		select {
		case p := <-w.painted:
			if p.Call == call {
				return p.At, nil
			}
		case err := <-w.left:
			w.left <- err // close looks there too
			return time.Time{}, fmt.Errorf("the desk ended: %w", err)
		case <-ctx.Done():
			return time.Time{}, fmt.Errorf("the pop was not painted: %w", ctx.Err())
		}
	}
}

// windowCall has a call pop up in the window; the caller hangs up when it is painted, and the board is cleared.
func (b *bench) windowCall(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, markLimit)
	defer cancel()
	s := b.super
	if err := errors.Join(console.AskPause.Do(ctx, b.agent.desk, console.PauseRequest{Reason: "other"}),
		console.AskReady.Do(ctx, s.desk, console.Nothing{})); err != nil {
		return err
	}
	if err := s.until(ctx, func(d deskState) bool { return d.agent == telephony.AgentReady }); err != nil {
		return fmt.Errorf("the window's agent is not ready: %w", err)
	}
	s.seen.pop, s.seen.gone = nil, ""
	var dialling errgroup.Group
	var caller *phone.Call
	from := b.demo.script(0)
	t0 := time.Now()
	dialling.Go(func() (err error) {
		caller, err = b.agent.network.Dial(ctx, phone.Outgoing{Number: from.DID, From: from.ANI, Name: from.Name})
		return err
	})
	if err := s.until(ctx, func(d deskState) bool { return d.pop != nil }); err != nil {
		return errors.Join(fmt.Errorf("no pop at the supervisor's desk: %w", err), dialling.Wait())
	}
	call := s.seen.pop.Call
	at, err := b.window.until(ctx, call)
	if err := errors.Join(err, dialling.Wait()); err != nil {
		return err
	}
	b.painted.ours(b.now, at.Sub(t0))
	if err := caller.Hangup(ctx); err != nil {
		return err
	}
	if err := s.until(ctx, func(d deskState) bool { return d.gone == call }); err != nil {
		return fmt.Errorf("the pop stayed: %w", err)
	}
	if err := console.AskPause.Do(ctx, s.desk, console.PauseRequest{Reason: "other"}); err != nil {
		return err
	}
	if err := s.until(ctx, func(d deskState) bool { return d.owes(call) }); err != nil {
		return fmt.Errorf("no row to call back: %w", err)
	}
	return console.AskCloseAbandoned.Do(ctx, s.desk, console.CallOutcome{Call: call, Outcome: "bench"})
}

// owes tells whether the board shows that a call must be called back.
func (s deskState) owes(call telephony.CallID) bool {
	for _, r := range s.board.Rows {
		if r.Kind == "callback" && r.Call == call {
			return true
		}
	}
	return false
}

// until reads the supervisor's events until their desk shows what is wanted.
func (s *supervisor) until(ctx context.Context, wanted func(deskState) bool) error {
	for !wanted(s.seen) {
		select {
		case e, ok := <-s.events:
			if !ok {
				return errors.New("the desk's events ended")
			}
			s.seen.take(e)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}
