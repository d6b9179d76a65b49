package routing

import (
	"slices"
	"strings"
	"testing"
)

// TestTheChartOfAPracticeIsChecked: where closed notes go is said whole and right, or the practice is not stored.
func TestTheChartOfAPracticeIsChecked(t *testing.T) {
	const good = `"endpoint": "https://fhir.example.org/R4", "dialect": "generic", "client": "lamplight"`
	read := func(chart string) []string {
		_, p := ReadPractice(spoil(t, `"id": "lakeside",`, `"id": "lakeside", "chart": {`+chart+`},`), nil, checkedAt)
		checkWords(t, p)
		return slices.DeleteFunc(told(p), func(s string) bool { return strings.HasSuffix(s, " chart-who") })
	}
	for chart, want := range map[string]string{
		good: "",
		good + `, "patientSystem": "urn:oid:1", "patientField": "mrn", "alarmAfter": 30, "author": "Organization/1"`: "",
		strings.Replace(good, "https:", "http:", 1):                    "refuse account.chart.endpoint chart-address",
		strings.Replace(good, "https://", "https://user:word@", 1):     "refuse account.chart.endpoint chart-address",
		strings.Replace(good, "https://fhir.example.org/R4", "", 1):    "refuse account.chart.endpoint missing",
		strings.Replace(good, "generic", "klingon", 1):                 "refuse account.chart.dialect choice",
		strings.Replace(good, "generic", "epic", 1):                    "refuse account.chart.author missing",
		strings.Replace(good, `"lamplight"`, `""`, 1):                  "refuse account.chart.client missing",
		good + `, "patientSystem": "urn:oid:1"`:                        "refuse account.chart.patientField chart-number",
		good + `, "callTypes": ["nothing"]`:                            "refuse account.chart.callTypes[0] chart-call-type",
		good + `, "callTypes": ["voicemail", "voicemail"]`:             "refuse account.chart.callTypes[1] twice",
		good + `, "author": "Dr Reyes"`:                                "refuse account.chart.author chart-reference",
		good + `, "alarmAfter": -1`:                                    "refuse account.chart.alarmAfter range",
		good + `, "secret": "x"`:                                       "refuse account.chart.secret unknown-field",
		strings.Replace(good, `"https://fhir.example.org/R4"`, "7", 1): "refuse account.chart.endpoint wrong-type",
	} {
		if got := strings.Join(read(chart), "\n"); got != want {
			t.Errorf("%s:\n%s\nwant\n%s", chart, got, want)
		}
	}
}
