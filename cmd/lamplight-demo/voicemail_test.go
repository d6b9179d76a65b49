package main

import (
	"context"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"lamplight/cmd/console/windowtest"
	"lamplight/console"
	"lamplight/notes"
	"lamplight/notes/access"
	"lamplight/routing/channel/pocket"
	"lamplight/telephony/phone/speech"
)

// TestAVoicemailIsFinished has three callers reach the fail-safe of a dead server and leave words. One voicemail is heard at a
// real desk and becomes a note of its call, which clears its row; one that was left wakes whom its practice's rule says, one the
// service's own supervisor; both hear on their page what was said.
func TestAVoicemailIsFinished(t *testing.T) {
	t.Parallel() // it mostly waits
	k := newKillable(t, func(d *demo) error {
		ctx := access.System(t.Context(), "test")
		acc, err := d.server.Record.AccountNow(ctx, "lakeside")
		if err != nil {
			return err
		}
		acc.Voicemail = notes.VoicemailRule{After: 4, Ladder: "urgent"}
		return d.server.Record.PutAccount(ctx, acc)
	})
	w := k.walkers(t)
	k.kill(t)
	toRule := leaveVoicemail(t, w, "+13125550100", "+13125550143", "es")
	toService := leaveVoicemail(t, w, "+13055550150", "+13055550164", "es")
	k.ageVoicemails(t, map[string]time.Duration{"_13125550100": 5 * time.Minute, "_13055550150": 11 * time.Minute})
	toDesk := leaveVoicemail(t, w, "+13125550100", "+13125550142", "en")
	k.start(t)
	w.again(t)

	ctx := t.Context()
	lakeside := func(number string) bool {
		for _, c := range k.practices[0].Account.Contacts {
			if c.Mobile.Reveal() == number {
				return true
			}
		}
		return false
	}
	k.wokenHears(t, w, "by the practice's rule", lakeside, toRule)
	k.wokenHears(t, w, "by the service's ladder", func(number string) bool { return number == "+13125550188" }, toService)

	win := k.openDeskOf(t, desks[1].ID, 0)
	a := &atDesk{Window: win, t: t, d: k.demo}
	const chosen = `return document.querySelector('#board li.on')?.textContent.replace(/\s+/g, ' ')`
	win.Press(windowtest.F7)
	win.See("the board has the keys", focused, "board")
	windowtest.Eventually(t, "the voicemail that nobody has heard is chosen", func() bool {
		if strings.Contains(win.Read(chosen), "to be heard") {
			return true
		}
		win.Press(windowtest.Down)
		return false
	})
	win.Shot("voicemail-1-row")
	win.Press("l")
	win.Await("it is played", `return document.querySelector('#board li.on .next')?.textContent.trim()`, "how far it is",
		regexp.MustCompile(`^0:0\d / 0:\d\d$`).MatchString)
	win.Shot("voicemail-2-heard")
	page, err := console.AskBoardPage.Of(ctx, w.desk, console.BoardQuery{})
	if err != nil {
		t.Fatal(err)
	}
	unheard := slices.IndexFunc(page.Rows, func(r console.BoardRow) bool {
		return r.Kind == notes.BoardVoicemail && r.Account == "lakeside" && r.NextAt.IsZero()
	})
	if unheard < 0 {
		t.Fatalf("on the board: %+v", page.Rows)
	}
	row := page.Rows[unheard]
	var file []byte
	for size := int64(1); int64(len(file)) < size; {
		p, err := console.AskRecording.Of(ctx, w.desk, console.RecordingRef{Call: row.Call, From: int64(len(file))})
		if err != nil || len(p.Data) == 0 {
			t.Fatalf("%d of %d: %v", len(file), p.Size, err)
		}
		size, file = p.Size, append(file, p.Data...)
	}
	said(t, "at the desk", file, toDesk)
	win.Press("n")
	win.See("the caller's number stands", `return document.querySelector('#field-callback')?.value`, "(312) 555-0142")
	win.See("the call types have the keys", focused, "call-types")
	win.Press("1")
	a.fill(english.fields)
	win.Chord(windowtest.Ctrl, windowtest.Enter)
	win.Await("sent", `return document.querySelector('#sent')?.textContent.trim()`, "a reference",
		func(got string) bool { return strings.HasSuffix(got, english.sent) })
	win.Shot("voicemail-3-note")
	eventually(t, "the voicemail's row is its note's", func() bool {
		page, err := console.AskBoardPage.Of(ctx, w.desk, console.BoardQuery{})
		if err != nil {
			t.Fatal(err)
		}
		kinds := map[notes.BoardKind]int{}
		for _, r := range page.Rows {
			if r.Call == row.Call {
				kinds[r.Kind]++
			}
		}
		return kinds[notes.BoardVoicemail] == 0 && kinds[notes.BoardNote] == 1
	})
	story, err := console.AskStory.Of(ctx, w.desk, console.StoryRef{Call: row.Call})
	if err != nil || story.Body == nil || story.Body.Fields["name"] != "Rosa Bennett" {
		t.Errorf("the note: %+v, %v", story.Body, err)
	}
	win.Kill()
	k.verified(t)
}

// ageVoicemails has the voicemails on the switch, by the number dialled as it stands in their names, left earlier than they were.
func (k *killable) ageVoicemails(t *testing.T, by map[string]time.Duration) {
	t.Helper()
	name := regexp.MustCompile(`^(\d{9,12})-(_\d+)-`)
	aged := map[string]bool{}
	err := filepath.WalkDir(k.server.State.Dir, func(path string, e fs.DirEntry, err error) error {
		m := name.FindStringSubmatch(filepath.Base(path))
		if err != nil || m == nil || filepath.Base(filepath.Dir(path)) != "vm" {
			return nil // what comes and goes meanwhile is none of them
		}
		at, err := strconv.ParseInt(m[1], 10, 64)
		if err != nil {
			return err
		}
		aged[m[2]] = true
		earlier := strconv.FormatInt(at-int64(by[m[2]]/time.Second), 10)
		return os.Rename(path, filepath.Join(filepath.Dir(path), strings.Replace(filepath.Base(path), m[1], earlier, 1)))
	})
	if err != nil || len(aged) != len(by) {
		t.Fatalf("voicemails for %v, %v", aged, err)
	}
}

// wokenHears waits for the text at one of the telephones meant, opens its link and checks that the words are heard on the page.
func (k *killable) wokenHears(t *testing.T, w *walker, how string, whose func(number string) bool, words speech.PCM) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var text pocket.Arrival
	if _, err := k.pocket.Wait(ctx, func(all []pocket.Arrival) bool {
		i := slices.IndexFunc(all, func(a pocket.Arrival) bool { return a.Kind == "text" && a.Link != "" && whose(a.To) })
		if i >= 0 {
			text = all[i]
		}
		return i >= 0
	}); err != nil {
		page, perr := console.AskBoardPage.Of(t.Context(), w.desk, console.BoardQuery{})
		t.Fatalf("nobody is woken %s: %v; on the board %+v, %v", how, err, page.Rows, perr)
	}
	p, err := w.providers.at(ctx, text.To)
	if err != nil {
		t.Fatal(err)
	}
	note, token, err := p.locate(ctx, text.Link)
	if err != nil {
		t.Fatal(err)
	}
	card, err := p.open(ctx, note, token)
	if err != nil || card.Voicemail == "" {
		t.Fatalf("woken %s, the card is %+v, %v", how, card, err)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, p.base+"/api/calls/"+string(card.Voicemail)+"/recording", nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := p.http.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	file, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("woken %s, the recording: %s, %v", how, res.Status, err)
	}
	said(t, "on the page of who was woken "+how, file, words)
}

// said checks that a recording says the words.
func said(t *testing.T, where string, wav []byte, words speech.PCM) {
	t.Helper()
	sound, err := speech.ReadWAV(wav)
	if err != nil {
		t.Fatalf("%s: %v", where, err)
	}
	if got, _, _ := speech.Follow(sound, words); got < followedWell {
		t.Errorf("%s the words are heard at %.2f", where, got)
	}
}
