package oncall

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// cast collects the shifts and the people of an import and makes a document of them.
type cast struct {
	how    Import
	zone   *zone
	people []Participant
	byName map[string]ParticipantID
	taken  map[ParticipantID]string // whose an id is
	alike  map[string]entry         // the first entry of each name, by what remains of it when spelling is put aside
	roles  []string
	shifts map[string][]interval // by role; val is the shift's place in lists
	lists  map[string][]DatedShift
	lines  map[string][]int
	asked  ReadProblems
	guess  ReadProblems // names that look like more than one person
	count  int
}

// entry is where a file says that somebody has a shift.
type entry struct {
	line        int
	field, name string
	id          ParticipantID // empty unless the file told it
	role        string
}

func newCast(z *zone, how Import) *cast {
	return &cast{how: how, zone: z, byName: map[string]ParticipantID{}, taken: map[ParticipantID]string{}, alike: map[string]entry{},
		shifts: map[string][]interval{}, lists: map[string][]DatedShift{}, lines: map[string][]int{}}
}

func (c *cast) full() bool { return c.count > maxShifts }

// shift adds a shift of somebody.
func (c *cast) shift(e entry, from, to int64) error {
	e.name = strings.Join(strings.Fields(e.name), " ")
	id, err := c.participant(e)
	if err != nil || c.full() {
		return err
	}
	role := cmp.Or(e.role, primary)
	if c.lists[role] == nil {
		c.roles = append(c.roles, role)
	}
	c.count++
	c.shifts[role] = append(c.shifts[role], interval{from, to, int32(len(c.lists[role]))})
	c.lists[role] = append(c.lists[role], DatedShift{id, c.moment(from), c.moment(to)})
	c.lines[role] = append(c.lines[role], e.line)
	return nil
}

func (c *cast) moment(t int64) string {
	return time.Unix(t, 0).In(c.zone.loc).Format(time.RFC3339)
}

// nobodies are what people write where a name is yet to come.
var nobodies = []string{"tbd", "tba", "tbc", "na", "none", "nobody", "noone", "open", "vacant", "unassigned", "uncovered", "unfilled",
	"nadie", "vacante", "pendiente", "libre", "sinasignar", "porasignar", "pordefinir", "ninguno", "x", "xx", "xxx"}

// participant is the id of a name: the one given, the one the caller knows, or one made of the name.
func (c *cast) participant(e entry) (ParticipantID, error) {
	id := cmp.Or(e.id, c.named(e.name), c.byName[e.name])
	if id == "" {
		made := slug(e.name)
		switch {
		case made == "":
			return "", flaw("import-no-letter", "value", e.name)
		case slices.Contains(nobodies, strings.ReplaceAll(made, "-", "")):
			return "", flaw("import-no-person", "value", e.name)
		}
		c.spelling(e)
		id = ParticipantID(made)
		for n := 2; c.taken[id] != ""; n++ {
			id = ParticipantID(fmt.Sprintf("%s-%d", made, n))
		}
	}
	if c.byName[e.name] == "" {
		c.byName[e.name] = id
	}
	if c.taken[id] == "" {
		c.taken[id] = e.name
		c.people = append(c.people, Participant{ID: id, Name: e.name})
	}
	return id, nil
}

func (c *cast) named(name string) ParticipantID {
	if id, ok := c.how.Names[name]; ok {
		return id
	}
	for given, id := range c.how.Names { // blanks do not make another name
		if strings.Join(strings.Fields(given), " ") == name {
			return id
		}
	}
	return ""
}

// spelling asks about a name that was met before in another spelling: only the caller knows whether "Dr. Lee" and "Dr Lee" are
// one person, and taken for two, one of them may not be known to the practice.
func (c *cast) spelling(e entry) {
	key := bareName(e.name)
	if before, met := c.alike[key]; met {
		asked := flawed(e.line, e.field, "import-spelling", "value", e.name, "before", before.name, "line", strconv.Itoa(before.line))
		asked.Ask = AskNames
		c.asked = append(c.asked, asked)
		return
	}
	c.alike[key] = e
	if strings.ContainsAny(e.name, "/&+;") || strings.Contains(strings.ToLower(e.name), " and ") ||
		strings.Contains(strings.ToLower(e.name), " y ") {
		c.guess = append(c.guess, flawed(e.line, e.field, "import-one-person", "value", e.name))
	}
}

// titles may stand beside a name or not.
var titles = []string{"dr", "dra", "doctor", "doctora", "md", "do", "np", "pa", "rn", "prof", "mr", "mrs", "ms"}

// bareName is what remains of a name without accents, case, signs, titles and the order of its words.
func bareName(name string) string {
	words := strings.Split(slug(folded(name)), "-")
	bare := slices.DeleteFunc(slices.Clone(words), func(w string) bool { return slices.Contains(titles, w) })
	if len(bare) == 0 {
		bare = words
	}
	slices.Sort(bare)
	return strings.Join(bare, " ")
}

// folded is a text in lower case without accents.
func folded(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		return unicode.ToLower(r)
	}, norm.NFKD.String(text))
}

// slug makes an id of a name: its letters and digits in lower case, the rest as single hyphens.
func slug(name string) string {
	words := strings.FieldsFunc(strings.ToLower(norm.NFC.String(name)), func(r rune) bool {
		return !unicode.IsLetter(r) &&
			!unicode.IsDigit(r)
	})
	return strings.Join(words, "-")
}

// finish makes the document, or says what was wrong.
func (c *cast) finish(out *Imported, problems ReadProblems, field, name string) (*Imported, error) {
	for _, p := range c.asked {
		if len(problems) < maxProblems {
			problems = append(problems, p)
		}
	}
	if c.count == 0 && len(problems) == 0 {
		problems.add(1, field, "import-nothing", "outside", strconv.Itoa(out.Outside), "cancelled", strconv.Itoa(out.Cancelled))
	}
	if err := problems.err(); err != nil {
		return nil, err
	}
	for _, p := range c.guess {
		out.Warned++
		out.Warnings.note(p)
	}
	c.seams(out, field)
	for _, given := range sortedNames(c.how.Names) {
		if c.byName[strings.Join(strings.Fields(given), " ")] == "" {
			out.warn(0, "names", "import-name-nowhere", "value", given)
		}
	}
	out.Shifts, out.Document = c.count, c.document(name, c.how.Timezone)
	return out, nil
}

func sortedNames(m map[string]ParticipantID) []string {
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// seams warns of what was hardly meant so where one shift meets another of its layer: a hole of a minute or less, as between 23:59 and
// 00:00, and two people on call at once.
func (c *cast) seams(out *Imported, field string) {
	for _, role := range c.roles {
		ivs := slices.Clone(c.shifts[role])
		slices.SortFunc(ivs, func(a, b interval) int { return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(a.to, b.to)) })
		last := interval{to: dawn}
		for _, iv := range ivs {
			line, before := c.lines[role][iv.val], strconv.Itoa(c.lines[role][last.val])
			switch {
			case last.to == dawn || iv.from-last.to > 60:
			case iv.from > last.to:
				out.warn(line, field, "import-minute", "from", c.moment(last.to), "to", c.moment(iv.from), "line", before)
			case iv.from < last.to && c.lists[role][iv.val].Who != c.lists[role][last.val].Who:
				out.warn(line, field, "import-both", "from", c.moment(iv.from), "to", c.moment(min(iv.to, last.to)), "line", before)
			}
			if iv.to > last.to {
				last = iv
			}
		}
	}
}

func (c *cast) document(name, timezone string) *Document {
	doc := &Document{Name: name, Timezone: timezone, Participants: c.people}
	for _, role := range c.roles {
		layer := Layer{Name: "imported " + role, Shifts: c.lists[role]}
		if role != primary {
			layer.Role = role
		}
		doc.Layers = append(doc.Layers, layer)
	}
	return doc
}
