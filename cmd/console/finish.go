package main

import (
	"time"

	"lamplight/cmd/console/journal"
	"lamplight/console"
)

// A finishing tells the page of a note that it was sending before it was loaded, or that this desk did not know to be sent.
type finishing struct {
	ID        string         `json:"id"`
	State     finishingState `json:"state"`
	Since     time.Time      `json:"since"`
	Reference string         `json:"reference"` // of what was sent
}

type finishingState string

const (
	finishGoes    finishingState = "goes"    // the server has not answered yet
	finishSent    finishingState = "sent"    // it is stored
	finishRefused finishingState = "refused" // it is among the notes not sent
)

// finishSending goes on, when somebody has signed in or the page was loaded, with what the journal holds: what the server has
// stored leaves it, what was being sent is sent. A page that lives goes on by itself.
func (d *Desk) finishSending() {
	d.mu.Lock()
	j, l, fresh := d.journal, d.link, d.fresh
	d.fresh = false
	d.mu.Unlock()
	if j == nil || l == nil || !fresh {
		return
	}
	kept := map[string]journal.Entry{}
	var ids []string
	for _, e := range j.All() {
		kept[e.Draft.ID] = e
		ids = append(ids, e.Draft.ID)
	}
	if len(ids) == 0 {
		return
	}
	sent, err := ask(d, console.AskSentDrafts, console.DraftRefs{IDs: ids})
	if err != nil { // it stays in the journal; a server from before this was asked has no answer
		d.parts.Log.Warn("ask which drafts were sent", "code", refusal(err).Code)
	}
	for _, s := range sent {
		delete(kept, s.ID)
		d.forget(s.ID)
		d.emit("finishing", finishing{ID: s.ID, State: finishSent, Since: time.Now(), Reference: s.Reference})
	}
	for id, e := range kept {
		if !e.Sending {
			continue
		}
		d.emit("finishing", finishing{ID: id, State: finishGoes, Since: e.Draft.SavedAt})
		d.mu.Lock()
		busy := d.finishes[id] == l
		d.finishes[id] = l
		d.mu.Unlock()
		if !busy {
			go d.finish(l, e.Draft)
		}
	}
}

// How long the desk rests between two tries to send a note.
const (
	finishRestMin = time.Second
	finishRestMax = 8 * time.Second
)

// finish sends a draft until the server has answered or the session has ended. The server takes a draft once, however often it
// is asked.
func (d *Desk) finish(l link, dr console.Draft) {
	f := finishing{ID: dr.ID, Since: dr.SavedAt}
	defer func() {
		d.mu.Lock()
		if d.finishes[dr.ID] == l {
			delete(d.finishes, dr.ID)
		}
		d.mu.Unlock()
		if f.State != "" {
			d.emit("finishing", f)
		}
	}()
	for rest := finishRestMin; ; rest = min(2*rest, finishRestMax) {
		d.mu.Lock()
		gone := d.link != l
		d.mu.Unlock()
		if gone {
			return
		}
		sent, err := d.Send(dr)
		switch {
		case err == nil:
			f.State, f.Reference = finishSent, sent.Reference
			return
		case !unanswered(err):
			f.State = finishRefused
			return
		}
		pause(d.ctx, rest)
	}
}
