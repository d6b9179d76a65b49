package house

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"math/big"
	"net/mail"
	"time"

	"github.com/google/uuid"

	"lamplight/console"
	"lamplight/notes"
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
		return h.ringBack(ctx, telephony.Number(m.To), string(a.Person), m.Lang)
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

// ringBack rings a number by the carrier and, once a key was pressed there, a practice's own number by it: whoever picks up hears their
// own service as a caller does.
func (h *House) ringBack(ctx context.Context, to telephony.Number, by string, lang telephony.Language) (out console.Tried, err error) {
	all, err := h.cfg.Store.Accounts(ctx)
	if err != nil {
		return out, err
	}
	for _, acc := range all {
		line := acc.Line()
		if line == "" {
			continue
		}
		err := h.engine.CallBack(ctx, engine.Callback{ID: telephony.CallID(uuid.NewString()), Account: acc.ID, First: to, Second: line,
			Show: line, Name: acc.Name, Language: lang, About: "trial", By: telephony.AgentID(by)})
		if errors.Is(err, engine.ErrNoSwitch) {
			out.Why = "unreachable"
			return out, nil
		}
		out.Taken, out.Mark = err == nil, ""
		return out, err
	}
	out.Why = "no-line"
	return out, nil
}

// Arrived keeps that a trial has come: until the carrier is another.
func (h *House) Arrived(ctx context.Context, in console.TrialArrived) error {
	if _, err := h.keeper(ctx); err != nil {
		return err
	}
	part, ok := trialParts[in.By]
	if !ok {
		return console.Refuse(console.Invalid, "portal.error.malformed")
	}
	was, err := h.cfg.Store.Setting(ctx, ProofOf(part))
	if err != nil {
		return err
	}
	err = h.cfg.Store.PutSetting(ctx, was.Version, record.Setting{Part: ProofOf(part), Values: map[string]string{
		"at": h.cfg.Now().UTC().Format(time.RFC3339), "carrier": h.cfg.Office.Carrier(part)}})
	if errors.Is(err, record.ErrSettingMoved) { // another has said so at the same moment
		return nil
	}
	return err
}
