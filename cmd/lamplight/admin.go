package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"lamplight/console/wire/bus"
	"lamplight/notes"
	"lamplight/notes/audit"
	"lamplight/telephony/asterisk"
)

// auditCmd looks after the proof.
type auditCmd struct {
	Verify     auditVerifyCmd     `cmd:"" help:"Check the whole log: any edited, removed, inserted or reordered leaf, any row without its leaf. Exit status 1 if one is found."`
	Checkpoint auditCheckpointCmd `cmd:"" help:"Print the newest signed checkpoint: keep it elsewhere, and verify against it later."`
}

// recordFlags say where the record is.
type recordFlags struct {
	State       string `help:"The server's state directory." env:"LAMPLIGHT_STATE" type:"path" placeholder:"DIR"`
	DatabaseURL string `help:"A PostgreSQL of yours, instead of the private one." env:"LAMPLIGHT_DATABASE_URL"`
}

// open connects to the record and reads the log's key. A private database that does not run is started for the moment;
// the state directory is held meanwhile, so that no server comes to stand on a database that we then stop.
func (f recordFlags) open(ctx context.Context) (*Server, error) {
	s := &Server{cfg: serverConfig{State: f.State, DatabaseURL: f.DatabaseURL}, log: discardLog()}
	h, err := holdState(f.State)
	switch {
	case err == nil:
		s.state, s.closers = h.state, append(s.closers, h.Close)
	case errors.Is(err, errHeld): // by a server, whose database we use
		if s.state, err = openState(f.State); err != nil {
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

type auditVerifyCmd struct {
	recordFlags
	Against []string `help:"Files with checkpoints kept elsewhere: the log must still contain each." type:"existingfile"`
	JSON    bool     `name:"json" help:"The findings as JSON."`
}

func (c *auditVerifyCmd) Run(ctx context.Context) (err error) {
	s, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	signer, err := audit.OpenKey(s.state.keys("audit.json"), "lamplight/"+hostname())
	if err != nil {
		return err
	}
	o := audit.Options{Key: signer, Tables: auditedTables()}
	for _, f := range c.Against {
		b, err := os.ReadFile(f)
		if err != nil {
			return fmt.Errorf("read a checkpoint: %w", err)
		}
		o.Against = append(o.Against, string(b))
	}
	r, err := audit.Verify(ctx, s.pool, o)
	if err != nil {
		return err
	}
	if c.JSON {
		err = json.NewEncoder(os.Stdout).Encode(r)
	} else {
		err = r.Print(os.Stdout)
	}
	if err == nil && !r.Good() {
		err = errors.New("the log does not hold: keep the database as it is and tell your security officer")
	}
	return err
}

type auditCheckpointCmd struct{ recordFlags }

func (c *auditCheckpointCmd) Run(ctx context.Context) (err error) {
	s, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	cp, err := s.audit.Checkpoint(ctx)
	if err != nil {
		return err
	}
	_, err = fmt.Print(cp)
	return err
}

// asteriskCmd is for administrators who have an Asterisk.
type asteriskCmd struct {
	Config asteriskConfigCmd `cmd:"" help:"Print what an existing Asterisk 22 needs: modules, dialplan, SIP, ARI."`
}

type asteriskConfigCmd struct {
	Agents int    `help:"How many agents' phones." default:"8"`
	Dir    string `help:"Where this Asterisk will keep its prompts and voicemails." default:"/var/lib/asterisk/lamplight"`
}

func (c *asteriskConfigCmd) Run() error {
	return asterisk.Config{Dir: c.Dir, Agents: c.Agents}.Write(os.Stdout)
}

// natsCmd is for administrators who have a NATS cluster.
type natsCmd struct {
	Config natsConfigCmd `cmd:"" help:"Print the accounts and the auth callout a NATS of yours needs. It holds the servers' passwords."`
}

type natsConfigCmd struct {
	State string `help:"The server's state directory." env:"LAMPLIGHT_STATE" type:"path" placeholder:"DIR"`
}

func (c *natsConfigCmd) Run() error {
	st, err := openState(c.State)
	if err != nil {
		return err
	}
	keys, err := natsKeys(st.keys("nats.json"))
	if err != nil {
		return err
	}
	text, err := bus.Configuration(keys)
	if err != nil {
		return err
	}
	_, err = fmt.Print(text)
	return err
}

// demoCodeCmd is the demo's authenticator app.
type demoCodeCmd struct {
	Login string `arg:"" help:"Whose code, elena.reyes for instance."`
	State string `help:"The demo's state directory." env:"LAMPLIGHT_DEMO_STATE" type:"path" placeholder:"DIR"`
}

func (c *demoCodeCmd) Run() error {
	dir, err := demoState(c.State)
	if err != nil {
		return err
	}
	st, err := openState(dir)
	if err != nil {
		return err
	}
	keys, err := (&Server{state: st}).readDemoKeys()
	if err != nil {
		return err
	}
	if keys.Codes[notes.PersonID(c.Login)] == "" {
		return fmt.Errorf("the demo has nobody called %q", c.Login)
	}
	code, err := keys.code(notes.PersonID(c.Login), time.Now())
	if err != nil {
		return err
	}
	_, err = fmt.Println(code)
	return err
}
