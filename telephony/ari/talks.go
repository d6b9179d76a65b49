package ari

import (
	"context"
	"io"
	"slices"
	"strings"
	"time"

	"lamplight/telephony"
)

// A talk is recorded by the dialplan, from the answer of the agent's leg to its end: it takes no command, and no channel but
// the agent's. MixMonitor there has only a tenth of a second of patience with one side: where a phone, or its network, is held
// up for longer, up to two frames of what the other said just then are missing. It cannot be started anew either, so that it
// may miss a new source of the other leg's sound: SourceChanged tells. Such a recording is stored apart from the others,
// because its sides are the other way round.

// talkDir is where Asterisk keeps them.
func (c *Client) talkDir() string { return c.cfg.App + "-agent/" }

// formatOf is the format of a leg's sound that the dialplan told, "(ulaw|alaw)", or of several the likeliest, which is the first;
// "" from an older dialplan.
func formatOf(args []string) string {
	if len(args) < 3 {
		return ""
	}
	first, _, _ := strings.Cut(strings.Trim(args[2], "()"), "|")
	return first
}

// begun notes the recording that the dialplan has begun with an agent's leg, by the arguments of its entry. The caller holds mu.
func (c *Client) begun(id telephony.LegID, args []string) telephony.RecordingID {
	if len(args) < 2 || args[0] != argAgent || args[1] == "" {
		return ""
	}
	r := telephony.RecordingID(args[1])
	rec := c.recordings[r]
	if rec == nil {
		rec = newRecording(id)
		rec.begun, rec.joined, rec.talk = true, true, true
		close(rec.recording)
		c.recordings[r], c.talks[r], c.talkOf[id] = rec, true, r
	}
	rec.stale = false
	return r
}

// talkEnded sees to the recording of a leg that has left us to be hung up. Its channel's end, which is not always told, follows.
func (c *Client) talkEnded(id telephony.LegID) {
	c.mu.Lock()
	_, recorded := c.talkOf[id]
	c.mu.Unlock()
	if recorded {
		time.AfterFunc(takeUp, func() { c.talkRecorded(id) })
	}
}

// talkRecorded tells, once, that the recording of a leg whose channel has gone is over.
func (c *Client) talkRecorded(id telephony.LegID) {
	c.mu.Lock()
	r := c.talkOf[id]
	rec := c.recordings[r]
	delete(c.talkOf, id)
	c.mu.Unlock()
	if rec != nil {
		c.recorded(r, rec)
	}
}

// isTalk tells the recordings of the dialplan from those of Record.
func (c *Client) isTalk(r telephony.RecordingID) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.talks[r]
}

// liveTalks finds the recordings of the dialplan that run, in our application or, when the fail-safe has the leg, outside. The
// caller holds mu.
func (c *Client) liveTalks(channels []channel) (live []telephony.RecordingID) {
	for _, ch := range channels {
		r := ch.Vars[varRec]
		args, in := ch.inStasis(c.cfg.App)
		if r == "" || ch.State != "Up" || in && !(len(args) > 1 && args[1] == r) {
			continue
		}
		live = append(live, c.begun(telephony.LegID(ch.ID), []string{argAgent, r}))
	}
	for id, r := range c.talkOf { // it ended where its end is not told
		if slices.Contains(live, r) || c.legs[id] != nil {
			continue
		}
		delete(c.talkOf, id)
		if rec := c.recordings[r]; rec != nil {
			delete(c.recordings, r)
			close(rec.ended)
		}
	}
	return live
}

// whole tells whether anything was recorded of a talk, when its file is whole, and deletes it if not.
func (c *Client) whole(ctx context.Context, r telephony.RecordingID) (something bool, err error) {
	n, err := c.waitWritten(ctx, c.stem(r))
	if err == nil && n == 0 && c.isTalk(r) {
		return false, c.DeleteRecording(ctx, r)
	}
	return true, err
}

// swapped turns the sides of 16-bit stereo sound round as it is read.
type swapped struct{ from io.Reader }

func (s swapped) Read(b []byte) (n int, err error) {
	n, err = io.ReadFull(s.from, b[:len(b)/4*4])
	if err == io.ErrUnexpectedEOF {
		err = io.EOF
	}
	for p := b[:n/4*4]; len(p) > 0; p = p[4:] {
		p[0], p[1], p[2], p[3] = p[2], p[3], p[0], p[1]
	}
	return n, err
}
