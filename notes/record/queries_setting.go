package record

import (
	"fmt"

	"lamplight/notes/audit"
)

// Every statement about what is set of the service stands here; see queries.go.

var (
	settingColumns = []string{"id", "part", "version", "made_at", "made_by", "why", "document", "secret"}
	settingTable   = audit.Table{Kind: "setting", Name: "setting", Key: "id", Columns: settingColumns, Mac: settingColumns}

	selectSettings = "select coalesce((select name from person where id = s.made_by), ''), " + settingTable.MacList("s") + " from setting s "

	selectSetting         = selectSettings + "where part = $1 order by version desc limit 1"
	selectSettingVersions = selectSettings + "where part = $1 order by version desc limit $2"
	selectSettingWas      = selectSettings + "where part = $1 and version = $2"

	insertSetting = fmt.Sprintf("insert into setting (%s, mac) values (%s, $%d) returning %s", settingTable.List(),
		settingTable.Placeholders(), len(settingColumns)+1, settingTable.Returning())
)

const (
	selectNewestSetting  = "select coalesce(max(id), '') from setting"
	selectSettingVersion = "select coalesce(max(version), 0) from setting where part = $1"
)
