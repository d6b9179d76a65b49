package notes

import (
	"cmp"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"lamplight/telephony"
)

// An AppointmentID names an appointment for ever.
type AppointmentID string

// An AppointmentState is where an appointment stands.
type AppointmentState string

const (
	VisitBooked     AppointmentState = "booked"
	VisitConfirmed  AppointmentState = "confirmed"  // by the patient, or for them by staff
	VisitReschedule AppointmentState = "reschedule" // the patient asks for another time: it waits on staff
	VisitCancelled  AppointmentState = "cancelled"
	VisitKept       AppointmentState = "kept"
	VisitMissed     AppointmentState = "no-show"
)

// VisitStates are all of them.
var VisitStates = []AppointmentState{VisitBooked, VisitConfirmed, VisitReschedule, VisitCancelled, VisitKept, VisitMissed}

// Awaited says that the patient is expected, and may be reminded.
func (s AppointmentState) Awaited() bool { return s == VisitBooked || s == VisitConfirmed }

// An Appointment is one visit of a practice's patient. All of it but the ids, the beginning, the state and the times is sealed at rest.
type Appointment struct {
	ID        AppointmentID       `json:"-"`
	Account   telephony.AccountID `json:"-"`
	Patient   PatientID           `json:"-"`
	State     AppointmentState    `json:"-"`
	Confirmed bool                `json:"-"` // at any time, as it begins now
	Asked     bool                `json:"-"` // to be put to another time, ever
	Version   int                 `json:"-"` // rises with every change; 0 for one that is not stored
	Told      int                 `json:"-"` // the lead of the last reminder in minutes; 0 for none

	Begins   time.Time `json:"begins"` // an instant: the practice's wall clock stands where it is read
	Minutes  int       `json:"minutes,omitempty"`
	Visit    string    `json:"visit,omitempty"` // the visit type, in the practice's words
	Place    string    `json:"place,omitempty"`
	Provider string    `json:"provider,omitempty"`
	Source   string    `json:"source,omitempty"` // its number in the practice's own system; "" for one made by hand
	// Filed is the state that the practice's file said last: said once more, it undoes nothing that was said since.
	Filed AppointmentState `json:"filed,omitempty"`
}

// ChartPrefix stands before the numbers that appointments have in a chart (notes/chart), among those of practices' other systems.
const ChartPrefix = "fhir:"

// Charted says that an appointment was read from the practice's chart.
func (a Appointment) Charted() bool { return strings.HasPrefix(a.Source, ChartPrefix) }

// What an appointment may be at most: characters of a word, and minutes.
const (
	MaxVisitWord    = 80
	MaxVisitMinutes = 24 * 60
)

// What may be wrong with an appointment beside CheckDraft's codes.
const (
	FieldLength = "field.length"
	FieldGap    = "field.gap" // a time that the clock never shows that day
)

// Change is what an appointment becomes that is written down as to: at another time it is booked anew, and nothing that was said of the
// time before holds. What a file says of its state holds when the file says it for the first time.
func (a Appointment) Change(to Appointment) Appointment {
	to.ID, to.Account, to.Patient, to.Version, to.Asked, to.Told = a.ID, a.Account, a.Patient, a.Version, a.Asked, a.Told
	said := to.State
	to.State, to.Confirmed, to.Filed = a.State, a.Confirmed, a.Filed
	if !to.Begins.Equal(a.Begins) {
		to.State, to.Confirmed, to.Told = VisitBooked, false, 0
	}
	if said != "" && said != a.Filed {
		if to.Filed = said; said != VisitBooked || a.Filed != "" {
			to = to.In(said)
		}
	}
	return to
}

// In is an appointment put into a state.
func (a Appointment) In(state AppointmentState) Appointment {
	a.State = state
	a.Confirmed = a.Confirmed && state != VisitBooked || state == VisitConfirmed
	a.Asked = a.Asked || state == VisitReschedule
	return a
}

// CheckAppointment says what is missing or wrong, by field: "begins", "minutes", "visit", "place", "provider", "source".
func CheckAppointment(a Appointment) map[string]string {
	wrong := map[string]string{}
	switch {
	case a.Begins.IsZero():
		wrong["begins"] = FieldRequired
	case a.Begins.Year() < 2000 || a.Begins.Year() > 2199:
		wrong["begins"] = FieldDate
	}
	if a.Minutes < 0 || a.Minutes > MaxVisitMinutes {
		wrong["minutes"] = FieldLength
	}
	for field, word := range map[string]string{"visit": a.Visit, "place": a.Place, "provider": a.Provider, "source": a.Source} {
		if utf8.RuneCountInString(word) > MaxVisitWord || !utf8.ValidString(word) {
			wrong[field] = FieldTooLong
		}
	}
	return wrong
}

// TidyAppointment is an appointment as it is kept: to the second, its words without blanks and signs that nobody sees.
func TidyAppointment(a Appointment) Appointment {
	a.Begins = a.Begins.UTC().Truncate(time.Second)
	for _, word := range []*string{&a.Visit, &a.Place, &a.Provider, &a.Source} {
		*word = strings.Join(strings.FieldsFunc(*word, func(r rune) bool {
			return unicode.IsSpace(r) || unicode.IsControl(r) || unicode.Is(unicode.Cf, r)
		}), " ")
	}
	return a
}

// Reminders is how a practice reminds its patients of their appointments. Nothing in it is patient data.
type Reminders struct {
	// Before are how long before it a patient is reminded, "7d", "1d", "2h"; Visits those of visit types, by the type in the practice's
	// words: an empty list reminds of none.
	Before []string            `json:"before"`
	Visits map[string][]string `json:"visits,omitempty"`
	// Says is what a reminder says beside the practice, the day and the time.
	Says []ReminderWord `json:"says,omitempty"`
}

// A ReminderWord is one thing that a practice may have its reminders say.
type ReminderWord string

const (
	SaysPlace    ReminderWord = "place"
	SaysProvider ReminderWord = "provider"
)

// A Lead is how long before an appointment its patient is reminded: days of the calendar, at the same time of day, or hours.
type Lead struct{ Days, Hours int }

// The longest leads, in days and in hours.
const (
	maxLeadDays  = 90
	maxLeadHours = 72
)

var leadForm = regexp.MustCompile(`^([1-9][0-9]{0,2})([dh])$`)

// ReadLead reads "7d" and "2h".
func ReadLead(text string) (l Lead, ok bool) {
	m := leadForm.FindStringSubmatch(text)
	if m == nil {
		return l, false
	}
	n, err := strconv.Atoi(m[1])
	if err != nil {
		return l, false
	}
	if m[2] == "d" {
		return Lead{Days: n}, n <= maxLeadDays
	}
	return Lead{Hours: n}, n <= maxLeadHours
}

// Minutes is a lead's length, a day counted as 24 hours: what orders leads.
func (l Lead) Minutes() int { return (l.Days*24 + l.Hours) * 60 }

// Of is when a patient is reminded of an appointment that begins then, on the wall clock of begins.
func (l Lead) Of(begins time.Time) time.Time {
	return begins.AddDate(0, 0, -l.Days).Add(-time.Duration(l.Hours) * time.Hour)
}

// leads are a visit type's, the longest first. What was checked when the practice was stored is all there is.
func (r Reminders) leads(visit string) []Lead {
	before := r.Before
	for name, own := range r.Visits {
		if strings.EqualFold(strings.TrimSpace(name), visit) {
			before = own
		}
	}
	var out []Lead
	for _, text := range before {
		if l, ok := ReadLead(text); ok {
			out = append(out, l)
		}
	}
	slices.SortFunc(out, func(a, b Lead) int { return cmp.Compare(b.Minutes(), a.Minutes()) })
	return slices.Compact(out)
}

// FirstReminder is what NextReminder's below is before the first.
const FirstReminder = math.MaxInt

// latestReminder is how long before an appointment a patient is not reminded any more: they are on their way.
const latestReminder = 15 * time.Minute

// NextReminder is when a patient is to be reminded of an appointment, and by which lead, in minutes; zero for no more. Leads of below and
// more are done. One that has gone by is still told at once while half of it is left, so that an appointment made this evening is
// reminded of for tomorrow; of several the shortest. What falls into the practice's quiet hours waits for their end, and is left out
// when that is too late.
func (a Account) NextReminder(v Appointment, below int, now time.Time) (at time.Time, lead int) {
	if a.Messaging == nil || a.Messaging.Reminders == nil || !v.State.Awaited() {
		return at, 0
	}
	zone, err := time.LoadLocation(a.TimeZone)
	if err != nil { // it was checked when it was stored
		return at, 0
	}
	begins := v.Begins.In(zone)
	for _, l := range a.Messaging.Reminders.leads(v.Visit) {
		minutes := l.Minutes()
		due := l.Of(begins)
		if minutes >= below || due.Before(now) && begins.Sub(now) < begins.Sub(due)/2 {
			continue
		}
		if due.Before(now) {
			due = now
		}
		if due = a.Messaging.Notify(due, zone); begins.Sub(due) < latestReminder {
			continue
		}
		if !at.IsZero() && due.After(at) { // a longer one comes before it
			break
		}
		at, lead = due.UTC(), minutes
	}
	return at, lead
}
