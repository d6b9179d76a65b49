package twilio

import (
	"encoding/xml"
	"strings"
	"testing"
	"unicode/utf8"

	"lamplight/routing/channel"
)

// Whatever a signed text back says, a reply has a name and a number, or there is none; no byte of it is one that a database
// refuses, and what goes back to the gateway is XML.
func FuzzParseReply(f *testing.F) {
	f.Add("AccountSid=AC1&MessageSid=SM1&From=%2B13125550101&Body=on+my+way")
	f.Add("AccountSid=AC1&MessageSid=SM1&From=%2B13125550101&Body=%00%ff%3CMessage%3E&NumMedia=2")
	f.Add("AccountSid=AC1&MessageSid=SM1&From=%2B13125550101&Body=ALTO&OptOutType=STOP")
	f.Add("AccountSid=AC1&MessageSid=SM1&From=72345")
	f.Add("AccountSid=AC2&MessageSid=%zz")
	f.Fuzz(func(t *testing.T, body string) {
		r, known, err := parseReply("AC1", body)
		if (err != nil || !known) && r != (channel.Reply{}) && r.Ref != "" {
			t.Errorf("%v, %v and %+v", known, err, r)
		}
		if known && (!e164.MatchString(r.From) || r.Ref == "" || !utf8.ValidString(r.Body) || strings.Contains(r.Body, "\x00")) {
			t.Errorf("%+v", r)
		}
		var said struct{ Message string }
		if err := xml.Unmarshal(twiml(r.Body), &said); err != nil {
			t.Errorf("%q: %v", twiml(r.Body), err)
		}
	})
}

// Whatever a signed callback says, a report either names a message and is of a status we know, or there is none.
func FuzzParseReport(f *testing.F) {
	f.Add("attempt=k1", "AccountSid=AC1&MessageSid=SM1&MessageStatus=delivered")
	f.Add("attempt=k1&attempt=k2", "AccountSid=AC1&MessageSid=SM1&MessageStatus=undelivered&ErrorCode=30003")
	f.Add("attempt=%zz", "AccountSid=AC1")
	f.Add("", "AccountSid=AC1&MessageSid=%00%0a&MessageStatus=sent")
	f.Add("attempt=k1", "AccountSid=AC1&MessageSid=SM1&MessageStatus=failed&ErrorCode=Maria+Munoz")
	f.Fuzz(func(t *testing.T, query, body string) {
		r, known, err := parseReport("AC1", query, body)
		if err != nil {
			if known || r.Key != "" || r.Ref != "" {
				t.Errorf("an error and %+v", r)
			}
			return
		}
		if r.Key == "" || r.Ref == "" || len(r.Key) > 64 || len(r.Ref) > 64 || len(r.Why) > 16 {
			t.Errorf("%+v", r)
		}
		if strings.ContainsAny(r.Ref+r.Why, " +\n\x00<") {
			t.Errorf("%+v holds what is no code", r)
		}
		if known == (r.Status == "") {
			t.Errorf("known %v, status %q", known, r.Status)
		}
	})
}
