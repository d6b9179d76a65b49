package house_test

import (
	"context"
	"testing"

	"lamplight/console"
	"lamplight/telephony"
	"lamplight/telephony/switchtest"
)

// A wall shows who waits and who talks by practice and language, the day's calls that were answered in time, and the agents' states: to a
// supervisor, of the practices they supervise.
func TestAWall(t *testing.T) {
	r := newRig(t)
	sw := r.onTheLine(t)
	agent := r.as(t, "agent")
	sw.AnyPhone = switchtest.PhoneBehavior{Answers: true}
	if _, err := r.Watch(agent); err != nil {
		t.Fatal(err)
	}
	wall := func(who context.Context) (out console.Wall) {
		t.Helper()
		out, err := r.Wall(who)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	boss := r.as(t, "boss")
	if w := wall(boss); w.Total != (console.WallRow{}) || len(w.Rows) != 0 || w.AnswerIn.Seconds() != 20 {
		t.Errorf("before the first call: %+v", w)
	}
	first := sw.Arrive("+13125550100", "+13125550142", "QUINONES XIMENA")
	row := func(w console.Wall, practice string) (out console.WallRow) {
		for _, r := range w.Rows {
			if r.Practice == practice && r.Language == telephony.English {
				out = r
			}
		}
		return out
	}
	until(t, "the caller waits", func() bool { return row(wall(boss), "lakeside").Waiting == 1 })
	if w := wall(boss); w.Rows[0].Since.IsZero() || w.Total.Since != w.Rows[0].Since || len(w.Rows) != 1 {
		t.Errorf("who waits: %+v", w)
	}
	if err := r.Ready(agent); err != nil {
		t.Fatal(err)
	}
	until(t, "they talk", func() bool { w := wall(boss); return w.Total.Talking == 1 && w.Total.Waiting == 0 })
	sw.Arrive("+13125550200", "+13125550143", "OTHERS CALLER")
	until(t, "another waits", func() bool { return row(wall(boss), "bosque").Waiting == 1 })
	w := wall(boss)
	if there := row(w, "bosque"); len(w.Rows) != 2 || w.Rows[0] != there || row(w, "lakeside").Talking != 1 {
		t.Errorf("who waits does not come first: %+v", w)
	}
	if w := wall(r.as(t, "other-boss")); len(w.Rows) != 1 || w.Total.Waiting != 1 || w.Total.Talking != 0 {
		t.Errorf("bosque's own supervisor sees %+v", w)
	}
	states := map[telephony.AgentState]int{}
	for _, a := range wall(boss).Agents {
		states[a.State] = a.Count
	}
	if states[telephony.AgentTalking] != 1 || states[telephony.AgentReady] != 0 {
		t.Errorf("the agents: %v", states)
	}
	sw.HangUp(first, 16)
	until(t, "the call is counted", func() bool {
		w := wall(boss)
		return w.Total.Calls == 1 && w.Total.InTime == 1 && row(w, "lakeside").InTime == 1 && w.Total.Talking == 0
	})
	if w := wall(r.as(t, "other-boss")); w.Total.Calls != 0 {
		t.Errorf("bosque's own supervisor sees %+v", w)
	}
}
