package pocket

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/emersion/go-smtp"
)

// SetBounces is where delivery reports on mails are handed to by SMTP, "127.0.0.1:2525", as a mail server does that is told
// to pass on what comes for the sender's address; "" for nowhere.
func (p *Pocket) SetBounces(address string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.bounces = address
}

// report sends what became of a mail to its envelope's sender, if that was asked for.
func (m *mailbox) report(to string, seq int, fault Fault) {
	p := m.pocket
	action, status, wanted := "delivered", "2.0.0", smtp.DSNNotifySuccess
	if fault == Undeliver {
		action, status, wanted = "failed", "5.1.1", smtp.DSNNotifyFailure
		p.status(seq, "undelivered")
	}
	p.mu.Lock()
	address := p.bounces
	p.mu.Unlock()
	if address == "" || m.from == "" || fault == DropReports || !slices.Contains(m.notify, wanted) {
		return
	}
	from, words := m.from, Report(m.from, to, m.envid, action, status)
	p.running.Go(func() {
		c, err := smtp.Dial(address)
		if err != nil {
			return // the report is lost, as some are
		}
		defer c.Close()
		c.CommandTimeout, c.SubmissionTimeout = 5*time.Second, 5*time.Second
		if err := c.SendMail("", []string{from}, strings.NewReader(words)); err == nil && fault == TwiceReports {
			_ = c.SendMail("", []string{from}, strings.NewReader(words))
		}
	})
}

// Report is a delivery status notification as Postfix writes it (RFC 3464).
func Report(from, to, envid, action, status string) string {
	return strings.ReplaceAll(fmt.Sprintf(`From: MAILER-DAEMON@pocket (Mail Delivery System)
To: %s
Subject: Delivery report
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="=_pocket"

--=_pocket
Content-Description: Notification
Content-Type: text/plain; charset=us-ascii

This is the mail system at host pocket. Your message is %s.

--=_pocket
Content-Description: Delivery report
Content-Type: message/delivery-status

Reporting-MTA: dns; pocket
Original-Envelope-Id: %s
X-Postfix-Sender: rfc822; %s

Final-Recipient: rfc822; %s
Action: %s
Status: %s
Diagnostic-Code: X-Postfix; unknown user

--=_pocket--
`, from, action, envid, from, to, action, status), "\n", "\r\n")
}
