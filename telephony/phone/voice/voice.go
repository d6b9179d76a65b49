// Package voice holds four short utterances for tests and practice calls: a caller and an agent, in English and in
// Spanish. The people in them are fictional and the voices are a machine's.
//
// It leaves to others: who says them when (the demo, the tests).
package voice

import (
	"embed"
	"fmt"

	"lamplight/telephony/phone/speech"
)

//go:generate sh make.sh
//go:embed *.ulaw
var files embed.FS

// What is said, for a person to read and an expected note to agree with.
const (
	CallerEnglish = "Hello, this is Rosa Bennett. I have had chest tightness since this morning. Please have the doctor call me."
	CallerSpanish = "Buenas noches, soy María Muñoz. Mi hija tiene fiebre desde anoche, y no quiere comer. Necesito hablar con el doctor."
	AgentEnglish  = "Thank you for calling North Shore Internal Medicine. I will page the doctor on call right now."
	AgentSpanish  = "Gracias por llamar a Pediatría del Sol. Voy a avisar al doctor de guardia en este momento."
)

// Caller returns what the caller says in "en" or "es".
func Caller(language string) (speech.PCM, error) { return say("caller", language) }

// Agent returns what the agent says in "en" or "es".
func Agent(language string) (speech.PCM, error) { return say("agent", language) }

func say(who, language string) (speech.PCM, error) {
	b, err := files.ReadFile(who + "-" + language + ".ulaw")
	if err != nil {
		return nil, fmt.Errorf("no %s speaks %q here: use en or es", who, language)
	}
	return speech.FromUlaw(b), nil
}
