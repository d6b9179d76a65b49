#!/bin/sh
# Makes Lamplight's prompts and hold music, 8 kHz mu-law as Asterisk plays them: espeak-ng speaks, sox shapes.
# Needs: espeak-ng sox.  Run from telephony/asterisk by `go generate`.
set -eu
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p en es moh

# speak NAME LANG TEXT [LANG TEXT | pause SECONDS]...: one prompt, each part in its own language's voice
speak() {
	name=$1; shift
	n=0; parts=
	while [ $# -gt 0 ]; do
		if [ "$1" = pause ]; then
			sox -n -r 8000 -c 1 "$work/pause.wav" trim 0 "$2"
			parts="$parts $work/pause.wav"
			shift 2
			continue
		fi
		case $1 in en) voice=en-us ;; es) voice=es-419 ;; esac
		n=$((n + 1))
		espeak-ng -v "$voice" -s 168 -p 42 -w "$work/$n.wav" "$2"
		sox "$work/$n.wav" -r 8000 -c 1 "$work/$n.8k.wav" silence 1 0.01 0.2% reverse silence 1 0.01 0.2% reverse pad 0 0.35
		parts="$parts $work/$n.8k.wav"
		shift 2
	done
	# shellcheck disable=SC2086 # the parts are words
	sox $parts -t ul -r 8000 "$name.ulaw" gain -n -4
}

speak en/greeting \
	en 'Thank you for calling. If this is an emergency, hang up and dial 9 1 1. For English, press one, or stay on the line.' \
	es 'Para español, oprima el dos.'
speak es/greeting \
	es 'Gracias por llamar. Si es una emergencia, cuelgue y marque el nueve uno uno. Para español, oprima el dos, o espere en la línea.' \
	en 'For English, press one.'
speak en/busy en 'All our agents are helping other callers. Please stay on the line. Your call will be answered in turn.'
speak es/busy es 'Todos nuestros agentes están atendiendo otras llamadas. Por favor, espere en la línea. Le atenderemos en su turno.'
speak en/overflow en 'We are sorry. No agent can be reached right now. After the tone, please leave your name, your number and your message. If this is an emergency, hang up and dial 9 1 1.'
speak es/overflow es 'Lo sentimos. En este momento no podemos comunicarle con un agente. Después del tono, deje su nombre, su número y su mensaje. Si es una emergencia, cuelgue y marque el nueve uno uno.'
speak en/recorded en 'Thank you. Your message has been recorded. Goodbye.'
speak es/recorded es 'Gracias. Su mensaje ha quedado grabado. Adiós.'
speak en/unknown en 'We are sorry. The number you have dialed is not served here. Please check the number and call again.'
speak es/unknown es 'Lo sentimos. El número que usted marcó no se atiende aquí. Por favor, verifique el número y llame de nuevo.'
# Said to whoever answers a provider's phone, again and again: the pause is time to press the key.
speak en/press-one en 'This is your answering service. To call your patient, press one.' pause 1.6
speak es/press-one es 'Le habla su servicio de contestación. Para llamar a su paciente, oprima el uno.' pause 1.6
# Said to whoever answers a call for trial: the first until a key is pressed, then the second and four digits.
speak en/trial-one en 'This is your answering service, with a trial call. To hear your code, press one.' pause 1.6
speak es/trial-one es 'Le habla su servicio de contestación, con una llamada de prueba. Para oír su código, oprima el uno.' pause 1.6
speak en/trial-code pause 0.6 en 'Your code is'
speak es/trial-code pause 0.6 es 'Su código es'
for lang in en es; do
	case $lang in en) words='zero one two three four five six seven eight nine' ;; es) words='cero uno dos tres cuatro cinco seis siete ocho nueve' ;; esac
	digit=0
	for word in $words; do speak $lang/digit-$digit $lang $word; digit=$((digit + 1)); done
done
# Said to whoever answers a phone that is rung for a caller who waits: the first, how urgent it is, the last.
speak en/caller-waits en 'This is your answering service. A caller to your practice is waiting to speak with you.'
speak es/caller-waits es 'Le habla su servicio de contestación. Una persona que llamó a su consultorio espera para hablar con usted.'
speak en/urgent en 'It is urgent.'
speak es/urgent es 'Es urgente.'
speak en/emergency en 'It may be an emergency.'
speak es/emergency es 'Puede ser una emergencia.'
speak en/press-to-talk en 'To be connected, press one.' pause 1.6
speak es/press-to-talk es 'Para comunicarse, oprima el uno.' pause 1.6
# What an agent hears while such a phone rings: the tone of a phone that rings, with a shorter pause.
sox -n -t ul -r 8000 -c 1 en/ringing.ulaw synth 1.2 sine 440 sine 480 remix - fade 0.02 1.2 0.02 gain -18 pad 0 1.4
cp en/ringing.ulaw es/ringing.ulaw
speak en/connecting en 'This is your answering service. Please wait while your call is connected.'
speak es/connecting es 'Le habla su servicio de contestación. Por favor, espere mientras conectamos su llamada.'
sox -n -t ul -r 8000 -c 1 en/beep.ulaw synth 0.4 sine 1000 fade 0.02 0.4 0.02 gain -12
cp en/beep.ulaw es/beep.ulaw

# Hold music: slow broken chords over a quiet bass, eight bars of four notes, soft at both ends so that it loops.
bar() { # BASS NOTE NOTE NOTE NOTE
	bass=$1; shift; out=
	for note in "$@"; do
		n=$((n + 1))
		sox -n -r 8000 -c 1 "$work/n$n.wav" synth 0.75 pluck "$note" gain -12 fade 0.01 0.75 0.2
		out="$out $work/n$n.wav"
	done
	# shellcheck disable=SC2086
	sox $out "$work/top$n.wav"
	sox -n -r 8000 -c 1 "$work/low$n.wav" synth 3 sine "$bass" gain -20 fade 0.4 3 0.6
	sox -m -v 1 "$work/top$n.wav" -v 1 "$work/low$n.wav" "$work/bar$n.wav"
	bars="$bars $work/bar$n.wav"
}
n=100; bars=
bar C3 C4 E4 G4 E4; bar A2 A3 C4 E4 C4; bar F2 F3 A3 C4 A3; bar G2 G3 B3 D4 B3
bar C3 E4 G4 C5 G4; bar A2 C4 E4 A4 E4; bar F2 A3 C4 F4 C4; bar G2 B3 D4 G4 D4
# shellcheck disable=SC2086
sox $bars -t ul -r 8000 moh/lamplight.ulaw gain -6 lowpass 2600 reverb 35 gain -n -9
