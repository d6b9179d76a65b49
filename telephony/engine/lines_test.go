package engine_test

import (
	"testing"
	"time"

	"lamplight/telephony"
	"lamplight/telephony/switchtest"
)

// A call may mean several numbers, and nobody's number is somebody's call all the same.
func TestWhoseCallItIs(t *testing.T) {
	const nobodys, trunk = telephony.Number("+13125559999"), telephony.Number("7007")
	for name, test := range map[string]struct {
		did, extra telephony.Number
		also       []telephony.Number
		account    telephony.AccountID // "" for the apology
		shown      telephony.Number
	}{
		"dialled":                                {plain.DID, english.DID, []telephony.Number{spanish.DID}, plain.Account, plain.DID},
		"meant, an account of the trunk dialled": {trunk, english.DID, []telephony.Number{nobodys, plain.DID}, plain.Account, plain.DID},
		"nobody's, caught":                       {nobodys, plain.DID, nil, plain.Account, nobodys},
		"nobody's":                               {nobodys, "", nil, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, nil, func(w *world) {
				w.stop()
				w.extra = test.extra
				w.start()
				w.pass(2 * time.Second)
				leg := w.sw.Arrive(test.did, "+13125559876", "Ana Paz", test.also...)
				w.pass(time.Second)
				calls := w.led.all()
				if test.account == "" {
					if len(calls) != 0 || len(w.sw.Playing(leg)) != 1 {
						t.Errorf("%d calls, %d prompts", len(calls), len(w.sw.Playing(leg)))
					}
				} else if len(calls) != 1 || calls[0].Account != test.account || calls[0].DID != test.shown ||
					calls[0].State != telephony.Waiting {
					t.Errorf("the calls: %+v", calls)
				}
				w.sw.HangUp(leg, 16)
				w.pass(time.Second)
				w.sw.AddVoicemail(telephony.Voicemail{Recording: "vm/1", DID: test.did, Called: test.also, At: time.Now()},
					switchtest.SilentWAV(time.Second))
				w.pass(40 * time.Second)
				want := plain.DID
				if test.account == "" {
					want = test.did
				}
				if got := w.led.voicemails["vm/1"].DID; got != want {
					t.Errorf("the voicemail is for %s, want %s", got.Reveal(), want.Reveal())
				}
				w.clean()
			})
		})
	}
}
