package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"

	"lamplight/cmd/lamplight/server"
	"lamplight/console/wire/bus"
	"lamplight/notes/audit"
	"lamplight/notes/postgres"
	"lamplight/telephony/asterisk"
)

// auditCmd looks after the proof.
type auditCmd struct {
	Verify     auditVerifyCmd     `cmd:"" help:"Check the whole log: any edited, removed, inserted or reordered leaf, any row without its leaf or with a foreign MAC, any change of the schema itself. It says what it vouches for and what not. Exit status 1 if one is found."`
	Checkpoint auditCheckpointCmd `cmd:"" help:"Print the newest signed checkpoint: keep it elsewhere, and verify against it later."`
}

type auditVerifyCmd struct {
	server.RecordFlags
	Against []string `help:"Files with checkpoints kept elsewhere: the log must still contain each." type:"existingfile"`
	JSON    bool     `name:"json" help:"The findings as JSON."`
}

func (c *auditVerifyCmd) Run(ctx context.Context) error {
	return inRecord(ctx, c.Connect, func(ctx context.Context, s *server.Server) error {
		signer, err := audit.LoadKey(s.State.Keys("audit.json"), "lamplight/"+server.Hostname())
		if err != nil {
			return err
		}
		o := audit.VerifyOptions{Key: signer, Tables: server.AuditedTables(), Schema: postgres.CheckSchema}
		for _, f := range c.Against {
			b, err := os.ReadFile(f)
			if err != nil {
				return fmt.Errorf("read a checkpoint: %w", err)
			}
			o.Against = append(o.Against, string(b))
		}
		r, err := audit.Verify(ctx, s.Pool, o)
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
	})
}

type auditCheckpointCmd struct{ server.RecordFlags }

func (c *auditCheckpointCmd) Run(ctx context.Context) error {
	return inRecord(ctx, c.Connect, func(ctx context.Context, s *server.Server) error {
		cp, err := s.Audit.Checkpoint(ctx)
		if err != nil {
			return err
		}
		_, err = fmt.Print(cp)
		return err
	})
}

// asteriskCmd is for administrators who have an Asterisk.
type asteriskCmd struct {
	Config asteriskConfigCmd `cmd:"" help:"Print what an existing Asterisk 22 needs: modules, dialplan, SIP, ARI."`
	Phones asteriskPhonesCmd `cmd:"" help:"Print the private Asterisk's SIP port and its phones' users and passwords, for telephones that stand on a desk."`
}

type asteriskPhonesCmd struct {
	State string `help:"The server's state directory." env:"LAMPLIGHT_STATE" type:"path" placeholder:"DIR"`
}

func (c *asteriskPhonesCmd) Run() error {
	st, err := server.NewStateDir(c.State)
	if err != nil {
		return err
	}
	port, phones, err := asterisk.SIPPhones(st.Path("asterisk"))
	if err != nil {
		return err
	}
	fmt.Println("SIP over UDP, port", port)
	for _, name := range slices.SortedFunc(maps.Keys(phones), func(a, b string) int { return cmp.Or(len(a)-len(b), cmp.Compare(a, b)) }) {
		if _, err := fmt.Println(name, phones[name]); err != nil {
			return err
		}
	}
	return nil
}

type asteriskConfigCmd struct {
	server.SIP
	Dir string `help:"Where this Asterisk will keep its prompts and voicemails." default:"/var/lib/asterisk/lamplight"`
}

func (c *asteriskConfigCmd) Run() error {
	a, err := c.Asterisk()
	if err != nil {
		return err
	}
	a.Dir = c.Dir
	return a.Write(os.Stdout)
}

// natsCmd is for administrators who have a NATS cluster.
type natsCmd struct {
	Config natsConfigCmd `cmd:"" help:"Print the accounts and the auth callout a NATS of yours needs. It holds the servers' passwords."`
}

type natsConfigCmd struct {
	State string `help:"The server's state directory." env:"LAMPLIGHT_STATE" type:"path" placeholder:"DIR"`
}

func (c *natsConfigCmd) Run() error {
	st, err := server.NewStateDir(c.State)
	if err != nil {
		return err
	}
	keys, err := server.NATSKeys(st.Keys("nats.json"))
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
