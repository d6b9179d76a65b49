package channel_test

import (
	"testing"

	"lamplight/routing/channel"
)

func TestSenseOf(t *testing.T) {
	for text, want := range map[string]channel.Sense{
		"STOP": channel.SenseStop, "stop": channel.SenseStop, " Stop. ": channel.SenseStop, "\"STOP\"": channel.SenseStop,
		"opt-out": channel.SenseStop, "ＳＴＯＰ": channel.SenseStop, "Revoke!": channel.SenseStop, "Alto": channel.SenseStop,
		"¡Baja!":   channel.SenseStop,
		"stop all": channel.SenseStop, "UNSUBSCRIBE": channel.SenseStop, "END": channel.SenseStop, "quit": channel.SenseStop,
		"cancel": channel.SenseStop,
		"START":  channel.SenseStart, "Unstop": channel.SenseStart, "yes": channel.SenseYes,
		"help": channel.SenseHelp, "¿Ayuda?": channel.SenseHelp,
		"1": channel.SenseOnIt, "C": channel.SenseOnIt, "SI": channel.SenseOnIt, "sí": channel.SenseOnIt, "On my way!": channel.SenseOnIt,
		"Voy 👍": channel.SenseOnIt,
		// A person's own words stay words, whatever they begin with.
		"stop the aspirin": channel.SenseWords, "Stop it, have her go to the ER": channel.SenseWords, "yes, 81 mg": channel.SenseWords,
		"no": channel.SenseWords, "": channel.SenseWords, "11": channel.SenseWords, "👍": channel.SenseWords, "C 2": channel.SenseWords,
	} {
		if got := channel.SenseOf(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}
