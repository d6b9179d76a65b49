package routing

import (
	"bytes"
	"fmt"
	"strings"
	"time"

	"lamplight/notes"
	"lamplight/routing/oncall"
	"lamplight/telephony"
)

// A Stand is a place by which a note would go to somebody: of a practice's schedule or ladders, or of the service's own.
type Stand struct {
	Account  telephony.AccountID // "" for the service's own ladder
	Practice string              // its name
	oncall.Mention
}

// MentionLadder is a rung that names somebody.
const MentionLadder oncall.MentionKind = "ladder"

// String is the place in a line that begins with the practice.
func (s Stand) String() string {
	whose := string(s.Account)
	if whose == "" {
		whose = "the service"
	}
	if s.Kind == MentionLadder {
		return fmt.Sprintf("%s: %s: the ladder %s", whose, s.Field, s.Name)
	}
	return fmt.Sprintf("%s: schedule.%s", whose, s.Mention)
}

// StandsAt lists every place of a practice by which a note would still go to a person at a time after a moment.
func StandsAt(a notes.Account, id notes.PersonID, after time.Time) (out []Stand, err error) {
	ladders, err := ParseLadders(a.Ladders)
	if err != nil {
		return nil, fmt.Errorf("the practice %q: %w", a.ID, err)
	}
	if out, err = stands(a.Contacts, a.Schedule, ladders, id, after); err != nil {
		return nil, fmt.Errorf("the practice %q: %w", a.ID, err)
	}
	for i := range out {
		out[i].Account, out[i].Practice = a.ID, a.Name
	}
	return out, nil
}

// ServiceStands is StandsAt for the service's own ladder, which calls its supervisors.
func ServiceStands(s Service, id notes.PersonID, after time.Time) ([]Stand, error) {
	return stands(s.Contacts, s.Schedule, []Ladder{s.Ladder}, id, after)
}

func stands(contacts []notes.Contact, schedule []byte, ladders []Ladder, id notes.PersonID, after time.Time) (out []Stand, err error) {
	for _, c := range contacts {
		if !strings.EqualFold(string(c.Person), string(id)) {
			continue
		}
		if len(bytes.TrimSpace(schedule)) > 0 {
			doc, err := oncall.Parse(bytes.NewReader(schedule))
			if err != nil {
				return nil, err
			}
			for _, m := range doc.Mentions(oncall.ParticipantID(c.ID), after) {
				out = append(out, Stand{Mention: m})
			}
		}
		for i, l := range ladders {
			for j, r := range l.Rungs {
				if r.Who == "contact:"+c.ID {
					out = append(out, Stand{Mention: oncall.Mention{Field: fmt.Sprintf("ladders[%d].rungs[%d]", i, j), Kind: MentionLadder,
						Name: l.Name}})
				}
			}
		}
	}
	return out, nil
}
