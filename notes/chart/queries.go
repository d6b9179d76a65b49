package chart

import "lamplight/notes/audit"

// Every statement of the queue stands here.

var (
	writeColumns = []string{"id", "seq", "note", "account", "made_at", "state", "patient", "subject", "document", "ended_at"}
	// What only says how the last try went, and when the next one is, is left out: a row that is held back by it is told by its age.
	writeTable = audit.Table{Kind: "chart-write", Name: "chart_write", Key: "id", Columns: writeColumns, Mac: writeColumns}
	keyTable   = audit.Table{Kind: "chart-key", Name: "chart_key", Key: "id", Columns: []string{"id", "account", "made_at", "sealed"}}
)

// Tables are what `lamplight audit verify` checks of this package.
func Tables() []audit.Table { return append([]audit.Table{writeTable, keyTable}, visitTables...) }

const (
	// earlier is what a row must not overtake: one of its patient, and one whose patient nobody knows yet.
	earlier = `select from chart_write e where e.account = w.account and e.state in ('waiting', 'asking') and e.seq < w.seq
		and (e.patient is null or e.patient = w.patient)`
	selectDue  = "select exists (select from chart_write where state = 'waiting' and due_at <= clock_timestamp())"
	selectPrev = `select state, coalesce(document, ''), subject, id from chart_write where note = $1 and seq < $2
		order by seq desc limit 1`
	rowFailed = `update chart_write set why = $3, said = $4, tries = $5, due_at = clock_timestamp() + make_interval(secs => $6)
		where id = $1 and fence = $2 and state = 'waiting'`
	// rowsFreed has those tried at once that waited for a chart which answers again.
	rowsFreed = `update chart_write set due_at = clock_timestamp() where account = $1 and state = 'waiting' and why = any($2)
		and due_at > clock_timestamp()`
	selectKeys = "select id, sealed from chart_key where account = $1 order by made_at desc, id limit 2"
	// selectOldest is what waits longest in each practice, and how much waits there, 100 standing for that many or more.
	selectOldest = `select a.id, w.made_at, w.state, w.why, c.n from account a
		cross join lateral (select * from chart_write where account = a.id and state in ('waiting', 'asking') order by seq limit 1) w
		cross join lateral (select count(*) as n from (select from chart_write
			where account = a.id and state in ('waiting', 'asking') limit 100) x) c order by w.made_at`
	selectWaiting = `select w.note, w.made_at, w.state, w.why, w.tries from chart_write w where w.account = $1
		and w.state in ('waiting', 'asking') and (w.state = 'asking' or w.why <> '' or w.made_at < clock_timestamp() - interval '1 minute')
		order by w.state, w.seq limit 100`
)

var (
	insertWrite = `insert into chart_write (id, note, account, made_at, state, why, due_at, tries, fence)
		values ($1, $2, $3, $4, 'waiting', '', clock_timestamp(), 0, 0) on conflict (id) do nothing returning ` + writeTable.MacList("")
	// claimDue takes of each practice the first row that is due and overtakes nothing. Two workers never get the same: the second
	// finds it no more due.
	claimDue = `with ready as (select w.id from account a cross join lateral (select id, seq from (
				select * from chart_write where account = a.id and state = 'waiting' and due_at <= clock_timestamp()
				order by seq limit 1000) w
			where not exists (` + earlier + `) order by seq limit 1) w
			where a.id <> all($2) order by w.seq limit $1)
		update chart_write w set fence = fence + 1, due_at = clock_timestamp() + make_interval(secs => $3)
		from ready where w.id = ready.id and w.state = 'waiting' and w.due_at <= clock_timestamp()
		returning w.id, w.seq, w.note, w.account, w.made_at, w.patient, w.subject, w.fence, w.tries, w.why, ` + writeTable.MacList("w")
	// rowKnown keeps whose note it is; it answers whether an earlier one of that patient still waits.
	rowKnown = `update chart_write w set patient = $3 where w.id = $1 and w.fence = $2 and w.state = 'waiting'
		returning exists (select from chart_write e where e.account = w.account and e.state in ('waiting', 'asking') and e.seq < w.seq
			and e.patient = $3), ` + writeTable.MacList("w")
	rowAsks = `update chart_write set state = 'asking', why = $3, said = null where id = $1 and fence = $2 and state = 'waiting'
		returning ` + writeTable.MacList("")
	// rowWritten is also of one that somebody had left out while it was on its way: it is in the chart.
	rowWritten = `update chart_write set state = 'written', document = $3, subject = $4, ended_at = $5, why = '', said = null
		where id = $1 and (fence = $2 and state = 'waiting' or state = 'left') returning ` + writeTable.MacList("")
	rowLeft = `update chart_write set state = 'left', ended_at = $2, why = '', said = null
		where id = $1 and state in ('waiting', 'asking') returning ` + writeTable.MacList("")
	rowAnswered = `update chart_write set state = 'waiting', subject = $2, why = '', said = null, due_at = clock_timestamp()
		where id = $1 and state = 'asking' returning ` + writeTable.MacList("")
	rowAgain = "update chart_write set due_at = clock_timestamp(), tries = 0 where id = $1 and state = 'waiting'"
	// lockOpen holds a note's first row that is neither written nor left.
	lockOpen = `select id, account, state, why, said, ` + writeTable.MacList("") + ` from chart_write
		where note = $1 and state in ('waiting', 'asking') order by seq limit 1 for update`
	selectOpen = `select state, why, said, id, made_at from chart_write
		where note = $1 and state in ('waiting', 'asking') order by seq limit 1`
	insertKey = "insert into chart_key (" + keyTable.List() + ") values (" + keyTable.Placeholders() +
		") on conflict (id) do nothing returning " + keyTable.Returning()
)
