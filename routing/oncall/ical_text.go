package oncall

import (
	"strconv"
	"strings"
)

// maxNesting: a calendar holds a time zone, which holds its observances, or an event, which holds an alarm.
const maxNesting = 4

// property is one content line of a calendar, unfolded (RFC 5545, section 3.1). Its names are in capitals: they mean the same
// in any case.
type property struct {
	line   int
	name   string
	params map[string][]string
	value  string
}

// param is a parameter's value; "" when it is not there.
func (p *property) param(name string) string {
	if values := p.params[name]; len(values) > 0 {
		return values[0]
	}
	return ""
}

// component is what stands between BEGIN and END.
type component struct {
	line  int
	name  string
	props []property
	parts []*component
}

// all are the properties of a name, in the order of the file.
func (c *component) all(name string) (out []property) {
	for _, p := range c.props {
		if p.name == name {
			out = append(out, p)
		}
	}
	return out
}

// first is the first property of a name; nil when there is none.
func (c *component) first(name string) *property {
	for i := range c.props {
		if c.props[i].name == name {
			return &c.props[i]
		}
	}
	return nil
}

// parseCalendars reads a text into its VCALENDARs, of which a file may hold several (RFC 5545, section 3.4).
func parseCalendars(text []byte) ([]*component, error) {
	root := &component{}
	open := []*component{root}
	last := 0
	err := unfold(text, func(line int, content string) error {
		p, err := parseProperty(line, content)
		if err != nil {
			return err
		}
		last = line
		value := strings.ToUpper(strings.TrimSpace(p.value))
		top := open[len(open)-1]
		switch {
		case p.name == "BEGIN" && len(open) > maxNesting:
			return oneProblem(line, "BEGIN", "import-nested")
		case p.name == "BEGIN" && (value == "VCALENDAR") != (len(open) == 1):
			return oneProblem(line, "BEGIN", "import-misplaced", "value", value)
		case p.name == "BEGIN" && value == "VEVENT" && len(open) != 2:
			return oneProblem(line, "BEGIN", "import-inside", "value", top.name, "line", strconv.Itoa(top.line))
		case p.name == "BEGIN":
			c := &component{line: line, name: value}
			top.parts = append(top.parts, c)
			open = append(open, c)
		case p.name == "END" && (len(open) == 1 || top.name != value):
			return oneProblem(line, "END", "import-closes", "value", value)
		case p.name == "END":
			open = open[:len(open)-1]
		case len(open) == 1:
			return oneProblem(line, "calendar", "import-outside")
		default:
			top.props = append(top.props, p)
		}
		return nil
	})
	switch {
	case err != nil:
		return nil, err
	case len(open) > 1:
		return nil, oneProblem(last+1, "END", "import-stops", "value", open[len(open)-1].name)
	case len(root.parts) == 0:
		return nil, oneProblem(1, "calendar", "import-no-calendar")
	}
	return root.parts, nil
}

// unfold gives the content lines with the numbers of the lines they begin on. A long line may be folded in the middle of a
// letter, so bytes are put together before they are decoded.
func unfold(text []byte, yield func(line int, content string) error) error {
	var held []byte
	begin := 0
	flush := func() error {
		if begin == 0 {
			return nil
		}
		err := yield(begin, decodeLine(held))
		begin = 0
		return err
	}
	for i, content := range textLines(text) {
		switch {
		case len(content) == 0:
		case content[0] == ' ' || content[0] == '\t':
			if begin == 0 && len(strings.TrimSpace(string(content))) > 0 {
				return oneProblem(i+1, "calendar", "import-continues")
			}
			held = append(held, content[1:]...)
		default:
			if err := flush(); err != nil {
				return err
			}
			held, begin = append(held[:0], content...), i+1
		}
	}
	return flush()
}

// parseProperty reads "NAME;PARAM=value;PARAM="value":value".
func parseProperty(line int, content string) (property, error) {
	p := property{line: line}
	bad := func(code string) (property, error) { return p, oneProblem(line, "calendar", code, "value", content) }
	end := strings.IndexAny(content, ":;")
	if end < 0 {
		return bad("import-no-colon")
	}
	p.name = strings.ToUpper(strings.TrimSpace(content[:end]))
	if strings.Trim(p.name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-") != "" || p.name == "" {
		return bad("import-no-name")
	}
	rest := content[end:]
	for strings.HasPrefix(rest, ";") {
		name, after, ok := strings.Cut(rest[1:], "=")
		if !ok || strings.ContainsAny(name, ":;\"") {
			return bad("import-no-value")
		}
		name = strings.ToUpper(strings.TrimSpace(name))
		var value string
		for {
			if value, after, ok = paramValue(after); !ok {
				return bad("import-open-quote")
			}
			if p.params == nil {
				p.params = map[string][]string{}
			}
			p.params[name] = append(p.params[name], value)
			if !strings.HasPrefix(after, ",") {
				break
			}
			after = after[1:]
		}
		rest = after
	}
	if !strings.HasPrefix(rest, ":") {
		return bad("import-no-colon")
	}
	p.value = rest[1:]
	return p, nil
}

// paramValue takes one value off the front, in quotes or without, and undoes the escapes of RFC 6868.
func paramValue(text string) (value, rest string, ok bool) {
	if strings.HasPrefix(text, `"`) {
		if value, rest, ok = strings.Cut(text[1:], `"`); !ok {
			return "", "", false
		}
	} else {
		end := strings.IndexAny(text+":", ",;:")
		value, rest = text[:end], text[end:]
	}
	return strings.NewReplacer("^n", "\n", "^'", `"`, "^^", "^").Replace(value), rest, true
}

// unescape reads the TEXT of RFC 5545, section 3.3.11.
func unescape(text string) string {
	return strings.TrimSpace(strings.NewReplacer(`\\`, `\`, `\n`, "\n", `\N`, "\n", `\,`, ",", `\;`, ";", `\:`, ":", `\"`,
		`"`).Replace(text))
}
