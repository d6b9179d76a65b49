package house_test

import (
	"bytes"
	"context"
	"io"
	"testing"
	"time"

	"lamplight/console"
	"lamplight/notes"
	"lamplight/notes/access"
	"lamplight/routing"
	"lamplight/telephony"
)

// voicemail is a message left at a number, and its row on the boss's board.
func (r *rig) voicemail(t *testing.T, did telephony.Number, sound []byte) console.BoardRow {
	t.Helper()
	v := telephony.Voicemail{Recording: telephony.RecordingID("vm-" + owners[did]), DID: did, ANI: "+13125550142", At: time.Now(),
		Length: 20 * time.Second}
	if err := r.store.KeepVoicemail(t.Context(), v, func(w io.Writer) error { _, err := w.Write(sound); return err }); err != nil {
		t.Fatal(err)
	}
	for _, row := range r.board(t, "boss") {
		if row.Kind == notes.BoardVoicemail && string(row.Account) != "" && row.State == notes.Open && row.Practice == owners[did] {
			return row
		}
	}
	t.Fatalf("the voicemail for %s is not on the board", owners[did])
	return console.BoardRow{}
}

var owners = map[telephony.Number]string{"+13125550100": "lakeside", "+13125550200": "bosque"}

// A voicemail is heard at the desk, part by part under one leaf, and a note taken from it clears its row; who may not read the
// practice's notes hears nothing.
func TestAVoicemailIsHeardAndBecomesANote(t *testing.T) {
	r := newRig(t)
	sound := bytes.Repeat([]byte("esternón"), 90_000) // more than two parts
	row := r.voicemail(t, "+13125550100", sound)
	agent := r.as(t, "agent")
	before := r.leaves(t)
	var heard []byte
	for size := int64(1); int64(len(heard)) < size; {
		p, err := r.RecordingPart(agent, console.RecordingRef{Call: row.Call, From: int64(len(heard))})
		if err != nil || len(p.Data) == 0 {
			t.Fatalf("%d of %d: %v", len(heard), p.Size, err)
		}
		size, heard = p.Size, append(heard, p.Data...)
	}
	if !bytes.Equal(heard, sound) {
		t.Error("it sounds otherwise")
	}
	if n := r.leaves(t) - before; n != 1 {
		t.Errorf("it left %d leaves", n)
	}
	for _, ask := range []func(context.Context) error{
		func(ctx context.Context) error {
			_, err := r.RecordingPart(ctx, console.RecordingRef{Call: row.Call})
			return err
		},
		func(ctx context.Context) error { _, err := r.NoteFor(ctx, row.Call); return err },
	} {
		if err := ask(r.as(t, "other-agent")); !refusedAs(err, "desk.error.not-found") {
			t.Errorf("another practice's agent: %v", err)
		}
	}
	pop, err := r.NoteFor(agent, row.Call)
	if err != nil || pop.Practice.ID != "lakeside" || pop.CallerRaw != "+13125550142" || len(pop.Script.CallTypes) == 0 {
		t.Fatalf("the note would begin with %+v, %v", pop, err)
	}
	r.Raise(t.Context(), time.Now().Add(time.Hour)) // somebody is told of it meanwhile
	d := draft("d1", row.Call, "lakeside")
	d.Voicemail = row.Note
	sent, err := r.Send(agent, d)
	if err != nil {
		t.Fatal(err)
	}
	rows := r.board(t, "boss")
	if len(rows) != 1 || rows[0].Note != sent.Note || rows[0].Call != row.Call {
		t.Errorf("on the board: %+v", rows)
	}
	if v, err := r.routing.View(t.Context(), row.Note); err == nil && v.State != routing.Acked {
		t.Errorf("the voicemail still climbs: %+v", v)
	}
	if n, err := r.store.Note(t.Context(), row.Note); err != nil || n.State != notes.Closed {
		t.Errorf("the voicemail is %s, %v", n.State, err)
	}
}

// A voicemail that nobody takes wakes somebody after its practice's time by its practice's ladder, or by the service's own: once.
func TestAVoicemailThatIsLeftWakesSomebody(t *testing.T) {
	r := newRig(t)
	acc := practice("lakeside", "+13125550100")
	acc.Voicemail = notes.VoicemailRule{After: 4, Ladder: "urgent"}
	if err := r.store.PutAccount(access.System(t.Context(), "seed"), acc); err != nil {
		t.Fatal(err)
	}
	ruled, plain := r.voicemail(t, "+13125550100", []byte("RIFF")), r.voicemail(t, "+13125550200", []byte("RIFF"))
	told := func() (out [2]int) {
		t.Helper()
		for i, row := range []console.BoardRow{ruled, plain} {
			if err := r.pool.QueryRow(t.Context(), "select count(*) from dispatch where note = $1", row.Note).Scan(&out[i]); err != nil {
				t.Fatal(err)
			}
		}
		return out
	}
	for _, c := range []struct {
		after time.Duration
		want  [2]int
	}{{3 * time.Minute, [2]int{0, 0}}, {4 * time.Minute, [2]int{1, 0}}, {9 * time.Minute, [2]int{1, 0}}, {11 * time.Minute, [2]int{1, 1}},
		{time.Hour, [2]int{1, 1}}} {
		r.Raise(t.Context(), time.Now().Add(c.after))
		if got := told(); got != c.want {
			t.Errorf("after %v: %v dispatches, want %v", c.after, got, c.want)
		}
	}
	attempts, err := r.routing.Attempts(t.Context(), ruled.Note, plain.Note)
	if err != nil || len(attempts[ruled.Note]) != 1 || attempts[ruled.Note][0].Name != "Dr Reyes" || len(attempts[plain.Note]) != 0 {
		t.Errorf("told: %+v, %v", attempts, err)
	}
	st, err := r.Story(r.as(t, "boss"), console.StoryRef{Note: ruled.Note})
	if err != nil || !bytes.Contains([]byte(asJSON(t, st.Lines)), []byte(notes.LineBegun)) {
		t.Errorf("the story does not tell it: %+v, %v", st.Lines, err)
	}
	// Who is woken hears it on their telephone.
	card, err := r.Card(r.as(t, "doctor"), ruled.Note)
	if err != nil || card.Voicemail != ruled.Call || card.CallType["es"] != "Mensaje de voz" {
		t.Errorf("the card: %+v, %v", card, err)
	}
	var wav bytes.Buffer
	if err := r.Recording(r.as(t, "doctor"), card.Voicemail, &wav); err != nil || wav.String() != "RIFF" {
		t.Errorf("the doctor hears %q, %v", &wav, err)
	}
}
