package routing

import (
	"fmt"
	"slices"
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
}
