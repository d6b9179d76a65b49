// Package mail sends email over SMTP, never without TLS: STARTTLS demanded, or TLS from the first byte.
//
// A server that offers DSN (RFC 3461) is asked to report delivery, delay and failure; the reports, and other servers' bounces,
// come to ListenBounces. SMTP has no way to ask whether a message was taken, so Lookup cannot tell and a doubtful
// message goes out again under the
// same Message-ID, by which mail stores fold the two into one.
//
// It promises that a message the server has confirmed is never reported as failed because the goodbye after it went wrong.
// It leaves the words to channel.Say.
package mail

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net/mail"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"

	"lamplight/routing/channel"
)

// Config is one mail server.
type Config struct {
	Host     string
	Port     int
	Implicit bool   // TLS from the first byte (port 465); otherwise STARTTLS is demanded
	Username string // empty for a server that asks for none
	Password string
	From     string // "Lamplight <notes@example.org>"
	// Bounces is the address that reports on what became of a message go to, "bounces@example.org", with the attempt's key
	// after a "+"; see ListenBounces. Empty has them go to From, which nobody reads.
	Bounces string
	Roots   *x509.CertPool // whom to trust; nil for the machine's own
	Timeout time.Duration  // bounds one message; 20 s if zero
}

// Client is a channel.Channel. Each message has a connection of its own; it may be used from any goroutine.
type Client struct {
	cfg    Config
	from   string // the sender's address, without the name
	domain string // of our Message-IDs
}

var _ channel.Channel = (*Client)(nil)

// New checks cfg; it does not connect.
func New(cfg Config) (*Client, error) {
	if cfg.Host == "" || cfg.Port <= 0 || cfg.Port > 65535 {
		return nil, errors.New("mail server: no host or port")
	}
	if cfg.Timeout == 0 {
		cfg.Timeout = 20 * time.Second
	}
	m := gomail.NewMsg()
	if err := m.From(cfg.From); err != nil {
		return nil, fmt.Errorf("mail server: the sender's address: %w", err)
	}
	from, err := m.GetSender(false)
	if err != nil {
		return nil, fmt.Errorf("mail server: the sender's address: %w", err)
	}
	from = strings.Trim(from, "<>")
	if a, err := mail.ParseAddress(cfg.Bounces); cfg.Bounces != "" && (err != nil || a.Address != cfg.Bounces ||
		strings.Contains(cfg.Bounces, "+")) {
		return nil, errors.New("mail server: the bounces' address is no plain mail address")
	}
	return &Client{cfg: cfg, from: from, domain: from[strings.LastIndexByte(from, '@')+1:]}, nil
}

// Lookup implements channel.Channel: SMTP cannot be asked.
func (c *Client) Lookup(context.Context, channel.Message) (channel.Receipt, error) {
	return channel.Receipt{}, channel.ErrNoLookup
}

// Send implements channel.Channel.
func (c *Client) Send(ctx context.Context, m channel.Message) (channel.Receipt, error) {
	msg, err := c.compose(m)
	if err != nil {
		return channel.Receipt{}, &channel.SendError{Kind: channel.Unreachable, Err: err}
	}
	to, err := msg.GetRecipients()
	if err != nil {
		return channel.Receipt{}, &channel.SendError{Kind: channel.Unreachable, Err: err}
	}
	ctx, cancel := context.WithTimeout(ctx, c.cfg.Timeout)
	defer cancel()
	session, err := c.open(ctx)
	if err != nil {
		return channel.Receipt{}, unopened(err)
	}
	defer session.close()
	from := c.from
	if c.cfg.Bounces != "" {
		from = returnPath(c.cfg.Bounces, m.Key)
	}
	if doubt, err := session.send(from, strings.Trim(to[0], "<>"), m.Key, msg); err != nil {
		return channel.Receipt{}, explain(doubt, err)
	}
	// The server has it. A goodbye that fails changes nothing.
	_ = session.smtp.Quit()
	return channel.Receipt{Ref: c.messageID(m.Key), Status: channel.Accepted}, nil
}

func (c *Client) messageID(key string) string { return key + "@" + c.domain }

func (c *Client) compose(m channel.Message) (*gomail.Msg, error) {
	msg := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	if err := msg.From(c.cfg.From); err != nil {
		return nil, err
	}
	if err := msg.To(m.To); err != nil {
		return nil, err
	}
	words := channel.Say(m)
	msg.Subject(words.Subject)
	msg.SetMessageIDWithValue(c.messageID(m.Key))
	msg.SetDate()
	// Nobody's holiday notice may come back, and nobody's machine may answer.
	msg.SetGenHeader("Auto-Submitted", "auto-generated")
	if m.Urgency != "routine" {
		msg.SetImportance(gomail.ImportanceHigh)
	}
	msg.SetBodyString(gomail.TypeTextPlain, words.Body)
	return msg, nil
}
