package oncall

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// Explanation is how the answer at an instant came about.
type Explanation struct {
	At        time.Time       `json:"at"`
	Query     Query           `json:"query"`
	People    []ParticipantID `json:"people"`
	Until     time.Time       `json:"until,omitzero"`
	Decided   Reason          `json:"decided"`   // the strongest rule that had a part in the answer
	Otherwise []ParticipantID `json:"otherwise"` // who would answer if that one rule were not there
	Reasons   []Reason        `json:"steps"`     // everything considered, the strongest rule first
}

// Reason is one rule that was considered.
type Reason struct {
	// Kind is "temporary", "swap", "override", "leave", "left", "holiday", "layer", "default" or, when nothing answered, "nobody".
	Kind   string          `json:"kind"`
	Name   string          `json:"name,omitempty"`
	Text   string          `json:"text"`
	People []ParticipantID `json:"people,omitempty"` // whom this rule put on call, or would have
}

// kinds is what a Reason can be about, the strongest first.
var kinds = []string{"temporary", "swap", "override", "leave", "left", "holiday", "layer", "default", "nobody"}

// Explain tells which rotation, rule or override decided, and what would have otherwise.
func (s *Schedule) Explain(at time.Time, q Query) Explanation {
	t := seconds(at)
	q.Role = cmp.Or(q.Role, primary)
	sp := s.covering(t, 1)
	st := &explainer{}
	d := sp.decide(t, &q, st)
	e := Explanation{At: s.time(t), Query: q, People: d.people()}
	if until, ok := s.Until(at, q); ok {
		e.Until = until
	}
	slices.SortStableFunc(st.considered, func(a, b considered) int {
		return cmp.Compare(slices.Index(kinds, a.Kind), slices.Index(kinds, b.Kind))
	})
	for _, step := range st.considered {
		e.Reasons = append(e.Reasons, step.Reason)
	}
	last := slices.IndexFunc(st.considered, func(s considered) bool { return s.counted })
	if last < 0 {
		e.Decided, e.Otherwise = Reason{Kind: "nobody", Text: "nobody is on call"}, []ParticipantID{}
		return e
	}
	e.Decided = st.considered[last].Reason
	without := sp.decide(t, &q, &explainer{skip: st.considered[last].rule})
	e.Otherwise = without.people()
	return e
}

// ruleID is one rule of the plan: a kind and an index into its list.
type ruleID struct {
	kind  string
	index int
}

// considered is a reason with what Explain needs to know of it.
type considered struct {
	Reason
	rule    ruleID
	counted bool // it had a part in the answer
}

// explainer collects the reasons for a decision, and can leave one rule out to tell what would be without it. A nil explainer is the
// usual case: nobody asked.
type explainer struct {
	skip       ruleID
	considered []considered
	moot       bool // a temporary schedule has decided already; what follows would only be
}

func (st *explainer) skips(kind string, index int) bool {
	return st != nil && st.skip == ruleID{kind, index}
}

func (st *explainer) add(kind string, index int, counted bool, name string, people []ParticipantID, format string, args ...any) {
	r := Reason{kind, name, fmt.Sprintf(format, args...), people}
	st.considered = append(st.considered, considered{r, ruleID{kind, index}, counted && !st.moot})
}

func (st *explainer) temporary(tmp *temporary, index int, d *decision) {
	if st == nil {
		return
	}
	if len(d.seats) == 0 {
		st.add("temporary", index, true, tmp.name, nil, "the temporary schedule %q holds and has nobody here, so the default provider "+
			"answers", tmp.name)
		return
	}
	st.add("temporary", index, true, tmp.name, d.people(), "the temporary schedule %q replaces everything else", tmp.name)
}

func (st *explainer) holiday(h *holiday, index int, rule string) {
	switch {
	case st == nil:
	case rule == "":
		st.add("holiday", index, false, h.name, nil, "it is %s: the office is closed, the regular layers hold", h.name)
	default:
		st.add("holiday", index, true, h.name, nil, "it is %s: the layers of the rule %q hold", h.name, rule)
	}
}

func (st *explainer) layer(l *layer, index int, seats []seat, shift []int32, won bool) {
	if st == nil {
		return
	}
	if len(seats) == 0 {
		why := "at this time"
		if len(shift) > 0 {
			why = "who is not on leave"
		}
		st.add("layer", index, false, l.name, nil, "layer %q (priority %d) has nobody %s", l.name, l.priority, why)
		return
	}
	by := ""
	if l.rotation != nil {
		by = fmt.Sprintf(", turn %d of %d in rotation %q", shift[0]+1, len(l.turns), l.rotation.name)
	}
	verb := "answers"
	if won || st.moot {
		verb = "would answer if nothing stronger did"
	}
	d := decision{seats: seats}
	st.add("layer", index, !won, l.name, d.people(), "layer %q (priority %d) %s%s", l.name, l.priority, verb, by)
}

func (st *explainer) swap(index int, from, to ParticipantID) {
	if st != nil {
		st.add("swap", index, true, "", []ParticipantID{to}, "%s took the duty of %s in an approved swap", to, from)
	}
}

func (st *explainer) leave(index int, who, backup ParticipantID) {
	switch {
	case st == nil:
	case backup == "":
		st.add("leave", index, true, "", nil, "%s is on leave without a backup", who)
	default:
		st.add("leave", index, true, "", []ParticipantID{backup}, "%s is on leave and backed up by %s", who, backup)
	}
}

func (st *explainer) left(index int, who ParticipantID) {
	told := func(s considered) bool { return s.rule == ruleID{"left", index} }
	if st != nil && !slices.ContainsFunc(st.considered, told) {
		st.add("left", index, true, "", nil, "%s has left the practice", who)
	}
}

func (st *explainer) override(o *override, index int, d *decision) {
	switch {
	case st == nil:
	case o.remove == "":
		st.add("override", index, true, o.name, d.people(), "an override adds %s", o.add)
	case o.add == "":
		st.add("override", index, true, o.name, d.people(), "an override removes %s", o.remove)
	default:
		st.add("override", index, true, o.name, d.people(), "an override replaces %s by %s", o.remove, o.add)
	}
}

func (st *explainer) fallback(named, answers ParticipantID) {
	switch {
	case st == nil:
	case named == answers:
		st.add("default", 0, true, "", []ParticipantID{answers}, "nobody is scheduled, and %s is the default provider", answers)
	default:
		st.add("default", 0, true, "", []ParticipantID{answers}, "nobody is scheduled and the default provider %s is on leave: %s answers",
			named, answers)
	}
}
