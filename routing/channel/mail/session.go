package mail

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"strconv"
	"strings"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"lamplight/routing/channel"
)

// A session is one conversation with the mail server. go-mail, which composes, knows neither ENVID nor ORCPT.
type session struct {
	cfg  Config
	conn net.Conn
	smtp *smtp.Client
}

// open connects, over TLS in either way, greets and signs in. The context's end cuts the connection.
func (c *Client) open(ctx context.Context) (*session, error) {
	s := &session{cfg: c.cfg}
	addr := net.JoinHostPort(c.cfg.Host, strconv.Itoa(c.cfg.Port))
	tlsConfig := &tls.Config{ServerName: c.cfg.Host, RootCAs: c.cfg.Roots, MinVersion: tls.VersionTLS12}
	var err error
	if c.cfg.Implicit {
		s.conn, err = (&tls.Dialer{Config: tlsConfig}).DialContext(ctx, "tcp", addr)
	} else {
		s.conn, err = (&net.Dialer{}).DialContext(ctx, "tcp", addr)
	}
	if err != nil {
		return nil, err
	}
	context.AfterFunc(ctx, s.close)
	if c.cfg.Implicit {
		s.smtp = smtp.NewClient(s.conn)
	} else if s.smtp, err = smtp.NewClientStartTLS(s.conn, tlsConfig); err != nil {
		s.close()
		return nil, err
	}
	s.smtp.CommandTimeout, s.smtp.SubmissionTimeout = c.cfg.Timeout, c.cfg.Timeout
	if err := s.greet(c.domain); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

func (s *session) greet(domain string) error {
	if err := s.smtp.Hello(domain); err != nil { // behind STARTTLS for the second time, as RFC 3207 wants
		return err
	}
	if s.cfg.Username == "" {
		return nil
	}
	return s.smtp.Auth(sasl.NewPlainClient("", s.cfg.Username, s.cfg.Password))
}

func (s *session) close() { _ = s.conn.Close() }

// send hands the message over. doubt says that all of it has left, so that the server may have it though it did not say so.
func (s *session) send(from, to, key string, message io.WriterTo) (doubt bool, err error) {
	// A server that offers no DSN is not asked: it says what became of a message by a bounce to the sender alone.
	if err := s.smtp.Mail(from, &smtp.MailOptions{EnvelopeID: key, Return: smtp.DSNReturnHeaders}); err != nil {
		return false, err
	}
	opts := &smtp.RcptOptions{Notify: []smtp.DSNNotify{smtp.DSNNotifySuccess, smtp.DSNNotifyFailure, smtp.DSNNotifyDelayed}}
	if isASCII(to) { // what an ORCPT can hold (RFC 3461, 4.2)
		opts.OriginalRecipientType, opts.OriginalRecipient = smtp.DSNAddressTypeRFC822, to
	}
	if err := s.smtp.Rcpt(to, opts); err != nil {
		return false, err
	}
	w, err := s.smtp.Data()
	if err != nil {
		return false, err
	}
	if _, err := message.WriteTo(w); err != nil {
		return true, err
	}
	return true, w.Close()
}

func isASCII(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r > '~' || r <= ' ' })
}

// explain is what a failed conversation leaves known.
func explain(doubt bool, err error) error {
	e := &channel.SendError{Kind: channel.Later, Err: err}
	var said *smtp.SMTPError
	switch {
	case errors.As(err, &said):
		e.Code = strconv.Itoa(said.Code)
		if said.Code >= 500 && said.Code != 530 && said.Code != 535 { // those two are about our own password, which may be put right
			e.Kind = channel.Refused
		}
	case doubt: // the whole message may be there, only its confirmation is not
		e.Kind = channel.Unknown
	}
	return e
}

// unopened is what a conversation that did not come to a message leaves known: nothing has left. A code is about our password.
func unopened(err error) error {
	e := &channel.SendError{Kind: channel.Later, Code: "connect", Err: err}
	var said *smtp.SMTPError
	if errors.As(err, &said) {
		e.Code = strconv.Itoa(said.Code)
	}
	return e
}

// returnPath is the envelope's sender, to which a mail server reports what became of a message: it names the attempt, since
// many a bounce holds nothing else by which it could be known.
func returnPath(bounces, key string) string {
	local, domain, _ := strings.Cut(bounces, "@")
	return local + "+" + key + "@" + domain
}
