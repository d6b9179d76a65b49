package server

import (
	"context"
	"errors"

	"lamplight/notes/record"
	"lamplight/telephony"
	"lamplight/telephony/asterisk"
)

// catchAll finds the line of --catch-all, or of what is set on the web, each time it is needed, because both may change.
func (s *Server) catchAll() func(context.Context) (telephony.Line, bool, error) {
	return func(ctx context.Context) (telephony.Line, bool, error) {
		text := s.set().CatchAll
		if text == "" {
			return telephony.Line{}, false, nil
		}
		if did := asterisk.ReadNumber(text); did != "" {
			if line, owned, err := s.Record.LineFor(ctx, did); err != nil || owned {
				return line, owned, err
			}
		}
		a, err := s.Record.Account(ctx, telephony.AccountID(text))
		if errors.Is(err, record.ErrNoAccount) || err == nil && len(a.Lines) == 0 {
			s.Log.Warn("--catch-all names no practice with a number: calls for nobody's number hear the apology", "catch-all", text)
			return telephony.Line{}, false, nil
		}
		if err != nil {
			return telephony.Line{}, false, err
		}
		return s.Record.LineFor(ctx, a.Lines[0].DID)
	}
}
