package pocket

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/subtle"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"math/big"
	"mime"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"strings"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// listenMail starts the SMTP server on two ports: STARTTLS, and TLS from the first byte.
func (p *Pocket) listenMail() error {
	cert, err := p.certificate()
	if err != nil {
		return fmt.Errorf("open the pocket's mail server: %w", err)
	}
	s := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) { return &mailbox{pocket: p, conn: c}, nil }))
	s.Domain = "pocket"
	s.ReadTimeout, s.WriteTimeout = 30*time.Second, 30*time.Second
	s.MaxMessageBytes = 1 << 20
	s.MaxRecipients = 10
	s.EnableDSN = true
	s.TLSConfig = &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12}
	s.ErrorLog = log.New(io.Discard, "", 0) // a broken connection is the tests' daily bread
	p.mail = s
	for _, implicit := range []bool{false, true} {
		l, err := net.Listen("tcp", net.JoinHostPort(p.cfg.Host, "0"))
		if err != nil {
			return fmt.Errorf("open the pocket's mail server: %w", err)
		}
		port := l.Addr().(*net.TCPAddr).Port
		if implicit {
			p.MailsPort, l = port, tls.NewListener(l, s.TLSConfig)
		} else {
			p.MailPort = port
		}
		p.mailPorts = append(p.mailPorts, l)
		p.running.Go(func() { _ = s.Serve(l) })
	}
	return nil
}

// certificate makes an authority for this pocket alone and a certificate of the mail server by it.
func (p *Pocket) certificate() (tls.Certificate, error) {
	rootKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	serial := func() *big.Int { return new(big.Int).SetBytes([]byte(random(8))) }
	from, to := time.Now().Add(-time.Hour), time.Now().Add(365*24*time.Hour)
	root := &x509.Certificate{SerialNumber: serial(), Subject: pkix.Name{CommonName: "Lamplight pocket"}, NotBefore: from, NotAfter: to,
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	rootDER, err := x509.CreateCertificate(rand.Reader, root, root, &rootKey.PublicKey, rootKey)
	if err != nil {
		return tls.Certificate{}, err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	leaf := &x509.Certificate{SerialNumber: serial(), Subject: pkix.Name{CommonName: p.cfg.Host}, NotBefore: from, NotAfter: to,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}
	if ip := net.ParseIP(p.cfg.Host); ip != nil {
		leaf.IPAddresses = []net.IP{ip}
	} else {
		leaf.DNSNames = []string{p.cfg.Host}
	}
	leafDER, err := x509.CreateCertificate(rand.Reader, leaf, root, &key.PublicKey, rootKey)
	if err != nil {
		return tls.Certificate{}, err
	}
	p.RootPEM = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: rootDER})
	p.Roots = x509.NewCertPool()
	p.Roots.AppendCertsFromPEM(p.RootPEM)
	return tls.Certificate{Certificate: [][]byte{leafDER}, PrivateKey: key}, nil
}

// mailbox is one SMTP conversation.
type mailbox struct {
	pocket *Pocket
	conn   *smtp.Conn
	from   string
	to     []string
	at     time.Time
	envid  string
	notify []smtp.DSNNotify // what is to be reported of the last recipient
	known  bool             // whoever speaks has said the user and password that are demanded
}

var _ smtp.AuthSession = (*mailbox)(nil)

func (m *mailbox) Reset()        { m.from, m.to = "", nil }
func (m *mailbox) Logout() error { return nil }

func (m *mailbox) AuthMechanisms() []string {
	if m.pocket.cfg.MailUser == "" {
		return nil
	}
	return []string{sasl.Plain}
}

func (m *mailbox) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		cfg := m.pocket.cfg
		if m.known = subtle.ConstantTimeCompare([]byte(user+"\x00"+password), []byte(cfg.MailUser+"\x00"+cfg.MailPassword)) == 1; !m.known {
			return smtp.ErrAuthFailed
		}
		return nil
	}), nil
}

func (m *mailbox) Mail(from string, o *smtp.MailOptions) error {
	if m.pocket.cfg.MailUser != "" && !m.known {
		return smtp.ErrAuthRequired
	}
	m.from, m.at, m.envid = from, time.Now(), o.EnvelopeID
	return nil
}

func (m *mailbox) Rcpt(to string, o *smtp.RcptOptions) error {
	m.to, m.notify = append(m.to, to), o.Notify
	return nil
}

func (m *mailbox) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	a, err := readMail(raw)
	if err != nil {
		return &smtp.SMTPError{Code: 554, EnhancedCode: smtp.EnhancedCode{5, 6, 0}, Message: "not a mail"}
	}
	for _, to := range m.to {
		a.To, a.From, a.At, a.Kind, a.Status, a.Envelope = to, m.from, m.at, ArrivedEmail, "delivered", m.envid
		booked, fault := m.pocket.arrive(a)
		if err := m.spoil(fault); err != nil {
			return err
		}
		m.report(to, booked.Seq, fault)
	}
	return nil
}

func (m *mailbox) spoil(f Fault) error {
	switch f {
	case Refuse:
		return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no such user"}
	case ServerError:
		return &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: "local error"}
	case Busy:
		return &smtp.SMTPError{Code: 421, EnhancedCode: smtp.EnhancedCode{4, 3, 2}, Message: "too busy"}
	case TakeAndBreak:
		_ = m.conn.Conn().Close()
		return io.ErrUnexpectedEOF
	case Hang, TakeAndHang:
		// The caller's own patience ends this; SMTP sees a connection that falls silent.
		select {
		case <-m.pocket.ctx.Done():
		case <-time.After(m.pocket.mail.ReadTimeout):
		}
		return io.ErrUnexpectedEOF
	}
	return nil
}

func readMail(raw []byte) (Arrival, error) {
	msg, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return Arrival{}, err
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(msg.Header.Get("Subject"))
	if err != nil {
		return Arrival{}, err
	}
	body := msg.Body
	switch strings.ToLower(msg.Header.Get("Content-Transfer-Encoding")) {
	case "quoted-printable":
		body = quotedprintable.NewReader(body)
	case "base64":
		body = base64.NewDecoder(base64.StdEncoding, body)
	}
	text, err := io.ReadAll(body)
	if err != nil {
		return Arrival{}, err
	}
	plain := strings.ReplaceAll(string(text), "\r\n", "\n")
	return Arrival{Title: subject, Body: plain, Ref: strings.Trim(msg.Header.Get("Message-Id"), "<>")}, nil
}
