package mail_test

import (
	"context"
	"crypto/x509"
	"errors"
	"log/slog"
	"net"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/emersion/go-smtp"

	"lamplight/routing/channel"
	"lamplight/routing/channel/channeltest"
	"lamplight/routing/channel/mail"
	"lamplight/routing/channel/pocket"
)

func client(t *testing.T, p *pocket.Pocket, port int, implicit bool, roots *x509.CertPool) *mail.Client {
	t.Helper()
	c, err := mail.New(mail.Config{Host: p.MailHost, Port: port, Implicit: implicit, From: "Lamplight <notes@house.example>", Roots: roots})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func startPocket(t *testing.T) *pocket.Pocket {
	t.Helper()
	p, err := pocket.Start(t.Context(), pocket.Config{Phones: []pocket.ProviderPhone{channeltest.Phone}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	return p
}

func TestChannel(t *testing.T) {
	for name, implicit := range map[string]bool{"STARTTLS": false, "TLS from the first byte": true} {
		t.Run(name, func(t *testing.T) {
			channeltest.Run(t, func(t *testing.T) channeltest.Subject {
				p := startPocket(t)
				port := p.MailPort
				if implicit {
					port = p.MailsPort
				}
				return channeltest.Subject{Channel: client(t, p, port, implicit, p.Roots), Pocket: p, Kind: pocket.ArrivedEmail,
					To: channeltest.Phone.Email, Nowhere: "not an address", Unheard: client(t, p, 1, implicit, p.Roots)}
			})
		})
	}
}

func TestAServerNobodyVouchesForGetsNothing(t *testing.T) {
	for _, implicit := range []bool{false, true} {
		p := startPocket(t)
		port := p.MailPort
		if implicit {
			port = p.MailsPort
		}
		_, err := client(t, p, port, implicit, x509.NewCertPool()).Send(t.Context(), channeltest.Message(channeltest.Phone.Email, "k"))
		var e *channel.SendError
		if !errors.As(err, &e) || e.Kind != channel.Later || len(p.Messages()) != 0 {
			t.Errorf("%v, %d arrived", err, len(p.Messages()))
		}
	}
}

func TestAMailHasItsOwnIDAndItsReadersLanguage(t *testing.T) {
	p := startPocket(t)
	m := channeltest.Message(channeltest.Phone.Email, "0190-key")
	m.Lang, m.Practice = "es", "Clínica Ñandú\r\nBcc: everyone@example.org"
	r, err := client(t, p, p.MailPort, false, p.Roots).Send(t.Context(), m)
	if err != nil {
		t.Fatal(err)
	}
	a := p.Messages()[0]
	if r.Ref != "0190-key@house.example" || a.Ref != r.Ref {
		t.Errorf("Message-ID %q, receipt %q", a.Ref, r.Ref)
	}
	if !strings.HasPrefix(a.Title, "Clínica Ñandú Bcc: everyone@example.org: mensaje URGENTE L-4821") || len(p.Messages()) != 1 {
		t.Errorf("subject %q to %d", a.Title, len(p.Messages()))
	}
	if !strings.Contains(a.Body, "Ábralo aquí") {
		t.Errorf("body %q", a.Body)
	}
}

// The server is asked to report, and its reports come back by the attempt's own address: a mail that arrived is delivered, one
// that was taken and then given up is undelivered.
func TestWhatBecameOfAMailIsReported(t *testing.T) {
	p := startPocket(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	reports := make(chan channel.DeliveryReport, 10)
	var broken atomic.Bool
	b := mail.ListenBounces(l, "bounces@house.example", func(_ context.Context, r channel.DeliveryReport) error {
		if broken.Swap(false) {
			return errors.New("the database is away")
		}
		reports <- r
		return nil
	}, slog.New(slog.DiscardHandler))
	served := make(chan error, 1)
	go func() { served <- b.Serve() }()
	t.Cleanup(func() {
		if err := errors.Join(b.Close(), <-served); err != nil {
			t.Error(err)
		}
	})
	p.SetBounces(l.Addr().String())
	c, err := mail.New(mail.Config{Host: p.MailHost, Port: p.MailPort, From: "Lamplight <notes@house.example>",
		Bounces: "bounces@house.example", Roots: p.Roots})
	if err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]channel.DeliveryReport{
		"0190-good": {Key: "0190-good", Status: channel.Delivered},
		"0190-bad":  {Key: "0190-bad", Status: channel.Undelivered, Why: "5.1.1"},
	} {
		p.SetFaults(func(a pocket.Arrival) pocket.Fault {
			return map[bool]pocket.Fault{true: pocket.Undeliver}[want.Status == channel.Undelivered]
		})
		if _, err := c.Send(t.Context(), channeltest.Message(channeltest.Phone.Email, key)); err != nil {
			t.Fatal(err)
		}
		if got := <-reports; got != want {
			t.Errorf("%+v, want %+v", got, want)
		}
		if a := p.Messages()[len(p.Messages())-1]; a.From != "bounces+"+key+"@house.example" || a.Envelope != key {
			t.Errorf("from %q, envelope %q", a.From, a.Envelope)
		}
	}
	s, err := smtp.Dial(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	words := pocket.Report("x", "y", "z", "failed", "5.0.0")
	var said *smtp.SMTPError
	for _, to := range []string{"notes@house.example", "bounces@house.example", "bounces+@house.example", "bounces+k@other.example",
		"bounces+a.b@house.example"} {
		if err := s.SendMail("", []string{to}, strings.NewReader(words)); !errors.As(err, &said) || said.Code != 550 {
			t.Errorf("%s: %v", to, err)
		}
		if err := s.Reset(); err != nil {
			t.Fatal(err)
		}
	}
	// One that cannot be written down stays with the mail server, which brings it again.
	broken.Store(true)
	if err := s.SendMail("", []string{"Bounces+K@House.example"}, strings.NewReader(words)); !errors.As(err, &said) || said.Code != 451 {
		t.Errorf("%v", err)
	}
	if err := s.SendMail("", []string{"Bounces+K@House.example"}, strings.NewReader(words)); err != nil || (<-reports).Key != "k" {
		t.Errorf("%v", err)
	}
}

func TestNewRefuses(t *testing.T) {
	for name, cfg := range map[string]mail.Config{
		"no host":    {Port: 25, From: "a@b.example"},
		"no port":    {Host: "h", From: "a@b.example"},
		"no sender":  {Host: "h", Port: 25},
		"no bounces": {Host: "h", Port: 25, From: "a@b.example", Bounces: "Bounces <b@b.example>"},
	} {
		if _, err := mail.New(cfg); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}
