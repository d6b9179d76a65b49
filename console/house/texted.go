package house

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"lamplight/console"
	"lamplight/frontend/shared/catalog"
	"lamplight/notes"
	"lamplight/notes/access"
	"lamplight/notes/record"
	"lamplight/routing/channel"
	"lamplight/routing/dispatch"
	"lamplight/routing/patient"
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
	// A patient's number may be a provider's too: somebody who was paged is answered as a provider, and their words are about the note.
	paged := len(heard.Notes) > 0 || heard.Unclear
	theirs, err := h.cfg.Notices.TextedBack(ctx, r)
	if err == nil && theirs.Words != nil && !paged {
		theirs.Answer, err = h.keepPatientText(ctx, r, *theirs.Words)
	}
	if err != nil {
		h.cfg.Log.Error("console: a patient's text was not taken", "error", err)
		return "", err
	}
	if theirs.Known && !paged {
		return theirs.Answer, nil
	}
	return heard.Answer, nil
}

// keepPatientText keeps a patient's words about an appointment in their thread, with the words of a red flag as a note on its way.
func (h *House) keepPatientText(ctx context.Context, r channel.Reply, w patient.TextedWords) (answer string, err error) {
	acc, err := h.cfg.Store.Account(ctx, w.Account)
	if err != nil {
		return "", err
	}
	in := record.PatientWords{ID: "text-" + r.Ref, Text: r.Body, Due: acc.AnswerBy(h.cfg.Now()), Texted: true, Shared: w.Shared}
	if w.Shared {
		lang := telephony.English
		if len(acc.Languages) > 0 {
			lang = acc.Languages[0]
		}
		in.Text = catalog.T(lang, "thread.shared-number", catalog.Vars{"words": r.Body})
	}
	if err := h.keepWords(access.WithVisitor(ctx, access.Visitor{Patient: w.Patient, Account: w.Account}), acc, w.Patient, in); err != nil {
		return "", err
	}
	return h.cfg.Notices.TextKept(ctx, r, w)
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
