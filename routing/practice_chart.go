package routing

import (
	"fmt"
	"net/netip"
	"net/url"
	"regexp"
	"slices"

	"lamplight/notes"
)

// maxAlarm is the longest that a note may wait for a chart unseen, in minutes: a week.
const maxAlarm = 7 * 24 * 60

var chartReference = regexp.MustCompile(`^[A-Z][A-Za-z]+/[A-Za-z0-9.\-]{1,64}$`)

// chart checks where closed notes go.
func (p *practiceCheck) chart() {
	c := p.account.Chart
	if c == nil {
		return
	}
	const at = "account.chart"
	switch u, err := url.Parse(c.Endpoint); {
	case c.Endpoint == "":
		p.refuse(at+".endpoint", "missing")
	case err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || !safe(u):
		p.refuse(at+".endpoint", "chart-address")
	}
	if !slices.Contains(notes.ChartDialects, c.Dialect) {
		p.refuse(at+".dialect", "choice", "value", c.Dialect, "choices", choices(notes.ChartDialects))
	}
	if c.Client == "" {
		p.refuse(at+".client", "missing")
	}
	if (c.PatientSystem == "") != (c.PatientField == "") {
		p.refuse(at+".patientField", "chart-number")
	}
	p.chartCallTypes(*c)
	for _, r := range []struct{ field, to string }{{".author", c.Author}, {".authenticator", c.Authenticator}} {
		if r.to != "" && !chartReference.MatchString(r.to) {
			p.refuse(at+r.field, "chart-reference", "value", r.to)
		}
	}
	if c.Author == "" && (c.Dialect == notes.ChartEpic || c.Dialect == notes.ChartOracle) {
		p.refuse(at+".author", "missing")
	}
	if c.Appointments && p.account.Messaging == nil {
		p.refuse(at+".appointments", "chart-messaging")
	}
	if c.AlarmAfter < 0 || c.AlarmAfter > maxAlarm {
		p.refuse(at+".alarmAfter", "range", "from", "0", "to", fmt.Sprint(maxAlarm))
	}
}

// safe reports an address by which notes may go: https, or this machine's own.
func safe(u *url.URL) bool {
	ip, err := netip.ParseAddr(u.Hostname())
	return u.Scheme == "https" || u.Scheme == "http" && (u.Hostname() == "localhost" || err == nil && ip.IsLoopback())
}

// chartCallTypes checks which notes go, and whether those ask for what tells patients apart.
func (p *practiceCheck) chartCallTypes(c notes.Chart) {
	types, seen := p.account.Script.CallTypes, map[string]bool{}
	for i, id := range c.CallTypes[:p.few("account.chart.callTypes", len(c.CallTypes))] {
		at := fmt.Sprintf("account.chart.callTypes[%d]", i)
		if id != notes.VoicemailType && !slices.ContainsFunc(types, func(t notes.CallType) bool { return t.ID == id }) {
			p.refuse(at, "chart-call-type", "value", id)
		}
		if seen[id] {
			p.refuse(at, "twice")
		}
		seen[id] = true
	}
	for i, t := range types[:min(len(types), maxList)] {
		asks := func(key string) bool {
			return key != "" && slices.ContainsFunc(t.Fields, func(f notes.Field) bool { return f.Key == key })
		}
		if c.Takes(t.ID) && !asks(c.PatientField) && !(asks("name") && asks("dob") && asks("callback")) {
			p.warn(fmt.Sprintf("account.script.callTypes[%d]", i), "chart-who")
		}
	}
}
