package dispatch

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"lamplight/frontend/shared/catalog"
	"lamplight/notes"
	"lamplight/notes/postgres"
	"lamplight/routing"
	"lamplight/routing/channel"
	"lamplight/telephony"
)

// A text back acknowledges nothing, whatever it says, not even an agreed word from a phone that was paged for one note alone.
// Its sender's number can be forged, so that anybody could silence an escalation; who writes "ok" has not read the note,
// which opens only to a person's own credential; and no text has offered a word that acknowledges, so none is agreed. It is
// shown to the agents, and the phone is told at once that the link still waits.

// A Heard is what a text back came to.
type Heard struct {
	Answer string // what the phone is told; "" for nothing
	// Notes are the notes whose stories the words belong into, one for words that might be a patient's.
	Notes []TextedNote
	// Unclear says that words came which could be about any of several notes: they were kept nowhere.
	Unclear bool

	reply  channel.Reply
	sender []byte
}

// A TextedNote is a note that a phone was texted about.
type TextedNote struct {
	Note      notes.NoteID
	Account   telephony.AccountID
	Reference string
	Open      bool // nobody has acknowledged
	Contact   string
	Name      string
	Person    notes.PersonID // "" for a contact without a sign-in

	dispatch routing.DispatchID
	attempt  routing.AttemptID
	lang     telephony.Language
	ended    time.Time
}

const (
	// answersAtMost bounds what a phone that answers by itself can bring about.
	answersAtMost = 3
	answersWithin = 5 * time.Minute
)

// TextedBack takes a text that came back. STOP, START and HELP are done when it returns; of anything else it says where it
// belongs, and whoever keeps the words there calls TextKept in the same transaction. Told twice, it says so once more.
func (e *Engine) TextedBack(ctx context.Context, r channel.Reply) (Heard, error) {
	h := Heard{reply: r, sender: e.sender(r.From)}
	err := postgres.InTx(ctx, e.pool, func(tx pgx.Tx) error {
		h.Answer, h.Notes, h.Unclear = "", nil, false
		texted, err := paged(ctx, tx, r.From)
		if err != nil {
			return err
		}
		switch r.Sense {
		case channel.SenseStop:
			return e.stop(ctx, tx, &h, texted)
		case channel.SenseStart:
			_, err := e.start(ctx, tx, h, texted)
			return err
		case channel.SenseYes: // some carriers take texts up again at this word, so we must
			if started, err := e.start(ctx, tx, h, texted); started || err != nil {
				return err
			}
		case channel.SenseHelp:
			if r.Answered {
				return nil
			}
			return e.answer(ctx, tx, &h, catalog.T(langOf(texted), "channel.answer.help", nil))
		}
		return e.place(ctx, tx, &h, current(texted))
	})
	if err != nil {
		return Heard{}, fmt.Errorf("take a text back: %w", err)
	}
	e.log.Wake()
	return h, nil
}

// place says where words belong. One patient's words must never come into another's note: words that could be about any of
// several are put into none, their stories say so, and the phone is asked which.
func (e *Engine) place(ctx context.Context, tx pgx.Tx, h *Heard, texted []TextedNote) error {
	named := slices.DeleteFunc(slices.Clone(texted), func(n TextedNote) bool { return !names(h.reply.Body, n.Reference) })
	if len(named) == 1 {
		texted = named
	}
	var refs []string
	for _, p := range texted {
		refs = append(refs, p.Reference)
	}
	vars := catalog.Vars{"references": strings.Join(refs, ", ")}
	harmless := h.reply.Sense == channel.SenseOnIt || h.reply.Sense == channel.SenseYes
	switch {
	case len(texted) == 0: // whose language nobody knows
		return e.answer(ctx, tx, h, catalog.T(telephony.English, "channel.answer.nobody", nil)+" "+catalog.T(telephony.Spanish,
			"channel.answer.nobody", nil))
	case len(texted) > 1 && !harmless:
		fresh, err := e.remember(ctx, tx, *h, "")
		if err != nil || !fresh {
			return err
		}
		h.Unclear = true
		if err := e.addSteps(ctx, tx, texted, notes.LineTextUnclear); err != nil {
			return err
		}
		return e.answer(ctx, tx, h, catalog.T(langOf(texted), "channel.answer.which", vars))
	}
	h.Notes = texted
	key := "channel.answer.kept"
	if slices.ContainsFunc(texted, func(p TextedNote) bool { return p.Open }) {
		key = "channel.answer.open"
	}
	return e.answer(ctx, tx, h, catalog.T(langOf(texted), key, vars))
}

// TextKept tells, in the transaction that keeps a text's words with a note, that it came. fresh is false when it was
// kept before, and then nothing is written.
func (e *Engine) TextKept(ctx context.Context, tx pgx.Tx, h Heard, p TextedNote) (fresh bool, err error) {
	if fresh, err = e.remember(ctx, tx, h, p.Note); err != nil || !fresh {
		return false, err
	}
	return true, e.addSteps(ctx, tx, []TextedNote{p}, notes.LineTextReplied)
}

// addSteps writes a line about a phone into the stories of what it was paged for.
func (e *Engine) addSteps(ctx context.Context, tx pgx.Tx, texted []TextedNote, kind notes.LineKind) error {
	ids := make([]routing.DispatchID, len(texted))
	for i, p := range texted {
		ids[i] = p.dispatch
	}
	// Their leaves vouch for the rows as they now stand.
	slices.Sort(ids)
	for _, id := range slices.Compact(ids) {
		if _, err := e.lockDispatch(ctx, tx, id); err != nil {
			return err
		}
	}
	for _, p := range texted {
		if err := e.trace(ctx, tx, step{dispatch: p.dispatch, note: p.Note, account: p.Account, attempt: p.attempt, kind: kind,
			name: p.Name}); err != nil {
			return err
		}
	}
	return nil
}

// paged lists the notes of the last day that a number was texted about, the one it was texted about last first.
func paged(ctx context.Context, tx pgx.Tx, number string) ([]TextedNote, error) {
	rows, err := tx.Query(ctx, selectPages, number)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(r pgx.CollectableRow) (p TextedNote, err error) {
		err = r.Scan(&p.Note, &p.Account, &p.Reference, &p.Open, &p.Contact, &p.Name, &p.Person, &p.dispatch, &p.attempt, &p.lang, &p.ended)
		return p, err
	})
}

// current are the notes that a text can be about: what is open, and what ended a moment before the latest of these, because a
// doctor who has just acknowledged one may write about it while the next is open. Where none is open, it is the last.
func current(texted []TextedNote) (out []TextedNote) {
	newest := time.Time{}
	for _, p := range texted {
		if p.ended.After(newest) {
			newest = p.ended
		}
	}
	for _, p := range texted {
		if p.Open || newest.Sub(p.ended) < justNow {
			out = append(out, p)
		}
	}
	return out
}

// justNow is how long a note that was acknowledged is still on the mind of who did.
const justNow = 2 * time.Hour

// names tells whether words name a reference.
func names(words, reference string) bool {
	return slices.ContainsFunc(strings.FieldsFunc(words, func(r rune) bool { return strings.ContainsRune(" \t\r\n.,:;!?()", r) }),
		func(w string) bool { return strings.EqualFold(w, reference) })
}

func langOf(texted []TextedNote) telephony.Language {
	if len(texted) == 0 {
		return telephony.English
	}
	return texted[0].lang
}

// answer texts the phone back, unless it was told enough lately.
func (e *Engine) answer(ctx context.Context, tx pgx.Tx, h *Heard, words string) error {
	var n int
	if err := tx.QueryRow(ctx, countAnswers,
		h.sender, answersWithin, h.reply.Ref).Scan(&n); err != nil {
		return err
	}
	if n >= answersAtMost {
		return nil
	}
	h.Answer = channel.GSM(words)
	_, err := tx.Exec(ctx, insertAnswer, h.reply.Ref, h.sender)
	return err
}

// remember notes that a text came into a note's story; false when it had.
func (e *Engine) remember(ctx context.Context, tx pgx.Tx, h Heard, note notes.NoteID) (fresh bool, err error) {
	tag, err := tx.Exec(ctx, insertReply, h.reply.Ref, note, h.sender)
	return tag.RowsAffected() == 1, err
}

// sender stands for a number where it must not be read: who texts may be a patient.
func (e *Engine) sender(number string) []byte {
	m := hmac.New(sha256.New, e.cfg.LinkKey)
	m.Write([]byte("lamplight text sender 1\n" + number))
	return m.Sum(nil)
}
