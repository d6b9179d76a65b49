package engine

import (
	"context"

	"lamplight/telephony"
)

// lineFor finds the line that is meant by the numbers called, the likeliest first: the first that a practice owns, with
// that number; or the service's catch-all, with the first number, so that it is seen what was dialled.
func (e *Engine) lineFor(ctx context.Context, did telephony.Number, called []telephony.Number) (n telephony.Number, line telephony.Line,
	owned bool, err error) {
	for _, n := range append([]telephony.Number{did}, called...) {
		if line, owned, err = e.cfg.Ledger.LineFor(ctx, n); err != nil || owned {
			return n, line, owned, err
		}
	}
	if e.cfg.CatchAll == nil {
		return did, line, false, nil
	}
	line, owned, err = e.cfg.CatchAll(ctx)
	return did, line, owned, err
}

// voicemailFor is a voicemail with the number it is for, as lineFor finds it: one for nobody's number belongs to the
// catch-all's own line, because a note needs a practice.
func (e *Engine) voicemailFor(ctx context.Context, v telephony.Voicemail) (telephony.Voicemail, error) {
	n, line, owned, err := e.lineFor(ctx, v.DID, v.Called)
	switch {
	case err != nil || !owned:
		return v, err
	case line.DID != "":
		v.DID = line.DID
	default:
		v.DID = n
	}
	return v, nil
}
