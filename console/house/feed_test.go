package house_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"lamplight/console/portal"
	"lamplight/notes"
	"lamplight/notes/access"
	"lamplight/notes/audit"
)

// A provider's calendar program reads their own days and nobody else's, at an address that needs no sign-in and leads nowhere once
// another was made, it was stopped, or its owner has no part in the practice any more.
func TestAProvidersFeed(t *testing.T) {
	r := newRig(t)
	onCallPractice(t, r, `{"timezone":"America/Chicago","name":"Lakeside","layers":[{"role":"primary","windows":[{"from":"00:00","to":"12:00"}],
		"who":["reyes"]},{"role":"primary","windows":[{"from":"12:00","to":"24:00"}],"who":["osei"]},
		{"role":"backup","who":["lindqvist"]}],"default":{"backup":"reyes"}}`)
	site := httptest.NewTLSServer(portal.New(portal.Config{Service: r.Service(), Recordings: r.House, Pushes: r.House, Feeds: r.House,
		Sessions: portal.NewSessions(r.door), Files: fstest.MapFS{"index.html": {Data: []byte("x")}, "sw.js": {Data: []byte("1")}}}))
	t.Cleanup(site.Close)
	read := func(path string) (int, string) {
		t.Helper()
		res, err := site.Client().Get(site.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		body, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		if kind := res.Header.Get("Content-Type"); res.StatusCode == http.StatusOK && kind != "text/calendar; charset=utf-8" {
			t.Errorf("%s is %s", path, kind)
		}
		return res.StatusCode, string(body)
	}
	gone := func(why, path string) {
		t.Helper()
		if status, body := read(path); status != http.StatusNotFound || strings.Contains(body, "VCALENDAR") {
			t.Errorf("%s: %d %s", why, status, body)
		}
	}
	anew := func() string {
		t.Helper()
		f, err := r.MakeFeed(r.as(t, "doctor"), "lakeside")
		if err != nil {
			t.Fatal(err)
		}
		return f.Path
	}
	first := anew()
	status, body := read(first)
	if status != http.StatusOK || strings.Count(body, "BEGIN:VEVENT") < 200 || !strings.Contains(body, "SUMMARY:On call: lakeside") ||
		strings.Contains(body, "X-LAMPLIGHT-PARTICIPANT:osei") || strings.Contains(body, "Dr ") {
		t.Fatalf("%d %.2000s", status, body)
	}
	if cut := regexp.MustCompile(`DT(START|END);[^:]*:\d{8}T..(..[1-9].|..[0-9][1-9]|[1-9]...|.[1-9]..)`).FindString(body); cut != "" {
		t.Errorf("a shift is cut where the feed's time begins or ends: %s", cut)
	}
	if d, err := r.MyDuty(r.as(t, "doctor")); err != nil || d.Practices[0].Feed.IsZero() {
		t.Errorf("the page does not know that there is one: %+v, %v", d, err)
	}
	gone("a secret nobody made", "/feed/"+strings.Repeat("A", 26)+".ics")
	gone("no calendar", strings.TrimSuffix(first, ".ics"))
	second := anew()
	gone("the one before", first)
	if status, _ := read(second); status != http.StatusOK {
		t.Errorf("the new one: %d", status)
	}
	if err := r.StopFeed(r.as(t, "doctor"), "lakeside"); err != nil {
		t.Fatal(err)
	}
	gone("stopped", second)
	third, seed := anew(), access.System(t.Context(), "seed")
	role := access.Grant{Account: "lakeside", Role: notes.RoleProvider}
	if err := r.door.Revoke(seed, "doctor", role); err != nil {
		t.Fatal(err)
	}
	gone("no part in the practice", third)
	if err := r.door.Grant(seed, "doctor", role); err != nil {
		t.Fatal(err)
	}
	if status, _ := read(third); status != http.StatusOK {
		t.Errorf("in it again: %d", status)
	}
	if _, err := r.MakeFeed(r.as(t, "agent"), "lakeside"); !refusedAs(err, "portal.error.not-found") {
		t.Errorf("who is never on call makes one: %v", err)
	}
	if err := r.door.Leave(seed, "doctor"); err != nil {
		t.Fatal(err)
	}
	gone("left", third)
	rep, err := audit.Verify(t.Context(), r.pool, audit.VerifyOptions{Key: r.key, Tables: access.Tables()})
	if err != nil || !rep.Good() {
		t.Errorf("the log: %+v, %v", rep.Findings, err)
	}
}
