package main

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/pquerna/otp"
	"github.com/pquerna/otp/totp"

	"lamplight/cmd/console/windowtest"
	"lamplight/cmd/lamplight/server"
	"lamplight/notes"
	"lamplight/notes/postgres/postgrestest"
	"lamplight/routing/channel/pocket"
	"lamplight/telephony/asterisk/asterisktest"
	"lamplight/telephony/phone"
)

// readmeHeading begins the README's part whose lines TestTheReadmesFirstNight runs.
const readmeHeading = "## Your own service, from clone to the first note\n"

// fifteenMinutes is what the README promises. Reading and typing come to what is measured here, and building a fresh clone.
const fifteenMinutes = 15 * time.Minute

// TestTheReadmesFirstNight does what the README says a new service does, line by line as it stands there, with a carrier that asks for an
// account, a mail server that asks for a password, a text provider and nginx, none of which is Lamplight's; until a doctor
// has read a note by the link in the text. Only the names and addresses that stand for the reader's are replaced.
func TestTheReadmesFirstNight(t *testing.T) {
	t.Parallel() // it mostly waits
	n := newFirstNight(t)
	began := time.Now()
	for _, block := range n.blocks(t) {
		at := time.Now()
		n.run(t, block)
		if failed := serverFailed.FindString(n.said.String()); failed != "" {
			t.Fatal(failed)
		}
		if args := n.consoleArgs(t); args != nil {
			n.firstNote(t, args)
		}
		line, _, _ := strings.Cut(block, "\n")
		t.Logf("%6.1f s  %s", time.Since(at).Seconds(), line)
	}
	if n.reference == "" {
		t.Error("no line of the README opens a desk")
	}
	if took := time.Since(began); took > fifteenMinutes {
		t.Errorf("from clone to the proof of the first note: %v, of %v", took, fifteenMinutes)
	} else {
		t.Logf("from clone to the proof of the first note: %.1f s of machine's time, of %v; the rest is the reader's", took.Seconds(),
			fifteenMinutes)
	}
}

// firstNight is the reader's machine: a shell, what others run, and what was learned on the way.
type firstNight struct {
	dir        string
	mine       []replacement // the reader's names and addresses
	in         io.Writer
	out        *bufio.Reader
	said       strings.Builder // by the commands
	sip        string          // where the carrier reaches us
	registered <-chan string
	pocket     *pocket.Pocket
	public     string // the pages' address
	reference  string // of the note that was read
}

type replacement struct{ stands, is string }

func newFirstNight(t *testing.T) *firstNight {
	t.Helper()
	n := &firstNight{dir: postgrestest.Dir(t)}
	var carrier string
	carrier, n.registered = asterisktest.CarrierAt(t, "127.0.0.4", "harbor", "CARRIERS-PASSWORD")
	web, desks, hooks, public := free(t), free(t), free(t), free(t)
	n.sip, n.public = free(t), "https://localhost:"+portOf(public)
	cert, key, roots := n.certificate(t)
	var err error
	if n.pocket, err = pocket.Start(t.Context(), pocket.Config{AuthToken: "TWILIOTOKEN", MailUser: "notes@example.org",
		MailPassword: "MAILBOX-PASSWORD", CallbackRoots: roots,
		Phones: []pocket.ProviderPhone{{Person: "elena.reyes", Number: "+13125550171", Email: "reyes@harbor.example", Lang: "en"}}}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := n.pocket.Close(); err != nil {
			t.Error(err)
		}
	})
	n.mine = []replacement{
		{"/srv/lamplight", n.dir + "/srv"},
		{"/etc/lamplight/ca.pem", n.dir + "/ca.pem"},
		{"/etc/nginx/conf.d", n.dir + "/conf.d"},
		{"0.0.0.0:5060", n.sip},
		{"sip.example.net", carrier},
		{"smtp.example.org", n.pocket.MailHost},
		{"ACXXXXXXXX", n.pocket.AccountSID},
		{"127.0.0.1:8444", hooks},
		{"https://notes.example.org", n.public},
		{"--name notes.example.org", "--name localhost --port " + portOf(public) + " --to " + web + " --ca " + n.dir + "/ca.pem" +
			" --certificate " + cert + " --key " + key},
		{"localhost:4222", "localhost:" + portOf(desks)},
	}
	mailCA := filepath.Join(n.dir, "mail-ca.pem")
	if err := os.WriteFile(mailCA, n.pocket.RootPEM, 0o644); err != nil {
		t.Fatal(err)
	}
	n.nginx(t)
	n.shell(t, "LAMPLIGHT_LISTEN="+web, "LAMPLIGHT_NATS_LISTEN="+desks, "LAMPLIGHT_TEXT_URL="+n.pocket.URL,
		fmt.Sprintf("LAMPLIGHT_MAIL_PORT=%d", n.pocket.MailPort), "LAMPLIGHT_MAIL_CA="+mailCA,
		"SSL_CERT_FILE="+filepath.Join(n.dir, "roots.pem"))
	return n
}

func free(t *testing.T) string {
	t.Helper()
	addr, err := server.FreeAddr()
	if err != nil {
		t.Fatal(err)
	}
	return addr
}

// certificate makes the one for the reader's name, believed on the reader's machine beside its own roots.
func (n *firstNight) certificate(t *testing.T) (cert, key string, roots *x509.CertPool) {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "localhost"}, DNSNames: []string{"localhost"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour), IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &k.PublicKey, k)
	if err != nil {
		t.Fatal(err)
	}
	pkcs, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		t.Fatal(err)
	}
	cert, key = filepath.Join(n.dir, "fullchain.pem"), filepath.Join(n.dir, "privkey.pem")
	own := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	roots = x509.NewCertPool()
	roots.AppendCertsFromPEM(own)
	all, err := os.ReadFile("/etc/ssl/certs/ca-certificates.crt") // 'make build' may still have something to fetch
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	for path, content := range map[string][]byte{cert: own, key: pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs}),
		filepath.Join(n.dir, "roots.pem"): append(all, own...)} {
		if err := os.WriteFile(path, content, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return cert, key, roots
}

// nginx runs as it does on the reader's machine, without a site yet.
func (n *firstNight) nginx(t *testing.T) {
	t.Helper()
	if err := os.Mkdir(filepath.Join(n.dir, "conf.d"), 0o755); err != nil {
		t.Fatal(err)
	}
	conf := fmt.Sprintf("daemon off; pid %[1]s/nginx.pid; error_log stderr;\nevents {}\nhttp { access_log %[1]s/access.log; "+
		"client_body_temp_path %[1]s/b; proxy_temp_path %[1]s/p; fastcgi_temp_path %[1]s/f; uwsgi_temp_path %[1]s/u; scgi_temp_path "+
		"%[1]s/s; include %[1]s/conf.d/*.conf; }\n", n.dir)
	if err := os.WriteFile(filepath.Join(n.dir, "nginx.conf"), []byte(conf), 0o644); err != nil {
		t.Fatal(err)
	}
	windowtest.Start(t, nil, "/usr/sbin/nginx", "-c", filepath.Join(n.dir, "nginx.conf"), "-e", "stderr")
	eventually(t, "nginx runs", func() bool { b, err := os.ReadFile(filepath.Join(n.dir, "nginx.pid")); return err == nil && len(b) > 0 })
}

// shell opens the reader's shell at the clone. sudo is whoever tests; nginx is the one that runs; a desk is opened by the test.
func (n *firstNight) shell(t *testing.T, env ...string) {
	t.Helper()
	cmd := exec.Command("bash", "--norc")
	cmd.Dir = "../.."
	for _, v := range append(os.Environ(), env...) {
		if !strings.HasPrefix(v, "MAKE") && !strings.HasPrefix(v, "MFLAGS") { // of the make that runs the tests
			cmd.Env = append(cmd.Env, v)
		}
	}
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = cmd.Stdout
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	n.in, n.out = in, bufio.NewReader(out)
	t.Cleanup(func() {
		if t.Failed() {
			log, err := os.ReadFile(filepath.Join(n.dir, "srv", "log"))
			t.Logf("the shell said\n%s\nthe server's log:\n%s %v", &n.said, log, err)
		}
		if err := in.Close(); err != nil {
			t.Error(err)
		}
		if _, err := io.Copy(&n.said, n.out); err != nil {
			t.Error(err)
		}
		if err := cmd.Wait(); err != nil {
			t.Errorf("the shell ended with %v", err)
		}
	})
	if _, err := fmt.Fprintf(in, `set -eo pipefail
trap 'status=$?; trap - EXIT; kill $(jobs -p) 2>/dev/null && wait; exit $status' EXIT
sudo() { "$@"; }
nginx() { /usr/sbin/nginx -c %[1]s/nginx.conf -e stderr "$@"; }
console() { printf '%%s\n' "$@" >%[1]s/console; }
`, n.dir); err != nil {
		t.Fatal(err)
	}
}

// blocks are the README's commands, with what stands for the reader's replaced; each of that must stand there.
func (n *firstNight) blocks(t *testing.T) (out []string) {
	t.Helper()
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, part, ok := strings.Cut(string(text), readmeHeading)
	if !ok {
		t.Fatalf("the README has no %q", readmeHeading)
	}
	part, _, _ = strings.Cut(part, "\n## ")
	for _, r := range n.mine {
		if !strings.Contains(part, r.stands) {
			t.Errorf("the README does not say %s", r.stands)
		}
		part = strings.ReplaceAll(part, r.stands, r.is)
	}
	var block strings.Builder
	for line := range strings.Lines(part + "\n\n") {
		if code, ok := strings.CutPrefix(line, "    "); ok {
			block.WriteString(code)
		} else if block.Len() > 0 {
			out = append(out, block.String())
			block.Reset()
		}
	}
	return out
}

const blockDone = "-- this block is done --\n"

// run has the shell run a block and waits for its end.
func (n *firstNight) run(t *testing.T, block string) {
	t.Helper()
	if _, err := io.WriteString(n.in, block+"echo '"+strings.TrimSpace(blockDone)+"'\n"); err != nil {
		t.Fatalf("%v\n%s", err, block)
	}
	for {
		line, err := n.out.ReadString('\n')
		if err != nil {
			t.Fatalf("one of these lines fails:\n%s", block)
		}
		if line == blockDone {
			return
		}
		n.said.WriteString(line)
	}
}

// consoleArgs are what a desk was opened with by the block just run, nil if none was.
func (n *firstNight) consoleArgs(t *testing.T) []string {
	t.Helper()
	file := filepath.Join(n.dir, "console")
	b, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err == nil {
		err = os.Remove(file)
	}
	if err != nil {
		t.Fatal(err)
	}
	args := strings.Split(strings.TrimSuffix(string(b), "\n"), "\n")
	if i := slices.Index(args, "--ca"); i >= 0 && i+1 < len(args) && !filepath.IsAbs(args[i+1]) {
		args[i+1] = filepath.Join(n.dir, "srv", args[i+1]) // where the shell stands
	}
	return args
}

// serverFailed is what the README's wait for the server shows of one that did not start.
var serverFailed = regexp.MustCompile(`(?m)^lamplight: .*`)

var shownOnce = regexp.MustCompile(`password +(\S+)\nauthenticator +(\S+)\n`)

// person is who was added by the README, with the password and the authenticator's secret that were shown.
func (n *firstNight) person(t *testing.T, role notes.Role) (login, password, secret string) {
	t.Helper()
	all := shownOnce.FindAllStringSubmatch(n.said.String(), -1)
	for _, m := range all {
		key, err := otp.NewKeyFromURL(m[2])
		if err != nil {
			t.Fatal(err)
		}
		if key.AccountName() == map[notes.Role]string{notes.RoleAgent: "ana.ruiz", notes.RoleProvider: "elena.reyes"}[role] {
			return key.AccountName(), m[1], key.Secret()
		}
	}
	t.Fatalf("of %d people none is the README's %s", len(all), role)
	return "", "", ""
}

// firstNote has the agent sign in at the desk and take the first call, and the doctor read its note.
func (n *firstNight) firstNote(t *testing.T, args []string) {
	t.Helper()
	bin, err := filepath.Abs("../../bin/console-automation")
	if err != nil {
		t.Fatal(err)
	}
	select {
	case <-n.registered:
	case <-time.After(windowtest.Patience):
		t.Fatal("we have not registered with the carrier")
	}
	w := windowtest.Launch(t, bin, append(args, "--data", filepath.Join(n.dir, "desk"), "--lang", "en", "--sound", "none"))
	login, password, secret := n.person(t, notes.RoleAgent)
	code, err := totp.GenerateCode(secret, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	w.See("who signs in is asked", focused, "login")
	for _, words := range []string{login, password, code} {
		w.Write(words)
		w.Press(map[bool]string{true: windowtest.Enter, false: windowtest.Tab}[words == code])
	}
	w.See("signed in, linked, the phone registered", signedIn, "true")
	w.Press(windowtest.F9, "1")
	w.See("ready", shown, "Ready")
	caller, err := phone.Start(t.Context(), phone.Config{Listen: "127.0.0.4:0", Registrar: n.sip, User: "harbor"})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := caller.Close(); err != nil {
			t.Error(err)
		}
	}()
	call, err := caller.Dial(t.Context(), phone.Outgoing{Number: "+13125550100", From: "+13125550142", Name: "ROSA BENNETT"})
	if err != nil {
		t.Fatal(err)
	}
	if err := call.DTMF(t.Context(), "1"); err != nil {
		t.Fatal(err)
	}
	w.See("the pop has the answer key's focus", focused, "answer")
	w.See("who is called", `return document.querySelector('h1').textContent`, "Harbor Family Practice")
	w.Press(" ")
	w.See("answered; the call types have the focus", focused, "call-types")
	w.Press("1")
	(&atDesk{Window: w, t: t}).fill([]field{{key: "name", words: "Rosa Bennett"}, {key: "callback", stands: "(312) 555-0142"},
		{key: "reason", words: "Chest tightness"}})
	w.See("the send key", focused, "send")
	w.Chord(windowtest.Ctrl, windowtest.Enter)
	said := w.Await("sent", `return document.querySelector('#sent')?.textContent.trim()`, "a reference on its way",
		func(got string) bool { return reference.MatchString(got) && strings.HasSuffix(got, english.sent) })
	n.reference, _, _ = strings.Cut(said, " ")
	w.Press(windowtest.Esc, windowtest.Esc)
	w.See("hung up; the done key", focused, "done")
	<-call.Done()
	n.read(t, n.link(t))
	w.See("nothing waits on anybody", fmt.Sprintf(`return String([...document.querySelectorAll('#board li')].some(r => r.textContent.includes(%q)))`,
		n.reference), "false")
}

// link is the one in the text, which the email has too; both left by the accounts that others gave.
func (n *firstNight) link(t *testing.T) string {
	t.Helper()
	links := map[string]string{}
	eventually(t, "a text and an email for the doctor", func() bool {
		for _, a := range n.pocket.Messages() {
			if strings.Contains(a.Title+a.Body, n.reference) && a.Status != "refused" {
				links[a.Kind] = a.Link
			}
		}
		return len(links) == 2
	})
	for kind, l := range links {
		if !strings.HasPrefix(l, n.public+"/") {
			t.Errorf("the %s leads to %s", kind, l)
		}
	}
	eventually(t, "the text's delivery is reported through the proxy", func() bool {
		b, err := os.ReadFile(filepath.Join(n.dir, "access.log"))
		return err == nil && regexp.MustCompile(`"POST /hooks/text\S* HTTP/1.1" 2\d\d`).Match(b)
	})
	return links["text"]
}

// read has the doctor open the link on a phone, sign in, read and acknowledge, all through the proxy.
func (n *firstNight) read(t *testing.T, link string) {
	t.Helper()
	login, password, secret := n.person(t, notes.RoleProvider)
	who := notes.PersonID(login)
	d := &demo{keys: demoKeys{Codes: map[notes.PersonID]string{who: secret}}}
	p := openPage(t, 390, 844)
	p.do(chromedp.Navigate(link))
	p.signIn(d, who, password)
	p.see(`document.querySelector('article h1')?.textContent`, "Chest tightness")
	p.click("#acknowledge")
	p.see(`document.querySelector('#acknowledge') === null && document.querySelector('footer [role=status]').textContent.trim()`,
		"Acknowledged")
}
