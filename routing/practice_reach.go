package routing

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"lamplight/notes"
	"lamplight/routing/oncall"
)

func (p *practiceCheck) readLadders(doc []byte) {
	ladders, err := ParseLadders(doc)
	var wrong Problems
	if errors.As(err, &wrong) {
		for _, w := range wrong {
			p.within("ladders", w)
		}
		return
	}
	p.ladders, p.climbs = ladders, true
}

// within notes a problem of a part of the document that was read by itself.
func (p *practiceCheck) within(part string, w Problem) {
	if w.Field == "document" {
		w.Field = part
	} else {
		w.Field = part + "." + w.Field
	}
	if p.where == nil {
		w.Line = 0
	} else if w.Line > 0 {
		w.Line += p.where.of(part) - 1
	}
	if len(p.found) < maxProblems && !p.said(w) {
		p.found = append(p.found, w)
	}
}

// beyond is how far past LookAhead a schedule is worked out, for who is next there.
const beyond = 90 * 24 * time.Hour

func (p *practiceCheck) readSchedule(text []byte) {
	if text = bytes.TrimSpace(text); len(text) == 0 || string(text) == "null" {
		text = []byte(`{"timezone":"UTC","layers":[]}`) // nobody is ever on call
	}
	doc, err := oncall.Parse(bytes.NewReader(text))
	var s *oncall.Schedule
	if err == nil {
		s, err = oncall.Compile(doc, p.now.Add(-time.Hour), p.now.Add(LookAhead+beyond))
	}
	var wrong oncall.ReadProblems
	switch {
	case errors.As(err, &wrong):
		p.ofSchedule(Refuse, wrong)
		return
	case err != nil: // a time that ends before it begins, which ours does not
		p.refuse("schedule", "not-json")
		return
	}
	if doc.Timezone != p.account.TimeZone && len(doc.Layers) > 0 {
		p.warn("schedule.timezone", "other-zone", "value", doc.Timezone, "zone", p.account.TimeZone)
	}
	p.duty = s
	p.ofSchedule(Warn, s.Warnings())
	var known []string
	for _, t := range p.account.Script.CallTypes {
		known = append(known, t.ID)
	}
	p.ofSchedule(Refuse, doc.Unasked(known, nil)) // a call has a type of the script's, and no place yet
	for i, who := range doc.Participants {
		if p.contact(string(who.ID)) < 0 {
			p.warn(fmt.Sprintf("schedule.participants[%d].id", i), "no-contact", "value", string(who.ID))
		}
	}
}

// ofSchedule takes over what routing/oncall says of a schedule.
func (p *practiceCheck) ofSchedule(s Severity, found oncall.ReadProblems) {
	for _, w := range ScheduleProblems(s, found) {
		p.within("schedule", w)
	}
}

// ScheduleProblems are what routing/oncall says of a schedule, as what is wrong with a document.
func ScheduleProblems(s Severity, found oncall.ReadProblems) Problems {
	out := make(Problems, len(found))
	for i, w := range found {
		out[i] = Problem{Field: w.Field, Code: w.Code, Severity: s, Line: w.Line}
		for name, value := range w.Vars {
			if out[i].Vars == nil {
				out[i].Vars = map[string]string{}
			}
			out[i].Vars[name] = shorten(value)
		}
	}
	return out
}

// roles are the schedule's, nil when it could not be read.
func (p *practiceCheck) roles() []string {
	if p.duty == nil {
		return nil
	}
	return append([]string{}, p.duty.Roles()...)
}

// noRole refuses a role that is not among the schedule's.
func (p *practiceCheck) noRole(field, role string, roles []string) {
	if len(roles) == 0 {
		p.refuse(field, "no-roles", "value", role)
		return
	}
	p.refuse(field, "no-role", "value", role, "choices", choices(roles))
}

func (p *practiceCheck) contact(id string) int {
	return slices.IndexFunc(p.account.Contacts, func(c notes.Contact) bool { return c.ID == id })
}

// reach looks at each ladder at each moment at which its answer may change, in the time to come.
func (p *practiceCheck) reach() {
	if p.duty == nil || !p.climbs {
		return
	}
	named := true
	for i, l := range p.ladders {
		for j, r := range l.Rungs {
			named = p.named(fmt.Sprintf("ladders.ladders[%d].rungs[%d].who", i, j), r.Who) && named
		}
	}
	type walk struct {
		ladder   int
		callType string
	}
	walked := map[walk]*walker{}
	on := func(i int, callType string) *walker {
		k := walk{i, callType}
		if walked[k] == nil {
			walked[k] = p.walk(i, callType)
		}
		return walked[k]
	}
	for k, t := range p.account.Script.CallTypes[:min(len(p.account.Script.CallTypes), maxList)] {
		for _, u := range notes.Urgencies {
			i := slices.IndexFunc(p.ladders, func(l Ladder) bool { return l.Name == t.LadderFor(u) })
			if i < 0 {
				continue
			}
			if w := on(i, t.ID); named && !w.from.IsZero() { // else the reason is told already
				p.refuse(fmt.Sprintf("account.script.callTypes[%d]", k), "reaches-nobody", "value", p.ladders[i].Name,
					"from", p.day(w.from), "until", p.day(w.until))
			}
		}
	}
}

// named refuses a rung whose name nobody will ever have.
func (p *practiceCheck) named(field, who string) bool {
	if id, ok := strings.CutPrefix(who, "contact:"); ok {
		if p.contact(id) < 0 {
			p.refuse(field, "no-contact", "value", id)
			return false
		}
		return true
	}
	if who == next {
		who = primary
	}
	if roles := p.roles(); !slices.Contains(roles, who) {
		p.noRole(field, who, roles)
		return false
	}
	return true
}

// walker goes through the time to come with one ladder.
type walker struct {
	*practiceCheck
	at     string // the ladder's place in the document
	ladder Ladder
	rota   Rota
	people Reach

	from, until time.Time // the first time in which the ladder reaches nobody
}

// tired is a rota that does not look for who follows the same people again where nobody did: looking a year ahead at each of a
// thousand moments would take minutes.
type tired struct {
	Rota
	alone map[string]bool // whom nobody follows
}

func (t *tired) Next(role string, at time.Time) []string {
	now := role + "\x00" + strings.Join(t.Who(role, at), "\x00")
	if t.alone[now] {
		return nil
	}
	next := t.Rota.Next(role, at)
	t.alone[now] = len(next) == 0
	return next
}

// maxEdges bounds what one ladder costs: every quarter of an hour of the time to come.
const maxEdges = 6000

func (p *practiceCheck) walk(i int, callType string) *walker {
	w := &walker{practiceCheck: p, at: fmt.Sprintf("ladders.ladders[%d]", i), ladder: p.ladders[i],
		rota:   &tired{Rota: OnCall(p.duty, callType), alone: map[string]bool{}},
		people: Reach{Contacts: p.account.Contacts, Push: map[notes.PersonID]bool{}, Left: map[notes.PersonID]bool{}}}
	for _, c := range p.account.Contacts {
		if c.Person != "" {
			w.people.Push[c.Person], w.people.Left[c.Person] = true, p.known[c.Person].Left
		}
	}
	edges := w.edges(callType)
	for k, at := range edges {
		reached := w.reachAt(at)
		switch {
		case reached:
		case w.from.IsZero():
			w.from = at
			fallthrough
		case w.until.Equal(at):
			w.until = p.now.Add(LookAhead)
			if k+1 < len(edges) {
				w.until = edges[k+1]
			}
		}
	}
	return w
}

// edges are the moments at which who has one of the ladder's roles may change, from now on.
func (w *walker) edges(callType string) []time.Time {
	end := w.now.Add(LookAhead)
	all := []time.Time{w.now}
	seen := map[string]bool{}
	for _, r := range w.ladder.Rungs {
		role := r.Who
		if role == next {
			role = primary
		}
		if seen[role] || strings.HasPrefix(role, "contact:") {
			continue
		}
		seen[role] = true
		for _, s := range w.duty.Shifts(w.now, end, oncall.Query{Role: role, CallType: callType}) {
			all = append(all, s.From, s.Until)
		}
	}
	all = slices.DeleteFunc(all, func(t time.Time) bool { return t.Before(w.now) || !t.Before(end) })
	slices.SortFunc(all, time.Time.Compare)
	all = slices.CompactFunc(all, time.Time.Equal)
	if len(all) > maxEdges {
		w.warn("schedule", "too-fine", "until", w.day(all[maxEdges]))
		all = all[:maxEdges]
	}
	return all
}

// reachAt resolves the ladder as it stands at one moment, and reports whether it reaches anybody.
func (w *walker) reachAt(at time.Time) (reached bool) {
	var asked []string
	told := map[string]string{} // contacts, by the name of the rung that told them first
	for i, rung := range w.ladder.Rungs {
		people := whom(rung.Who, w.rota, at, asked)
		if rung.Who == primary {
			asked = append(asked, people...)
		}
		steps, holes := w.people.rung(rung, people)
		reached = reached || len(steps) > 0
		field := fmt.Sprintf("%s.rungs[%d]", w.at, i)
		for _, h := range holes {
			w.hole(field, rung, h, at)
		}
		if isDuty(rung.Who) {
			w.again(field, rung.Who, steps, told, at)
		}
	}
	return reached
}

func isDuty(who string) bool { return !strings.HasPrefix(who, "contact:") }

// hole tells a rung's hole where its reason stands.
func (w *walker) hole(field string, rung Rung, h PlanHole, at time.Time) {
	contact := fmt.Sprintf("account.contacts[%d]", w.contact(h.Contact))
	switch h.Why {
	case NoContact:
		if named := w.duty.Named(oncall.ParticipantID(h.Contact)); named != "" {
			field = "schedule." + named
		} else {
			field += ".who"
		}
		w.refuse(field, "no-contact", "value", h.Contact)
	case NoAddress:
		w.refuse(contact, "unreachable", "channels", choices(rung.Channels), "name", h.Name, "from", w.day(at))
	case HasLeft:
		w.refuse(contact+".person", "left-on-call", "name", h.Name, "from", w.day(at))
	default:
		w.warn(field+".who", string(h.Why), "who", rung.Who, "from", w.day(at))
	}
}

// again warns of a rung of another name that tells only who was told by one before: nobody else hears of the note.
func (w *walker) again(field, who string, steps []PlannedAttempt, told map[string]string, at time.Time) {
	fresh, name, by := false, "", ""
	for _, s := range steps {
		first, known := told[s.Contact]
		if !known {
			told[s.Contact] = who
		}
		if !known || first == who {
			fresh = true
			continue
		}
		name, by = s.Name, first
	}
	if !fresh && name != "" {
		w.warn(field+".who", "same-person", "who", who, "by", by, "name", name, "from", w.day(at))
	}
}
