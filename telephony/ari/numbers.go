package ari

import (
	"strings"

	"lamplight/telephony"
)

// number makes E.164 of what a carrier sends as a caller's number; of anything else ("anonymous") it makes the empty,
// unknown number. A carrier of North America leaves out the + and often the 1.
func number(s string) telephony.Number {
	digits, plus := strings.CutPrefix(strings.TrimSpace(s), "+")
	if digits == "" || len(digits) > 15 || strings.Trim(digits, "0123456789") != "" {
		return ""
	}
	switch {
	case plus:
		return telephony.Number("+" + digits)
	case len(digits) == 10 && digits[0] >= '2':
		return telephony.Number("+1" + digits)
	case len(digits) == 11 && digits[0] == '1':
		return telephony.Number("+" + digits)
	case strings.HasPrefix(digits, "011") && len(digits) > 10:
		return telephony.Number("+" + digits[3:])
	}
	return telephony.Number(digits) // a short or foreign number, as it came
}

// dialled is the number a caller dialled. What is no telephone number at all stays as it came, so that the line nobody
// owns is named in the log.
func dialled(s string) telephony.Number {
	if n := number(s); n != "" {
		return n
	}
	return telephony.Number(telephony.CleanName(s))
}
