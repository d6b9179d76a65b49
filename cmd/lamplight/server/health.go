package server

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"lamplight/notes"
	"lamplight/notes/custody"
	"lamplight/routing"
	"lamplight/routing/dispatch"
)

// A Red is something that is wrong now. Nothing in it is a patient's.
type Red struct {
	Code string            // for machines: "backup-late"
	Text string            // one line, for whoever is on duty
	Down bool              // callers cannot be served as they should be
	Desk bool              // told at every desk: a note may wait on nobody, or no call comes
	Vars map[string]string // of the desks' sentence
}

// health looks at the whole server again and again, logs what turns red, and answers /healthz and /readyz.
type health struct {
	s *Server

	mu     sync.Mutex // guards what follows
	began  time.Time
	reds   []Red
	public string // what is wrong with the public address, "" for nothing
}

func newHealth(s *Server) *health {
	return &health{s: s, began: time.Now(), reds: []Red{{Code: "starting", Text: "the server is starting", Down: true}}}
}

const (
	checkEvery = 5 * time.Second
	// What a start may take before it is red: until the switch hears us, and until the copy follows.
	linkPatience = 10 * time.Second
	copyPatience = time.Minute
)

// run looks until ctx ends.
func (h *health) run(ctx context.Context) {
	tick := time.NewTicker(checkEvery)
	defer tick.Stop()
	for soon := time.NewTicker(100 * time.Millisecond); ctx.Err() == nil && !h.s.Engine.Healthy() && time.Since(h.began) < linkPatience; {
		select {
		case <-ctx.Done():
		case <-soon.C:
		}
	}
	h.mu.Lock()
	h.began = time.Now()
	h.mu.Unlock()
	for {
		h.check(ctx)
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func (h *health) check(ctx context.Context) {
	reds := h.find(ctx)
	if ctx.Err() != nil {
		return
	}
	h.mu.Lock()
	was := h.reds
	h.reds = reds
	h.mu.Unlock()
	var told []string
	vars := map[string]map[string]string{}
	for _, r := range reds {
		if r.Desk {
			told = append(told, r.Code)
			if r.Vars != nil {
				vars[r.Code] = r.Vars
			}
		}
	}
	h.s.House.Reds(told, vars)
	for _, r := range reds {
		if !slices.ContainsFunc(was, func(o Red) bool { return o.Code == r.Code }) {
			h.s.Log.Error("red: "+r.Text, "code", r.Code)
		}
	}
	for _, o := range was {
		if !slices.ContainsFunc(reds, func(r Red) bool { return r.Code == o.Code }) {
			h.s.Log.Info("no more red", "code", o.Code)
		}
	}
}

// last is what was red at the last look.
func (h *health) last() []Red {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.reds)
}

func (h *health) setPublic(trouble string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.public = trouble
}

// find lists what is wrong now, what keeps callers from being served first.
func (h *health) find(ctx context.Context) (out []Red) {
	ctx, cancel := context.WithTimeout(ctx, checkEvery)
	defer cancel()
	s, now := h.s, time.Now()
	red := func(bad, down bool, code, text string, args ...any) {
		if bad {
			out = append(out, Red{Code: code, Text: fmt.Sprintf(text, args...), Down: down})
		}
	}
	pulse := s.Engine.Pulse()
	red(now.Sub(pulse.Answered) > stillAlive, true, "core", "the core of the calls does not answer")
	red(!pulse.Writing, true, "ledger", "calls cannot be written down: new callers go to voicemail")
	if !s.Engine.Healthy() {
		out = append(out, Red{Code: "beat", Text: "the switch hears no beat from us: new callers go to voicemail", Down: true, Desk: true})
	}
	err := s.Pool.Ping(ctx)
	red(err != nil, true, "database", "the database does not answer")
	red(!s.Bus.nc.IsConnected(), true, "bus", "NATS is away: desks cannot reach the server")
	if err == nil {
		stand, _, err := s.Routing.Standing(ctx)
		out = append(out, h.reach(ctx)...)
		out = append(out, h.charts(ctx, now)...)
		red(err == nil && len(stand) > 0, false, "escalations", "%d escalations stand still: look at the board", len(stand))
	}
	forged := s.Audit.Forged()
	red(len(forged) > 0, false, "forged", "%d rows are not as Lamplight wrote them and are not believed (%s): somebody wrote to the "+
		"database; run 'lamplight audit verify' and tell your security officer", len(forged),
		strings.Join(forged[:min(3, len(forged))], ", "))
	days := h.certificateDays(now)
	red(days < 14, false, "certificate", "the server's certificate ends in %d days: renew the one of --certificate; "+
		"the server's own is renewed by a restart", days)
	h.mu.Lock()
	public := h.public
	h.mu.Unlock()
	red(public != "", false, "public-url", "%s", public)
	return append(out, h.custody(now)...)
}

// reach lists why a note may wait on nobody. Each desk tells it in the agent's language.
func (h *health) reach(ctx context.Context) (out []Red) {
	red := func(code, text string, args ...any) {
		out = append(out, Red{Code: code, Text: fmt.Sprintf(text, args...), Desk: true})
	}
	switch _, why, err := h.s.Routing.ServicePlan(ctx); {
	case err != nil: // the database is red already
	case why == dispatch.WhyNoService:
		red(why, "the service has no ladder for its supervisors: nobody is called when a note's ladder has ended ('lamplight service put')")
	case why != "":
		red(why, "the service's ladder reaches no supervisor now: 'lamplight service check' and the people's phones")
	}
	sends := h.s.Routing.Carriers()
	if !sends[routing.Text] && !sends[routing.Email] && !sends[routing.Voice] {
		red("no-carrier", "no carrier is configured: no text, email or call leaves (--text-account, --mail-host)")
	}
	for _, f := range h.s.Routing.Failing() {
		red("failing-"+string(f.Channel), "every %s since %s was refused: %s", f.Channel, f.Since.UTC().Format(time.DateTime), f.Why)
	}
	return out
}

// charts tells of the practice whose notes have waited longest for its chart, once that is longer than the practice has said.
func (h *health) charts(ctx context.Context, now time.Time) []Red {
	queues, err := h.s.Charts.Queues(ctx)
	if err != nil { // the database is red already
		return nil
	}
	for _, q := range queues {
		acc, err := h.s.Record.Account(ctx, q.Account)
		if err != nil || now.Sub(q.Since) < patienceOf(acc) {
			continue
		}
		why := string(q.Why)
		if q.Asking {
			why = "somebody there must say which patient it is"
		}
		return []Red{{Code: "chart-late", Desk: true, Text: fmt.Sprintf("%d notes of %s wait for its chart since %s: %s", q.Count, q.Account,
			q.Since.Format(time.DateTime), why),
			Vars: map[string]string{"practice": acc.Name, "count": strconv.Itoa(q.Count), "since": q.Since.Format(time.RFC3339)}}}
	}
	return nil
}

// patienceOf is how long a practice's note may wait for its chart; one that has no chart any more still has notes that wait.
func patienceOf(acc notes.Account) time.Duration {
	if acc.Chart == nil {
		return notes.Chart{}.Patience()
	}
	return acc.Chart.Patience()
}

// custody lists what is wrong with the copies.
func (h *health) custody(now time.Time) (out []Red) {
	st, cfg := h.s.Custody.Status(now), h.s.Config.BackupConfig
	red := func(bad bool, code, text string, args ...any) {
		if bad {
			out = append(out, Red{Code: code, Text: fmt.Sprintf(text, args...)})
		}
	}
	red(st.Keys != "", "backup-keys", "the keys are not copied: %s", st.Keys)
	if !st.Kept {
		return out
	}
	h.mu.Lock()
	young := now.Sub(h.began) < copyPatience && st.Trouble == ""
	h.mu.Unlock()
	late := func(at time.Time, every time.Duration) bool { return every > 0 && now.Sub(at) > every+every/2 }
	red(!young && st.Behind > custody.LossPromised, "backup-late", "the backup is more than %s behind: %s", custody.LossPromised,
		st.Trouble)
	red(!young && (st.Base.IsZero() || late(st.Base, cfg.BackupEvery)), "backup-base", "there is no base backup of the last %s: %s",
		cfg.BackupEvery, st.Trouble)
	red(!st.Drill.Ended.IsZero() && !st.Drill.Good, "drill", "THE DRILL FAILED: %s", OneLine(fmt.Errorf("%s", st.Drill.Trouble)))
	red(!st.Drill.Ended.IsZero() && late(st.Drill.Ended, cfg.DrillEvery), "drill-late", "the last drill ended %s ago",
		now.Sub(st.Drill.Ended).Round(time.Minute))
	return out
}

// certificateDays is how long what the server shows still holds.
func (h *health) certificateDays(now time.Time) int {
	return int(h.s.Certs.ends().Sub(now).Hours() / 24)
}

// handler answers the paths of health, and gives all else to the pages. Who is not named by --metrics-from learns only whether.
func (h *health) handler(pages http.Handler, metrics http.Handler, from []netip.Prefix) http.Handler {
	mux := http.NewServeMux()
	answer := func(bad func(Red) bool, ok string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Cache-Control", "no-store")
			w.Header().Set("Content-Type", "text/plain; charset=utf-8")
			w.Header().Set(serverHeader, h.s.id)
			reds, status, text := h.last(), http.StatusOK, ok+"\n"
			if slices.ContainsFunc(reds, bad) {
				status, text = http.StatusServiceUnavailable, "not "+text
			}
			if ours(r, from) {
				for _, red := range reds {
					text += "red: " + red.Text + "\n"
				}
			}
			w.WriteHeader(status)
			write(w, h.s.Log, text)
		}
	}
	mux.HandleFunc("GET /healthz", answer(func(r Red) bool { return r.Code == "core" }, "alive"))
	mux.HandleFunc("GET /readyz", answer(func(r Red) bool { return r.Down }, "ready"))
	mux.HandleFunc("GET /metrics", func(w http.ResponseWriter, r *http.Request) {
		if !ours(r, from) {
			http.NotFound(w, r)
			return
		}
		metrics.ServeHTTP(w, r)
	})
	mux.HandleFunc("GET "+checksPath, func(w http.ResponseWriter, r *http.Request) {
		if !ours(r, from) {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		if err := json.NewEncoder(w).Encode(h.s.Checks(r.Context())); err != nil {
			h.s.Log.Info("an answer was not delivered", "error", err)
		}
	})
	mux.Handle("/", pages)
	return mux
}

func write(w io.Writer, log *slog.Logger, text string) {
	if _, err := io.WriteString(w, text); err != nil {
		log.Info("an answer was not delivered", "error", err)
	}
}

// ours tells whether a request comes directly from one of the networks; what a proxy hands on never does.
func ours(r *http.Request, from []netip.Prefix) bool {
	for _, forwarded := range []string{"X-Forwarded-For", "Forwarded", "Via", "X-Real-Ip"} {
		if r.Header.Get(forwarded) != "" {
			return false
		}
	}
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return false
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && slices.ContainsFunc(from, func(n netip.Prefix) bool { return n.Contains(addr.Unmap()) })
}

// serveHealth puts the paths of health before the pages.
func (s *Server) serveHealth(pages http.Handler) (http.Handler, error) {
	from, err := prefixes("--metrics-from", s.Config.MetricsFrom)
	if err != nil {
		return nil, err
	}
	registry, err := s.registry()
	if err != nil {
		return nil, err
	}
	return s.Health.handler(pages, promhttp.HandlerFor(registry, promhttp.HandlerOpts{ErrorLog: metricsLog{s.Log}}), from), nil
}

// metricsLog has what a scrape could not read stand in the server's log.
type metricsLog struct{ log *slog.Logger }

func (l metricsLog) Println(v ...any) {
	l.log.Warn("metrics: " + strings.TrimSpace(fmt.Sprintln(v...)))
}

// WebAddr is where the pages are served.
func (s *Server) WebAddr() string { return s.web.Addr().String() }
