package house

import (
	"context"
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"strings"
	"time"

	"lamplight/console"
	"lamplight/frontend/shared/catalog"
	"lamplight/notes"
	"lamplight/notes/access"
	"lamplight/notes/record"
	"lamplight/routing"
	"lamplight/telephony"
)

// mostPractice is the longest document of a practice that a page may send, in bytes; a usual one has 20,000.
const mostPractice = 1 << 20

// practiceFor returns a practice as it now is, for somebody who may change it; one that was never published has version 0.
func (h *House) practiceFor(ctx context.Context, id telephony.AccountID) (a access.Actor, acc notes.Account, err error) {
	if a, err = reader(ctx); err != nil {
		return a, acc, err
	}
	unknown := console.Refuse(console.NotFound, "portal.error.not-found")
	if !a.May(notes.EditPractice, string(id)) {
		return a, acc, unknown
	}
	acc, err = h.cfg.Store.AccountNow(ctx, id)
	if !errors.Is(err, record.ErrNoAccount) {
		return a, acc, pageRefusal(err)
	}
	drafts, err := h.cfg.Store.PracticeDrafts(ctx, []telephony.AccountID{id}, false)
	if err == nil && len(drafts) == 0 {
		err = unknown
	}
	return a, notes.Account{ID: id}, err
}

// whole reports whether the actor may change every part of a practice, its numbers and its chart included: the service's own
// people may.
func whole(a access.Actor) bool { return a.May(notes.EditPractice, access.Everywhere) }

// Practices lists the practices that the asker may change.
func (h *House) Practices(ctx context.Context, q console.PracticesQuery) (console.PracticesPage, error) {
	a, err := reader(ctx)
	if err != nil {
		return console.PracticesPage{}, err
	}
	lines, next, err := h.cfg.Store.Practices(ctx, q.Search, q.After)
	if err != nil {
		return console.PracticesPage{}, pageRefusal(err)
	}
	out := console.PracticesPage{Rows: []console.PracticeRow{}, Next: next, MayAdd: whole(a)}
	ids := make([]telephony.AccountID, len(lines))
	for i, l := range lines {
		ids[i] = l.ID
		out.Rows = append(out.Rows, console.PracticeRow{Account: l.ID, Name: l.Name, Lines: l.Lines, Drafts: []console.PracticeWriter{}})
	}
	drafts, err := h.cfg.Store.PracticeDrafts(ctx, ids, q.After == "" && q.Search == "")
	if err != nil {
		return console.PracticesPage{}, err
	}
	for _, d := range drafts {
		i := slices.IndexFunc(out.Rows, func(r console.PracticeRow) bool { return r.Account == d.Account })
		if i < 0 {
			out.Rows = slices.Insert(out.Rows, 0, console.PracticeRow{Account: d.Account, Name: d.Name, New: true,
				Drafts: []console.PracticeWriter{}})
			i = 0
		}
		out.Rows[i].Drafts = append(out.Rows[i].Drafts, practiceWriter(a, d))
	}
	return out, nil
}

func practiceWriter(a access.Actor, d record.PracticeDraft) console.PracticeWriter {
	return console.PracticeWriter{Person: d.Person, Name: d.By, At: d.At, Mine: d.Person == a.Person}
}

// Practice opens a practice to be changed.
func (h *House) Practice(ctx context.Context, id telephony.AccountID) (console.PracticeWhole, error) {
	a, acc, err := h.practiceFor(ctx, id)
	if err != nil {
		return console.PracticeWhole{}, err
	}
	v := console.PracticeWhole{Account: id, Version: acc.Version, Others: []console.PracticeWriter{}, Whole: whole(a)}
	if v.Document, err = practiceDocument(acc); err != nil {
		return v, err
	}
	if v.Changes, err = h.practiceChanges(ctx, id, mostVersions); err != nil {
		return v, err
	}
	drafts, err := h.cfg.Store.PracticeDrafts(ctx, []telephony.AccountID{id}, false)
	if err != nil {
		return v, err
	}
	for _, d := range drafts {
		if d.Person != a.Person {
			v.Others = append(v.Others, practiceWriter(a, d))
		}
	}
	shown := v.Document
	d, err := h.cfg.Store.PracticeDraft(ctx, id, a.Person)
	switch {
	case err == nil:
		v.Draft = &console.PracticeOwnDraft{Version: d.Version, Base: d.Base, Document: d.Document, Seq: d.Seq, At: d.At}
		shown = d.Document
	case !errors.Is(err, record.ErrNoPracticeDraft):
		return v, err
	}
	v.Problems = []console.PracticeProblem{}
	if shown != "" { // somebody else's unpublished practice has nothing to show yet
		_, v.Problems, err = h.practiceProblems(ctx, a, acc, shown)
	}
	return v, err
}

// practiceDocument is the published document of a practice, "" for one that was never published.
func practiceDocument(acc notes.Account) (string, error) {
	if acc.Version == 0 {
		return "", nil
	}
	b, err := routing.WritePractice(acc)
	return string(b), err
}

// practiceChanges are a practice's versions, the newest first.
func (h *House) practiceChanges(ctx context.Context, id telephony.AccountID, limit int) ([]console.PracticeChange, error) {
	all, err := h.cfg.Store.PracticeVersions(ctx, id, limit)
	if err != nil {
		return nil, err
	}
	s, err := namesOf(ctx, h, all, func(v record.PracticeVersion) notes.PersonID { return v.By })
	if err != nil {
		return nil, err
	}
	out := make([]console.PracticeChange, len(all))
	for i, v := range all {
		out[i] = console.PracticeChange{ID: v.ID, Version: v.Version, At: v.At, By: s.name(v.By), Why: v.Why}
	}
	return out, nil
}

// practiceProblems reads a document that is to replace the practice acc, and returns everything that is wrong with it.
func (h *House) practiceProblems(ctx context.Context, a access.Actor, acc notes.Account, text string) (notes.Account,
	[]console.PracticeProblem, error) {
	// The check needs to know which contacts sign in, so they are read first, from a sketch; an unreadable document has none.
	var sketch struct {
		Account struct {
			Contacts []notes.Contact `json:"contacts"`
		} `json:"account"`
	}
	_ = json.Unmarshal([]byte(text), &sketch)
	known, err := h.knownPeople(ctx, notes.Account{ID: acc.ID, Contacts: sketch.Account.Contacts})
	if err != nil {
		return acc, nil, err
	}
	doc, found := routing.ReadPractice([]byte(text), known, h.cfg.Now())
	next := doc.Account
	if acc.Version > 0 {
		next.Schedule = routing.CarryCalendar(next.Schedule, acc.Schedule)
		next.Schedule, next.Ladders = sameText(next.Schedule, acc.Schedule), sameText(next.Ladders, acc.Ladders)
	}
	taken, err := h.cfg.Store.TakenLines(ctx, acc.ID, next.Lines)
	if err != nil {
		return next, nil, err
	}
	out := []console.PracticeProblem{}
	for _, p := range append(found, routing.CheckChange(acc, next, taken, whole(a))...) {
		out = append(out, practiceProblem(next, p))
	}
	failed, err := h.failedTests(ctx, acc, next)
	for _, f := range failed {
		out = append(out, testProblem(a, next, f))
	}
	return next, out, err
}

// practiceProblem is a problem of a document in both languages; contacts' ids are replaced by their names.
func practiceProblem(acc notes.Account, p routing.Problem) console.PracticeProblem {
	vars := catalog.Vars{}
	for name, value := range p.Vars {
		vars[name] = value
		i := slices.IndexFunc(acc.Contacts, func(c notes.Contact) bool { return c.ID == value && c.Name != "" })
		if name == "value" && i >= 0 && p.Code != "no-contact" {
			vars[name] = acc.Contacts[i].Name
		}
	}
	says := notes.Text{}
	for _, l := range []telephony.Language{telephony.English, telephony.Spanish} {
		says[l] = catalog.T(l, "routing.problem."+p.Code, vars)
	}
	return console.PracticeProblem{Field: p.Field, Code: p.Code, Final: p.Severity == routing.Refuse, Says: says}
}

// sameText returns before when text differs from it in layout only.
func sameText(text, before []byte) []byte {
	var a, b any
	if json.Unmarshal(text, &a) == nil && json.Unmarshal(before, &b) == nil && reflect.DeepEqual(a, b) {
		return before
	}
	return text
}

// NewPractice begins a practice. Its calls are not answered until it is published.
func (h *House) NewPractice(ctx context.Context, q console.PracticeNew) (console.PracticeRef, error) {
	a, err := reader(ctx)
	if err != nil {
		return console.PracticeRef{}, err
	}
	if !whole(a) {
		return console.PracticeRef{}, console.Refuse(console.Forbidden, "portal.error.forbidden")
	}
	next, ok := notes.Account{}, false
	if q.From != "" {
		of, err := h.cfg.Store.AccountNow(ctx, q.From)
		if err != nil {
			return console.PracticeRef{}, pageRefusal(err)
		}
		next, ok = routing.ClonePractice(of, q.Account, strings.TrimSpace(q.Name), q.TimeZone), true
	} else {
		in, err := h.languages(ctx)
		if err != nil {
			return console.PracticeRef{}, err
		}
		next, ok = routing.NewPractice(q.Template, q.Account, strings.TrimSpace(q.Name), q.TimeZone, in...)
	}
	if !ok {
		return console.PracticeRef{}, console.Refuse(console.Invalid, "portal.error.malformed")
	}
	text, err := routing.WritePractice(next)
	if err != nil {
		return console.PracticeRef{}, err
	}
	_, found := routing.ReadPractice(text, nil, h.cfg.Now())
	for field, code := range map[string]string{"account.id": "portal.error.practice-id", "account.name": "portal.error.practice-name",
		"account.timeZone": "portal.error.practice-zone"} {
		if slices.ContainsFunc(found, func(p routing.Problem) bool { return p.Field == field && p.Severity == routing.Refuse }) {
			return console.PracticeRef{}, console.Refuse(console.Invalid, code)
		}
	}
	there, err := h.cfg.Store.PracticeDrafts(ctx, []telephony.AccountID{q.Account}, false)
	if err != nil {
		return console.PracticeRef{}, err
	}
	_, err = h.cfg.Store.AccountNow(ctx, q.Account)
	if err == nil || len(there) > 0 {
		return console.PracticeRef{}, console.Refuse(console.Conflict, "portal.error.practice-exists")
	}
	if !errors.Is(err, record.ErrNoAccount) {
		return console.PracticeRef{}, err
	}
	_, err = h.cfg.Store.SavePracticeDraft(ctx, record.PracticeDraft{Account: q.Account, Name: next.Name, Document: string(text)})
	return console.PracticeRef{Account: q.Account}, pageRefusal(err)
}

// SavePractice stores the asker's draft of a practice.
func (h *House) SavePractice(ctx context.Context, q console.PracticeSave) (out console.PracticeSaved, err error) {
	a, acc, err := h.practiceFor(ctx, q.Account)
	if err != nil {
		return out, err
	}
	if len(q.Document) > mostPractice {
		return out, console.Refuse(console.Invalid, "portal.error.too-large")
	}
	d := record.PracticeDraft{Account: q.Account, Version: q.Version, Document: q.Document, Seq: q.Seq}
	before, err := h.cfg.Store.PracticeDraft(ctx, q.Account, a.Person)
	switch {
	case err != nil && !errors.Is(err, record.ErrNoPracticeDraft):
		return out, err
	case err == nil && before.Version == q.Version:
		d.Base = before.Base
	case q.Version != acc.Version:
		return console.PracticeSaved{Moved: h.practiceMoved(ctx, q.Account), Problems: []console.PracticeProblem{}}, nil
	default:
		if d.Base, err = practiceDocument(acc); err != nil {
			return out, err
		}
	}
	next, problems, err := h.practiceProblems(ctx, a, acc, q.Document)
	if err != nil {
		return out, err
	}
	d.Name = cut(next.Name, 200)
	seq, err := h.cfg.Store.SavePracticeDraft(ctx, d)
	if errors.Is(err, record.ErrNoPracticeDraft) {
		return out, console.Refuse(console.Conflict, "portal.error.practice-elsewhere")
	}
	return console.PracticeSaved{Saved: err == nil, Seq: seq, Problems: problems}, pageRefusal(err)
}

// cut is the beginning of a text, no more than n bytes long.
func cut(s string, n int) string { return strings.ToValidUTF8(s[:min(len(s), n)], "") }

// practiceMoved tells who published last.
func (h *House) practiceMoved(ctx context.Context, id telephony.AccountID) *console.PracticeChange {
	last, err := h.practiceChanges(ctx, id, 1)
	if err != nil || len(last) == 0 {
		return &console.PracticeChange{} // nobody knows who
	}
	return &last[0]
}

// DropPractice throws away the asker's draft of a practice.
func (h *House) DropPractice(ctx context.Context, id telephony.AccountID) error {
	if _, _, err := h.practiceFor(ctx, id); err != nil {
		return err
	}
	return pageRefusal(h.cfg.Store.DropPracticeDraft(ctx, id))
}

// practiceGone refuses a draft or a version that no longer exists: the page reads the practice again.
var practiceGone = console.Refuse(console.Conflict, "portal.error.practice-gone")

// PracticeBeside reads a colleague's draft of a practice.
func (h *House) PracticeBeside(ctx context.Context, q console.PracticeDraftRef) (console.PracticeText, error) {
	if _, _, err := h.practiceFor(ctx, q.Account); err != nil {
		return console.PracticeText{}, err
	}
	d, err := h.cfg.Store.PracticeDraft(ctx, q.Account, q.Person)
	if errors.Is(err, record.ErrNoPracticeDraft) {
		return console.PracticeText{}, practiceGone
	}
	return console.PracticeText{Document: d.Document, Version: d.Version}, pageRefusal(err)
}

// PublishPractice publishes the asker's draft.
func (h *House) PublishPractice(ctx context.Context, q console.PracticePublish) (out console.PracticePublished, err error) {
	out.Problems = []console.PracticeProblem{}
	a, acc, err := h.practiceFor(ctx, q.Account)
	if err != nil {
		return out, err
	}
	switch {
	case strings.TrimSpace(q.Why) == "":
		return out, console.Refuse(console.Invalid, "portal.error.practice-why")
	case len(q.Why) > mostWords || len(q.Word) > mostWords:
		return out, console.Refuse(console.Invalid, "portal.error.too-large")
	}
	d, err := h.cfg.Store.PracticeDraft(ctx, q.Account, a.Person)
	if errors.Is(err, record.ErrNoPracticeDraft) || err == nil && d.Seq != q.Seq {
		return out, console.Refuse(console.Conflict, "portal.error.practice-elsewhere")
	}
	if err != nil {
		return out, pageRefusal(err)
	}
	next, problems, err := h.practiceProblems(ctx, a, acc, d.Document)
	if err != nil {
		return out, err
	}
	if d.Version != acc.Version && !h.onlyCalendar(d.Base, acc) {
		out.Moved = h.practiceMoved(ctx, q.Account)
		return out, nil
	}
	final := func(p console.PracticeProblem) bool { return p.Final }
	if out.Problems = problems; len(problems) > 0 && (!q.Sure || slices.ContainsFunc(problems, final)) {
		return out, nil
	}
	var failed []notes.Text
	for _, p := range problems {
		if p.Word {
			failed = append(failed, p.Says)
		}
	}
	if len(failed) > 0 && strings.TrimSpace(q.Word) == "" {
		return out, nil
	}
	err = h.cfg.Store.PutPractice(ctx, next, acc.Version, strings.TrimSpace(q.Why), overruling(q.Word, failed))
	switch {
	case errors.Is(err, record.ErrPracticeMoved):
		out.Moved = h.practiceMoved(ctx, q.Account)
		return out, nil
	case errors.Is(err, record.ErrLineTaken): // taken since it was checked
		return out, console.Refuse(console.Conflict, "portal.error.practice-line")
	}
	out.Saved = err == nil
	return out, pageRefusal(err)
}

// onlyCalendar reports that nothing but temporary changes of the schedule has changed in a practice since base.
func (h *House) onlyCalendar(base string, acc notes.Account) bool {
	var then routing.PracticeDocument
	if json.Unmarshal([]byte(base), &then) != nil {
		return false
	}
	was, is := then.Account, acc
	was.Schedule, was.Ladders = routing.CarryCalendar(then.Schedule, acc.Schedule), then.Ladders
	a, errA := routing.WritePractice(was)
	b, errB := routing.WritePractice(is)
	return errA == nil && errB == nil && string(sameText(a, b)) == string(b)
}

// PracticeVersion reads one version of a practice.
func (h *House) PracticeVersion(ctx context.Context, q console.PracticeVersionRef) (console.PracticeText, error) {
	if _, _, err := h.practiceFor(ctx, q.Account); err != nil {
		return console.PracticeText{}, err
	}
	acc, err := h.cfg.Store.PracticeOf(ctx, q.Account, q.Version)
	if errors.Is(err, record.ErrNoVersion) {
		return console.PracticeText{}, practiceGone
	}
	if err != nil {
		return console.PracticeText{}, pageRefusal(err)
	}
	b, err := routing.WritePractice(acc)
	return console.PracticeText{Document: string(b)}, err
}

// drafted is the practice as a draft says, with a zone that there is.
func (h *House) drafted(ctx context.Context, id telephony.AccountID, document string) (next notes.Account, err error) {
	a, acc, err := h.practiceFor(ctx, id)
	if err != nil {
		return next, err
	}
	if len(document) > mostPractice {
		return next, console.Refuse(console.Invalid, "portal.error.too-large")
	}
	if next, _, err = h.practiceProblems(ctx, a, acc, document); err != nil {
		return next, err
	}
	next.ID = acc.ID
	if _, err := time.LoadLocation(next.TimeZone); err != nil || next.TimeZone == "" {
		return next, console.Refuse(console.Invalid, "portal.error.practice-zone")
	}
	return next, nil
}

// PracticeMoment tells what would happen to a call if the practice were as a draft says.
func (h *House) PracticeMoment(ctx context.Context, q console.PracticeMoment) (console.Moment, error) {
	next, err := h.drafted(ctx, q.Account, q.Document)
	if err != nil {
		return console.Moment{}, err
	}
	return h.momentOf(ctx, next, console.MomentQuery{At: q.At, Later: q.Later, CallType: q.CallType, Urgency: q.Urgency})
}
