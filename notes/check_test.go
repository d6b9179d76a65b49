package notes

import (
	"encoding/json"
	"os"
	"testing"
	"time"
)

// What is right and wrong in a form is said once, in testdata, for the server and for the desk's page: number.test.ts and
// check.test.ts read the same files.

func vectors[T any](t *testing.T, file string) (v T) {
	t.Helper()
	b, err := os.ReadFile(file)
	if err == nil {
		err = json.Unmarshal(b, &v)
	}
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestNumbersAsTyped(t *testing.T) {
	for _, c := range vectors[[]struct{ Typed, Kept, Why string }](t, "testdata/numbers.json") {
		n, ok := ParseNumber(c.Typed)
		if ok != (c.Kept != "") || ok && n.Kept() != c.Kept {
			t.Errorf("%q is %q %v, want %q (%s)", c.Typed, n.Kept(), ok, c.Kept, c.Why)
		}
		if !ok {
			continue
		}
		if again, ok := ParseNumber(n.Kept()); !ok || again != n {
			t.Errorf("%q is kept as %q and read back as %+v %v", c.Typed, n.Kept(), again, ok)
		}
		if e164, ok := ParsePhone(c.Typed); !ok || e164 != n.E164 {
			t.Errorf("%q is dialled as %q %v, want %q", c.Typed, e164, ok, n.E164)
		}
	}
}

func TestFieldsOfAForm(t *testing.T) {
	type field struct {
		Name     string
		Field    Field
		Value    string
		ReadBack []string
		Want     string
	}
	all := vectors[struct {
		Today string
		Cases []field
	}](t, "testdata/fields.json")
	today, err := time.Parse(time.DateOnly, all.Today)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range all.Cases {
		t.Run(c.Name, func(t *testing.T) {
			sc := Script{CallTypes: []CallType{{ID: "symptom", Fields: []Field{c.Field}}}}
			d := Draft{CallType: "symptom", Urgency: Routine, Body: Body{Fields: map[string]string{c.Field.Key: c.Value},
				ReadBack: c.ReadBack}}
			if got := CheckDraft(sc, d, today)[c.Field.Key]; got != c.Want {
				t.Errorf("%q is %q, want %q", c.Value, got, c.Want)
			}
		})
	}
}

func FuzzParseNumber(f *testing.F) {
	for _, s := range []string{"(312) 555-0142 x9", "+52 1 55 1234 5678", "\u202a011 44 20 7946 0958\u202c", "5550142"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		n, ok := ParseNumber(s)
		if !ok {
			return
		}
		if !dialable.MatchString(n.E164) || len(n.E164) < 9 || len(n.E164) > 16 {
			t.Fatalf("%q is dialled as %q", s, n.E164)
		}
		if again, ok := ParseNumber(n.Kept()); !ok || again != n {
			t.Fatalf("%q is kept as %q and read back as %+v %v", s, n.Kept(), again, ok)
		}
	})
}
