package record

import (
	"fmt"
	"strings"
	"time"

	"lamplight/notes"
	"lamplight/telephony"
)

// Every column of a note and of a call that is read is named here once, beside what it is read into.

var (
	noteColumns = []string{"id", "reference", "account", "call", "call_type", "urgency", "language", "taker", "taken_at", "state",
		"read_at", "acked_at", "acked_by", "closed_at", "closed_by", "version", "title"}
	callColumns = []string{"id", "account", "did", "language", "state", "agent", "outcome", "opened_at", "answered_at", "ended_at",
		"inbound"}
)

// of lists columns of a table by its alias.
func of(alias string, columns []string) string {
	return alias + "." + strings.Join(columns, ", "+alias+".")
}

// noteRow is what noteColumns are read into: a note without its body, or none where a join found none. The title is sealed.
type noteRow struct {
	id, reference, account, call, callType, urgency, language, taker, state *string
	taken, read, acked, closed                                              *time.Time
	ackedBy, closedBy                                                       *string
	version                                                                 *int
	title                                                                   []byte
}

func (r *noteRow) targets() []any {
	return []any{&r.id, &r.reference, &r.account, &r.call, &r.callType, &r.urgency, &r.language, &r.taker, &r.taken, &r.state,
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

var (
	selectNote = "select " + strings.Join(noteColumns, ", ") + " from note "
	selectCall = "select " + strings.Join(callColumns, ", ") + ", caller from call "
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

// boardPage is a page of the board: after a rank, a time and an id, at most so many, in the scope.
func boardPage(everywhere bool) string {
	const order = "order by rank, since, id limit $4"
	page := inScope(everywhere, "$5", "select * from board where rank is not null and %s and (rank, since, id) > ($1::smallint, $2, $3) "+order, order)
	return "select " + boardColumns + " from (" + page + ") b left join note n on n.id = b.id left join call c on c.id = b.id order by " +
		"b.rank, b.since, b.id"
}

const (
	// boardOwn is what a row of the board says beside its note.
	boardOwn = "b.id, b.kind, b.account, b.rank, b.since, b.replied_by, b.replied_at, c.caller_term is not null, c.answered_at is not null"
	// boardCount counts at most $1 rows, the latest first.
	boardCount = "select rank from board where rank is not null and %s order by rank limit $1"
)

var (
	boardColumns = boardOwn + ", " + of("n", noteColumns)
	// boardRows are the rows of the board of the ids named, in the scope; what does not stand there comes without a rank.
	boardRows = "select coalesce(b.id, x.id), coalesce(b.kind, ''), coalesce(b.account, ''), b.rank, coalesce(b.since, 'epoch'), " +
		"b.replied_by, b.replied_at, " +
		"c.caller_term is not null, c.answered_at is not null, " + of("n", noteColumns) + ` from unnest($1::text[]) x (id)
		left join board b on b.id = x.id and b.rank is not null
		left join note n on n.id = x.id left join call c on c.id = x.id
		where $2::text[] is null or coalesce(n.account, c.account) = any($2)
		order by b.rank, b.since, x.id`
)

func boardCounts(everywhere bool) string {
	return "select count(*), count(*) filter (where rank < 2) from (" + inScope(everywhere, "$2", boardCount, "order by rank limit $1") +
		") counted"
}

// callsFrom joins calls with their notes. Which call a note hangs on is the desk's word: another practice's note is none of
// this call's. That the note's call is not empty is said again for the index, which leaves those out.
const callsFrom = " from call c left join note n on n.call = c.id and n.call <> '' and n.account = c.account where "

// callsOrder is that of a page, and of what is counted for it as well: counted in another, it might be looked for everywhere.
const callsOrder = " order by c.opened_at desc, c.id desc, coalesce(n.id, '') desc"

// callsFromFound is callsFrom of what a search has found and of nothing else: the "offset 0" keeps the page's order and length
// out of how that is read, which would have it look through all calls for the newest that match.
const (
	callsFromFound = ` from (select call.*, found.note from found join call on call.id = found.call offset 0) c
		left join note n on n.id = c.note and n.account = c.account where `
	withFound        = "with found as materialized (%s) "
	foundByReference = `select n.call, n.id as note from reference_block b join note n on n.account = b.account and n.year = b.year and n.reference = %[1]s
		where %[2]s::text[] is null or b.account = any(%[2]s)`
	foundByNote   = "select call, id as note from note where %s"
	foundByCaller = ` union select call.id, note.id from call
		left join note on note.call = call.id and note.call <> '' and note.account = call.account
		where (%s)`
)

var callLineColumns = of("c", callColumns) + ", exists (select from recording r where r.call = c.id), " + of("n", noteColumns)

const (
	// selectPrior are earlier calls of a caller with their notes.
	selectPrior = `select c.id, c.opened_at, c.outcome, coalesce(n.id, ''), coalesce(n.reference, ''), coalesce(n.call_type, ''),
		coalesce(n.state, ''), coalesce(n.closed_at, n.acked_at, n.read_at, n.taken_at, c.opened_at)
		from call c left join note n on n.call = c.id and n.call <> '' and n.account = c.account
		where c.account = $1 and c.caller_term = $2 and c.id <> $3 and c.inbound order by c.opened_at desc, c.id desc, n.taken_at limit $4`
	// selectCallers tells whether somebody waits on the agents since before an instant.
	selectCallers = `select exists (select from board b left join call c on c.id = b.id
		where b.kind <> 'note' and b.since < $1 and coalesce(c.followup, '') <> 'no-number')`
	// The horizon is read before the news: what commits between the two is read twice, and never not at all.
	selectHorizon = "select pg_snapshot_xmin(pg_current_snapshot())::text"
	selectNews    = "select id, tx::text from board_news where tx >= $1::text::xid8 order by board_news.tx"
	deleteNews    = "delete from board_news where at < clock_timestamp() - make_interval(secs => $1)"
	selectNames   = "select id, name from person where id = any($1)"
	selectAddOns  = "select id, by, by_name, at, kind, body from add_on where note = $1 order by at, id"
	selectSteps   = "select id, at, kind, agent, detail from call_step where call = $1"
	selectLeaves  = `select idx, body from audit_leaf where object = any($1)
		union all select -1, body from audit_outbox where object = any($1)`
	selectRecordings = "select id from recording where call = $1 order by at, id"
	selectFollowUp   = "select followup_by, followup_at, followup_word from call where id = $1 and followup_word is not null"
	selectBody       = "select body from note where id = $1"
	selectAccount    = "select id, version, document, schedule, ladders from account "
)

// ofCall finds the note of a call: what an agent made of it before the voicemail it began as.
const ofCall = `where call = $1 and call <> '' and account = coalesce((select account from call where id = $1), account)
	order by call_type = 'voicemail', taken_at limit 1`

// openVoicemail finds the note that a call's voicemail became, while it is open.
const openVoicemail = "where call = $1 and call <> '' and call_type = 'voicemail' and state <> 'closed' limit 1"

// What was sent to a person ($1) and waits, of the practices they may see ($2, null for all). A row of the inbox may outlive
// its note's waiting by a moment.
const inboxWaits = " from inbox i join note n on n.id = i.note and n.state in ('open', 'read') where i.person = $1 and ($2::text[] is " +
	"null or n.account = any($2))"

// inboxCount looks at $3 rows and no more, whatever a join of all would seem to cost.
const inboxCount = "with mine as materialized (select note from inbox where person = $1 order by since desc, note desc limit $3) " +
	"select count(*) from mine join note n on n.id = mine.note and n.state in ('open', 'read') where $2::text[] is null or n.account = " +
	"any($2)"

var inboxToldPage = "select " + of("n", noteColumns) + ", true" + inboxWaits +
	" and (i.since, i.note) < ($3, $4) order by i.since desc, i.note desc limit $5"

// inboxRestPage is every note since $6, and what waits of before, which begins at ($7, $8): two reads by an index each, in each
// practice.
func inboxRestPage(everywhere bool) string {
	const order = "order by taken_at desc, id desc limit $5"
	pick := "select id, taken_at from ((select id, taken_at from note where %[1]s and taken_at >= $6 and (taken_at, id) < ($3, $4) " +
		order + ") union all " +
		"(select id, taken_at from note where %[1]s and state in ('open', 'read') and (taken_at, id) < ($7, $8) " + order +
		")) both_parts " + order
	scope := "$2"
	if everywhere { // notes are found by their practice
		scope = "array(select id from account where $2::text[] is null)"
	}
	return "select " + of("n", noteColumns) + ", n.state in ('open', 'read') and exists (select from inbox i where i.person = $1 and " +
		"i.note = n.id) from (" +
		inScope(false, scope, pick, order) + ") p join note n on n.id = p.id order by n.taken_at desc, n.id desc"
}
