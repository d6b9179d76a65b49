package notes

import (
	"slices"
	"strings"

	"github.com/nyaruka/phonenumbers"
)

// A DialRule says which numbers agents may call for a practice's callers that stand in no list of people. The United States and
// their territories always; what costs more only where the practice says so: a stolen desk must not ring abroad.
type DialRule struct {
	Abroad  []string `json:"abroad,omitempty"`  // regions besides, by ISO 3166: "MX"; Canada and the Caribbean are abroad, too
	Premium bool     `json:"premium,omitempty"` // numbers that charge who calls them
}

// A DialRefusal is why a number may not be called; "" when it may.
type DialRefusal string

const (
	MayDial     DialRefusal = ""
	DialNoPlace DialRefusal = "number" // it can be none
	DialPremium DialRefusal = "premium"
	DialAbroad  DialRefusal = "abroad"
)

// home are the regions that every practice may call.
var home = []string{"US", "PR", "VI", "GU", "AS", "MP"}

// Refuses tells why a number in E.164 form may not be called.
func (r DialRule) Refuses(e164 string) DialRefusal {
	n, err := phonenumbers.Parse(e164, "")
	if err != nil {
		return DialNoPlace
	}
	if !r.Premium && premium(n, e164) {
		return DialPremium
	}
	region := phonenumbers.GetRegionCodeForNumber(n)
	if n.GetCountryCode() == 1 && region == "" { // a new area code: the tables come later than the telephones
		region = "US"
	}
	if slices.Contains(home, region) || slices.Contains(r.Abroad, region) && region != "" {
		return MayDial
	}
	return DialAbroad
}

func premium(n *phonenumbers.PhoneNumber, e164 string) bool {
	switch phonenumbers.GetNumberType(n) {
	case phonenumbers.PREMIUM_RATE, phonenumbers.SHARED_COST, phonenumbers.PERSONAL_NUMBER:
		return true
	}
	national, american := strings.CutPrefix(e164, "+1")
	return american && len(national) == 10 && (national[:3] == "900" || national[3:6] == "976")
}

// IsRegion tells whether a region is one whose numbers are known.
func IsRegion(r string) bool { return phonenumbers.GetSupportedRegions()[r] }
