package engine_test

import (
	"math"
	"testing"
	"time"

	"lamplight/telephony"
)

// TestTheServiceLevelIsADays: of two calls answered at once and one given up in the queue it is two thirds; so it stays when the
// process is another, until midnight where the service is. The caller whom nobody drove counts as not answered.
func TestTheServiceLevelIsADays(t *testing.T) {
	inWorld(t, []telephony.Agent{ana}, func(w *world) {
		w.stop()
		w.zone = time.FixedZone("service", 22*60*60) // the day ends at 2:00 of this world's clock, which begins at 0:00
		w.start()
		level := func(when string, want float64) {
			t.Helper()
			w.pass(70 * time.Second) // a count, whether calls move or not
			if got := w.eng.Figures().ServiceLevel; math.Abs(got-want) > 0.001 {
				t.Errorf("%s the service level is %.3f, want %.3f", when, got, want)
			}
		}
		level("before any call", -1)
		for range 2 {
			caller, _ := w.arrive(plain.DID)
			w.talk(ana, caller)
			w.sw.HangUp(caller, 16)
			w.pass(time.Second)
			w.must(w.eng.WrapUpDone(w.t.Context(), ana.ID))
		}
		level("after two answered", 1)
		w.must(w.eng.Pause(w.t.Context(), ana.ID, "break"))
		caller, _ := w.arrive(plain.DID)
		w.pass(30 * time.Second)
		level("while one waits", 1)
		w.sw.HangUp(caller, 16)
		level("after it was given up", 2./3)
		w.restart(3 * time.Second)
		level("after a restart", 2./3)
		w.led.set(true, false)
		level("while the record is away", 2./3)
		w.led.set(false, false)
		w.pass(2 * time.Hour)
		level("the next day", -1)
	})
}
