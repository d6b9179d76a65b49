package oncall

import (
	"encoding/json"
	"fmt"
	"math/rand"
	"slices"
	"testing"
	"time"
)

// fuzzZones have daylight saving, half-hour daylight saving, daylight saving backwards round Ramadan, none, and a lost day.
var fuzzZones = []string{"America/Chicago", "America/New_York", "America/Phoenix", "America/Puerto_Rico", "Europe/Madrid",
	"Australia/Lord_Howe",
	"Africa/Casablanca", "Pacific/Apia", "America/Havana", "UTC"}

// fuzzDays are days near which something happens to some clock, or to the calendar.
var fuzzDays = []string{"2024-02-28", "2024-03-09", "2024-03-30", "2024-11-02", "2026-10-24", "2027-02-27", "2025-04-05", "2025-10-04",
	"2025-02-22", "2025-04-05", "2011-12-29", "2026-12-30", "2023-03-31", "2026-05-30", "2026-03-07"}

// author writes a random schedule that is valid, around a day.
type author struct {
	*rand.Rand
	day time.Time
}

func (a author) one(of ...string) string { return of[a.Intn(len(of))] }
func (a author) chance(percent int) bool { return a.Intn(100) < percent }

func (a author) who() ParticipantID { return ParticipantID(a.one("ada", "ben", "cy", "dee", "eve")) }

func (a author) clock() string {
	return fmt.Sprintf("%02d:%s", a.Intn(24), a.one("00", "00", "30"))
}

func (a author) weekday() string { return a.one(weekdays...) }

func (a author) moment(hoursFrom, hoursTo int) time.Time {
	return a.day.Add(time.Duration(hoursFrom+a.Intn(hoursTo-hoursFrom))*time.Hour + time.Duration(a.Intn(4)*15)*time.Minute)
}

// span is two moments of the same form, the second well after the first, so that no change of the clock turns them round.
func (a author) span() (from, to string) {
	begin := a.moment(-72, 96)
	end := begin.Add(time.Duration(27+a.Intn(60)) * time.Hour)
	form := a.one("2006-01-02T15:04", "2006-01-02T15:04", "2006-01-02T15:04:05Z07:00", "2006-01-02")
	return begin.Format(form), end.Format(form)
}

func (a author) scope(role bool) Scope {
	s := Scope{}
	if role && a.chance(30) {
		s.Role = "backup"
	}
	if a.chance(15) {
		s.CallTypes = []string{"urgent"}
	}
	if a.chance(15) {
		s.Locations = []string{"north"}
	}
	return s
}

func (a author) windows() (ws []Window) {
	for range 1 + a.Intn(2) {
		switch {
		case a.chance(25):
			ws = append(ws, Window{From: a.weekday() + " " + a.clock(), To: a.weekday() + " " + a.clock()})
		case a.chance(50):
			ws = append(ws, Window{From: a.clock(), To: a.one(a.clock(), "24:00")})
		default:
			ws = append(ws, Window{Days: []string{a.weekday(), a.weekday(), a.weekday()}, From: a.clock(), To: a.clock()})
		}
	}
	return ws
}

func (a author) rotation(name string) Rotation {
	r := Rotation{Name: name, Unit: a.one("hour", "day", "week", "month"), Every: a.Intn(4)}
	start := a.day.AddDate(0, 0, a.Intn(60)-30).Add(time.Duration(a.Intn(48)*30) * time.Minute)
	r.Start = start.Format("2006-01-02T15:04")
	for range 1 + a.Intn(4) {
		turn := Turn{a.who()}
		if other := a.who(); a.chance(20) && other != turn[0] {
			turn = append(turn, other)
		}
		r.Turns = append(r.Turns, turn)
	}
	if r.Unit == "hour" || !a.chance(40) {
		return r
	}
	r.Every = 1
	r.Handoffs = []string{start.Format("15:04")}
	for range 1 + a.Intn(2) {
		r.Handoffs = append(r.Handoffs, a.clock())
	}
	for i := range r.Handoffs {
		if r.Unit == "week" {
			r.Handoffs[i] = a.weekday() + " " + r.Handoffs[i]
		} else if r.Unit == "month" {
			r.Handoffs[i] = fmt.Sprint(1+a.Intn(28)) + " " + r.Handoffs[i]
		}
	}
	switch r.Unit {
	case "week":
		r.Handoffs[0] = weekdays[start.Weekday()] + start.Format(" 15:04")
	case "month":
		start = start.AddDate(0, 0, -max(0, start.Day()-28))
		r.Start = start.Format("2006-01-02T15:04")
		r.Handoffs[0] = fmt.Sprint(start.Day()) + start.Format(" 15:04")
	}
	slices.Sort(r.Handoffs)
	r.Handoffs = slices.Compact(r.Handoffs)
	return r
}

func (a author) shifts() (out []DatedShift) {
	for range 1 + a.Intn(3) {
		from, to := a.span()
		out = append(out, DatedShift{a.who(), from, to})
	}
	return out
}

func (a author) layer(i int, rules bool) Layer {
	l := Layer{Name: fmt.Sprint("layer ", i), Scope: a.scope(true), Priority: a.Intn(3)}
	switch a.Intn(4) {
	case 0:
		l.Who = []ParticipantID{a.who()}
	case 1:
		l.Shifts = a.shifts()
	default:
		l.Rotation = a.one("r0", "r1")
		l.Ahead = a.Intn(3) - 1
	}
	if l.Shifts == nil && a.chance(60) {
		l.Windows = a.windows()
	}
	if l.Shifts == nil && a.chance(25) {
		l.Hours = a.one("office", "after")
	}
	if rules && a.chance(25) {
		l.Rule = "holiday"
	} else if l.Shifts == nil && a.chance(15) {
		l.SkipHolidays = true
	}
	if a.chance(15) {
		l.From, l.Until = a.span()
	}
	return l
}

func (a author) document(zone string) *Document {
	doc := &Document{Timezone: zone, Default: map[string]ParticipantID{"primary": "zoe"}}
	if a.chance(50) {
		doc.Default["backup"] = a.who()
	}
	if a.chance(30) {
		for _, id := range []ParticipantID{"ada", "ben", "cy", "dee", "eve", "fay", "gus", "hal", "ian", "joy", "zoe"} {
			p := Participant{ID: id}
			if a.chance(25) {
				p.Left, _ = a.span()
			}
			doc.Participants = append(doc.Participants, p)
		}
	}
	doc.OfficeHours = a.windows()
	doc.Rotations = []Rotation{a.rotation("r0"), a.rotation("r1")}
	doc.Layers = []Layer{{Name: "base", Rotation: "r0", Windows: a.windows()}, {Name: "backup", Scope: Scope{Role: "backup"},
		Who: []ParticipantID{a.who()}, Windows: a.windows()}}
	for i := range a.Intn(5) {
		doc.Layers = append(doc.Layers, a.layer(i, true))
	}
	doc.Layers = append(doc.Layers, Layer{Name: "holiday", Rule: "holiday", Who: []ParticipantID{a.who()}, Windows: a.windows()})
	if a.chance(60) {
		doc.Holidays = &Holidays{Own: []Holiday{
			{Name: "one", Date: a.moment(-24, 72).Format("2006-01-02"), Rule: a.one("", "holiday"), Begins: a.one("", "08:00")},
			{Name: "yearly", Date: a.moment(-24, 72).Format("01-02"), Rule: a.one("", "holiday")},
		}}
	}
	for range a.Intn(4) {
		from, to := a.span()
		doc.Leave = append(doc.Leave, Leave{a.who(), from, to, ParticipantID(a.one("", "fay", "gus"))})
	}
	if a.chance(30) {
		from, to := a.span()
		doc.Leave = append(doc.Leave, Leave{"fay", from, to, "gus"})
	}
	for range a.Intn(4) {
		from, to := a.span()
		o := Override{Scope: a.scope(true), From: from, To: to}
		switch a.Intn(3) {
		case 0:
			o.Add, o.Role = a.who(), "primary"
		case 1:
			o.Remove = a.who()
		default:
			o.Remove, o.Add = a.who(), "hal"
		}
		doc.Overrides = append(doc.Overrides, o)
	}
	for range a.Intn(3) {
		from, to := a.span()
		s := Swap{Scope: a.scope(true), Owner: a.who(), Taker: ParticipantID(a.one("ian", "joy")), From: from, To: to,
			State: a.one("open", "taken", "approved", "approved")}
		if a.chance(50) {
			from, to := a.span()
			s.Back = &Span{from, to}
		}
		doc.Swaps = append(doc.Swaps, s)
	}
	if a.chance(30) {
		from, to := a.span()
		doc.Temporary = append(doc.Temporary, Temporary{Scope: Scope{}, From: from, To: to, Shifts: a.shifts()})
	}
	return doc
}

// againstOracle compares every answer for three days of one random schedule.
func againstOracle(t *testing.T, seed int64) {
	a := author{Rand: rand.New(rand.NewSource(seed))}
	a.day, _ = time.Parse(time.DateOnly, a.one(fuzzDays...))
	doc := a.document(a.one(fuzzZones...))
	const minutes = 3 * 24 * 60
	from := a.day.Add(time.Duration(a.Intn(24)-12) * time.Hour)
	to := from.Add(minutes * time.Minute)
	// Sometimes compiled for all of it, sometimes for a part, sometimes for none.
	lo := from.Add(time.Duration(a.Intn(3)) * 24 * time.Hour)
	s, err := Compile(doc, lo, lo.Add(time.Duration(a.Intn(4))*24*time.Hour))
	if err != nil {
		t.Fatalf("seed %d: %v", seed, err)
	}
	o := newOracle(doc, from, minutes)
	for _, q := range []Query{{Role: "primary"}, {Role: "backup", CallType: "urgent"},
		{Role: "primary", CallType: "urgent", Location: "north"}} {
		var shifts, gaps, overlaps []Shift
		for i := range minutes {
			m := o.minute(i)
			want, scheduled, overlap := m.answer(q)
			if got := s.Who(m.at, q); !slices.Equal(got, want) {
				text, _ := json.MarshalIndent(doc, "", " ")
				t.Fatalf("seed %d, %v, %s (%s): Who = %v, oracle says %v\n%s", seed, q, m.at.Format(time.RFC3339), m.at.In(o.loc), got,
					want, text)
			}
			piece := Shift{m.at, m.at.Add(time.Minute), want, len(want) > 0 && !scheduled}
			if len(want) > 0 {
				shifts = glue(shifts, piece)
			}
			if !scheduled {
				gaps = glue(gaps, piece)
			}
			if overlap {
				overlaps = glue(overlaps, piece)
			}
		}
		same(t, seed, "Shifts", s.Shifts(from, to, q), shifts)
		same(t, seed, "Gaps", s.Gaps(from, to, q), gaps)
		same(t, seed, "Overlaps", s.Overlaps(from, to, q), overlaps)
		for _, i := range a.Perm(minutes)[:20] {
			untilAndNext(t, seed, s, q, from.Add(time.Duration(i)*time.Minute), to, shifts)
		}
	}
}

func glue(in []Shift, piece Shift) []Shift {
	if n := len(in); n > 0 && in[n-1].Until.Equal(piece.From) && in[n-1].Default == piece.Default &&
		slices.Equal(in[n-1].People, piece.People) {
		in[n-1].Until = piece.Until
		return in
	}
	return append(in, piece)
}

func same(t *testing.T, seed int64, what string, got, want []Shift) {
	t.Helper()
	equal := slices.EqualFunc(got, want, func(a, b Shift) bool {
		return a.From.Equal(b.From) && a.Until.Equal(b.Until) && slices.Equal(a.People, b.People) && a.Default == b.Default
	})
	if !equal {
		t.Fatalf("seed %d: %s =\n%v\noracle says\n%v", seed, what, got, want)
	}
}

// untilAndNext checks Until and Next where the oracle's shifts tell them.
func untilAndNext(t *testing.T, seed int64, s *Schedule, q Query, at, end time.Time, shifts []Shift) {
	t.Helper()
	for i, sh := range shifts {
		if at.Before(sh.From) || !at.Before(sh.Until) || i == len(shifts)-1 {
			continue
		}
		if until, ok := s.Until(at, q); !ok || !until.Equal(sh.Until) {
			t.Fatalf("seed %d: Until(%s) = %s %v, oracle says %s", seed, at, until, ok, sh.Until)
		}
		for _, later := range shifts[i+1:] {
			others := slices.DeleteFunc(slices.Clone(later.People), func(id ParticipantID) bool { return slices.Contains(sh.People, id) })
			if len(others) == 0 {
				continue
			}
			if next, ok := s.NextOther(at, q); !ok || !next.From.Equal(later.From) || !slices.Equal(next.People, others) {
				t.Fatalf("seed %d: NextOther(%s) = %v %v, oracle says %v from %s", seed, at, next, ok, others, later.From)
			}
			break
		}
		next, ok := s.Next(at, q)
		if !ok || !next.From.Equal(shifts[i+1].From) || !slices.Equal(next.People, shifts[i+1].People) {
			t.Fatalf("seed %d: Next(%s) = %v %v, oracle says %v", seed, at, next, ok, shifts[i+1])
		}
		if i+2 < len(shifts) && !next.Until.Equal(shifts[i+1].Until) {
			t.Fatalf("seed %d: Next(%s) ends %s, oracle says %s", seed, at, next.Until, shifts[i+1].Until)
		}
	}
}

// TestOracle is the fuzz target's short form, the same seeds every time.
func TestOracle(t *testing.T) {
	for seed := range int64(60) {
		againstOracle(t, seed)
	}
}

func FuzzOracle(f *testing.F) {
	f.Add(int64(1))
	f.Fuzz(func(t *testing.T, seed int64) { againstOracle(t, seed) })
}
