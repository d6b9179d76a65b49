package channel

import (
	"strings"
	"unicode"

	"golang.org/x/text/runes"
	"golang.org/x/text/transform"
	"golang.org/x/text/unicode/norm"
)

// A Reply is a text that came back to the number that paged. Who has the phone wrote it, or who forges its number: it proves
// nothing about a person.
type Reply struct {
	Ref   string // the carrier's own name for it: told twice, it counts once
	From  string // E.164
	Body  string // a person's words, perhaps about a patient: sealed or dropped, never logged
	Sense Sense
	// Answered says that the carrier has told the phone what its word did.
	Answered bool
}

// A Sense is what a whole text means by agreement. Nothing is guessed from a part of one: "stop the aspirin" is for a person
// to read.
type Sense string

const (
	SenseWords Sense = ""      // for a person to read
	SenseStop  Sense = "stop"  // no texts to this phone from now on
	SenseStart Sense = "start" // texts again
	SenseHelp  Sense = "help"
	SenseYes   Sense = "yes"   // after a stop some carriers take it for a start; otherwise as SenseOnIt
	SenseOnIt  Sense = "on-it" // "on my way": it holds nothing of any patient
)

// senses are the agreed texts, as fold writes them. Those that stop are the ones that carriers and the FCC name, and their
// Spanish siblings.
var senses = func() map[string]Sense {
	out := map[string]Sense{}
	for sense, texts := range map[Sense]string{
		SenseStop: "STOP,STOPALL,STOP ALL,UNSUBSCRIBE,CANCEL,END,QUIT,REVOKE,OPTOUT,OPT OUT," +
			"STOP TEXTING,STOP TEXTING ME,NO MORE TEXTS,DO NOT TEXT ME,DONT TEXT ME," +
			"ALTO,BAJA,DAR DE BAJA,PARAR,CANCELAR,NO ME ESCRIBAN,NO ME ESCRIBAN MAS,NO ME ESCRIBA MAS,YA NO ME ESCRIBAN," +
			"NO MAS MENSAJES,NO ME MANDEN MAS MENSAJES",
		SenseStart: "START,UNSTOP,ALTA,INICIAR",
		SenseHelp:  "HELP,INFO,AYUDA",
		SenseYes:   "YES",
		SenseOnIt: "1,C,SI,OK,OKAY,K,ON IT,GOT IT,ON MY WAY,OMW,WILL CALL,CALLING,CALLING NOW,THANKS,THX," +
			"VOY,YA VOY,EN CAMINO,VOY EN CAMINO,ENTERADO,ENTERADA,RECIBIDO,LLAMO,YA LLAMO,GRACIAS",
	} {
		for _, t := range strings.Split(texts, ",") {
			out[t] = sense
		}
	}
	return out
}()

// SenseOf is what a whole text means.
func SenseOf(text string) Sense { return senses[fold(text)] }

// A VisitReply is what a whole text means that answers a reminder of an appointment.
type VisitReply string

const (
	VisitWords     VisitReply = "" // for a person to read
	VisitConfirm   VisitReply = "confirm"
	VisitOtherTime VisitReply = "reschedule"
	VisitCancel    VisitReply = "cancel"
)

// visitReplies are the agreed answers, as fold writes them.
var visitReplies = func() map[string]VisitReply {
	out := map[string]VisitReply{}
	for reply, texts := range map[VisitReply]string{
		VisitConfirm: "1,C,SI,S,YES,Y,OK,OKAY,CONFIRM,CONFIRMED,I CONFIRM,YES CONFIRM,YES I CONFIRM,CONFIRMO,CONFIRMAR,CONFIRMADO," +
			"CONFIRMADA,SI CONFIRMO,1 SI,1 YES,SI GRACIAS,YES THANKS,YES THANK YOU,CLARO,CLARO QUE SI",
		VisitOtherTime: "2,R,RESCHEDULE,CHANGE,RESCHEDULE PLEASE,PLEASE RESCHEDULE,CAMBIAR,CAMBIARLA,CAMBIAR CITA,CAMBIAR LA CITA,REPROGRAMAR," +
			"REAGENDAR,OTRA FECHA",
		VisitCancel: "3,X,CANCEL APPOINTMENT,CANCEL MY APPOINTMENT,CANCEL THE APPOINTMENT,CANCEL VISIT,CANCEL MY VISIT,CANCEL APPT," +
			"CANCELAR CITA,CANCELAR LA CITA,CANCELAR MI CITA,CANCELO,CANCELO LA CITA,CANCELE LA CITA,CANCELE MI CITA",
	} {
		for t := range strings.SplitSeq(texts, ",") {
			out[t] = reply
		}
	}
	return out
}()

// VisitReplyOf is what a whole text means as an answer to a reminder.
func VisitReplyOf(text string) VisitReply { return visitReplies[fold(text)] }

// IsCancel knows the word by which some end their texts, and others their appointment.
func IsCancel(text string) bool { word := fold(text); return word == "CANCEL" || word == "CANCELAR" }

// A VisitChoice is a whole text that picks from what a number was asked back.
type VisitChoice struct {
	Number int  // from 1 on; 0 for none
	All    bool // every one
	Visit  bool // it is about the appointment
	Texts  bool // it is about the texts
}

// ChoiceOf reads one.
func ChoiceOf(text string) (c VisitChoice) {
	switch word := fold(text); word {
	case "ALL", "BOTH", "ALL OF THEM", "TODAS", "TODOS", "AMBAS", "LAS DOS", "LOS DOS":
		c.All = true
	case "VISIT", "THE VISIT", "APPOINTMENT", "THE APPOINTMENT", "MY APPOINTMENT", "CITA", "LA CITA", "MI CITA", "VISITA", "LA VISITA":
		c.Visit = true
	case "TEXTS", "THE TEXTS", "MESSAGES", "THE MESSAGES", "MENSAJES", "LOS MENSAJES", "TEXTOS", "LOS TEXTOS":
		c.Texts = true
	default:
		if len(word) == 1 && '1' <= word[0] && word[0] <= '9' {
			c.Number = int(word[0] - '0')
		}
	}
	return c
}

// fold writes a text in capitals without accents and marks, its words one space apart.
func fold(text string) string {
	if len(text) > 64 { // longer than anything agreed
		return ""
	}
	s, _, err := transform.String(transform.Chain(norm.NFKD, runes.Remove(runes.In(unicode.Mn))), text)
	if err != nil {
		return ""
	}
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsLetter(r) || unicode.IsDigit(r):
			return unicode.ToUpper(r)
		case unicode.IsSpace(r) || r == '-':
			return ' '
		}
		return -1
	}, s)
	return strings.Join(strings.Fields(s), " ")
}
