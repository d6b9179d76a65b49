package server

import (
	"context"
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"lamplight/console"
	"lamplight/telephony"
)

// What a night operator needs, read when it is asked for. No label ever holds a practice, a person or a number.
var (
	descBuild = prometheus.NewDesc("lamplight_build_info", "Which build runs.", []string{"build"}, nil)
	descRed   = prometheus.NewDesc("lamplight_red", "1 for each thing that is wrong now, by its code; see /healthz for its words.",
		[]string{"code"}, nil)

	descCalls   = prometheus.NewDesc("lamplight_calls", "Calls that have not ended, by state.", []string{"state"}, nil)
	descWaiting = prometheus.NewDesc("lamplight_calls_waiting", "Callers who wait for an agent.", nil, nil)
	descLongest = prometheus.NewDesc("lamplight_calls_waiting_longest_seconds", "How long the longest of them has waited.", nil, nil)
	descAgents  = prometheus.NewDesc("lamplight_agents", "Agents signed in, by state.", []string{"state"}, nil)
	descLevel   = prometheus.NewDesc("lamplight_service_level_ratio", "Share of calls answered within 20 s; absent before the first.", nil,
		nil)

	descBeat = prometheus.NewDesc("lamplight_beat_age_seconds", "Since a beat reached the switch; above 3 new callers go to voicemail.",
		nil, nil)
	descCore   = prometheus.NewDesc("lamplight_core_age_seconds", "Since the core of the calls answered.", nil, nil)
	descLedger = prometheus.NewDesc("lamplight_ledger_writing", "1 while calls can be written down.", nil, nil)
	descBus    = prometheus.NewDesc("lamplight_bus_connected", "1 while NATS is there.", nil, nil)

	descOpen = prometheus.NewDesc("lamplight_dispatches_open", "Escalations that no person has ended, by state.", []string{"state"},
		nil)
	descLate = prometheus.NewDesc("lamplight_dispatches_late", "Escalations that stand still, by how: stranded, overdue, ignored.",
		[]string{"kind"}, nil)
	descAttempts = prometheus.NewDesc("lamplight_attempts_day", "Attempts of the last 24 hours, by channel and outcome.",
		[]string{"channel", "outcome"}, nil)
	descSent    = prometheus.NewDesc("lamplight_messages_sent_total", "Messages this server handed to carriers.", nil, nil)
	descRepeats = prometheus.NewDesc("lamplight_messages_repeated_total",
		"Of these, sent again because nobody knew whether the first counted.", nil, nil)
	descLeaves = prometheus.NewDesc("lamplight_audit_leaves_waiting", "Leaves that wait for their place in the log.", nil, nil)

	descChart    = prometheus.NewDesc("lamplight_chart_waiting", "Notes that wait for their practice's chart, 100 a practice at most.", nil, nil)
	descChartAge = prometheus.NewDesc("lamplight_chart_oldest_seconds", "How long the oldest of them has waited; 0 for none.", nil, nil)

	descBehind    = prometheus.NewDesc("lamplight_backup_behind_seconds", "Since everything committed was stored in the backup.", nil, nil)
	descBase      = prometheus.NewDesc("lamplight_backup_base_age_seconds", "Age of the newest base backup.", nil, nil)
	descDrill     = prometheus.NewDesc("lamplight_drill_age_seconds", "Since the last drill ended.", nil, nil)
	descDrillGood = prometheus.NewDesc("lamplight_drill_good", "1 when the last drill was good.", nil, nil)
	descCert      = prometheus.NewDesc("lamplight_certificate_days", "Days until the server's certificate ends.", nil, nil)
)

// scrape reads the gauges of one server.
type scrape struct{ s *Server }

var _ prometheus.Collector = scrape{}

// registry holds this server's gauges alone, so that several servers of one process do not mix.
func (s *Server) registry() (*prometheus.Registry, error) {
	r := prometheus.NewRegistry()
	if err := r.Register(scrape{s}); err != nil {
		return nil, fmt.Errorf("metrics: %w", err)
	}
	return r, nil
}

// Describe tells nothing: which gauges there are depends on what is configured.
func (scrape) Describe(chan<- *prometheus.Desc) {}

// Collect reads everything.
func (c scrape) Collect(ch chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	now := time.Now()
	set := func(d *prometheus.Desc, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	set(descBuild, 1, console.Build())
	for _, r := range c.s.Health.last() {
		set(descRed, 1, r.Code)
	}
	c.calls(set)
	pulse := c.s.Engine.Pulse()
	set(descBeat, now.Sub(pulse.Beaten).Seconds())
	set(descCore, now.Sub(pulse.Answered).Seconds())
	set(descLedger, flag(pulse.Writing))
	set(descBus, flag(c.s.Bus.nc.IsConnected()))
	sent := c.s.Routing.Stats()
	ch <- prometheus.MustNewConstMetric(descSent, prometheus.CounterValue, float64(sent.Sent))
	ch <- prometheus.MustNewConstMetric(descRepeats, prometheus.CounterValue, float64(sent.Repeats))
	if err := c.rows(ctx, set); err != nil {
		ch <- prometheus.NewInvalidMetric(descOpen, err)
	}
	c.custody(set, now)
	set(descCert, float64(c.s.Health.certificateDays(now)))
}

type setter func(d *prometheus.Desc, v float64, labels ...string)

func flag(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

func (c scrape) calls(set setter) {
	states := map[telephony.CallState]int{}
	for _, call := range c.s.Engine.Calls() {
		states[call.State]++
	}
	for state, n := range states {
		set(descCalls, float64(n), string(state))
	}
	agents := map[string]int{}
	for _, a := range c.s.Engine.Agents() {
		agents[string(a.State)]++
	}
	for state, n := range agents {
		set(descAgents, float64(n), state)
	}
	f := c.s.Engine.Figures()
	set(descWaiting, float64(f.Waiting))
	set(descLongest, f.Longest.Seconds())
	if f.ServiceLevel >= 0 {
		set(descLevel, f.ServiceLevel)
	}
}

// rows are the gauges that the database knows.
func (c scrape) rows(ctx context.Context, set setter) error {
	counts, err := c.s.Routing.Counts(ctx)
	if err != nil {
		return err
	}
	for state, n := range counts.Open {
		set(descOpen, float64(n), string(state))
	}
	for k, n := range counts.Attempts {
		set(descAttempts, float64(n), string(k.Channel), string(k.State))
	}
	stand, _, err := c.s.Routing.Standing(ctx)
	if err != nil {
		return err
	}
	late := map[string]int{"stranded": 0, "overdue": 0, "ignored": 0}
	for _, a := range stand {
		late[string(a.Kind)]++
	}
	for kind, n := range late {
		set(descLate, float64(n), kind)
	}
	queues, err := c.s.Charts.Queues(ctx)
	if err != nil {
		return err
	}
	waiting, oldest := 0, 0.0
	for _, q := range queues {
		waiting, oldest = waiting+q.Count, max(oldest, time.Since(q.Since).Seconds())
	}
	set(descChart, float64(waiting))
	set(descChartAge, oldest)
	var leaves int64
	if err := c.s.Pool.QueryRow(ctx, "select count(*) from audit_outbox").Scan(&leaves); err != nil {
		return err
	}
	set(descLeaves, float64(leaves))
	return nil
}

func (c scrape) custody(set setter, now time.Time) {
	st := c.s.Custody.Status(now)
	if !st.Kept {
		return
	}
	set(descBehind, st.Behind.Seconds())
	if !st.Base.IsZero() {
		set(descBase, now.Sub(st.Base).Seconds())
	}
	if !st.Drill.Ended.IsZero() {
		set(descDrill, now.Sub(st.Drill.Ended).Seconds())
		set(descDrillGood, flag(st.Drill.Good))
	}
}
