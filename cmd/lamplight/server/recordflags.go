package server

import (
	"context"
	"errors"
)

// recordFlags say where the record is.
type RecordFlags struct {
	State       string `help:"The server's state directory." env:"LAMPLIGHT_STATE" type:"path" placeholder:"DIR"`
	DatabaseURL string `help:"A PostgreSQL of yours, instead of the private one." env:"LAMPLIGHT_DATABASE_URL"`
}

// open connects to the record and reads the log's key. A private database that does not run is started for the moment;
// the state directory is held meanwhile, so that no server comes to stand on a database that we then stop.
func (f RecordFlags) Open(ctx context.Context) (*Server, error) {
	return f.openAs(ctx, (*Server).openRecord)
}

// OpenUnchecked is Open for who mends the keys: one that is missing or foreign is no reason to refuse.
func (f RecordFlags) OpenUnchecked(ctx context.Context) (*Server, error) {
	return f.openAs(ctx, (*Server).openBare)
}

func (f RecordFlags) openAs(ctx context.Context, record func(*Server, context.Context) error) (*Server, error) {
	s := &Server{Config: Config{State: f.State, DatabaseURL: f.DatabaseURL}, Log: discardLog()}
	h, err := HoldState(f.State)
	switch {
	case err == nil:
		s.State, s.closers = h.State, append(s.closers, h.Close)
	case errors.Is(err, ErrHeld): // by a server, whose database we use
		if s.State, err = OpenState(f.State); err != nil {
			return nil, err
		}
	default:
		return nil, err
	}
	if err := record(s, ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}
