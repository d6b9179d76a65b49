package routing

import (
	"slices"
	"testing"
	"time"

	"lamplight/notes"
)

// TestAPracticeThatWritesWithItsPatients must say who is woken by a red flag, whom to call, and in which hours nobody is told.
func TestAPracticeThatWritesWithItsPatients(t *testing.T) {
	doc := PracticeDocument{Account: notes.Account{ID: "lakeside", Name: "Lakeside", TimeZone: "America/Chicago",
		Messaging: &notes.Messaging{Answer: -1, QuietFrom: "9pm", RedFlags: []notes.RedFlag{{}}}}}
	refused := func() (fields []string) {
		for _, p := range CheckPractice(doc, nil, time.Now()).Refused() {
			if len(p.Field) > len("account.messaging") && p.Field[:len("account.messaging")] == "account.messaging" {
				fields = append(fields, p.Field[len("account.messaging"):])
			}
		}
		return fields
	}
	if got := refused(); !slices.Equal(got, []string{".answer", ".afterHours", ".call", ".quietFrom", ".ladder", ".redFlags[0].words"}) {
		t.Errorf("%q", got)
	}
	doc.Account.Messaging = &notes.Messaging{AfterHours: notes.Text{"en": "Call."}, Call: "+13125550100", QuietFrom: "20:00", Ladder: "urgent"}
	doc.Ladders = []byte(`{"ladders":[{"name":"other","version":1,"rungs":[{"after":"0s","who":"primary","channels":["text"]}]}]}`)
	if got := refused(); !slices.Equal(got, []string{".ladder"}) {
		t.Errorf("%q", got)
	}
}
