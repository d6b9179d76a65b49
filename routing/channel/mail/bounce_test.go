package mail

import (
	"strings"
	"testing"

	"lamplight/routing/channel"
)

// dsn is a report whose status part is given.
func dsn(kind, status string) string {
	return "From: <>\r\nContent-Type: " + kind + "; report-type=delivery-status;\r\n boundary=\"b/1\"\r\n\r\n" +
		"preamble\r\n--b/1\r\n\r\nIn words: Maria Muñoz's mail failed\r\n--b/1\r\nContent-Type: message/delivery-status\r\n\r\n" +
		status + "\r\n--b/1\r\nContent-Type: text/rfc822-headers\r\n\r\nAction: failed\r\n--b/1--\r\n"
}

func TestParseDSN(t *testing.T) {
	failed := channel.DeliveryReport{Status: channel.Undelivered, Why: "5.1.1"}
	const report = "multipart/report"
	for name, c := range map[string]struct {
		raw  string
		want channel.DeliveryReport
		ok   bool
	}{
		"failed": {dsn(report, "Reporting-MTA: dns; mx.example\r\n\r\nFinal-Recipient: rfc822;a@b.example\r\nAction: "+
			"failed\r\nStatus: 5.1.1\r\n"), failed, true},
		"in other letters": {dsn("Multipart/Report", "reporting-mta: dns; x\r\n\r\naction:  Failed \r\nstatus: 5.1.1 (bad mailbox)\r\n"),
			failed, true},
		"two blank lines": {dsn(report, "Reporting-MTA: dns; x\r\n\r\n\r\nAction: failed\r\nStatus: 5.1.1\r\n"), failed, true},
		"lines of Unix": {strings.ReplaceAll(dsn(report, "Reporting-MTA: dns; x\r\n\r\nAction: failed\r\nStatus: 5.1.1\r\n"), "\r\n",
			"\n"), failed, true},
		"delivered": {dsn(report, "Reporting-MTA: dns; x\r\n\r\nAction: delivered\r\nStatus: 2.0.0\r\n"),
			channel.DeliveryReport{Status: channel.Delivered}, true},
		"a status of words": {dsn(report, "Reporting-MTA: dns; x\r\n\r\nAction: failed\r\nStatus: Maria Muñoz\r\n"),
			channel.DeliveryReport{Status: channel.Undelivered}, true},
		"delayed":      {raw: dsn(report, "Reporting-MTA: dns; x\r\n\r\nAction: delayed\r\nStatus: 4.4.1\r\n")},
		"relayed":      {raw: dsn(report, "Reporting-MTA: dns; x\r\n\r\nAction: relayed\r\nStatus: 2.0.0\r\n")},
		"no recipient": {raw: dsn(report, "Reporting-MTA: dns; x\r\n")},
		"a holiday": {raw: "From: a@b.example\r\nAuto-Submitted: auto-replied\r\nContent-Type: text/plain\r\n\r\nAction: " +
			"failed\r\nStatus: 5.1.1\r\n"},
		"not a report": {raw: dsn("multipart/mixed", "Reporting-MTA: dns; x\r\n\r\nAction: failed\r\n")},
		"no boundary":  {raw: "Content-Type: multipart/report\r\n\r\nx"},
		"nothing":      {},
		"read of a phone": {raw: "Content-Type: multipart/report; report-type=disposition-notification; " +
			"boundary=b\r\n\r\n--b\r\nContent-Type: message/disposition-notification\r\n\r\nDisposition: x\r\n--b--\r\n"},
	} {
		if got, ok := parseDSN([]byte(c.raw)); got != c.want || ok != c.ok {
			t.Errorf("%s: %+v %v, want %+v %v", name, got, ok, c.want, c.ok)
		}
	}
}

// Whatever a stranger sends, a report is of an end that we know, and its code is a code.
func FuzzParseDSN(f *testing.F) {
	f.Add([]byte(dsn("multipart/report", "Reporting-MTA: dns; x\r\n\r\nAction: failed\r\nStatus: 5.1.1\r\n")))
	f.Add([]byte(dsn("multipart/report", "\r\n\r\nAction: delivered\r\n")))
	f.Fuzz(func(t *testing.T, raw []byte) {
		r, ok := parseDSN(raw)
		if !ok {
			if r != (channel.DeliveryReport{}) {
				t.Errorf("none, and %+v", r)
			}
			return
		}
		if (r.Status != channel.Delivered && r.Status != channel.Undelivered) || r.Key != "" ||
			(r.Why != "" && !statusForm.MatchString(r.Why)) {
			t.Errorf("%+v", r)
		}
	})
}
