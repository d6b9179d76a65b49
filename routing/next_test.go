package routing

import (
	"strings"
	"testing"
	"time"

	"lamplight/notes"
	"lamplight/routing/oncall"
)

// TestNextIsAnotherPerson: who has the week's nights comes back each evening; the one to call next is whoever follows them.
func TestNextIsAnotherPerson(t *testing.T) {
	doc, err := oncall.Parse(strings.NewReader(`{"timezone":"America/Chicago",
		"rotations":[{"name":"weeks","unit":"week","start":"2026-03-02T08:00","turns":["reyes","osei"]}],
		"layers":[{"rotation":"weeks","windows":[{"from":"17:00","to":"08:00"}]}]}`))
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 3, 4, 4, 0, 0, 0, time.UTC)
	s, err := oncall.Compile(doc, at, at.AddDate(0, 0, 14))
	if err != nil {
		t.Fatal(err)
	}
	ladder := Ladder{Rungs: []Rung{{0, "primary", []ChannelKind{Text}}, {3 * time.Minute, "next", []ChannelKind{Text}}}}
	contacts := []notes.Contact{{ID: "reyes", Mobile: "+13125550171"}, {ID: "osei", Mobile: "+13125550172"}}
	p := Resolve(ladder, OnCall(s, ""), Reach{Contacts: contacts}, at)
	if len(p.Attempts) != 2 || p.Attempts[0].Contact != "reyes" || p.Attempts[1].Contact != "osei" {
		t.Errorf("steps %+v", p.Attempts)
	}
}
