package routing

import (
	"fmt"
	"maps"
	"net/mail"
	"slices"
	"strings"
	"time"

	"lamplight/notes"
	"lamplight/telephony"
)

func (p *practiceCheck) accountFields() {
	a := p.account
	p.id("account.id", string(a.ID), map[string]bool{})
	p.name("account.name", a.Name)
	_, err := time.LoadLocation(a.TimeZone)
	switch {
	case a.TimeZone == "":
		p.refuse("account.timeZone", "missing")
	case err != nil || a.TimeZone == "Local": // which would be the server's
		p.refuse("account.timeZone", "time-zone", "value", a.TimeZone)
	}
	p.languages("account.languages", a.Languages)
	p.words("account.answerPhrase", a.AnswerPhrase, true)
	for _, l := range slices.Sorted(maps.Keys(a.AnswerPhrase)) {
		for _, hole := range fillForm.FindAllString(a.AnswerPhrase[l], -1) {
			if hole != agentHole {
				p.refuse("account.answerPhrase."+string(l), "placeholder", "value", hole, "agent", agentHole)
			}
		}
	}
	p.words("account.instructions", a.Instructions, false)
}

// agentHole is what an answer phrase says where the agent's first name goes.
const agentHole = "{{agent}}"

// maxPriority is the furthest a line's priority moves a call in the queue: a day, a minute a step.
const maxPriority = 24 * 60

func (p *practiceCheck) lines() {
	if len(p.account.Lines) == 0 {
		p.warn("account.lines", "no-lines")
	}
	seen := map[telephony.Number]bool{}
	for i := range p.few("account.lines", len(p.account.Lines)) {
		l, at := p.account.Lines[i], fmt.Sprintf("account.lines[%d]", i)
		p.number(at+".did", l.DID, true)
		if seen[l.DID] && l.DID != "" {
			p.refuse(at+".did", "twice")
		}
		seen[l.DID] = true
		if l.Account != "" && l.Account != p.account.ID {
			p.refuse(at+".account", "other-account", "value", string(p.account.ID))
		}
		p.languages(at+".languages", l.Languages)
		for k, lang := range l.Languages {
			if speaks(lang) && !slices.Contains(p.account.Languages, lang) {
				p.refuse(fmt.Sprintf("%s.languages[%d]", at, k), "not-spoken", "language", string(lang))
			}
		}
		if l.Priority < -maxPriority || l.Priority > maxPriority {
			p.refuse(at+".priority", "range", "from", fmt.Sprint(-maxPriority), "to", fmt.Sprint(maxPriority))
		}
		if l.LanguageLevel < 0 || l.LanguageLevel > telephony.Native {
			p.refuse(at+".languageLevel", "range", "from", "0", "to", fmt.Sprint(int(telephony.Native)))
		}
		p.names(at+".skills", l.Skills)
		p.names(at+".groups", l.Groups)
		p.relax(at+".relax", l)
	}
}

// names checks a list of skills or groups.
func (c *check) names(field string, list []string) {
	seen := map[string]bool{}
	for i := range c.few(field, len(list)) {
		c.id(fmt.Sprintf("%s[%d]", field, i), list[i], seen)
	}
}

// maxRelax is the longest a caller waits for the right agent, in seconds.
const maxRelax = 3600

// relax checks how a line's needs loosen; what is not needed need not.
func (p *practiceCheck) relax(at string, l telephony.Line) {
	for _, r := range []struct {
		field  string
		after  int
		needed bool
	}{
		{".skillsAfter", l.Relax.SkillsAfter, len(l.Skills) > 0},
		{".levelAfter", l.Relax.LevelAfter, l.LanguageLevel > telephony.Some},
		{".languageAfter", l.Relax.LanguageAfter, true},
		{".groupsAfter", l.Relax.GroupsAfter, len(l.Groups) > 0},
		{".outsideAfter", l.Relax.OutsideAfter, l.OwnOnly},
	} {
		if r.after < 0 || r.after > maxRelax {
			p.refuse(at+r.field, "range", "from", "0", "to", fmt.Sprint(maxRelax))
		} else if r.after > 0 && !r.needed {
			p.warn(at+r.field, "unused")
		}
	}
	if l.OwnOnly && l.Relax.OutsideAfter == 0 {
		p.warn(at+".outsideAfter", "own-waits")
	}
	p.names(at+".overflow", l.Relax.Overflow)
	if len(l.Relax.Overflow) > 0 && l.Relax.GroupsAfter == 0 {
		p.warn(at+".overflow", "unused")
	}
}

// number refuses what is not a number as the switch and the carriers take it.
func (c *check) number(field string, n telephony.Number, needed bool) (whole bool) {
	e164, ok := notes.ParsePhone(n.Reveal())
	switch {
	case n == "" && needed:
		c.refuse(field, "missing")
	case n == "":
	case !ok || e164 != n.Reveal():
		c.refuse(field, "number")
	default:
		return true
	}
	return false
}

func (p *practiceCheck) hours() {
	type window struct{ from, to string }
	days := map[time.Weekday][]window{}
	for i := range p.few("account.hours", len(p.account.Hours)) {
		h, at := p.account.Hours[i], fmt.Sprintf("account.hours[%d]", i)
		if h.Weekday < time.Sunday || h.Weekday > time.Saturday {
			p.refuse(at+".weekday", "weekday")
		}
		from, to := clockForm.MatchString(h.From), clockForm.MatchString(h.To) || h.To == "24:00"
		if !from {
			p.refuse(at+".from", "clock", "value", h.From)
		}
		if !to {
			p.refuse(at+".to", "clock", "value", h.To)
		}
		if !from || !to {
			continue
		}
		if h.To <= h.From {
			p.refuse(at+".to", "ends-first")
			continue
		}
		for _, w := range days[h.Weekday] {
			if h.From < w.to && w.from < h.To {
				p.warn(at, "overlap")
			}
		}
		days[h.Weekday] = append(days[h.Weekday], window{h.From, h.To})
	}
}

func (p *practiceCheck) contacts() {
	ids, mobiles, mails := map[string]bool{}, map[telephony.Number]string{}, map[string]string{}
	for i := range p.few("account.contacts", len(p.account.Contacts)) {
		c, at := p.account.Contacts[i], fmt.Sprintf("account.contacts[%d]", i)
		p.id(at+".id", c.ID, ids)
		p.name(at+".name", c.Name)
		p.language(at+".language", c.Language)
		p.signsIn(at+".person", c)
		if p.number(at+".mobile", c.Mobile, false) {
			p.texts(at+".mobile", c.Mobile)
			if other := mobiles[c.Mobile]; other != "" {
				p.warn(at+".mobile", "same-address", "name", other)
			}
			mobiles[c.Mobile] = c.Name
		}
		if c.Email != "" {
			p.email(at+".email", c.Email)
			if other := mails[strings.ToLower(c.Email)]; other != "" {
				p.warn(at+".email", "same-address", "name", other)
			}
			mails[strings.ToLower(c.Email)] = c.Name
		}
		if c.Mobile == "" && c.Email == "" && c.Person == "" {
			p.warn(at, "no-address")
		}
	}
}

// places checks who else may be called, and by which rule.
func (p *practiceCheck) places() {
	ids := map[string]bool{}
	for _, c := range p.account.Contacts {
		ids[c.ID] = true
	}
	rule := p.account.Dialling
	for i := range p.few("account.dialling.abroad", len(rule.Abroad)) {
		if !notes.IsRegion(rule.Abroad[i]) {
			p.refuse(fmt.Sprintf("account.dialling.abroad[%d]", i), "region", "value", rule.Abroad[i])
		}
	}
	for i := range p.few("account.places", len(p.account.Places)) {
		l, at := p.account.Places[i], fmt.Sprintf("account.places[%d]", i)
		p.id(at+".id", l.ID, ids)
		p.name(at+".name", l.Name)
		if p.number(at+".number", l.Number, true) {
			switch rule.Refuses(l.Number.Reveal()) {
			case notes.DialPremium:
				p.refuse(at+".number", "dial-premium")
			case notes.DialAbroad:
				p.refuse(at+".number", "dial-abroad")
			}
		}
		if !telephony.IsExtension(l.Extension) {
			p.refuse(at+".extension", "extension", "longest", fmt.Sprint(telephony.MaxExtension))
		}
	}
}

// texts says when a number whole in itself takes no texts.
func (p *practiceCheck) texts(field string, n telephony.Number) {
	switch notes.TakesTexts(n.Reveal()) {
	case notes.Never:
		p.refuse(field, "no-texts")
	case notes.Doubts:
		p.warn(field, "perhaps-no-texts")
	}
}

func (p *practiceCheck) email(field, address string) {
	one, err := mail.ParseAddress(address)
	if err == nil && one.Address == address && strings.Contains(address[strings.LastIndex(address, "@")+1:], ".") {
		return
	}
	several, err := mail.ParseAddressList(address)
	if err == nil && len(several) > 1 || strings.Count(address, "@") > 1 {
		p.refuse(field, "two-addresses")
		return
	}
	p.refuse(field, "address")
}

// signsIn checks the person a contact is, as far as anybody knows.
func (p *practiceCheck) signsIn(field string, c notes.Contact) {
	if c.Person == "" {
		return
	}
	who, known := p.known[c.Person]
	_, named := p.person(c.Person)
	switch {
	case known && who.Left:
		p.warn(field, "left", "name", c.Name) // on call they are refused: see reach
	case known && !who.Reads:
		p.warn(field, "may-not-read", "login", string(c.Person), "account", string(p.account.ID))
	case !known && !named:
		p.warn(field, "no-sign-in", "login", string(c.Person), "account", string(p.account.ID))
	}
}

func (p *practiceCheck) person(id notes.PersonID) (PracticePerson, bool) {
	for _, q := range p.people {
		if q.ID == id {
			return q, true
		}
	}
	return PracticePerson{}, false
}

func (p *practiceCheck) persons() {
	ids := map[string]bool{}
	roles := []notes.Role{notes.RoleProvider, notes.RolePractice} // the others work for every practice
	for i := range p.few("people", len(p.people)) {
		q, at := p.people[i], fmt.Sprintf("people[%d]", i)
		p.id(at+".id", string(q.ID), ids)
		p.name(at+".name", q.Name)
		p.language(at+".language", q.Language)
		if !slices.Contains(roles, q.Role) {
			p.refuse(at+".role", "choice", "value", string(q.Role), "choices", choices(roles))
		}
		if _, known := p.known[q.ID]; p.known != nil && !known {
			p.warn(at+".id", "no-sign-in", "login", string(q.ID), "account", string(p.account.ID))
		}
	}
}
