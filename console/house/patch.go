package house

import (
	"context"
	"errors"
	"slices"

	"lamplight/console"
	"lamplight/notes"
	"lamplight/notes/access"
	"lamplight/telephony"
	"lamplight/telephony/engine"
)

// practiceOf returns the practice whose call an agent has.
func (h *House) practiceOf(ctx context.Context, a telephony.AgentID, call telephony.CallID) (notes.Account, error) {
	c, ok := h.engine.Call(call)
	if !ok || c.Agent != a || c.State == telephony.Patched {
		return notes.Account{}, engine.ErrNoCall
	}
	if _, err := access.Check(ctx, notes.TakeNote, string(c.Account)); err != nil {
		return notes.Account{}, err
	}
	return h.cfg.Store.Account(ctx, c.Account)
}

// Directory lists the people and places of the practice whose call an agent has, who is on call first.
func (h *House) Directory(ctx context.Context, call telephony.CallID) (out console.Reach, err error) {
	err = h.act(ctx, func(a telephony.AgentID) error {
		acc, err := h.practiceOf(ctx, a, call)
		if err == nil {
			out, err = h.reach(ctx, acc)
			for _, p := range acc.Places {
				out.Places = append(out.Places, console.ReachPlace{Contact: p.ID, Name: p.Name, Say: p.Say, Number: formatNumber(p.Number)})
			}
		}
		return err
	})
	return out, err
}

// Patch calls somebody of the practice's directory, or a number that was typed, for the caller; they see the practice's number.
func (h *House) Patch(ctx context.Context, b console.PatchRef) error {
	return h.bringIn(ctx, b, h.engine.Patch)
}

// Transfer is Patch of an agent who goes at once. Of the practice's own people a key is asked, so that no voicemail has the caller.
func (h *House) Transfer(ctx context.Context, b console.PatchRef) error {
	b.Plain = false
	return h.bringIn(ctx, b, h.engine.Transfer)
}

func (h *House) bringIn(ctx context.Context, b console.PatchRef,
	call func(context.Context, telephony.AgentID, telephony.CallID, engine.Patch) error) error {
	return h.act(ctx, func(a telephony.AgentID) error {
		acc, err := h.practiceOf(ctx, a, b.Call)
		if err != nil {
			return err
		}
		p, err := whom(acc, b)
		if err != nil {
			return err
		}
		p.Urgent, p.Emergency = b.Urgency == notes.Urgent, b.Urgency == notes.Emergency
		err = call(ctx, a, b.Call, p)
		if errors.Is(err, engine.ErrState) {
			return console.Refuse(console.Conflict, "desk.error.patch-state")
		}
		return err
	})
}

// whom is who is called for a caller of a practice, or why nobody is.
func whom(acc notes.Account, b console.PatchRef) (engine.Patch, error) {
	if b.Number != "" {
		n, ok := notes.ParseNumber(b.Number)
		if !ok || !telephony.IsExtension(n.Ext) {
			return engine.Patch{}, console.Refuse(console.Invalid, "desk.error.dial-number")
		}
		return engine.Patch{Number: telephony.Number(n.E164), Extension: n.Ext, Plain: true}, mayDial(acc, n.E164)
	}
	if i := slices.IndexFunc(acc.Places, func(p notes.Place) bool { return p.ID == b.Contact }); i >= 0 {
		p := acc.Places[i]
		return engine.Patch{Contact: p.ID, Number: p.Number, Extension: p.Extension, Plain: true}, mayDial(acc, p.Number.Reveal())
	}
	i := slices.IndexFunc(acc.Contacts, func(c notes.Contact) bool { return c.ID == b.Contact })
	if i < 0 {
		return engine.Patch{}, console.Refuse(console.NotFound, "desk.error.not-found")
	}
	c := acc.Contacts[i]
	if c.Mobile == "" {
		return engine.Patch{}, &console.Error{Kind: console.Conflict, Code: "desk.error.no-number", Vars: map[string]string{"name": c.Name}}
	}
	return engine.Patch{Contact: c.ID, Number: c.Mobile, Language: c.Language, Plain: b.Plain}, nil
}

// mayDial refuses a number that the practice's rule forbids.
func mayDial(acc notes.Account, e164 string) error {
	switch acc.Dialling.Refuses(e164) {
	case notes.MayDial:
		return nil
	case notes.DialPremium:
		return console.Refuse(console.Conflict, "desk.error.dial-premium")
	case notes.DialAbroad:
		return console.Refuse(console.Conflict, "desk.error.dial-abroad")
	}
	return console.Refuse(console.Invalid, "desk.error.dial-number")
}

// Confer has the caller hear the agent and whom that one talks with alone.
func (h *House) Confer(ctx context.Context, call telephony.CallID) error {
	return h.act(ctx, func(a telephony.AgentID) error {
		if _, err := h.practiceOf(ctx, a, call); err != nil {
			return err
		}
		err := h.engine.Confer(ctx, a, call)
		if errors.Is(err, engine.ErrState) {
			return console.Refuse(console.Conflict, "desk.error.leave-state")
		}
		return err
	})
}

// LeaveCall takes the agent out of a talk of three, or connects the caller and whom the agent talks with alone.
func (h *House) LeaveCall(ctx context.Context, call telephony.CallID) error {
	return h.act(ctx, func(a telephony.AgentID) error {
		if _, err := h.practiceOf(ctx, a, call); err != nil {
			return err
		}
		err := h.engine.Leave(ctx, a, call)
		if errors.Is(err, engine.ErrState) {
			return console.Refuse(console.Conflict, "desk.error.leave-state")
		}
		return err
	})
}

// third is whom an agent is bringing into a call, as their desk shows it; nil for nobody.
func (h *House) third(ctx context.Context, c telephony.Call) *console.Third {
	if c.Third == (telephony.Third{}) {
		return nil
	}
	out := &console.Third{State: c.Third.State, Why: c.Third.Why}
	acc, err := h.cfg.Store.Account(ctx, c.Account)
	if err != nil { // how far the call is matters more than the name
		h.cfg.Log.Error("console: whom an agent brings in", "call", c.ID, "error", err)
		return out
	}
	for _, p := range acc.Contacts {
		if p.ID == c.Third.Contact {
			out.Name = p.Name
		}
	}
	for _, p := range acc.Places {
		if p.ID == c.Third.Contact {
			out.Name = p.Name
		}
	}
	return out
}
