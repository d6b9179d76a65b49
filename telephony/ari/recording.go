package ari

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/CyCoreSystems/ari/v5"

	"lamplight/telephony"
)

// A recorder is two snoops and a bridge, named after their recording. "say" hears what the leg says and bears the
// MixMonitor, "hear" what the leg hears.
const (
	sayPrefix    = "rec-say-"
	hearPrefix   = "rec-hear-"
	bridgePrefix = "rec-bridge-"
	argRecorder  = "recorder"
)

// A recording is one that runs. recording is closed when MixMonitor is at work, ended when the snoop has gone.
type recording struct {
	leg       telephony.LegID
	recording chan struct{}
	ended     chan struct{}
	begun     bool // recording is closed
	joined    bool // Record has succeeded
	mending   bool // it is being started anew: its snoops go and come
	stopped   bool // StopRecording was asked for
	talk      bool // the dialplan's, of an agent's leg
	stale     bool // known from an earlier connection; the next Snapshot shows whether it runs still
}

var recordingName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,119}$`)

func isSnoop(id string) bool {
	_, _, listens := listener(id)
	return listens || strings.HasPrefix(id, sayPrefix) || strings.HasPrefix(id, hearPrefix)
}

func recorderOf(bridge string) (telephony.RecordingID, bool) {
	r, ok := strings.CutPrefix(bridge, bridgePrefix)
	return telephony.RecordingID(r), ok
}

// Record implements telephony.Switch. It returns when the file is being written.
func (c *Client) Record(ctx context.Context, leg telephony.LegID, r telephony.RecordingID) error {
	if !recordingName.MatchString(string(r)) {
		return fmt.Errorf("ari: record: %q cannot name a recording", r)
	}
	c.mu.Lock()
	rec := c.recordings[r]
	if rec == nil {
		rec = newRecording(leg)
		c.recordings[r] = rec
	}
	joined := rec.joined && !rec.stale
	c.mu.Unlock()
	if joined {
		return nil
	}
	if err := c.record(ctx, leg, r, rec); err != nil {
		c.drop(r, rec)
		if c.life.Err() == nil { // before the answer, so that it does not take down what a second try makes
			c.takeDown(context.WithoutCancel(ctx), r)
		}
		return err
	}
	return nil
}

func newRecording(leg telephony.LegID) *recording {
	return &recording{leg: leg, recording: make(chan struct{}), ended: make(chan struct{})}
}

func (c *Client) record(ctx context.Context, leg telephony.LegID, r telephony.RecordingID, rec *recording) error {
	say, hear := sayPrefix+string(r), hearPrefix+string(r)
	made, err := c.snoop(ctx, leg, say, ari.SnoopOptions{Spy: ari.DirectionIn})
	if err != nil {
		return err
	}
	if _, err := c.snoop(ctx, leg, hear, ari.SnoopOptions{Spy: ari.DirectionOut}); err != nil {
		return err
	}
	b := telephony.BridgeID(bridgePrefix + string(r))
	if err := c.MakeBridge(ctx, b); err != nil {
		return err
	}
	if !made { // by an earlier life, or by a command that was repeated: it may not have gone to the dialplan yet
		there, err := c.atRecorder(ctx, say)
		if err != nil {
			return err
		}
		made = !there
	}
	if made {
		if err := c.startRecorder(ctx, r, rec); err != nil {
			return err
		}
	}
	select {
	case <-rec.recording:
	case <-rec.ended:
		return fmt.Errorf("ari: record: %w", telephony.ErrGone)
	case <-ctx.Done():
		return fmt.Errorf("ari: record: %w", ctx.Err())
	case <-time.After(takeUp):
		return fmt.Errorf("ari: record: the dialplan's %s did not take up the recorder", contextRecorder)
	}
	err = c.retryUntilReady(ctx, rec.ended, func() error { return c.Join(ctx, b, telephony.LegID(say), telephony.LegID(hear)) })
	if err != nil {
		return err
	}
	c.mu.Lock()
	rec.joined = true
	c.mu.Unlock()
	return nil
}

// snoop makes one snoop of a leg; made is false when it was there.
func (c *Client) snoop(ctx context.Context, leg telephony.LegID, id string, o ari.SnoopOptions) (made bool, err error) {
	o.App = c.cfg.App
	err = c.call(ctx, "snoop", func() error {
		_, err := c.rest.Channel().Snoop(channelKey(leg), id, &o)
		return err
	})
	// Asterisk answers 500 to an id in use, and to much else.
	if code := status(err); code == http.StatusConflict || code == http.StatusInternalServerError {
		if _, there := c.channel(ctx, id); there == nil {
			return false, nil
		}
	}
	return err == nil, orGone(err, http.StatusBadRequest)
}

// snoopStarted learns that the dialplan has given a snoop back, with MixMonitor at work.
func (c *Client) snoopStarted(id string, args []string) {
	r, say := strings.CutPrefix(id, sayPrefix)
	if !say || len(args) == 0 || args[0] != argRecorder {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if rec := c.recordings[telephony.RecordingID(r)]; rec != nil && !rec.begun {
		rec.begun = true
		close(rec.recording)
	}
}

// snoopEnded learns that a snoop has left us. The first time it has gone to the dialplan to be given MixMonitor; the
// second time the recording is over, by our wish or because its leg has ended.
func (c *Client) snoopEnded(id string) {
	name, say := strings.CutPrefix(id, sayPrefix)
	r := telephony.RecordingID(name)
	c.mu.Lock()
	rec := c.recordings[r]
	over := say && rec != nil && rec.begun && !rec.mending
	c.mu.Unlock()
	if over {
		c.recorded(r, rec)
	}
}

// recorded tells that a recording is over, when its file is whole.
func (c *Client) recorded(r telephony.RecordingID, rec *recording) {
	if !c.drop(r, rec) {
		return // it was told
	}
	if !rec.talk {
		c.endRecorder(r)
	}
	c.besides(func() {
		ctx, cancel := context.WithTimeout(c.life, c.cfg.Timeout)
		defer cancel()
		something, err := c.whole(ctx, r)
		if !something && err == nil || rec.talk && !c.isTalk(r) { // or whoever deleted it meanwhile has it
			return
		}
		if err != nil {
			c.log.Warn("a recording did not settle", "recording", r, "error", err)
		}
		c.events.put(telephony.Event{
			Kind: telephony.RecordingEnded, At: time.Now(), Leg: rec.leg, Recording: r, Failed: err != nil,
		})
	})
}

// drop forgets a running recording; false when it was forgotten before.
func (c *Client) drop(r telephony.RecordingID, rec *recording) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.recordings[r] != rec {
		return false
	}
	delete(c.recordings, r)
	close(rec.ended)
	return true
}

// endRecorder takes down what is left of a recorder, in its own time: nothing waits on it.
func (c *Client) endRecorder(r telephony.RecordingID) {
	c.besides(func() { c.takeDown(c.life, r) })
}

// takeDown is endRecorder, waited for.
func (c *Client) takeDown(ctx context.Context, r telephony.RecordingID) {
	ctx, cancel := context.WithTimeout(ctx, takeUp)
	defer cancel()
	if err := c.removeRecorder(ctx, r); err != nil && c.life.Err() == nil {
		c.log.Warn("a recorder was not taken down; the next snapshot will", "recording", r, "error", err)
	}
}

// StopRecording implements telephony.Switch. The dialplan's end with their leg.
func (c *Client) StopRecording(ctx context.Context, r telephony.RecordingID) error {
	if c.isTalk(r) {
		return nil
	}
	c.mu.Lock()
	if rec := c.recordings[r]; rec != nil {
		rec.stopped = true
	}
	c.mu.Unlock()
	return c.removeRecorder(ctx, r)
}

func (c *Client) removeRecorder(ctx context.Context, r telephony.RecordingID) error {
	return errors.Join(
		c.Hangup(ctx, telephony.LegID(sayPrefix+string(r))),
		c.Hangup(ctx, telephony.LegID(hearPrefix+string(r))),
		c.RemoveBridge(ctx, telephony.BridgeID(bridgePrefix+string(r))),
	)
}

// DeleteRecording implements telephony.Switch. A recording that is not there is success.
func (c *Client) DeleteRecording(ctx context.Context, r telephony.RecordingID) error {
	for _, name := range c.storedNames(r) {
		if err := c.deleteStored(ctx, name); err != nil {
			return err
		}
	}
	if err := c.forgetKept(ctx, r); err != nil {
		return err
	}
	c.mu.Lock()
	delete(c.talks, r)
	c.mu.Unlock()
	return nil
}

// liveRecordings picks the running recordings out of all channels.
func (c *Client) liveRecordings(channels []channel) []telephony.RecordingID {
	var live []telephony.RecordingID
	c.mu.Lock()
	defer c.mu.Unlock()
	live = c.liveTalks(channels)
	for _, ch := range channels {
		args, in := ch.inStasis(c.cfg.App)
		name, say := strings.CutPrefix(ch.ID, sayPrefix)
		if !say || !in || len(args) == 0 || args[0] != argRecorder {
			continue
		}
		r := telephony.RecordingID(name)
		live = append(live, r)
		if rec := c.recordings[r]; rec != nil {
			rec.stale = false
			continue
		}
		rec := newRecording("") // an earlier life's: its end shall be told
		rec.begun = true
		close(rec.recording)
		c.recordings[r] = rec
	}
	for r, rec := range c.recordings {
		if rec.stale { // it ended while we were away
			delete(c.recordings, r)
			close(rec.ended)
		}
	}
	return live
}

// waitWritten waits until a stored file no longer grows, and tells its size: MixMonitor writes its last buffer after its channel
// has gone.
func (c *Client) waitWritten(ctx context.Context, name string) (size int64, err error) {
	last := int64(-1)
	for {
		sound, n, err := c.openStored(ctx, name)
		if err != nil {
			return 0, explain("look at recording", err)
		}
		if err := sound.Close(); err != nil {
			return 0, err
		}
		if n == last {
			return n, nil
		}
		last = n
		select {
		case <-time.After(writeTime):
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	}
}

const writeTime = 100 * time.Millisecond
