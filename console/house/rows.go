package house

import (
	"context"
	"slices"
	"time"

	"lamplight/console"
	"lamplight/notes"
	"lamplight/notes/access"
	"lamplight/notes/record"
	"lamplight/routing"
	"lamplight/telephony"
)

// A set is what rows, cards and stories are drawn from: all that a page needs beside what the record read for it, loaded once
// by ids. Drawing from it makes no query.
type set struct {
	accounts map[telephony.AccountID]notes.Account
	people   map[notes.PersonID]string
	climbs   map[notes.NoteID]routing.DispatchView
	attempts map[notes.NoteID][]routing.Attempt
}

// needs lists the ids of what a set is to hold. An id may be repeated, or empty.
type needs struct {
	accounts []telephony.AccountID
	people   []notes.PersonID
	climbs   []notes.NoteID
	attempts []notes.NoteID
}

func (n *needs) add(more needs) {
	n.accounts, n.people = append(n.accounts, more.accounts...), append(n.people, more.people...)
	n.climbs, n.attempts = append(n.climbs, more.climbs...), append(n.attempts, more.attempts...)
}

// line adds what a call's row needs.
func (n *needs) line(l record.CallLine) {
	n.people = append(n.people, notes.PersonID(l.Call.Agent))
	if l.Note != nil {
		n.accounts, n.people = append(n.accounts, l.Note.Account), append(n.people, l.Note.AckedBy)
		n.attempts = append(n.attempts, l.Note.ID)
	}
}

func cardNeeds(n notes.Note) needs {
	return needs{accounts: []telephony.AccountID{n.Account}, people: []notes.PersonID{n.Taker, n.AckedBy}, climbs: []notes.NoteID{n.ID},
		attempts: []notes.NoteID{n.ID}}
}

// load makes one query for each kind of thing that is needed.
func (h *House) load(ctx context.Context, n needs) (s set, err error) {
	if s.accounts, err = h.cfg.Store.AccountsOf(ctx, once(n.accounts)); err != nil {
		return set{}, err
	}
	if s.people, err = h.cfg.Store.Names(ctx, once(n.people)); err != nil {
		return set{}, err
	}
	if climbs := once(n.climbs); len(climbs) > 0 {
		if s.climbs, err = h.cfg.Routing.Views(ctx, climbs...); err != nil {
			return set{}, err
		}
	}
	if attempts := once(n.attempts); len(attempts) > 0 {
		if s.attempts, err = h.cfg.Routing.Attempts(ctx, attempts...); err != nil {
			return set{}, err
		}
	}
	return s, nil
}

// once returns the ids without the empty one and without repeats.
func once[ID ~string](ids []ID) []ID {
	ids = slices.Clone(ids)
	slices.Sort(ids)
	ids = slices.Compact(ids)
	if len(ids) > 0 && ids[0] == "" {
		ids = ids[1:]
	}
	return ids
}

// name is a person's name, "" for "", and the id itself for a part of the server.
func (s set) name(id notes.PersonID) string {
	if name, ok := s.people[id]; ok {
		return name
	}
	return string(id)
}

// boardRow draws what the record and routing know of something open. A call to a number that nobody owns has no practice.
func (s set) boardRow(r record.BoardLine) console.BoardRow {
	row := console.BoardRow{Key: r.Key, Kind: r.Kind, Note: r.Note.ID, Call: r.Call, Ref: r.Note.Reference, Account: r.Account,
		Practice: s.accounts[r.Account].Name,
		Urgency:  r.Note.Urgency, Patient: r.Patient, State: r.Note.State, TakenAt: r.Since,
		Last: console.LastStep{Kind: console.LastTaken, At: r.Since}}
	climb, climbed := s.climbs[r.Note.ID]
	switch {
	case climbed:
		showClimb(&row, climb)
	case r.Kind == notes.BoardCallBack:
		row.Last.Kind = console.LastAbandoned
		if r.CutOff {
			row.Last.Kind = console.LastCutOff
		}
		row.Tries, row.Last.At = r.Tries, r.LastAt
		if !r.Number {
			row.Last.Detail = console.DetailWithheld
		}
	case r.Kind == notes.BoardDraft:
		row.Draft, row.Last.Kind, row.Last.Name = r.Draft, console.LastUnsent, s.name(r.Agent)
		if r.Left {
			row.Last.Detail = console.DetailLeft
		}
		if r.Late {
			row.Late = routing.Late
		}
	case r.Kind == notes.BoardVoicemail:
		row.Last.Kind = console.LastVoicemail
	case r.Note.State == notes.Open || r.Note.State == notes.Read: // it waits for the office
		row.Last.Kind = console.LastWaiting
	}
	if r.RepliedAt.After(row.Last.At) {
		row.Last = console.LastStep{Kind: console.LastReplied, Name: r.RepliedBy, At: r.RepliedAt}
	}
	return row
}

// outcomes is the state of an attempt, by the step that told of it: a text that was sent has not yet arrived. Why one failed is
// in the story.
var outcomes = map[notes.LineKind]routing.AttemptState{
	notes.LineDelivered:   routing.Delivered,
	notes.LineUndelivered: routing.Undelivered,
	notes.LineFailed:      routing.Failed,
	notes.LineLinkOpened:  routing.Opened,
	notes.LineNotNeeded:   routing.Withdrawn,
}

// showClimb puts what routing knows of a dispatch into a row.
func showClimb(row *console.BoardRow, r routing.DispatchView) {
	row.Late, row.TakenOver = r.Late, r.Taken.Name
	row.NextAt, row.NextKind, row.NextName = r.Next.At, r.Next.Kind, r.Next.Name
	if !r.Last.At.IsZero() {
		row.Last = console.LastStep{Kind: console.LastKind(r.Last.Kind), Name: r.Last.Name,
			Detail: console.LastDetail(r.Last.Detail), At: r.Last.At}
		if r.Last.Channel != "" {
			row.Last.Kind, row.Last.Detail = console.LastKind(r.Last.Channel), console.LastDetail(outcomes[r.Last.Kind])
		}
	}
}

// noteLine is a note as the board has it before anybody has replied.
func noteLine(n notes.Note, body *notes.Body) record.BoardLine {
	l := record.BoardLine{Kind: notes.BoardNote, Note: n, Call: n.Call, Account: n.Account, Since: n.TakenAt,
		Patient: notes.DisplayName(body.Fields["name"])}
	if n.CallType == notes.VoicemailType {
		l.Kind = notes.BoardVoicemail
	}
	return l
}

// story draws an opened story.
func (s set) story(st notes.Story) console.Story {
	out := console.Story{Caller: formatNumber(st.Call.ANI), Lines: shownLines(st.Lines), HasRecording: len(st.Recordings) > 0,
		Labels: map[string]notes.Text{}}
	if n := st.Note; n != nil {
		out.Body, out.AddOns = n.Body, n.AddOns
		r := noteLine(*n, n.Body)
		for _, a := range n.AddOns { // in order, because an agent's addition answers the reply before it
			switch a.Kind {
			case notes.Reply:
				r.RepliedBy, r.RepliedAt = a.ByName, a.At
			case notes.Remark:
				r.RepliedBy, r.RepliedAt = "", time.Time{}
			}
		}
		out.Row = s.boardRow(r)
		t, _ := callType(s.accounts[n.Account], n.CallType)
		for _, f := range t.Fields {
			out.Labels[f.Key] = f.Label
		}
	} else {
		c := st.Call
		out.Row = s.boardRow(record.BoardLine{Kind: notes.BoardCallBack, Call: c.ID, Account: c.Account, Since: c.OpenedAt})
		out.Row.Last = console.LastStep{Kind: console.LastKind(c.Outcome), At: c.EndedAt}
	}
	if st.FollowUp != nil {
		word := *st.FollowUp
		word.ByName = s.name(word.By)
		out.AddOns = append(out.AddOns, word)
	}
	return out
}

// shownLines returns a story's lines with the numbers in them formatted for people.
func shownLines(lines []notes.StoryLine) []notes.StoryLine {
	out := slices.Clone(lines)
	for i := range out {
		out[i].Number = formatNumber(telephony.Number(out[i].Number))
	}
	return out
}

// inboxRow draws one note of an inbox.
func (s set) inboxRow(l record.InboxLine) console.InboxRow {
	n, acc := l.Note, s.accounts[l.Note.Account]
	return console.InboxRow{Note: n.ID, Ref: n.Reference, Practice: acc.Name, Urgency: n.Urgency, CallType: typeLabel(acc, n.CallType),
		State: n.State, TakenAt: n.TakenAt,
		AckedBy: s.name(n.AckedBy), Mine: l.Mine}
}

// callRow draws one call.
func (s set) callRow(l record.CallLine) console.CallRow {
	c := l.Call
	row := console.CallRow{Call: c.ID, At: c.OpenedAt, Outcome: c.Outcome, Language: c.Language, HasRecording: l.HasRecording,
		Patient: l.Patient,
		Agent:   s.name(notes.PersonID(c.Agent))}
	if !c.AnsweredAt.IsZero() {
		row.Wait = c.AnsweredAt.Sub(c.OpenedAt)
		if !c.EndedAt.IsZero() {
			row.Talk = c.EndedAt.Sub(c.AnsweredAt)
		}
	}
	if l.Note == nil {
		return row
	}
	n := *l.Note
	row.Note, row.Ref, row.Urgency, row.State, row.Language, row.AckedBy = n.ID, n.Reference, n.Urgency, n.State, n.Language,
		s.name(n.AckedBy)
	row.CallType = typeLabel(s.accounts[n.Account], n.CallType)
	if !n.AckedAt.IsZero() {
		row.ToAck = n.AckedAt.Sub(n.TakenAt)
	}
	for _, a := range s.attempts[n.ID] {
		if !a.Arrived.IsZero() {
			row.ToDelivered = a.Arrived.Sub(n.TakenAt)
			break
		}
	}
	return row
}

// card draws an opened note for a reader, with who was told and what comes next.
func (s set) card(a access.Actor, n notes.Note, now time.Time) console.Card {
	acc := s.accounts[n.Account]
	t, _ := callType(acc, n.CallType)
	if n.CallType == notes.PatientMessageType {
		t = patientMessage()
	}
	st := s.cardState(a, n)
	c := console.Card{Note: n.ID, Ref: n.Reference, Practice: accountRef(acc), Urgency: n.Urgency, Language: n.Language,
		CallType: typeLabel(acc, n.CallType), TakenAt: n.TakenAt, Taker: s.name(n.Taker),
		Reason: n.Body.Fields["reason"], Verbatim: n.Body.Verbatim, ReadBack: n.Body.ReadBack,
		AddOns: n.AddOns, Fields: cardFields(t, *n.Body), Told: []console.Told{}, Now: now,
		State: st.State, AckedBy: st.AckedBy, AckedAt: st.AckedAt, ClosedAt: st.ClosedAt, NextAt: st.NextAt, NextName: st.NextName,
		CanAct: st.CanAct, TakenOver: st.TakenOver, CanTakeOver: st.CanTakeOver}
	switch n.CallType {
	case notes.VoicemailType:
		c.Voicemail = n.Call
	case notes.PatientMessageType:
		c.Taker = bothLanguages("note.patient-message.taker").In(telephony.Language(a.Language))
	}
	if number := n.Body.Fields["callback"]; number != "" {
		c.CallBack = formatNumber(telephony.Number(number))
		c.CanCall = c.CanAct && mobile(acc, a) != ""
	}
	for _, at := range s.attempts[n.ID] {
		if !at.SentAt.IsZero() {
			c.Told = append(c.Told, console.Told{Name: at.Name, Channel: at.Channel, State: at.State, At: at.SentAt})
		}
	}
	return c
}

// cardState is what can change on a note's card.
func (s set) cardState(a access.Actor, n notes.Note) console.CardState {
	c := console.CardState{State: n.State, AckedBy: s.name(n.AckedBy), AckedAt: n.AckedAt, ClosedAt: n.ClosedAt,
		CanAct: a.May(notes.AckNote, string(n.Account)) && n.State != notes.Closed}
	if climb, ok := s.climbs[n.ID]; ok {
		c.NextAt, c.NextName, c.TakenOver = climb.Next.At, climb.Next.Name, climb.Taken.Name
		c.CanTakeOver = climb.State == routing.Exhausted && c.TakenOver == "" && a.May(notes.Supervise, string(n.Account))
	}
	return c
}

// cardFields are the note's fields in the script's order; those that the script no longer has come last.
func cardFields(t notes.CallType, b notes.Body) []console.CardField {
	out := []console.CardField{}
	done := map[string]bool{"reason": true}
	add := func(f notes.Field) {
		v := b.Fields[f.Key]
		if done[f.Key] || v == "" {
			return
		}
		done[f.Key] = true
		if f.Kind == notes.KindPhone {
			v = formatNumber(telephony.Number(v))
		}
		field := console.CardField{Key: f.Key, Kind: f.Kind, Label: f.Label, Value: v}
		for _, c := range f.Choices {
			if c.Value == v {
				field.Shown = c.Label
			}
		}
		out = append(out, field)
	}
	for _, f := range t.Fields {
		add(f)
	}
	var rest []string
	for k := range b.Fields {
		rest = append(rest, k)
	}
	slices.Sort(rest)
	for _, k := range rest {
		add(notes.Field{Key: k, Kind: notes.KindText, Label: notes.Text{"en": k, "es": k}})
	}
	return out
}

// mobile is the provider's own phone number, as the practice has it.
func mobile(acc notes.Account, a access.Actor) telephony.Number {
	for _, c := range acc.Contacts {
		if c.Person == a.Person {
			return c.Mobile
		}
	}
	return ""
}
