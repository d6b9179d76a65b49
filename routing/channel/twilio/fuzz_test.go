package twilio

import (
	"strings"
	"testing"
)

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
