package ari

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"lamplight/telephony"
)

// takeUp is how long each step of starting a recorder may take. It takes milliseconds, unless the machine is very busy
// or the leg ends just then.
const takeUp = 5 * time.Second

// The pauses between two tries of settle.
const (
	firstTry = 2 * time.Millisecond
	lastTry  = 100 * time.Millisecond
)

// retryUntilReady repeats a command to a snoop while Asterisk answers that the snoop is not in Stasis. Asterisk says that a snoop
// was made a moment before a thread of its own has brought it there; on a busy machine the next command comes first.
func (c *Client) retryUntilReady(ctx context.Context, ended <-chan struct{}, command func() error) error {
	late := time.NewTimer(takeUp)
	defer late.Stop()
	for pause := firstTry; ; pause = min(2*pause, lastTry) {
		err := command()
		if code := status(err); code != http.StatusConflict && code != http.StatusUnprocessableEntity {
			return err
		}
		again := time.NewTimer(pause)
		select {
		case <-again.C:
			continue
		case <-ended:
		case <-late.C: // not ErrGone, which would mean that a new try is needless
			err = fmt.Errorf("ari: the snoop was not ours to command within %v: %v", takeUp, err) //nolint:errorlint // see above
		case <-ctx.Done():
			err = fmt.Errorf("ari: wait for a snoop: %w", ctx.Err())
		}
		again.Stop()
		return err
	}
}

// startRecorder gives a fresh snoop the recording's name and sends it to the dialplan, which starts MixMonitor and gives
// the snoop back.
func (c *Client) startRecorder(ctx context.Context, r telephony.RecordingID, rec *recording) error {
	say := telephony.LegID(sayPrefix + string(r))
	err := c.retryUntilReady(ctx, rec.ended, func() error { return c.set(ctx, "name recording", say, "REC", c.cfg.App+"/"+string(r)) })
	if err != nil {
		return err
	}
	return c.retryUntilReady(ctx, rec.ended, func() error {
		err := c.call(ctx, "record", func() error {
			return c.rest.Channel().Continue(channelKey(say), contextRecorder, "s", 1)
		})
		if status(err) == http.StatusConflict {
			// It was in Stasis before: a command sent twice over a connection that broke has sent it on already.
			if there, look := c.atRecorder(ctx, string(say)); look == nil && there {
				return nil
			}
		}
		return err
	})
}

// atRecorder tells whether a snoop has gone to the dialplan's recorder; it is still there when it has come back.
func (c *Client) atRecorder(ctx context.Context, id string) (bool, error) {
	ch, err := c.channel(ctx, id)
	if err != nil {
		return false, fmt.Errorf("record: %w", err)
	}
	return ch.Dialplan.Context == contextRecorder, nil
}
