package main

import (
	"fmt"
	"strings"
	"time"

	"lamplight/routing/oncall"
)

// onCallAnswer is one answer: JSON by its fields, text as one line or, where a person asked for one instant, as more.
type onCallAnswer interface {
	line(*oncall.Schedule) string
	text(*oncall.Schedule) string
}

// onCallAsk is a command that is asked at an instant.
type onCallAsk func(*oncall.Schedule, time.Time, oncall.Query) onCallAnswer

var onCallAnswers = map[string]onCallAsk{
	"who": func(s *oncall.Schedule, at time.Time, q oncall.Query) onCallAnswer {
		a := whoAnswer{At: at, Role: q.Role, People: s.Who(at, q), Names: []string{}}
		for _, id := range a.People {
			a.Names = append(a.Names, s.Name(id))
		}
		return a
	},
	"until": func(s *oncall.Schedule, at time.Time, q oncall.Query) onCallAnswer {
		a := untilAnswer{At: at, Role: q.Role}
		if until, ok := s.Until(at, q); ok {
			a.Until = &until
		}
		return a
	},
	"next": func(s *oncall.Schedule, at time.Time, q oncall.Query) onCallAnswer {
		a := nextAnswer{At: at, Role: q.Role}
		if next, ok := s.Next(at, q); ok {
			a.Next = &next
		}
		return a
	},
	"explain": func(s *oncall.Schedule, at time.Time, q oncall.Query) onCallAnswer {
		return explainAnswer{s.Explain(at, q)}
	},
}

type whoAnswer struct {
	At     time.Time              `json:"at"`
	Role   string                 `json:"role"`
	People []oncall.ParticipantID `json:"people"`
	Names  []string               `json:"names"`
}

func (a whoAnswer) text(s *oncall.Schedule) string { return a.line(s) }

func (a whoAnswer) line(s *oncall.Schedule) string {
	return a.At.Format(time.RFC3339) + "\t" + peopleText(s, a.People)
}

type untilAnswer struct {
	At    time.Time  `json:"at"`
	Role  string     `json:"role"`
	Until *time.Time `json:"until"` // null when nothing changes within ten years
}

func (a untilAnswer) text(s *oncall.Schedule) string { return a.line(s) }

func (a untilAnswer) line(*oncall.Schedule) string {
	if a.Until == nil {
		return a.At.Format(time.RFC3339) + "\tno change within ten years"
	}
	return a.At.Format(time.RFC3339) + "\t" + a.Until.Format(time.RFC3339)
}

type nextAnswer struct {
	At   time.Time     `json:"at"`
	Role string        `json:"role"`
	Next *oncall.Shift `json:"next"` // null when no shift begins within ten years
}

func (a nextAnswer) text(s *oncall.Schedule) string { return a.line(s) }

func (a nextAnswer) line(s *oncall.Schedule) string {
	if a.Next == nil {
		return a.At.Format(time.RFC3339) + "\tno shift within ten years"
	}
	return a.At.Format(time.RFC3339) + "\t" + shiftText(s, *a.Next)
}

type explainAnswer struct{ oncall.Explanation }

func (a explainAnswer) line(s *oncall.Schedule) string {
	return a.At.Format(time.RFC3339) + "\t" + peopleText(s, a.People) + "\t" + a.Decided.Text
}

func (a explainAnswer) text(s *oncall.Schedule) string {
	var out strings.Builder
	fmt.Fprintf(&out, "at         %s\non call    %s\n", a.At.Format(time.RFC3339), peopleText(s, a.People))
	if !a.Until.IsZero() {
		fmt.Fprintf(&out, "until      %s\n", a.Until.Format(time.RFC3339))
	}
	fmt.Fprintf(&out, "because    %s\notherwise  %s\nconsidered, the strongest first:", a.Decided.Text, peopleText(s, a.Otherwise))
	for _, step := range a.Reasons {
		fmt.Fprintf(&out, "\n  %-9s  %s", step.Kind, step.Text)
		if len(step.People) > 0 {
			out.WriteString(": " + idsText(step.People))
		}
	}
	return out.String()
}

// shiftText is a shift in tab-separated columns: from, until, ids, names, and "default" where the default provider answers.
func shiftText(s *oncall.Schedule, shift oncall.Shift) string {
	until := "no change within ten years"
	if !shift.Until.IsZero() {
		until = shift.Until.Format(time.RFC3339)
	}
	text := shift.From.Format(time.RFC3339) + "\t" + until + "\t" + peopleText(s, shift.People)
	if shift.Default {
		text += "\tdefault"
	}
	return text
}

// peopleText is the ids, and in a further column the names; "nobody" twice when there is nobody.
func peopleText(s *oncall.Schedule, ids []oncall.ParticipantID) string {
	if len(ids) == 0 {
		return "nobody\tnobody"
	}
	names := make([]string, len(ids))
	for i, id := range ids {
		names[i] = s.Name(id)
	}
	return idsText(ids) + "\t" + strings.Join(names, ", ")
}

func idsText(ids []oncall.ParticipantID) string {
	list := make([]string, len(ids))
	for i, id := range ids {
		list[i] = string(id)
	}
	return strings.Join(list, ",")
}
