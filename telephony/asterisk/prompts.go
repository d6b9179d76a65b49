package asterisk

// Prompts are the sentences Lamplight speaks, each in English and in Spanish. Their names are those ARI plays as
// "sound:lamplight/greeting".
var Prompts = []string{
	"lamplight/greeting",   // who this is, emergencies hang up and dial 911; one for English, two for Spanish
	"lamplight/busy",       // all agents are helping others, please wait
	"lamplight/overflow",   // apology: no agent can be reached, leave a message after the tone
	"lamplight/recorded",   // thank you, the message was recorded
	"lamplight/unknown",    // apology: the number dialled is not ours
	"lamplight/connecting", // to a provider: please wait while your call is connected
	"lamplight/beep",       // the tone
}
