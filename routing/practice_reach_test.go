package routing

import (
	"bytes"
	"encoding/json"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"lamplight/notes"
	"lamplight/routing/oncall"
)

// TestPracticeFindsTheMomentNobodyIsTold: within the time to come, to the minute, and for the call type alone that it concerns.
func TestPracticeFindsTheMomentNobodyIsTold(t *testing.T) {
	const layers = `"layers": [
   {"role": "primary", "rotation": "nights"},
   {"role": "backup", "rotation": "nights", "ahead": 1}
  ]`
	const rungs = `"channels": ["text", "push", "email"]}
  ]}`
	for name, c := range map[string]struct {
		layers string
		rung   string // one more
		want   string // call types, and from when until when
	}{
		"a gap of an hour in six weeks": {`"layers": [{"rotation": "nights", "until": "2026-04-15T12:00"},
			{"rotation": "nights", "from": "2026-04-15T13:00"}, {"role": "backup", "rotation": "nights", "until": "2026-04-10"}]`,
			"", "[0] urgent 2026-04-15 12:00 2026-04-15 13:00,[1] urgent 2026-04-15 12:00 2026-04-15 13:00"},
		"a gap that a contact fills": {`"layers": [{"rotation": "nights", "until": "2026-04-15T12:00"},
			{"role": "backup", "rotation": "nights", "until": "2026-04-10"}]`,
			`, {"after": "9m", "who": "contact:lind", "channels": ["text"]}`, ""},
		"a gap past the time to come": {`"layers": [{"rotation": "nights", "until": "2026-05-02"},
			{"role": "backup", "rotation": "nights", "until": "2026-05-02"}]`, "", ""},
		"from now on": {`"layers": [{"rotation": "nights", "from": "2026-03-02T09:00"},
			{"role": "backup", "who": ["osei"], "from": "2026-03-03"}]`,
			"", "[0] urgent 2026-03-02 06:00 2026-03-02 09:00,[1] urgent 2026-03-02 06:00 2026-03-02 09:00"},
		"for one call type": {`"layers": [{"rotation": "nights", "callTypes": ["symptom"]},
			{"role": "backup", "who": ["osei"], "callTypes": ["symptom"]}]`,
			"", "[1] urgent 2026-03-02 06:00 2026-05-01 07:00"},
	} {
		t.Run(name, func(t *testing.T) {
			text := strings.Replace(string(spoil(t, layers, c.layers)), rungs, strings.Replace(rungs, "]}", "]}"+c.rung, 1), 1)
			_, p := ReadPractice([]byte(text), nil, checkedAt)
			var got []string
			for _, q := range p {
				if q.Code == "reaches-nobody" {
					call := strings.TrimPrefix(q.Field, "account.script.callTypes")
					got = append(got, strings.Join([]string{call, q.Vars["value"], q.Vars["from"], q.Vars["until"]}, " "))
				} else if q.Severity == Refuse {
					t.Errorf("%s %s", q.Field, q.Code)
				}
			}
			if strings.Join(got, ",") != c.want {
				t.Errorf("got %s\nof %s\nwant %s", strings.Join(got, ","), strings.Join(told(p), "\n"), c.want)
			}
			checkWords(t, p)
		})
	}
}

// valueForm finds the texts and numbers of a document.
var valueForm = regexp.MustCompile(`"[^"]*"|[0-9]+`)

// FuzzReadPractice: whatever stands in a document, whole or in place of one of its words, reading it ends, says the same again,
// and one that is not refused reaches somebody by every ladder at every moment looked at.
func FuzzReadPractice(f *testing.F) {
	good := goodPractice(f)
	places := valueForm.FindAllStringIndex(good, -1)
	f.Add(good, uint16(0), uint16(0))
	f.Add(`{"account":{"languages":["en"]},"schedule":{},"ladders":{},"people":[{}]}`, uint16(0), uint16(1))
	f.Add(`{"":1,"account":{"":{}}}`, uint16(0), uint16(1))
	ends := strings.Replace(good, `"role": "backup", "rotation"`, `"role": "backup", "until": "2026-04-01", "rotation"`, 1)
	f.Add(ends, uint16(0), uint16(2))
	f.Add(strings.Replace(good, `"who": "backup"`, `"who": "contact:lind"`, 1), uint16(0), uint16(500))
	for i := range places {
		f.Add(`"next"`, uint16(i+1), uint16(3))
		f.Add(`7`, uint16(i+1), uint16(900))
	}
	f.Fuzz(func(t *testing.T, word string, place, hour uint16) {
		text := []byte(word)
		if place > 0 {
			at := places[int(place)%len(places)]
			text = []byte(good[:at[0]] + word + good[at[1]:])
		}
		doc, p := ReadPractice(text, nil, checkedAt)
		for _, q := range p {
			if q.Field == "" || q.Code == "" || q.Severity != Refuse && q.Severity != Warn {
				t.Fatalf("%+v", q)
			}
		}
		if _, again := ReadPractice(text, nil, checkedAt); !reflect.DeepEqual(p, again) {
			t.Fatalf("%v, and then %v", told(p), told(again))
		}
		if len(p.Refused()) > 0 || slices.Contains(told(p), "warn schedule too-fine") {
			return
		}
		// What is stored is the document as it was read; read back, it is taken again.
		b, err := json.Marshal(doc)
		if err != nil {
			t.Fatal(err)
		}
		if _, back := ReadPractice(b, nil, checkedAt); len(back.Refused()) > 0 {
			t.Fatalf("taken, and then %v", told(back))
		}
		at := checkedAt.Add(time.Duration(hour%(59*24)) * time.Hour)
		reaches(t, doc, at)
	})
}

func reaches(t *testing.T, doc PracticeDocument, at time.Time) {
	ladders, err := ParseLadders(doc.Ladders)
	if err != nil {
		t.Fatal(err)
	}
	push := map[notes.PersonID]bool{}
	for _, c := range doc.Account.Contacts {
		push[c.Person] = c.Person != ""
	}
	for _, ct := range doc.Account.Script.CallTypes {
		for _, u := range notes.Urgencies {
			l, ok := FindLadder(ladders, ct.LadderFor(u))
			if !ok {
				continue
			}
			parsed, err := oncall.Parse(bytes.NewReader(doc.Schedule))
			if err != nil {
				t.Fatal(err)
			}
			s, err := oncall.Compile(parsed, at.Add(-time.Hour), at.Add(14*24*time.Hour))
			if err != nil {
				t.Fatal(err)
			}
			if p := Resolve(l, OnCall(s, ct.ID), Reach{Contacts: doc.Account.Contacts, Push: push}, at); !p.Reaches() {
				t.Fatalf("%s at %s reaches nobody at %v: %+v", ct.ID, u, at, p.Holes)
			}
		}
	}
}
