package server

import (
	"context"
	"errors"

	"lamplight/notes/record"
	"lamplight/telephony"
	"lamplight/telephony/asterisk"
)

// catchAll finds the line of --catch-all each time it is needed, because a practice may come and change; nil without one.
func (s *Server) catchAll() func(context.Context) (telephony.Line, bool, error) {
	text := s.Config.CatchAll
	if text == "" {
		return nil
	}
	return func(ctx context.Context) (telephony.Line, bool, error) {
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
