package main

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"slices"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/sync/errgroup"

	"lamplight/console/house"
	"lamplight/console/portal"
	"lamplight/console/wire"
	"lamplight/console/wire/bus"
	pages "lamplight/frontend/portal"
	"lamplight/notes/access"
	"lamplight/notes/audit"
	"lamplight/notes/postgres"
	"lamplight/notes/record"
	"lamplight/notes/seal"
	"lamplight/routing/channel/push"
	"lamplight/routing/channel/twilio"
	"lamplight/routing/dispatch"
	"lamplight/telephony/engine"
)

// A Server is everything `lamplight serve` runs. Open starts what it stands on, Run works until its context ends, Close
// stops what Open started, last first. Tests boot the same.
type Server struct {
	cfg     serverConfig
	state   state
	log     *slog.Logger
	closers []func() error

	certs   certs
	cluster *postgres.Cluster // nil with a database of the administrator's
	pool    *pgxpool.Pool
	audit   *audit.Log
	record  *record.Store
	door    *access.Door
	board   switchboard
	engine  *engine.Engine
	routing *dispatch.Engine
	push    push.Keys
	phones  *dispatch.Phones
	bus     busLink
	house   *house.House
	trainer *trainer // nil outside training

	web, hooks net.Listener
	pagesURL   string
	files      fs.FS          // the built web pages
	text       *twilio.Client // nil without a text gateway
}

// Open starts or connects everything. say hears each step and the time since the start; it may be nil. On an error nothing
// is left running. The error is one sentence that says what to do.
func Open(ctx context.Context, cfg serverConfig, log *slog.Logger, say func(step string, took time.Duration)) (*Server, error) {
	if err := cfg.check(); err != nil {
		return nil, err
	}
	h, err := holdState(cfg.State)
	if err != nil {
		return nil, err
	}
	return openOn(ctx, h, cfg, log, say)
}

// openOn is Open on a state directory that is held already; the server lets it go at Close, and here on an error.
func openOn(ctx context.Context, h *hold, cfg serverConfig, log *slog.Logger, say func(step string, took time.Duration)) (s *Server, err error) {
	s = &Server{cfg: cfg, state: h.state, log: log, closers: []func() error{h.Close}}
	defer func() {
		if err == nil {
			return
		}
		if ctx.Err() != nil { // what was under way says how it was cut, which nobody needs to know
			err = fmt.Errorf("stopped while it started: %w", ctx.Err())
		}
		err = errors.Join(err, s.Close())
	}()
	if say == nil {
		say = func(string, time.Duration) {}
	}
	began := time.Now()
	steps := []struct {
		what string
		do   func(context.Context) error
	}{
		{"keys and certificates", s.openKeys},
		{"addresses", s.openListeners}, // before what takes long, because a port that is taken is the commonest trouble
		{"database", s.openRecord},
		{"telephone switch", func(ctx context.Context) error { return s.openSwitch(ctx, say) }},
		{"bus", s.openBus},
		{"escalations", s.openRouting},
		{"house", s.openHouse},
	}
	for _, st := range steps {
		if err := st.do(ctx); err != nil {
			return s, err
		}
		say(st.what, time.Since(began))
	}
	return s, nil
}

func (s *Server) openKeys(context.Context) (err error) {
	if s.certs, err = certificates(s.state.keys(""), time.Now()); err != nil {
		return err
	}
	s.push, err = push.KeysAt(s.state.keys("push.json"))
	return err
}

func (s *Server) openRecord(ctx context.Context) error {
	url := s.cfg.DatabaseURL
	if url == "" {
		var err error
		if s.cluster, err = postgres.Private(ctx, postgres.Config{Dir: s.state.path("postgres"), Bin: s.cfg.PostgresBin, Log: s.log}); err != nil {
			return err
		}
		s.closers = append(s.closers, s.cluster.Close)
		url = s.cluster.URL()
	}
	var err error
	if s.pool, err = postgres.Open(ctx, url); err != nil {
		switch {
		case s.cluster != nil && diskFull(s.state.dir): // PostgreSQL names the file it could not write, not why
			err = fmt.Errorf("start PostgreSQL in %s: %w", s.state.dir, syscall.ENOSPC)
		case s.cluster == nil:
			err = fmt.Errorf("%w; check --database-url (postgres://user:password@host:port/database), and that PostgreSQL runs there and lets us in", err)
		}
		return err
	}
	s.closers = append(s.closers, func() error { s.pool.Close(); return nil })
	keyring, err := seal.OpenKeyring(s.state.keys("keyring.json"))
	if err != nil {
		return err
	}
	signer, err := audit.OpenKey(s.state.keys("audit.json"), "lamplight/"+hostname())
	if err != nil {
		return err
	}
	s.audit = audit.NewLog(s.pool, signer)
	ring := seal.NewRing(keyring, postgres.NewShelf(s.pool, s.audit))
	if _, err := ring.Keys(ctx, ""); err != nil { // now, and not at the first call
		return fmt.Errorf("the keyring %s does not open this database: restore the one that belongs to it from its backup (%w)", s.state.keys("keyring.json"), err)
	}
	s.record = record.NewStore(s.pool, s.audit, ring, nil)
	s.door = access.NewDoor(s.pool, s.audit, ring)
	return nil
}

// openListeners takes the addresses first, because links and callbacks name them.
func (s *Server) openListeners(context.Context) (err error) {
	if s.files, err = pages.Pages(); err != nil {
		return err
	}
	if s.web, err = listen(s.cfg.Listen, "--listen"); err != nil {
		return err
	}
	s.closers = append(s.closers, closeListener(s.web))
	if s.hooks, err = listen(s.cfg.HooksListen, "--hooks-listen"); err != nil {
		return err
	}
	s.closers = append(s.closers, closeListener(s.hooks))
	if s.cfg.NATSURL == "" { // NATS takes it itself later: this is a look whether it can
		desks, err := listen(s.cfg.NATSListen, "--nats-listen")
		if err != nil {
			return err
		}
		if err := desks.Close(); err != nil {
			return fmt.Errorf("address of the desks: %w", err)
		}
	}
	s.pagesURL = s.cfg.PublicURL
	if s.pagesURL == "" {
		_, port, err := net.SplitHostPort(s.web.Addr().String())
		if err != nil {
			return fmt.Errorf("web address: %w", err)
		}
		s.pagesURL = "https://" + net.JoinHostPort(certificateHosts, port)
	}
	return nil
}

func listen(addr, flag string) (net.Listener, error) {
	l, err := net.Listen("tcp", addr)
	if err == nil {
		return l, nil
	}
	var op *net.OpError
	if errors.As(err, &op) {
		err = op.Err // without "listen tcp" and the address once more
	}
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("cannot listen on %s: the port is taken; end what uses it or give another address with %s", addr, flag)
	}
	return nil, fmt.Errorf("cannot listen on %s: %w; give another address, host:port, with %s", addr, err, flag)
}

func closeListener(l net.Listener) func() error {
	return func() error {
		if err := l.Close(); !errors.Is(err, net.ErrClosed) {
			return err
		}
		return nil
	}
}

func (s *Server) openSwitch(ctx context.Context, say func(string, time.Duration)) (err error) {
	if s.board, err = openSwitch(ctx, s.cfg, s.state, s.log, say); err != nil {
		return err
	}
	s.closers = append(s.closers, s.board.Close)
	return nil
}

func (s *Server) openBus(context.Context) (err error) {
	if s.bus, err = openBus(s.cfg, s.state, s.certs); err != nil {
		return err
	}
	s.closers = append(s.closers, s.bus.Close)
	return nil
}

func (s *Server) openRouting(context.Context) error {
	s.phones = dispatch.NewPhones(s.pool, s.audit)
	channels, text, err := openChannels(s.cfg, s.push, s.phones)
	if err != nil {
		return err
	}
	s.text = text
	linkKey, err := keyFile(s.state.keys("links.key"))
	if err != nil {
		return err
	}
	s.routing, err = dispatch.New(dispatch.Config{Pool: s.pool, Log: s.audit, Channels: channels, LinkBase: s.pagesURL, LinkKey: linkKey, Logger: s.log,
		Alarm: func(a dispatch.Alarm) { s.house.StandsStill(a) }}) // the house is there before the escalations run
	return err
}

func (s *Server) openHouse(context.Context) error {
	var trainer house.Trainer
	if s.cfg.Training && s.board.private != nil {
		t, err := newTrainer(s.board.private, s.log)
		if err != nil {
			return err
		}
		s.closers = append(s.closers, t.Close)
		s.trainer, trainer = t, t
	}
	s.house = house.New(house.Config{Store: s.record, Door: s.door, Routing: s.routing, Phones: s.phones, PushKey: s.push.Public, PushPlain: s.cfg.PushPlain,
		Phone: s.board.phones.account, Trainer: trainer, LockAfter: s.cfg.LockAfter, Log: s.log})
	s.record.TellStories(s.routing)
	s.engine = engine.NewEngine(engine.Config{Switch: s.board.client, Ledger: s.record, Listener: s.house, Log: s.log})
	s.house.Drive(s.engine)
	return nil
}

// Run works until ctx ends, or until a part of it fails.
func (s *Server) Run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		s.audit.Run(ctx, func(err error) { s.log.Error("audit: sequencing", "error", err) })
		return nil
	})
	g.Go(func() error { return during("call engine", s.engine.Run(ctx)) })
	g.Go(func() error { return during("escalations", s.routing.Run(ctx)) })
	g.Go(func() error { return during("boards", s.house.Run(ctx)) })
	g.Go(func() error { return s.sweep(ctx) })
	gate := bus.NewGate(s.door)
	if err := bus.Callout(ctx, s.bus.callout, s.bus.keys, gate, s.log); err != nil {
		return err
	}
	if _, err := wire.Serve(ctx, s.bus.nc, s.house, gate, s.log); err != nil {
		return err
	}
	proxies, err := s.cfg.proxies()
	if err != nil {
		return err
	}
	web := portal.New(portal.Config{Pages: s.house, Sessions: portal.NewSessions(s.door), Files: s.files, Proxies: proxies, Log: s.log})
	serveHTTP(ctx, g, portal.NewServer(web), s.web, s.certs.server)
	hooks := http.NewServeMux()
	if s.text != nil {
		hooks.Handle("POST /hooks/text", s.text.Callback(s.routing.Report))
	}
	serveHTTP(ctx, g, portal.NewServer(hooks), s.hooks, nil)
	return g.Wait()
}

// sweep forgets ended sessions.
func (s *Server) sweep(ctx context.Context) error {
	tick := time.NewTicker(10 * time.Minute)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			if err := s.door.Sweep(ctx); err != nil {
				s.log.Error("sweep sessions", "error", err)
			}
		}
	}
}

// Close stops what Open started, last first.
func (s *Server) Close() error {
	var errs []error
	for _, c := range slices.Backward(s.closers) {
		errs = append(errs, c())
	}
	s.closers = nil
	return errors.Join(errs...)
}

func during(what string, err error) error {
	if err == nil || errors.Is(err, context.Canceled) {
		return nil
	}
	return fmt.Errorf("%s: %w", what, err)
}

// readPool reads certificates to trust from a file; nil, the machine's own roots, when there is none.
func readPool(path string) (*x509.CertPool, error) {
	if path == "" {
		return nil, nil
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read certificates: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(b) {
		return nil, fmt.Errorf("%s holds no certificate in PEM form", path)
	}
	return pool, nil
}

// diskFull tells whether hardly anything more can be written in a directory.
func diskFull(dir string) bool {
	var st syscall.Statfs_t
	return syscall.Statfs(dir, &st) == nil && st.Bavail*uint64(st.Bsize) < 1<<20
}

// keyFile reads 32 random bytes, made the first time.
func keyFile(path string) ([]byte, error) {
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		b = randomKey()
		return b, writeFile(path, b, 0o600)
	}
	if err == nil && len(b) != 32 {
		err = fmt.Errorf("the key %s is damaged: restore it from its backup, or remove it to have it made anew, and links sent until now open nothing", path)
	}
	return b, err
}
