package patient

import (
	"slices"
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
	return []audit.Table{noticeTable, sessionTable, stopTable,
		{Name: "patient_text", Why: "it only counts: a text heard twice is answered twice"}}
}

var (
	insertNotice = "insert into notice (" + strings.Replace(noticeTable.List(), sendingIsDue, "state", 1) +
		", tries, wake_at, fence, sends) values (" + noticeTable.Placeholders() + ", 0, $13, 0, 0) returning " + noticeTable.MacList("")
	// claimDue takes notices that are due, or whose worker's lease has run out: each skips the rows that another holds.
	claimDue = `with ready as (select id from notice where wake_at <= clock_timestamp() and state in ('due', 'sending')
			order by wake_at limit $1 for update skip locked)
		update notice n set state = 'sending', fence = fence + 1, wake_at = clock_timestamp() + make_interval(secs => $2)
		from ready where n.id = ready.id returning n.id, n.account, n.patient, n.thread, n.message, n.kind, n.channel, n.lang, n.address,
			n.reach, n.expires_at, n.fence, n.sends, ` + noticeTable.MacList("n")
	noticeSettled = `update notice set state = $3, ref = $4, why = $5, sent_at = $6, wake_at = null
		where id = $1 and fence = $2 and state = 'sending' returning ` + noticeTable.MacList("")
	noticeReported = `update notice set state = $2, why = $3, wake_at = null where id = $1 and state = any($4) returning ` +
		noticeTable.MacList("")
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
	selectDue = "select exists (select from notice where wake_at <= clock_timestamp() and state in ('due', 'sending'))"
	// countSending is the last look before a notice leaves: it is still ours, and nobody has cancelled it.
	countSending = `update notice set sends = $3, mac = $4 where id = $1 and fence = $2 and sends = $3 - 1 and state = 'sending'
		and wake_at > clock_timestamp() returning true`
	noticeLater = `update notice set wake_at = clock_timestamp() + make_interval(secs => $3)
		where id = $1 and fence = $2 and state = 'sending'`
	// selectDueOf are what of a patient waits to be told: by a message, by an address, or all.
	selectDueOf = `select id from notice where patient = $1 and state in ('due', 'sending') and ($2 = '' or message = $2)
		and ($3::bytea is null or reach = $3) order by id for update`
	// selectWaits tells whether a patient is to be told of a message anyhow.
	selectWaits     = "select exists (select from notice where patient = $1 and kind = 'message' and state = 'due' and sends = 0)"
	selectWroteLate = "select coalesce(max(at) > $2, false) from message where patient = $1 and kind = 'patient'"
	// lockSent holds a patient while it is counted what they were sent, so that two who ask at once count each other.
	lockSent      = "select id from patient where id = $1 for update"
	countSent     = "select count(*) from notice where patient = $1 and kind = $2 and made_at > $3"
	codeTried     = "update notice set tries = tries + 1 where id = $1"
	insertSession = "insert into patient_session (token, patient, account, made_at, expires_at, mac) values ($1, $2, $3, $4, $5, $6)"
	deleteSession = "delete from patient_session where token = $1 returning patient, account"
	// deleteSessions puts out every device of a patient's.
	deleteSessions = "delete from patient_session where patient = $1"
	sweepSessions  = "delete from patient_session where expires_at < $1"
	selectNotices  = `select message, kind, channel, state, due_at, sent_at, why from notice where patient = $1 and kind <> 'code'
		order by made_at desc, id desc limit 50`
	selectReported = "select patient, account, state from notice where id = $1"
	insertText     = "insert into patient_text (ref, sender, at, told) values ($1, $2, $3, false) on conflict (ref) do nothing"
	textAnswered   = "update patient_text set told = true where ref = $1"
	countAnswers   = "select count(*) from patient_text where sender = $1 and at > $2 and told"
)
