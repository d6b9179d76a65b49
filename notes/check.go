package notes

import (
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// What may be wrong with a field: codes of the catalogs.
const (
	FieldRequired = "field.required"
	FieldName     = "field.name"
	FieldNumber   = "field.number"
	FieldDate     = "field.date"
	FieldFuture   = "field.future"
	FieldChoice   = "field.choice"
	FieldReadBack = "field.read-back"
	FieldTooLong  = "field.too-long"
	FieldNoLadder = "field.no-ladder" // of the urgency: somebody must be told, and no ladder says who
)

const (
	MaxField    = 8 << 10 // bytes
	MaxVerbatim = 64 << 10
)

// oldestPatient is how many years ago nobody who lives was born: a century mistyped.
const oldestPatient = 125

// isName says whether a name has at least two letters, of any script.
func isName(s string) bool {
	letters := 0
	for _, r := range s {
		if unicode.IsLetter(r) {
			letters++
		}
	}
	return letters >= 2
}

// CheckDraft holds a draft against the practice's script and returns what is missing or wrong, by field key; none means it can
// be sent. today is the practice's date.
func CheckDraft(sc Script, d Draft, today time.Time) map[string]string {
	i := slices.IndexFunc(sc.CallTypes, func(t CallType) bool { return t.ID == d.CallType })
	if i < 0 {
		return map[string]string{"callType": FieldRequired}
	}
	wrong := map[string]string{}
	for _, f := range sc.CallTypes[i].Fields {
		if code := checkField(f, d.Body, today); code != "" {
			wrong[f.Key] = code
		}
	}
	for key, v := range d.Body.Fields { // also what another call type's form had asked
		if len(v) > MaxField || !utf8.ValidString(v) {
			wrong[key] = FieldTooLong
		}
	}
	if len(d.Body.Verbatim) > MaxVerbatim {
		wrong["verbatim"] = FieldTooLong
	}
	if !slices.Contains(Urgencies, d.Urgency) {
		wrong["urgency"] = FieldRequired
	}
	return wrong
}

func checkField(f Field, b Body, today time.Time) string {
	v := strings.TrimSpace(b.Fields[f.Key])
	if v == "" {
		if f.Required {
			return FieldRequired
		}
		return ""
	}
	switch f.Kind {
	case "name":
		if !isName(v) {
			return FieldName
		}
	case "phone":
		if _, ok := ParseNumber(v); !ok {
			return FieldNumber
		}
	case "date":
		t, ok := ParseDate(v)
		switch {
		case !ok:
			return FieldDate
		case f.Key != "dob":
		case t.After(today):
			return FieldFuture
		case t.Year() < today.Year()-oldestPatient:
			return FieldDate
		}
	case "choice":
		if !slices.ContainsFunc(f.Choices, func(c Choice) bool { return c.Value == v }) {
			return FieldChoice
		}
	case "yesno":
		if v != "yes" && v != "no" {
			return FieldChoice
		}
	}
	if f.ReadBack && !slices.Contains(b.ReadBack, f.Key) {
		return FieldReadBack
	}
	return ""
}

// ParsePhone reads a number as ParseNumber does and answers what is dialled of it: an extension is dropped.
func ParsePhone(s string) (e164 string, ok bool) {
	n, ok := ParseNumber(s)
	return n.E164, ok
}

// ParseDate reads a date as ISO (2006-01-02) or as agents in both languages type it in the United States (1/2/2006).
func ParseDate(s string) (time.Time, bool) {
	for _, form := range []string{time.DateOnly, "1/2/2006", "1-2-2006", "1.2.2006"} {
		if t, err := time.Parse(form, strings.TrimSpace(s)); err == nil && t.Year() > 1880 && t.Year() < 2200 {
			return t, true
		}
	}
	return time.Time{}, false
}

// Tidy returns the body with its numbers in E.164 form and its dates in ISO form, as the script's fields say they are.
func Tidy(sc Script, callType string, b Body) Body {
	out := Body{Fields: map[string]string{}, Verbatim: b.Verbatim, ReadBack: slices.Clone(b.ReadBack)}
	for k, v := range b.Fields {
		out.Fields[k] = strings.TrimSpace(v)
	}
	for _, t := range sc.CallTypes {
		if t.ID != callType {
			continue
		}
		for _, f := range t.Fields {
			v := out.Fields[f.Key]
			switch f.Kind {
			case "phone":
				if n, ok := ParseNumber(v); ok {
					out.Fields[f.Key] = n.Kept()
				}
			case "date":
				if d, ok := ParseDate(v); ok {
					out.Fields[f.Key] = d.Format(time.DateOnly)
				}
			}
		}
	}
	return out
}

// DisplayName is a patient's name as a list shows it, "J. Ortega".
func DisplayName(name string) string {
	w := strings.Fields(name)
	if len(w) == 0 {
		return ""
	}
	if len(w) == 1 {
		return cut(w[0], 40)
	}
	first, _ := utf8.DecodeRuneInString(w[0])
	return cut(string(first)+". "+strings.Join(w[max(1, len(w)-2):], " "), 40)
}

func cut(s string, runes int) string {
	r := []rune(s)
	return string(r[:min(len(r), runes)])
}
