package oncall

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// oracle answers by brute force, minute by minute, straight from the document. It shares nothing with the package but the
// document's types: no intervals, no search, no resolving of wall times. For each minute it knows two readings of the clock:
// the latest that any minute up to now has shown, and the earliest that any minute after it will show. A beginning at wall
// time w has happened when the first has reached w, and an end at w is still to come while the clock is below w or will show
// it again. That is the whole of the daylight-saving rule.
type oracle struct {
	doc    *Document
	loc    *time.Location
	from   time.Time
	shown  []time.Time // the latest reading so far, by minute from `from`
	coming []time.Time // the earliest reading after this minute
	// What would be worked out again every minute is remembered: it makes the oracle quick enough to ask often.
	spans    map[*Window][][2]time.Time
	handoffs map[handoffID]time.Time
	moments  map[string]time.Time
}

type handoffID struct {
	rotation string
	n        int
}

// margin is how many minutes around the asked ones the clock is watched: more than any clock was ever moved.
const margin = 60 * 60

func newOracle(doc *Document, from time.Time, minutes int) *oracle {
	loc, err := time.LoadLocation(doc.Timezone)
	if err != nil {
		panic(err)
	}
	o := &oracle{doc: doc, loc: loc, from: from.Add(-margin * time.Minute),
		spans: map[*Window][][2]time.Time{}, handoffs: map[handoffID]time.Time{}, moments: map[string]time.Time{}}
	n := minutes + 2*margin
	o.shown, o.coming = make([]time.Time, n), make([]time.Time, n)
	for i := range n {
		r := o.reading(i)
		o.shown[i], o.coming[i] = r, o.reading(i+1)
		if i > 0 && o.shown[i-1].After(r) {
			o.shown[i] = o.shown[i-1]
		}
	}
	for i := n - 2; i >= 0; i-- {
		if o.coming[i+1].Before(o.coming[i]) {
			o.coming[i] = o.coming[i+1]
		}
	}
	return o
}

func (o *oracle) reading(i int) time.Time {
	t := o.from.Add(time.Duration(i) * time.Minute).In(o.loc)
	return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), 0, 0, time.UTC)
}

// minute is one minute of the oracle's time.
type minute struct {
	*oracle
	at            time.Time
	shown, coming time.Time
	now           time.Time // what the clock shows
}

func (o *oracle) minute(i int) minute {
	i += margin
	return minute{o, o.from.Add(time.Duration(i) * time.Minute), o.shown[i], o.coming[i], o.reading(i)}
}

func (m minute) begun(w time.Time) bool { return !m.shown.Before(w) }
func (m minute) over(w time.Time) bool  { return !m.now.Before(w) && m.coming.After(w) }

// in says whether the minute lies between two moments of the document.
func (m minute) in(from, to string) bool {
	return (from == "" || m.moment(from, false)) && (to == "" || !m.moment(to, true))
}

// moment says whether a moment has come.
func (m minute) moment(text string, end bool) bool {
	w, known := m.moments[text]
	if !known {
		for _, form := range []string{time.RFC3339, "2006-01-02T15:04", "2006-01-02"} {
			var err error
			if w, err = time.Parse(form, text); err == nil {
				break
			}
		}
		m.moments[text] = w
	}
	switch {
	case len(text) > len("2006-01-02T15:04"):
		return !m.at.Before(w)
	case len(text) == len("2006-01-02") && end:
		w = w.Add(24 * time.Hour)
	}
	if end {
		return m.over(w)
	}
	return m.begun(w)
}

func clockOf(text string) time.Duration {
	h, _ := strconv.Atoi(text[:2])
	min, _ := strconv.Atoi(text[3:])
	return time.Duration(h)*time.Hour + time.Duration(min)*time.Minute
}

func (m minute) windows(ws []Window) bool {
	for i := range ws {
		w := &ws[i]
		if m.spans[w] == nil {
			m.spans[w] = m.listed(w)
		}
		for _, span := range m.spans[w] {
			if m.begun(span[0]) && !m.over(span[1]) {
				return true
			}
		}
	}
	return false
}

// listed writes a window out for every day the oracle watches, and two weeks before.
func (o *oracle) listed(w *Window) (out [][2]time.Time) {
	first := o.from.UTC().Truncate(24*time.Hour).AddDate(0, 0, -15)
	for date := first; date.Before(o.shown[len(o.shown)-1]); date = date.AddDate(0, 0, 1) {
		name := strings.ToLower(date.Weekday().String()[:3])
		fromDay, clock, long := strings.Cut(w.From, " ")
		if !long {
			if len(w.Days) > 0 && !slices.Contains(w.Days, name) {
				continue
			}
			from, to := date.Add(clockOf(w.From)), date.Add(clockOf(w.To))
			if !to.After(from) {
				to = to.AddDate(0, 0, 1)
			}
			out = append(out, [2]time.Time{from, to})
			continue
		}
		if fromDay != name {
			continue
		}
		from := date.Add(clockOf(clock))
		toDay, toClock, _ := strings.Cut(w.To, " ")
		for d := 0; ; d++ {
			to := date.AddDate(0, 0, d).Add(clockOf(toClock))
			if strings.ToLower(date.AddDate(0, 0, d).Weekday().String()[:3]) == toDay && to.After(from) {
				out = append(out, [2]time.Time{from, to})
				break
			}
		}
	}
	return out
}

// turn walks the rotation handoff by handoff from its start to this minute.
func (m minute) turn(r *Rotation, ahead int) Turn {
	every := max(1, r.Every)
	m.moment(r.Start, false) // remembered
	start, n := m.moments[r.Start], 0
	if r.Unit == "hour" {
		// The start's instant is the first whose reading reaches it.
		u, known := m.moments["instant of "+r.Start]
		if !known {
			u = start.Add(-30 * time.Hour)
		}
		for !known {
			local := u.In(m.loc)
			if !time.Date(local.Year(), local.Month(), local.Day(), local.Hour(), local.Minute(), 0, 0, time.UTC).Before(start) {
				break
			}
			u = u.Add(time.Minute)
		}
		m.moments["instant of "+r.Start] = u
		for step := time.Duration(every) * time.Hour; ; {
			switch {
			case m.at.Before(u):
				n--
				u = u.Add(-step)
				continue
			case !m.at.Before(u.Add(step)):
				n++
				u = u.Add(step)
				continue
			}
			break
		}
	} else {
		for !m.begun(m.handoff(r, start, every, n)) {
			n--
		}
		for m.begun(m.handoff(r, start, every, n+1)) {
			n++
		}
	}
	size := len(r.Turns)
	return r.Turns[((n+ahead)%size+size)%size]
}

// handoff is the wall time of handoff n.
func (m minute) handoff(r *Rotation, start time.Time, every, n int) time.Time {
	id := handoffID{r.Name, n}
	if _, known := m.handoffs[id]; !known {
		m.handoffs[id] = m.walkTo(r, start, every, n)
	}
	return m.handoffs[id]
}

func (m minute) walkTo(r *Rotation, start time.Time, every, n int) time.Time {
	if len(r.Handoffs) == 0 {
		switch r.Unit {
		case "day":
			return start.AddDate(0, 0, n*every)
		case "week":
			return start.AddDate(0, 0, 7*n*every)
		}
		month := start.AddDate(0, 0, 1-start.Day()).AddDate(0, n*every, 0)
		t := month.AddDate(0, 0, start.Day()-1)
		for t.Month() != month.Month() {
			t = t.AddDate(0, 0, -1)
		}
		return t
	}
	// Look at every minute-exact candidate, day by day, in the right direction.
	matches := func(t time.Time) bool {
		for _, h := range r.Handoffs {
			first, clock, _ := strings.Cut(h, " ")
			switch r.Unit {
			case "day":
				clock = h
			case "week":
				if strings.ToLower(t.Weekday().String()[:3]) != first {
					continue
				}
			case "month":
				if strconv.Itoa(t.Day()) != first {
					continue
				}
			}
			if t.Sub(t.Truncate(24*time.Hour)) == clockOf(clock) {
				return true
			}
		}
		return false
	}
	step := 30 * time.Minute // the generator's handoffs are on half hours
	if n < 0 {
		step = -step
	}
	t := start
	for left := max(n, -n); left > 0; {
		t = t.Add(step)
		if matches(t) {
			left--
		}
	}
	return t
}

// holiday is the rule that holds, and whether the minute is in a holiday at all. The generator knows its own holidays only,
// so that national dates are not computed here by the same formulas; they have a table of their own.
func (m minute) holiday() (rule string, is bool) {
	if m.doc.Holidays == nil {
		return "", false
	}
	for _, h := range m.doc.Holidays.Own {
		in := false
		if h.Date == "" {
			in = m.in(h.From, h.To)
		} else {
			begins := time.Duration(0)
			if h.Begins != "" {
				begins = clockOf(h.Begins)
			}
			for back := -2; back <= 3; back++ {
				date := m.at.In(time.UTC).AddDate(0, 0, -back).Truncate(24 * time.Hour)
				if strings.HasSuffix(date.Format("2006-01-02"), h.Date) && m.begun(date.Add(begins)) &&
					!m.over(date.Add(24*time.Hour+begins)) {
					in = true
				}
			}
		}
		if in {
			rule, is = h.Rule, true
		}
	}
	return rule, is
}

func reaches(s Scope, q Query, open bool) bool {
	role := s.Role
	if role == "" && !open {
		role = "primary"
	}
	return (role == "" || role == q.Role) && (len(s.CallTypes) == 0 || slices.Contains(s.CallTypes, q.CallType)) &&
		(len(s.Locations) == 0 || slices.Contains(s.Locations, q.Location))
}

// oracleSeat remembers whom a swap put somewhere, whom overrides pass by.
type oracleSeat struct {
	who     ParticipantID
	swapped bool
	shift   string
}

// answer is who answers, whether somebody was scheduled, and whether shifts overlap.
func (m minute) answer(q Query) (people []ParticipantID, scheduled, overlap bool) {
	seats := m.seats(q)
	if len(seats) == 0 {
		id := m.doc.Default[q.Role]
		if id == "" {
			return nil, false, false
		}
		if backup := m.present(id); backup != "" {
			id = backup
		} else if m.gone(id) {
			return nil, false, false
		}
		return []ParticipantID{id}, false, false
	}
	byShift := map[string]map[ParticipantID]bool{}
	for _, s := range seats {
		if !slices.Contains(people, s.who) {
			people = append(people, s.who)
		}
		if byShift[s.shift] == nil {
			byShift[s.shift] = map[ParticipantID]bool{}
		}
		byShift[s.shift][s.who] = true
	}
	overlap = len(people) > 1
	for _, those := range byShift {
		if len(those) == len(people) {
			overlap = false
		}
	}
	slices.Sort(people)
	return people, true, overlap
}

func (m minute) seats(q Query) []oracleSeat {
	for i := len(m.doc.Temporary) - 1; i >= 0; i-- {
		tmp := m.doc.Temporary[i]
		if !reaches(tmp.Scope, q, false) || !m.in(tmp.From, tmp.To) {
			continue
		}
		var seats []oracleSeat
		for k, s := range tmp.Shifts {
			if m.in(s.From, s.To) && !m.gone(s.Who) {
				seats = append(seats, oracleSeat{s.Who, false, "temporary" + strconv.Itoa(k)})
			}
		}
		return seats
	}
	seats := m.layers(q)
	for i, o := range m.doc.Overrides {
		if !reaches(o.Scope, q, true) || !m.in(o.From, o.To) {
			continue
		}
		if m.gone(o.Add) {
			o.Add = ""
		}
		if o.Remove == "" {
			if o.Add == "" {
				continue
			}
			seats = append(seats, oracleSeat{o.Add, false, "override" + strconv.Itoa(i)})
			continue
		}
		var left []oracleSeat
		for _, s := range seats {
			if s.who == o.Remove && !s.swapped {
				s.who = o.Add
			}
			if s.who != "" {
				left = append(left, s)
			}
		}
		seats = left
	}
	return seats
}

func (m minute) layers(q Query) []oracleSeat {
	rule, _ := m.holiday()
	switched := false
	for _, l := range m.doc.Layers {
		role := l.Role
		if role == "" {
			role = "primary"
		}
		switched = switched || rule != "" && l.Rule == rule && role == q.Role
	}
	if !switched {
		rule = ""
	}
	best := []oracleSeat(nil)
	bestPriority := 0
	for i, l := range m.doc.Layers {
		if l.Rule != rule || !reaches(l.Scope, q, false) {
			continue
		}
		seats := m.layer(i, l, q)
		switch {
		case len(seats) == 0:
		case best == nil || l.Priority > bestPriority:
			best, bestPriority = seats, l.Priority
		case l.Priority == bestPriority:
			best = append(best, seats...)
		}
	}
	return best
}

func (m minute) layer(i int, l Layer, q Query) (seats []oracleSeat) {
	_, holiday := m.holiday()
	open := m.windows(m.doc.OfficeHours) && !holiday
	if len(l.Windows) > 0 && !m.windows(l.Windows) || l.Hours == "office" && !open || l.Hours == "after" && open ||
		l.SkipHolidays && holiday || !m.in(l.From, l.Until) {
		return nil
	}
	name := "layer" + strconv.Itoa(i) + "/"
	sit := func(who ParticipantID, shift string) {
		s := oracleSeat{who, false, name + shift}
		for _, swap := range m.doc.Swaps {
			if swap.State != "approved" || !reaches(swap.Scope, q, true) {
				continue
			}
			if s.who == swap.Owner && m.in(swap.From, swap.To) {
				s.who, s.swapped = swap.Taker, true
			} else if swap.Back != nil && s.who == swap.Taker && m.in(swap.Back.From, swap.Back.To) {
				s.who, s.swapped = swap.Owner, true
			}
		}
		if !s.swapped {
			s.who = m.present(s.who)
		} else if m.gone(s.who) {
			s.who = ""
		}
		if s.who != "" {
			seats = append(seats, s)
		}
	}
	for _, who := range l.Who {
		sit(who, "")
	}
	for k, s := range l.Shifts {
		if m.in(s.From, s.To) {
			sit(s.Who, strconv.Itoa(k))
		}
	}
	for k := range m.doc.Rotations {
		if r := &m.doc.Rotations[k]; r.Name == l.Rotation {
			for _, who := range m.turn(r, l.Ahead) {
				sit(who, "")
			}
		}
	}
	return seats
}

// present is who sits in for somebody; "" when nobody does.
func (m minute) present(who ParticipantID) ParticipantID {
	for i := len(m.doc.Leave) - 1; i >= 0; i-- {
		if l := m.doc.Leave[i]; l.Who == who && m.in(l.From, l.To) {
			if l.Backup == "" {
				return ""
			}
			return m.present(l.Backup)
		}
	}
	if m.gone(who) {
		return ""
	}
	return who
}

// gone says whether somebody has left.
func (m minute) gone(who ParticipantID) bool {
	return slices.ContainsFunc(m.doc.Participants, func(p Participant) bool {
		return p.ID == who && p.Left != "" &&
			m.moment(p.Left, false)
	})
}
