package record

import (
	"slices"
	"strconv"
	"strings"

	"lamplight/notes"
	"lamplight/notes/audit"
)

// Every statement about patients, their threads and their consents stands here; see queries.go.

var (
	patientTable = audit.Table{Kind: "patient", Name: "patient", Key: "id",
		Columns: []string{"id", "account", "made_at", "changed_at", "version", "language", "title", "body", "terms", "reach"}}
	threadTable = audit.Table{Kind: "thread", Name: "thread", Key: "id",
		Columns: []string{"id", "account", "patient", "state", "waits", "made_at", "moved_at", "due_at", "assigned", "warned", "note",
			"version", "closed_at", "closed_by"}}
	messageTable = audit.Table{Kind: "message", Name: "message", Key: "id",
		Columns: []string{"id", "thread", "account", "patient", "kind", "at", "by", "by_name", "body", "flagged", "read_at",
			"withdrawn_at", "withdrawn_by"}}
	consentColumns = []string{"id", "patient", "account", "purpose", "channel", "address", "given", "wording", "language", "at", "by",
		"how"}
	consentTable = audit.Table{Kind: "consent", Name: "consent", Key: "id", Columns: consentColumns, Mac: consentColumns}
)

// patientTables are those of them that verify checks.
func patientTables() []audit.Table {
	return append([]audit.Table{patientTable, threadTable, messageTable, consentTable, appointmentTable,
		{Name: "thread_hand", Why: "it says for some seconds who is typing"}}, fileTables...)
}

// What is read of a patient, and of a thread, without opening more than the name; and of a message.
var (
	patientHead   = []string{"id", "account", "made_at", "version", "language", "title"}
	threadColumns = slices.Clone(threadTable.Columns)
)

// Patients.
var (
	insertPatient = insertInto(patientTable) + " on conflict (id) do nothing returning " + patientTable.Returning()
	updatePatient = `update patient set changed_at = $4, version = $5, language = $6, title = $7, body = $8, terms = $9, reach = $10
		where id = $1 and account = $2 and version = $3 returning ` + patientTable.Returning()
	selectPatient     = "select " + strings.Join(patientHead, ", ") + " from patient where id = $1"
	lockPatient       = selectPatient + " for no key update"
	selectPatientBody = "select " + strings.Join(patientHead, ", ") + ", body from patient where id = $1"
	// selectFound are patients of a practice by terms that all must match; selectSame those with any of some numbers.
	selectFound = "select " + strings.Join(patientHead, ", ") + ", body from patient where account = $1 and terms @> $2 " +
		"order by id desc limit " + strconv.Itoa(PatientsMany+1)
	selectSame = "select " + strings.Join(patientHead, ", ") + ", body from patient where account = $1 and terms && $2 and id <> $3 " +
		"order by id desc limit " + strconv.Itoa(PatientsMany)
	selectReached = "select " + strings.Join(patientHead, ", ") + " from patient where reach @> $1 order by id limit 100"
)

// Threads and their messages.
var (
	selectThreads    = "select " + strings.Join(threadColumns, ", ") + " from thread "
	selectOpenThread = selectThreads + "where patient = $1 and state = 'open'"
	selectLastThread = selectThreads + "where patient = $1 order by made_at desc, id desc limit 1"
	insertThread     = insertInto(threadTable)
	updateThread     = `update thread set state = $2, waits = $3, moved_at = $4, due_at = $5, assigned = $6, warned = $7, note = $8,
		version = version + 1, closed_at = $9, closed_by = $10 where id = $1 returning ` + threadTable.Returning()
	insertMessage = insertInto(messageTable) + " returning " + messageTable.Returning()
	messagesRead  = `update message set read_at = $3 where patient = $1 and kind = $2 and read_at is null and withdrawn_at is null
		returning ` + messageTable.Returning()
	messageWithdrawn = "update message set withdrawn_at = $2, withdrawn_by = $3 where id = $1 returning " + messageTable.Returning()
	selectMessages   = `select id, thread, kind, at, by, by_name, body, flagged, read_at, withdrawn_at, withdrawn_by from (
		select * from message where patient = $1 order by at desc, id desc limit ` + strconv.Itoa(MessagesMany) + `) m order by at, id`
)

const (
	selectMessageOf   = "select thread, by, patient from message where id = $1"
	lockMessage       = "select kind, read_at, withdrawn_at from message where id = $1 and patient = $2 for update"
	selectLastMessage = "select id from message where patient = $1 and kind <> 'remark' order by at desc, id desc limit 1"
	// selectThreadNote tells how the note stands that a thread became.
	selectThreadNote = "select reference, state from note where id = $1"
	upsertHand       = `insert into thread_hand (thread, person, name, until) select id, $2, $3, $4 from thread
		where patient = $1 and state = 'open' on conflict (thread) do update set person = excluded.person, name = excluded.name,
		until = excluded.until where thread_hand.person = excluded.person or thread_hand.until < $5`
	deleteHand = "delete from thread_hand where person = $2 and thread = (select id from thread where patient = $1 and state = 'open')"
	selectHand = "select person, name from thread_hand where thread = any($1) and until > $2"
)

// threadTabs narrow the inbox. $2 is who looks and $3 the instant.
var threadTabs = map[notes.ThreadTab]string{
	notes.TabUnassigned: "assigned = ''",
	notes.TabMine:       "assigned = $2",
	notes.TabWaiting:    "state = 'open' and waits = 'patient'",
	notes.TabLate:       "due_at < $3",
	notes.TabAll:        "true",
}

// inboxOf is what stands in a practice's inbox: what is open, and what staff are to look at.
const inboxOf = "account = $1 and (state = 'open' or warned <> '')"

// threadPage is a page of a tab, what was promised soonest first, after a place.
func threadPage(tab notes.ThreadTab) string {
	return "select " + of("t", threadColumns) + ", p.version, p.language, p.title, coalesce(h.name, '') from (" + selectThreads +
		"where " + inboxOf + " and " + threadTabs[tab] + ` and $2::text is not null and $3::timestamptz is not null
		and (coalesce(due_at, 'infinity'), moved_at, id) > ($4::timestamptz, $5::timestamptz, $6)
		order by coalesce(due_at, 'infinity'), moved_at, id limit ` + strconv.Itoa(ThreadsMany+1) + `) t
		cross join lateral (select version, language, title from patient where id = t.patient offset 0) p
		left join lateral (select name from thread_hand where thread = t.id and until > $3 and person <> $2 offset 0) h on true
		order by coalesce(t.due_at, 'infinity'), t.moved_at, t.id`
}

// countThreads counts each tab, ThreadsMany standing for that many or more.
var countThreads = func() string {
	var counts []string
	for _, tab := range []notes.ThreadTab{notes.TabUnassigned, notes.TabMine, notes.TabWaiting, notes.TabLate, notes.TabAll} {
		counts = append(counts, "(select count(*) from (select from thread where "+inboxOf+" and "+threadTabs[tab]+" limit "+
			strconv.Itoa(ThreadsMany)+") c)")
	}
	return "select " + strings.Join(counts, ", ") + " where $2::text is not null and $3::timestamptz is not null"
}()

// Consents.
var (
	insertConsent = insertInto(consentTable) + " returning " + consentTable.MacList("")
	// selectConsents are the newest line of each purpose, channel and address of a patient.
	selectConsents = "select distinct on (purpose, channel, address) " + consentTable.MacList("") +
		" from consent where patient = $1 order by purpose, channel, address, id desc"
)
