package main

import (
	"slices"
	"time"

	"lamplight/cmd/console/journal"
	"lamplight/console"
	"lamplight/telephony"
)

// A saved tells where what was typed is safe by now.
type saved struct {
	ID     string    `json:"id"`
	Seq    int64     `json:"seq"`
	Here   bool      `json:"here"`   // in this machine's journal
	Server bool      `json:"server"` // and at the server
	At     time.Time `json:"at"`
}

// Typed keeps a draft: in the journal before it returns, at the server soon after ("saved" tells). pop is the call it
// belongs to; the page gives it with the first save of a draft, and later ones keep it.
func (d *Desk) Typed(dr console.Draft, pop *console.Pop) (s saved, err error) {
	defer guard(&err)
	d.mu.Lock()
	j, signedIn := d.journal, d.link != nil
	d.mu.Unlock()
	if !signedIn {
		return s, console.Refuse(console.SignedOut, errSignedOut)
	}
	s = saved{ID: dr.ID, Seq: dr.Seq, At: time.Now()}
	if j != nil {
		if err := j.Put(journal.Entry{Draft: dr, Pop: pop}); err != nil {
			d.parts.Log.Error("journal", "error", err)
		} else {
			s.Here = true
		}
	}
	d.saveAtServer(dr)
	return s, nil
}

// saveAtServer sends the latest of a draft, one at a time: what was typed meanwhile goes next, what it replaced never.
func (d *Desk) saveAtServer(dr console.Draft) {
	d.mu.Lock()
	_, busy := d.saves[dr.ID]
	if next := d.saves[dr.ID]; next == nil || next.Seq < dr.Seq {
		d.saves[dr.ID] = &dr
	}
	d.mu.Unlock()
	if !busy {
		go d.drain(dr.ID)
	}
}

// drain saves a draft until nothing newer waits. What fails is in the journal and goes up at the next Hello.
func (d *Desk) drain(id string) {
	for {
		d.mu.Lock()
		dr, l := d.saves[id], d.link
		if dr == nil || l == nil {
			delete(d.saves, id)
			d.mu.Unlock()
			return
		}
		d.saves[id] = nil
		d.mu.Unlock()
		if err := console.AskSaveDraft.Do(d.ctx, l, *dr); err != nil {
			d.parts.Log.Warn("save draft at the server", "code", refusal(err).Code)
			d.mu.Lock()
			_, kept := d.saves[id]
			d.mu.Unlock()
			if kept { // not sent, thrown away or given meanwhile
				d.takenOver(id, err)
			}
			continue
		}
		d.emit("saved", saved{ID: id, Seq: dr.Seq, Here: true, Server: true, At: time.Now()})
	}
}

// errDraftOver says that somebody else has taken a note over that this agent had not sent.
const errDraftOver = "desk.error.draft-over"

// takenOver gives a draft up that is somebody else's now, and tells the page whose.
func (d *Desk) takenOver(id string, err error) {
	if r := refusal(err); r.Code == errDraftOver {
		d.forget(id)
		d.emit("desk", console.Event{Kind: console.EventTaken, Sent: time.Now(),
			Taken: &console.DraftTaken{ID: id, Name: r.Vars["name"]}})
	}
}

// forget removes a draft from the journal, so that it is not offered again.
func (d *Desk) forget(id string) {
	d.mu.Lock()
	j := d.journal
	delete(d.saves, id)
	d.mu.Unlock()
	if j == nil {
		return
	}
	if err := j.Drop(id); err != nil {
		d.parts.Log.Error("journal", "error", err)
	}
}

// unsent is the server's drafts and the journal's as one list, the later of each, with the calls they belong to. What is being
// sent is none of them.
func (d *Desk) unsent(h console.Hello) ([]console.Draft, []console.Pop) {
	d.mu.Lock()
	j := d.journal
	d.mu.Unlock()
	byID := map[string]console.Draft{}
	for _, dr := range h.Drafts {
		byID[dr.ID] = dr
	}
	pops := slices.Clone(h.DraftPops)
	if j != nil {
		for _, e := range j.All() {
			if e.Sending {
				delete(byID, e.Draft.ID)
				continue
			}
			if old, ok := byID[e.Draft.ID]; !ok || old.Seq < e.Draft.Seq {
				byID[e.Draft.ID] = e.Draft
			}
			if e.Pop != nil && !slices.ContainsFunc(pops, func(p console.Pop) bool { return p.Call == e.Pop.Call }) {
				pops = append(pops, *e.Pop)
			}
		}
	}
	drafts := make([]console.Draft, 0, len(byID))
	for _, dr := range byID {
		drafts = append(drafts, dr)
	}
	slices.SortFunc(drafts, func(a, b console.Draft) int { return b.SavedAt.Compare(a.SavedAt) })
	return drafts, pops
}

// Drop throws a draft away, here and at the server.
func (d *Desk) Drop(id string) (err error) {
	defer guard(&err)
	if _, err := ask(d, console.AskDropDraft, console.DraftRef{ID: id}); err != nil {
		return err
	}
	d.forget(id)
	return nil
}

// Give has another agent finish a note: it leaves the journal when the server has said that it is theirs.
func (d *Desk) Give(dr console.Draft, to telephony.AgentID) (err error) {
	defer guard(&err)
	if _, err := ask(d, console.AskGiveDraft, console.DraftGift{Draft: dr, To: to}); err != nil {
		d.takenOver(dr.ID, err)
		return err
	}
	d.forget(dr.ID)
	return nil
}

// HandOver has another agent take the call and the note begun for it; dr is nil when nothing was typed.
func (d *Desk) HandOver(call telephony.CallID, dr *console.Draft, to telephony.AgentID) (err error) {
	defer guard(&err)
	if _, err := ask(d, console.AskHandOver, console.CallGift{Call: call, Draft: dr, To: to}); err != nil {
		return err
	}
	if dr != nil {
		d.forget(dr.ID)
	}
	return nil
}

// Send sends a draft. It leaves the journal only when the server has stored the note; until it has answered, the journal says
// that it is being sent, so that a desk that starts anew goes on with it.
func (d *Desk) Send(dr console.Draft) (sent console.Sent, err error) {
	defer guard(&err)
	d.mu.Lock()
	j := d.journal
	d.mu.Unlock()
	t := time.Now()
	if j != nil {
		if err := j.Put(journal.Entry{Draft: dr, Sending: true}); err != nil {
			d.parts.Log.Error("journal", "error", err)
		}
	}
	if sent, err = ask(d, console.AskSend, dr); err != nil {
		if !unanswered(err) {
			d.notSent(j, dr.ID)
			d.takenOver(dr.ID, err)
		}
		return sent, err
	}
	d.parts.Log.Info("sent", "note", sent.Note, "ms", float64(time.Since(t).Microseconds())/1000)
	d.forget(dr.ID)
	return sent, nil
}

// unanswered says that nobody knows whether the server has done what it was asked.
func unanswered(err error) bool { return refusal(err).Code == errUnreachable }

func (d *Desk) notSent(j *journal.Journal, id string) {
	if j == nil {
		return
	}
	if err := j.NotSent(id); err != nil {
		d.parts.Log.Error("journal", "error", err)
	}
}
