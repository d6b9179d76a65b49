package channel

import (
	"strings"
	"unicode"

	"golang.org/x/text/runes"
	"golang.org/x/text/transform"
	"golang.org/x/text/unicode/norm"

	"lamplight/frontend/shared/catalog"
	"lamplight/telephony"
)

// TextBudget is how many GSM-7 septets a text may have: one part, so that it neither costs nor arrives in pieces.
const TextBudget = 160

// A Wording is a message in its reader's language.
type Wording struct {
	Text                   string // GSM-7, at most TextBudget septets as long as the link leaves room
	Subject, Body          string // of the mail
	PushTitle, PushMessage string
}

// Say puts m into words.
func Say(m Message) Wording {
	v := catalog.Vars{
		"practice":  clean(m.Practice),
		"urgency":   catalog.T(m.Lang, "channel.urgency."+m.Urgency, nil),
		"reference": clean(m.Reference),
		"link":      m.Link,
		"name":      clean(m.Name),
		"code":      m.Code,
		"visits":    clean(m.Visits),
	}
	text, subject, body, push := "channel.text", "channel.email.subject", "channel.email.body", "channel.push.body"
	switch {
	case m.Invitation:
		text, subject, body = "channel.invitation.text", "channel.invitation.subject", "channel.invitation.body"
	case m.Trial:
		text, subject, body = "channel.trial.text", "channel.trial.subject", "channel.trial.body"
	case m.Notice == NoticeReminder:
		text = "channel.reminder.one"
		if m.Confirmed {
			text = "channel.reminder.confirmed"
		} else if m.Several {
			text = "channel.reminder.several"
		}
		return Wording{Text: sayText(m.Lang, text, v)}
	case m.Notice == NoticeCode:
		text, subject, body = "channel.notice.code", "channel.notice.code.subject", "channel.notice.code.body"
	case m.Notice != "":
		text, subject, body = "channel.notice.text", "channel.notice.subject", "channel.notice.body"
	case m.Summons:
		text, subject, body, push = "channel.summons.text", "channel.summons.subject", "channel.summons.body", "channel.summons.push"
	}
	return Wording{
		Text:        sayText(m.Lang, text, v),
		Subject:     catalog.T(m.Lang, subject, v),
		Body:        catalog.T(m.Lang, body, v),
		PushTitle:   catalog.T(m.Lang, "channel.push.title", v),
		PushMessage: catalog.T(m.Lang, push, v),
	}
}

// sayText shortens the practice's name, the only part that can be long, until the text fits in one part.
func sayText(lang telephony.Language, sentence string, v catalog.Vars) string {
	practice := []rune(GSM(v["practice"]))
	for {
		v := catalog.Vars{"practice": string(practice), "urgency": v["urgency"], "reference": GSM(v["reference"]), "link": v["link"],
			"code": v["code"], "visits": GSM(v["visits"])}
		text := GSM(catalog.T(lang, sentence, v))
		if Septets(text) <= TextBudget || len(practice) <= 8 {
			return text
		}
		practice = []rune(strings.TrimRight(string(practice[:len(practice)-1]), " .,"))
	}
}

// clean takes out what could forge a line, a header or a reading direction.
func clean(s string) string {
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r) || unicode.Is(unicode.Cf, r)
	}), " ")
}

// GSM-7's basic set, one septet each, and its extension, two each (3GPP TS 23.038, 6.2.1).
const (
	gsmBasic = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?" +
		"¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
	gsmExtended = "\f^{}\\[~]|€"
)

// Septets counts s as GSM-7, or answers -1 when a rune of it does not fit, which would make the text UCS-2 and 70 long.
func Septets(s string) int {
	n := 0
	for _, r := range s {
		switch {
		case strings.ContainsRune(gsmBasic, r):
			n++
		case strings.ContainsRune(gsmExtended, r):
			n += 2
		default:
			return -1
		}
	}
	return n
}

// GSM writes s in GSM-7: á í ó ú, which do not fit, lose their accent; é ñ ü ¿ ¡ fit and stay. What has no plain letter
// becomes "?".
func GSM(s string) string {
	var b strings.Builder
	for _, r := range norm.NFC.String(s) {
		if strings.ContainsRune(gsmBasic, r) || strings.ContainsRune(gsmExtended, r) {
			b.WriteRune(r)
			continue
		}
		b.WriteString(plain(r))
	}
	return b.String()
}

var typographic = strings.NewReplacer("’", "'", "‘", "'", "“", "\"", "”", "\"", "–", "-", "—", "-", "…", "...", "\u00a0", " ", "\t", " ")

func plain(r rune) string {
	if s := typographic.Replace(string(r)); s != string(r) {
		return s
	}
	s, _, err := transform.String(transform.Chain(norm.NFD, runes.Remove(runes.In(unicode.Mn))), string(r))
	if err != nil || Septets(s) < 0 {
		return "?"
	}
	return s
}
