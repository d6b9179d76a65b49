package patient

import (
	"slices"
	"strconv"
	"strings"

	"lamplight/notes/audit"
)

// Every statement of the engine stands here.

// sendingIsDue is a notice's state as leaves know it.
const sendingIsDue = "(case state when 'sending' then 'due' else state end)"

// The tables whose every row a leaf vouches for, and what decides who is told and who comes in, under a MAC. What only claims and
// wrong codes move is left out.
var (
	noticeColumns = []string{"id", "account", "patient", "thread", "message", "kind", "channel", "lang", "address", "reach", sendingIsDue,
		"made_at", "due_at", "expires_at", "used_at", "sent_at", "ref", "why", "link"}
	noticeTable = audit.Table{Kind: "notice", Name: "notice", Key: "id", Columns: noticeColumns,
		Mac: append(slices.Clone(withAlias(noticeColumns)), "sends")}
	// A session has no leaf of its own: its beginning has, and one that is taken away lets nobody in.
	sessionTable = audit.Table{Kind: "patient-session", Name: "patient_session",
		Mac: []string{"token", "patient", "account", "made_at", "expires_at"}}
	reminderColumns = []string{"id", "account", "patient", "channel", "lang", "address", "reach", sendingIsDue, "made_at", "due_at",
		"expires_at", "sent_at", "ref", "why"}
	reminderTable = audit.Table{Kind: "reminder", Name: "reminder", Key: "id", Columns: reminderColumns,
		Mac: append(slices.Clone(withAlias(reminderColumns)), "sends")}
	stopColumns = []string{"id", "address", "stopped_at", "started_at"}
	stopTable   = audit.Table{Kind: "patient-stop", Name: "patient_stop", Key: "id", Columns: stopColumns, Mac: stopColumns}
)

func withAlias(columns []string) []string {
	out := slices.Clone(columns)
	for i, c := range out {
		if c == sendingIsDue {
			out[i] = strings.ReplaceAll(c, "state", "@state")
		}
	}
	return out
}

// Tables are what `lamplight audit verify` checks of this package.
func Tables() []audit.Table {
	return []audit.Table{noticeTable, sessionTable, stopTable, reminderTable,
		{Name: "patient_text", Why: "it only counts: a text heard twice is answered twice"},
		{Name: "reminder_visit", Why: "what a reminder says is read of the appointment itself, and only while it is as it was told"},
		{Name: "reminder_pace", Why: "it only says when the next reminder may leave"},
		{Name: "reminder_question", Why: "it only says what a number was asked back, for some minutes"}}
}

// An outbox is a table of what leaves for patients, with the statements by which it is sent once: claimed by one worker at a time,
// counted before it leaves, settled after. Those of all outboxes take and give the same.
type outbox struct {
	name      string
	table     audit.Table
	leaves    map[NoticeState]string // what they call how it went
	unreached string                 // and that it reached nobody

	due, claim, counting, later, settled, reported, atReported string
}

var (
	notices = newOutbox("notice", noticeTable, "n.thread, n.message, n.kind", "notice.unreached", map[NoticeState]string{
		NoticeAccepted: "notice.accepted", NoticeDelivered: "notice.delivered", NoticeUndelivered: "notice.undelivered",
		NoticeFailed: "notice.failed", NoticeCancelled: "notice.cancelled"})
	reminders = newOutbox("reminder", reminderTable, "'', '', 'reminder'", "reminder.unreached", map[NoticeState]string{
		NoticeAccepted: "reminder.accepted", NoticeDelivered: "reminder.delivered", NoticeUndelivered: "reminder.undelivered",
		NoticeFailed: "reminder.failed", NoticeCancelled: "reminder.cancelled"})
	outboxes = []*outbox{notices, reminders}
)

// newOutbox writes the statements of a table; own are its thread, message and kind.
func newOutbox(name string, table audit.Table, own, unreached string, leaves map[NoticeState]string) *outbox {
	mac := table.MacList("")
	return &outbox{name: name, table: table, leaves: leaves, unreached: unreached,
		due: "select exists (select from " + name + " where wake_at <= clock_timestamp() and state in ('due', 'sending'))",
		// claim takes what is due, or whose worker's lease has run out: each skips the rows that another holds.
		claim: "with ready as (select id from " + name + ` where wake_at <= clock_timestamp() and state in ('due', 'sending')
				order by wake_at limit $1 for update skip locked)
			update ` + name + ` n set state = 'sending', fence = fence + 1, wake_at = clock_timestamp() + make_interval(secs => $2)
			from ready where n.id = ready.id returning n.id, n.account, n.patient, ` + own + `, n.channel, n.lang, n.address,
				n.reach, n.expires_at, n.fence, n.sends, ` + table.MacList("n"),
		// counting is the last look before it leaves: it is still ours, and nobody has cancelled it.
		counting: "update " + name + ` set sends = $3, mac = $4 where id = $1 and fence = $2 and sends = $3 - 1 and state = 'sending'
			and wake_at > clock_timestamp() returning true`,
		later: "update " + name + ` set wake_at = clock_timestamp() + make_interval(secs => $3)
			where id = $1 and fence = $2 and state = 'sending'`,
		settled: "update " + name + ` set state = $3, ref = $4, why = $5, sent_at = $6, wake_at = null
			where id = $1 and fence = $2 and state = 'sending' returning ` + mac,
		reported:   "update " + name + " set state = $2, why = $3, wake_at = null where id = $1 and state = any($4) returning " + mac,
		atReported: "select patient, account, state from " + name + " where id = $1"}
}

var (
	insertNotice = "insert into notice (" + strings.Replace(noticeTable.List(), sendingIsDue, "state", 1) +
		", tries, wake_at, fence, sends) values (" + noticeTable.Placeholders() + ", 0, $13, 0, 0) returning " + noticeTable.MacList("")
	noticesCancelled = "update notice set state = 'cancelled', why = $2, wake_at = null where id = any($1) and state in ('due', 'sending') " +
		"returning " + noticeTable.MacList("")
	selectByLink = "select id, account, patient, thread, channel, lang, expires_at, " + noticeTable.MacList("") + " from notice where link = $1"
	// lockCode is the newest code of a patient that still opens something.
	lockCode = "select id, tries, " + noticeTable.MacList("") + ` from notice where patient = $1 and kind = 'code' and used_at is null
		and expires_at > $2 and state <> 'cancelled' order by made_at desc, id desc limit 1 for update`
	codeUsed      = "update notice set used_at = $2 where id = $1 returning " + noticeTable.MacList("")
	selectSession = "select patient, account, expires_at, " + sessionTable.MacList("") + " from patient_session where token = $1"
	upsertStop    = "insert into patient_stop (" + stopTable.List() + `) values ($1, $2, $3, null) on conflict (address) do update
		set stopped_at = excluded.stopped_at, started_at = null where patient_stop.started_at is not null returning ` +
		stopTable.MacList("")
	endStop = "update patient_stop set started_at = $2 where address = $1 and started_at is null returning " + stopTable.MacList("")
	// selectStop is whether an address wants no texts.
	selectStop = "select " + stopTable.MacList("") + " from patient_stop where address = $1 and started_at is null"
)

const (
	// selectDueOf are what of a patient waits to be told: by a message, by an address, or all.
	selectDueOf = `select id from notice where patient = $1 and state in ('due', 'sending') and ($2 = '' or message = $2)
		and ($3::bytea is null or reach = $3) order by id for update`
	// selectWaits tells whether a patient is to be told of a message anyhow.
	selectWaits     = "select exists (select from notice where patient = $1 and kind = 'message' and state = 'due' and sends = 0)"
	selectWroteLate = "select coalesce(max(at) > $2, false) from message where patient = $1 and kind = 'patient'"
	// lockSent holds a patient while it is counted what they were sent, so that two who ask at once count each other; whoever
	// sends them a notice, which names them, does not wait.
	lockSent      = "select id from patient where id = $1 for no key update"
	countSent     = "select count(*) from notice where patient = $1 and kind = $2 and made_at > $3"
	codeTried     = "update notice set tries = tries + 1 where id = $1"
	insertSession = "insert into patient_session (token, patient, account, made_at, expires_at, mac) values ($1, $2, $3, $4, $5, $6)"
	deleteSession = "delete from patient_session where token = $1 returning patient, account"
	// deleteSessions puts out every device of a patient's.
	deleteSessions = "delete from patient_session where patient = $1"
	sweepSessions  = "delete from patient_session where expires_at < $1"
	selectNotices  = `select message, kind, channel, state, due_at, sent_at, why from notice where patient = $1 and kind <> 'code'
		order by made_at desc, id desc limit 50`
	selectThreadOf = "select thread from notice where id = $1"
	insertText     = "insert into patient_text (ref, sender, at, told) values ($1, $2, $3, false) on conflict (ref) do nothing"
	textAnswered   = "update patient_text set told = true where ref = $1"
	countAnswers   = "select count(*) from patient_text where sender = $1 and at > $2 and told"
)

// Appointments and their reminders.
var (
	insertReminder = "insert into reminder (" + strings.Replace(reminderTable.List(), sendingIsDue, "state", 1) +
		", wake_at, fence, sends) values (" + reminderTable.Placeholders() + ", $10, 0, 0) returning " + reminderTable.MacList("")
	// selectPlanned is the appointment whose patient is to be reminded next.
	selectPlanned = `select id, account, patient from appointment where remind_at <= $1 order by remind_at, id limit 1 for update skip locked`
	// selectHousehold are others of a practice's on one day, of patients with the same number, who would be reminded within a while.
	selectHousehold = `select a.id, a.patient from patient p join appointment a on a.patient = p.id where p.account = $1
		and p.reach @> $2 and a.begins_at >= $3 and a.begins_at < $4 and a.state in ('booked', 'confirmed') and a.remind_at <= $5
		and a.id <> $6 order by a.begins_at, a.id limit ` + strconv.Itoa(householdMany) + " for update of a"
)

const (
	lockPlanner  = "select pg_try_advisory_xact_lock(7306921)" // one server plans at a time: a household is told once
	insertVisit  = "insert into reminder_visit (reminder, appointment, begins_at) values ($1, $2, $3)"
	visitPlanned = "update appointment set remind_at = $2, told = $3, untold = $4 where id = $1"
	// selectChartRead is when a practice's chart was read whole last.
	selectChartRead = "select read_at from chart_reading where account = $1"
	visitLater      = "update appointment set remind_at = $2 where id = $1"
	takePace        = `update reminder_pace set next_at = greatest(next_at, $1) + make_interval(secs => $2)
		returning next_at - make_interval(secs => $2)`
	selectVisitsOf = `select v.appointment, v.begins_at, a.begins_at, a.state from reminder_visit v join appointment a on a.id = v.appointment
		where v.reminder = $1 order by v.begins_at, v.appointment`
	// selectTold are the appointments that a number was reminded of, each by its last reminder.
	selectTold = `select distinct on (v.appointment) v.appointment, v.reminder, v.begins_at, a.begins_at, a.state, a.patient, a.account
		from reminder r join reminder_visit v on v.reminder = r.id join appointment a on a.id = v.appointment
		where r.reach = $1 and r.made_at > $2 and r.sends > 0 and r.state in ('sending', 'accepted', 'delivered', 'undelivered')
		and v.begins_at > $3 order by v.appointment, v.reminder desc`
	// selectReminded are the last reminders of some appointments.
	selectReminded = `select v.appointment, r.channel, r.state, r.due_at, r.sent_at, r.why from unnest($1::text[]) a (id) cross join lateral
		(select * from reminder_visit where appointment = a.id order by reminder desc limit 1) v join reminder r on r.id = v.reminder`
	selectStopAsked = "select exists (select from reminder_question where reach = $1 and sense = 'stop')"
	selectQuestion  = "select sense, visits from reminder_question where reach = $1 and (until > $2 or sense = 'stop') for update"
	upsertQuestion  = `insert into reminder_question (reach, sense, visits, asked_at, until) values ($1, $2, $3, $4, $5)
		on conflict (reach) do update set sense = excluded.sense, visits = excluded.visits, asked_at = excluded.asked_at,
		until = excluded.until`
	deleteQuestion   = "delete from reminder_question where reach = $1"
	selectUnanswered = "select reach from reminder_question where until <= $1 limit 20"
	takeUnanswered   = "delete from reminder_question where reach = $1 and until <= $2 returning sense"
	selectHeard      = "select exists (select from patient_text where ref = $1)"
	// selectFigures counts a practice's appointments by visit type and provider; the newest of each names them.
	selectFigures = `select max(a.id), count(*), count(r.sent), count(r.delivered), count(*) filter (where a.confirmed),
		count(*) filter (where a.asked), count(*) filter (where a.state = 'cancelled'), count(*) filter (where a.state = 'kept'),
		count(*) filter (where a.state = 'no-show')
		from appointment a left join lateral (select max(r.id) filter (where r.sent_at is not null) as sent,
			max(r.id) filter (where r.state = 'delivered') as delivered from reminder_visit v join reminder r on r.id = v.reminder
			where v.appointment = a.id) r on true
		where a.account = $1 and a.begins_at >= $2 and a.begins_at < $3 group by a.visit, a.provider order by 2 desc, 1 limit 200`
)
