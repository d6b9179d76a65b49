package house

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"math/big"
	"net/mail"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"lamplight/console"
	"lamplight/notes"
	"lamplight/notes/access"
	"lamplight/notes/record"
	"lamplight/routing"
	"lamplight/routing/channel"
	"lamplight/telephony"
	"lamplight/telephony/engine"
)

// Tonight looks at everything the service's first night needs.
func (h *House) Tonight(ctx context.Context) (out console.Tonight, err error) {
	if _, err := h.keeper(ctx); err != nil {
		return out, err
	}
	out.Checks = h.cfg.Office.Checks(ctx)
	return out, nil
}

// trialParts are what a trial of a channel tries.
var trialParts = map[routing.ChannelKind]console.SettingPart{routing.Text: console.PartText, routing.Email: console.PartMail,
	routing.Voice: PartVoice}

// PartVoice is the carrier of calls, which is no setting.
const PartVoice console.SettingPart = "voice"

// ProofOf is under which part it is kept that a trial of another has arrived.
func ProofOf(part console.SettingPart) string { return "arrived-" + string(part) }

// Trial sends a message to whoever asks for it, or rings them. Whether it arrived only they know.
func (h *House) Trial(ctx context.Context, in console.Trial) (out console.Tried, err error) {
	a, err := h.keeper(ctx)
	if err != nil {
		return out, err
	}
	mark, err := rand.Int(rand.Reader, big.NewInt(9000))
	if err != nil {
		return out, fmt.Errorf("a trial's mark: %w", err)
	}
	out.Mark = fmt.Sprint(1000 + mark.Int64())
	m := channel.Message{Key: uuid.NewString(), To: in.To, Name: a.Name, Lang: telephony.Language(a.Language), Practice: h.serviceName(ctx),
		Code: out.Mark, Trial: true}
	switch in.By {
	case routing.Email:
		if to, err := mail.ParseAddress(in.To); err != nil || to.Address != in.To {
			return out, console.Refuse(console.Invalid, "portal.error.person-email")
		}
	case routing.Text, routing.Voice:
		n, ok := notes.ParseNumber(in.To)
		if !ok || n.Ext != "" {
			return out, console.Refuse(console.Invalid, "portal.error.person-mobile")
		}
		m.To = n.E164
	default:
		return out, console.Refuse(console.Invalid, "portal.error.malformed")
	}
	if in.By == routing.Voice {
		mark := out.Mark
		out.Mark = ""
		return h.ring(ctx, telephony.Number(m.To), a, mark)
	}
	sender := channel.Set(h.cfg.Senders[in.By])
	if sender == nil {
		out.Why = "not-configured"
		return out, nil
	}
	_, err = sender.Send(ctx, m)
	var failed *channel.SendError
	switch {
	case errors.As(err, &failed):
		out.Why, out.Code = trialWhy(in.By, failed), failed.Code
		h.cfg.Log.Warn("a trial was not taken", "channel", in.By, "error", err)
	case err != nil:
		return out, err
	}
	out.Taken = err == nil
	return out, nil
}

// trialWhy puts a carrier's refusal into a word that says what to mend.
func trialWhy(by routing.ChannelKind, e *channel.SendError) string {
	switch {
	case by == routing.Text && (e.Code == "401" || e.Code == "403" || e.Code == "20003"),
		by == routing.Email && (e.Code == "535" || e.Code == "534" || e.Code == "530"):
		return "key"
	case e.Code == "connect" || e.Code == "" && e.Kind == channel.Later:
		return "unreachable"
	}
	return string(e.Kind)
}

// trials are the calls for trial that are under way or were a moment ago, the last of each who asked.
type trials struct {
	mu sync.Mutex // guards of
	of map[notes.PersonID]trialCall
}

type trialCall struct {
	id      telephony.CallID
	code    string
	carrier string // by which it left
	wrong   int    // codes that were not it
}

// mostWrong is how many wrong codes a call for trial takes; then another is needed.
const mostWrong = 5

// ring rings a number by the carrier, from a practice's own; once a key was pressed there, it says the code. So green means that a call
// left by the carrier, that sound and keys came back, and that sound arrived.
func (h *House) ring(ctx context.Context, to telephony.Number, a access.Actor, code string) (out console.Tried, err error) {
	if out.Why = h.cfg.Office.Trunk(ctx); out.Why != "" {
		return out, nil
	}
	all, err := h.cfg.Store.Accounts(ctx)
	if err != nil {
		return out, err
	}
	i := slices.IndexFunc(all, func(acc notes.Account) bool { return acc.Line() != "" })
	if i < 0 {
		out.Why = "no-line"
		return out, nil
	}
	t := trialCall{id: telephony.CallID(uuid.NewString()), code: code, carrier: h.cfg.Office.Carrier(PartVoice)}
	err = h.engine.CallBack(ctx, engine.Callback{ID: t.id, Account: all[i].ID, First: to, Code: t.code, Show: all[i].Line(),
		Name: all[i].Name, Language: telephony.Language(a.Language), About: "trial", By: telephony.AgentID(a.Person)})
	if errors.Is(err, engine.ErrNoSwitch) {
		out.Why = "no-switch"
		return out, nil
	} else if err != nil {
		return out, err
	}
	h.trials.mu.Lock()
	defer h.trials.mu.Unlock()
	if h.trials.of == nil {
		h.trials.of = map[notes.PersonID]trialCall{}
	}
	h.trials.of[a.Person] = t
	out.Taken = true
	return out, nil
}

// TrialCall tells how the asker's call for trial goes.
func (h *House) TrialCall(ctx context.Context) (out console.TrialCall, err error) {
	a, err := h.keeper(ctx)
	if err != nil {
		return out, err
	}
	h.trials.mu.Lock()
	t, ok := h.trials.of[a.Person]
	h.trials.mu.Unlock()
	if !ok {
		return out, console.Refuse(console.NotFound, "portal.error.not-found")
	}
	p, err := h.engine.Placed(ctx, t.id)
	if errors.Is(err, engine.ErrNoCall) {
		return out, console.Refuse(console.NotFound, "portal.error.not-found")
	} else if err != nil {
		return out, err
	}
	switch {
	case p.Told:
		out.Step = console.TrialTold
	case p.Over:
		out.Step, out.Why = console.TrialEnded, callWhy(p)
	case p.Answered:
		out.Step = console.TrialAnswered
	case p.Rang:
		out.Step = console.TrialRings
	default:
		out.Step = console.TrialCalling
	}
	return out, nil
}

// callWhy puts the end of a call for trial into a word that says what to mend.
func callWhy(p engine.Placed) string {
	switch strings.TrimPrefix(p.Why, "first-") {
	case "no-answer":
		if !p.Rang {
			return "call-silent"
		}
		return "call-no-answer"
	case "busy":
		return "call-busy"
	case "rejected":
		return "call-rejected"
	case "wrong-number":
		return "call-wrong-number"
	case "hung-up":
		return "call-hung-up"
	case "no-key":
		return "call-no-key"
	}
	return "call-failed"
}

// heard tells whether a code is the one that the asker's call for trial said, and by which carrier that left.
func (t *trials) heard(who notes.PersonID, code string) (carrier string, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	c, ok := t.of[who]
	switch {
	case !ok:
		return "", false
	case subtle.ConstantTimeCompare([]byte(c.code), []byte(code)) == 1:
		delete(t.of, who)
		return c.carrier, true
	}
	if c.wrong++; c.wrong < mostWrong {
		t.of[who] = c
	} else {
		delete(t.of, who)
	}
	return "", false
}

// Arrived keeps that a trial has come: until the carrier is another. Of a call only the code that it said is believed.
func (h *House) Arrived(ctx context.Context, in console.TrialArrived) error {
	a, err := h.keeper(ctx)
	if err != nil {
		return err
	}
	part, ok := trialParts[in.By]
	if !ok {
		return console.Refuse(console.Invalid, "portal.error.malformed")
	}
	carrier := h.cfg.Office.Carrier(part)
	if in.By == routing.Voice {
		if carrier, ok = h.trials.heard(a.Person, strings.TrimSpace(in.Code)); !ok {
			return console.Refuse(console.Invalid, "portal.error.trial-code")
		}
	}
	was, err := h.cfg.Store.Setting(ctx, ProofOf(part))
	if err != nil {
		return err
	}
	err = h.cfg.Store.PutSetting(ctx, was.Version, record.Setting{Part: ProofOf(part), Values: map[string]string{
		"at": h.cfg.Now().UTC().Format(time.RFC3339), "carrier": carrier}})
	if errors.Is(err, record.ErrSettingMoved) { // another has said so at the same moment
		return nil
	}
	return err
}
