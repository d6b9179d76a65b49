package notes

import "github.com/nyaruka/phonenumbers"

// TextAnswer says whether a number can take a text, as far as the plan it belongs to tells. In North America a mobile and a
// telephone on a wall look alike, so most answers are Takes.
type TextAnswer string

const (
	Takes  TextAnswer = ""       // nothing speaks against it
	Doubts TextAnswer = "doubts" // a land line or a free-phone number: some take texts
	Never  TextAnswer = "never"  // a pager, a premium or a voicemail number
)

// TakesTexts reads a number in E.164 form.
func TakesTexts(e164 string) TextAnswer {
	n, err := phonenumbers.Parse(e164, "")
	if err != nil {
		return Never
	}
	switch phonenumbers.GetNumberType(n) {
	case phonenumbers.PAGER, phonenumbers.PREMIUM_RATE, phonenumbers.SHARED_COST, phonenumbers.UAN, phonenumbers.VOICEMAIL:
		return Never
	case phonenumbers.FIXED_LINE, phonenumbers.TOLL_FREE:
		return Doubts
	}
	return Takes
}
