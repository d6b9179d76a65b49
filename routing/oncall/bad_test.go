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
		{"not JSON", "{\n\"timezone\": oops}", "line 2: document: not-json"},
		{"cut off", "{\n\"timezone\": \"UTC\",\n", "line 3: document: not-json"},
		{"two documents", base + "} {}", "line 3: document: not-json"},
		{"an unknown field", base + ",\n\"layer\": []}", "line 4: layer: unknown-field"},
		{"an unknown field deep inside", "{\"timezone\":\"UTC\",\n\"layers\": [{\"who\": [\"ana\"],\n\"window\": []}]}",
			"line 3: layers[0].window: unknown-field"},
		{"a field twice", base + ",\n\"timezone\": \"UTC\"}", "line 4: timezone: twice"},
		{"a number for a string", "{\n\"timezone\": 5}", "line 2: timezone: wrong-type"},
		{"a string for a list", base + ",\n\"leave\": \"ana\"}", "line 4: leave: wrong-type"},
		{"a string for a number", "{\"timezone\":\"UTC\",\n\"layers\": [{\"who\": [\"ana\"],\n\"priority\": \"high\"}]}",
			"line 3: layers[0].priority: wrong-type"},
		{"a list for an object", base + ",\n\"holidays\": []}", "line 4: holidays: wrong-type"},
		{"too deep", "{\"layers\": " + strings.Repeat("[", 5000),
			"line 1: layers[0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0]: too-deep"},
		{"an unknown zone", "{\n\"timezone\": \"America/Gotham\",\n\"layers\": [{\"who\": [\"ana\"]}]}",
			`line 2: timezone: time-zone value="America/Gotham"`},
		{"no zone", "{\n\"layers\": [{\"who\": [\"ana\"]}]}", `line 1: timezone: time-zone value=""`},
		{"no layer", "{\n\"timezone\": \"UTC\",\n\"layers\": []}", "line 3: layers: missing"},
		{"an empty rotation", rotation(`"name":"r","unit":"day","start":"2026-01-01T08:00",` + "\n" + `"turns":[]`),
			"line 5: rotations[0].turns: missing"},
		{"an empty turn", rotation(`"name":"r","unit":"day","start":"2026-01-01T08:00",` + "\n" + `"turns":["ana",` + "\n" + `5]`),
			"line 6: rotations[0].turns[1]: turn"},
		{"a rotation by the fortnight", rotation(`"name":"r","unit":"fortnight","start":"2026-01-01T08:00","turns":["ana"]`),
			`line 4: rotations[0].unit: choice choices="hour, day, week, month" value="fortnight"`},
		{"every minus one", rotation(`"name":"r","unit":"day","every":-1,"start":"2026-01-01T08:00","turns":["ana"]`),
			`line 4: rotations[0].every: range from="1" to="10000"`},
		{"a start with an offset", rotation(`"name":"r","unit":"day","start":"2026-01-01T08:00:00Z","turns":["ana"]`),
			"rotations[0].start:"},
		{"a start that is no handoff", rotation(`"name":"r","unit":"week","start":"2026-01-01T08:00","handoffs":["mon 08:00"],"turns":["ana"]`), `line 4: rotations[0].start: no-handoff value="2026-01-01T08:00"`},
		{"handoffs of every second week", rotation(
			`"name":"r","unit":"week","every":2,"start":"2026-01-05T08:00","handoffs":["mon 08:00"],"turns":["ana"]`),
			"line 4: rotations[0].handoffs: handoffs"},
		{"the same handoff twice", rotation(`"name":"r","unit":"day","start":"2026-01-05T08:00","handoffs":["08:00","08:00"],"turns":["ana"]`), "line 4: rotations[0].handoffs[1]: twice"},
		{"a handoff at 24:00", rotation(`"name":"r","unit":"day","start":"2026-01-05T00:00","handoffs":["24:00"],"turns":["ana"]`),
			"line 4: rotations[0].handoffs[0]: from-midnight"},
		{"a handoff on the 31st", rotation(`"name":"r","unit":"month","start":"2026-01-31T08:00","handoffs":["31 08:00"],"turns":["ana"]`),
			`line 4: rotations[0].handoffs[0]: month-day value="31 08:00"`},
		{"a nameless rotation", rotation(`"unit":"day","start":"2026-01-01T08:00","turns":["ana"]`), "line 4: rotations[0].name: missing"},
		{"a rotation nobody defined", "{\n\"timezone\":\"UTC\",\n\"layers\": [{\n\"rotation\":\"x\"}]}",
			`line 4: layers[0].rotation: no-rotation value="x"`},
		{"a layer of nobody", "{\n\"timezone\":\"UTC\",\n\"layers\": [\n{\"name\":\"x\"}]}",
			"line 4: layers[0]: one-of"},
		{"ahead of nothing", "{\n\"timezone\":\"UTC\",\n\"layers\": [\n{\"who\":[\"ana\"],\"ahead\":1}]}",
			"line 4: layers[0].ahead: ahead"},
		{"the same person twice in a layer", "{\n\"timezone\":\"UTC\",\n\"layers\": [\n{\"who\":[\"ana\",\"ana\"]}]}",
			"line 4: layers[0].who[1]: twice"},
		{"a clock of 25:00", "{\"timezone\":\"UTC\",\"layers\":[{\"who\":[\"ana\"],\n\"windows\":[{\"from\":\"08:00\",\n\"to\":\"25:00\"}]}]}", `line 3: layers[0].windows[0].to: clock value="25:00"`},
		{"a window from 24:00", "{\"timezone\":\"UTC\",\"layers\":[{\"who\":[\"ana\"],\n\"windows\":[{\"from\":\"24:00\",\"to\":\"08:00\"}]}]}", "line 2: layers[0].windows[0].from: from-midnight"},
		{"a day called monday", "{\"timezone\":\"UTC\",\"layers\":[{\"who\":[\"ana\"],\n\"windows\":[{\"days\":[\"monday\"],\"from\":\"08:00\",\"to\":\"12:00\"}]}]}", `line 2: layers[0].windows[0].days[0]: choice choices="sun, mon, tue, wed, thu, fri, sat" value="monday"`},
		{"a weekday on one side", "{\"timezone\":\"UTC\",\"layers\":[{\"who\":[\"ana\"],\n\"windows\":[{\"from\":\"fri " +
			"08:00\",\"to\":\"12:00\"}]}]}", `line 2: layers[0].windows[0].to: no-weekday value="12:00"`},
		{"weekdays twice", "{\"timezone\":\"UTC\",\"layers\":[{\"who\":[\"ana\"],\n\"windows\":[{\"days\":[\"fri\"],\"from\":\"fri " +
			"08:00\",\"to\":\"fri 12:00\"}]}]}", "line 2: layers[0].windows[0].days: days-and-weekday"},
		{"hours without an office", "{\"timezone\":\"UTC\",\"layers\":[{\"who\":[\"ana\"],\n\"hours\":\"office\"}]}",
			"line 2: layers[0].hours: no-office-hours"},
		{"hours of another kind", "{\"timezone\":\"UTC\",\"layers\":[{\"who\":[\"ana\"],\n\"hours\":\"lunch\"}]}",
			`line 2: layers[0].hours: choice choices="office, after" value="lunch"`},
		{"a rule that skips its own days", "{\"timezone\":\"UTC\",\"layers\":[{\"who\":[\"ana\"],\n\"rule\":\"h\",\"skipHolidays\":true}]}",
			"line 2: layers[0].skipHolidays: skips-itself"},
		{"a layer that ends before it begins", "{\"timezone\":\"UTC\",\"layers\":[{\"who\":[\"ana\"],\"from\":\"2026-02-01\",\n\"until\":\"2026-01-01\"}]}", "line 2: layers[0].until:"},
		{"a shift that ends before it begins", "{\"timezone\":\"UTC\",\"layers\":[{\"shifts\":[{\"who\":\"ana\",\"from\":\"2026-02-01\",\n\"to\":\"2026-01-01\"}]}]}", "line 2: layers[0].shifts[0].to:"},
		{"somebody unknown", base + ",\n\"participants\": [{\"id\": \"bob\"}]}",
			`line 3: layers[0].who[0]: no-participant value="ana"`},
		{"a participant twice", base + ",\n\"participants\": [{\"id\": \"ana\"},\n{\"id\": \"ana\"},{}]}",
			"line 5: participants[1].id: twice"},
		{"an unknown calendar", base + ",\n\"holidays\": {\"calendars\": [\n{\"name\": \"mars\"}]}}",
			`line 5: holidays.calendars[0].name: choice choices="es, pr, us" value="mars"`},
		{"an exception that is no holiday", base + ",\n\"holidays\": {\"calendars\": [\n{\"name\": \"us\", \"except\": [\"Festivus\"]}]}}",
			`line 5: holidays.calendars[0].except[0]: no-holiday calendar="us" value="Festivus"`},
		{"dates of another kind", base + ",\n\"holidays\": {\"calendars\": [\n{\"name\": \"us\", \"dates\": \"some\"}]}}",
			`line 5: holidays.calendars[0].dates: choice choices="both, actual, observed" value="some"`},
		{"a rule no layer has", base + ",\n\"holidays\": {\"own\": [\n{\"name\": \"x\", \"date\": \"12-24\", \"rule\": \"h\"}]}}",
			`line 5: holidays.own[0].rule: no-rule value="h"`},
		{"a holiday on 30 February", base + ",\n\"holidays\": {\"own\": [\n{\"name\": \"x\", \"date\": \"02-30\"}]}}",
			`line 5: holidays.own[0].date: date value="02-30"`},
		{"a holiday on no date", base + ",\n\"holidays\": {\"own\": [\n{\"name\": \"x\", \"date\": \"2026-02-30\"}]}}",
			`line 5: holidays.own[0].date: date value="2026-02-30"`},
		{"a holiday told twice", base + ",\n\"holidays\": {\"own\": [\n{\"date\": \"02-20\", \"from\": \"2026-02-20\"}]}}",
			"line 5: holidays.own[0].name: missing\nline 5: holidays.own[0].from: date-and-span"},
		{"circular backup", base + ",\n\"leave\": [\n{\"who\":\"ana\",\"backup\":\"bob\",\"from\":\"2026-01-01\",\"to\":\"2026-01-09\"},\n{\"who\":\"bob\",\"backup\":\"ana\",\"from\":\"2026-01-09\",\"to\":\"2026-01-20\"}]}", `line 5: leave[0].backup: circular value="ana → bob → ana"`},
		{"one's own backup", base + ",\n\"leave\": [\n{\"who\":\"ana\",\"backup\":\"ana\",\"from\":\"2026-01-01\",\"to\":\"2026-01-09\"}]}",
			`line 5: leave[0].backup: circular value="ana → ana"`},
		{"an override that ends before it starts", base + ",\n\"overrides\": [{\"add\": \"bob\", \"from\": " +
			"\"2026-01-02T08:00\",\n\"to\": \"2026-01-01T08:00\"}]}",
			`line 5: overrides[0].to: not-after from="2026-01-02T08:00" value="2026-01-01T08:00"`},
		{"an override that does nothing", base + ",\n\"overrides\": [{\"from\": \"2026-01-01\", \"to\": \"2026-01-02\"}]}",
			"line 4: overrides[0]: add-or-remove"},
		{"an override by itself", base + ",\n\"overrides\": [{\"add\":\"a\",\"remove\":\"a\",\"from\": \"2026-01-01\", \"to\": " +
			"\"2026-01-02\"}]}", `line 4: overrides[0].add: same value="a"`},
		{"an override of a role nobody has", base + ",\n\"overrides\": [{\"add\":\"a\",\"role\":\"x\",\"from\": \"2026-01-01\", \"to\": " +
			"\"2026-01-02\"}]}", `line 4: overrides[0].role: no-role choices="primary" value="x"`},
		{"an addition to no role of several", "{\"timezone\":\"UTC\",\"layers\":[{\"who\":[\"ana\"]},{\"role\":\"backup\",\"who\":[\"bob\"]}],\n\"overrides\": [{\"add\":\"a\",\"from\": \"2026-01-01\", \"to\": \"2026-01-02\"}]}", `line 2: overrides[0].role: which-role value="a"`},
		{"a moment that is none", base + ",\n\"overrides\": [{\"add\":\"a\",\"from\": \"tomorrow\", \"to\": \"2026-01-02\"}]}",
			`line 4: overrides[0].from: moment value="tomorrow"`},
		{"a moment too fine", base + ",\n\"overrides\": [{\"add\":\"a\",\"from\": \"2026-01-01T00:00:00.5Z\", \"to\": \"2026-01-02\"}]}",
			`line 4: overrides[0].from: too-exact value="2026-01-01T00:00:00.5Z"`},
		{"a moment too far", base + ",\n\"overrides\": [{\"add\":\"a\",\"from\": \"2026-01-01\", \"to\": \"9999-01-02\"}]}",
			`line 4: overrides[0].to: years from="1900" to="2199" value="9999-01-02"`},
		{"a swap in an unknown state", base + ",\n\"swaps\": [{\"owner\":\"ana\",\"taker\":\"bob\",\"state\":\"maybe\",\"from\": " +
			"\"2026-01-01\", \"to\": \"2026-01-02\"}]}", `line 4: swaps[0].state: choice choices="open, taken, approved" value="maybe"`},
		{"a swap with oneself", base + ",\n\"swaps\": [{\"owner\":\"ana\",\"taker\":\"ana\",\"state\":\"approved\",\"from\": " +
			"\"2026-01-01\", \"to\": \"2026-01-02\"}]}", "line 4: swaps[0].taker: own-swap"},
		{"a swap approved for nobody", base + ",\n\"swaps\": [{\"owner\":\"ana\",\"state\":\"approved\",\"from\": \"2026-01-01\", " +
			"\"to\": \"2026-01-02\"}]}", "line 4: swaps[0].taker: missing"},
		{"an open swap backwards", base + ",\n\"swaps\": [{\"owner\":\"ana\",\"state\":\"open\",\"from\": \"2026-01-01\", \"to\": " +
			"\"2026-01-02\",\n\"back\":{\"from\":\"2026-02-02\",\"to\":\"2026-02-01\"}}]}", "line 5: swaps[0].back.to:"},
		{"a temporary schedule without a default", base + ",\n\"temporary\": [{\"from\": \"2026-01-01\", \"to\": \"2026-01-02\", " +
			"\"shifts\": []}]}", `line 4: temporary[0]: no-default value="primary"`},
		{"a default for a role nobody has", base + ",\n\"default\": {\n\"x\": \"ana\"}}",
			`line 5: default.x: no-role choices="primary" value="x"`},
		{"too many entries in leave", base + ",\n\"leave\": [" + strings.TrimSuffix(strings.Repeat("{},", maxExceptions+1), ",") + "]}",
			"line 4: leave: too-many"},
		{"too many entries in swaps", base + ",\n\"swaps\": [" + strings.TrimSuffix(strings.Repeat("{},", maxExceptions+1), ",") + "]}",
			"line 4: swaps: too-many"},
		{"too many entries in temporary", base + ",\n\"temporary\": [" + strings.TrimSuffix(strings.Repeat("{},", maxExceptions+1), ",") +
			"]}", "line 4: temporary: too-many"},
		{"too many holidays", base + ",\n\"holidays\": {\"own\": [" + strings.TrimSuffix(strings.Repeat("{},", maxHolidays+1), ",") + "]}}",
			"line 4: holidays.own: too-many"},
		{"too many rotations", base + ",\n\"rotations\": [" + strings.TrimSuffix(strings.Repeat("{},", maxLayers+1), ",") + "]}",
			"line 4: rotations: too-many"},
		{"too many layers", "{\"timezone\":\"UTC\",\n\"layers\": [" + strings.TrimSuffix(strings.Repeat("{},", maxLayers+1), ",") + "]}",
			"line 2: layers: too-many"},
		{"too many windows", "{\"timezone\":\"UTC\",\"layers\": [{\"who\":[\"ana\"],\n\"windows\": [" +
			strings.TrimSuffix(strings.Repeat("{},", maxTurns+1), ",") + "]}]}", "line 2: layers[0].windows: too-many"},
		{"too many handoffs", rotation(`"name":"r","unit":"day","start":"2026-01-05T08:00","turns":["ana"],"handoffs":[` +
			strings.TrimSuffix(strings.Repeat("\"08:00\",", maxTurns+1), ",") + "]"), "line 4: rotations[0].handoffs: too-many"},
		{"too far ahead", "{\"timezone\":\"UTC\",\"rotations\":[{\"name\":\"r\",\"unit\":\"day\",\"start\":\"2026-01-05T08:00\",\"turns\":[\"ana\"]}],\"layers\":[{\"rotation\":\"r\",\n\"ahead\":5000}]}", `line 2: layers[0].ahead: range from="-2000" to="2000"`},
		{"two rotations of one name", "{\"timezone\":\"UTC\",\"rotations\":[{\"name\":\"r\",\"unit\":\"day\",\"start\":\"2026-01-05T08:00\",\"turns\":[\"ana\"]},\n{\"name\":\"r\",\"unit\":\"day\",\"start\":\"2026-01-05T08:00\",\"turns\":[\"ana\"]}],\"layers\":[{\"rotation\":\"r\"}]}", "line 2: rotations[1].name: twice"},
		{"a start finer than a second", rotation(`"name":"r","unit":"day","start":"2026-01-01T08:00:00.5","turns":["ana"]`),
			"rotations[0].start:"},
		{"a string for a truth", "{\"timezone\":\"UTC\",\"layers\":[{\"who\":[\"ana\"],\n\"skipHolidays\": \"yes\"}]}",
			"line 2: layers[0].skipHolidays: wrong-type"},
		{"shifts with windows", "{\"timezone\":\"UTC\",\"layers\":[{\"hours\":\"office\",\n\"shifts\":[{\"who\":\"ana\",\"from\":\"2026-02-01\",\"to\":\"2026-02-01\"}]}]}", "line 2: layers[0].shifts: shifts-alone"},
		{"thousands of shifts at the same time", "{\"timezone\":\"UTC\",\"layers\":[{\n\"shifts\":[" + crowd(5000) + "]}]}",
			"line 2: layers[0].shifts: at-once"},
		{"too many overrides", base + ",\n\"overrides\": [" + strings.TrimSuffix(strings.Repeat("{},", maxExceptions+1), ",") + "]}",
			"line 4: overrides: too-many"},
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
	if err == nil || !strings.Contains(err.Error(), "line 1: document: too-long") {
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
	if _, err := Compile(doc, from, from.AddDate(10, 0, 0)); err == nil || !strings.Contains(err.Error(), "too-many-shifts") {
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
