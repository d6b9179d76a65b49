package oncall

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// openExample compiles an example schedule for the year 2026.
func openExample(t *testing.T, name string) *Schedule {
	t.Helper()
	f, err := os.Open(filepath.Join("examples", name))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	doc, err := Parse(f)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	s, err := Compile(doc, time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC))
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return s
}

func TestExamples(t *testing.T) {
	for _, c := range []struct {
		name, file, at string
		query          Query
		want           []ParticipantID
	}{
		{"solo: the office by day", "solo-doctor.json", "2026-03-03T10:00:00-06:00", Query{}, []ParticipantID{"front-desk"}},
		{"solo: herself by night", "solo-doctor.json", "2026-03-03T22:00:00-06:00", Query{}, []ParticipantID{"reyes"}},
		{"solo: Friday afternoon is after hours", "solo-doctor.json", "2026-03-06T14:00:00-06:00", Query{}, []ParticipantID{"reyes"}},
		{"solo: the office is closed on Memorial Day", "solo-doctor.json", "2026-05-25T10:00:00-05:00", Query{}, []ParticipantID{"reyes"}},
		{"solo: it is open on Veterans Day", "solo-doctor.json", "2026-11-11T10:00:00-06:00", Query{}, []ParticipantID{"front-desk"}},
		{"solo: closed on Christmas Eve, its own holiday", "solo-doctor.json", "2026-12-24T10:00:00-06:00", Query{},
			[]ParticipantID{"reyes"}},
		{"solo: on leave, the backup", "solo-doctor.json", "2026-07-17T23:59:59-05:00", Query{}, []ParticipantID{"okafor"}},
		{"solo: the conference override", "solo-doctor.json", "2026-10-02T03:00:00-05:00", Query{}, []ParticipantID{"okafor"}},
		{"group: two together by day", "group-of-seven.json", "2026-01-06T12:00:00-05:00", Query{}, []ParticipantID{"adams", "gomez"}},
		{"group: Monday night", "group-of-seven.json", "2026-01-06T03:00:00-05:00", Query{}, []ParticipantID{"adams"}},
		{"group: Tuesday night", "group-of-seven.json", "2026-01-06T18:00:00-05:00", Query{}, []ParticipantID{"brandt"}},
		{"group: the weekend's first part", "group-of-seven.json", "2026-01-10T12:00:00-05:00", Query{}, []ParticipantID{"adams"}},
		{"group: the weekend's second part", "group-of-seven.json", "2026-01-10T20:00:00-05:00", Query{}, []ParticipantID{"brandt"}},
		{"group: Memorial Day from 08:00", "group-of-seven.json", "2026-05-25T08:00:00-04:00", Query{}, []ParticipantID{"castillo"}},
		{"group: until 08:00 the day after", "group-of-seven.json", "2026-05-26T07:59:59-04:00", Query{}, []ParticipantID{"castillo"}},
		{"hospital: days", "hospital-service.json", "2026-01-01T07:00:00-06:00", Query{}, []ParticipantID{"fellow-kim"}},
		{"hospital: backup is who comes next", "hospital-service.json", "2026-01-01T07:00:00-06:00", Query{Role: "backup"},
			[]ParticipantID{"fellow-lopez"}},
		{"hospital: attending two weeks", "hospital-service.json", "2026-01-18T12:00:00-06:00", Query{Role: "attending"},
			[]ParticipantID{"att-park"}},
		{"hospital: a call type of its own", "hospital-service.json", "2026-01-01T07:00:00-06:00", Query{CallType: "stemi"},
			[]ParticipantID{"stemi-team"}},
		{"hospital: the hole in the temporary schedule", "hospital-service.json", "2026-09-13T01:00:00-05:00", Query{},
			[]ParticipantID{"att-park"}},
		{"pediatrics: nurse line before 22:00", "pediatrics.json", "2026-01-05T21:59:59-04:00", Query{Role: "nurse line"},
			[]ParticipantID{"nurse-vega"}},
		{"pediatrics: none after", "pediatrics.json", "2026-01-05T22:00:00-04:00", Query{Role: "nurse line"}, nil},
		{"pediatrics: none on Three Kings Day", "pediatrics.json", "2026-01-06T12:00:00-04:00", Query{Role: "nurse line"}, nil},
		{"pediatrics: the Ponce office", "pediatrics.json", "2026-01-07T12:00:00-04:00", Query{Location: "ponce"},
			[]ParticipantID{"torres"}},
		{"pediatrics: the doctor where no office is named", "pediatrics.json", "2026-01-07T12:00:00-04:00", Query{},
			[]ParticipantID{"ortiz"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := openExample(t, c.file)
			at, err := time.Parse(time.RFC3339, c.at)
			if err != nil {
				t.Fatal(err)
			}
			if got := s.Who(at, c.query); !slices.Equal(got, c.want) {
				t.Errorf("Who = %v, want %v", got, c.want)
				for _, step := range s.Explain(at, c.query).Reasons {
					t.Log(step.Text)
				}
			}
		})
	}
}
