package record

import "lamplight/notes/audit"

// Every statement about practices' bulletins stands here; see queries.go.

var (
	bulletinTable = audit.Table{Kind: "bulletin", Name: "bulletin", Key: "id",
		Columns: []string{"id", "account", "kind", "body", "begins_at", "ends_at", "made_at", "made_by"}}
	bulletinReadTable = audit.Table{Kind: "bulletin_read", Name: "bulletin_read", Key: "id",
		Columns: []string{"id", "bulletin", "person", "read_at"}}

	insertBulletin = insertInto(bulletinTable) + " returning " + bulletinTable.Returning()
	// endBulletin ends one that has not ended; one that has not begun never does.
	endBulletin = `update bulletin set ends_at = greatest(begins_at, $3::timestamptz) where account = $1 and id = $2 and ends_at > $3
		returning ` + bulletinTable.Returning()
	insertBulletinRead = "insert into bulletin_read (" + bulletinReadTable.List() + ") values (" + bulletinReadTable.Placeholders() +
		") on conflict (bulletin, person) do nothing returning " + bulletinReadTable.Returning()
)

const (
	bulletinFields  = "select id, account, kind, body, begins_at, ends_at, made_at, made_by from bulletin b "
	selectBulletins = bulletinFields + "where account = $1 order by id desc limit 40"
	// selectShown are those that a desk shows an agent: what lasts, but for what they have acknowledged.
	selectShown = bulletinFields + `where account = $1 and begins_at <= $2 and ends_at > $2
		and not exists (select from bulletin_read r where r.bulletin = b.id and r.person = $3) order by begins_at desc, id desc limit 12`
	selectBulletinReads   = "select bulletin, person, read_at from bulletin_read where bulletin = any($1) order by read_at"
	selectBulletinAccount = "select account from bulletin where id = $1"
	countBulletins        = "select count(*) from bulletin where account = $1 and ends_at > $2 and ends_at > begins_at"
)
