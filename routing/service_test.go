package routing

import (
	"strings"
	"testing"
	"time"

	"lamplight/notes"
)

const goodService = `{
 "contacts": [{"id":"sam","person":"sam","name":"Sam Boss","language":"en","mobile":"+13125550190"}],
 "ladder": {"rungs":[{"after":"0s","who":"contact:sam","channels":["text"]},{"after":"2m","who":"contact:sam","channels":["text"]}],
  "again":"4m"},
 "holds":"10m"}`

// A mistake in the service's settings is refused with its place; whom the ladder never reaches is one.
func TestServiceSettings(t *testing.T) {
	now := time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)
	s, found := ReadService([]byte(goodService), nil, now)
	if len(found) > 0 || s.Ladder.Board != 6*time.Minute || s.Holds != 10*time.Minute {
		t.Fatalf("%+v, %v", s, found)
	}
	plan := Resolve(s.Ladder, Nobody{}, Reach{Contacts: s.Contacts}, now)
	if len(plan.Attempts) != 2 || !plan.Board.Equal(now.Add(6*time.Minute)) {
		t.Errorf("%+v", plan)
	}
	for _, c := range []struct {
		name, from, to, field, code string
	}{
		{"no rung", `"rungs":[`, `"rungs":[],"was":[`, "ladder.was", "unknown-field"},
		{"a short round", `"again":"4m"`, `"again":"5s"`, "ladder.again", "too-short"},
		{"a short hold", `"holds":"10m"`, `"holds":"1s"`, "holds", "too-short"},
		{"not a time", `"holds":"10m"`, `"holds":"soon"`, "holds", "not-a-duration"},
		{"nobody of that name", `"who":"contact:sam"`, `"who":"contact:kim"`, "ladder.rungs[0].who", "no-contact"},
		{"a role without a schedule", `"who":"contact:sam"`, `"who":"primary"`, "ladder.rungs[0].who", "no-roles"},
		{"a bad number", `+13125550190`, `555`, "contacts[0].mobile", "number"},
		{"an unknown channel", `"channels":["text"]`, `"channels":["fax"]`, "ladder.rungs[0].channels[0]", "unknown"},
		{"no address", `,"mobile":"+13125550190"`, ``, "contacts[0]", "unreachable"},
	} {
		_, found := ReadService([]byte(strings.Replace(goodService, c.from, c.to, 1)), nil, now)
		checkWords(t, found)
		ok := false
		for _, p := range found.Refused() {
			ok = ok || p.Field == c.field && p.Code == c.code && p.Line > 0
		}
		if !ok {
			t.Errorf("%s: %+v", c.name, found)
		}
	}
	_, found = ReadService([]byte(goodService), map[notes.PersonID]KnownPerson{"sam": {}}, now)
	checkWords(t, found)
	if len(found) != 1 || found[0].Code != "no-supervisor" || found[0].Severity != Warn {
		t.Errorf("who may take nothing over: %+v", found)
	}
	if _, found := ReadService([]byte(`{`), nil, now); len(found.Refused()) == 0 {
		t.Error("no JSON was read")
	}
}
