package record

import (
	"strconv"
	"strings"

	"lamplight/notes/audit"
)

// Every statement about appointments stands here; see queries.go. What the planner of reminders moves (routing/patient) no leaf
// vouches for: remind_at, told, untold.

var appointmentTable = audit.Table{Kind: "appointment", Name: "appointment", Key: "id",
	Columns: []string{"id", "account", "patient", "begins_at", "state", "confirmed", "asked", "made_at", "changed_at", "version", "source",
		"visit", "provider", "body"}}

// appointmentHead is what is read of an appointment; its body is sealed.
var appointmentHead = []string{"id", "account", "patient", "begins_at", "state", "confirmed", "asked", "version", "told", "body"}

var (
	insertAppointment = "insert into appointment (" + appointmentTable.List() + ", remind_at, told, untold) values (" +
		appointmentTable.Placeholders() + ", $15, 0, '') on conflict do nothing returning " + appointmentTable.Returning()
	// updateAppointment changes one that nobody has moved or reminded of since it was read. At another time nothing is told of it yet.
	updateAppointment = `update appointment set begins_at = $4, state = $5, confirmed = $6, asked = $7, changed_at = $8, version = $2 + 1,
		visit = $9, provider = $10, body = $11, remind_at = $12, source = $13, told = case when begins_at = $4 then told else 0 end,
		untold = '' where id = $1 and version = $2 and (told = $3 or begins_at <> $4) returning ` + appointmentTable.Returning()
	selectAppointment = "select " + strings.Join(appointmentHead, ", ") + " from appointment where id = $1"
	lockAppointment   = selectAppointment + " for update"
	selectBySource    = "select " + strings.Join(appointmentHead, ", ") + " from appointment where account = $1 and source = any($2)"
	selectByIDs       = "select " + strings.Join(appointmentHead, ", ") + " from appointment where account = $1 and id = any($2)"
	selectComing      = "select " + strings.Join(appointmentHead, ", ") + ` from appointment where patient = $1 and begins_at > $2
		order by begins_at limit ` + strconv.Itoa(ComingMany)
	// selectComingOf are those to come of some patients that a practice's own system numbers, or a file.
	selectComingOf = "select " + strings.Join(appointmentHead, ", ") + ` from appointment where account = $1 and patient = any($2)
		and begins_at > $3 and source is not null order by begins_at, id limit ` + strconv.Itoa(matchingMany)
	// selectDay is a page of a practice's appointments between two instants, after a place.
	selectDay = "select " + of("a", appointmentHead) + ", a.remind_at, a.untold, p.version, p.language, p.title from (select " +
		strings.Join(appointmentHead, ", ") + `, remind_at, untold from appointment where account = $1 and begins_at >= $2
		and begins_at < $3 and (begins_at, id) > ($4, $5) order by begins_at, id limit ` + strconv.Itoa(DayMany+1) + `) a
		cross join lateral (select version, language, title from patient where id = a.patient offset 0) p order by a.begins_at, a.id`
	// selectMatching are a practice's patients with any of some numbers or dates of birth.
	selectMatching = "select " + strings.Join(patientHead, ", ") + ", body from patient where account = $1 and terms && $2 " +
		"order by id limit " + strconv.Itoa(matchingMany)
)

const (
	countDay = `select state, count(*) from appointment where account = $1 and begins_at >= $2 and begins_at < $3 group by state`
	// countOwn counts those of some patients who are a practice's.
	countOwn = "select count(*) from patient where account = $1 and id = any($2)"
)
