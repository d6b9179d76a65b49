package dispatch

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"slices"
	"testing"
	"time"

	"lamplight/notes/audit"
	"lamplight/notes/postgres"
	"lamplight/notes/postgres/postgrestest"
	"lamplight/routing"
	"lamplight/routing/channel"
	"lamplight/routing/channel/pocket"
	"lamplight/routing/channel/twilio"
)

// orders is what a worker process of its own needs; it gets them in its environment.
type orders struct {
	Database string
	Key      string
	LinkKey  []byte
	Text     twilio.Config
}

const ordersVar = "ROUTING_TEST_WORKER"

// TestMain lets this binary be the worker process that a test kills.
func TestMain(m *testing.M) {
	if text := os.Getenv(ordersVar); text != "" {
		if err := workAsOrdered(text); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func workAsOrdered(text string) error {
	var o orders
	if err := json.Unmarshal([]byte(text), &o); err != nil {
		return err
	}
	ctx := context.Background()
	pool, err := postgres.Connect(ctx, o.Database)
	if err != nil {
		return err
	}
	key, err := audit.LoadKey(o.Key, "test")
	if err != nil {
		return err
	}
	ch, err := twilio.New(o.Text)
	if err != nil {
		return err
	}
	e, err := New(Config{Pool: pool, Log: audit.NewLog(pool, key), LinkBase: "https://page.example", LinkKey: o.LinkKey,
		Channels: map[routing.ChannelKind]channel.Channel{routing.Text: ch}, Lease: 1500 * time.Millisecond, Workers: 8,
		Logger: slog.New(slog.NewTextHandler(io.Discard, nil))})
	if err != nil {
		return err
	}
	fmt.Println("working")
	return e.Run(ctx)
}

// startWorker starts a worker process and returns once it works.
func startWorker(t *testing.T, o orders) *exec.Cmd {
	t.Helper()
	text, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), ordersVar+"="+string(text))
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		t.Fatalf("the worker says %q: %v", line, err)
	}
	return cmd
}

// A worker is killed three times in the middle of sending 200 texts, at different instants of a sending: some are claimed
// and not yet sent, some taken by the carrier and not yet written down. Nothing is lost. Because the gateway can be asked,
// hardly anything is repeated; what is, is counted.
func TestKilledWhileSendingNothingIsLost(t *testing.T) {
	h := newFixture(t)
	url := postgrestestURL(t, h)
	h.pocket.SetFaults(func(a pocket.Arrival) pocket.Fault {
		switch a.Seq % 9 {
		case 4:
			return pocket.DropReports // only the worker can know
		case 7:
			return pocket.TakeAndBreak // the worker itself does not know
		}
		return pocket.None
	})
	const n = 200
	plan := h.plan(oneText)
	for i := range n {
		p := plan
		p.Attempts = slices.Clone(plan.Attempts)
		p.Attempts[0].Address = fmt.Sprintf("+1312555%04d", 1000+i%50) // fifty people
		h.send(newNote(fmt.Sprintf("n%d", i), fmt.Sprintf("L-%d", i)), p)
	}
	o := orders{Database: url, Key: h.keyPath, LinkKey: h.cfg.LinkKey, Text: h.textConfig}
	for _, at := range []int{30, 80, 140} {
		worker := startWorker(t, o)
		h.wait(at)
		if err := worker.Process.Kill(); err != nil { // SIGKILL: no farewell
			t.Fatal(err)
		}
		_ = worker.Wait()
	}
	startWorker(t, o)
	h.until("everything has left", func() bool {
		var left int
		if err := h.pool.QueryRow(t.Context(), `select (select count(*) from attempt where state not in ('accepted', 'delivered'))
			+ (select count(*) from dispatch where not unfolded)`).Scan(&left); err != nil {
			t.Fatal(err)
		}
		return left == 0
	})
	arrived := map[string]int{}
	for _, a := range h.pocket.Messages() {
		arrived[a.Link]++
	}
	repeats := len(h.pocket.Messages()) - len(arrived)
	if len(arrived) != n {
		t.Errorf("%d of %d arrived", len(arrived), n)
	}
	var known int
	if err := h.pool.QueryRow(t.Context(), "select coalesce(sum(sends - 1), 0) from attempt where sends > 1").Scan(&known); err != nil {
		t.Fatal(err)
	}
	t.Logf("3 kills: %d of %d arrived, %d repeated; %d sendings were begun again", len(arrived), n, repeats, known)
	if repeats > known || repeats > 20 {
		t.Errorf("%d repeats, of which only %d are known", repeats, known)
	}
	h.verify()
}

// postgrestestURL is the address of the service's database, for another process.
func postgrestestURL(t *testing.T, h *fixture) string {
	t.Helper()
	return postgrestest.Cluster(t).DatabaseURL(h.pool.Config().ConnConfig.Database)
}
