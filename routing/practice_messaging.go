package routing

import (
	"fmt"
	"maps"
	"slices"

	"lamplight/notes"
)

// maxAnswer is the longest within which a practice promises an answer, in minutes of its office hours: a month of full days.
const maxAnswer = 31 * 24 * 60

// messaging checks how a practice writes with its patients: above all that words of a red flag reach somebody.
func (p *practiceCheck) messaging() {
	m := p.account.Messaging
	if m == nil {
		return
	}
	const at = "account.messaging"
	if m.Answer < 0 || m.Answer > maxAnswer {
		p.refuse(at+".answer", "range", "from", "0", "to", fmt.Sprint(maxAnswer))
	}
	p.words(at+".afterHours", m.AfterHours, true)
	p.number(at+".call", m.Call, false)
	if p.account.Line() == "" {
		p.refuse(at+".call", "missing") // every page of a patient says whom to call
	}
	for _, c := range []struct{ field, clock string }{{".quietFrom", m.QuietFrom}, {".quietTo", m.QuietTo}} {
		if c.clock != "" && !clockForm.MatchString(c.clock) {
			p.refuse(at+c.field, "clock", "value", c.clock)
		}
	}
	if m.Ladder == "" {
		p.refuse(at+".ladder", "missing")
	}
	p.ladderNamed(at+".ladder", m.Ladder)
	for i := range p.few(at+".redFlags", len(m.RedFlags)) {
		said := false
		for _, words := range m.RedFlags[i].Words {
			said = said || slices.ContainsFunc(words, func(w string) bool { return w != "" })
		}
		if !said {
			p.refuse(fmt.Sprintf("%s.redFlags[%d].words", at, i), "no-words")
		}
	}
	p.reminders(at + ".reminders")
}

// mostLeads is how often a patient may be reminded of one appointment.
const mostLeads = 6

// reminders checks how a practice reminds its patients of appointments.
func (p *practiceCheck) reminders(at string) {
	r := p.account.Messaging.Reminders
	if r == nil {
		return
	}
	leads := func(at string, list []string) {
		if len(list) > mostLeads {
			p.refuse(at, "too-many")
		}
		for i, text := range list {
			if _, ok := notes.ReadLead(text); !ok {
				p.refuse(fmt.Sprintf("%s[%d]", at, i), "lead", "value", text)
			}
		}
	}
	leads(at+".before", r.Before)
	for _, visit := range slices.Sorted(maps.Keys(r.Visits)) {
		leads(at+".visits."+visit, r.Visits[visit])
	}
	for i, w := range r.Says {
		if w != notes.SaysPlace && w != notes.SaysProvider {
			p.refuse(fmt.Sprintf("%s.says[%d]", at, i), "choice", "value", string(w), "choices", "place, provider")
		}
	}
}
