package engine_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"lamplight/telephony"
	"lamplight/telephony/ari"
	peer "lamplight/telephony/ari/bare"
	"lamplight/telephony/asterisk"
	"lamplight/telephony/asterisk/asterisktest"
	"lamplight/telephony/engine"
	"lamplight/telephony/phone/crowd"
)

// loads are the busy hours that are measured.
var loads = []struct {
	name            string
	agents, waiting int
	rate            float64
	talk            time.Duration
}{
	{"10 agents, 20 waiting", 10, 20, 0, 1700 * time.Millisecond},
	{"50 agents, 50 waiting", 50, 50, 0, time.Second},
	{"50 agents, 20 calls a second", 50, 0, 20, time.Second},
	{"1 agent, 50 waiting", 1, 50, 0, 4 * time.Second},
	{"1 agent, 500 waiting", 1, 500, 0, 4 * time.Second},
}

// BenchmarkRealLoad compares, in turn on one Asterisk, what a busy hour costs with the engine and with the least queue on ARI:
// Asterisk's processor time and the commands it is sent, a call; and the times on the wire. The ledger is in memory, so that
// what is measured is the switch.
func BenchmarkRealLoad(b *testing.B) {
	measured := 15 * time.Second
	if s, err := strconv.Atoi(os.Getenv("LAMPLIGHT_LOAD_SECONDS")); err == nil {
		measured = time.Duration(s) * time.Second
	}
	for _, l := range loads {
		b.Run(l.name, func(b *testing.B) {
			dir := ""
			server := asterisktest.Start(b, func(c *asterisk.Config) {
				c.Agents, c.RTP, c.Silent = 50, asterisk.PortRange{First: 40000, Last: 47999}, 10*time.Minute
				dir = c.Dir
			})
			url, user, password := server.ARI()
			if err := peer.Extend(b.Context(), dir, url, user, password); err != nil {
				b.Fatal(err)
			}
			phones := map[string]string{}
			for i := range l.agents {
				name := fmt.Sprintf("agent%d", i+1)
				phones[name] = server.Agents()[name]
			}
			hour := func(what string, dial func(int) string, commands func() int) (m crowd.Measured, cpu time.Duration, sent int) {
				people, err := crowd.Open(b.Context(), crowd.Config{Switch: server.SIPAddr(), Callers: "127.0.0.2", Agents: "127.0.0.3",
					Phones: phones, Dial: dial, Talk: l.talk})
				if err != nil {
					b.Fatal(err)
				}
				defer people.Close()
				ctx, stop := context.WithCancel(b.Context())
				defer stop()
				if l.rate > 0 {
					go people.Rate(ctx, l.rate)
				} else {
					people.Keep(ctx, l.agents+l.waiting)
				}
				time.Sleep(3 * time.Second)
				people.Measure()
				before, err := peer.CPU(server.Pid())
				if err != nil {
					b.Fatal(err)
				}
				sent = commands()
				time.Sleep(measured)
				m = people.Measure()
				after, err := peer.CPU(server.Pid())
				if err != nil {
					b.Fatal(err)
				}
				sent = commands() - sent
				stop()
				ctx, stop = context.WithTimeout(context.Background(), 20*time.Second)
				defer stop()
				if err := people.HangUp(ctx); err != nil {
					b.Error(what, err)
				}
				return m, after - before, sent
			}
			for range b.N {
				names := make([]string, 0, len(phones))
				for name := range phones {
					names = append(names, name)
				}
				q, err := peer.OpenQueue(b.Context(), url, user, password, names)
				if err != nil {
					b.Fatal(err)
				}
				theirs, theirCPU, theirSent := hour("bare", func(int) string { return peer.QueueApp }, q.Commands)
				if err := q.Close(); err != nil {
					b.Error(err)
				}
				sw, stop := loadedEngine(b, server, phones)
				ours, ourCPU, ourSent := hour("ours", func(n int) string { return fmt.Sprintf("+1566%07d", n%2000) }, sw.Commands)
				stop()
				theirMS, theirGap := report(b, "bare", theirs, theirCPU, theirSent)
				ourMS, ourGap := report(b, "ours", ours, ourCPU, ourSent)
				b.ReportMetric(ourMS/theirMS, "cpu/bare")
				if theirGap > 0 {
					b.ReportMetric(ourGap/theirGap, "gap/bare")
				}
			}
		})
	}
}

// report tells what was measured, and returns Asterisk's processor time a call and how late the next INVITE comes (p99), both in ms.
func report(b *testing.B, who string, m crowd.Measured, cpu time.Duration, sent int) (cpuMS, gap float64) {
	q := func(all []time.Duration, p float64) float64 {
		if len(all) == 0 {
			return 0
		}
		slices.Sort(all)
		return float64(all[min(len(all)-1, int(p*float64(len(all))))].Microseconds()) / 1000
	}
	calls := float64(max(1, m.Calls))
	b.Logf("%-5s %5.1f calls/s; Asterisk %5.1f %% of a core, %6.2f ms and %5.1f commands a call; free -> INVITE %.1f/%.1f ms; "+
		"INVITE -> INVITE %.1f/%.1f ms; odd %v", who, calls/m.For.Seconds(), 100*cpu.Seconds()/m.For.Seconds(),
		1000*cpu.Seconds()/calls, float64(sent)/calls, q(m.Gap, 0.5), q(m.Gap, 0.99), q(m.Setup, 0.5), q(m.Setup, 0.99), m.Odd)
	b.ReportMetric(1000*cpu.Seconds()/calls, who+"-cpu-ms/call")
	b.ReportMetric(float64(sent)/calls, who+"-commands/call")
	return 1000 * cpu.Seconds() / calls, q(m.Gap, 0.99)
}

// anyLine is a ledger in which each number of a range is a line.
type anyLine struct{ *memory }

func (l anyLine) LineFor(_ context.Context, did telephony.Number) (telephony.Line, bool, error) {
	return telephony.Line{DID: did, Account: "load", Name: "Load", Languages: []telephony.Language{telephony.English}}, true, nil
}

// busyDesk ends each wrap-up at once.
type busyDesk struct {
	*listener
	eng *engine.Engine
	ctx context.Context
}

func (d *busyDesk) AgentMoved(a telephony.AgentID, s telephony.AgentState, _ string, _ time.Time) {
	if s == telephony.AgentWrapUp {
		go d.eng.WrapUpDone(d.ctx, a) //nolint:errcheck // the engine has stopped, or the agent is back by itself
	}
}

func loadedEngine(b *testing.B, server *asterisk.Server, phones map[string]string) (*ari.Client, func()) {
	url, user, password := server.ARI()
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))
	sw, err := ari.Connect(ari.Config{URL: url, User: user, Password: password, App: server.App(), Spool: server.Spool(),
		Log: log})
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	d := &busyDesk{listener: newListener(), ctx: ctx}
	eng := engine.NewEngine(engine.Config{Switch: sw, Ledger: anyLine{newMemory()}, Listener: d, Log: log})
	d.eng = eng
	ended := make(chan error, 1)
	go func() { ended <- eng.Run(ctx) }()
	for name := range phones {
		a := agent(name, telephony.English)
		a.Endpoint = name
		if err := eng.AgentIn(ctx, a); err != nil {
			b.Fatal(err)
		}
		if err := eng.Ready(ctx, a.ID); err != nil {
			b.Fatal(err)
		}
	}
	for !eng.Healthy() {
		time.Sleep(10 * time.Millisecond)
	}
	return sw, func() {
		cancel()
		if err := <-ended; err != nil {
			b.Error(err)
		}
		if err := sw.Close(); err != nil {
			b.Error(err)
		}
	}
}
