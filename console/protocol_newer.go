//go:build newer

package console

// What a release to come may speak, for a build that stands in for it in a test (see console/wire/age_newer.go): desks of today are
// too old for it.
const (
	Protocol       = 5
	OldestProtocol = 5
)
