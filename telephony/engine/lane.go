package engine

import (
	"context"
	"errors"
	"lamplight/telephony"
	"time"
)

// A lane runs jobs one after the other, each in a goroutine of its own; the loop owns it, so it needs no lock. A call
// has one for its commands to the switch, so that they arrive in order.
type lane struct {
	jobs []job
	busy bool
}

// A job is work outside the loop: run does it, then takes the result back to the loop.
type job struct {
	run  func(ctx context.Context) error
	then func(error)
}

// push adds a job to a lane.
func (e *Engine) push(l *lane, run func(context.Context) error, then func(error)) {
	l.jobs = append(l.jobs, job{run, then})
	e.advance(l)
}

func (e *Engine) advance(l *lane) {
	if l.busy || len(l.jobs) == 0 {
		return
	}
	j := l.jobs[0]
	l.jobs = l.jobs[1:]
	l.busy = true
	e.work(j.run, func(err error) {
		l.busy = false
		if j.then != nil {
			j.then(err)
		}
		e.advance(l)
	})
}

// runs tells whether a job runs or waits.
func (l *lane) runs() bool { return l.busy || len(l.jobs) > 0 }

// drop forgets the jobs that have not begun.
func (l *lane) drop() { l.jobs = nil }

// work runs run in a goroutine and then in the loop; then is not run when the engine has stopped.
func (e *Engine) work(run func(context.Context) error, then func(error)) {
	e.wg.Go(func() {
		err := run(e.ctx)
		e.post(func() { then(err) })
	})
}

// post has the loop run f. It waits for the loop, never the loop for it.
func (e *Engine) post(f func()) {
	select {
	case e.inbox <- f:
	case <-e.ctx.Done():
	}
}

// after has the loop run f once, d from now; stop it with Stop. f must look whether it is still wanted.
func (e *Engine) after(d time.Duration, f func()) *time.Timer {
	return time.AfterFunc(d, func() { e.post(f) })
}

// command runs one command on the switch, bounded in time, and again when it failed for a reason that may pass.
func (e *Engine) command(ctx context.Context, do func(context.Context) error) error {
	return e.commandFor(ctx, 3, do)
}

// mustCommand is command until it succeeded, or there is nothing left to command, or the switch cannot be reached: then
// the reconciliation after the next Linked does what was left.
func (e *Engine) mustCommand(ctx context.Context, do func(context.Context) error) error {
	return e.commandFor(ctx, 0, do)
}

func (e *Engine) commandFor(ctx context.Context, tries int, do func(context.Context) error) error {
	wait := 50 * time.Millisecond
	for n := 1; ; n++ {
		one, cancel := context.WithTimeout(ctx, e.cfg.CommandFor)
		err := do(one)
		cancel()
		switch {
		case err == nil || errors.Is(err, telephony.ErrGone) || errors.Is(err, telephony.ErrUnlinked):
			return err
		case n == tries || ctx.Err() != nil:
			return err
		}
		if !sleep(ctx, wait) {
			return err
		}
		wait = min(2*wait, 5*time.Second)
	}
}

// sleep waits for d; false when ctx ended first.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
