package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/pquerna/otp/totp"

	"lamplight/notes"
	"lamplight/notes/access"
	"lamplight/routing"
	"lamplight/routing/channel/pocket"
	"lamplight/telephony/phone"
)

// campaignCmd hurts a whole service while calls come in, and accounts for every call and note afterwards. The server, its
// PostgreSQL and Asterisk, and each agent's desk with its phone are processes of their own; callers, providers and carrier are
// in this one. The seed alone makes the course of callers and faults. It ends with 0 only if the reckoning is clean.
//
// Files: a directory of its own, removed at the end unless something was wrong. Ports: free ones on loopback. Signals: SIGINT
// ends the calls and faults, and reckons with what was done.
type campaignCmd struct {
	Calls  int           `help:"How many calls come in." default:"500"`
	Faults int           `help:"How many faults are done." default:"200"`
	Seed   uint64        `help:"Makes the course of callers and faults: the same seed makes the same one." default:"1"`
	Kinds  []faultKind   `help:"Only these faults: kill, stop, desk-stop, db-stop, db-away, disk-full, clock, carrier."`
	Agents int           `help:"How many agents take the calls, 5 at most." default:"4"`
	Pace   float64       `help:"How long faults last, times this." default:"1"`
	Climb  time.Duration `help:"How long notes may go on climbing their ladders before the reckoning." default:"100s"`
	Keep   bool          `help:"Keep the state directory, however it ends."`
	Server string        `help:"The server's program, whose clock may be movable; see 'make campaign'." type:"path"`
	Log    string        `help:"Where what happened goes, beside standard output." type:"path"`

	env []string // of what is started, beside our own
}

// A campaign is one that runs.
type campaign struct {
	*demo
	cmd        *campaignCmd
	course     course
	process    *serverProcess
	agents     []*agentProcess
	tones      []float64 // the agents'
	callers    []*caller
	readers    readers
	supervisor string // the number of whom the service calls
	out        io.Writer
	began      time.Time

	mu    sync.Mutex // guards what follows
	lying *rand.Rand
	lied  map[string][]pocket.Fault // by kind and link, in the order of the tries while it lied
	acked map[notes.NoteID]bool     // a provider's page said so
	up    int                       // callers whose call is not over
	most  int
}

// note prints what happened, with its moment.
func (c *campaign) note(format string, args ...any) {
	fmt.Fprintf(c.out, "%s  %s\n", time.Now().Format("15:04:05.000"), fmt.Sprintf(format, args...))
}

func (k *campaignCmd) Run(ctx context.Context) (err error) {
	if k.Agents < 1 || k.Agents > mostAgents {
		return fmt.Errorf("--agents: from 1 to %d", mostAgents)
	}
	dir, err := os.MkdirTemp("", "lamplight-campaign-")
	if err != nil {
		return err
	}
	if err := os.Chmod(dir, 0o711); err != nil { // the database and Asterisk run as other accounts
		return err
	}
	kinds, skipped, mounted, err := k.kinds(dir)
	if err != nil {
		return err
	}
	c := &campaign{cmd: k, began: time.Now(), out: os.Stdout, acked: map[notes.NoteID]bool{}, lied: map[string][]pocket.Fault{},
		course: newCourse(k.Seed, k.Calls, k.Faults, k.Agents, kinds, k.Pace)}
	c.lying = rand.New(rand.NewPCG(k.Seed, 10))
	if k.Log != "" {
		f, err := os.OpenFile(k.Log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
		if err != nil {
			return err
		}
		defer f.Close()
		c.out = io.MultiWriter(c.out, f)
	}
	for _, s := range skipped {
		c.note("SKIPPED %s", s)
	}
	defer func() {
		if k.Keep || err != nil {
			c.note("what is left is in %s", dir)
			if mounted {
				c.note("which is a disk of its own: umount it before it is removed")
			}
			return
		}
		if mounted {
			err = errors.Join(err, syscall.Unmount(dir, 0))
		}
		err = errors.Join(err, os.RemoveAll(dir))
	}()
	c.note("campaign with seed %d: %d calls, %d faults of %v, %d agents", k.Seed, k.Calls, k.Faults, kinds, k.Agents)
	found, err := c.run(ctx, dir)
	if err != nil {
		return err
	}
	for _, d := range found {
		c.note("WRONG %s", d)
	}
	if len(found) > 0 {
		return fmt.Errorf("%d discrepancies with seed %d", len(found), k.Seed)
	}
	c.note("the reckoning is clean")
	return nil
}

// kinds are the faults that can be done here. A disk that can be filled is mounted on dir.
func (k *campaignCmd) kinds(dir string) (kinds []faultKind, skipped []string, mounted bool, err error) {
	wanted := k.Kinds
	if len(wanted) == 0 {
		wanted = slices.Sorted(maps.Keys(faultKinds))
	}
	for _, kind := range wanted {
		why := error(nil)
		switch {
		case faultKinds[kind] == 0:
			return nil, nil, false, fmt.Errorf("--kinds %s: there are %v", kind, slices.Sorted(maps.Keys(faultKinds)))
		case kind == diskFull:
			why = mountDisk(dir)
			mounted = why == nil
		case kind == clockMoved && !strings.HasSuffix(k.Server, movable):
			why = errors.New("the server's clock cannot be moved; 'make campaign' builds one whose can")
		case kind == clockMoved:
			if libraries, err := filepath.Glob(faketime); err != nil || len(libraries) == 0 {
				why = errors.New("PostgreSQL's clock cannot be moved; install libfaketime")
			}
		}
		if why != nil {
			skipped = append(skipped, fmt.Sprintf("%s: %v", kind, why))
			continue
		}
		kinds = append(kinds, kind)
	}
	if len(kinds) == 0 && k.Faults > 0 {
		return nil, nil, mounted, fmt.Errorf("none of the faults can be done here: %v", skipped)
	}
	return kinds, skipped, mounted, nil
}

// movable ends the name of a server whose clock the campaign can move.
const movable = "-movable-clock"

// run does it all and returns what the reckoning finds.
func (c *campaign) run(ctx context.Context, dir string) (found []discrepancy, err error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	program := c.cmd.Server
	if program == "" {
		program = filepath.Join(filepath.Dir(self), "lamplight")
	}
	// What outlives a signal: the end and the reckoning.
	whole, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	bin := ""
	if c.demo, c.process, err = apart(whole, &demoCmd{State: dir}, program, func(d *demo) error {
		bin = d.server.Cluster.Bin()
		return c.prepare(d)
	}); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, c.pocket.Close()) }()
	c.process.env = append(slices.Clone(c.cmd.env), "LAMPLIGHT_CAMPAIGN_CLOCK="+c.server.State.Path("clock"))
	if err := c.setClock(0); err != nil {
		return nil, err
	}
	if strings.HasSuffix(program, movable) {
		if bin, err = movablePostgres(dir, bin); err != nil {
			return nil, err
		}
		c.process.env = append(c.process.env, "LAMPLIGHT_POSTGRES_BIN="+bin)
	}
	if err := c.startServer(whole); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, c.process.stop(syscall.SIGTERM)) }()
	c.readers.them.d = c.demo
	for _, ph := range demoPhones(c.practices) {
		if _, err := c.readers.at(whole, ph.Number); err != nil {
			return nil, err
		}
		c.supervisor = ph.Number // the last is the service's
	}
	if err := c.startAgents(self); err != nil {
		return nil, err
	}
	defer func() {
		for _, a := range c.agents {
			err = errors.Join(err, a.close())
		}
	}()
	network, err := c.network(whole)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, network.Close()) }()
	reading, read := context.WithCancel(whole)
	var people sync.WaitGroup
	people.Go(func() { c.read(reading) })
	defer func() { read(); people.Wait() }()
	if err := c.night(ctx, whole, network); err != nil {
		return nil, err
	}
	return c.reckon(whole)
}

// night has the callers call and the faults happen, until all is over.
func (c *campaign) night(ctx, whole context.Context, network *phone.Phone) error {
	came := make(chan int, len(c.course.Callers)) // numbers of callers, as they call
	struck := make(chan error, 1)
	go func() { struck <- c.faults(ctx, whole, came) }()
	var calling sync.WaitGroup
	for _, p := range c.course.Callers {
		for pause(ctx, p.Gap) == nil && c.crowded() {
		}
		if ctx.Err() != nil {
			break
		}
		one := &caller{expectedCaller: p}
		c.callers = append(c.callers, one)
		c.calls(1)
		came <- p.N
		calling.Go(func() {
			defer c.calls(-1)
			one.call(whole, network, c.tones)
		})
	}
	close(came)
	calling.Wait()
	c.note("all %d callers have hung up; at most %d at a time", len(c.callers), c.most)
	return <-struck
}

// crowded tells that more callers wait than a service of this size would ever have.
func (c *campaign) crowded() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.up >= 3*c.cmd.Agents
}

func (c *campaign) calls(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.up += n
	c.most = max(c.most, c.up)
}

// faults does the faults, one after the other.
func (c *campaign) faults(ctx, whole context.Context, came <-chan int) error {
	last := 0
	for _, f := range c.course.Faults {
		for last < f.Call {
			n, ok := <-came
			if !ok {
				break
			}
			last = n
		}
		if pause(ctx, f.After) != nil {
			break
		}
		c.note("%v", f)
		if err := c.strike(whole, f); err != nil {
			return fmt.Errorf("%v: %w", f, err)
		}
		c.note("fault %d is over after %.1f s", f.N, f.Ended.Sub(f.Began).Seconds())
	}
	for range came { // so that nobody waits to tell
	}
	return nil
}

// prepare stores agents enough, and ladders that are climbed within the campaign.
func (c *campaign) prepare(d *demo) error {
	ctx := access.System(context.Background(), "campaign")
	hurry := strings.NewReplacer(`"again": "3m"`, `"again": "1m"`, `"2m"`, `"20s"`, `"3m"`, `"20s"`, `"5m"`, `"40s"`, `"6m"`, `"40s"`)
	for _, p := range d.practices {
		p.Account.Ladders = []byte(hurry.Replace(string(p.Account.Ladders)))
		if err := d.server.Record.PutAccount(ctx, p.Account); err != nil {
			return err
		}
	}
	service, found := routing.ReadService([]byte(hurry.Replace(string(serviceFile))), nil, time.Now())
	if len(found) > 0 {
		return refused("service.json", found)
	}
	if err := d.server.Record.PutService(ctx, service); err != nil {
		return err
	}
	for n := range c.cmd.Agents {
		who := agentID(n)
		p := access.Person{ID: who, Login: string(who), Name: fmt.Sprintf("Agent %d", n+1), Language: "en",
			Endpoint: fmt.Sprintf("agent%d", n+4), Speaks: everybody(nil)[0].Speaks,
			Grants: []access.Grant{{Account: access.Everywhere, Role: notes.RoleAgent}}}
		if _, err := d.server.Door.AddPerson(ctx, p, d.keys.Password); err != nil {
			return err
		}
		key, err := totp.Generate(totp.GenerateOpts{Issuer: "Lamplight demo", AccountName: p.Login})
		if err != nil {
			return err
		}
		if err := d.server.Door.SetCode(ctx, who, key.Secret()); err != nil {
			return err
		}
		d.keys.Codes[who] = key.Secret()
	}
	return nil
}

func agentID(n int) notes.PersonID { return notes.PersonID(fmt.Sprintf("agent.%d", n+1)) }

func (c *campaign) startAgents(self string) error {
	log, err := os.OpenFile(c.server.State.Path("agents.log"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close() // they have it
	for n := range c.cmd.Agents {
		who := agentID(n)
		a, err := startAgent(agentOrders{URL: c.server.Bus.URL, CA: c.server.Certs.CAFile, Login: string(who), Password: c.keys.Password,
			Secret: c.keys.Codes[who], Tone: agentsTone(n)}, self, c.cmd.env, log)
		if err != nil {
			return err
		}
		c.agents, c.tones = append(c.agents, a), append(c.tones, agentsTone(n))
	}
	return nil
}

// network is where the callers call from: the carrier's address.
func (c *campaign) network(ctx context.Context) (*phone.Phone, error) {
	at, err := c.asterisk()
	if err != nil {
		return nil, err
	}
	return phone.Start(ctx, phone.Config{Listen: "127.0.0.2:0", Registrar: fmt.Sprintf("127.0.0.1:%d", at.SIP), User: "caller"})
}

// asteriskState is what the private Asterisk keeps of its own.
type asteriskState struct {
	SIP, ARI    int
	ARIPassword string
}
