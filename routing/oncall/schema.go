package oncall

import _ "embed"

//go:embed oncall.schema.json
var schema string

// Schema is the JSON Schema (draft 2020-12) of a Document, for editors and for those who make documents elsewhere. Compile
// checks more than a schema can say.
func Schema() string { return schema }
