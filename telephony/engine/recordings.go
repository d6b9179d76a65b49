package engine

import (
	"context"
	"errors"
	"io"
	"lamplight/telephony"
	"time"
)

// recordingOf names a recording of a call.
func recordingOf(c telephony.CallID, at time.Time) telephony.RecordingID {
	return telephony.RecordingID(marked(c, 'r', at))
}

// record sees that an agent's talk is recorded, which the switch has begun itself; a provider's with a patient is theirs alone.
func (e *Engine) record(c *call) {
	if c.Agent != "" && c.rec == "" {
		e.recordCaller(c)
	}
}

// recordCaller records what a caller says and hears, besides what is recorded of the agent's leg, from when that may miss something:
// it has nothing of a supervisor who barges in, and may have nothing more of the caller when their sound comes from another source, or
// when of three who talk one has gone.
func (e *Engine) recordCaller(c *call) {
	if c.callersRec != "" {
		return
	}
	r, leg := recordingOf(c.ID, e.cfg.Now()), c.waiter().id
	c.callersRec = r
	e.push(&c.lane, func(ctx context.Context) error {
		return e.command(ctx, func(ctx context.Context) error { return e.cfg.Switch.Record(ctx, leg, r) })
	}, func(err error) {
		if err != nil && c.callersRec == r {
			c.callersRec = ""
		}
		e.failed(c, "record a call", err, "")
	})
}

// recordBarge records what a supervisor says to a caller.
func (e *Engine) recordBarge(c *call) {
	if c.Supervision.Mode == telephony.Barge {
		e.recordCaller(c)
	}
}

// unrecord ends a call's recordings; their end is told, or found by the next survey; then they are kept.
func (e *Engine) unrecord(c *call) {
	for _, r := range []telephony.RecordingID{c.rec, c.callersRec} {
		if r == "" {
			continue
		}
		e.push(&c.lane, func(ctx context.Context) error {
			return e.mustCommand(ctx, func(ctx context.Context) error { return e.cfg.Switch.StopRecording(ctx, r) })
		}, func(err error) { e.failed(c, "stop a recording", err, "") })
	}
}

// fileTime is what a switch may need to finish the file of a recording that ended.
const fileTime = time.Second

// keep takes a finished recording into the ledger and off the switch, as often as it takes: a recording leaves the
// switch only after it is kept, and stays listed there until then, so that the next engine finds it. ended says that
// the switch told its end; otherwise it is ended first, and the switch given time to finish the file.
func (e *Engine) keep(r telephony.RecordingID, ended bool) {
	id := callOfRecording(r)
	if id == "" || e.keeping[r] {
		return
	}
	e.keeping[r] = true
	sw := e.cfg.Switch
	e.work(func(ctx context.Context) error {
		if !ended {
			err := e.mustCommand(ctx, func(ctx context.Context) error { return sw.StopRecording(ctx, r) })
			if errors.Is(err, telephony.ErrUnlinked) || !sleep(ctx, fileTime) {
				return err
			}
		}
		err := e.take(ctx, r, func(ctx context.Context, fetch func(io.Writer) error) error {
			return e.cfg.Ledger.Keep(ctx, id, r, fetch)
		})
		if !ended && errors.Is(err, telephony.ErrGone) {
			return nil // since the survey that saw it, it was kept, or the switch found that it holds nothing
		}
		return err
	}, func(err error) {
		delete(e.keeping, r)
		e.kept(err, "recording", string(r))
	})
}

func (e *Engine) kept(err error, what, id string) {
	switch {
	case err == nil || e.ctx.Err() != nil:
	case errors.Is(err, telephony.ErrUnlinked): // the reconciliation after the next Linked begins again
	default:
		e.cfg.Log.Error("telephony: a "+what+" could not be kept; trying again at the next survey", "id", id, "error", err)
	}
}

// take has the ledger store what fetch brings, then deletes it on the switch.
func (e *Engine) take(ctx context.Context, r telephony.RecordingID, store func(context.Context, func(io.Writer) error) error) error {
	sw := e.cfg.Switch
	wait := 100 * time.Millisecond
	for tries := 1; ; tries++ {
		var fetched error
		one, cancel := context.WithTimeout(ctx, time.Minute)
		err := store(one, func(w io.Writer) error {
			fetched = sw.FetchRecording(one, r, w)
			return fetched
		})
		cancel()
		if err == nil {
			break
		}
		if errors.Is(fetched, telephony.ErrUnlinked) || ctx.Err() != nil {
			return err
		}
		if errors.Is(fetched, telephony.ErrGone) && tries >= 5 {
			return fetched // not there, after all the time a switch may need to finish a file
		}
		if !sleep(ctx, wait) {
			return err
		}
		wait = min(2*wait, 5*time.Second)
	}
	return e.mustCommand(ctx, func(ctx context.Context) error { return sw.DeleteRecording(ctx, r) })
}

// collect takes the fail-safe's voicemails into the ledger. A caller whom we knew before has a call: its end is written first.
func (e *Engine) collect() {
	if !e.linked || e.collecting {
		return
	}
	e.collecting = true
	sw, owed, left := e.cfg.Switch, e.owed(), false
	e.work(func(ctx context.Context) error {
		one, cancel := context.WithTimeout(ctx, e.cfg.CommandFor)
		vs, err := sw.Voicemails(one)
		cancel()
		if err != nil {
			return err
		}
		for _, v := range vs {
			if owed[telephony.CallOf(v.Leg)] {
				left = true
				continue
			}
			err = errors.Join(err, e.take(ctx, v.Recording, func(ctx context.Context, fetch func(io.Writer) error) error {
				v, err := e.voicemailFor(ctx, v)
				if err != nil {
					return err
				}
				return e.cfg.Ledger.KeepVoicemail(ctx, v, fetch)
			}))
		}
		return err
	}, func(err error) {
		e.collecting = false
		e.kept(err, "voicemail", "")
		if left {
			e.after(reconcileAfter, e.collect)
		}
	})
}

// owed are the calls whose end is not in the ledger.
func (e *Engine) owed() map[telephony.CallID]bool {
	out := map[telephony.CallID]bool{}
	for id := range e.calls {
		out[id] = true
	}
	for id, c := range e.ended {
		if !c.owed.written() {
			out[id] = true
		}
	}
	return out
}
