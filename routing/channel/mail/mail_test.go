package mail_test

import (
	"crypto/x509"
	"errors"
	"strings"
	"testing"

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

func open(t *testing.T) *pocket.Pocket {
	t.Helper()
	p, err := pocket.Open(t.Context(), pocket.Config{Phones: []pocket.Phone{channeltest.Phone}})
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
				p := open(t)
				port := p.MailPort
				if implicit {
					port = p.MailsPort
				}
				return channeltest.Subject{Channel: client(t, p, port, implicit, p.Roots), Pocket: p, Kind: pocket.KindEmail,
					To: channeltest.Phone.Email, Nowhere: "not an address", Unheard: client(t, p, 1, implicit, p.Roots)}
			})
		})
	}
}

func TestAServerNobodyVouchesForGetsNothing(t *testing.T) {
	for _, implicit := range []bool{false, true} {
		p := open(t)
		port := p.MailPort
		if implicit {
			port = p.MailsPort
		}
		_, err := client(t, p, port, implicit, x509.NewCertPool()).Send(t.Context(), channeltest.Message(channeltest.Phone.Email, "k"))
		var e *channel.Error
		if !errors.As(err, &e) || e.Kind != channel.Later || len(p.Messages()) != 0 {
			t.Errorf("%v, %d arrived", err, len(p.Messages()))
		}
	}
}

func TestAMailHasItsOwnIDAndItsReadersLanguage(t *testing.T) {
	p := open(t)
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

func TestNewRefuses(t *testing.T) {
	for name, cfg := range map[string]mail.Config{
		"no host":   {Port: 25, From: "a@b.example"},
		"no port":   {Host: "h", From: "a@b.example"},
		"no sender": {Host: "h", Port: 25},
	} {
		if _, err := mail.New(cfg); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}
