package engine_test

import (
	"context"
	"io"
	"sync"
	"time"

	"lamplight/telephony"
	"lamplight/telephony/switchtest"
)

// watched is a Fake that calls hit before and after every command that moves something, and may tell every event
// twice.
type watched struct {
	*switchtest.Fake
	hit   func()
	twice bool
	once  sync.Once
	out   chan telephony.Event
}

func (w *watched) around(do func() error) error {
	w.hit()
	err := do()
	w.hit()
	return err
}

func (w *watched) Events() <-chan telephony.Event {
	if !w.twice {
		return w.Fake.Events()
	}
	w.once.Do(func() {
		w.out = make(chan telephony.Event)
		go func() {
			defer close(w.out)
			for ev := range w.Fake.Events() {
				w.out <- ev
				w.out <- ev
			}
		}()
	})
	return w.out
}

func (w *watched) Ring(ctx context.Context, l telephony.LegID) error {
	return w.around(func() error { return w.Fake.Ring(ctx, l) })
}
func (w *watched) Answer(ctx context.Context, l telephony.LegID) error {
	return w.around(func() error { return w.Fake.Answer(ctx, l) })
}
func (w *watched) Hangup(ctx context.Context, l telephony.LegID) error {
	return w.around(func() error { return w.Fake.Hangup(ctx, l) })
}
func (w *watched) Originate(ctx context.Context, o telephony.Originate) error {
	return w.around(func() error { return w.Fake.Originate(ctx, o) })
}
func (w *watched) MakeBridge(ctx context.Context, b telephony.BridgeID) error {
	return w.around(func() error { return w.Fake.MakeBridge(ctx, b) })
}
func (w *watched) RemoveBridge(ctx context.Context, b telephony.BridgeID) error {
	return w.around(func() error { return w.Fake.RemoveBridge(ctx, b) })
}
func (w *watched) Join(ctx context.Context, b telephony.BridgeID, l ...telephony.LegID) error {
	return w.around(func() error { return w.Fake.Join(ctx, b, l...) })
}
func (w *watched) Leave(ctx context.Context, b telephony.BridgeID, l telephony.LegID) error {
	return w.around(func() error { return w.Fake.Leave(ctx, b, l) })
}
func (w *watched) Play(ctx context.Context, p telephony.Play) error {
	return w.around(func() error { return w.Fake.Play(ctx, p) })
}
func (w *watched) StopPlay(ctx context.Context, p telephony.PlayID) error {
	return w.around(func() error { return w.Fake.StopPlay(ctx, p) })
}
func (w *watched) Wait(ctx context.Context, l telephony.LegID) error {
	return w.around(func() error { return w.Fake.Wait(ctx, l) })
}
func (w *watched) Record(ctx context.Context, l telephony.LegID, r telephony.RecordingID) error {
	return w.around(func() error { return w.Fake.Record(ctx, l, r) })
}
func (w *watched) StopRecording(ctx context.Context, r telephony.RecordingID) error {
	return w.around(func() error { return w.Fake.StopRecording(ctx, r) })
}
func (w *watched) FetchRecording(ctx context.Context, r telephony.RecordingID, to io.Writer) error {
	return w.around(func() error { return w.Fake.FetchRecording(ctx, r, to) })
}
func (w *watched) DeleteRecording(ctx context.Context, r telephony.RecordingID) error {
	return w.around(func() error { return w.Fake.DeleteRecording(ctx, r) })
}
func (w *watched) Renew(ctx context.Context, l telephony.LegID, d time.Duration) error {
	return w.around(func() error { return w.Fake.Renew(ctx, l, d) })
}
func (w *watched) SetPeer(ctx context.Context, a, b telephony.LegID) error {
	return w.around(func() error { return w.Fake.SetPeer(ctx, a, b) })
}
func (w *watched) Snapshot(ctx context.Context) (s telephony.Snapshot, err error) {
	return s, w.around(func() error { s, err = w.Fake.Snapshot(ctx); return err })
}
