package house

import (
	"context"
	"errors"

	"lamplight/console"
	"lamplight/notes"
	"lamplight/notes/access"
	"lamplight/routing"
	"lamplight/telephony"
)

// NoteFor builds the pop of a call that is over, so that a note can be taken of it. It opens the caller's number.
func (h *House) NoteFor(ctx context.Context, call telephony.CallID) (console.Pop, error) {
	if _, _, err := h.agent(ctx); err != nil {
		return console.Pop{}, err
	}
	c, err := h.cfg.Store.Call(ctx, call)
	if err == nil {
		_, err = access.Check(ctx, notes.TakeNote, string(c.Account))
	}
	if err != nil {
		return console.Pop{}, refusal(err)
	}
	p, err := h.pop(ctx, telephony.Offer{Call: call}, c)
	return p, refusal(err)
}

// partSize is how many bytes of a recording are sent at once: in base64 they are well below the largest message of the bus.
const partSize = 256 << 10

var errEnough = errors.New("all that was asked for has been read")

// part collects some bytes of a recording.
type part struct {
	console.RecordingPart
	skip int64
}

// Size implements record.Sized.
func (p *part) Size(size int64) error {
	p.RecordingPart.Size = size
	return nil
}

func (p *part) Write(b []byte) (int, error) {
	over := min(p.skip, int64(len(b)))
	p.skip -= over
	p.Data = append(p.Data, b[over:][:min(int64(len(b))-over, int64(partSize-len(p.Data)))]...)
	if len(p.Data) == partSize {
		return len(b), errEnough
	}
	return len(b), nil
}

// RecordingPart reads a part of a call's recording.
func (h *House) RecordingPart(ctx context.Context, ref console.RecordingRef) (console.RecordingPart, error) {
	if _, _, err := h.agent(ctx); err != nil {
		return console.RecordingPart{}, err
	}
	p := part{skip: max(0, ref.From)}
	if err := h.cfg.Store.PlayPart(ctx, ref.Call, &p); err != nil && !errors.Is(err, errEnough) {
		return console.RecordingPart{}, refusal(err)
	}
	return p.RecordingPart, nil
}

// voicemailNoted closes the voicemail that a note was taken from, and ends its climb. The note is already stored: if this
// fails, the voicemail's row stays on the board.
func (h *House) voicemailNoted(ctx context.Context, d console.Draft, n notes.Note) {
	if d.Voicemail == "" {
		return
	}
	actor, _ := access.From(ctx)
	vm, err := h.cfg.Store.Note(ctx, d.Voicemail)
	if err == nil && vm.CallType == notes.VoicemailType && vm.Account == n.Account && vm.Call == n.Call && vm.State != notes.Closed {
		_, err = h.cfg.Store.CloseOut(ctx, vm.ID, n.Reference, h.endClimb(routing.ActingPerson{ID: actor.Person, Name: actor.Name}))
	}
	if err != nil {
		h.cfg.Log.Error("console: close a voicemail", "note", d.Voicemail, "error", err)
	}
}
