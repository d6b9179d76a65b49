package house

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"lamplight/console"
	"lamplight/notes"
	"lamplight/notes/access"
	"lamplight/routing/channel"
	"lamplight/routing/dispatch"
	"lamplight/telephony"
)

// TextedBack takes a text that was sent back to the number that paged, and returns what to answer. Its words are sealed as a
// provider's reply on the note that the phone was texted about, and told at the desks and on the board like a reply from the
// page. They acknowledge nothing.
func (h *House) TextedBack(ctx context.Context, r channel.Reply) (answer string, err error) {
	heard, err := h.cfg.Routing.TextedBack(ctx, r)
	if err != nil {
		h.cfg.Log.Error("console: a text back was not taken", "error", err)
		return "", err
	}
	for _, p := range heard.Notes {
		if err := h.keepText(ctx, r, heard, p); err != nil {
			h.cfg.Log.Error("console: a text back was not kept", "note", p.Note, "error", err)
			return "", err
		}
	}
	if heard.Unclear {
		h.streams.all(h.now(console.Event{Kind: console.EventNotice, Notice: "desk.notice.which-note"}))
	}
	h.boardMoved()
	if h.cfg.Notices == nil {
		return heard.Answer, nil
	}
	// A patient's number may be a provider's too: somebody who was paged is answered as a provider.
	theirs, known, err := h.cfg.Notices.TextedBack(ctx, r)
	if err != nil {
		h.cfg.Log.Error("console: a patient's text was not taken", "error", err)
		return "", err
	}
	if known && len(heard.Notes) == 0 && !heard.Unclear {
		return theirs, nil
	}
	return heard.Answer, nil
}

// keepText seals a text's words with one note, under the name of the phone's owner. That they came by text, which does not
// prove who wrote them, is recorded in the story and in the log by the same transaction.
func (h *House) keepText(ctx context.Context, r channel.Reply, heard dispatch.Heard, p dispatch.TextedNote) error {
	who := p.Person
	if who == "" { // a contact who cannot sign in
		who = notes.PersonID("contact:" + p.Contact)
	}
	ctx = access.With(ctx, access.Actor{Person: who, Name: p.Name, Grants: []access.Grant{{Account: string(p.Account),
		Role: notes.RoleProvider}}})
	fresh := false
	n, err := h.cfg.Store.AddOn(ctx, p.Note, fmt.Sprintf("text-%s-%s", r.Ref, p.Note), notes.Reply, r.Body,
		func(ctx context.Context, tx pgx.Tx, _ notes.Note) (err error) {
			fresh, err = h.cfg.Routing.TextKept(ctx, tx, heard, p)
			return err
		})
	if err == nil && fresh {
		h.announceReply(n)
	}
	return err
}

// announceReply tells the agent who took the note that somebody replied, or every desk if that one is not at theirs.
func (h *House) announceReply(n notes.Note) {
	told := h.now(console.Event{Kind: console.EventNotice, Notice: "desk.notice.reply"})
	if taker := telephony.AgentID(n.Taker); h.streams.watched(taker) {
		h.streams.to(taker, told)
	} else {
		h.streams.all(told)
	}
}
