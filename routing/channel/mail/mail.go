// Package mail sends email over SMTP, never without TLS: STARTTLS demanded, or TLS from the first byte.
//
// SMTP has no way to ask whether a message was taken, so Lookup cannot tell and a doubtful message goes out again under the
// same Message-ID, by which mail stores fold the two into one.
//
// It promises that a message the server has confirmed is never reported as failed because the goodbye after it went wrong.
// It leaves the words to channel.Say.
package mail

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync/atomic"
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
	From     string         // "Lamplight <notes@example.org>"
	Roots    *x509.CertPool // whom to trust; nil for the machine's own
	Timeout  time.Duration  // bounds one message; 20 s if zero
}

// Client is a channel.Channel. Each message has a connection of its own; it may be used from any goroutine.
type Client struct {
	cfg    Config
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
	return &Client{cfg: cfg, domain: strings.Trim(from[strings.LastIndexByte(from, '@')+1:], "<>")}, nil
}

// Lookup implements channel.Channel: SMTP cannot be asked.
func (c *Client) Lookup(context.Context, channel.Message) (channel.Receipt, error) {
	return channel.Receipt{}, channel.ErrCannotTell
}

// Send implements channel.Channel.
func (c *Client) Send(ctx context.Context, m channel.Message) (channel.Receipt, error) {
	msg, err := c.compose(m)
	if err != nil {
		return channel.Receipt{}, &channel.Error{Kind: channel.Unreachable, Err: err}
	}
	ctx, cancel := context.WithTimeout(ctx, c.cfg.Timeout)
	defer cancel()
	line := &line{cfg: c.cfg}
	client, err := gomail.NewClient(c.cfg.Host, c.options(line)...)
	if err != nil {
		return channel.Receipt{}, &channel.Error{Kind: channel.Later, Err: err}
	}
	session, err := client.DialToSMTPClientWithContext(ctx)
	if err != nil {
		line.close()
		return channel.Receipt{}, &channel.Error{Kind: channel.Later, Code: "connect", Err: err}
	}
	// go-mail forgets the context once it is connected.
	stop := context.AfterFunc(ctx, line.close)
	defer stop()
	defer line.close()
	err = client.SendWithSMTPClient(session, msg)
	if err != nil && !msg.IsDelivered() {
		return channel.Receipt{}, explain(err)
	}
	// The server has it. A goodbye that fails changes nothing.
	_ = client.CloseWithSMTPClient(session)
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

func (c *Client) options(l *line) []gomail.Option {
	opts := []gomail.Option{
		gomail.WithPort(c.cfg.Port), gomail.WithTimeout(c.cfg.Timeout),
		gomail.WithTLSConfig(tlsFor(c.cfg)), gomail.WithDialContextFunc(l.dial), gomail.WithHELO(c.domain),
	}
	if c.cfg.Implicit {
		opts = append(opts, gomail.WithSSL())
	} else {
		opts = append(opts, gomail.WithTLSPolicy(gomail.TLSMandatory))
	}
	if c.cfg.Username != "" {
		opts = append(opts, gomail.WithSMTPAuth(gomail.SMTPAuthPlain),
			gomail.WithUsername(c.cfg.Username), gomail.WithPassword(c.cfg.Password))
	}
	return opts
}

func tlsFor(cfg Config) *tls.Config {
	return &tls.Config{ServerName: cfg.Host, RootCAs: cfg.Roots, MinVersion: tls.VersionTLS12}
}

// line keeps hold of the connection, which go-mail drops without closing when the greeting or TLS fails.
type line struct {
	cfg  Config
	conn atomic.Pointer[net.Conn]
}

func (l *line) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	var conn net.Conn
	var err error
	if l.cfg.Implicit {
		conn, err = (&tls.Dialer{Config: tlsFor(l.cfg)}).DialContext(ctx, network, addr)
	} else {
		conn, err = (&net.Dialer{}).DialContext(ctx, network, addr)
	}
	if err != nil {
		return nil, err
	}
	l.conn.Store(&conn)
	return conn, nil
}

func (l *line) close() {
	if conn := l.conn.Load(); conn != nil {
		_ = (*conn).Close()
	}
}

func explain(err error) error {
	e := &channel.Error{Kind: channel.Later, Err: err}
	var send *gomail.SendError
	if !errors.As(err, &send) {
		return e
	}
	code := send.ErrorCode()
	if code != 0 {
		e.Code = strconv.Itoa(code)
	}
	switch {
	case code >= 500 && code != 530 && code != 535: // those two are about our own password, which may be put right
		e.Kind = channel.Refused
	case code == 0 && (send.Reason == gomail.ErrSMTPDataClose || send.Reason == gomail.ErrWriteContent):
		// The whole message may be there, only its confirmation is not.
		e.Kind = channel.Unknown
	}
	return e
}
