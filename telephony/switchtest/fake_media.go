package switchtest

import (
	"context"
	"maps"
	"slices"
	"time"

	"lamplight/telephony"
)

// Play implements telephony.Switch.
func (f *Fake) Play(ctx context.Context, p telephony.Play) error {
	return f.do(ctx, "Play", string(p.ID)+" "+string(p.Bridge), func() error {
		if f.bridges[p.Bridge] == nil {
			return telephony.ErrGone
		}
		if f.plays[p.ID] != nil {
			return nil
		}
		x := &play{Play: p}
		f.plays[p.ID] = x
		if f.PromptLength > 0 {
			x.timer = time.AfterFunc(f.PromptLength*time.Duration(len(p.Prompts)), func() { f.EndPlay(p.ID, false) })
		}
		return nil
	})
}

// StopPlay implements telephony.Switch.
func (f *Fake) StopPlay(ctx context.Context, id telephony.PlayID) error {
	return f.do(ctx, "StopPlay", string(id), func() error {
		f.endPlay(id, false)
		return nil
	})
}

func (f *Fake) endPlay(id telephony.PlayID, failed bool) {
	p := f.plays[id]
	if p == nil {
		return
	}
	stop(p.timer)
	delete(f.plays, id)
	if f.linked {
		f.emit(telephony.Event{Kind: telephony.PlayEnded, Play: id, Bridge: p.Bridge, Failed: failed})
	}
}

// Record implements telephony.Switch.
func (f *Fake) Record(ctx context.Context, id telephony.LegID, r telephony.RecordingID) error {
	return f.do(ctx, "Record", string(id)+" "+string(r), func() error {
		if _, err := f.ours(id); err != nil {
			return err
		}
		if f.recordings[r] == nil {
			f.recordings[r] = &recording{leg: id, live: true, wav: SilentWAV(100 * time.Millisecond)}
		}
		return nil
	})
}

// StopRecording implements telephony.Switch.
func (f *Fake) StopRecording(ctx context.Context, r telephony.RecordingID) error {
	return f.do(ctx, "StopRecording", string(r), func() error {
		f.endRecording(r)
		return nil
	})
}

// endRecordings ends the live recordings of a leg that has gone.
func (f *Fake) endRecordings(id telephony.LegID) {
	for _, r := range slices.Sorted(maps.Keys(f.recordings)) {
		if f.recordings[r].leg == id {
			f.endRecording(r)
		}
	}
}

func (f *Fake) endRecording(r telephony.RecordingID) {
	x := f.recordings[r]
	if x == nil || !x.live {
		return
	}
	x.live = false
	if f.linked {
		f.emit(telephony.Event{Kind: telephony.RecordingEnded, Recording: r, Leg: x.leg})
	}
}

// DeleteRecording implements telephony.Switch.
func (f *Fake) DeleteRecording(ctx context.Context, r telephony.RecordingID) error {
	return f.do(ctx, "DeleteRecording", string(r), func() error {
		delete(f.recordings, r)
		f.voicemails = slices.DeleteFunc(f.voicemails, func(v telephony.Voicemail) bool { return v.Recording == r })
		return nil
	})
}
