//go:build !older && !newer

package wire

import "lamplight/console"

// Tests build the programs once more with the tags "older" and "newer", to stand in for a release before and one to come: see
// age_older.go and age_newer.go. A release's own build changes nothing here.

// aged is a message as the end of another age has it: "story.in", "story.out", "watchEvent".
func aged(_ string, b []byte) []byte { return b }

// alongside is what an end of another age tells of beside an event.
func alongside(console.Event) []console.Event { return nil }
