package oncall

import (
	"cmp"
	"fmt"
	"strings"
	"time"
	"unicode"
)

// cast collects the shifts and the people of an import and makes a document of them.
type cast struct {
	how    Import
	zone   *zone
	people []Participant
	byName map[string]ParticipantID
	taken  map[ParticipantID]string // whose an id is
	roles  []string
	shifts map[string][]DatedShift
	count  int
}

func newCast(z *zone, how Import) *cast {
	return &cast{how: how, zone: z, byName: map[string]ParticipantID{}, taken: map[ParticipantID]string{}, shifts: map[string][]DatedShift{}}
}

func (c *cast) full() bool { return c.count > maxShifts }

// shift adds a shift of somebody by name; id is empty unless the file told it.
func (c *cast) shift(name string, id ParticipantID, role string, from, to int64) error {
	id, err := c.participant(name, id)
	if err != nil || c.full() {
		return err
	}
	role = cmp.Or(role, primary)
	if c.shifts[role] == nil {
		c.roles = append(c.roles, role)
	}
	c.count++
	c.shifts[role] = append(c.shifts[role], DatedShift{id, c.moment(from), c.moment(to)})
	return nil
}

func (c *cast) moment(t int64) string {
	return time.Unix(t, 0).In(c.zone.loc).Format(time.RFC3339)
}

// participant is the id of a name: the one given, the one the caller knows, or one made of the name.
func (c *cast) participant(name string, id ParticipantID) (ParticipantID, error) {
	id = cmp.Or(id, c.how.Names[name], c.byName[name])
	if id == "" {
		made := slug(name)
		if made == "" {
			return "", fmt.Errorf("%.60q has no letter or digit to make an id of", name)
		}
		id = ParticipantID(made)
		for n := 2; c.taken[id] != ""; n++ { // "Dr. Lee" and "Dr Lee" are two names; only the caller knows whether one person
			id = ParticipantID(fmt.Sprintf("%s-%d", made, n))
		}
	}
	if c.byName[name] == "" {
		c.byName[name] = id
	}
	if c.taken[id] == "" {
		c.taken[id] = name
		c.people = append(c.people, Participant{ID: id, Name: name})
	}
	return id, nil
}

// slug makes an id of a name: its letters and digits in lower case, the rest as single hyphens.
func slug(name string) string {
	words := strings.FieldsFunc(strings.ToLower(name), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	return strings.Join(words, "-")
}

func (c *cast) document(name, timezone string) *Document {
	doc := &Document{Name: name, Timezone: timezone, Participants: c.people}
	for _, role := range c.roles {
		layer := Layer{Name: "imported " + role, Shifts: c.shifts[role]}
		if role != primary {
			layer.Role = role
		}
		doc.Layers = append(doc.Layers, layer)
	}
	return doc
}
