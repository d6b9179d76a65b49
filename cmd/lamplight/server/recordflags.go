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
	if err := s.openKeys(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	if err := s.openRecord(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}
