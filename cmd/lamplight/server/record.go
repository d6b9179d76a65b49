package server

import (
	"context"
	"errors"
	"fmt"
	"syscall"

	"lamplight/notes/access"
	"lamplight/notes/audit"
	"lamplight/notes/chart"
	"lamplight/notes/custody"
	"lamplight/notes/postgres"
	"lamplight/notes/record"
	"lamplight/notes/seal"
)

// RecordFlags say where the record is.
type RecordFlags struct {
	State       string `help:"The server's state directory." env:"LAMPLIGHT_STATE" type:"path" placeholder:"DIR"`
	DatabaseURL string `help:"A PostgreSQL of yours, instead of the private one." env:"LAMPLIGHT_DATABASE_URL"`
}

// Connect connects to the record and reads the log's key. A private database that does not run is started for the moment;
// the state directory is held meanwhile, so that no server comes to stand on a database that we then stop.
func (f RecordFlags) Connect(ctx context.Context) (*Server, error) {
	return f.connectAs(ctx, (*Server).connectRecord)
}

// ConnectUnchecked is Connect for a command that mends the keys: one that is missing or foreign is no reason to refuse.
func (f RecordFlags) ConnectUnchecked(ctx context.Context) (*Server, error) {
	return f.connectAs(ctx, (*Server).connectUnchecked)
}

func (f RecordFlags) connectAs(ctx context.Context, open func(*Server, context.Context) error) (*Server, error) {
	s := &Server{Config: Config{State: f.State, DatabaseURL: f.DatabaseURL}, Log: discardLog()}
	h, err := LockStateDir(f.State)
	switch {
	case err == nil:
		s.State, s.closers = h.StateDir, append(s.closers, h.Close)
	case errors.Is(err, ErrHeld): // by a server, whose database we use
		if s.State, err = NewStateDir(f.State); err != nil {
			return nil, err
		}
	default:
		return nil, err
	}
	if err := open(s, ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// connectRecord opens the database, whose keys must be those it was used with, and what stands on it.
func (s *Server) connectRecord(ctx context.Context) error {
	if err := s.connectDatabase(ctx); err != nil {
		return err
	}
	if err := custody.CheckKeys(ctx, s.Pool, s.State.Keys(""), Hostname()); err != nil {
		return err
	}
	return s.makeStores(ctx)
}

// connectUnchecked is connectRecord for a command that mends the keys: those that can be made anew are not looked at.
func (s *Server) connectUnchecked(ctx context.Context) error {
	if err := s.connectDatabase(ctx); err != nil {
		return err
	}
	if err := custody.CheckRoots(ctx, s.Pool, s.State.Keys("")); err != nil {
		return err
	}
	return s.makeStores(ctx)
}

func (s *Server) connectDatabase(ctx context.Context) error {
	if err := custody.Unfinished(s.State.Dir); err != nil {
		return err
	}
	url := s.Config.DatabaseURL
	if url == "" {
		cfg := postgres.Config{Dir: s.State.Path("postgres"), Bin: s.Config.PostgresBin, Log: s.Log}
		if s.Config.ForTests {
			s.Log.Warn("the private PostgreSQL does not wait for the disk, for tests: a power cut loses what was written")
			cfg.Settings = map[string]string{"fsync": "off"} // what is written still lasts over a kill of any process
		}
		var err error
		if s.Cluster, err = postgres.Private(ctx, cfg); err != nil {
			return err
		}
		s.closers = append(s.closers, s.Cluster.Close)
		url = s.Cluster.URL()
	}
	var err error
	if s.Pool, err = postgres.Open(ctx, url); err != nil {
		switch {
		case s.Cluster != nil && diskFull(s.State.Dir): // PostgreSQL names the file it could not write, not why
			err = fmt.Errorf("start PostgreSQL in %s: %w", s.State.Dir, syscall.ENOSPC)
		case s.Cluster == nil:
			err = fmt.Errorf("%w; check --database-url (postgres://user:password@host:port/database), and that PostgreSQL runs there "+
				"and lets us in", err)
		}
		return err
	}
	s.closers = append(s.closers, func() error { s.Pool.Close(); return nil })
	return nil
}

func (s *Server) makeStores(ctx context.Context) error {
	keyring, err := seal.LoadKeyring(s.State.Keys("keyring.json"))
	if err != nil {
		return err
	}
	signer, err := audit.LoadKey(s.State.Keys("audit.json"), "lamplight/"+Hostname())
	if err != nil {
		return err
	}
	s.Audit = audit.NewLog(s.Pool, signer)
	if err := custody.CheckLog(ctx, s.Audit, s.State.Keys("")); err != nil {
		return err
	}
	ring := seal.NewRing(keyring, postgres.NewShelf(s.Pool, s.Audit))
	if _, err := ring.Keys(ctx, ""); err != nil { // now, and not at the first call
		return fmt.Errorf("the keyring %s does not open this database: restore the one that belongs to it from its backup (%w)",
			s.State.Keys("keyring.json"), err)
	}
	if s.settleMacs, err = s.Audit.StartMacs(ctx, AuditedTables(), s.Log.Info); err != nil {
		return err
	}
	s.Record = record.NewStore(s.Pool, s.Audit, ring, nil)
	s.Door = access.NewDoor(s.Pool, s.Audit, ring)
	roots, err := trusted(s.Config.ChartCA)
	if err != nil {
		return err
	}
	s.Charts = chart.New(chart.Config{Pool: s.Pool, Log: s.Audit, Store: s.Record, Roots: roots, Logger: s.Log})
	return nil
}

// diskFull tells whether hardly anything more can be written in a directory.
func diskFull(dir string) bool {
	var st syscall.Statfs_t
	return syscall.Statfs(dir, &st) == nil && st.Bavail*uint64(st.Bsize) < 1<<20
}
