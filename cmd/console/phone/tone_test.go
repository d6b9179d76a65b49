package phone

import (
	"io"
	"log/slog"
	"testing"

	"lamplight/telephony/phone/speech"
)

func TestTheDeskRings(t *testing.T) {
	b := New("none", slog.New(slog.NewTextHandler(io.Discard, nil)))
	second := func() float64 {
		pcm := make(speech.PCM, 2*speech.Rate)
		for i := 0; i < len(pcm); i += speech.FrameSize {
			b.fillEar(pcm[i : i+speech.FrameSize])
		}
		return pcm.Level()
	}
	silent := func(what string) {
		t.Helper()
		if got := second(); got != 0 {
			t.Errorf("%s: a level of %.0f", what, got)
		}
	}
	sounds := func(what string) {
		t.Helper()
		if got := second(); got < 500 {
			t.Errorf("%s: a level of %.0f", what, got)
		}
	}
	silent("nothing happens")
	b.rings.Store(true)
	for range 2 {
		sounds("rings")
		sounds("rings")
		for range 4 {
			silent("the pause of the ring")
		}
	}
	sounds("rings a third time")
	b.rings.Store(false)
	silent("answered elsewhere")
	b.Alarm()
	sounds("the alarm")
	second()
	silent("after the alarm")
	b.talk.Store(&talker{})
	b.rings.Store(true)
	b.Alarm()
	silent("in a talk, whose caller is silent")
	b.talk.Store(nil)
	b.rings.Store(false)
	silent("after the talk")
}
