package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"lamplight/cmd/lamplight/server"
	"lamplight/notes"
	"lamplight/notes/access"
	"lamplight/notes/keyfile"
	"lamplight/routing"
	"lamplight/routing/channel/pocket"
	"lamplight/routing/channel/push"
	"lamplight/telephony"
)

// demoCmd starts everything on this machine with two made-up practices: the server, the pocket (the providers' phones) and
// the desk, signed in as a demo agent. Without a display, or with --unattended, scripted people take its place. Files:
// --state. Ports: free ones on loopback, printed. Signals: SIGINT stops everything.
type demoCmd struct {
	State    string        `help:"Directory of the demo's own database, keys and Asterisk." env:"LAMPLIGHT_DEMO_STATE" type:"path" placeholder:"DIR"`
	Desk     bool          `help:"Open the desk's window." default:"true" negatable:""`
	LogFile  string        `help:"Where the server's log goes; default: server.log in the state directory." type:"path"`
	Language string        `help:"Only calls in this language (en or es); both by default." enum:",en,es" default:""`
	Calls    int           `help:"Unattended: how many calls." default:"2"`
	Say      string        `help:"Unattended: an 8 kHz mono WAV file the caller says." type:"existingfile"`
	After    time.Duration `name:"provider-acks-after" help:"Unattended: how long the provider waits before acknowledging." default:"0s"`
	JSON     bool          `name:"json" help:"Unattended: one JSON object a call."`

	ForTests   bool `hidden:"" env:"LAMPLIGHT_FOR_TESTS" help:"As the server's."`
	Unattended bool `help:"A scripted caller, agent and provider instead of people."`
}

// demo is a running demo.
type demo struct {
	cmd       *demoCmd
	server    *server.Server
	pocket    *pocket.Pocket
	practices []routing.PracticeDocument
	keys      demoKeys
	out       io.Writer
}

func (c *demoCmd) Run(ctx context.Context) (err error) {
	began := time.Now()
	hasDisplay := os.Getenv("DISPLAY") != "" || os.Getenv("WAYLAND_DISPLAY") != ""
	if !hasDisplay && c.Desk && !c.Unattended {
		fmt.Fprintln(os.Stderr, "No display here: the unattended demo runs, with the same parts and scripted people.")
		c.Unattended = true
	}
	if _, _, err := (&demo{cmd: c}).words(telephony.English); err != nil { // before anything is started
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	d, err := startDemo(ctx, c, began)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.server.Close(), d.pocket.Close()) }()
	running := make(chan error, 1)
	go func() { running <- d.server.Run(ctx); stop() }()
	if c.Unattended {
		err = d.unattended(ctx)
	} else {
		err = d.attended(ctx, began)
	}
	stop()
	return errors.Join(err, <-running)
}

// startDemo opens the pocket, and the server that points at it, and puts the made-up practices in place.
func startDemo(ctx context.Context, c *demoCmd, began time.Time) (_ *demo, err error) {
	d := &demo{cmd: c, out: os.Stdout}
	if d.practices, err = readPractices(); err != nil {
		return nil, err
	}
	dir, err := demoState(c.State)
	if err != nil {
		return nil, err
	}
	h, err := server.LockStateDir(dir)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, h.Close())
		}
	}()
	st := h.StateDir
	vapid, err := push.KeysAt(st.Keys("push.json"))
	if err != nil {
		return nil, err
	}
	if d.pocket, err = pocket.Start(ctx, pocket.Config{Phones: append(demoPhones(d.practices), patientPhone),
		PushKey: vapid.Public}); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, d.pocket.Close())
		}
	}()
	cfg, err := d.serverConfig(st)
	if err != nil {
		return nil, err
	}
	log, err := openLog(c.LogFile, st)
	if err != nil {
		return nil, err
	}
	if d.server, err = server.StartOn(ctx, h, cfg, log, func(step string,
		took time.Duration) {
		server.PrintProgress(step, time.Since(began))
	}); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, d.server.Close())
		}
	}()
	if d.keys, err = seed(ctx, d.server, d.practices); err != nil {
		return nil, err
	}
	return d, d.subscribe(ctx)
}

// demoState is where the demo keeps its own: the directory given, or one beside a real server's.
func demoState(dir string) (string, error) {
	if dir != "" {
		return dir, nil
	}
	dir, err := server.DefaultState()
	return filepath.Join(dir, "demo"), err
}

// serverConfig points a server at the pocket.
func (d *demo) serverConfig(st server.StateDir) (server.Config, error) {
	tokenFile, caFile := st.Keys("pocket-token"), st.Keys("pocket-ca.pem")
	if err := errors.Join(keyfile.Replace(tokenFile, []byte(d.pocket.AuthToken), 0o600),
		keyfile.Replace(caFile, d.pocket.RootPEM, 0o600)); err != nil {
		return server.Config{}, err
	}
	hooks, err := server.FreeAddr()
	if err != nil {
		return server.Config{}, err
	}
	bounces, err := server.FreeAddr()
	if err != nil {
		return server.Config{}, err
	}
	d.pocket.SetInbound("http://" + hooks + "/hooks/text/in")
	d.pocket.SetBounces(bounces)
	return server.Config{State: st.Dir, ForTests: d.cmd.ForTests, NATSListen: "127.0.0.1:0", Listen: "127.0.0.1:0", HooksListen: hooks, Training: true,
		TextURL: d.pocket.URL, TextAccount: d.pocket.AccountSID, TextTokenFile: tokenFile, TextFrom: "+13125550199",
		TextCallback: "http://" + hooks + "/hooks/text",
		MailHost:     d.pocket.MailHost, MailPort: d.pocket.MailPort, MailFrom: "Lamplight <notes@lamplight.example>", MailCA: caFile,
		MailBounces: "bounces@lamplight.example", BouncesListen: bounces,
		PushContact: "mailto:demo@lamplight.example", PushPlain: []string{"127.0.0.1"}}, nil
}

// subscribe lets pushes reach the providers' demo phones.
func (d *demo) subscribe(ctx context.Context) error {
	for _, p := range demoPhones(d.practices) {
		sub, err := server.ReadSubscription(d.pocket.Subscription(p.Person))
		if err != nil {
			return err
		}
		actx := access.System(ctx, "demo")
		if err := d.server.Phones.Subscribe(actx, notes.PersonID(p.Person), sub); err != nil {
			return err
		}
	}
	return nil
}

func openLog(path string, st server.StateDir) (*slog.Logger, error) {
	if path == "" {
		path = st.Path("server.log")
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the log: %w; choose another place with --log-file", err)
	}
	return slog.New(slog.NewJSONHandler(f, nil)), nil
}

// attended opens the desk and stays until it is closed or the demo is stopped. A desk that is killed opens again, as an agent
// would open it.
func (d *demo) attended(ctx context.Context, began time.Time) error {
	fmt.Fprintf(d.out, "\nLamplight is up after %.1f s.\n\n", time.Since(began).Seconds())
	fmt.Fprintf(d.out, "  the pocket (the providers' phones)   %s\n", d.pocket.URL)
	fmt.Fprintf(d.out, "  the pages of providers and practices %s\n", d.server.PagesURL)
	fmt.Fprintf(d.out, "  a patient's message                  in the pocket of %s, born on %s\n", patientPhone.Name, demoBirth)
	fmt.Fprintf(d.out, "  their certificate, to trust          %s\n", d.server.Certs.CAFile)
	fmt.Fprintf(d.out, "  everybody's password                 %s (one-time codes: lamplight-demo code LOGIN)\n", d.keys.Password)
	fmt.Fprintf(d.out, "  disk used                            %s in %s\n", diskUsed(d.server.State.Dir), d.server.State.Dir)
	fmt.Fprintf(d.out, "\nF9 at the desk is Ready, F10 has a practice call come in. Closing the window, or Ctrl+C here, stops "+
		"everything.\n\n")
	if !d.cmd.Desk {
		<-ctx.Done()
		return nil
	}
	for first := true; ; first = false {
		opened := time.Now()
		err := d.deskOnce(ctx, first)
		var exit *exec.ExitError
		killed := errors.As(err, &exit) && exit.Sys().(syscall.WaitStatus).Signaled()
		if err == nil || ctx.Err() != nil {
			return nil
		}
		if !killed || time.Since(opened) < tooShort {
			return fmt.Errorf("the desk ended: %w; %s tells more", err, d.server.State.Path("desk.log"))
		}
		fmt.Fprintln(d.out, "The desk was killed; it opens again.")
	}
}

// tooShort is a desk's life that is not worth another: it would end so again.
const tooShort = 5 * time.Second

// deskOnce opens the desk and returns when it has ended, and how. firstCall has a practice call come in.
func (d *demo) deskOnce(ctx context.Context, firstCall bool) error {
	agent := desks[0].ID
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find the desk's program: %w", err)
	}
	passwordFile := d.server.State.Keys("demo-password")
	if err := keyfile.Replace(passwordFile, []byte(d.keys.Password), 0o600); err != nil {
		return err
	}
	code, err := d.fresh(ctx, agent)
	if err != nil {
		return err
	}
	desk := exec.CommandContext(ctx, filepath.Join(filepath.Dir(self), "console"), "--server", d.server.Bus.URL, "--ca",
		d.server.Certs.CAFile,
		"--login", string(agent), "--password-file", passwordFile, "--data", d.server.State.Path("desk"))
	desk.Env = append(os.Environ(), "LAMPLIGHT_CODE="+code)
	log, err := os.OpenFile(d.server.State.Path("desk.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("open the desk's log: %w", err)
	}
	defer log.Close()                   // the desk has its own
	desk.Stdout, desk.Stderr = log, log // with what GTK and ALSA have to say
	desk.Cancel = func() error { return desk.Process.Signal(os.Interrupt) }
	desk.WaitDelay = 5 * time.Second
	if err := desk.Start(); err != nil {
		return fmt.Errorf("%w; 'make build' builds it", err)
	}
	alive, ended := context.WithCancel(ctx)
	how := make(chan error, 1)
	go func() {
		defer ended()
		how <- desk.Wait()
	}()
	if firstCall && d.server.House.WhenWatched(alive) == nil {
		if err := d.server.Trainer.Call(ctx, firstScenario(d.cmd.Language)); err != nil {
			return err
		}
	}
	return <-how
}

func firstScenario(language string) string {
	if language == "es" {
		return "fever"
	}
	return "chest"
}

// diskUsed adds up the files below a directory; what cannot be read is left out.
func diskUsed(dir string) string {
	var sum int64
	err := filepath.WalkDir(dir, func(_ string, e os.DirEntry, err error) error {
		if err != nil {
			return nil //nolint:nilerr // another account's directory: an estimate is all that is promised
		}
		if i, err := e.Info(); err == nil && i.Mode().IsRegular() {
			sum += i.Size()
		}
		return nil
	})
	if err != nil {
		return "an unknown amount"
	}
	return strconv.FormatInt(sum>>20, 10) + " MB"
}
