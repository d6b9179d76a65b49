package house_test

import (
	"errors"
	"strings"
	"testing"

	"lamplight/console"
	"lamplight/notes"
	"lamplight/telephony"
)

// Ids, filters and words that no database takes are refused like what does not exist: none is a fault of the server.
func TestWhatNoDatabaseTakesIsRefused(t *testing.T) {
	r := newRig(t)
	r.call(t, "call-1", "lakeside")
	for _, bad := range []string{"\x00", "\xff\xfe", "'; drop table note; --", strings.Repeat("x", 60<<10), "../../etc/passwd", "%00",
		"\u202e"} {
		for _, who := range []string{"doctor", "office", "agent", "boss"} {
			ctx := r.as(t, notes.PersonID(who))
			check := func(way string, err error) {
				t.Helper()
				if err != nil && !errors.As(err, new(*console.Error)) {
					t.Errorf("%s of %.12q as %s: %v", way, bad, who, err)
				}
			}
			r.everything(ctx, notes.NoteID(bad), telephony.CallID(bad), bad, func(way string, _ any, err error) {
				if !strings.Contains(way, "send") && way != "save a draft" && way != "preview" {
					check(way, err)
				}
			})
			for _, f := range []console.CallsFilter{{Search: bad}, {Agent: bad}, {State: console.CallsState(bad)}, {CallType: bad},
				{After: bad}, {From: bad},
				{To: bad}, {Account: telephony.AccountID(bad)}} {
				_, err := r.Calls(ctx, f)
				check("calls", err)
			}
			_, err := r.Week(ctx, telephony.AccountID(bad), "")
			check("week", err)
			_, err = r.Week(ctx, "lakeside", bad)
			check("week", err)
			check("subscribe", r.Subscribe(ctx, console.PushSubscription{Endpoint: "https://push.example/" + bad}))
		}
	}
}
