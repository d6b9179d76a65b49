package record

import "lamplight/notes/audit"

// Every statement about tests that were overruled stands here; see queries.go.

var (
	overrulingTable = audit.Table{Kind: "test_overruling", Name: "test_overruling", Key: "id",
		Columns: []string{"id", "account", "made_at", "made_by", "why", "failed"}}

	insertOverruling = insertInto(overrulingTable) + " returning " + overrulingTable.Returning()
)

const selectOverrulings = `select made_at, made_by, why, failed from test_overruling where account = $1 order by id desc limit $2`
