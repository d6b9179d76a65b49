package oncall

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

// TestBadDocuments: every error names the line and the field, so that whoever wrote the file finds the place.
func TestBadDocuments(t *testing.T) {
	const base = "{\n\"timezone\": \"America/Chicago\",\n\"layers\": [{\"who\": [\"ana\"]}]" // ends on line 3
	rotation := func(fields string) string {
		return "{\n\"timezone\": \"UTC\",\n\"rotations\": [\n{" + fields + "}\n],\n\"layers\": [{\"rotation\": \"r\"}]}"
	}
	for _, c := range []struct{ name, text, want string }{
		{"not JSON", "{\n\"timezone\": oops}", "line 2: document: is not JSON"},
		{"cut off", "{\n\"timezone\": \"UTC\",\n", "line 3: document: ends too early"},
		{"two documents", base + "} {}", "line 3: document: goes on after its end"},
		{"an unknown field", base + ",\n\"layer\": []}", "line 4: layer: is not a field of a schedule"},
		{"an unknown field deep inside", "{\"timezone\":\"UTC\",\n\"layers\": [{\"who\": [\"ana\"],\n\"window\": []}]}",
			"line 3: layers[0].window: is not a field of a schedule"},
		{"a field twice", base + ",\n\"timezone\": \"UTC\"}", "line 4: timezone: stands here twice"},
		{"a number for a string", "{\n\"timezone\": 5}", "line 2: timezone: a number stands where a string belongs"},
		{"a string for a list", base + ",\n\"leave\": \"ana\"}", "line 4: leave: a string stands where a list belongs"},
		{"a string for a number", "{\"timezone\":\"UTC\",\n\"layers\": [{\"who\": [\"ana\"],\n\"priority\": \"high\"}]}",
			"line 3: layers[0].priority: a string stands where a whole number belongs"},
		{"a list for an object", base + ",\n\"holidays\": []}", "line 4: holidays: a array stands where an object belongs"},
		{"too deep", "{\"layers\": " + strings.Repeat("[", 5000), "is nested too deeply"},
		{"an unknown zone", "{\n\"timezone\": \"America/Gotham\",\n\"layers\": [{\"who\": [\"ana\"]}]}",
			`line 2: timezone: "America/Gotham" is not a known time zone`},
		{"no zone", "{\n\"layers\": [{\"who\": [\"ana\"]}]}", `timezone: "" is not a time zone`},
		{"no layer", "{\n\"timezone\": \"UTC\",\n\"layers\": []}", "line 3: layers: is empty"},
		{"an empty rotation", rotation(`"name":"r","unit":"day","start":"2026-01-01T08:00",` + "\n" + `"turns":[]`),
			"line 5: rotations[0].turns: is empty"},
		{"an empty turn", rotation(`"name":"r","unit":"day","start":"2026-01-01T08:00",` + "\n" + `"turns":["ana",` + "\n" + `5]`),
			"line 6: rotations[0].turns[1]: must be a participant"},
		{"a rotation by the fortnight", rotation(`"name":"r","unit":"fortnight","start":"2026-01-01T08:00","turns":["ana"]`),
			"line 4: rotations[0].unit: \"fortnight\" is not hour, day, week or month"},
		{"every minus one", rotation(`"name":"r","unit":"day","every":-1,"start":"2026-01-01T08:00","turns":["ana"]`),
			"rotations[0].every: -1 is not between"},
		{"a start with an offset", rotation(`"name":"r","unit":"day","start":"2026-01-01T08:00:00Z","turns":["ana"]`),
			"rotations[0].start:"},
		{"a start that is no handoff", rotation(`"name":"r","unit":"week","start":"2026-01-01T08:00","handoffs":["mon 08:00"],"turns":["ana"]`), "rotations[0].start: 2026-01-01T08:00, a Thursday, is not one of the handoffs"},
		{"handoffs of every second week", rotation(
			`"name":"r","unit":"week","every":2,"start":"2026-01-05T08:00","handoffs":["mon 08:00"],"turns":["ana"]`),
			"rotations[0].handoffs: goes with one day, week or month at a time"},
		{"the same handoff twice", rotation(`"name":"r","unit":"day","start":"2026-01-05T08:00","handoffs":["08:00","08:00"],"turns":["ana"]`), "rotations[0].handoffs[1]: \"08:00\" stands here twice"},
		{"a handoff at 24:00", rotation(`"name":"r","unit":"day","start":"2026-01-05T00:00","handoffs":["24:00"],"turns":["ana"]`),
			"is written 00:00 of the next"},
		{"a handoff on the 31st", rotation(`"name":"r","unit":"month","start":"2026-01-31T08:00","handoffs":["31 08:00"],"turns":["ana"]`),
			"rotations[0].handoffs[0]: \"31 08:00\" does not begin with a day of the month from 1 to 28"},
		{"a nameless rotation", rotation(`"unit":"day","start":"2026-01-01T08:00","turns":["ana"]`), "rotations[0].name: is missing"},
		{"a rotation nobody defined", "{\n\"timezone\":\"UTC\",\n\"layers\": [{\n\"rotation\":\"x\"}]}",
			"line 4: layers[0].rotation: there is no rotation \"x\""},
		{"a layer of nobody", "{\n\"timezone\":\"UTC\",\n\"layers\": [\n{\"name\":\"x\"}]}",
			"line 4: layers[0]: needs exactly one of who, rotation and shifts"},
		{"ahead of nothing", "{\n\"timezone\":\"UTC\",\n\"layers\": [\n{\"who\":[\"ana\"],\"ahead\":1}]}",
			"layers[0].ahead: goes with a rotation"},
		{"the same person twice in a layer", "{\n\"timezone\":\"UTC\",\n\"layers\": [\n{\"who\":[\"ana\",\"ana\"]}]}",
			"layers[0].who[1]: \"ana\" is named twice at once"},
		{"a clock of 25:00", "{\"timezone\":\"UTC\",\"layers\":[{\"who\":[\"ana\"],\n\"windows\":[{\"from\":\"08:00\",\n\"to\":\"25:00\"}]}]}", `line 3: layers[0].windows[0].to: "25:00" is not a clock time`},
		{"a window from 24:00", "{\"timezone\":\"UTC\",\"layers\":[{\"who\":[\"ana\"],\n\"windows\":[{\"from\":\"24:00\",\"to\":\"08:00\"}]}]}", "layers[0].windows[0].from: a day ends at 24:00"},
		{"a day called monday", "{\"timezone\":\"UTC\",\"layers\":[{\"who\":[\"ana\"],\n\"windows\":[{\"days\":[\"monday\"],\"from\":\"08:00\",\"to\":\"12:00\"}]}]}", `layers[0].windows[0].days[0]: "monday" is not a weekday`},
		{"a weekday on one side", "{\"timezone\":\"UTC\",\"layers\":[{\"who\":[\"ana\"],\n\"windows\":[{\"from\":\"fri " +
			"08:00\",\"to\":\"12:00\"}]}]}", `layers[0].windows[0].to: "12:00" needs a weekday`},
		{"weekdays twice", "{\"timezone\":\"UTC\",\"layers\":[{\"who\":[\"ana\"],\n\"windows\":[{\"days\":[\"fri\"],\"from\":\"fri " +
			"08:00\",\"to\":\"fri 12:00\"}]}]}", "layers[0].windows[0].days: does not go with a weekday in from"},
		{"hours without an office", "{\"timezone\":\"UTC\",\"layers\":[{\"who\":[\"ana\"],\n\"hours\":\"office\"}]}",
			"line 2: layers[0].hours: needs officeHours"},
		{"hours of another kind", "{\"timezone\":\"UTC\",\"layers\":[{\"who\":[\"ana\"],\n\"hours\":\"lunch\"}]}",
			`"lunch" is not office or after`},
		{"a rule that skips its own days", "{\"timezone\":\"UTC\",\"layers\":[{\"who\":[\"ana\"],\n\"rule\":\"h\",\"skipHolidays\":true}]}",
			"layers[0].skipHolidays: does not go with rule"},
		{"a layer that ends before it begins", "{\"timezone\":\"UTC\",\"layers\":[{\"who\":[\"ana\"],\"from\":\"2026-02-01\",\n\"until\":\"2026-01-01\"}]}", "line 2: layers[0].until:"},
		{"a shift that ends before it begins", "{\"timezone\":\"UTC\",\"layers\":[{\"shifts\":[{\"who\":\"ana\",\"from\":\"2026-02-01\",\n\"to\":\"2026-01-01\"}]}]}", "line 2: layers[0].shifts[0].to:"},
		{"somebody unknown", base + ",\n\"participants\": [{\"id\": \"bob\"}]}",
			`line 3: layers[0].who[0]: "ana" is not among the participants`},
		{"a participant twice", base + ",\n\"participants\": [{\"id\": \"ana\"},\n{\"id\": \"ana\"},{}]}",
			`line 5: participants[1].id: "ana" stands in the list twice`},
		{"an unknown calendar", base + ",\n\"holidays\": {\"calendars\": [\n{\"name\": \"mars\"}]}}",
			`line 5: holidays.calendars[0].name: "mars" is not a calendar`},
		{"an exception that is no holiday", base + ",\n\"holidays\": {\"calendars\": [\n{\"name\": \"us\", \"except\": [\"Festivus\"]}]}}",
			`holidays.calendars[0].except[0]: "Festivus" is not a holiday`},
		{"dates of another kind", base + ",\n\"holidays\": {\"calendars\": [\n{\"name\": \"us\", \"dates\": \"some\"}]}}",
			`holidays.calendars[0].dates: "some" is not both, actual or observed`},
		{"a rule no layer has", base + ",\n\"holidays\": {\"own\": [\n{\"name\": \"x\", \"date\": \"12-24\", \"rule\": \"h\"}]}}",
			`line 5: holidays.own[0].rule: no layer has the rule "h"`},
		{"a holiday on 30 February", base + ",\n\"holidays\": {\"own\": [\n{\"name\": \"x\", \"date\": \"02-30\"}]}}",
			`holidays.own[0].date: "02-30" is not a day of the year`},
		{"a holiday on no date", base + ",\n\"holidays\": {\"own\": [\n{\"name\": \"x\", \"date\": \"2026-02-30\"}]}}",
			`holidays.own[0].date: "2026-02-30" is not a date`},
		{"a holiday told twice", base + ",\n\"holidays\": {\"own\": [\n{\"date\": \"02-20\", \"from\": \"2026-02-20\"}]}}",
			"line 5: holidays.own[0].name: is missing\nline 5: holidays.own[0].from: does not go with date"},
		{"circular backup", base + ",\n\"leave\": [\n{\"who\":\"ana\",\"backup\":\"bob\",\"from\":\"2026-01-01\",\"to\":\"2026-01-09\"},\n{\"who\":\"bob\",\"backup\":\"ana\",\"from\":\"2026-01-09\",\"to\":\"2026-01-20\"}]}", "line 5: leave[0].backup: is circular: ana → bob → ana"},
		{"one's own backup", base + ",\n\"leave\": [\n{\"who\":\"ana\",\"backup\":\"ana\",\"from\":\"2026-01-01\",\"to\":\"2026-01-09\"}]}",
			"leave[0].backup: is circular: ana → ana"},
		{"an override that ends before it starts", base + ",\n\"overrides\": [{\"add\": \"bob\", \"from\": " +
			"\"2026-01-02T08:00\",\n\"to\": \"2026-01-01T08:00\"}]}",
			`line 5: overrides[0].to: "2026-01-01T08:00" does not come after its beginning`},
		{"an override that does nothing", base + ",\n\"overrides\": [{\"from\": \"2026-01-01\", \"to\": \"2026-01-02\"}]}",
			"overrides[0]: needs add, remove or both"},
		{"an override by itself", base + ",\n\"overrides\": [{\"add\":\"a\",\"remove\":\"a\",\"from\": \"2026-01-01\", \"to\": " +
			"\"2026-01-02\"}]}", "overrides[0].add: replaces \"a\" by the same"},
		{"an override of a role nobody has", base + ",\n\"overrides\": [{\"add\":\"a\",\"role\":\"x\",\"from\": \"2026-01-01\", \"to\": " +
			"\"2026-01-02\"}]}", `overrides[0].role: no layer has the role "x"`},
		{"an addition to no role of several", "{\"timezone\":\"UTC\",\"layers\":[{\"who\":[\"ana\"]},{\"role\":\"backup\",\"who\":[\"bob\"]}],\n\"overrides\": [{\"add\":\"a\",\"from\": \"2026-01-01\", \"to\": \"2026-01-02\"}]}", "line 2: overrides[0].role: is missing"},
		{"a moment that is none", base + ",\n\"overrides\": [{\"add\":\"a\",\"from\": \"tomorrow\", \"to\": \"2026-01-02\"}]}",
			`overrides[0].from: "tomorrow" is not a moment`},
		{"a moment too fine", base + ",\n\"overrides\": [{\"add\":\"a\",\"from\": \"2026-01-01T00:00:00.5Z\", \"to\": \"2026-01-02\"}]}",
			"is finer than a second"},
		{"a moment too far", base + ",\n\"overrides\": [{\"add\":\"a\",\"from\": \"2026-01-01\", \"to\": \"9999-01-02\"}]}",
			"is outside the years"},
		{"a swap in an unknown state", base + ",\n\"swaps\": [{\"owner\":\"ana\",\"taker\":\"bob\",\"state\":\"maybe\",\"from\": " +
			"\"2026-01-01\", \"to\": \"2026-01-02\"}]}", `swaps[0].state: "maybe" is not open, taken or approved`},
		{"a swap with oneself", base + ",\n\"swaps\": [{\"owner\":\"ana\",\"taker\":\"ana\",\"state\":\"approved\",\"from\": " +
			"\"2026-01-01\", \"to\": \"2026-01-02\"}]}", "swaps[0].taker: is the owner"},
		{"a swap approved for nobody", base + ",\n\"swaps\": [{\"owner\":\"ana\",\"state\":\"approved\",\"from\": \"2026-01-01\", " +
			"\"to\": \"2026-01-02\"}]}", "swaps[0].taker: names nobody"},
		{"an open swap backwards", base + ",\n\"swaps\": [{\"owner\":\"ana\",\"state\":\"open\",\"from\": \"2026-01-01\", \"to\": " +
			"\"2026-01-02\",\n\"back\":{\"from\":\"2026-02-02\",\"to\":\"2026-02-01\"}}]}", "line 5: swaps[0].back.to:"},
		{"a temporary schedule without a default", base + ",\n\"temporary\": [{\"from\": \"2026-01-01\", \"to\": \"2026-01-02\", " +
			"\"shifts\": []}]}", `line 4: temporary[0]: needs a default provider for the role "primary"`},
		{"a default for a role nobody has", base + ",\n\"default\": {\n\"x\": \"ana\"}}", `line 5: default.x: no layer has the role "x"`},
		{"too many entries in leave", base + ",\n\"leave\": [" + strings.TrimSuffix(strings.Repeat("{},", maxExceptions+1), ",") + "]}",
			"line 4: leave: has 2001 entries; at most 2000 are taken"},
		{"too many entries in swaps", base + ",\n\"swaps\": [" + strings.TrimSuffix(strings.Repeat("{},", maxExceptions+1), ",") + "]}",
			"line 4: swaps: has 2001 entries; at most 2000 are taken"},
		{"too many entries in temporary", base + ",\n\"temporary\": [" + strings.TrimSuffix(strings.Repeat("{},", maxExceptions+1), ",") +
			"]}", "line 4: temporary: has 2001 entries; at most 2000 are taken"},
		{"too many holidays", base + ",\n\"holidays\": {\"own\": [" + strings.TrimSuffix(strings.Repeat("{},", maxHolidays+1), ",") + "]}}",
			"line 4: holidays.own: has 501 entries"},
		{"too many rotations", base + ",\n\"rotations\": [" + strings.TrimSuffix(strings.Repeat("{},", maxLayers+1), ",") + "]}",
			"line 4: rotations: has 201 entries"},
		{"too many layers", "{\"timezone\":\"UTC\",\n\"layers\": [" + strings.TrimSuffix(strings.Repeat("{},", maxLayers+1), ",") + "]}",
			"line 2: layers: has 201 entries"},
		{"too many windows", "{\"timezone\":\"UTC\",\"layers\": [{\"who\":[\"ana\"],\n\"windows\": [" +
			strings.TrimSuffix(strings.Repeat("{},", maxTurns+1), ",") + "]}]}", "line 2: layers[0].windows: has 2001 entries"},
		{"too many handoffs", rotation(`"name":"r","unit":"day","start":"2026-01-05T08:00","turns":["ana"],"handoffs":[` +
			strings.TrimSuffix(strings.Repeat("\"08:00\",", maxTurns+1), ",") + "]"), "rotations[0].handoffs: has 2001 entries"},
		{"too far ahead", "{\"timezone\":\"UTC\",\"rotations\":[{\"name\":\"r\",\"unit\":\"day\",\"start\":\"2026-01-05T08:00\",\"turns\":[\"ana\"]}],\"layers\":[{\"rotation\":\"r\",\n\"ahead\":5000}]}", "line 2: layers[0].ahead: 5000 is not between"},
		{"two rotations of one name", "{\"timezone\":\"UTC\",\"rotations\":[{\"name\":\"r\",\"unit\":\"day\",\"start\":\"2026-01-05T08:00\",\"turns\":[\"ana\"]},\n{\"name\":\"r\",\"unit\":\"day\",\"start\":\"2026-01-05T08:00\",\"turns\":[\"ana\"]}],\"layers\":[{\"rotation\":\"r\"}]}", "line 2: rotations[1].name: \"r\" is the name of another rotation"},
		{"a start finer than a second", rotation(`"name":"r","unit":"day","start":"2026-01-01T08:00:00.5","turns":["ana"]`),
			"rotations[0].start:"},
		{"a string for a truth", "{\"timezone\":\"UTC\",\"layers\":[{\"who\":[\"ana\"],\n\"skipHolidays\": \"yes\"}]}",
			"line 2: layers[0].skipHolidays: a string stands where true or false belongs"},
		{"shifts with windows", "{\"timezone\":\"UTC\",\"layers\":[{\"hours\":\"office\",\n\"shifts\":[{\"who\":\"ana\",\"from\":\"2026-02-01\",\"to\":\"2026-02-01\"}]}]}", "line 2: layers[0].shifts: tell their own times"},
		{"thousands of shifts at the same time", "{\"timezone\":\"UTC\",\"layers\":[{\n\"shifts\":[" + crowd(5000) + "]}]}",
			"line 2: layers[0].shifts: too many of them at the same time"},
		{"too many overrides", base + ",\n\"overrides\": [" + strings.TrimSuffix(strings.Repeat("{},", maxExceptions+1), ",") + "]}",
			"line 4: overrides: has 2001 entries; at most 2000 are taken"},
	} {
		t.Run(c.name, func(t *testing.T) {
			doc, err := Parse(strings.NewReader(c.text))
			if err == nil {
				_, err = Compile(doc, time.Time{}, time.Time{})
			}
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("error:\n%v\nwant:\n%s", err, c.want)
			}
			var problems ReadProblems
			if !errors.As(err, &problems) {
				t.Errorf("%T is not a Problems", err)
			}
		})
	}
}

// crowd is n shifts in JSON, each inside the one before.
func crowd(n int) string {
	from, to := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)
	shifts := make([]string, n)
	for i := range shifts {
		step := time.Duration(i) * time.Second
		shifts[i] = fmt.Sprintf(`{"who":"p","from":%q,"to":%q}`, from.Add(step).Format(time.RFC3339), to.Add(-step).Format(time.RFC3339))
	}
	return strings.Join(shifts, ",")
}

func TestAllProblemsAtOnce(t *testing.T) {
	text := "{\"timezone\":\"UTC\",\"layers\":[{\"who\":[\"\"]}],\n\"leave\":[{\"who\":\"\",\"from\":\"x\",\"to\":\"y\"}" +
		strings.Repeat(",\n{\"who\":\"\",\"from\":\"x\",\"to\":\"y\"}", 100) + "]}"
	doc, err := Parse(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	_, err = Compile(doc, time.Time{}, time.Time{})
	var problems ReadProblems
	if !errors.As(err, &problems) || len(problems) != maxProblems || problems[3].Line != 2 {
		t.Errorf("%d problems: %v", len(problems), err)
	}
}

func TestDocumentsOfAnySize(t *testing.T) {
	_, err := Parse(strings.NewReader("{\"name\": \"" + strings.Repeat("x", MaxDocument)))
	if err == nil || !strings.Contains(err.Error(), "line 1: document: is longer than") {
		t.Errorf("error %v", err)
	}
	_, err = Parse(&failing{})
	if err == nil || !strings.Contains(err.Error(), "read schedule: torn") {
		t.Errorf("error %v", err)
	}
	if _, err := ImportCSV(&failing{}, Import{Timezone: "UTC"}); err == nil || !strings.Contains(err.Error(), "torn") {
		t.Errorf("error %v", err)
	}
}

type failing struct{}

func (*failing) Read([]byte) (int, error) { return 0, errors.New("torn") }

// TestCrowdedTimes: what would take memory by the square of its size is refused.
func TestCrowdedTimes(t *testing.T) {
	var ivs []interval
	for i := range int64(5000) {
		ivs = append(ivs, interval{i, 10000 - i, int32(i)})
	}
	if _, err := newTimeline(ivs); err == nil {
		t.Error("took five thousand things at once")
	}
	doc := &Document{Timezone: "UTC"}
	for i := range maxLayers {
		doc.Rotations = append(doc.Rotations, Rotation{Name: fmt.Sprint(i), Unit: "hour", Start: "2026-01-01T00:00",
			Turns: []Turn{{"a"}, {"b"}}})
		doc.Layers = append(doc.Layers, Layer{Rotation: fmt.Sprint(i)})
	}
	from := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	if _, err := Compile(doc, from, from.AddDate(10, 0, 0)); err == nil || !strings.Contains(err.Error(), "ask for less at once") {
		t.Errorf("error %v", err)
	}
	if _, err := Compile(doc, from, from.AddDate(-1, 0, 0)); err == nil {
		t.Error("took a time that ends before it begins")
	}
}

// TestTheEndsOfTime: any instant has an answer, however far.
func TestTheEndsOfTime(t *testing.T) {
	s := compile(t, `"officeHours":[{"from":"08:00","to":"17:00"}],"holidays":{"calendars":[{"name":"us"}]},"rotations":[{"name":"r","unit":"month","start":"2026-01-31T08:00","turns":["ana","bob"]}],"layers":[{"rotation":"r"},{"who":["cy"],"hours":"office","priority":1}]`)
	for _, at := range []time.Time{{}, time.Unix(0, 0), time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC),
		time.Date(-500, 1, 1, 0, 0, 0, 0, time.UTC)} {
		if got := s.Who(at, Query{}); len(got) != 1 {
			t.Errorf("%s: %v", at, got)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(`{"timezone":"UTC","rotations":[{"name":"r","unit":"day","start":"2026-01-01T08:00","turns":["a",["b","c"]]}],"layers":[{"rotation":"r","windows":[{"from":"fri 17:00","to":"mon 08:00"}]}]}`)
	from := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, text string) {
		doc, err := Parse(strings.NewReader(text))
		if err != nil {
			return
		}
		s, err := Compile(doc, from, from.AddDate(0, 0, 30))
		if err != nil {
			return
		}
		for _, role := range s.Roles() {
			s.Shifts(from, from.AddDate(0, 0, 40), Query{Role: role})
			s.Explain(from, Query{Role: role})
		}
	})
}
