package record

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"lamplight/notes"
	"lamplight/notes/audit"
	"lamplight/telephony"
)

// Every statement of the store stands here, and every column that is written or read is named here once, beside what it is read
// into.
//
// What a page shows of other tables is looked up row by row, in a lateral select with "offset 0": joined, it might be looked for
// in all of a table, which takes the longer the more there is. And how much a list may hold stands in its statement as a number:
// PostgreSQL plans one whose limit it does not know anew each time.

// The tables whose every row a leaf vouches for. The order of their columns is part of what leaves hold: it never changes.
var (
	accountTable = audit.Table{Kind: "account", Name: "account", Key: "id",
		Columns: []string{"id", "name", "version", "document", "schedule", "ladders", "changed_at"}}
	scheduleTable = audit.Table{Kind: "schedule_version", Name: "schedule_version", Key: "id",
		Columns: []string{"id", "account", "made_at", "made_by", "change", "why", "document"}}
	practiceTable = audit.Table{Kind: "practice_version", Name: "practice_version", Key: "id",
		Columns: []string{"id", "account", "version", "made_at", "made_by", "why", "document", "schedule", "ladders"}}
	lineTable = audit.Table{Kind: "line", Name: "line", Key: "did", Columns: []string{"did", "account", "document"}}
	callTable = audit.Table{Kind: "call", Name: "call", Key: "id",
		Columns: []string{"id", "account", "did", "caller", "caller_term", "language", "state", "agent", "outcome", "opened_at",
			"answered_at", "ended_at", "inbound", "followup", "followup_by", "followup_at", "followup_word"}}
	stepTable = audit.Table{Kind: "call_step", Name: "call_step", Key: "id",
		Columns: []string{"id", "call", "at", "kind", "agent", "detail"}}
	// A recording's chunks are vouched for by the recording: a digest over their numbers and digests.
	recordingTable = audit.Table{Kind: "recording", Name: "recording", Key: "id",
		Columns: []string{"id", "call", "at", "bytes", "chunks", "head",
			"(select sha256(string_agg(int4send(c.n) || sha256(c.data), ''::bytea order by c.n)) from recording_chunk c where " +
				"c.recording = recording.id) as sound"}}
	noteTable = audit.Table{Kind: "note", Name: "note", Key: "id",
		Columns: []string{"id", "draft", "account", "year", "reference", "call", "call_type", "urgency", "language", "taker", "taken_at",
			"state", "read_at", "acked_at", "acked_by", "closed_at", "closed_by", "version", "script_version", "title", "body", "terms"}}
	serviceTable = audit.Table{Kind: "service", Name: "service", Key: "id", Columns: []string{"id", "version", "document", "changed_at"}}
	addOnTable   = audit.Table{Kind: "add_on", Name: "add_on", Key: "id",
		Columns: []string{"id", "note", "by", "by_name", "at", "kind", "body"}}
)

// What the desks' board and the inboxes must be, by the rules of migrations 00044, 00050 and 00063.
var (
	boardTable = audit.Table{Name: "board", Differs: `with due as (
			select n.id, case when n.call_type = 'voicemail' then 'voicemail' else 'note' end as kind, n.account,
				board_rank(board_climb(n.id), n.call_type, n.urgency, n.state, coalesce(s.kind = 'reply', false)) as rank,
				n.taken_at as since,
				case when s.kind = 'reply' then s.by_name end as replied_by, case when s.kind = 'reply' then s.at end as replied_at
			from note n left join lateral (select a.kind, a.by_name, a.at from add_on a
				where a.note = n.id and a.kind in ('reply', 'agent') order by a.at desc, a.id desc limit 1) s on true
			where n.state <> 'closed'
			union all select id, 'callback', account, 2::smallint, coalesce(ended_at, opened_at), null, null from call c
			where followup = 'no-number' or followup = 'due' and not exists (select from call o
				where o.account = c.account and o.caller_term = c.caller_term and o.followup = 'due'
				and (coalesce(o.ended_at, o.opened_at), o.id) < (coalesce(c.ended_at, c.opened_at), c.id))
			union all select 'draft:' || id, 'draft', account, rank, since, null, null from draft where rank is not null)
		select coalesce(d.id, b.id) from due d full join board b on b.id = d.id
		where (d.id, d.kind, d.account, d.rank, d.since, d.replied_by, d.replied_at) is distinct from
			(b.id, b.kind, b.account, b.rank, b.since, b.replied_by, b.replied_at)`}
	inboxTable = audit.Table{Name: "inbox", Differs: `with due as (
			select distinct a.person, n.id as note, n.taken_at as since from attempt a
				join dispatch d on d.id = a.dispatch join note n on n.id = d.note
			where a.sent_at is not null and a.person <> '' and n.state in ('open', 'read'))
		select coalesce(d.note || ' of ' || d.person, i.note || ' of ' || i.person) from due d
			full join inbox i on i.person = d.person and i.note = d.note
		where (d.person, d.note, d.since) is distinct from (i.person, i.note, i.since)`}
)

// Tables are the tables of this package: how their rows are vouched for, or why they are not.
func Tables() []audit.Table {
	tables := []audit.Table{accountTable, scheduleTable, practiceTable, lineTable, callTable, stepTable, recordingTable, noteTable,
		addOnTable, serviceTable, settingTable, overrulingTable, bulletinTable, bulletinReadTable, boardTable, inboxTable,
		{Name: "recording_chunk", Via: "by its recording's digest"},
		{Name: "board_news", Why: "it wakes the boards for some minutes: what they then read is looked at where it stands"},
		{Name: "draft", Why: "what an agent has typed and not sent: sealed, but one taken away is not missed"},
		{Name: "practice_draft", Why: "what somebody is writing and has not published: one taken away is missed by its writer"},
		{Name: "reference_block", Why: "it only counts: a reference given twice is refused"}}
	return append(tables, patientTables()...)
}

func insertInto(t audit.Table) string {
	return "insert into " + t.Name + " (" + t.List() + ") values (" + t.Placeholders() + ")"
}

// What is read of a note and of a call in lists: all but what is sealed and what only writing needs.
var (
	noteColumns = without(noteTable, "draft", "year", "script_version", "body", "terms")
	callColumns = without(callTable, "caller", "caller_term", "followup", "followup_by", "followup_at", "followup_word")
)

func without(t audit.Table, columns ...string) []string {
	return slices.DeleteFunc(slices.Clone(t.Columns), func(c string) bool { return slices.Contains(columns, c) })
}

// of lists columns of a table by its alias.
func of(alias string, columns []string) string {
	return alias + "." + strings.Join(columns, ", "+alias+".")
}

// noteRow is what noteColumns are read into: a note without its body, or none where a join found none. The title is sealed.
type noteRow struct {
	id, account, reference, call, callType, urgency, language, taker, state *string
	taken, read, acked, closed                                              *time.Time
	ackedBy, closedBy                                                       *string
	version                                                                 *int
	title                                                                   []byte
}

func (r *noteRow) targets() []any {
	return []any{&r.id, &r.account, &r.reference, &r.call, &r.callType, &r.urgency, &r.language, &r.taker, &r.taken, &r.state,
		&r.read, &r.acked, &r.ackedBy, &r.closed, &r.closedBy, &r.version, &r.title}
}

func (r *noteRow) note() *notes.Note {
	if r.id == nil {
		return nil
	}
	return &notes.Note{ID: notes.NoteID(*r.id), Reference: text(r.reference), Account: telephony.AccountID(text(r.account)),
		Call:     telephony.CallID(text(r.call)),
		CallType: text(r.callType), Urgency: notes.Urgency(text(r.urgency)), Language: telephony.Language(text(r.language)),
		Taker:   notes.PersonID(text(r.taker)),
		TakenAt: since(r.taken), State: notes.NoteState(text(r.state)), ReadAt: since(r.read), AckedAt: since(r.acked),
		AckedBy:  notes.PersonID(text(r.ackedBy)),
		ClosedAt: since(r.closed), ClosedBy: notes.PersonID(text(r.closedBy)), Version: *r.version}
}

// callRow is what callColumns are read into: a call without who called.
type callRow struct {
	call            telephony.Call
	answered, ended *time.Time
}

func (r *callRow) targets() []any {
	c := &r.call
	return []any{&c.ID, &c.Account, &c.DID, &c.Language, &c.State, &c.Agent, &c.Outcome, &c.OpenedAt, &r.answered, &r.ended, &c.Inbound}
}

func (r *callRow) read() telephony.Call {
	c := r.call
	c.OpenedAt, c.AnsweredAt, c.EndedAt = c.OpenedAt.UTC(), since(r.answered), since(r.ended)
	return c
}

// Practices and their lines.
var (
	updateSchedule = `update account set schedule = $2, version = version + 1, changed_at = $3
		where id = $1 returning ` + accountTable.Returning()
	// keepSchedule keeps a schedule unless it is the newest that is kept.
	keepSchedule = "insert into schedule_version (" + scheduleTable.List() + `) select $1, $2, $3::timestamptz, $4, $5, $6, $7 where $7 is distinct from
		(select document from schedule_version where account = $2 order by id desc limit 1) returning ` + scheduleTable.Returning()
	upsertAccount = insertInto(accountTable) + ` on conflict (id) do update set name = excluded.name, version = account.version + 1,
		document = excluded.document, schedule = excluded.schedule, ladders = excluded.ladders, changed_at = excluded.changed_at
		where (account.document, account.schedule, account.ladders)
		is distinct from (excluded.document, excluded.schedule, excluded.ladders) returning account.` + accountTable.Returning()
	// keepPractice keeps a practice's document as it was left by a server that keeps none; keepNewPractice as it is made now.
	keepPractice = "insert into practice_version (" + practiceTable.List() + `) select $1, $2, $3::int, $4::timestamptz, $5, $6, $7, $8, $9
		where not exists (select from (select document, ladders from practice_version where account = $2 order by id desc limit 1) newest
			where document = $7 and ladders = $9) returning ` + practiceTable.Returning()
	keepNewPractice = insertInto(practiceTable) + " returning " + practiceTable.Returning()
	// A number of another practice is not taken over.
	upsertLine = insertInto(lineTable) + ` on conflict (did) do update set document = excluded.document
		where line.account = excluded.account and line.document <> excluded.document returning line.` + lineTable.Returning()
)

const (
	selectAccount    = "select id, version, document, schedule, ladders from account where id = $1"
	selectAccountsOf = "select id, version, document, schedule, ladders from account where id = any($1)"
	selectAccounts   = "select id, version, document, schedule, ladders from account order by name, id"
	// selectPractices is a page of them by name, of those whose name, id or number has what is looked for.
	selectPractices = `select a.id, a.name, (select count(*) from line where account = a.id) from account a
		where ($1::text[] is null or a.id = any($1)) and (a.name, a.id) > ($2, $3) and ($4 = '' or strpos(lower(a.name), lower($4)) > 0
			or strpos(a.id, lower($4)) > 0 or ($5 <> '' and exists (select from line where account = a.id and strpos(did, $5) > 0)))
		order by a.name, a.id limit 51`
	selectPractice   = "select document, schedule, ladders from practice_version where account = $1 and id = $2"
	selectVersions   = "select id, version, made_at, made_by, why from practice_version where account = $1 order by id desc limit $2"
	lockPractice     = "select version, document, schedule, ladders, changed_at from account where id = $1 for update"
	selectOwners     = "select did from line where did = any($1) and account <> $2"
	lockSchedule     = "select schedule, changed_at from account where id = $1 for update"
	selectSchedules  = `select id, made_at, made_by, change, why from schedule_version where account = $1 order by id desc limit $2`
	selectSchedule   = "select document from schedule_version where account = $1 and id = $2"
	selectLineOwner  = "select account from line where did = $1"
	selectLine       = "select document from line where did = $1"
	deleteOtherLines = "delete from line where account = $1 and did <> all($2) returning did"
	// Of a draft the one that was read is written over, and no other.
	upsertPracticeDraft = `insert into practice_draft (account, person, version, base, document, seq, saved_at, name)
		select $1, $2, $3::int, $4, $5, 1, $7::timestamptz, $8 where $6::bigint = 0 on conflict do nothing returning seq`
	updatePracticeDraft = `update practice_draft set version = $3, base = $4, document = $5, seq = seq + 1, saved_at = $7, name = $8
		where account = $1 and person = $2 and seq = $6 returning seq`
	deletePracticeDraft = "delete from practice_draft where account = $1 and person = $2"
	selectPracticeDraft = `select version, base, document, seq, saved_at from practice_draft where account = $1 and person = $2`
	// selectPracticeDrafts are those of some practices, or of all that have no row of their own yet.
	selectPracticeDrafts = `select d.account, d.person, p.name, d.version, d.saved_at, d.name from practice_draft d join person p on p.id = d.person
		where d.account = any($1) or $2 and not exists (select from account a where a.id = d.account)
		order by d.saved_at desc limit 200`
	selectPeopleNames = "select id, name from person where id = any($1)"
)

// Calls.
var (
	// A call that has ended stays as it ended.
	upsertCall = insertInto(callTable) + ` on conflict (id) do update set language = excluded.language, state = excluded.state,
		agent = excluded.agent, outcome = excluded.outcome, answered_at = coalesce(call.answered_at, excluded.answered_at),
		ended_at = excluded.ended_at, followup = case when call.followup = '' then excluded.followup else call.followup end
		where call.state <> 'ended' and (call.language, call.state, call.agent, call.outcome, call.answered_at, call.ended_at)
		is distinct from (excluded.language, excluded.state, excluded.agent, excluded.outcome,
			coalesce(call.answered_at, excluded.answered_at), excluded.ended_at)
		returning call.` + callTable.Returning()
	insertCall  = insertInto(callTable) + " on conflict (id) do nothing returning " + callTable.Returning()
	insertStep  = insertInto(stepTable) + " on conflict (id) do nothing returning " + stepTable.Returning()
	selectCalls = "select " + strings.Join(callColumns, ", ") + ", caller from call "
	selectCall  = selectCalls + "where id = $1"
	selectLive  = selectCalls + "where state <> 'ended' order by opened_at, id"
	// selectSupervised is how a supervisor is in on each call that has not ended, as its story has it last.
	selectSupervised = `select distinct on (call) call, kind, agent, detail, at from call_step
		where kind in ('supervised', 'unsupervised') and call = any($1) order by call, at desc, id desc`
	// selectBacks are the calls of the service's that are about a note or a caller's call, of the practice alone.
	selectBacks = selectCalls + `where account = $2 and not inbound and id in
		(select call from call_step where kind = 'placed' and detail <> '' and detail = any($1)) order by opened_at, id`
	closeCall = "update call set followup = $2, followup_by = $3, followup_at = $4, followup_word = $5 where id = $1 returning " +
		callTable.Returning()
)

const (
	// Practice calls to a number nobody owns are no calls of the service's.
	countAnswered = `select count(*), count(*) filter (where answered_at - opened_at <= $2) from call
		where inbound and opened_at >= $1 and account <> '' and (answered_at is not null or outcome = any($3))`
	// countAnsweredBy is countAnswered of each practice in each language.
	countAnsweredBy = `select account, language, count(*), count(*) filter (where answered_at - opened_at <= $2) from call
		where inbound and opened_at >= $1 and account <> '' and (answered_at is not null or outcome = any($3)) group by 1, 2`
	// lockTries are the calls that are closed with one that is called back: itself and those of the same caller, if due.
	lockTries = `select id, account from call where id = $1 and followup in ('due', 'no-number') or followup = 'due' and
		(account, caller_term) = (select account, caller_term from call where id = $1) order by id for update`
	selectCallAccount = "select account from call where id = $1"
	selectFollowUp    = "select followup_by, followup_at, followup_word from call where id = $1 and followup_word is not null"
	// selectPrior are earlier calls of a caller with their notes.
	selectPrior = `select c.id, c.opened_at, c.outcome, coalesce(n.id, ''), coalesce(n.reference, ''), coalesce(n.call_type, ''),
		coalesce(n.state, ''), coalesce(n.closed_at, n.acked_at, n.read_at, n.taken_at, c.opened_at)
		from call c left join lateral (select * from note where call = c.id and call <> '' and account = c.account offset 0) n on true
		where c.account = $1 and c.caller_term = $2 and c.id <> $3 and c.inbound order by c.opened_at desc, c.id desc, n.taken_at limit $4`
	// selectCallBack is the last step of a call that is about a note.
	selectCallBack = `select kind, detail, at from call_step where call = $1 and exists (select from call_step p
		where p.call = $1 and p.kind = 'placed' and p.detail <> '' and p.detail = $2) order by at desc, id limit 1`
	selectSteps  = "select id, at, kind, agent, detail from call_step where call = $1"
	selectLeaves = `select idx, body from audit_leaf where object = any($1)
		union all select -1, body from audit_outbox where object = any($1)`
)

// Recordings.
const (
	insertRecording = `insert into recording (id, call, at, bytes, chunks, head) values ($1, $2, $3, 0, 0, $4)
		on conflict (id) do nothing`
	insertChunk          = "insert into recording_chunk (recording, n, data) values ($1, $2, $3)"
	updateRecording      = "update recording set bytes = $2, chunks = $3 where id = $1"
	selectRecordings     = "select id from recording where call = $1 order by at, id"
	selectRecordingSizes = "select id, bytes from recording where call = $1 order by at, id"
	selectRecording      = `select c.account, c.id, c.outcome, r.bytes, r.chunks, r.head
		from recording r join call c on c.id = r.call where r.id = $1`
	selectChunk = "select data from recording_chunk where recording = $1 and n = $2"
)

// Notes.
var (
	selectNotes     = "select " + strings.Join(noteColumns, ", ") + " from note "
	selectNote      = selectNotes + "where id = $1"
	lockNoteRow     = selectNotes + "where id = $1 for update"
	selectDraftNote = selectNotes + "where draft = $1"
	// selectCallNote finds the note of a call: what an agent made of it before the voicemail it began as.
	selectCallNote = selectNotes + `where call = $1 and call <> '' and account = coalesce((select account from call where id = $1), account)
		order by call_type = 'voicemail', taken_at limit 1`
	// selectOpenVoicemail finds the note that a call's voicemail became, while it is open.
	selectOpenVoicemail = selectNotes + "where call = $1 and call <> '' and call_type = 'voicemail' and state <> 'closed' limit 1"
	updateNote          = `update note set state = $2, read_at = $3, acked_at = $4, acked_by = $5, closed_at = $6, closed_by = $7
		where id = $1 returning ` + noteTable.Returning()
	insertAddOn = insertInto(addOnTable) + " on conflict (id) do nothing returning " + addOnTable.Returning()
	// storeNote is a note's row, its leaf and the end of its draft in one statement.
	storeNote = func() string {
		n := len(noteTable.Columns)
		return fmt.Sprintf(`with row as (%s returning id),
			leaf as (insert into audit_outbox (kind, object, body, mac) values ($%d, $%d, $%d, $%d)),
			typed as (delete from draft where id = $2)
			select id from row`, insertInto(noteTable), n+1, n+2, n+3, n+4)
	}()
)

const (
	selectBody        = "select body from note where id = $1"
	selectAddOns      = "select id, by, by_name, at, kind, body from add_on where note = $1 order by at, id"
	selectNewestNotes = "select distinct on (account) id from note order by account, taken_at desc"
	reserveReferences = `insert into reference_block (account, year, next) values ($1, $2, $3)
		on conflict (account, year) do update set next = reference_block.next + $4 returning next`
)

// Drafts.
const (
	upsertDraft = `insert into draft (id, agent, account, seq, saved_at, body, call, held_at)
		select $1, $2, $3, $4, $5, $6, $7, $5 where not exists (select from note where draft = $1)
		on conflict (id) do update set account = excluded.account, seq = excluded.seq, saved_at = excluded.saved_at, body = excluded.body,
		call = excluded.call where draft.agent = excluded.agent and draft.seq < excluded.seq`
	// selectDraftHolder is whose a draft is, or the note that it became.
	selectDraftHolder = `select coalesce(n.taker, d.agent), coalesce(p.name, '') from (select $1::text as id) x
		left join note n on n.draft = x.id left join draft d on d.id = x.id left join person p on p.id = coalesce(n.taker, d.agent)
		where coalesce(n.taker, d.agent) is not null`
	// lockUnsent is a draft that its agent still has, or that stands on the board.
	lockUnsent = `select agent, account, call, left_at is not null, rank is not null, body from draft
		where id = $1 and not exists (select from note where note.draft = draft.id) for update`
	takeDraftOver = "update draft set agent = $2, held_at = $3, left_at = null, rank = null, since = null where id = $1"
	leaveDrafts   = "update draft set left_at = $2 where agent = $1 and left_at is null"
	// returnDrafts takes back from the board what stands there because its agent was gone.
	returnDrafts = "update draft set left_at = null, rank = null, since = null where agent = $1 and left_at is not null"
	// raiseUnsent puts the drafts on the board whose calls have ended and that were not sent at $1, for $2 seconds on time and
	// from $3 on late, both since the call's end or since their agent has them; one whose agent has gone is late at once.
	raiseUnsent = `with due as (select d.id, s.since, case when d.left_at is not null or
			$1 - greatest(s.since, d.held_at) >= make_interval(secs => $3) then 1 else 2 end as rank
		from draft d left join lateral (select * from call where id = d.call and account = d.account offset 0) c on true
		cross join lateral (select coalesce(c.ended_at, d.saved_at) as since) s
		where d.rank is distinct from 1 and (c.id is null or c.state = 'ended')
		and (d.left_at is not null or $1 - greatest(s.since, d.held_at) >= make_interval(secs => $2))
		and not exists (select from note where note.draft = d.id))
		update draft set rank = due.rank, since = due.since from due where draft.id = due.id and draft.rank is distinct from due.rank`
	// selectDrafts passes over what a save has left that was under way while the note was stored.
	selectDrafts = `select id, account, body from draft where agent = $1
		and not exists (select from note where note.draft = draft.id) order by saved_at, id`
	selectSentDrafts = "select draft, reference from note where draft = any($1) and taker = $2"
	deleteDraft      = "delete from draft where id = $1 and agent = $2 returning account"
)

// inScope reads a list by an index, however many practices it covers: pick is asked once of everything, or, with the practice
// as "scope.account", once of each practice in the scope, the parameter named. order puts what they gave together again.
func inScope(everywhere bool, parameter, pick, order string) string {
	if everywhere {
		return fmt.Sprintf(pick, "true")
	}
	return "select picked.* from unnest(" + parameter + "::text[]) scope (account) cross join lateral (" + fmt.Sprintf(pick,
		"account = scope.account") + ") picked " + order
}

// The board.

// boardTries are the calls that a row of the board stands for: its own, c, and the others that this caller gave up.
const boardTries = `select count(*) as tries, max(coalesce(o.ended_at, o.opened_at)) as last, bool_or(o.answered_at is not null) as cut
	from (select ended_at, opened_at, answered_at from call where id = c.id union all
		select ended_at, opened_at, answered_at from call where account = c.account and caller_term = c.caller_term and
		followup = 'due' and id <> c.id) o`

// boardRows reads rows of the board, b, as BoardLines.read takes them: each with the note or the call that id names. One that does
// not stand there comes without a rank.
func boardRows(from, id string) string {
	return strings.ReplaceAll(`select coalesce(b.id, ?), coalesce(b.kind, ''), coalesce(b.account, ''), b.rank, coalesce(b.since, 'epoch'),
		b.replied_by, b.replied_at, c.caller_term is not null, coalesce(g.cut, false), coalesce(g.tries, 0), g.last,
		d.id, d.call, d.agent, d.left_at is not null, `+
		of("n", noteColumns)+" from "+from+`
		left join lateral (select * from note where id = ? offset 0) n on true
		left join lateral (select * from call where id = ? offset 0) c on true
		left join lateral (`+boardTries+`) g on c.followup in ('due', 'no-number')
		left join lateral (select * from draft where id = substr(b.id, 7) and b.kind = 'draft' offset 0) d on true `, "?", id)
}

// boardPage is a page of the board: limit rows after a rank, a time and an id, in the scope.
func boardPage(everywhere bool, limit int) string {
	order := "order by rank, since, id limit " + strconv.Itoa(limit)
	page := inScope(everywhere, "$4",
		"select * from board where rank is not null and %s and (rank, since, id) > ($1::smallint, $2, $3) "+order, order)
	return boardRows("("+page+") b", "b.id") + "order by b.rank, b.since, b.id"
}

// boardRowsNamed are the rows of the ids named, in the scope. Whose draft it was that is gone, nobody knows any more.
var boardRowsNamed = boardRows(`unnest($1::text[]) x (id)
	left join lateral (select * from board where id = x.id and rank is not null offset 0) b on true`, "x.id") +
	"where $2::text[] is null or coalesce(b.account, n.account, c.account) = any($2) or b.id is null and x.id like 'draft:%' order by b.rank, b.since, x.id"

// boardCounts counts at most BoardMany rows, the latest first, and how many of them are late.
func boardCounts(everywhere bool) string {
	order := "order by rank limit " + strconv.Itoa(BoardMany)
	return "select count(*), count(*) filter (where rank < 2) from (" +
		inScope(everywhere, "$1", "select rank from board where rank is not null and %s "+order, order) + ") counted"
}

const (
	// selectCallers tells whether somebody waits on the agents since before an instant.
	selectCallers = `select exists (select from board b left join call c on c.id = b.id
		where b.kind <> 'note' and b.since < $1 and coalesce(c.followup, '') <> 'no-number')`
	// selectWaitingVoicemails are the voicemails that have waited since before an instant and that no ladder was begun for.
	selectWaitingVoicemails = `select b.id from board b where b.kind = 'voicemail' and b.since < $1
		and not exists (select from dispatch d where d.note = b.id) order by b.since limit 100`
	// The horizon is read before the news: what commits between the two is read twice, and never not at all.
	selectHorizon = "select pg_snapshot_xmin(pg_current_snapshot())::text"
	selectNews    = "select id, tx::text from board_news where tx >= $1::text::xid8 order by board_news.tx"
	deleteNews    = "delete from board_news where at < clock_timestamp() - make_interval(secs => $1)"
)

// An inbox: what was sent to a person ($1) and waits, of the practices they may see ($2, null for all), and the rest of what
// those have. A row of the inbox may outlive its note's waiting by a moment.

// inboxWaits looks up the note of a row of the inbox, i, while it waits.
const inboxWaits = ` cross join lateral (select * from note where id = i.note offset 0) n
	where n.state in ('open', 'read') and ($2::text[] is null or n.account = any($2))`

var (
	inboxOrder = " order by since desc, note desc limit "
	// inboxCount looks at BoardMany rows and no more.
	inboxCount = "select count(*) from (select note from inbox where person = $1" + inboxOrder + strconv.Itoa(BoardMany) + ") i" +
		inboxWaits
	// inboxToldPage is of what waits, after ($3, $4).
	inboxToldPage = "select " + of("n", noteColumns) + ", true from inbox i" + inboxWaits +
		" and i.person = $1 and (i.since, i.note) < ($3, $4)" + inboxOrder + strconv.Itoa(inboxLimit+1)
)

// inboxRestPage is every note since $5, after ($3, $4), and what waits of before, which begins at ($6, $7): two reads by an index
// each, in each practice.
func inboxRestPage(everywhere bool) string {
	order := "order by taken_at desc, id desc limit " + strconv.Itoa(inboxLimit+1)
	pick := "select id, taken_at from ((select id, taken_at from note where %[1]s and taken_at >= $5 and (taken_at, id) < ($3, $4) " +
		order + ") union all " +
		"(select id, taken_at from note where %[1]s and state in ('open', 'read') and (taken_at, id) < ($6, $7) " + order +
		")) both_parts " + order
	scope := "$2"
	if everywhere { // notes are found by their practice
		scope = "array(select id from account where $2::text[] is null)"
	}
	return "select " + of("n", noteColumns) + `, n.state in ('open', 'read') and i.mine is not null from (` +
		inScope(false, scope, pick, order) + `) p cross join lateral (select * from note where id = p.id offset 0) n
		left join lateral (select true as mine from inbox where person = $1 and note = p.id offset 0) i on true
		order by n.taken_at desc, n.id desc`
}

// A listing of calls with their notes.

// callsQuery grows a where clause and its arguments. found, when something is searched for, gives the calls and notes that
// match, and nothing else is looked at.
type callsQuery struct {
	where  []string
	args   []any
	ofNote bool // the notes narrow it
	found  string
}

// The clauses of callsQuery.
const (
	// callsToldApart leaves out a call of the service's that is told in the story of a note or of a caller's call.
	callsToldApart  = "(c.inbound or not exists (select from call_step s where s.call = c.id and s.kind = 'placed' and s.detail <> ''))"
	callsOfAccount  = "c.account = ?" // said so, its calls stand in order in an index
	callsOfAccounts = "c.account = any(?)"
	callsFrom       = "c.opened_at >= ?"
	callsBefore     = "c.opened_at < ?"
	callsOfType     = "n.call_type = ?"
	callsOfAgent    = "(c.agent = ? or n.taker = ?)"
	callsInState    = "n.state = ?"
	callsOfOutcome  = "c.outcome = ?"
)

func (q *callsQuery) add(clause string, arg any) {
	q.where = append(q.where, strings.ReplaceAll(clause, "?", q.arg(arg)))
	q.ofNote = q.ofNote || strings.Contains(clause, "n.")
}

// arg takes an argument and names it.
func (q *callsQuery) arg(arg any) string {
	q.args = append(q.args, arg)
	return fmt.Sprintf("$%d", len(q.args))
}

// byReference finds by what the practices in scope, nil for all, call a note.
func (q *callsQuery) byReference(ref string, scope []string) {
	q.found = fmt.Sprintf(`select n.call, n.id as note from reference_block b
		cross join lateral (select call, id from note where account = b.account and year = b.year and reference = %[1]s offset 0) n
		where %[2]s::text[] is null or b.account = any(%[2]s)`, q.arg(ref), q.arg(scope))
}

// byTerms finds the notes of practices by terms that all must match, or calls by whom they came from. Each practice has its own
// terms, as many as the others, one after the other in terms; callers is nil where no number was typed. The statement is the same for
// one practice and for a thousand, and tells PostgreSQL nothing of how many, so that it is planned once and not at each search.
func (q *callsQuery) byTerms(accounts []string, terms, callers [][]byte) {
	q.found = "select ''::text as call, ''::text as note where false"
	if len(accounts) > 0 && len(terms) > 0 {
		q.found = fmt.Sprintf(`select n.call, n.id as note from unnest((select %[1]s::text[])) with ordinality p (account, i)
			cross join lateral (select call, id from note where account = p.account
				and terms @> (%[2]s::bytea[])[(p.i - 1) * %[3]d + 1 : p.i * %[3]d] offset 0) n`, q.arg(accounts), q.arg(terms),
			len(terms)/len(accounts))
	}
	if len(callers) > 0 {
		q.found += fmt.Sprintf(` union select c.id, n.id from rows from (unnest((select %s::text[])), unnest((select %s::bytea[]))) p (account, term)
			cross join lateral (select id, account from call where account = p.account and caller_term = p.term offset 0) c
			left join lateral (select id from note where call = c.id and call <> '' and account = c.account offset 0) n on true`,
			q.arg(accounts), q.arg(callers))
	}
}

// statements counts the calls up to CallsMany, and reads limit lines after a call at a time, with a note.
func (q *callsQuery) statements(limit int, after bool) (count, page string) {
	// Which call a note hangs on is the desk's word: another practice's note is none of this call's. That the note's call is not
	// empty is said again for the index, which leaves those out.
	with, from := "", `call c left join lateral (
		select * from note where call = c.id and call <> '' and account = c.account offset 0) n on true`
	switch {
	case q.found != "": // what was found and nothing else, each by its id
		with = "with found as materialized (" + q.found + ") "
		from = `found cross join lateral (select * from call where id = found.call offset 0) c
			left join lateral (select * from note where id = found.note and account = c.account offset 0) n on true`
	case q.ofNote: // few of all calls, maybe: PostgreSQL finds them
		from = "call c left join note n on n.call = c.id and n.call <> '' and n.account = c.account"
	}
	from = " from " + from + " where " + strings.Join(append([]string{"true"}, q.where...), " and ")
	// The same for both: counted in another order, they might be looked for everywhere.
	const order = " order by c.opened_at desc, c.id desc, coalesce(n.id, '') desc limit "
	count = with + "select count(*) from (select" + from + order + strconv.Itoa(CallsMany) + ") counted"
	if after {
		n := len(q.args)
		from += fmt.Sprintf(" and c.opened_at <= $%[1]d and (c.opened_at, c.id, coalesce(n.id, '')) < ($%[1]d, $%[2]d, $%[3]d)",
			n+1, n+2, n+3)
	}
	page = with + "select " + of("c", callColumns) + ", exists (select from recording r where r.call = c.id), " + of("n", noteColumns) +
		from + order + strconv.Itoa(limit)
	return count, page
}

// The service's own settings.
var (
	putService = insertInto(serviceTable) + ` on conflict (id) do update set version = service.version + 1,
		document = excluded.document, changed_at = excluded.changed_at where service.document <> excluded.document
		returning service.` + serviceTable.Returning()
	selectService = "select document from service where id = $1"
)
