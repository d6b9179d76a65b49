package routing

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"lamplight/notes"
)

func (p *practiceCheck) script() {
	types := p.account.Script.CallTypes
	if len(types) == 0 {
		p.refuse("account.script.callTypes", "missing")
	}
	ids, digits := map[string]bool{}, map[string]bool{}
	for i := range p.few("account.script.callTypes", len(types)) {
		t, at := types[i], fmt.Sprintf("account.script.callTypes[%d]", i)
		p.id(at+".id", t.ID, ids)
		switch {
		case len(t.Digit) != 1 || t.Digit < "1" || t.Digit > "9":
			p.refuse(at+".digit", "digit")
		case digits[t.Digit]:
			p.refuse(at+".digit", "twice")
		}
		digits[t.Digit] = true
		p.words(at+".label", t.Label, true)
		p.goes(at, t)
		if roles := p.roles(); t.Role != "" && roles != nil && !slices.Contains(roles, t.Role) {
			p.noRole(at+".role", t.Role, roles)
		}
		p.fields(at, t.Fields)
	}
	for i := range p.few("account.script.redFlags", len(p.account.Script.RedFlags)) {
		p.redFlag(fmt.Sprintf("account.script.redFlags[%d]", i), p.account.Script.RedFlags[i])
	}
	p.unusedLadders()
}

// goes checks where a call type's notes go at each urgency.
func (p *practiceCheck) goes(at string, t notes.CallType) {
	if !slices.Contains(notes.Urgencies, t.Urgency) {
		p.refuse(at+".urgency", "choice", "value", string(t.Urgency), "choices", choices(notes.Urgencies))
	} else if !t.Urgency.Waits() && t.LadderFor(t.Urgency) == "" {
		p.refuse(at+".ladder", "wakes-nobody", "urgency", string(t.Urgency))
	}
	p.ladderNamed(at+".ladder", t.Ladder)
	for _, u := range slices.Sorted(maps.Keys(t.Ladders)) {
		name, field := t.Ladders[u], at+".ladders."+string(u)
		if !slices.Contains(notes.Urgencies, u) {
			p.refuse(field, "choice", "value", string(u), "choices", choices(notes.Urgencies))
		}
		if name == "" && !u.Waits() {
			p.refuse(field, "wakes-nobody", "urgency", string(u))
		}
		p.ladderNamed(field, name)
	}
	for _, u := range notes.Urgencies {
		if _, named := t.Ladders[u]; !u.Waits() && !named && t.Ladder == "" && u != t.Urgency {
			p.warn(at+".ladders."+string(u), "not-raised", "urgency", string(u))
		}
	}
}

func (p *practiceCheck) ladderNamed(field, name string) {
	if _, ok := FindLadder(p.ladders, name); name == "" || ok || !p.climbs {
		return
	}
	if len(p.ladders) == 0 {
		p.refuse(field, "no-ladders", "value", name)
		return
	}
	var names []string
	for _, l := range p.ladders {
		names = append(names, l.Name)
	}
	p.refuse(field, "no-ladder", "value", name, "choices", choices(names))
}

// maxVoicemail is the longest a practice lets a voicemail wait on the agents, in minutes.
const maxVoicemail = 24 * 60

// voicemail checks when a voicemail that nobody took wakes somebody, and whom.
func (p *practiceCheck) voicemail() {
	r := p.account.Voicemail
	if r.After < 0 || r.After > maxVoicemail {
		p.refuse("account.voicemail.after", "range", "from", "0", "to", fmt.Sprint(maxVoicemail))
	}
	p.ladderNamed("account.voicemail.ladder", r.Ladder)
}

func (p *practiceCheck) unusedLadders() {
	for i, l := range p.ladders {
		messages := p.account.Messaging
		used := l.Name == p.account.Voicemail.Ladder || messages != nil && l.Name == messages.Ladder ||
			slices.ContainsFunc(p.account.Script.CallTypes, func(t notes.CallType) bool {
				return slices.ContainsFunc(notes.Urgencies, func(u notes.Urgency) bool { return t.LadderFor(u) == l.Name })
			})
		if !used {
			p.warn(fmt.Sprintf("ladders.ladders[%d].name", i), "unused")
		}
	}
}

// kinds are a field's kinds; of some keys the service knows the kind itself.
var (
	kinds   = []notes.FieldKind{notes.KindName, notes.KindPhone, notes.KindDate, notes.KindText, notes.KindChoice, notes.KindYesNo}
	keyKind = map[string]notes.FieldKind{"name": "name", "callback": "phone", "dob": "date"}
)

func (p *practiceCheck) fields(at string, fields []notes.Field) {
	if len(fields) == 0 {
		p.refuse(at+".fields", "missing")
	}
	keys := map[string]bool{}
	for i := range p.few(at+".fields", len(fields)) {
		f, at := fields[i], fmt.Sprintf("%s.fields[%d]", at, i)
		p.id(at+".key", f.Key, keys)
		if !slices.Contains(kinds, f.Kind) {
			p.refuse(at+".kind", "choice", "value", string(f.Kind), "choices", choices(kinds))
		} else if want := keyKind[f.Key]; want != "" && f.Kind != want {
			p.refuse(at+".kind", "key-kind", "key", f.Key, "kind", string(want))
		}
		p.words(at+".label", f.Label, true)
		p.words(at+".cue", f.Cue, false)
		switch {
		case f.Kind == "choice" && len(f.Choices) == 0:
			p.refuse(at+".choices", "missing")
		case f.Kind != "choice" && len(f.Choices) > 0:
			p.warn(at+".choices", "unused")
		}
		values := map[string]bool{}
		for k := range p.few(at+".choices", len(f.Choices)) {
			at := fmt.Sprintf("%s.choices[%d]", at, k)
			p.name(at+".value", f.Choices[k].Value)
			if values[f.Choices[k].Value] {
				p.refuse(at+".value", "twice")
			}
			values[f.Choices[k].Value] = true
			p.words(at+".label", f.Choices[k].Label, true)
		}
	}
}

func (p *practiceCheck) redFlag(at string, f notes.RedFlag) {
	said := false
	for _, l := range slices.Sorted(maps.Keys(f.Words)) {
		list, field := f.Words[l], at+".words."+string(l)
		if !speaks(l) {
			p.refuse(field, "choice", "value", string(l), "choices", choices(spoken))
		}
		for i := range p.few(field, len(list)) {
			if strings.TrimSpace(list[i]) == "" {
				p.refuse(fmt.Sprintf("%s[%d]", field, i), "missing")
			}
			said = true
		}
	}
	if !said {
		p.refuse(at+".words", "no-words")
	}
	for _, l := range p.account.Languages {
		if said && speaks(l) && len(f.Words[l]) == 0 {
			p.warn(at+".words."+string(l), "missing-language", "language", string(l))
		}
	}
	p.words(at+".show", f.Show, true)
}
