package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"lamplight/console"
	"lamplight/console/wire"
	"lamplight/notes"
)

// A knock is one try at a door: what was answered, and how long that took. Doors must answer alike; answer holds all that
// the other side can see but the time.
type knock func(t *testing.T, login, password, code string) (answer string, took time.Duration)

// web knocks over HTTPS, from an address of its own so that one door's failures do not slow the other.
func (d *demo) web(t *testing.T, from string) knock {
	dialer := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}
	client := &http.Client{Transport: &http.Transport{DialContext: dialer.DialContext, ForceAttemptHTTP2: true,
		TLSClientConfig: &tls.Config{RootCAs: d.server.Certs.Pool, MinVersion: tls.VersionTLS13}}}
	t.Cleanup(client.CloseIdleConnections)
	return func(t *testing.T, login, password, code string) (string, time.Duration) {
		t.Helper()
		b, err := json.Marshal(map[string]string{"login": login, "password": password, "code": code})
		if err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		res, err := client.Post(d.server.PagesURL+"/api/sign-in", "application/json", bytes.NewReader(b))
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		body, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		took := time.Since(began)
		res.Header.Del("Date")
		res.Header.Del("Set-Cookie")
		if res.Header.Get("Retry-After") != "" { // it counts down, from each one's own failure
			res.Header.Set("Retry-After", "seconds")
		}
		return strconv.Itoa(res.StatusCode) + string(body) + headers(res.Header), took
	}
}

func headers(h http.Header) string {
	var out []string
	for k, v := range h {
		out = append(out, k+"="+strings.Join(v, ","))
	}
	slices.Sort(out)
	return " " + strings.Join(out, " ")
}

// desk knocks over NATS, as a desk does.
func (d *demo) desk(t *testing.T) knock {
	return func(t *testing.T, login, password, code string) (string, time.Duration) {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), 15*time.Second)
		defer cancel()
		began := time.Now()
		c, err := wire.Dial(ctx, wire.Options{URL: d.server.Bus.URL, CA: d.server.Certs.Pool, Login: login, Password: password, Code: code})
		took := time.Since(began)
		var refused *console.Error
		switch {
		case err == nil:
			c.Close()
			return "in", took
		case errors.As(err, &refused):
			return refused.Code, took
		}
		t.Fatal(err)
		return "", 0
	}
}

// TestTheDoors: at both doors a wrong password and an unknown user get the same answer in the same time; after a few both are
// slowed alike; and the right password opens after the wait.
func TestTheDoors(t *testing.T) {
	// Not beside others: it compares how long answers take.
	d := boot(t)
	var people []notes.PersonID
	for _, p := range everybody(d.practices) {
		people = append(people, p.ID)
	}
	if len(people) < 6 {
		t.Fatalf("the demo has only %v", people)
	}
	for i, door := range []struct {
		name           string
		try, other     knock
		refused, waits string
		in             string
	}{
		{"HTTPS", d.web(t, "127.0.0.21"), d.web(t, "127.0.0.22"), "401", "429", "200"},
		{"NATS", d.desk(t), d.desk(t), "desk.error.sign-in", "desk.error.sign-in", "in"},
	} {
		t.Run(door.name, func(t *testing.T) {
			mine := people[i*3 : i*3+3]
			d.alike(t, door.try, door.refused, mine)
			d.slowed(t, door.other, door.waits, door.in, mine[0])
		})
	}
}

// alike takes turns between people who exist and people who do not, with a wrong password.
func (d *demo) alike(t *testing.T, try knock, want string, people []notes.PersonID) {
	t.Helper()
	took := map[bool][]time.Duration{}
	var first string
	for round := range 4 { // one fewer than makes the next one wait
		for _, p := range people {
			for turn := range 2 {
				exists := (turn+round/2)%2 == 0 // each goes first as often
				login := string(p)
				if !exists {
					login = "x" + login[1:]
				}
				code := ""
				if round%2 == 1 { // with and without the one-time code they really have
					code = "000000"
				}
				answer, one := try(t, login, "not the password", code)
				if first == "" {
					first = answer
				}
				if answer != first || len(answer) < len(want) || answer[:len(want)] != want {
					t.Fatalf("%s was answered %q, the first %q", login, answer, first)
				}
				took[exists] = append(took[exists], one)
			}
		}
	}
	// A busy machine moves the one or the other; a door that computes less for who does not exist moves both the same way.
	var slower, quicker int
	for _, of := range []struct {
		what string
		mark func([]time.Duration) time.Duration
		most float64
	}{
		{"quickest", func(all []time.Duration) time.Duration { return slices.Min(all) }, 1.35},
		{"median", func(all []time.Duration) time.Duration { slices.Sort(all); return all[len(all)/2] }, 1.5},
	} {
		known, unknown := of.mark(took[true]), of.mark(took[false])
		ratio := float64(known) / float64(unknown)
		t.Logf("%s of %d: known %v, unknown %v, ratio %.2f", of.what, len(took[true]), known, unknown, ratio)
		if ratio > of.most {
			slower++
		}
		if ratio < 1/of.most {
			quicker++
		}
	}
	if slower == 2 || quicker == 2 {
		t.Error("how long the answer takes tells who exists")
	}
}

// slowed: one failure more and a login that exists and one that does not have to wait, alike, whatever the password.
func (d *demo) slowed(t *testing.T, try knock, waits, in string, person notes.PersonID) {
	t.Helper()
	known, unknown := string(person), "x"+string(person)[1:]
	since := time.Now()
	for _, login := range []string{known, unknown} {
		try(t, login, "not the password", "000000")
	}
	code := func() string {
		c, err := d.keys.code(person, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	right, took := try(t, known, d.keys.Password, code())
	wrong, _ := try(t, unknown, "not the password", "000000")
	if right != wrong || len(right) < len(waits) || right[:len(waits)] != waits {
		t.Errorf("in the wait the right password is answered %q, an unknown user %q, want %q", right, wrong, waits)
	}
	t.Logf("answered in the wait after %v", took)
	for answer := right; answer[:min(len(answer), len(in))] != in; { // a try in the wait does not make it longer
		if time.Since(since) > 6*time.Second {
			t.Fatalf("after %v the right password is answered %q", time.Since(since), answer)
		}
		time.Sleep(100 * time.Millisecond) // between two tries
		answer, _ = try(t, known, d.keys.Password, code())
	}
	if waited := time.Since(since); waited < time.Second {
		t.Errorf("the wait was only %v", waited)
	}
}
