package routing

import (
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"lamplight/notes"
)

var checkedAt = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

func goodPractice(t testing.TB) string {
	t.Helper()
	b, err := os.ReadFile("testdata/practice.json")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// spoil changes one word of the good practice.
func spoil(t testing.TB, old, new string) []byte {
	t.Helper()
	good := goodPractice(t)
	if !strings.Contains(good, old) {
		t.Fatalf("the practice does not say %s", old)
	}
	return []byte(strings.Replace(good, old, new, 1))
}

// told are problems as one line each: "refuse account.id missing".
func told(p Problems) []string {
	out := []string{}
	for _, q := range p {
		out = append(out, string(q.Severity)+" "+q.Field+" "+q.Code)
	}
	return out
}

func TestPracticeSaysWhatIsWrongAndWhere(t *testing.T) {
	if _, p := ReadPractice([]byte(goodPractice(t)), nil, checkedAt); len(p) > 0 {
		t.Fatalf("as it is: %v", told(p))
	}
	const types, fields = "account.script.callTypes", "account.script.callTypes[0].fields"
	for name, c := range map[string]struct {
		old, new string
		want     string // one a line
	}{
		"an unknown field": {
			`"name": "Lakeside Internal`,
			`"nmae": "", "name": "Lakeside Internal`,
			"refuse account.nmae unknown-field",
		},
		"an unknown field in a line": {`"priority": 0`, `"prioritiy": 3`, "refuse account.lines[0].prioritiy unknown-field"},
		"a field twice":              {`"version": 1,`, `"version": 1, "version": 2,`, "refuse account.script.version twice"},
		"a text for a number":        {`"weekday": 1`, `"weekday": "monday"`, "refuse account.hours[0].weekday wrong-type"},
		"no id":                      {`"id": "lakeside",`, ``, "refuse account.id missing\nrefuse account.lines[0].account other-account"},
		"an id for everywhere": {`"id": "lakeside"`, `"id": "*"`,
			"refuse account.id form\nrefuse account.lines[0].account other-account"},
		"no name": {`"Lakeside Internal Medicine"`, `" "`, "refuse account.name missing"},
		"an unknown time zone": {
			`"timeZone": "America/Chicago"`,
			`"timeZone": "Mars/Olympus"`,
			"refuse account.timeZone time-zone\nwarn schedule.timezone other-zone",
		},
		"the server's time zone": {
			`"timeZone": "America/Chicago"`,
			`"timeZone": "Local"`,
			"refuse account.timeZone time-zone\nwarn schedule.timezone other-zone",
		},
		"an unknown language": {`"languages": ["en", "es"],
  "answer`, `"languages": ["en", "fr", "es"],
  "answer`, "refuse account.languages[1] choice"},
		"no language": {`"languages": ["en", "es"],
  "answer`, `"languages": [],
  "answer`, "refuse account.languages missing\n" +
			"refuse account.lines[0].languages[0] not-spoken\nrefuse account.lines[0].languages[1] not-spoken"},
		"a phrase in one language": {`, "es": "Lakeside, le atiende {{agent}}."`, ``, "refuse account.answerPhrase.es missing-language"},
		"no phrase": {
			`"en": "Lakeside, this is {{agent}}.", "es": "Lakeside, le atiende {{agent}}."`,
			``,
			"refuse account.answerPhrase missing",
		},
		"a phrase nobody fills":        {`this is {{agent}}`, `this is {{name}}`, "refuse account.answerPhrase.en placeholder"},
		"instructions in one language": {`, "es": "Nunca dé consejo médico."`, ``, "refuse account.instructions.es missing-language"},
		"no line": {
			`"lines": [{"did": "+13125550100", "account": "lakeside", "languages": ["en", "es"], "priority": 0}],`,
			``,
			"warn account.lines no-lines",
		},
		"a number as people say it": {`"+13125550100"`, `"(312) 555-0100"`, "refuse account.lines[0].did number"},
		"the same number twice": {
			`"lines": [`,
			`"lines": [{"did": "+13125550100", "languages": ["en"]}, `,
			"refuse account.lines[1].did twice",
		},
		"a line of another practice": {`"account": "lakeside"`, `"account": "sol"`, "refuse account.lines[0].account other-account"},
		"a line without a language": {
			`"account": "lakeside", "languages": ["en", "es"]`,
			`"account": "lakeside", "languages": []`,
			"refuse account.lines[0].languages missing",
		},
		"a priority past a day": {`"priority": 0`, `"priority": 100000`, "refuse account.lines[0].priority range"},
		"a skill twice":         {`"priority": 0`, `"skills": ["cardio", "cardio"]`, "refuse account.lines[0].skills[1] twice"},
		"skills relaxed too late": {
			`"priority": 0`,
			`"skills": ["cardio"], "relax": {"skillsAfter": 86400}`,
			"refuse account.lines[0].relax.skillsAfter range",
		},
		"a level past native": {`"priority": 0`, `"languageLevel": 4`, "refuse account.lines[0].languageLevel range"},
		"a level relaxed that is none": {
			`"priority": 0`,
			`"relax": {"levelAfter": 30}`,
			"warn account.lines[0].relax.levelAfter unused",
		},
		"skills relaxed that are none": {
			`"priority": 0`,
			`"relax": {"skillsAfter": 30, "languageAfter": 60}`,
			"warn account.lines[0].relax.skillsAfter unused",
		},
		"own staff for ever": {`"priority": 0`, `"ownOnly": true`, "warn account.lines[0].relax.outsideAfter own-waits"},
		"outside that is asked anyway": {
			`"priority": 0`,
			`"relax": {"outsideAfter": 60}`,
			"warn account.lines[0].relax.outsideAfter unused",
		},
		"a relaxation misspelt": {
			`"priority": 0`,
			`"relax": {"skilsAfter": 30}`,
			"refuse account.lines[0].relax.skilsAfter unknown-field",
		},
		"overflow that never comes": {
			`"priority": 0`,
			`"groups": ["day"], "relax": {"overflow": ["night"]}`,
			"warn account.lines[0].relax.overflow unused",
		},
		"a weekday that is none": {`"weekday": 1`, `"weekday": 7`, "refuse account.hours[0].weekday weekday"},
		"an hour that is none":   {`"from": "08:00"`, `"from": "8"`, "refuse account.hours[0].from clock"},
		"hours that end first":   {`"to": "17:00"`, `"to": "07:00"`, "refuse account.hours[0].to ends-first"},
		"hours that overlap": {
			`"hours": [`,
			`"hours": [{"weekday": 1, "from": "16:00", "to": "24:00"}, `,
			"warn account.hours[1] overlap",
		},
		"a contact twice": {
			`"id": "osei", "person"`,
			`"id": "reyes", "person"`,
			"refuse account.contacts[1].id twice\nrefuse schedule.rotations[0].turns[1][0] no-contact",
		},
		"a mobile as people say it":  {`"+13125550172"`, `"312-555-0172"`, "refuse account.contacts[1].mobile number"},
		"a number too short":         {`"+13125550172"`, `"+1312555"`, "refuse account.contacts[1].mobile number"},
		"a mobile with an extension": {`"+13125550172"`, `"+13125550172 x4"`, "refuse account.contacts[1].mobile number"},
		"a pager":                    {`"+13125550172"`, `"+447640123456"`, "refuse account.contacts[1].mobile no-texts"},
		"a premium number":           {`"+13125550172"`, `"+19002345678"`, "refuse account.contacts[1].mobile no-texts"},
		"a free-phone number":        {`"+13125550172"`, `"+18002345678"`, "warn account.contacts[1].mobile perhaps-no-texts"},
		"two addresses in one email": {
			`"osei@lakeside.example"`,
			`"osei@lakeside.example, kofi@lakeside.example"`,
			"refuse account.contacts[1].email two-addresses",
		},
		"two addresses by a semicolon": {
			`"osei@lakeside.example"`,
			`"osei@lakeside.example;kofi@lakeside.example"`,
			"refuse account.contacts[1].email two-addresses",
		},
		"an address with a name": {
			`"osei@lakeside.example"`,
			`"Dr Osei <osei@lakeside.example>"`,
			"refuse account.contacts[1].email address",
		},
		"no address":      {`"osei@lakeside.example"`, `"osei at lakeside"`, "refuse account.contacts[1].email address"},
		"a mobile of two": {`"+13125550172"`, `"+13125550171"`, "warn account.contacts[1].mobile same-address"},
		"a contact's unknown language": {
			`"Dr Osei", "language": "en"`,
			`"Dr Osei", "language": "tw"`,
			"refuse account.contacts[1].language choice",
		},
		"a person nobody names": {`"person": "kwame.osei"`, `"person": "kwame.osay"`, "warn account.contacts[1].person no-sign-in"},
		"a digit twice":         {`"digit": "2"`, `"digit": "1"`, "refuse " + types + "[1].digit twice"},
		"a digit that is none":  {`"digit": "2"`, `"digit": "12"`, "refuse " + types + "[1].digit digit"},
		"a call type twice":     {`"id": "refill"`, `"id": "symptom"`, "refuse " + types + "[1].id twice"},
		"no call types": {
			`"callTypes": [`,
			`"callTypes": [], "others": [`,
			"refuse account.script.others unknown-field\nrefuse " + types + " missing\nwarn ladders.ladders[0].name unused",
		},
		"an unknown urgency": {`"urgency": "urgent"`, `"urgency": "asap"`, "refuse " + types + "[0].urgency choice"},
		"urgent and no ladder": {
			`"ladder": "urgent"`,
			`"ladder": ""`,
			"refuse " + types + "[0].ladder wakes-nobody\nwarn " + types + "[0].ladders.emergency not-raised",
		},
		"a ladder where there is none": {
			`[{"name": "urgent", "version": 1, "rungs": [
   {"after": "0s", "who": "primary", "channels": ["text", "push"]},
   {"after": "3m", "who": "backup", "channels": ["text", "push", "email"]}
  ]}]`,
			`[]`,
			"refuse " + types + "[0].ladder no-ladders\nrefuse " + types + "[1].ladders.emergency no-ladders\n" +
				"refuse " + types + "[1].ladders.urgent no-ladders",
		},
		"a ladder that is not there": {`"ladder": "urgent"`, `"ladder": "stairs"`, "refuse " + types + "[0].ladder no-ladder"},
		"a ladder of an unknown urgency": {
			`"ladders": {"urgent"`,
			`"ladders": {"asap"`,
			"refuse " + types + "[1].ladders.asap choice\nwarn " + types + "[1].ladders.urgent not-raised",
		},
		"an urgency's ladder not there": {
			`"emergency": "urgent"`,
			`"emergency": "stairs"`,
			"refuse " + types + "[1].ladders.emergency no-ladder",
		},
		"an urgency that waits": {`"emergency": "urgent"`, `"emergency": ""`, "refuse " + types + "[1].ladders.emergency wakes-nobody"},
		"a label in one language": {
			`"en": "Symptom", "es": "Síntoma"`,
			`"en": "Symptom"`,
			"refuse " + types + "[0].label.es missing-language",
		},
		"a role nobody has": {`"role": "primary",
     "fields`, `"role": "nurse",
     "fields`, "refuse " + types + "[0].role no-role"},
		"an unknown kind":            {`"kind": "name"`, `"kind": "nombre"`, "refuse " + fields + "[0].kind choice"},
		"a call-back that is a text": {`"kind": "phone"`, `"kind": "text"`, "refuse " + fields + "[1].kind key-kind"},
		"a key asked twice": {
			`"key": "callback", "kind": "phone"`,
			`"key": "name", "kind": "name"`,
			"refuse " + fields + "[1].key twice",
		},
		"a cue in one language": {`"es": "¿Su nombre?"`, `"es": ""`, "refuse " + fields + "[0].cue.es missing-language"},
		"a choice without choices": {`"choices": [
       {"value": "left", "label": {"en": "Left", "es": "Izquierdo"}}, {"value": "right", "label": {"en": "Right", "es": "Derecho"}}]`,
			`"choices": []`,
			"refuse " + fields + "[2].choices missing"},
		"a choice twice":      {`"value": "right"`, `"value": "left"`, "refuse " + fields + "[2].choices[1].value twice"},
		"choices nobody sees": {`"kind": "choice"`, `"kind": "text"`, "warn " + fields + "[2].choices unused"},
		"a red flag without words": {
			`"en": ["chest pain"], "es": ["dolor de pecho"]`,
			``,
			"refuse account.script.redFlags[0].words no-words",
		},
		"a red flag in one language": {`, "es": ["dolor de pecho"]`, ``, "warn account.script.redFlags[0].words.es missing-language"},
		"a red flag that says nothing": {
			`"en": "Say: call 911.", "es": "Diga: llame al 911."`,
			``,
			"refuse account.script.redFlags[0].show missing",
		},
		"a schedule with a mistake": {`"unit": "week"`, `"unit": "fortnight"`, "refuse schedule.rotations[0].unit choice"},
		"a schedule misspelt":       {`"layers": [`, `"layerz": [`, "refuse schedule.layerz unknown-field"},
		"a schedule of another zone": {`"timezone": "America/Chicago"`, `"timezone": "America/New_York"`,
			"warn schedule.timezone other-zone"},
		"a place": {
			`{"role": "primary", "rotation"`,
			`{"role": "primary", "locations": ["north"], "rotation"`,
			"refuse schedule.layers[0].locations[0] no-call\nwarn ladders.ladders[0].rungs[0].who nobody-on-call",
		},
		"a call type of the schedule's": {
			`"rotation": "nights", "ahead"`,
			`"callTypes": ["symptoms"], "rotation": "nights", "ahead"`,
			"refuse schedule.layers[1].callTypes[0] no-call\nwarn ladders.ladders[0].rungs[1].who nobody-on-call",
		},
		"a participant nobody knows": {`"timezone": "America/Chicago",
`, `"timezone": "America/Chicago", "participants": [{"id": "reyes"}, {"id": "osei"}, {"id": "lind"}, {"id": "nurse"}],
`, "warn schedule.participants[3].id no-contact"},
		"a ladder with a mistake": {
			`"after": "3m"`,
			`"after": "soon"`,
			"refuse ladders.ladders[0].rungs[1].after not-a-duration\nrefuse ladders.ladders[0].rungs[1].after not-later",
		},
		"a ladder misspelt": {`"rungs": [`, `"rung": [`, "refuse ladders.ladders[0].rung unknown-field"},
		"a ladder nobody climbs": {
			`"ladders": [{"name": "urgent"`,
			`"ladders": [{"name": "slow", "rungs": [{"after": "0s", "who": "primary", "channels": ["text"]}]}, {"name": "urgent"`,
			"warn ladders.ladders[0].name unused",
		},
		"a role the schedule has not": {
			`"who": "backup"`,
			`"who": "bakcup"`,
			"refuse ladders.ladders[0].rungs[1].who no-role\nwarn ladders.ladders[0].rungs[1].who nobody-on-call",
		},
		"a contact who is not there": {`"who": "backup"`, `"who": "contact:oseii"`, "refuse ladders.ladders[0].rungs[1].who no-contact"},
		"on call and no contact": {
			`"id": "lind", "person"`,
			`"id": "lindt", "person"`,
			"refuse schedule.rotations[0].turns[2][0] no-contact",
		},
		"no address for the channels": {
			`"person": "kwame.osei", "name": "Dr Osei", "language": "en", "mobile": "+13125550172", "email": "osei@lakeside.example"`,
			`"name": "Dr Osei", "language": "en", "email": "osei@lakeside.example"`,
			"refuse account.contacts[1] unreachable",
		},
		"no address at all": {
			`"person": "kwame.osei", "name": "Dr Osei", "language": "en", "mobile": "+13125550172", "email": "osei@lakeside.example"`,
			`"name": "Dr Osei", "language": "en"`,
			"warn account.contacts[1] no-address\nrefuse account.contacts[1] unreachable",
		},
		"backup is the primary": {`, "ahead": 1`, ``, "warn ladders.ladders[0].rungs[1].who same-person"},
		"next is the primary": {
			`"turns": ["reyes", "osei", "lind"]}],`,
			`"turns": ["reyes"]}],`,
			"warn ladders.ladders[0].rungs[1].who same-person",
		},
		"a person's role": {`"role": "provider"`, `"role": "agent"`, "refuse people[0].role choice"},
		"a person twice": {
			`{"id": "kwame.osei", "name"`,
			`{"id": "elena.reyes", "name"`,
			"warn account.contacts[1].person no-sign-in\nrefuse people[1].id twice",
		},
		"a person's language": {
			`"role": "provider", "language": "es"`,
			`"role": "provider", "language": ""`,
			"refuse people[2].language missing",
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, p := ReadPractice(spoil(t, c.old, c.new), nil, checkedAt)
			if got := strings.Join(told(p), "\n"); got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
			for _, q := range p {
				if q.Line == 0 {
					t.Errorf("%s has no line", q.Field)
				}
			}
			checkWords(t, p)
		})
	}
}

// TestPracticeSaysAllAtOnce: who puts a practice right must not learn of one mistake after the other.
func TestPracticeSaysAllAtOnce(t *testing.T) {
	bad := strings.NewReplacer(`"digit": "2"`, `"digit": "1"`, `"+13125550173"`, `"5550173"`, `"weekday": 1`, `"weekday": "mon"`,
		`"after": "3m"`, `"after": "3"`,
		`"unit": "week"`, `"unit": "fortnight"`, `"kind": "text"`, `"kind": "txt", "hint": "?"`).Replace(goodPractice(t))
	doc, p := ReadPractice([]byte(bad), nil, checkedAt)
	want := []string{"refuse account.hours[0].weekday wrong-type", "refuse account.script.callTypes[1].fields[0].hint unknown-field",
		"refuse account.contacts[2].mobile number", "refuse ladders.ladders[0].rungs[1].after not-a-duration",
		"refuse ladders.ladders[0].rungs[1].after not-later",
		"refuse schedule.rotations[0].unit choice", "refuse account.script.callTypes[1].digit twice",
		"refuse account.script.callTypes[1].fields[0].kind choice"}
	if got := told(p); !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	lines := strings.Split(bad, "\n")
	for _, q := range p {
		last := q.Field[strings.LastIndex(q.Field, ".")+1:]
		if q.Line == 0 || !strings.Contains(lines[q.Line-1], last) {
			t.Errorf("%s is said to stand on line %d", q.Field, q.Line)
		}
	}
	if doc.Account.Name != "Lakeside Internal Medicine" || len(p.Refused()) != len(p) {
		t.Errorf("what could be read is %+v", doc.Account)
	}
}

// TestPracticeKnowsWhoSignsIn: a contact who has left, or cannot open what is sent to them.
func TestPracticeKnowsWhoSignsIn(t *testing.T) {
	in := KnownPerson{Reads: true}
	for name, c := range map[string]struct {
		known map[notes.PersonID]KnownPerson
		old   string
		new   string
		want  []string
	}{
		"all of them": {known: map[notes.PersonID]KnownPerson{"elena.reyes": in, "kwame.osei": in, "maja.lind": in}, want: []string{}},
		"one not yet": {known: map[notes.PersonID]KnownPerson{"elena.reyes": in, "kwame.osei": in},
			want: []string{"warn people[2].id no-sign-in"}},
		"one of another practice": {known: map[notes.PersonID]KnownPerson{"elena.reyes": in, "kwame.osei": in, "maja.lind": {}},
			want: []string{"warn account.contacts[2].person may-not-read"}},
		"one has left and is on call": {known: map[notes.PersonID]KnownPerson{"elena.reyes": in, "kwame.osei": {Left: true},
			"maja.lind": in},
			want: []string{"warn account.contacts[1].person left", "refuse account.contacts[1].person left-on-call"}},
		"one has left and is on call no more": {
			known: map[notes.PersonID]KnownPerson{"elena.reyes": in, "kwame.osei": {Left: true}, "maja.lind": in},
			old:   `["reyes", "osei", "lind"]`, new: `["reyes", "lind"]`, want: []string{"warn account.contacts[1].person left"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, p := ReadPractice(spoil(t, c.old, c.new), c.known, checkedAt)
			if got := told(p); !slices.Equal(got, c.want) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(c.want, "\n"))
			}
			checkWords(t, p)
		})
	}
}
