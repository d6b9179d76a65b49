package patient

import (
	"time"

	"lamplight/notes"
	"lamplight/routing/channel"
	"lamplight/telephony"
)

// A ReminderShown is one reminder that a practice would send of an appointment, and what it would say in each of the service's languages.
type ReminderShown struct {
	At   time.Time
	Lead int // minutes
	Says map[telephony.Language]string
}

// Previews are the reminders of an appointment that is booked at now, of a patient in the practice's own zone, the first first.
func Previews(acc notes.Account, v notes.Appointment, now time.Time) (out []ReminderShown, err error) {
	v.State = notes.VisitBooked
	below := notes.FirstReminder
	for {
		at, lead := acc.NextReminder(v, below, now)
		if at.IsZero() {
			return out, nil
		}
		p := ReminderShown{At: at, Lead: lead, Says: map[telephony.Language]string{}}
		for _, lang := range []telephony.Language{telephony.English, telephony.Spanish} {
			visits, err := sayWhen(acc, lang, []toldVisit{{id: v.ID, told: v.Begins}}, map[notes.AppointmentID]notes.Appointment{v.ID: v})
			if err != nil {
				return nil, err
			}
			p.Says[lang] = channel.Say(channel.Message{Lang: lang, Practice: acc.Name, Notice: channel.NoticeReminder, Visits: visits}).Text
		}
		out, below, now = append(out, p), lead, at
	}
}
