package asterisk

import (
	"slices"
	"strings"
	"testing"

	"lamplight/telephony"
)

func TestNumber(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]telephony.Number{
		"+13125550100":                                  "+13125550100",
		"13125550100":                                   "+13125550100",
		"3125550100":                                    "+13125550100",
		"+1-312-555-0142":                               "+13125550142",
		"(312) 555-0142":                                "+13125550142",
		"1.312.555.0142":                                "+13125550142",
		"%2B13125550100":                                "+13125550100",
		"01152155 5555 0142":                            "+5215555550142",
		"+13125550100;npdi=yes":                         "+13125550100",
		"+13125550100;npdi=yes;rn=+13125559000":         "+13125550100",
		"3125550100;phone-context=+1":                   "+13125550100",
		"13125550100;phone-context=+1":                  "+13125550100",
		"5550100;phone-context=+1312":                   "+13125550100",
		"555-0100;PHONE-CONTEXT=+1-312":                 "+13125550100",
		"3125550100;phone-context=carrier.example":      "+13125550100",
		"+13125550100;isub=1411":                        "+13125550100",
		"+13125550100;ext=12":                           "+13125550100",
		"sip:+13125550100@10.0.0.1:5060;user=phone":     "+13125550100",
		"sip:+13125550100;npdi=yes@10.0.0.1;user=phone": "+13125550100",
		"sips:3125550100@pbx.example?Reason=x":          "+13125550100",
		"tel:+1-312-555-0100":                           "+13125550100",
		"TEL:555-0100;phone-context=+1312":              "+13125550100",
		"911":                                           "911",
		"sip:pbx.example":                               "",
		"sip:lamplight@10.0.0.1":                        "",
		"sip:anonymous@anonymous.invalid":               "",
		"mailto:+13125550100":                           "",
		"":                                              "",
		"+":                                             "",
		"+1312555010%":                                  "",
		"+1234567890123456":                             "",
		"12345678901234567":                             "",
		"+13125550100\x00":                              "",
		"5550100;phone-context=+131255501001234567":     "",
		"+13125550100npdiyes":                           "",
		"sip:+13125550100,+13125550199@carrier.example": "",
		"sip:+13125550100:secret@carrier.example":       "",
		"urn:service:sos":                               "",
		"+1312555\u202e0100":                            "",
		"\u0663\u0661\u0662\u0665\u0665\u0665\u0660":    "",
		"  +13125550100 ":                               "+13125550100",
		"sip:+1(312)5550100@10.0.0.1":                   "+13125550100",
		"2125550100;cic=+10288":                         "+12125550100",
	} {
		if got := ReadNumber(text); got != want {
			t.Errorf("%q is %q, want %q", text, got.Reveal(), want.Reveal())
		}
	}
}

func TestWhoIsCalled(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		invite Invite
		want   []telephony.Number
	}{
		"dialled and To the same": {Invite{Dialled: "+13125550100", To: "<sip:+13125550100@pbx>"}, []telephony.Number{"+13125550100"}},
		"an account's name, the number in To": {Invite{Dialled: "trunk-7", To: `"Lakeside, Internal" <sip:3125550100@pbx>`},
			[]telephony.Number{"+13125550100"}},
		"diverted": {Invite{Dialled: "+13125550000", To: "<sip:+13125550000@pbx>",
			Diversion: [2]string{"<tel:+13125550100>;reason=no-answer", "<sip:+13125550101@x>;reason=unconditional"}},
			[]telephony.Number{"+13125550000", "+13125550100", "+13125550101"}},
		"a history, the latest last": {Invite{Dialled: "s", To: "sip:pbx;tag=1",
			History: [2]string{"<sip:+13125550101@x>;index=1, <sip:+13125550100@x?Reason=SIP%3Bcause%3D302>;index=1.1"}},
			[]telephony.Number{"+13125550100", "+13125550101"}},
		"no number anywhere": {Invite{Dialled: "front desk", To: "<sip:front@pbx>"}, []telephony.Number{"front desk"}},
	} {
		if got := test.invite.Called(); !slices.Equal(got, test.want) {
			t.Errorf("%s: %v, want %v", name, got, test.want)
		}
	}
}

func TestWhoCalls(t *testing.T) {
	t.Parallel()
	const known = "<sip:+13125550142@carrier>;tag=1"
	for name, test := range map[string]struct {
		invite   Invite
		want     telephony.Number
		withheld bool
	}{
		"From alone": {Invite{Caller: "+13125550142", From: known, Presentation: "allowed_not_screened"}, "+13125550142",
			false},
		"asserted before From": {Invite{Caller: "+13125550177", Asserted: [2]string{"<sip:+13125550177@c>"}, From: known},
			"+13125550177", false},
		"asserted as a name and a tel": {Invite{Asserted: [2]string{`"Roe, Jane" <sip:jane@c>, <tel:+1-312-555-0177>`}, From: known},
			"+13125550177", false},
		"asserted in two headers": {Invite{Asserted: [2]string{"<sip:jane@c>", "<tel:+13125550177>"}, From: known}, "+13125550177",
			false},
		"asserted, no number": {Invite{Asserted: [2]string{"<sip:jane@c>"}, Caller: "jane", From: known}, "+13125550142", false},
		"from abroad":         {Invite{Caller: "0115215555550142"}, "+5215555550142", false},
		"Privacy: id": {Invite{Caller: "+13125550177", Asserted: [2]string{"<sip:+13125550177@c>"}, Privacy: "id",
			From: known}, "", true},
		"Privacy: user;id;critical": {Invite{Caller: "+13125550142", Privacy: "user;id;critical", From: known}, "", true},
		"Privacy: header":           {Invite{Caller: "+13125550142", Privacy: "Header", From: known}, "", true},
		"Privacy: none":             {Invite{Caller: "+13125550142", Privacy: "none", From: known}, "+13125550142", false},
		"Privacy of something else": {Invite{Caller: "+13125550142", Privacy: "session; history", From: known}, "+13125550142", false},
		"presentation restricted":   {Invite{Caller: "+13125550142", Presentation: "prohib_not_screened", From: known}, "", true},
		"From anonymous, number known": {Invite{Asserted: [2]string{"<sip:+13125550177@c>"}, Caller: "+13125550177",
			From: `"Anonymous" <sip:anonymous@anonymous.invalid>;tag=1`}, "", true},
		"anonymous at the carrier": {Invite{Caller: "anonymous", From: "<sip:Anonymous@carrier.example>"}, "", true},
		"anonymous, but Privacy: none": {Invite{Asserted: [2]string{"<sip:+13125550177@c>"}, Privacy: "none",
			From: "<sip:anonymous@anonymous.invalid>"}, "+13125550177", false},
		"unavailable": {Invite{Caller: "Unavailable", Presentation: "unavailable", From: "<sip:Unavailable@c>"}, "",
			false},
	} {
		got, withheld := test.invite.Calling()
		if got != test.want || withheld != test.withheld {
			t.Errorf("%s: %q, withheld %v", name, got.Reveal(), withheld)
		}
	}
}

// FuzzInvite: whatever a carrier sends, a number is digits with or without a plus, and what is withheld stays so.
func FuzzInvite(f *testing.F) {
	f.Add("+13125550100;npdi=yes|<sip:+13125550100@pbx>|<tel:1>|||<sip:2@x>|\"a\\\"<,\" <sip:3@x>|<tel:4>|5|allowed|id|<sip:6@x>")
	f.Fuzz(func(t *testing.T, text string) {
		i, ok := ParseInvite(text)
		if ok != (strings.Count(strings.TrimRight(text, "\r\n"), "|") == inviteFields-1) {
			t.Fatal("not the number of fields")
		}
		for _, n := range append(addressNumbers(i.To), ReadNumber(text)) {
			if n != "" && strings.Trim(strings.TrimPrefix(n.Reveal(), "+"), "0123456789") != "" {
				t.Fatalf("%q is no number", n.Reveal())
			}
		}
		if len(i.Called()) == 0 {
			t.Fatal("nobody is called")
		}
		if n, withheld := i.Calling(); withheld && n != "" {
			t.Fatal("a withheld number is told")
		}
	})
}

func addressNumbers(header string) (all []telephony.Number) {
	for _, u := range addresses(header) {
		all = append(all, ReadNumber(u))
	}
	return all
}
