package channel

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"lamplight/frontend/shared/catalog"
	"lamplight/telephony"
)

// longLink is as long as a link gets with a long host: 32 random bytes in the fragment.
var longLink = "https://messages.answering-service.example/m#" + strings.Repeat("k", 43)

func TestTextsFitOnePartOfGSM7(t *testing.T) {
	for _, lang := range []telephony.Language{telephony.English, telephony.Spanish} {
		for _, urgency := range []string{"routine", "urgent", "emergency"} {
			for _, practice := range []string{
				"Lakeside Internal Medicine", "Clínica Pediátrica San José y María de los Ángeles, S.A. de C.V., Consultorio Núm. 12",
				"Łódź “Żółw” 🏥 – Kinderärzte", "{[~^|€]}" + strings.Repeat("€", 80), "",
			} {
				w := Say(Message{Lang: lang, Urgency: urgency, Practice: practice, Reference: "L-48213", Link: longLink})
				if n := Septets(w.Text); n < 0 || n > TextBudget {
					t.Errorf("%s %s %q: %d septets: %s", lang, urgency, practice, n, w.Text)
				}
				if !strings.Contains(w.Text, longLink) || !strings.Contains(w.Text, "L-48213") {
					t.Errorf("%q lost the link or the reference", w.Text)
				}
			}
		}
	}
}

func TestWordsAreTheReadersLanguage(t *testing.T) {
	m := Message{Lang: "es", Urgency: "urgent", Practice: "Pediatría Sol", Reference: "S-12", Link: "https://p.example/m#t",
		Name: "Dra. Peña"}
	w := Say(m)
	if w.Text != "Pediatria Sol: mensaje URGENTE S-12. Abra: https://p.example/m#t" {
		t.Errorf("%q", w.Text)
	}
	if w.Subject != "Pediatría Sol: mensaje URGENTE S-12" || !strings.HasPrefix(w.Body, "Dra. Peña:\n") {
		t.Errorf("%q %q", w.Subject, w.Body)
	}
}

func TestWhatCouldForgeALineIsTakenOut(t *testing.T) {
	w := Say(Message{Lang: "en", Urgency: "urgent", Practice: "A\r\nBcc: x\u202e\u200b\tB", Reference: "R\n1",
		Link: "https://p.example/m#t", Name: "N\x00"})
	for _, s := range []string{w.Text, w.Subject, w.PushTitle} {
		if strings.ContainsAny(s, "\r\n\u202e\u200b\x00") {
			t.Errorf("%q", s)
		}
	}
}

// A message has no field in which a patient's word could leave the service. A reminder says when its patient is expected, and what the
// practice has chosen to be said beside it.
func TestAMessageHoldsNothingOfThePatient(t *testing.T) {
	var have []string
	for i := range reflect.TypeFor[Message]().NumField() {
		have = append(have, reflect.TypeFor[Message]().Field(i).Name)
	}
	want := "[Key To Name Lang Practice Urgency Reference Link Summons Invitation Trial Notice Code Visits Several Confirmed Since]"
	if got := fmt.Sprint(have); got != want {
		t.Errorf("fields %s, want %s: what is new must not be the patient's", got, want)
	}
	c, err := catalog.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	allowed := map[string]bool{"practice": true, "urgency": true, "reference": true, "link": true, "name": true, "references": true,
		"code": true, "number": true, // a one-time code, and the practice's own number
		"visits": true, "choices": true, "first": true, "last": true, "day": true, "time": true, "weekday": true, "month": true} // when
	for _, lang := range c.Languages() {
		longest := Say(Message{Lang: lang, Practice: "A practice of a name that is as long as names get", Notice: NoticeReminder,
			Visits: map[telephony.Language]string{"en": "Wed, Sep 30 at 12:30 PM", "es": "mié 30 sep a las 12:30 pm"}[lang]}).Text
		if n := Septets(longest); n < 0 || n > TextBudget {
			t.Errorf("a reminder of %d septets: %s", n, longest)
		}
		for key, s := range c.Part(lang, "channel.") {
			for _, p := range catalog.Placeholders(s) {
				if !allowed[p] {
					t.Errorf("%s says {{%s}}", key, p)
				}
			}
			if strings.HasPrefix(key, "channel.push.") && strings.Contains(s, "{{name}}") {
				t.Errorf("%s: a lock screen shows it to everybody", key)
			}
		}
	}
}

func TestSeptets(t *testing.T) {
	for s, want := range map[string]int{"": 0, "abc": 3, "ñé¿¡ü": 5, "á": -1, "€[": 4, "😀": -1} {
		if got := Septets(s); got != want {
			t.Errorf("%q: %d, want %d", s, got, want)
		}
	}
	for s, want := range map[string]string{"Martín": "Martin", "Núñez": "Nuñez", "“x”…": "\"x\"...", "Łódź": "?odz", "e\u0301": "é"} {
		if got := GSM(s); got != want {
			t.Errorf("%q: %q, want %q", s, got, want)
		}
	}
}

func FuzzGSM(f *testing.F) {
	f.Add("Clínica Ñandú")
	f.Add("\xff\u0301€")
	f.Fuzz(func(t *testing.T, s string) {
		if Septets(GSM(s)) < 0 {
			t.Errorf("%q became %q", s, GSM(s))
		}
	})
}

// What a phone is told fits into one text with a reference in it, in both languages.
func TestAnAnswerFitsInOneText(t *testing.T) {
	c, err := catalog.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	for _, lang := range c.Languages() {
		for key, s := range c.Part(lang, "channel.answer.") {
			if n := Septets(GSM(strings.ReplaceAll(s, "{{references}}", "L-48213"))); n < 0 || n > TextBudget {
				t.Errorf("%s in %s: %d septets", key, lang, n)
			}
		}
	}
}

// TestAPatientIsToldWhoAndWhereAndNoMore: the practice, that a message waits, and a link; in one text, however long its name.
func TestAPatientIsToldWhoAndWhereAndNoMore(t *testing.T) {
	for _, lang := range []telephony.Language{telephony.English, telephony.Spanish} {
		for _, practice := range []string{"Lakeside Internal Medicine", "Clínica Pediátrica San José y María de los Ángeles, S.A. de C.V."} {
			told := Say(Message{Lang: lang, Notice: NoticeMessage, Practice: practice, Link: longLink, Name: "Ximena", Reference: "L-1", Urgency: "urgent"})
			code := Say(Message{Lang: lang, Notice: NoticeCode, Practice: practice, Code: "004711", Name: "Ximena"})
			for _, w := range []Wording{told, code} {
				if n := Septets(w.Text); n < 0 || n > TextBudget {
					t.Errorf("%d septets: %s", n, w.Text)
				}
				for _, s := range []string{w.Text, w.Subject, w.Body} {
					if strings.Contains(s, "Ximena") || strings.Contains(s, "L-1") || strings.Contains(s, "{{") {
						t.Errorf("%q", s)
					}
				}
			}
			if !strings.Contains(told.Text, longLink) || !strings.Contains(told.Body, longLink) || !strings.Contains(code.Text, "004711") ||
				!strings.Contains(code.Body, "004711") || strings.Contains(code.Subject, "004711") {
				t.Errorf("%+v %+v", told, code)
			}
		}
	}
	for text, want := range map[string]Sense{"no me escriban más": SenseStop, "No me escriban mas.": SenseStop, "Alto": SenseStop,
		"stop the aspirin": SenseWords} {
		if got := SenseOf(text); got != want {
			t.Errorf("%q is %q", text, got)
		}
	}
}
