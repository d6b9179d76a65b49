// Package server is the only place where adapters meet: Server wires Asterisk, PostgreSQL, NATS, the channels, the wire and
// the pages into what `lamplight serve` runs. Tests and the demo boot the same struct.
//
// It promises that a start either stands whole or leaves nothing running and says in one sentence what to do, that one
// process holds a state directory, and that Close stops what Open started, last first. It leaves the command line to
// cmd/lamplight and cmd/lamplight-demo.
package server

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"slices"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/sync/errgroup"

	"lamplight/console/house"
	"lamplight/console/portal"
	"lamplight/console/wire"
	"lamplight/console/wire/bus"
	pages "lamplight/frontend/portal"
	"lamplight/notes"
	"lamplight/notes/access"
	"lamplight/notes/audit"
	"lamplight/notes/chart"
	"lamplight/notes/custody"
	"lamplight/notes/keyfile"
	"lamplight/notes/postgres"
	"lamplight/notes/record"
	"lamplight/routing"
	"lamplight/routing/channel"
	"lamplight/routing/channel/mail"
	"lamplight/routing/channel/push"
	"lamplight/routing/channel/twilio"
	"lamplight/routing/dispatch"
	"lamplight/routing/patient"
	"lamplight/telephony"
	"lamplight/telephony/engine"
)

// A Server is everything `lamplight serve` runs. Open starts what it stands on, Run works until its context ends, Close
// stops what Open started, last first. Tests boot the same.
type Server struct {
	Config  Config
	State   StateDir
	Log     *slog.Logger
	closers []func() error

	Certs   Certs
	Cluster *postgres.Cluster // nil with a database of the administrator's
	Pool    *pgxpool.Pool
	Audit   *audit.Log
	// settleMacs is the time until rows of servers of the release before get their MACs; zero for never.
	settleMacs time.Duration

	Record *record.Store
	Door   *access.Door
	Charts *chart.Engine
	// Patients are the practices' patients; Notices tells them that something waits and lets them in.
	Patients *record.Patients
	Notices  *patient.Engine
	Switch   Switchboard
	Engine   *engine.Engine
	Routing  *dispatch.Engine
	push     push.VAPIDKeys
	Phones   *dispatch.PushPhones
	Bus      Bus
	Custody  *custody.Custody
	Health   *health
	id       string // of this process, by which it knows its own answer
	House    *house.House
	Trainer  *TrainingNetwork // nil outside training

	web, hooks net.Listener
	bounces    net.Listener // nil where no mail server reports
	PagesURL   string
	// Out is where a person is told what to do next; nil for nobody.
	Out        io.Writer
	files      fs.FS                         // the built web pages
	text       atomic.Pointer[twilio.Client] // nil without a text gateway
	textSocket channel.Socket
	mailSocket channel.Socket
	senders    map[routing.ChannelKind]channel.Channel
	settings   settings
}

// Start starts or connects everything. say hears each step and the time since the start; it may be nil. On an error nothing
// is left running. The error is one sentence that says what to do.
func Start(ctx context.Context, cfg Config, log *slog.Logger, say func(step string, took time.Duration)) (*Server, error) {
	if err := cfg.check(); err != nil {
		return nil, err
	}
	h, err := LockStateDir(cfg.State)
	if err != nil {
		return nil, err
	}
	return StartOn(ctx, h, cfg, log, say)
}

// StartOn is Start on a state directory that is held already; the server lets it go at Close, and here on an error.
func StartOn(ctx context.Context, h *StateLock, cfg Config, log *slog.Logger, say func(part string, took time.Duration)) (
	s *Server, err error,
) {
	s = &Server{Config: cfg, State: h.StateDir, Log: log, closers: []func() error{h.Close}, id: RandomWord()}
	s.Health = newHealth(s)
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
		{"addresses", s.startListeners}, // before what takes long, because a port that is taken is the commonest trouble
		{"database", s.connectRecord},
		{"keys and certificates", s.loadKeys}, // after the database, which knows whether one is missing
		{"telephone switch", func(ctx context.Context) error { return s.startSwitch(ctx, say) }},
		{"bus", s.startBus},
		{"escalations", s.startRouting},
		{"house", s.startHouse},
		{"backup", s.startCustody},
	}
	for _, st := range steps {
		if err := st.do(ctx); err != nil {
			return s, err
		}
		say(st.what, time.Since(began))
	}
	return s, nil
}

func (s *Server) loadKeys(context.Context) (err error) {
	if s.Certs, err = Certificates(s.State.Keys(""), s.Config.ServerName, time.Now()); err != nil {
		return err
	}
	if s.Config.Certificate != "" {
		if err := s.Certs.give(s.Config.Certificate, s.Config.CertificateKey); err != nil {
			return err
		}
	}
	s.push, err = push.KeysAt(s.State.Keys("push.json"))
	return err
}

// startListeners takes the addresses first, because links and callbacks name them.
func (s *Server) startListeners(context.Context) (err error) {
	if s.files, err = pages.Pages(); err != nil {
		return err
	}
	if s.web, err = listen(s.Config.Listen, "--listen"); err != nil {
		return err
	}
	s.closers = append(s.closers, closeListener(s.web))
	if s.hooks, err = listen(s.Config.HooksListen, "--hooks-listen"); err != nil {
		return err
	}
	s.closers = append(s.closers, closeListener(s.hooks))
	if s.Config.MailBounces != "" {
		if s.bounces, err = listen(s.Config.BouncesListen, "--bounces-listen"); err != nil {
			return err
		}
		s.closers = append(s.closers, closeListener(s.bounces))
	}
	if s.Config.NATSURL == "" { // NATS takes it itself later: this is a look whether it can
		desks, err := listen(s.Config.NATSListen, "--nats-listen")
		if err != nil {
			return err
		}
		if err := desks.Close(); err != nil {
			return fmt.Errorf("address of the desks: %w", err)
		}
	}
	s.PagesURL = s.Config.PublicURL
	if s.PagesURL == "" {
		_, port, err := net.SplitHostPort(s.web.Addr().String())
		if err != nil {
			return fmt.Errorf("web address: %w", err)
		}
		s.PagesURL = "https://" + net.JoinHostPort(certificateHosts, port)
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

func (s *Server) startSwitch(ctx context.Context, say func(string, time.Duration)) (err error) {
	if s.Switch, err = newSwitchboard(ctx, s.Config, s.State, s.Log, say); err != nil {
		return err
	}
	s.closers = append(s.closers, s.Switch.Close)
	return nil
}

func (s *Server) startBus(context.Context) (err error) {
	if s.Bus, err = newBus(s.Config, s.State, s.Certs); err != nil {
		return err
	}
	s.closers = append(s.closers, s.Bus.Close)
	return nil
}

func (s *Server) startRouting(ctx context.Context) error {
	s.Phones = dispatch.NewPushPhones(s.Pool, s.Audit)
	channels, err := s.newChannels()
	if err != nil {
		return err
	}
	s.senders = channels
	if err := s.Retake(ctx); err != nil {
		return err
	}
	if without := withoutCarrier(channels); len(without) > 0 {
		s.Log.Warn("no carrier is configured for some channels: ladders that name them reach nobody by them", "channels", without)
	}
	linkKey, err := keyFile(s.State.Keys("links.key"))
	if err != nil {
		return err
	}
	s.Routing, err = dispatch.New(dispatch.Config{Pool: s.Pool, Log: s.Audit, Channels: channels, LinkBase: s.PagesURL, LinkKey: linkKey,
		Logger: s.Log,
		Alarm:  func(a dispatch.Alarm) { s.House.StandsStill(a) }}) // the service is there before the escalations run
	if err != nil {
		return err
	}
	s.Patients = record.NewPatients(s.Record)
	ways := map[notes.ConsentChannel]channel.Channel{notes.ByText: channels[routing.Text], notes.ByEmail: channels[routing.Email]}
	s.Notices, err = patient.New(patient.Config{Pool: s.Pool, Log: s.Audit, Store: s.Record, Patients: s.Patients, Door: s.Door,
		Channels: ways, LinkBase: s.PagesURL, LinkKey: linkKey, Logger: s.Log, RemindersAMinute: s.Config.RemindersAMinute})
	return err
}

// report takes a carrier's later word, on a patient's notice or on an attempt of an escalation.
func (s *Server) report(ctx context.Context, r channel.DeliveryReport) error {
	if ours, err := s.Notices.Report(ctx, r); ours || err != nil {
		return err
	}
	return s.Routing.Report(ctx, r)
}

// practice tells a practice's name, and the number that its patients call.
func (s *Server) practice(ctx context.Context, id telephony.AccountID) (name, number string, err error) {
	acc, err := s.Record.Account(ctx, id)
	return acc.Name, acc.Line().Reveal(), err
}

func (s *Server) startHouse(context.Context) error {
	var trainer house.Trainer
	if s.Config.Training && s.Switch.Private != nil {
		t, err := newTrainer(s.Switch.Private, s.Log)
		if err != nil {
			return err
		}
		s.closers = append(s.closers, t.Close)
		s.Trainer, trainer = t, t
	}
	s.House = house.New(house.Config{Store: s.Record, Door: s.Door, Charts: s.Charts, Routing: s.Routing, Phones: s.Phones,
		Patients: s.Patients, Notices: s.Notices,
		PushKey: s.push.Public, PushPlain: s.Config.PushPlain,
		Phone: s.Switch.phones.account, PhoneNames: s.Switch.phones.names(), PagesURL: s.PagesURL, DeskURL: s.Bus.URL, Senders: s.senders,
		Office: s, Trainer: trainer, LockAfter: s.Config.LockAfter, Log: s.Log})
	s.Record.AddStorySource(s.Routing)
	set := s.set()
	zone, err := set.zone()
	if err != nil {
		return err
	}
	groups, err := set.groups()
	if err != nil {
		return err
	}
	s.Engine = engine.NewEngine(engine.Config{Switch: s.Switch.Client, Ledger: s.Record, Listener: s.House, Zone: zone, Log: s.Log,
		Groups: groups, CatchAll: s.catchAll()})
	s.House.Drive(s.Engine)
	return nil
}

// Run works until ctx ends, or until a part of it fails.
func (s *Server) Run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		s.Audit.Run(ctx, func(err error) { s.Log.Error("audit: sequencing", "error", err) })
		return nil
	})
	g.Go(func() error { return during("call engine", s.Engine.Run(ctx)) })
	g.Go(func() error { return during("escalations", s.Routing.Run(ctx)) })
	g.Go(func() error { return during("boards", s.House.Run(ctx)) })
	g.Go(func() error { return during("charts", s.Charts.Run(ctx)) })
	g.Go(func() error { return during("patients", s.Notices.Run(ctx)) })
	g.Go(func() error { return s.sweep(ctx) })
	g.Go(func() error { s.settle(ctx); return nil })
	g.Go(func() error { s.tellFounder(ctx); return nil })
	g.Go(func() error { s.watchSettings(ctx); return nil })
	g.Go(func() error { return during("backup", s.Custody.Run(ctx)) })
	keeper, service := bus.NewDoorkeeper(s.Door, s.House.InCall), s.House.Service()
	if err := bus.Callout(ctx, s.Bus.callout, s.Bus.keys, keeper, s.Log); err != nil {
		return err
	}
	if _, err := wire.Serve(ctx, s.Bus.nc, service, keeper, s.Log); err != nil {
		return err
	}
	proxies, err := s.Config.proxies()
	if err != nil {
		return err
	}
	web := portal.New(portal.Config{Service: service, Recordings: s.House, Pushes: s.House, Feeds: s.House, Attachments: s.House,
		Sessions: portal.NewSessions(s.Door), Founding: s.House, Patients: s.Notices, Practice: s.practice, Files: s.files,
		Proxies: proxies, Log: s.Log})
	open := http.NewServeMux()
	open.HandleFunc("GET "+chart.JWKSPath("{account}"), s.Charts.ServeJWKS)
	open.Handle("/", web)
	front, err := s.serveHealth(open)
	if err != nil {
		return err
	}
	serveHTTP(ctx, g, portal.NewServer(front, s.Log), s.web, s.Config.webTLS(s.Certs.Server))
	hooks := http.NewServeMux()
	hooks.Handle("POST /hooks/text", s.gateway(func(c *twilio.Client) http.Handler { return c.Callback(s.report) }))
	hooks.Handle("POST /hooks/text/in", s.gateway(func(c *twilio.Client) http.Handler { return c.Inbound(s.House.TextedBack) }))
	serveHTTP(ctx, g, portal.NewServer(hooks, s.Log), s.hooks, nil)
	if s.bounces != nil {
		b := mail.ListenBounces(s.bounces, s.Config.MailBounces, s.report, s.Log)
		g.Go(func() error { return during("bounces", b.Serve()) })
		g.Go(func() error { <-ctx.Done(); return b.Close() })
	}
	g.Go(func() error { s.Health.run(ctx); return nil })
	g.Go(func() error { s.watchPublic(ctx); return nil })
	g.Go(func() error { s.attend(ctx, serviceManager()); return nil })
	return g.Wait()
}

// settle gives rows that a server of the release before has written beside us their MACs, once.
func (s *Server) settle(ctx context.Context) {
	if s.settleMacs == 0 {
		return
	}
	select {
	case <-ctx.Done():
	case <-time.After(s.settleMacs):
		if err := s.Audit.SettleMacs(ctx, AuditedTables(), s.Log.Info); err != nil {
			s.Log.Error("give rows their MACs", "error", err)
		}
	}
}

// sweep forgets ended sessions, and files that were sent and hang on no message.
func (s *Server) sweep(ctx context.Context) error {
	tick := time.NewTicker(10 * time.Minute)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			if err := errors.Join(s.Door.Sweep(ctx), s.Notices.Sweep(ctx), s.Patients.SweepFiles(ctx)); err != nil {
				s.Log.Error("sweep", "error", err)
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

// trusted is the machine's own roots with the certificates of a file; nil, the machine's own, when there is none.
func trusted(path string) (*x509.CertPool, error) {
	if path == "" {
		return nil, nil
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read certificates: %w", err)
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		return nil, fmt.Errorf("read the machine's certificates: %w", err)
	}
	if !pool.AppendCertsFromPEM(b) {
		return nil, fmt.Errorf("%s holds no certificate in PEM form", path)
	}
	return pool, nil
}

// keyFile reads 32 random bytes, made the first time.
func keyFile(path string) ([]byte, error) {
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		b = randomKey()
		return b, keyfile.Replace(path, b, 0o600)
	}
	if err == nil && len(b) != 32 {
		err = fmt.Errorf("the key %s is damaged: restore it from its backup, or have it made anew with 'lamplight keys renew "+
			"links.key', and links sent until now open nothing", path)
	}
	return b, err
}

// Verify sequences what waits and checks the whole log against every table.
func (s *Server) Verify(ctx context.Context) (audit.Report, error) {
	if _, err := s.Audit.Sequence(ctx); err != nil {
		return audit.Report{}, err
	}
	signer, err := audit.LoadKey(s.State.Keys("audit.json"), "lamplight/"+Hostname())
	if err != nil {
		return audit.Report{}, err
	}
	return audit.Verify(ctx, s.Pool, audit.VerifyOptions{Key: signer, Tables: AuditedTables(), Schema: postgres.CheckSchema})
}

// AuditedTables are all tables, with how each is vouched for.
func AuditedTables() []audit.Table {
	t := append(record.Tables(), access.Tables()...)
	return slices.Concat(t, dispatch.Tables(), postgres.Tables(), custody.Tables(), chart.Tables(), patient.Tables())
}
