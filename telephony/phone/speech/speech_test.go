package speech_test

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"lamplight/telephony/phone/speech"
	"lamplight/telephony/phone/voice"
)

func utterances(t *testing.T) map[string]speech.PCM {
	t.Helper()
	all := map[string]speech.PCM{}
	for who, say := range map[string]func(string) (speech.PCM, error){"caller": voice.Caller, "agent": voice.Agent} {
		for _, lang := range []string{"en", "es"} {
			pcm, err := say(lang)
			if err != nil {
				t.Fatal(err)
			}
			if d := pcm.Duration(); d < 4*time.Second || d > 9*time.Second {
				t.Errorf("%s %s lasts %v", who, lang, d)
			}
			all[who+"-"+lang] = pcm
		}
	}
	return all
}

func TestMatchTellsSpeechApart(t *testing.T) {
	all := utterances(t)
	for a, heard := range all {
		line := append(make(speech.PCM, 2*speech.Rate), heard...) // a second of silence before it
		line = append(line, make(speech.PCM, speech.Rate)...)
		for b, said := range all {
			got, at := speech.Match(line, said)
			if a == b && (got < 0.999 || at != time.Second) {
				t.Errorf("%s in itself: %.3f at %v", a, got, at)
			}
			if a != b && got > 0.7 {
				t.Errorf("%s in %s: %.3f", b, a, got)
			}
		}
	}
	if got, _ := speech.Match(make(speech.PCM, 10*2*speech.Rate), all["caller-en"]); got != 0 {
		t.Errorf("in silence: %.3f", got)
	}
	if got, _ := speech.Match(nil, all["caller-en"]); got != 0 {
		t.Errorf("in nothing: %.3f", got)
	}
}

// jerky is a line through a busy machine: pauses of up to 100 ms are put in, and frames are lost.
func jerky(p speech.PCM, seed uint64) speech.PCM {
	r := rand.New(rand.NewPCG(seed, 1))
	var out speech.PCM
	for ; len(p) >= speech.FrameSize; p = p[speech.FrameSize:] {
		switch r.IntN(40) {
		case 0:
			out = append(out, make(speech.PCM, (1+r.IntN(5))*speech.FrameSize)...)
		case 1:
			continue
		}
		out = append(out, p[:speech.FrameSize]...)
	}
	return out
}

func TestFollowForgivesJerksAndNothingElse(t *testing.T) {
	all := utterances(t)
	for a, heard := range all {
		for seed := range uint64(20) {
			line := append(make(speech.PCM, 2*speech.Rate), jerky(heard, seed)...)
			line = append(line, make(speech.PCM, speech.Rate)...)
			for b, said := range all {
				got, at, over := speech.Follow(line, said)
				ends := line.Duration() - time.Second/2
				if a == b && (got < 0.8 || (at-time.Second).Abs() > 400*time.Millisecond || (over-ends).Abs() > 400*time.Millisecond) {
					t.Errorf("%s in itself: %.3f from %v to %v, not %v", a, got, at, over, ends)
				}
				if a != b && got > 0.75 {
					t.Errorf("%s in %s: %.3f", b, a, got)
				}
			}
		}
	}
	if got, _, _ := speech.Follow(make(speech.PCM, 20*2*speech.Rate), all["caller-en"]); got != 0 {
		t.Errorf("in silence: %.3f", got)
	}
	if got, _, _ := speech.Follow(nil, all["caller-en"]); got != 0 {
		t.Errorf("in nothing: %.3f", got)
	}
}

func TestFirstAbove(t *testing.T) {
	said := utterances(t)["agent-en"]
	at, ok := append(make(speech.PCM, speech.Rate), said...).FirstAbove(500)
	if !ok || at < 500*time.Millisecond || at > 700*time.Millisecond {
		t.Errorf("found %v at %v", ok, at)
	}
	if _, ok := make(speech.PCM, speech.Rate).FirstAbove(500); ok {
		t.Error("found in silence")
	}
}

func TestWAV(t *testing.T) {
	said := utterances(t)["agent-en"]
	file := said.WAV()
	got, err := speech.ReadWAV(file)
	if err != nil || !bytes.Equal(got, said) {
		t.Errorf("read back: %d of %d bytes, %v", len(got), len(said), err)
	}
	change := func(at int, b byte) []byte {
		f := bytes.Clone(file)
		f[at] = b
		return f
	}
	for name, test := range map[string]struct {
		file []byte
		says string
	}{
		"nothing":      {nil, "not a WAV"},
		"text":         {[]byte("this is not sound at all"), "not a WAV"},
		"stereo":       {change(22, 2), "2 channels"},
		"16 kHz":       {change(25, 0x3e), "one channel at 8000 Hz is needed"},
		"eight bits":   {change(34, 8), "16-bit PCM is needed"},
		"MP3 in WAV":   {change(20, 0x55), "format 85"},
		"header alone": {file[:36], "no sound"},
	} {
		if _, err := speech.ReadWAV(test.file); err == nil || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
	died := bytes.Clone(file)
	copy(died[40:], make([]byte, 4))
	if got, err := speech.ReadWAV(died); err != nil || !bytes.Equal(got, said) {
		t.Errorf("of a recorder that died: %d bytes, %v", len(got), err)
	}
	if got, err := speech.ReadWAV(file[:1000]); err != nil || len(got) != 1000-44 {
		t.Errorf("cut short: %d bytes, %v", len(got), err)
	}
}

func FuzzReadWAV(f *testing.F) {
	f.Add(make(speech.PCM, 64).WAV())
	f.Add([]byte("RIFF\xff\xff\xff\xffWAVELIST\xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, file []byte) {
		if pcm, err := speech.ReadWAV(file); err == nil && len(pcm)%2 != 0 {
			t.Errorf("half a sample: %d bytes", len(pcm))
		}
	})
}
