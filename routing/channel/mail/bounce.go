package mail

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"mime/multipart"
	"net"
	"net/mail"
	"net/textproto"
	"regexp"
	"strings"
	"time"

	"github.com/emersion/go-smtp"

	"lamplight/routing/channel"
)

// maxBounce is more than a report with the headers of what it reports on ever holds, in bytes.
const maxBounce = 1 << 20

// A Bouncer takes what mail servers report to Config.Bounces: delivery status notifications (RFC 3464), from the service's own
// mail server, which hands on to it whatever comes for bounces+…@. It speaks SMTP and holds no mailbox: a report is taken once
// it is written down, and refused for now otherwise, so that the mail server keeps it. A holiday notice is taken and dropped.
type Bouncer struct {
	server *smtp.Server
	l      net.Listener
}

// ListenBounces serves on l, which should be reached by the mail server alone, until Close. log hears of what was no report,
// without a word of it.
func ListenBounces(l net.Listener, bounces string, sink func(context.Context, channel.DeliveryReport) error, log *slog.Logger) *Bouncer {
	s := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) {
		return &bounce{address: bounces, sink: sink, log: log}, nil
	}))
	s.Domain = "lamplight"
	s.ReadTimeout, s.WriteTimeout = time.Minute, time.Minute
	s.MaxMessageBytes, s.MaxRecipients = maxBounce, 10
	s.ErrorLog = slog.NewLogLogger(log.Handler(), slog.LevelDebug)
	return &Bouncer{s, l}
}

// Serve answers until Close.
func (b *Bouncer) Serve() error {
	if err := b.server.Serve(b.l); err != nil && !errors.Is(err, smtp.ErrServerClosed) && !errors.Is(err, net.ErrClosed) {
		return fmt.Errorf("take bounces: %w", err)
	}
	return nil
}

// Close stops listening; what is under way is cut, and comes again.
func (b *Bouncer) Close() error {
	_ = b.server.Close()
	if err := b.l.Close(); !errors.Is(err, net.ErrClosed) {
		return err
	}
	return nil
}

// bounce is one conversation.
type bounce struct {
	address string
	sink    func(context.Context, channel.DeliveryReport) error
	log     *slog.Logger
	keys    []string
}

var _ smtp.Session = (*bounce)(nil)

func (b *bounce) Reset()                               { b.keys = nil }
func (b *bounce) Logout() error                        { return nil }
func (b *bounce) Mail(string, *smtp.MailOptions) error { return nil }

func (b *bounce) Rcpt(to string, _ *smtp.RcptOptions) error {
	key, ok := attemptOf(b.address, to)
	if !ok {
		return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no such attempt"}
	}
	b.keys = append(b.keys, key)
	return nil
}

func (b *bounce) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	report, ok := parseDSN(raw)
	if !ok {
		b.log.Info("mail: what came for the bounces' address is no delivery report")
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	for _, report.Key = range b.keys {
		if err := b.sink(ctx, report); err != nil {
			b.log.Error("mail: a delivery report was not written down", "attempt", report.Key, "error", err)
			return &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: "try again"}
		}
	}
	return nil
}

var keyForm = regexp.MustCompile(`^[0-9a-zA-Z-]{1,64}$`)

// attemptOf reads the attempt from a return path; mail servers may have changed its case.
func attemptOf(bounces, to string) (key string, ok bool) {
	local, domain, _ := strings.Cut(bounces, "@")
	at := strings.LastIndexByte(to, '@')
	if at < 0 || !strings.EqualFold(to[at+1:], domain) || len(to[:at]) <= len(local) || !strings.EqualFold(to[:len(local)+1], local+"+") {
		return "", false
	}
	key = strings.ToLower(to[len(local)+1 : at])
	return key, keyForm.MatchString(key)
}

// outcomes are what an Action says of a message (RFC 3464, 2.3.3). One that is delayed is still under way, and one that was
// relayed went where nobody reports from.
var outcomes = map[string]channel.DeliveryStatus{"failed": channel.Undelivered, "delivered": channel.Delivered}

var statusForm = regexp.MustCompile(`^[245]\.[0-9]{1,3}\.[0-9]{1,3}$`)

// parseDSN reads a delivery status notification; ok is false for one that says nothing of an end, and for anything else that
// comes to a sender's address: holiday notices, and bounces in words of a server's own, which cannot be told from them.
func parseDSN(raw []byte) (r channel.DeliveryReport, ok bool) {
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return r, false
	}
	kind, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/report" || params["boundary"] == "" {
		return r, false
	}
	for parts := multipart.NewReader(m.Body, params["boundary"]); ; {
		p, err := parts.NextPart()
		if err != nil {
			return r, false
		}
		kind, _, err := mime.ParseMediaType(p.Header.Get("Content-Type"))
		if err == nil && (kind == "message/delivery-status" || kind == "message/global-delivery-status") {
			return readStatus(p)
		}
	}
}

// readStatus reads the fields of the message, and then those of its one recipient.
func readStatus(r io.Reader) (channel.DeliveryReport, bool) {
	in := textproto.NewReader(bufio.NewReader(io.LimitReader(r, maxBounce)))
	for range 16 {
		fields, err := in.ReadMIMEHeader()
		action := strings.ToLower(strings.TrimSpace(fields.Get("Action")))
		if status, ok := outcomes[action]; ok {
			why := ""
			if code, _, _ := strings.Cut(strings.TrimSpace(fields.Get("Status")), " "); statusForm.MatchString(code) &&
				status == channel.Undelivered {
				why = code
			}
			return channel.DeliveryReport{Status: status, Why: why}, true
		}
		if action != "" || err != nil {
			break
		}
	}
	return channel.DeliveryReport{}, false
}
