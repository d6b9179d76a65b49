package asterisk_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"lamplight/telephony/asterisk"
	"lamplight/telephony/asterisk/asterisktest"
	"lamplight/telephony/phone"
	"lamplight/telephony/phone/speech"
	"lamplight/telephony/phone/voice"
)

func within(t *testing.T, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), d)
	t.Cleanup(cancel)
	return ctx
}

// must fails the test at an error.
func must[T any](t *testing.T) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// ari asks Asterisk and returns the answer.
func ari(ctx context.Context, s *asterisk.Server, method, path string, query url.Values) (int, []byte, error) {
	base, user, password := s.ARI()
	req, err := http.NewRequestWithContext(ctx, method, base+"/"+path+"?"+query.Encode(), nil)
	if err != nil {
		return 0, nil, err
	}
	req.SetBasicAuth(user, password)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	return res.StatusCode, body, err
}

// eventually waits for a condition.
func eventually(t *testing.T, ctx context.Context, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("it never happens that %s", what)
		}
	}
}

func caller(t *testing.T, s *asterisk.Server) *phone.Phone {
	t.Helper()
	p := must[*phone.Phone](t)(phone.Start(within(t, 5*time.Second), phone.Config{Listen: "127.0.0.2:0", Registrar: s.SIPAddr().String(),
		User: "carrier"}))
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	return p
}

func TestTwoRunSideBySide(t *testing.T) {
	asterisktest.Install(t) // so that the time below is not a download's
	begun := time.Now()
	a := asterisktest.Start(t, nil)
	took := time.Since(begun)
	t.Logf("started in %v", took)
	if took > 2*time.Second {
		t.Errorf("starting took %v, want less than 2 s", took)
	}
	b := asterisktest.Start(t, func(c *asterisk.Config) { c.Agents = 2 })
	if a.SIPAddr() == b.SIPAddr() || a.Spool() == b.Spool() || a.Pid() == b.Pid() || a.CarrierAddr() == b.CarrierAddr() {
		t.Errorf("both have %v, %v, %v", a.SIPAddr(), a.Spool(), a.Pid())
	}
	if len(a.Agents()) != 8 || len(b.Agents()) != 2 {
		t.Errorf("phones: %d and %d, want 8 and 2", len(a.Agents()), len(b.Agents()))
	}
	ctx := within(t, 20*time.Second)
	for name, s := range map[string]*asterisk.Server{"a": a, "b": b} {
		p := must[*phone.Phone](t)(phone.Start(ctx, phone.Config{Registrar: s.SIPAddr().String(), User: "agent1",
			Password: s.Agents()["agent1"]}))
		if err := p.Register(ctx); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if err := p.Close(); err != nil {
			t.Error(err)
		}
		wrong := must[*phone.Phone](t)(phone.Start(ctx, phone.Config{Registrar: s.SIPAddr().String(), User: "agent1", Password: "wrong"}))
		if err := wrong.Register(ctx); err == nil {
			t.Errorf("%s: a wrong password registers", name)
		}
		if err := wrong.Close(); err != nil {
			t.Error(err)
		}
		if st, err := os.Stat(fmt.Sprintf("/proc/%d", s.Pid())); err != nil || st.Sys().(*syscall.Stat_t).Uid == 0 {
			t.Errorf("%s: Asterisk runs as root, or not at all: %v", name, err)
		}
	}
}

func TestNothingIsOpenToOthers(t *testing.T) {
	t.Parallel()
	s := asterisktest.Start(t, nil)
	_, _, ariPassword := s.ARI()
	secrets := append([]string{ariPassword}, s.Agents()["agent1"])
	dir := filepath.Dir(filepath.Dir(s.Log()))
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.Type()&fs.ModeSymlink != 0 {
			return err
		}
		fi, err := d.Info()
		if err != nil {
			return err
		}
		if fi.Mode().Perm()&0o077 != 0 && d.Type()&fs.ModeSocket == 0 {
			t.Errorf("%s is open to others: %v", name, fi.Mode())
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	line := must[[]byte](t)(os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", s.Pid())))
	env := must[[]byte](t)(os.ReadFile(fmt.Sprintf("/proc/%d/environ", s.Pid())))
	for _, secret := range secrets {
		if secret == "" || bytes.Contains(line, []byte(secret)) || bytes.Contains(env, []byte(secret)) {
			t.Error("a password is missing or stands on the command line")
		}
	}
}

func TestItComesBackAfterAKill(t *testing.T) {
	t.Parallel()
	s := asterisktest.Start(t, nil)
	sip, agents := s.SIPAddr(), s.Agents()
	ctx := within(t, 40*time.Second)
	agent(t, ctx, s, "agent1")
	for i := range 3 {
		pid := s.Pid()
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		died := time.Now()
		eventually(t, ctx, "it comes back", func() bool { return s.Restarts() > i })
		t.Logf("back after %v as %d", time.Since(died).Round(time.Millisecond), s.Pid())
		if code, _, err := ari(ctx, s, "GET", "asterisk/info", nil); err != nil || code != 200 {
			t.Errorf("ARI after a restart: %d %v", code, err)
		}
	}
	// The phone is known again: from before, or by its next registration.
	eventually(t, ctx, "the agent's phone is known", func() bool {
		_, text, err := ari(ctx, s, "GET", "endpoints/PJSIP/agent1", nil)
		return err == nil && bytes.Contains(text, []byte(`"state":"online"`))
	})
	if s.SIPAddr() != sip || fmt.Sprint(s.Agents()) != fmt.Sprint(agents) {
		t.Error("ports or passwords changed")
	}
	pid := s.Pid()
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if err := syscall.Kill(pid, 0); err == nil {
		t.Error("it runs on after Close")
	}
	select {
	case <-s.Done():
	default:
		t.Error("not done after Close")
	}
}

func TestAFrozenAsteriskIsReplaced(t *testing.T) {
	t.Parallel()
	s := asterisktest.Start(t, nil)
	pid := s.Pid()
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	frozen := time.Now()
	eventually(t, within(t, 40*time.Second), "it is replaced", func() bool { return s.Restarts() > 0 })
	t.Logf("replaced %v after it froze", time.Since(frozen).Round(time.Millisecond))
}

// With nobody on ARI a caller hears the apology in both languages and leaves a message, and what Lamplight needs of it
// later can be found, with the caller's number in no log and in no name.
func TestApologyAndVoicemail(t *testing.T) {
	t.Parallel()
	const did, ani = "+13125550100", "+13125550142"
	s := asterisktest.Start(t, func(c *asterisk.Config) { c.Quiet = 2 * time.Second })
	warnings(t, s)
	ctx := within(t, 90*time.Second)
	begun := time.Now()
	c := must[*phone.Call](t)(caller(t, s).Dial(ctx, phone.Outgoing{Number: did, From: ani, Name: "Rosa Bennett"}))
	hears(t, ctx, c, "lamplight/overflow", "en")
	hears(t, ctx, c, "lamplight/overflow", "es")
	recordsMessage(t, ctx, s)
	message := must[speech.PCM](t)(voice.Caller("en"))
	if err := c.Play(ctx, message); err != nil {
		t.Fatal(err)
	}
	thanks := speech.FromUlaw(must[[]byte](t)(asterisk.Sound("en", "lamplight/recorded")))
	select {
	case <-c.Done():
	case <-ctx.Done():
		t.Fatal("the call does not end after the message")
	}
	if got, _, _ := speech.Follow(c.Heard(), thanks); got < 0.8 {
		t.Errorf("heard the thanks with %.3f", got)
	}
	vm := voicemail(t, ctx, s)
	if vm.DID != did || vm.At.Before(begun.Add(-2*time.Second)) || vm.At.After(time.Now()) {
		t.Errorf("the voicemail is for %s of %v", vm.DID, vm.At)
	}
	if strings.Contains(vm.Name, ani[1:]) {
		t.Error("the caller's number stands in the voicemail's name")
	}
	_, wav, err := ari(ctx, s, "GET", "recordings/stored/"+url.PathEscape(vm.Name)+"/file", nil)
	if err != nil {
		t.Fatal(err)
	}
	recorded := must[speech.PCM](t)(speech.ReadWAV(wav))
	if got, _, _ := speech.Follow(recorded, message); got < 0.8 {
		t.Errorf("the message was recorded with %.3f, %v", got, recorded.Duration())
	}
	code, note, err := ari(ctx, s, "GET", "recordings/stored/"+url.PathEscape(vm.Name+asterisk.CallerSuffix)+"/file", nil)
	invite, ok := asterisk.ParseInvite(string(note))
	if number, _ := invite.Calling(); err != nil || !ok || number != ani {
		t.Errorf("the caller's number: %d %v %q", code, err, note)
	}
	for _, name := range []string{vm.Name, vm.Name + asterisk.CallerSuffix} {
		if code, _, err := ari(ctx, s, "DELETE", "recordings/stored/"+url.PathEscape(name), nil); err != nil || code != 204 {
			t.Errorf("delete %s: %d %v", name, code, err)
		}
	}
	if left := must[[]os.DirEntry](t)(os.ReadDir(filepath.Join(s.Spool(), "vm"))); len(left) != 0 {
		t.Errorf("left in the spool: %v", left)
	}
	logsTell(t, s, ani[1:], "Bennett")
	noTrouble(t, s)
}

// hears waits until the call has heard a prompt, and tells where in what was heard it ends.
func hears(t *testing.T, ctx context.Context, c *phone.Call, prompt, language string) time.Duration {
	t.Helper()
	said := speech.FromUlaw(must[[]byte](t)(asterisk.Sound(language, prompt)))
	for until := time.Now().Add(40 * time.Second); ; {
		heard := c.Heard()
		match, at, over := speech.Follow(heard, said)
		if match > 0.8 && heard.Duration() >= over {
			t.Logf("heard %s in %s with %.3f, from %v to %v", prompt, language, match, at, over)
			return over
		}
		if time.Now().After(until) {
			t.Fatalf("heard %s in %s with %.3f", prompt, language, match)
		}
		if _, err := c.HeardAbove(ctx, -1, time.Now().Add(200*time.Millisecond)); err != nil {
			t.Fatalf("heard %s in %s with %.3f: %v", prompt, language, match, err)
		}
	}
}

// recordsMessage waits until the fail-safe records: the tone is over, and a person speaks.
func recordsMessage(t *testing.T, ctx context.Context, s *asterisk.Server) {
	t.Helper()
	eventually(t, ctx, "a message is recorded", func() bool {
		files := must[[]string](t)(filepath.Glob(filepath.Join(s.Spool(), "vm", "*.wav")))
		return len(files) > 0
	})
}

// voicemail finds the one voicemail there is, as a driver would: in ARI's list.
func voicemail(t *testing.T, ctx context.Context, s *asterisk.Server) asterisk.StoredVoicemail {
	t.Helper()
	_, list, err := ari(ctx, s, "GET", "recordings/stored", nil)
	if err != nil {
		t.Fatal(err)
	}
	var found []asterisk.StoredVoicemail
	for _, name := range recordingNames(t, list) {
		if vm, err := asterisk.ParseVoicemail(name); err == nil {
			found = append(found, vm)
		}
	}
	if len(found) != 1 {
		t.Fatalf("%d voicemails in %s", len(found), list)
	}
	return found[0]
}

// logsTell fails when a log holds one of the words.
func logsTell(t *testing.T, s *asterisk.Server, words ...string) {
	t.Helper()
	logs := must[[]string](t)(filepath.Glob(filepath.Join(filepath.Dir(s.Log()), "*")))
	for _, name := range logs {
		text := must[[]byte](t)(os.ReadFile(name))
		for _, w := range words {
			if bytes.Contains(text, []byte(w)) {
				t.Errorf("%s tells %q", filepath.Base(name), w)
			}
		}
	}
}

// warnings has Asterisk write its warnings to a log of their own, for noTrouble.
func warnings(t *testing.T, s *asterisk.Server) {
	t.Helper()
	code, text, err := ari(within(t, 5*time.Second), s, "POST", "asterisk/logging/trouble", url.Values{"configuration": {"warning,error"}})
	if err != nil || code/100 != 2 {
		t.Fatalf("more logging: %d %s %v", code, text, err)
	}
}

// noTrouble fails when Asterisk warned of something since warnings.
func noTrouble(t *testing.T, s *asterisk.Server) {
	t.Helper()
	text := must[[]byte](t)(os.ReadFile(filepath.Join(filepath.Dir(s.Log()), "trouble")))
	for _, line := range strings.Split(string(text), "\n") {
		if strings.Contains(line, "WARNING") || strings.Contains(line, "ERROR") {
			t.Errorf("Asterisk: %s", line)
		}
	}
}
