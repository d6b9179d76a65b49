package patient

import (
	"slices"

	"lamplight/notes"
	"lamplight/notes/seal"
)

// HasRedFlag says whether what a patient wrote has the words of a red flag, of the practice's messages or of its script, in either
// language. They are the practice's own: what they mean is for a person to say, who is told at once.
func HasRedFlag(acc notes.Account, text string) bool {
	words := seal.Words(text)
	flags := acc.Script.RedFlags
	if acc.Messaging != nil {
		flags = slices.Concat(acc.Messaging.RedFlags, flags)
	}
	for _, f := range flags {
		for _, phrases := range f.Words {
			if slices.ContainsFunc(phrases, func(p string) bool { return says(words, seal.Words(p)) }) {
				return true
			}
		}
	}
	return false
}

// says finds a phrase among words, whole and in order.
func says(words, phrase []string) bool {
	for i := 0; len(phrase) > 0 && i+len(phrase) <= len(words); i++ {
		if slices.Equal(words[i:i+len(phrase)], phrase) {
			return true
		}
	}
	return false
}
