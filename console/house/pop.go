package house

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/nyaruka/phonenumbers"

	"lamplight/console"
	"lamplight/frontend/shared/catalog"
	"lamplight/notes"
	"lamplight/notes/access"
	"lamplight/routing/oncall"
	"lamplight/telephony"
)

// Speaks is what an agent speaks, is certified for and belongs to, in the form in which notes/access stores it:
// {"languages":{"en":3,"es":2}}, with levels as in telephony.Level.
type Speaks struct {
	Languages map[telephony.Language]telephony.Level `json:"languages"`
	Skills    []string                               `json:"skills,omitempty"`
	Groups    []string                               `json:"groups,omitempty"`
}

func readSpeaks(doc string, a *telephony.Agent) error {
	if doc == "" {
		return nil
	}
	var s Speaks
	if err := json.Unmarshal([]byte(doc), &s); err != nil {
		return fmt.Errorf("read what they speak: %w", err)
	}
	a.Languages, a.Skills, a.Groups = s.Languages, s.Skills, s.Groups
	return nil
}

// pop builds the screen pop. The actor in ctx is the agent who is to see it.
func (h *House) pop(ctx context.Context, o telephony.Offer, c telephony.Call) (console.Pop, error) {
	acc, err := h.cfg.Store.Account(ctx, c.Account)
	if err != nil {
		return console.Pop{}, err
	}
	p := console.Pop{Call: c.ID, Epoch: o.Epoch, Deadline: o.Deadline, State: c.State, Caller: formatNumber(c.ANI),
		CallerRaw: c.ANI.Reveal(),
		Name:      c.CallerName, Language: c.Language, ArrivedAt: c.OpenedAt, Outbound: !c.Inbound, AnsweredAt: c.AnsweredAt,
		Script: acc.Script, Third: h.third(ctx, c), Supervisor: h.supervisor(ctx, c),
		HandedBy: h.handedBy(c.ID)}
	if v, ok := h.placed.Load(c.ID); ok {
		p.Back, p.Extension = v.(placed).back, v.(placed).extension
	}
	if p.Practice, err = h.practice(ctx, acc); err != nil {
		return console.Pop{}, err
	}
	p.Before, err = h.before(ctx, acc, c)
	return p, err
}

// practice is what a desk shows of a practice.
func (h *House) practice(ctx context.Context, acc notes.Account) (console.PracticeView, error) {
	loc, err := time.LoadLocation(acc.TimeZone)
	if err != nil {
		return console.PracticeView{}, fmt.Errorf("practice %s: %w", acc.ID, err)
	}
	now := h.cfg.Now().In(loc)
	v := console.PracticeView{ID: acc.ID, Name: acc.Name, Say: acc.Say, TimeZone: acc.TimeZone, LocalTime: now,
		Open:      officeOpen(acc.Hours, now),
		Languages: acc.Languages, AnswerPhrase: answerPhrase(ctx, acc), Instructions: acc.Instructions}
	if v.OnCall, err = h.onCall(ctx, acc, now); err != nil { // a schedule that cannot be read must not hold up a waiting caller
		h.cfg.Log.Error("console: who is on call", "practice", acc.ID, "error", err)
	}
	v.Bulletins = h.deskBulletins(ctx, acc)
	return v, nil
}

// answerPhrase puts the agent's first name where the practice wants it.
func answerPhrase(ctx context.Context, acc notes.Account) notes.Text {
	actor, _ := access.From(ctx)
	first, _, _ := strings.Cut(actor.Name, " ")
	out := notes.Text{}
	for l, s := range acc.AnswerPhrase {
		out[l] = strings.ReplaceAll(s, "{{agent}}", first)
	}
	return out
}

// officeOpen tells whether now, a local time of the practice, is within its hours.
func officeOpen(hours []notes.OfficeHours, now time.Time) bool {
	clock := now.Format("15:04")
	for _, w := range hours {
		if w.Weekday == now.Weekday() && w.From <= clock && clock < w.To {
			return true
		}
	}
	return false
}

// onCall lists who is on call now for each role, each followed by whoever is next. A role that nobody has is listed without a
// name.
func (h *House) onCall(ctx context.Context, acc notes.Account, now time.Time) ([]console.OnCall, error) {
	sched, err := h.cfg.Routing.Schedule(ctx, acc, now, true)
	if err != nil {
		return nil, fmt.Errorf("practice %s: schedule: %w", acc.ID, err)
	}
	var out []console.OnCall
	for _, role := range sched.Roles() {
		q := oncall.Query{Role: role}
		until, _ := sched.Until(now, q) // without a change in ten years the time is zero, and shown as open-ended
		on := sched.Who(now, q)
		if len(on) == 0 {
			out = append(out, console.OnCall{Role: role, Until: until})
		}
		for _, who := range on {
			out = append(out, provider(acc, sched, role, who, time.Time{}, until, false))
		}
		if next, ok := sched.Next(now, q); ok && role == "primary" {
			for _, who := range next.People {
				out = append(out, provider(acc, sched, role, who, next.From, next.Until, true))
			}
		}
	}
	return out, nil
}

func provider(acc notes.Account, sched *oncall.Schedule, role string, who oncall.ParticipantID, from, until time.Time,
	next bool) console.OnCall {
	o := console.OnCall{Role: role, Name: sched.Name(who), From: from, Until: until, Next: next}
	for _, c := range acc.Contacts {
		if c.ID == string(who) {
			o.Name, o.Say = c.Name, c.Say
		}
	}
	return o
}

// callType finds a call type of a practice.
func callType(acc notes.Account, id string) (notes.CallType, bool) { return acc.Script.CallType(id) }

// typeLabel is a call type's name as people read it. No script has the types of a voicemail and of a patient's message.
func typeLabel(acc notes.Account, id string) notes.Text {
	switch id {
	case notes.VoicemailType:
		return bothLanguages("note.voicemail")
	case notes.PatientMessageType:
		return bothLanguages("note.patient-message")
	}
	t, _ := callType(acc, id)
	return t.Label
}

// bothLanguages is a sentence of the catalogs in both languages, in the form of a practice's own texts.
func bothLanguages(key string) notes.Text {
	return notes.Text{telephony.English: catalog.T(telephony.English, key, nil), telephony.Spanish: catalog.T(telephony.Spanish, key, nil)}
}

// formatNumber writes a number as is usual in its country; text that is not a number is returned unchanged.
func formatNumber(n telephony.Number) string {
	if n == "" {
		return ""
	}
	p, err := phonenumbers.Parse(n.Reveal(), "US")
	if err != nil {
		return n.Reveal()
	}
	if p.GetCountryCode() == 1 {
		return phonenumbers.Format(p, phonenumbers.NATIONAL)
	}
	return phonenumbers.Format(p, phonenumbers.INTERNATIONAL)
}
