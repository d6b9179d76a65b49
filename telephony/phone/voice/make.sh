#!/bin/sh
# Makes the fictional speech of the practice calls and tests, 8 kHz mu-law: espeak-ng speaks, sox shapes.
# Needs: espeak-ng sox.  Run from telephony/phone/voice by `go generate`.
set -eu
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
speak() { # FILE VOICE PITCH TEXT
	espeak-ng -v "$2" -s 165 -p "$3" -w "$work/x.wav" "$4"
	sox "$work/x.wav" -t ul -r 8000 -c 1 "$1.ulaw" silence 1 0.01 0.2% reverse silence 1 0.01 0.2% reverse gain -n -4
}
speak caller-en en-us 55 'Hello, this is Rosa Bennett. I have had chest tightness since this morning. Please have the doctor call me.'
speak caller-es es-419 55 'Buenas noches, soy María Muñoz. Mi hija tiene fiebre desde anoche, y no quiere comer. Necesito hablar con el doctor.'
speak agent-en en-us 30 'Thank you for calling North Shore Internal Medicine. I will page the doctor on call right now.'
speak agent-es es-419 30 'Gracias por llamar a Pediatría del Sol. Voy a avisar al doctor de guardia en este momento.'
