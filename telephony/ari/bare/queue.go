package bare

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// QueueApp is the application that a Queue drives, and the number that callers dial for it after Extend.
const QueueApp = "acd"

// Extend gives an Asterisk of ours, whose files are in dir, the least dialplan that hands a call to QueueApp.
func Extend(ctx context.Context, dir, base, user, password string) error {
	file := filepath.Join(dir, "etc", "extensions.conf")
	text, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("bare ARI: %w", err)
	}
	least := fmt.Sprintf("\n[from-carrier](+)\nexten => %[1]s,1,Stasis(%[1]s,inbound)\n same => n,Hangup()\n", QueueApp)
	if err := os.WriteFile(file, append(text, least...), 0o600); err != nil {
		return fmt.Errorf("bare ARI: %w", err)
	}
	c := &Client{base: base, auth: basic(user, password), http: &http.Client{Timeout: 10 * time.Second}}
	return c.Do(ctx, http.MethodPut, "/asterisk/modules/pbx_config.so", nil)
}

// A Queue is the smallest that gives callers to agents: the caller who waits longest to the agent who is free longest, one
// originate an offer, music on the caller's channel, one mixing bridge a talk. It remembers nothing, records nothing, keeps
// nobody should it die, and is what Lamplight's speed and Asterisk's work for it are compared with.
type Queue struct {
	c     *Client
	named string // makes ids unique
	stop  context.CancelFunc
	over  chan error
	tasks sync.WaitGroup

	sent atomic.Int64 // commands

	waiting []*waiter
	idle    []string           // agents' endpoints, longest idle first
	callers map[string]*waiter // by the caller's channel
	offers  map[string]*waiter // by the agent's channel
	seq     int
}

type waiter struct {
	id, number     string
	agent, agentID string
	talking, gone  bool
}

// OpenQueue drives QueueApp with the agents given until Close.
func OpenQueue(ctx context.Context, base, user, password string, agents []string) (*Queue, error) {
	c, err := Dial(ctx, base, user, password, QueueApp)
	if err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(ctx)
	q := &Queue{c: c, named: fmt.Sprintf("%06d", time.Now().UnixMilli()/10%1000000), stop: stop, over: make(chan error, 1),
		idle: slices.Clone(agents), callers: map[string]*waiter{}, offers: map[string]*waiter{}}
	go func() { q.over <- q.run(ctx) }()
	return q, nil
}

// Commands tells how many commands were sent.
func (q *Queue) Commands() int { return int(q.sent.Load()) }

// Close ends the queue and leaves its calls to Asterisk.
func (q *Queue) Close() error {
	q.stop()
	err := <-q.over
	q.tasks.Wait()
	if cerr := q.c.Close(); cerr != nil && err == nil && !strings.Contains(cerr.Error(), "closed") {
		err = cerr
	}
	return err
}

func (q *Queue) run(ctx context.Context) error {
	for {
		e, err := q.c.Next(ctx)
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			return err
		}
		agent := strings.HasPrefix(e.Channel.ID, "bare-agent-")
		switch {
		case e.Type == "StasisStart" && agent:
			q.answered(ctx, e.Channel.ID)
		case e.Type == "StasisStart":
			q.arrived(ctx, e.Channel.ID, e.Channel.Caller.Number)
		case e.Type != "StasisEnd" && e.Type != "ChannelDestroyed": // whichever comes first
		case agent:
			q.free(ctx, e.Channel.ID)
		default:
			q.left(ctx, e.Channel.ID)
		}
	}
}

// do sends commands one after the other until one fails; nobody waits for them. A channel that has gone is told by an event.
func (q *Queue) do(ctx context.Context, commands ...func() error) {
	q.tasks.Go(func() {
		for _, command := range commands {
			q.sent.Add(1)
			if command() != nil || ctx.Err() != nil {
				return
			}
		}
	})
}

func (q *Queue) post(ctx context.Context, path string, body any) func() error {
	return func() error { return q.c.Do(ctx, http.MethodPost, path, body) }
}

func (q *Queue) arrived(ctx context.Context, id, number string) {
	w := &waiter{id: id, number: number}
	q.callers[id] = w
	q.waiting = append(q.waiting, w)
	q.offer(ctx)
	q.do(ctx, q.post(ctx, "/channels/"+id+"/answer", nil), q.post(ctx, "/channels/"+id+"/moh", nil)) // the offer does not wait for it
}

func (q *Queue) offer(ctx context.Context) {
	for len(q.waiting) > 0 && len(q.idle) > 0 {
		w, agent := q.waiting[0], q.idle[0]
		q.waiting, q.idle = q.waiting[1:], q.idle[1:]
		q.seq++
		w.agent, w.agentID = agent, fmt.Sprintf("bare-agent-%s-%06d", q.named, q.seq)
		q.offers[w.agentID] = w
		q.do(ctx, q.post(ctx, "/channels", map[string]any{"endpoint": "PJSIP/" + agent, "channelId": w.agentID, "app": QueueApp,
			"appArgs": "agent", "callerId": w.number, "timeout": 15}))
	}
}

func (q *Queue) answered(ctx context.Context, id string) {
	w := q.offers[id]
	if w == nil || w.gone { // the caller left meanwhile
		q.do(ctx, func() error { return q.c.Hangup(ctx, id) })
		return
	}
	w.talking = true
	bridge := "/bridges/b" + id
	q.do(ctx, q.post(ctx, bridge, map[string]string{"type": "mixing"}),
		q.post(ctx, bridge+"/addChannel", map[string]string{"channel": w.id + "," + id}))
}

// free has an agent take calls again; a caller who was not answered waits first in line.
func (q *Queue) free(ctx context.Context, id string) {
	w := q.offers[id]
	if w == nil {
		return
	}
	delete(q.offers, id)
	q.idle = append(q.idle, w.agent)
	if !w.gone && !w.talking {
		q.waiting = slices.Insert(q.waiting, 0, w)
	}
	q.offer(ctx)
	if w.talking {
		q.do(ctx, func() error { return q.c.Hangup(ctx, w.id) }, func() error { return q.c.Remove(ctx, "b"+id) })
	}
}

func (q *Queue) left(ctx context.Context, id string) {
	w := q.callers[id]
	if w == nil {
		return
	}
	delete(q.callers, id)
	w.gone = true
	if i := slices.Index(q.waiting, w); i >= 0 {
		q.waiting = slices.Delete(q.waiting, i, i+1)
	} else if q.offers[w.agentID] == w && !w.talking {
		q.do(ctx, func() error { return q.c.Hangup(ctx, w.agentID) })
	}
}

var errNoStat = errors.New("the process tells no times")

// CPU is the processor time that a process has used, its own and the kernel's for it (proc_pid_stat(5)).
func CPU(pid int) (time.Duration, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	_, rest, ok := strings.Cut(string(b), ") ")
	f := strings.Fields(rest)
	if !ok || len(f) < 13 {
		return 0, errNoStat
	}
	var user, system int64
	if _, err := fmt.Sscan(f[11]+" "+f[12], &user, &system); err != nil {
		return 0, errNoStat
	}
	return time.Duration(user+system) * 10 * time.Millisecond, nil
}
