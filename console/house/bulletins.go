package house

import (
	"context"
	"errors"
	"strings"

	"lamplight/console"
	"lamplight/notes"
	"lamplight/notes/record"
	"lamplight/telephony"
)

// Bulletins lists a practice's bulletins for who may write them.
func (h *House) Bulletins(ctx context.Context, id telephony.AccountID) (out console.PracticeBulletins, err error) {
	_, acc, err := h.practiceFor(ctx, id)
	if err != nil {
		return out, err
	}
	out = console.PracticeBulletins{Zone: acc.TimeZone, Languages: acc.Languages, Bulletins: []console.PracticeBulletin{}}
	all, err := h.cfg.Store.Bulletins(ctx, id)
	if err != nil {
		return out, pageRefusal(err)
	}
	var people []notes.PersonID
	for _, b := range all {
		people = append(people, b.By)
		for _, r := range b.ReadBy {
			people = append(people, r.Person)
		}
	}
	s, err := h.load(ctx, needs{people: people})
	if err != nil {
		return out, err
	}
	for _, b := range all {
		p := console.PracticeBulletin{ID: b.ID, Kind: b.Kind, Says: b.Body, Begins: b.Begins, Ends: b.Ends, MadeAt: b.MadeAt,
			By: s.name(b.By), ReadBy: []console.BulletinReader{}}
		for _, r := range b.ReadBy {
			p.ReadBy = append(p.ReadBy, console.BulletinReader{Name: s.name(r.Person), At: r.At})
		}
		out.Bulletins = append(out.Bulletins, p)
	}
	return out, nil
}

// PutBulletin writes a bulletin, in each language of the practice.
func (h *House) PutBulletin(ctx context.Context, q console.BulletinPut) (out console.PracticeBulletins, err error) {
	_, acc, err := h.practiceFor(ctx, q.Account)
	if err != nil {
		return out, err
	}
	if acc.Version == 0 {
		return out, console.Refuse(console.Conflict, "portal.error.bulletin-unpublished")
	}
	b := notes.Bulletin{Account: acc.ID, Kind: q.Kind, Body: notes.Text{}}
	most := map[notes.BulletinKind]int{notes.BulletinToRead: notes.MaxBulletin, notes.BulletinStatus: notes.MaxStatus}[q.Kind]
	if most == 0 {
		return out, console.Refuse(console.Invalid, "portal.error.malformed")
	}
	for _, l := range acc.Languages {
		b.Body[l] = strings.Join(strings.Fields(q.Says[l]), " ")
		switch {
		case b.Body[l] == "":
			return out, console.Refuse(console.Invalid, "portal.error.bulletin-words")
		case len(b.Body[l]) > most:
			return out, console.Refuse(console.Invalid, "portal.error.too-large")
		}
	}
	var errFrom, errTo error
	b.Begins, errFrom = wallMoment(acc.TimeZone, q.From, false)
	b.Ends, errTo = wallMoment(acc.TimeZone, q.To, true)
	switch {
	case errFrom != nil || errTo != nil:
		return out, console.Refuse(console.Invalid, "portal.error.date")
	case !b.Ends.After(b.Begins):
		return out, console.Refuse(console.Invalid, "portal.error.schedule-ends-first")
	case !b.Ends.After(h.cfg.Now()):
		return out, console.Refuse(console.Invalid, "portal.error.schedule-past")
	}
	err = h.cfg.Store.PutBulletin(ctx, b)
	if errors.Is(err, record.ErrManyBulletins) {
		return out, console.Refuse(console.Conflict, "portal.error.bulletin-many")
	}
	if err != nil {
		return out, pageRefusal(err)
	}
	return h.Bulletins(ctx, acc.ID)
}

// EndBulletin ends a bulletin now. One that has ended already is ended.
func (h *House) EndBulletin(ctx context.Context, q console.BulletinEnd) (out console.PracticeBulletins, err error) {
	if _, _, err := h.practiceFor(ctx, q.Account); err != nil {
		return out, err
	}
	err = h.cfg.Store.EndBulletin(ctx, q.Account, q.Bulletin)
	if err != nil && !errors.Is(err, record.ErrNoBulletin) {
		return out, pageRefusal(err)
	}
	return h.Bulletins(ctx, q.Account)
}

// AckBulletin keeps that the agent has read a bulletin.
func (h *House) AckBulletin(ctx context.Context, q console.BulletinRef) error {
	err := h.cfg.Store.AckBulletin(ctx, q.Bulletin)
	if errors.Is(err, record.ErrNoBulletin) {
		return console.Refuse(console.NotFound, "desk.error.not-found")
	}
	return err
}

// deskBulletins are what a desk shows with a practice's call. A caller never waits for them: without an answer there are none.
func (h *House) deskBulletins(ctx context.Context, acc notes.Account) (out []console.DeskBulletin) {
	shown, err := h.cfg.Store.ShownBulletins(ctx, acc.ID, h.cfg.Now())
	if err != nil {
		h.cfg.Log.Error("console: bulletins", "practice", acc.ID, "error", err)
	}
	for _, b := range shown {
		out = append(out, console.DeskBulletin{ID: b.ID, Kind: b.Kind, Says: b.Body, Ends: b.Ends})
	}
	return out
}
