package asterisk_test

import (
	"net/url"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"lamplight/telephony/asterisk"
	"lamplight/telephony/asterisk/asterisktest"
	"lamplight/telephony/phone"
	"lamplight/telephony/phone/speech"
	"lamplight/telephony/phone/voice"
)

// A message that was being spoken when Asterisk died is kept as far as it went, and a player can play it.
func TestAMessageSurvivesAsterisksDeath(t *testing.T) {
	t.Parallel()
	s := asterisktest.Start(t, nil)
	ctx := within(t, 60*time.Second)
	c := must[*phone.Call](t)(caller(t, s).Dial(ctx, phone.Outgoing{Number: "+13125550100", From: "+13125550142"}))
	recordsMessage(t, ctx, s)
	message := must[speech.PCM](t)(voice.Caller("es"))
	if err := c.Play(ctx, append(message, make(speech.PCM, speech.Rate)...)); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(s.Pid(), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	eventually(t, ctx, "it comes back", func() bool { return s.Restarts() > 0 })
	vm := voicemail(t, ctx, s)
	_, wav, err := ari(ctx, s, "GET", "recordings/stored/"+url.PathEscape(vm.Name)+"/file", nil)
	if err != nil {
		t.Fatal(err)
	}
	recorded := must[speech.PCM](t)(speech.ReadWAV(wav))
	if match, _, _ := speech.Follow(recorded, message); match < 0.8 {
		t.Errorf("what is left of the message matches with %.3f", match)
	}
	if string(wav) != string(recorded.WAV()) {
		t.Error("its header does not tell its length")
	}
	note := must[[]byte](t)(os.ReadFile(filepath.Join(s.Spool(), vm.Name+asterisk.CallerSuffix+".raw")))
	invite, ok := asterisk.ParseInvite(string(note))
	if n, _ := invite.Calling(); !ok || n != "+13125550142" {
		t.Errorf("what stands beside it is %q", note)
	}
}
