package wire

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"

	"lamplight/console"
)

// Watch delivers this desk's events in order. The channel closes when ctx ends, when the server stops answering beats,
// or when an event was missed: the desk then watches again and believes the new Hello.
func (c *Client) Watch(ctx context.Context) (<-chan console.Event, error) {
	id := NewToken()
	in := make(chan *nats.Msg, 4096)
	sub, err := c.nc.ChanSubscribe(eventSubject(c.session), in)
	if err != nil {
		return nil, fmt.Errorf("watch: %w (%v)", ErrUnreachable, err)
	}
	stop := func() {
		if err := sub.Unsubscribe(); err != nil && !errors.Is(err, nats.ErrConnectionClosed) && !errors.Is(err, nats.ErrBadSubscription) {
			return // the connection is breaking; its end removes the subscription
		}
	}
	if err := c.notify(ctx, "watch", id); err != nil {
		stop()
		return nil, err
	}
	out := make(chan console.Event, 64)
	ctx, cancel := context.WithCancel(ctx)
	go c.beats(ctx, cancel, id)
	go func() {
		defer close(out)
		defer cancel()
		defer stop()
		deliver(ctx, id, in, out)
	}()
	return out, nil
}

// deliver passes a watch's events on until one is missing.
func deliver(ctx context.Context, id string, in <-chan *nats.Msg, out chan<- console.Event) {
	for n := uint64(1); ; {
		select {
		case <-ctx.Done():
			return
		case m, ok := <-in:
			if !ok {
				return
			}
			var t watchEvent
			if err := console.Decode(aged("watchEvent", m.Data), &t); err != nil {
				return
			}
			if t.Watch != id {
				continue // of the stream before this one
			}
			if t.N != n {
				return
			}
			n++
			select {
			case out <- t.Event:
			case <-ctx.Done():
				return
			}
		}
	}
}

// beats says that the desk is there, and ends the watch when nobody answers.
func (c *Client) beats(ctx context.Context, cancel context.CancelFunc, id string) {
	defer cancel()
	tick := time.NewTicker(BeatEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			b, stop := context.WithTimeout(ctx, BeatLimit-BeatEvery)
			err := c.notify(b, "beat", id)
			stop()
			if err != nil {
				return
			}
		}
	}
}

// notify asks one of the two requests that keep a watch.
func (c *Client) notify(ctx context.Context, name, watch string) error {
	body, err := json.Marshal(watchBody{watch, console.Protocol})
	if err != nil {
		return fmt.Errorf("%s: encode: %w", name, err)
	}
	_, err = c.Ask(ctx, name, body)
	return err
}
