package dispatch

import (
	"fmt"
	"slices"
	"strings"

	"lamplight/notes/audit"
)

// Every statement of the engine and of the phones stands here. What a list shows of other tables is looked up row by row, in a
// lateral select that cannot be joined any other way, and how much it may hold stands in it as a number: see notes/record.

// sendingIsDue is an attempt's state as leaves know it.
const sendingIsDue = "(case state when 'sending' then 'due' else state end)"

// The tables whose every row a leaf vouches for, and what else decides when a note moves, under a MAC (believe.go). What only
// claims move is left out, and "sending" counts as "due".
var (
	dispatchColumns = []string{"id", "note", "account", "practice", "urgency", "reference", "plan", "first_rung", "state", "begun_at",
		"ended_at", "ended_by", "ended_name", "reason"}
	dispatchTable = audit.Table{Kind: "dispatch", Name: "dispatch", Key: "id", Columns: dispatchColumns,
		Mac: append(slices.Clip(dispatchColumns), "unfolded", "board_at")}
	attemptTable = audit.Table{Kind: "attempt", Name: "attempt", Key: "id", Columns: []string{
		"id", "dispatch", "rung", "contact", "name", "person", "channel", "lang", "address", "try",
		sendingIsDue, "sent_at", "ref", "why"},
		Mac: []string{"id", "dispatch", "rung", "contact", "name", "person", "channel", "lang", "address", "try",
			strings.ReplaceAll(sendingIsDue, "state", "@state"), "sent_at", "ref", "why", "due_at", "link", "sends"}}
	stepTable = audit.Table{Kind: "dispatch-step", Name: "dispatch_step", Key: "id", Columns: []string{
		"id", "dispatch", "note", "attempt", "at", "kind", "actor", "channel", "detail"}}
	// Who wants no texts.
	stopColumns = []string{"id", "number", "stopped_at", "started_at"}
	stopTable   = audit.Table{Kind: "text-stop", Name: "text_stop", Key: "id", Columns: stopColumns, Mac: stopColumns}
	// The phones' subscriptions. An endpoint is a secret, so a leaf names its digest.
	phoneColumns = []string{"endpoint", "person", "p256dh", "auth", "made_at"}
	phoneTable   = audit.Table{Kind: "phone", Name: "push_subscription", Key: "encode(sha256(convert_to(endpoint, 'UTF8')), 'hex')",
		Columns: phoneColumns, Mac: phoneColumns}
	// Which texts were heard; each that came into a story has its line there.
	replyTable = audit.Table{Name: "text_reply", Differs: `select coalesce(r.note, s.note) from
		(select note, count(*) n from text_reply where note <> '' group by note) r
		full join (select note, count(*) n from dispatch_step where kind = 'text.replied' group by note) s on s.note = r.note
		where r.n is distinct from s.n`}
	// The calls to the supervisors: a row for each dispatch on the board. Who has the note in hand is a line of the story too.
	summonsTable = audit.Table{Kind: "summons", Name: "summons",
		Mac: []string{"dispatch", "round", "next_at", "told", "taken_by", "taken_name", "taken_at"},
		Differs: `select d.id from dispatch d left join summons s on s.dispatch = d.id
		left join lateral (select kind, at from dispatch_step where dispatch = d.id and kind in ('dispatch.summoned',
			'dispatch.taken-over', 'dispatch.forged') order by seq desc limit 1) l on true
		where (d.state = 'exhausted') <> coalesce(isfinite(s.next_at), false)
			or s.taken_at is not null and l.kind is distinct from 'dispatch.taken-over'`}
)

// Tables are what `lamplight audit verify` checks of this package.
func Tables() []audit.Table {
	return []audit.Table{dispatchTable, attemptTable, stepTable, stopTable, phoneTable, replyTable, summonsTable,
		{Name: "push_change", Why: "it only counts: one that is wrong has a note planned anew"}}
}

// The channels on which PostgreSQL notifies the other engines, never in a transaction that somebody waits for: something may be
// due, and a note whose row has moved.
const (
	dueChannel   = "lamplight_due"
	movedChannel = "lamplight_moved"
	listenDue    = "listen " + dueChannel
	listenMoved  = "listen " + movedChannel
	// notify is one transaction, which need not be durable: the polls are the net under it.
	notify     = "select pg_notify(channel, payload) from unnest($1::text[], $2::text[]) n (channel, payload)"
	notDurable = "set synchronous_commit = off"
)

// How a dispatch begins.
var (
	// A beginning is one statement and one row, because an agent waits for it. It holds what the plan was made from against
	// the rows of this moment, and nothing happens when they differ. A plan of ten seconds ago may have waited for a
	// connection; one ahead of the clock would only be sent that much later.
	insertDispatch = "with begun as (insert into dispatch (" + dispatchTable.List() + ", rung, unfolded, board_at, mac) values (" +
		dispatchTable.Placeholders() + `, -1, false, $15, $19))
		select case when
			($16 = 0 or exists (select from account where id = $3 and version = $16))
			and ($17 = 0 or exists (select from push_change where n = $17))
			and ($18::timestamptz is null or $18 between routing_now() - interval '10 s' and routing_now() + interval '50 ms')
			then true else plan_moved() end`
	insertAttempt = "insert into attempt (" + strings.Replace(attemptTable.List(), sendingIsDue, "state", 1) +
		", due_at, wake_at, fence, sends, link, mac) values (" + attemptTable.Placeholders() + ", $15, $15, 0, 0, $16, $17)"
	insertStep = "insert into dispatch_step (" + stepTable.List() + ") values (" + stepTable.Placeholders() + ")"
)

// What leaves vouch for.
var (
	vouchDispatch = "select " + dispatchTable.Returning() + " from dispatch where id = $1"
	vouchAttempts = "select " + attemptTable.Returning() + " from attempt where id = any($1)"
	dispatchMac   = "select " + dispatchTable.MacList("") + " from dispatch where id = $1"
	attemptMacs   = "select " + attemptTable.MacList("") + " from attempt where id = any($1)"
)

// What is believed of a dispatch and of its attempts: what stands under their MACs.
var (
	selectDispatch = "select d.id, d.note, d.account, d.state, d.first_rung, d.rung, d.practice, d.urgency, d.reference, d.unfolded, " +
		"d.begun_at, d.plan, " +
		dispatchTable.MacList("d") + " from dispatch d where "
	selectDispatchRow = selectDispatch + "d.id = $1"
	lockDispatchRow   = selectDispatchRow + " for update"
	// lockOpenOf holds a note's open dispatch.
	lockOpenOf = selectDispatch + "d.note = $1 and d.state in ('climbing', 'exhausted') for update"
	// Everybody holds the dispatch first and then the attempt.
	lockDispatchOf = selectDispatch + "d.id = (select dispatch from attempt where id = $1) for update"
	lockAttemptRow = "select rung, name, channel, state, try, sends, fence, " + attemptTable.MacList("") +
		" from attempt where id = $1 for update"
	// selectFolded holds the dispatches that are still folded and that nobody else holds.
	selectFolded = selectDispatch + "d.id = any($1) and not d.unfolded order by d.begun_at for update skip locked"
	// What the auditor looks at in turn: the newest, those that are open, those that were.
	selectNewest = selectDispatch + "d.id > $1 order by d.id limit $2"
	selectOpen   = selectDispatch + "d.state in ('climbing', 'exhausted') and d.note > $1 order by d.note limit $2"
	selectThese  = selectDispatch + "d.id = any($1)"
	// selectWatched reads attempts of dispatches; the last columns tell whether one is kept waiting by what is not under its MAC.
	selectWatched = `select a.dispatch, a.id, a.rung, a.contact, a.name, a.person, a.channel, a.lang, a.address, a.try, a.due_at,
		case a.state when 'due' then a.wake_at is distinct from a.due_at
			when 'sending' then a.wake_at is null or a.wake_at > routing_now() + make_interval(secs => $2) else false end, ` +
		attemptTable.MacList("a") + " from attempt a where a.dispatch = any($1) order by a.dispatch, a.id"
	lockWatched = selectWatched + " for update of a"
)

// What becomes of rows that are not to be believed.
const (
	raiseDispatch = `update dispatch set state = 'exhausted', ended_at = null, ended_by = null, ended_name = null, reason = null,
		board_at = least(board_at, routing_now()) where id = $1
		and not exists (select from dispatch o
			where o.note = dispatch.note and o.id <> dispatch.id and o.state in ('climbing', 'exhausted'))`
	attemptForged = "update attempt set state = 'failed', why = 'forged', wake_at = null where id = $1"
	lookNow       = "update attempt set wake_at = case state when 'due' then due_at else routing_now() end where id = $1"
)

// What the engines do by themselves.
const (
	selectNow = "select routing_now()"
	// selectNextDue is when something is due by a channel that is not full.
	selectNextDue = `select routing_now(), nullif(least(
		(select min(wake_at) from attempt where wake_at is not null and channel <> all($1)),
		(select min(board_at) from dispatch where state = 'climbing'),
		(select min(next_at) from summons where next_at is not null)), 'infinity')`
	selectAllFolded  = "select id from dispatch where not unfolded order by begun_at limit 1000"
	doNotWaitForDisk = "set local synchronous_commit = off"
	dispatchUnfolded = "update dispatch set unfolded = true where id = $1"
	reachRung        = `update dispatch set rung = greatest(rung, $2) where id = $1 and state in ('climbing', 'exhausted')`
	// countSending is the last look before a message leaves: the attempt is still ours, and nobody has acknowledged.
	countSending = `update attempt a set sends = $4, link = $3, mac = $5 from dispatch d
		where a.id = $1 and a.fence = $2 and a.sends = $4 - 1 and a.state = 'sending' and a.wake_at > routing_now()
		and d.id = a.dispatch and d.state in ('climbing', 'exhausted')
		returning true`
)

var (
	// claimDue takes attempts that are due, or whose worker's lease has run out: each skips the rows that another holds.
	claimDue = `with ready as (
			select id from attempt where wake_at <= routing_now() and state in ('due', 'sending') and channel <> all($3)
			order by wake_at limit $1 for update skip locked)
		update attempt a set state = 'sending', fence = fence + 1, wake_at = routing_now() + make_interval(secs => $2)
		from ready, dispatch d where a.id = ready.id and d.id = a.dispatch
		returning a.id, a.dispatch, a.rung, a.fence, a.sends, a.channel, a.address, a.name, a.lang,
			d.practice, d.urgency, d.reference, ` + attemptTable.MacList("a")
	// exhaustNext answers the row as it was.
	exhaustNext = `with was as (select * from dispatch where state = 'climbing' and board_at <= routing_now()
			order by board_at limit 1 for update skip locked)
		update dispatch set state = 'exhausted' from was where dispatch.id = was.id
		returning was.id, was.note, was.account, ` + dispatchTable.MacList("was")
)

// selectReach is what a plan is made from: the clock, and how the contacts stand.
const selectReach = `select routing_now(), (select n from push_change),
	array(select person from push_subscription where person = any($1)),
	array(select id from person where id = any($1) and left_at is not null order by id),
		array(select left_at from person where id = any($1) and left_at is not null order by id),
	array(select number from text_stop where number = any($2) and started_at is null)`

// What a person does with a dispatch.
const (
	selectClimbed = "select exists (select from dispatch where note = $1)"
	selectEnded   = `select ended_by, ended_at from dispatch where note = $1 and ended_at is not null
		order by ended_at desc limit 1`
	endDispatch = `update dispatch set state = $2, ended_at = routing_now(), ended_by = $3, ended_name = $4,
		reason = nullif($5, '') where id = $1 returning ended_at`
	// cancelDue withdraws what nobody has claimed: of one person ($2), or all.
	cancelDue = `update attempt set state = 'cancelled', wake_at = null
		where dispatch = $1 and state = 'due' and ($2 = '' or person = $2) returning id`
	selectToldBefore = `select coalesce(max(rung) < $3, false) from attempt where dispatch = $1 and person = $2 and person <> ''
		and state <> 'cancelled'`
)

// What follows the last rung, and what an agent does about a late note.
const (
	selectService   = "select document from service"
	selectSummonDue = "select dispatch from summons where next_at <= routing_now() order by next_at limit 100"
	// lockSummons holds a dispatch whose turn has come and that no other engine is at.
	lockSummons = `select d.id from dispatch d join summons s on s.dispatch = d.id
		where d.id = $1 and d.state = 'exhausted' and s.next_at <= routing_now() for update of d skip locked`
	// selectRound tells where a round stands; its number is beyond that of every attempt there is, whoever wrote it.
	selectRound = `select greatest(round, coalesce((select (max(rung) - $2) / $3 + 1 from attempt
			where dispatch = $1 and rung between $2 and 1000000000), 0)), told, taken_at is not null, routing_now()
		from summons where dispatch = $1`
	selectTaken     = "select taken_by, taken_name, taken_at from summons where dispatch = $1"
	cancelSummonses = `update attempt set state = 'cancelled', wake_at = null
		where dispatch = $1 and state = 'due' and rung >= $2 returning id`
	selectLastRung = "select greatest(coalesce(max(rung), 0), 0) from attempt where dispatch = $1 and rung < $2 and rung <= $3"
	// selectTries counts a message's attempts, and tells whether its reader was told a moment ago ($5 seconds) or is about to be.
	selectTries = `select coalesce(max(try) filter (where rung = $2 and channel = $4), 0),
			coalesce(bool_or(state = 'sending' or sent_at > routing_now() - make_interval(secs => $5)
				or state = 'due' and due_at <= routing_now() + make_interval(secs => $5)), false), routing_now()
		from attempt where dispatch = $1 and contact = $3`
)

// What moves a summons, and answers what is under its MAC then.
var (
	selectSummons = "select " + summonsTable.MacList("") + " from summons where dispatch = any($1)"
	// raiseSummons has the supervisors called from now on, whatever a row says of that already.
	raiseSummons = `insert into summons (dispatch, round, next_at, told)
		select id, 0, routing_now(), '' from dispatch where id = $1 and state = 'exhausted'
		on conflict (dispatch) do update set round = 0, next_at = routing_now(), told = '', taken_by = null, taken_name = null,
			taken_at = null returning ` + summonsTable.MacList("")
	beginRound = `update summons set round = $2, next_at = $3, told = $4, taken_by = null, taken_name = null, taken_at = null
		where dispatch = $1 returning ` + summonsTable.MacList("")
	takeSummons = `update summons set taken_by = $2, taken_name = $3, taken_at = routing_now(), next_at = routing_now() + $4
		where dispatch = $1 returning ` + summonsTable.MacList("")
)

// selectLastTold are those whom the rung told that began last, below a rung ($2).
var selectLastTold = "select distinct on (contact, channel) rung, contact, name, person, channel, lang, address, " +
	attemptTable.MacList("") + `
	from attempt where dispatch = $1 and rung = (select max(rung) from attempt where dispatch = $1 and rung < $2
		and state not in ('due', 'cancelled')) order by contact, channel`

// advanceSummons is advanceRungs of a round, whose end stays.
var advanceSummons = `with ahead as (select greatest(min(due_at) - routing_now(), interval '0') as by from attempt
		where dispatch = $1 and state = 'due' and rung > $2),
	moved as (
		update attempt a set due_at = due_at - ahead.by, wake_at = wake_at - ahead.by from ahead
		where dispatch = $1 and state = 'due' and rung > $2 returning a.*, a.due_at + ahead.by as was)
	select m.due_at, m.was, ` + attemptTable.MacList("m") + " from moved m"

// advanceRungs brings what follows a rung forward, so that the next one is due now, and answers when each attempt was due.
var advanceRungs = `with ahead as (
		select greatest(coalesce((select min(due_at) from attempt where dispatch = $1 and state = 'due' and rung > $2), d.board_at)
			- routing_now(), interval '0') as by from dispatch d where d.id = $1),
	moved as (
		update attempt a set due_at = due_at - ahead.by, wake_at = wake_at - ahead.by from ahead
		where dispatch = $1 and state = 'due' and rung > $2 returning a.*, a.due_at + ahead.by as was),
	sooner as (update dispatch set board_at = board_at - ahead.by from ahead where id = $1)
	select m.due_at, m.was, ` + attemptTable.MacList("m") + " from moved m"

// What becomes of an attempt.
const (
	selectLink = `select d.note, a.id, d.account, a.person, a.contact
		from attempt a join dispatch d on d.id = a.dispatch where a.link = $1`
	attemptOpened    = "update attempt set state = 'opened', wake_at = null where id = $1"
	attemptDelivered = `update attempt set state = 'delivered', wake_at = null, ref = coalesce(ref, nullif($2, '')) where id = $1`
	attemptAccepted  = `update attempt set state = 'accepted', wake_at = null, ref = coalesce(ref, $2),
		sent_at = coalesce(sent_at, routing_now()) where id = $1`
	attemptLeft      = "update attempt set sent_at = coalesce(sent_at, routing_now()) where id = $1"
	attemptFailed    = "update attempt set state = $2, wake_at = null, why = $3 where id = $1"
	attemptWithdrawn = "update attempt set state = 'cancelled', wake_at = null where id = $1"
	askAgain         = "update attempt set wake_at = routing_now() + $2 where id = $1"
	selectRungAlive  = `select exists (select 1 from attempt where dispatch = $1 and rung = $2
		and state in ('due', 'sending', 'accepted', 'delivered', 'opened'))`
	// selectRetry is what a further attempt of the same message would be, and when the next rung or the board comes.
	selectRetry = `select t.rung, t.contact, t.name, t.person, t.channel, t.lang, t.address, routing_now() + $2,
			case when t.rung >= $3 then (select case when s.taken_at is null then s.next_at else '-infinity' end
				from summons s where s.dispatch = d.id)
			else least(d.board_at, coalesce((select min(due_at) from attempt n
				where n.dispatch = d.id and n.state = 'due' and n.rung > t.rung), 'infinity')) end
		from attempt t join dispatch d on d.id = t.dispatch where t.id = $1`
)

// nameAttempt keeps the carrier's name for a message that has none.
var nameAttempt = "update attempt set ref = $2 where id = $1 and ref is null returning " + attemptTable.MacList("")

// What lists, stories and pages read.
const (
	// selectViews reads the newest dispatch of each note named, with its last step and what comes next; a folded one has that in
	// its plan. What was texted back the note tells, until an agent has answered it.
	selectViews = `select d.note, d.state, d.rung > d.first_rung, d.begun_at, d.board_at,
			coalesce(n.channel, ''), coalesce(n.name, ''), n.due_at,
			coalesce(l.kind, ''), coalesce(l.channel, ''), coalesce(l.actor, ''), coalesce(l.detail, ''), coalesce(l.at, d.begun_at),
			case when d.unfolded then '' else d.plan end, case when u.told = '' then u.next_at end,
			coalesce(u.taken_name, ''), coalesce(u.taken_by, '')
		from unnest($1::text[]) w (note)
		cross join lateral (select * from dispatch where note = w.note order by begun_at desc, id desc limit 1) d
		left join lateral (select channel, name, due_at from attempt a
			where a.dispatch = d.id and a.state = 'due' order by due_at, id limit 1) n on true
		left join lateral (select kind, channel, actor, detail, at from dispatch_step s
			where s.dispatch = d.id and s.kind <> 'text.replied' order by seq desc limit 1) l on true
		left join lateral (select * from summons where dispatch = d.id and d.state = 'exhausted' limit 1) u on true`
	selectAttempts = `select d.note, a.id, a.dispatch, a.rung, a.contact, a.name, a.channel, a.state, a.due_at, a.sent_at, f.at, a.try, a.why
		from unnest($1::text[]) w (note)
		cross join lateral (select * from dispatch where note = w.note offset 0) d
		left join lateral (select min(at) as at from dispatch_step
			where dispatch = d.id and kind in ('attempt.delivered', 'attempt.opened') offset 0) f on true
		cross join lateral (select * from attempt where dispatch = d.id offset 0) a order by d.begun_at, a.due_at, a.id`
	selectSteps  = `select id, at, kind, actor, channel, detail from dispatch_step where note = $1 order by seq`
	selectLeaves = `select l.idx, l.body from dispatch d join audit_leaf l on l.object = d.id and l.kind = 'dispatch'
		where d.note = $1`
	countOpen = "select state, count(*) from dispatch where state in ('climbing', 'exhausted') group by state"
	// countAttempts counts those made since an id.
	countAttempts = "select channel, state, count(*) from attempt where id >= $1 group by channel, state"
)

// selectStanding finds by an index each of what may stand still, and looks at that alone: what climbs as it should costs
// nothing, however much it is.
var selectStanding = fmt.Sprintf(`with clock as (select routing_now() as now),
	patience as (select now - make_interval(secs => $1) as overdue, now - make_interval(secs => $2) as ignored from clock),
	suspect as (
		(select id from dispatch where state = 'exhausted' and begun_at < (select ignored from patience) order by begun_at limit %[1]d)
		union (select dispatch from summons where next_at < (select overdue from patience) order by next_at limit %[1]d)
		union (select id from dispatch where state = 'climbing' and board_at < (select overdue from patience) order by board_at limit %[1]d)
		union (select id from dispatch where state = 'climbing' and board_at = 'infinity' limit %[1]d)
		union (select id from dispatch where not unfolded and begun_at < (select overdue from patience) order by begun_at limit %[1]d)
		union (select dispatch from attempt where wake_at < (select overdue from patience) and state in ('due',
			'sending') order by wake_at limit %[1]d)),
	ahead as (
		select d.id, d.note, d.state, d.begun_at, d.board_at, s.next_at, s.taken_at,
			case when d.unfolded then (select min(a.wake_at) from attempt a where a.dispatch = d.id and a.state in ('due', 'sending'))
				else d.begun_at end as next,
			(select s.at from dispatch_step s where s.dispatch = d.id order by seq desc limit 1) as last
		from suspect cross join lateral (select * from dispatch where id = suspect.id offset 0) d
			left join lateral (select * from summons where dispatch = d.id limit 1) s on true where d.state in ('climbing', 'exhausted'))
	select clock.now, id, note, case
			when state = 'exhausted' and not coalesce(isfinite(next_at), false) then 'stranded'
			when state = 'exhausted' and next_at < clock.now - make_interval(secs => $1) then 'overdue'
			when state = 'exhausted' and taken_at is null and coalesce(last, begun_at) < clock.now - make_interval(secs => $2)
				then 'ignored'
			when state = 'climbing' and least(next, board_at) < clock.now - make_interval(secs => $1) then
				case when next is null then 'stranded' else 'overdue' end
			when state = 'climbing' and next is null and not isfinite(board_at) then 'stranded'
		end as kind, coalesce(least(next, case when isfinite(board_at) then board_at end), last, begun_at)
	from ahead, clock order by begun_at`, mostStanding)

// Texts that come back.
const (
	// selectPages are the notes of the last day that a number was texted about, the one it was texted about last first.
	selectPages = `select note, account, reference, open, contact, name, person, dispatch, id, lang, ended from (
		select distinct on (d.id) d.note, d.account, d.reference, d.state in ('climbing', 'exhausted') as open, a.contact, a.name, a.person,
			d.id as dispatch, a.id, a.lang, coalesce(d.ended_at, 'epoch') as ended, coalesce(a.sent_at, a.due_at) as texted
		from attempt a join dispatch d on d.id = a.dispatch
		where a.channel = 'text' and a.address = $1 and a.sends > 0
			and (d.ended_at is null or d.ended_at > routing_now() - interval '1 day')
		order by d.id, texted desc) p order by texted desc, dispatch desc`
	countAnswers = `select count(distinct ref) from text_reply
		where sender = $1 and told and at > routing_now() - $2::interval and ref <> $3`
	insertAnswer = `insert into text_reply (ref, note, sender, at, told) values ($1, '', $2, routing_now(), true)
		on conflict (ref, note) do update set told = true`
	insertReply = `insert into text_reply (ref, note, sender, at, told) values ($1, $2, $3, routing_now(), false)
		on conflict (ref, note) do nothing`
	selectPaged = "select exists (select from attempt where channel = 'text' and address = $1)"
)

// Who wants no texts.
var (
	insertStop = `insert into text_stop (id, number, stopped_at) values ($1, $2, routing_now())
		on conflict (number) do update set stopped_at = excluded.stopped_at, started_at = null where text_stop.started_at is not null
		returning ` + stopTable.MacList("")
	selectStopped = "select number, " + stopTable.MacList("") + " from text_stop where number = any($1) and started_at is null"
	endStop       = "update text_stop set started_at = routing_now() where number = $1 and started_at is null returning " +
		stopTable.MacList("")
)

// The phones.
var (
	upsertPhone = `insert into push_subscription (endpoint, person, p256dh, auth, made_at)
		values ($1, $2, $3, $4, routing_now())
		on conflict (endpoint) do update set person = excluded.person, p256dh = excluded.p256dh, auth = excluded.auth
		returning ` + phoneTable.MacList("")
	insertPhone = `insert into push_subscription (endpoint, person, p256dh, auth, made_at)
		values ($1, $2, $3, $4, routing_now()) on conflict (endpoint) do nothing
		returning ` + phoneTable.MacList("")
	selectPhones = "select endpoint, p256dh, auth, " + phoneTable.MacList("") + " from push_subscription where person = $1 order by made_at"
	deletePhone  = "delete from push_subscription where endpoint = $1 returning person"
)
