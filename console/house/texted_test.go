package house_test

import (
	"slices"
	"strings"
	"testing"

	"lamplight/console"
	"lamplight/notes"
	"lamplight/routing/channel"
)

// The doctor who was paged texts back. The words are sealed with the note and stand there under the doctor's name, the desks
// are told, the board shows it until an agent answers, and the note is as open as before. They stand nowhere in the clear.
func TestATextBackIsAReplyAndNoAcknowledgment(t *testing.T) {
	r := newRig(t)
	sent, err := r.Send(r.as(t, "agent"), draft("d1", "", "lakeside"))
	if err != nil {
		t.Fatal(err)
	}
	if err := r.routing.Unfold(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := r.pool.Exec(t.Context(), "update attempt set sends = 1"); err != nil { // as if it had left
		t.Fatal(err)
	}
	events := r.desk(t, "boss")
	const words = "dígale a Ximena que venga"
	for range 2 {
		answer, err := r.TextedBack(t.Context(), channel.Reply{Ref: "SM1", From: "+13125550101", Body: words})
		if err != nil || !strings.Contains(answer, "does not acknowledge") {
			t.Fatalf("%q, %v", answer, err)
		}
	}
	next(t, events, func(e console.Event) bool { return e.Notice == "desk.notice.reply" })
	board := r.board(t, "boss")
	if len(board) != 1 || board[0].Last.Kind != "replied" || board[0].Last.Name != "Dr Reyes" || board[0].NextAt.IsZero() {
		t.Errorf("%+v", board)
	}
	n, err := r.store.Open(r.as(t, "doctor"), sent.Note)
	if err != nil || n.State != notes.Open || len(n.AddOns) != 1 || n.AddOns[0].Text != words || n.AddOns[0].By != "doctor" ||
		n.AddOns[0].Kind != "reply" {
		t.Errorf("%+v, %v", n, err)
	}
	story, err := r.Story(r.as(t, "boss"), console.StoryRef{Note: sent.Note})
	if err != nil || !slices.ContainsFunc(story.Lines, func(l notes.StoryLine) bool {
		return l.Kind == "text.replied" &&
			l.Actor == "Dr Reyes"
	}) {
		t.Errorf("%+v, %v", story.Lines, err)
	}
	for _, table := range []string{"add_on", "text_reply", "dispatch_step", "audit_outbox", "audit_leaf"} {
		var clear int
		if err := r.pool.QueryRow(t.Context(), "select count(*) from "+table+" t where t::text like '%Ximena%' or t::text like "+
			"'%58696d656e61%'").Scan(&clear); err != nil || clear != 0 {
			t.Errorf("%s: %d, %v", table, clear, err)
		}
	}
	if err := r.AddOn(r.as(t, "boss"), sent.Note, "told them"); err != nil {
		t.Fatal(err)
	}
	if board = r.board(t, "boss"); len(board) != 1 || board[0].Last.Kind == "replied" {
		t.Errorf("%+v", board)
	}
}
