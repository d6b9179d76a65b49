package chart

import (
	"strconv"

	"lamplight/notes/audit"
)

// Every statement about a chart's appointments stands here.

var (
	patientColumns = []string{"id", "account", "chart", "patient", "made_at"}
	patientTable   = audit.Table{Kind: "chart-patient", Name: "chart_patient", Key: "id", Columns: patientColumns, Mac: patientColumns}
)

// visitTables are what `lamplight audit verify` checks of them.
var visitTables = []audit.Table{patientTable,
	{Name: "chart_reading", Why: "it only says how far a chart was read"},
	{Name: "chart_visit", Why: "it only says what a person is asked; what they answer the appointment's own leaf vouches for"},
	{Name: "chart_mark", Why: "it only says of which appointments a chart is told; what it is told is read of the appointment"}}

// asksMany is how many questions are read at once, and asksLeft the most that one answer settles.
const (
	asksMany = 50
	asksLeft = 200
)

const (
	insertReading = "insert into chart_reading (account, why, due_at, tries, fence) values ($1, '', clock_timestamp(), 0, 0) on conflict do nothing"
	readingGone   = "delete from chart_reading where account <> all($1)"
	// claimReading takes a chart that is to be read, from which no other worker reads.
	claimReading = `update chart_reading set fence = fence + 1, due_at = clock_timestamp() + make_interval(secs => $1)
		where account = (select account from chart_reading where due_at <= clock_timestamp() order by due_at limit 1 for update skip locked)
		returning account, since, why, tries, fence`
	readingHeld = `update chart_reading set due_at = clock_timestamp() + make_interval(secs => $3) where account = $1 and fence = $2
		returning true`
	readingDone = `update chart_reading set since = $3, read_at = clock_timestamp(), why = '', tries = 0,
		due_at = clock_timestamp() + make_interval(secs => $4) where account = $1 and fence = $2`
	readingFailed = `update chart_reading set why = $3, tries = $4, due_at = clock_timestamp() + make_interval(secs => $5)
		where account = $1 and fence = $2`
	selectReading = "select read_at, why from chart_reading where account = $1"

	// visitHeld has nobody reminded of an appointment that is unclear in its chart.
	visitHeld = "update appointment set remind_at = null, untold = $3 where account = $1 and source = $2"

	selectAsked = "select source, state, why from chart_visit where account = $1 and source = any($2)"
	upsertAsked = `insert into chart_visit (id, account, source, chart, state, why, made_at, begins_at, body)
		values ($1, $2, $3, $4, 'asking', $5, $6, $7, $8) on conflict (account, source) do update set id = excluded.id,
		chart = excluded.chart, why = excluded.why, begins_at = excluded.begins_at, body = excluded.body
		where chart_visit.state = 'asking'`
	deleteAsked = "delete from chart_visit where account = $1 and source = any($2)"
	askedLeft   = "update chart_visit set state = 'left' where id = $1 and account = $2 and state = 'asking' returning true"
	sweepAsked  = "delete from chart_visit where account = $1 and coalesce(begins_at, made_at + interval '30 days') < $2"
	countAsking = "select count(*) from chart_visit where account = $1 and state = 'asking'"
	selectAsk   = "select chart, body from chart_visit where id = $1 and account = $2 and why = 'which' and state = 'asking'"

	insertMark = `insert into chart_mark (appointment, account, due_at, tries, fence) values ($1, $2, clock_timestamp(), 0, 0)
		on conflict (appointment) do update set due_at = excluded.due_at, tries = 0, fence = chart_mark.fence + 1`
	claimMark = `update chart_mark set fence = fence + 1, due_at = clock_timestamp() + make_interval(secs => $1)
		where appointment = (select appointment from chart_mark where due_at <= clock_timestamp() order by due_at limit 1
			for update skip locked) returning appointment, account, tries, fence`
	markLater = `update chart_mark set tries = $3, due_at = clock_timestamp() + make_interval(secs => $4)
		where appointment = $1 and fence = $2`
	deleteMark = "delete from chart_mark where appointment = $1 and fence = $2 returning true"
)

var (
	selectLink = "select patient, " + patientTable.MacList("") + " from chart_patient where account = $1 and chart = $2"
	insertLink = "insert into chart_patient (" + patientTable.List() + ") values (" + patientTable.Placeholders() + ") on conflict do nothing returning " +
		patientTable.MacList("")
	selectAsks = "select id, why, body from chart_visit where account = $1 and state = 'asking' order by begins_at nulls first, id limit " +
		strconv.Itoa(asksMany)
	// selectAsksOf are the questions of one of a chart's patients.
	selectAsksOf = `select id, source, body from chart_visit where account = $1 and chart = $2 and why = 'which' and state = 'asking'
		order by id limit ` + strconv.Itoa(asksLeft)
)
