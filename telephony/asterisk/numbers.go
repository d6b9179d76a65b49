package asterisk

import (
	"net/url"
	"slices"
	"strings"

	"lamplight/telephony"
)

// An Invite is what a carrier's INVITE says about who is called and who calls, as the dialplan passes it on: word for word,
// because what it means is decided here and nowhere else. It is patient data.
type Invite struct {
	Dialled      string    // the user of the Request-URI, or a whole URI
	To           string    // header
	Diversion    [2]string // the last to divert first
	History      [2]string // History-Info
	Asserted     [2]string // P-Asserted-Identity; each may hold several
	Caller       string    // the number Asterisk made of all that, by its own rule
	Presentation string    // what Asterisk says may be shown: "allowed_not_screened", "prohib", …
	Privacy      string    // header
	From         string    // header
}

// InviteVar is the channel variable the dialplan passes an Invite in, a line of fields with | between them.
const InviteVar = "LAMPLIGHT_INVITE"

const inviteFields = 12

// ParseInvite reads what the dialplan wrote. ok is false for anything else, the empty text of an older dialplan among it.
func ParseInvite(text string) (i Invite, ok bool) {
	f := strings.Split(strings.TrimRight(text, "\r\n"), "|")
	if len(f) != inviteFields {
		return Invite{}, false
	}
	return Invite{Dialled: f[0], To: f[1], Diversion: [2]string(f[2:4]), History: [2]string(f[4:6]), Asserted: [2]string(f[6:8]),
		Caller: f[8], Presentation: f[9], Privacy: f[10], From: f[11]}, true
}

// Called lists the numbers the call may be for, the likeliest first, each once: what was dialled, then To, then who was
// dialled before the call was diverted here, the latest first. A carrier may send an account's name where the number
// should be, and a practice may forward all its numbers to one of ours: only who knows the lines can choose. When there
// is no number at all the list holds what was dialled as a text, so that the line nobody owns has a name.
func (i Invite) Called() []telephony.Number {
	uris := append([]string{i.Dialled}, addresses(i.To)...)
	for _, h := range i.Diversion {
		uris = append(uris, addresses(h)...)
	}
	before := append(addresses(i.History[0]), addresses(i.History[1])...)
	slices.Reverse(before)
	var all []telephony.Number
	for _, u := range append(uris, before...) {
		if n := ReadNumber(u); n != "" && !slices.Contains(all, n) {
			all = append(all, n)
		}
	}
	if len(all) == 0 {
		all = append(all, telephony.Number(telephony.CleanName(i.Dialled)))
	}
	return all
}

// Calling is the caller's number, empty when there is none or it is withheld: who asked that it be withheld is neither
// shown nor called back by it, whatever the carrier lets us see (RFC 3323, RFC 3325 9.3).
func (i Invite) Calling() (n telephony.Number, withheld bool) {
	if i.withheld() {
		return "", true
	}
	uris := append(addresses(i.Asserted[0]), addresses(i.Asserted[1])...)
	uris = append(append(uris, i.Caller), addresses(i.From)...)
	for _, u := range uris {
		if n := ReadNumber(u); n != "" {
			return n, false
		}
	}
	return "", false
}

func (i Invite) withheld() bool {
	if strings.HasPrefix(i.Presentation, "prohib") {
		return true
	}
	for _, p := range strings.FieldsFunc(strings.ToLower(i.Privacy), func(r rune) bool { return strings.ContainsRune(";, \t", r) }) {
		switch p {
		case "id", "user", "header", "full":
			return true
		case "none":
			return false
		}
	}
	return slices.ContainsFunc(addresses(i.From), func(uri string) bool {
		user, host, _ := strings.Cut(strings.ToLower(uri), "@")
		host, _, _ = strings.Cut(host, ";")
		return host == "anonymous.invalid" || strings.TrimPrefix(strings.TrimPrefix(user, "sips:"), "sip:") == "anonymous"
	})
}

// addresses are the URIs of a header that holds addresses, in order: <sip:a@b>;x=y, "Name, of" <tel:c>, sip:d@e;tag=f.
func addresses(header string) (uris []string) {
	quoted, begun := false, 0
	cut := func(value string) {
		if at := strings.LastIndexByte(value, '<'); at >= 0 { // a name in quotes may hold one too, before it
			value, _, _ = strings.Cut(value[at+1:], ">")
		} else {
			value, _, _ = strings.Cut(value, ";")
		}
		if value = strings.TrimSpace(value); value != "" {
			uris = append(uris, value)
		}
	}
	for at := 0; at < len(header); at++ {
		switch c := header[at]; {
		case c == '\\' && quoted:
			at++
		case c == '"':
			quoted = !quoted
		case c == ',' && !quoted:
			cut(header[begun:at])
			begun = at + 1
		}
	}
	cut(header[begun:])
	return uris
}

// ReadNumber makes E.164 of what a carrier sends as a number: a tel: or SIP URI or its user, with parameters (portability,
// subaddress, extension: they say nothing about who is meant; a phone-context does), visual separators and escapes. A
// carrier of North America leaves out the + and often the 1, and may dial abroad with 011. A short or foreign number
// comes back as its digits. Of anything else ("anonymous") it makes the empty, unknown number.
func ReadNumber(text string) telephony.Number {
	text = strings.TrimSpace(text)
	if scheme, rest, ok := strings.Cut(text, ":"); ok {
		switch strings.ToLower(scheme) {
		case "tel":
			text = rest
		case "sip", "sips":
			user, _, ok := strings.Cut(rest, "@")
			if !ok {
				return "" // a host without a user
			}
			text = user
		default:
			return ""
		}
	}
	text, _, _ = strings.Cut(text, "@")
	text, parameters, _ := strings.Cut(text, ";")
	text, ok := plain(text)
	if !ok {
		return ""
	}
	digits, global := strings.CutPrefix(text, "+")
	if digits == "" || strings.Trim(digits, "0123456789") != "" {
		return ""
	}
	n := telephony.Number(text)
	if !global {
		n = national(digits, phoneContext(parameters))
	}
	if len(strings.TrimPrefix(n.Reveal(), "+")) > 15 {
		return ""
	}
	return n
}

// plain is a text without escapes and visual separators.
func plain(text string) (string, bool) {
	text, err := url.PathUnescape(text)
	if err != nil {
		return "", false
	}
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune("-.() ", r) {
			return -1
		}
		return r
	}, text), true
}

// national is a number dialled without a plus, in a context such as "+1312", or none.
func national(digits, context string) telephony.Number {
	switch {
	case len(digits) == 10 && digits[0] >= '2' && (context == "" || context == "+1"):
		return telephony.Number("+1" + digits)
	case len(digits) == 11 && digits[0] == '1' && (context == "" || context == "+1"):
		return telephony.Number("+" + digits)
	case strings.HasPrefix(digits, "011") && len(digits) > 10:
		return telephony.Number("+" + digits[3:])
	case context != "":
		return telephony.Number(context + digits)
	}
	return telephony.Number(digits)
}

// phoneContext finds a phone-context that is the beginning of a number; one that is a domain says nothing.
func phoneContext(parameters string) string {
	for p := range strings.SplitSeq(parameters, ";") {
		name, value, _ := strings.Cut(p, "=")
		if !strings.EqualFold(strings.TrimSpace(name), "phone-context") {
			continue
		}
		value, ok := plain(value)
		if digits, global := strings.CutPrefix(value, "+"); ok && global && digits != "" && strings.Trim(digits, "0123456789") == "" {
			return value
		}
	}
	return ""
}
