//go:build older

package console

import "embed"

// What release 1 spoke, for a build that stands in for it in a test (see console/wire/age_older.go).
const (
	Protocol       = 2
	OldestProtocol = 1
)

// Release1 is every message of release 1, with all the fields it knew.
//
//go:embed testdata/release-1
var Release1 embed.FS
