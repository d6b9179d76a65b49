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

// Directory lists the people of the practice whose call an agent has, those on call first.
func (h *House) Directory(ctx context.Context, call telephony.CallID) (out console.Reach, err error) {
	err = h.act(ctx, func(a telephony.AgentID) error {
		acc, err := h.practiceOf(ctx, a, call)
		if err == nil {
			out, err = h.reach(ctx, acc)
		}
		return err
	})
	return out, err
}

// Patch calls one of the practice's people for the caller; their phone shows the practice's number.
func (h *House) Patch(ctx context.Context, b console.PatchRef) error {
	return h.act(ctx, func(a telephony.AgentID) error {
		acc, err := h.practiceOf(ctx, a, b.Call)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(acc.Contacts, func(c notes.Contact) bool { return c.ID == b.Contact })
		if i < 0 {
			return console.Refuse(console.NotFound, "desk.error.not-found")
		}
		whom := acc.Contacts[i]
		if whom.Mobile == "" {
			return &console.Error{Kind: console.Conflict, Code: "desk.error.no-number", Vars: map[string]string{"name": whom.Name}}
		}
		err = h.engine.Patch(ctx, a, b.Call, engine.Patch{Contact: whom.ID, Number: whom.Mobile, Language: whom.Language,
			Urgent: b.Urgency == notes.Urgent, Emergency: b.Urgency == notes.Emergency})
		if errors.Is(err, engine.ErrState) {
			return console.Refuse(console.Conflict, "desk.error.patch-state")
		}
		return err
	})
}

// LeaveCall takes the agent out of a three-way call.
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
	return out
}
