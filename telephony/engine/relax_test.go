package engine_test

import (
	"testing"
	"time"

	"lamplight/telephony"
	"lamplight/telephony/acd"
)

// TestACallersCircleWidens: who is not the right agent is asked when the line says so, and not a second before.
func TestACallersCircleWidens(t *testing.T) {
	for name, c := range map[string]struct {
		line  telephony.Line // what is special about it
		agent func(*telephony.Agent)
		after time.Duration
	}{
		"without the skill": {telephony.Line{Skills: []string{"cardio"}, Relax: telephony.Relax{SkillsAfter: 30}}, nil, 30 * time.Second},
		"with the skill": {telephony.Line{Skills: []string{"cardio"}, Relax: telephony.Relax{SkillsAfter: 30}},
			func(a *telephony.Agent) { a.Skills = []string{"cardio"} }, 0},
		"who gets by": {telephony.Line{LanguageLevel: telephony.Qualified, Relax: telephony.Relax{LevelAfter: 25}},
			func(a *telephony.Agent) { a.Languages = map[telephony.Language]telephony.Level{"en": telephony.Some} }, 25 * time.Second},
		"who is qualified": {telephony.Line{LanguageLevel: telephony.Qualified, Relax: telephony.Relax{LevelAfter: 25}},
			func(a *telephony.Agent) {
				a.Languages = map[telephony.Language]telephony.Level{"en": telephony.Qualified}
			}, 0},
		"without the language": {telephony.Line{Relax: telephony.Relax{LanguageAfter: 45}},
			func(a *telephony.Agent) { a.Languages = map[telephony.Language]telephony.Level{"es": telephony.Native} }, 45 * time.Second},
		"in the line's group": {telephony.Line{Groups: []string{"day"}}, func(a *telephony.Agent) { a.Groups = []string{"day"} }, 0},
		"in the overflow's group": {telephony.Line{Groups: []string{"day"}, Relax: telephony.Relax{GroupsAfter: 20,
			Overflow: []string{"night"}}},
			func(a *telephony.Agent) { a.Groups = []string{"night"} }, 20 * time.Second},
		"in any group": {telephony.Line{Groups: []string{"day"}, Relax: telephony.Relax{GroupsAfter: 20}},
			func(a *telephony.Agent) { a.Groups = []string{"night"} }, 20 * time.Second},
		"in no group":            {telephony.Line{Groups: []string{"day"}, Relax: telephony.Relax{GroupsAfter: 20}}, nil, 20 * time.Second},
		"the practice's own":     {telephony.Line{OwnOnly: true}, func(a *telephony.Agent) { a.Staff = []telephony.AccountID{plain.Account} }, 0},
		"not the practice's own": {telephony.Line{OwnOnly: true, Relax: telephony.Relax{OutsideAfter: 40}}, nil, 40 * time.Second},
		"first the skill, then the group": {telephony.Line{Skills: []string{"cardio"}, Groups: []string{"day"},
			Relax: telephony.Relax{GroupsAfter: 50, SkillsAfter: 10}}, nil, 50 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			who := agent("bob", telephony.English)
			if c.agent != nil {
				c.agent(&who)
			}
			inWorld(t, []telephony.Agent{who}, func(w *world) {
				line := plain
				line.OwnOnly, line.LanguageLevel = c.line.OwnOnly, c.line.LanguageLevel
				line.Skills, line.Groups, line.Relax = c.line.Skills, c.line.Groups, c.line.Relax
				w.led.lines[line.DID] = line
				_, id := w.arrive(line.DID)
				w.pass(max(0, c.after-time.Second))
				if got := w.desk.lastOffer().Call; c.after > 0 && got != "" {
					t.Errorf("offered %s before %v", got, c.after)
				}
				w.pass(time.Second)
				if got := w.desk.lastOffer().Call; got != id {
					t.Errorf("after %v not offered: %q", c.after, got)
				}
			})
		})
	}
}

// TestAPracticesOwnStaffComeFirst: its calls go to them before the service's agents, who have waited longer, and no other
// practice's do.
func TestAPracticesOwnStaffComeFirst(t *testing.T) {
	own := agent("own", telephony.English)
	own.Staff = []telephony.AccountID{"third", plain.Account}
	inWorld(t, []telephony.Agent{agent("bob", telephony.English), own}, func(w *world) {
		if _, id := w.arrive(plain.DID); w.desk.lastOffer().Call != id || w.desk.lastOffer().Agent != "own" {
			t.Errorf("the practice's call is offered to %+v", w.desk.lastOffer())
		}
		other := plain
		other.DID, other.Account = "+13125550199", "another"
		w.led.lines[other.DID] = other
		if _, id := w.arrive(other.DID); w.desk.lastOffer().Call != id || w.desk.lastOffer().Agent != "bob" {
			t.Errorf("another's call is offered to %+v", w.desk.lastOffer())
		}
	})
}

// TestAGroupIsAskedInItsHours: who is in the night's group alone is asked from ten at night on.
func TestAGroupIsAskedInItsHours(t *testing.T) {
	night := agent("night", telephony.English)
	night.Groups = []string{"night"}
	inWorld(t, nil, func(w *world) {
		w.stop()
		w.agents, w.groups = []telephony.Agent{night}, []acd.Group{{ID: "night", Zone: "UTC",
			Hours: []acd.Hours{{From: 22 * 60, To: 6 * 60}}}}
		w.pass(time.Until(time.Date(2000, 1, 1, 21, 50, 0, 0, time.UTC)))
		w.start()
		_, id := w.arrive(plain.DID)
		w.pass(9 * time.Minute)
		if got := w.desk.lastOffer().Call; got != "" {
			t.Errorf("offered %s before ten", got)
		}
		w.pass(2 * time.Minute)
		if got := w.desk.lastOffer().Call; got != id {
			t.Errorf("after ten not offered: %q", got)
		}
	})
}
