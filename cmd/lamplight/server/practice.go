package server

import (
	"context"
	"fmt"
	"strings"

	"lamplight/console/house"
	"lamplight/frontend/shared/catalog"
	"lamplight/notes"
	"lamplight/notes/access"
	"lamplight/routing"
	"lamplight/telephony"
)

// KnownPeople are all who sign in or did, as the check of a practice's document asks for them.
func KnownPeople(ctx context.Context, door *access.Door, account telephony.AccountID) (map[notes.PersonID]routing.KnownPerson, error) {
	all, err := door.People(ctx)
	if err != nil {
		return nil, err
	}
	known := map[notes.PersonID]routing.KnownPerson{}
	for _, p := range all {
		actor := access.Actor{Person: p.ID, Grants: p.Grants}
		known[p.ID] = routing.KnownPerson{Left: p.Left, Reads: actor.May(notes.ReadNote, string(account))}
	}
	return known, nil
}

// PracticeLines are what is wrong with a practice's document as an administrator reads it, in their language: a line each, with its
// place in the document from and what to do.
func PracticeLines(from string, found routing.Problems, language telephony.Language) string {
	var b strings.Builder
	for _, p := range found {
		at, what := from, catalog.T(language, "routing.warning", nil)+": "
		if p.Line > 0 {
			at = fmt.Sprintf("%s:%d", from, p.Line)
		}
		if p.Severity == routing.Refuse {
			what = ""
		}
		fmt.Fprintf(&b, "%s: %s%s %s\n", at, what, p.Field, catalog.T(language, "routing.problem."+p.Code, p.Vars))
	}
	return b.String()
}

// TestLine is what trying a practice's test showed as an administrator reads it, in their language: one line.
func TestLine(from string, language telephony.Language, acc notes.Account, r routing.TestResult) string {
	return from + ": " + catalog.T(language, "routing.test."+string(r.State), house.WordsOfTest(language, acc, r)) + "\n"
}

// TestSays is a failed test in both languages, as it is kept with the word of whoever overrules it.
func TestSays(acc notes.Account, r routing.TestResult) notes.Text {
	says := notes.Text{}
	for _, l := range []telephony.Language{telephony.English, telephony.Spanish} {
		says[l] = catalog.T(l, "routing.test.test-fails", house.WordsOfTest(l, acc, r))
	}
	return says
}
