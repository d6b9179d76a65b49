package postgres

import (
	"context"
	"errors"
	"time"
)

// watch starts PostgreSQL again whenever it dies, sooner at first and then each ten seconds, for as long as it takes: while
// it is away nothing can be written down, so there is nothing better to do than to try. One that is slow is left alone: a
// busy disk makes it so, and a recovery would make it slower.
func (c *Cluster) watch(p *process) {
	const shortest, longest = 50 * time.Millisecond, 10 * time.Second
	wait, since := shortest, time.Now()
	for {
		select {
		case <-c.closing:
			c.finish(p)
			return
		case <-p.gone:
		}
		c.setPid(0)
		if time.Since(since) > time.Minute {
			wait = shortest
		}
		c.cfg.Log.Error("PostgreSQL died and is started again", "pid", p.pid, "ran", time.Since(since).Round(time.Millisecond), "how",
			p.how)
		if err := p.release(); err != nil {
			c.cfg.Log.Warn("a dead PostgreSQL's handle", "error", err)
		}
		var up bool
		if p, wait, up = c.again(wait, longest); !up {
			c.finish(nil)
			return
		}
		since = time.Now()
	}
}

// again tries until PostgreSQL is back, or the cluster is being closed.
func (c *Cluster) again(wait, longest time.Duration) (*process, time.Duration, bool) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() {
		select {
		case <-c.closing:
			cancel()
		case <-ctx.Done():
		}
	}()
	for {
		select {
		case <-c.closing:
			return nil, wait, false
		case <-time.After(wait):
		}
		wait = min(2*wait, longest)
		p, err := c.run(ctx)
		if err == nil {
			c.setPid(p.pid)
			c.cfg.Log.Info("PostgreSQL is back", "pid", p.pid)
			return p, wait, true
		}
		if ctx.Err() == nil {
			c.cfg.Log.Error("PostgreSQL does not start", "error", err, "again in", wait)
		}
	}
}

// finish stops the process that runs, if one does, and lets the cluster go.
func (c *Cluster) finish(p *process) {
	c.setPid(0)
	var err error
	if p == nil { // one that was slow to come up may still be there
		p, err = c.adopt()
	}
	if p != nil {
		err = errors.Join(p.stop(), p.release())
	}
	c.closeErr = errors.Join(err, c.owner.Close())
	close(c.done)
}
