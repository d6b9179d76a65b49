package access_test

import (
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"lamplight/notes/access"
)

// guess tries a wrong password and tells whether the try was looked at.
func (d *doorway) guess(t *testing.T, login, source string) (looked bool) {
	t.Helper()
	_, err := d.SignIn(t.Context(), access.SignInAttempt{Login: login, Password: "wrong horse battery", Code: "000000", Source: source})
	if !errors.Is(err, access.ErrRefused) && !errors.As(err, new(*access.SlowedError)) {
		t.Fatal(err)
	}
	return errors.Is(err, access.ErrRefused)
}

// Whoever knows a login can have it slowed from everywhere, as long as they like. It must not keep its owner out: a browser
// in which they have signed in before is let try.
func TestAGuesserDoesNotLockTheOwnerOut(t *testing.T) {
	ctx, d := t.Context(), newDoor(t)
	s, err := d.SignIn(ctx, d.attempt(t))
	if err != nil || s.Device == "" {
		t.Fatalf("%+v, %v", s, err)
	}
	d.now = d.now.Add(time.Minute)
	for i := range 12 { // many sources, without a pause
		for !d.guess(t, "reyes", fmt.Sprintf("203.0.113.%d", i)) {
			d.now = d.now.Add(5 * time.Second)
		}
	}
	if d.guess(t, "reyes", "203.0.113.99") {
		t.Fatal("the guesser is not slowed")
	}
	a := d.attempt(t)
	if _, err := d.SignIn(ctx, a); !errors.As(err, new(*access.SlowedError)) {
		t.Errorf("a browser nobody knows: %v", err)
	}
	for name, device := range map[string]string{"made up": "AAAAAAAAAAAAAAAAAAAAAA.AAAAAAAAAAAAAAAAAAAAAA", "broken": "x",
		"changed": s.Device[:len(s.Device)-2] + "zz"} {
		a.Device = device
		if _, err := d.SignIn(ctx, a); !errors.As(err, new(*access.SlowedError)) {
			t.Errorf("a device that is %s: %v", name, err)
		}
	}
	a.Device = s.Device
	a.Source = "203.0.113.1" // even where the guesser is
	again, err := d.SignIn(ctx, a)
	if err != nil || again.Device != s.Device {
		t.Fatalf("the owner's own browser: %v", err)
	}
	// A known device is no way to guess either, and none for another login.
	a.Password, a.Code = "wrong horse battery", "000000"
	tries := 0
	for ; tries < 20; tries++ {
		if _, err := d.SignIn(ctx, a); errors.As(err, new(*access.SlowedError)) {
			break
		}
	}
	if tries != 5 {
		t.Errorf("a known device was slowed after %d failures", tries)
	}
	d.verify(t)
}

// What a guesser does on the web does not slow the desks.
func TestTheWebDoesNotSlowTheDesks(t *testing.T) {
	ctx, d := t.Context(), newDoor(t)
	for i := range 5 {
		d.guess(t, "reyes", fmt.Sprintf("203.0.113.%d", i))
	}
	a := d.attempt(t)
	a.Token = "0123456789012345678901234567890123456789abc"
	if _, err := d.SignIn(ctx, a); err != nil {
		t.Errorf("at the desk: %v", err)
	}
}

// Offices, and houses behind one proxy, mistype. That does not add up until everybody there waits.
func TestMistypingDoesNotAddUp(t *testing.T) {
	ctx, d := t.Context(), newDoor(t)
	for i := range 60 { // two months, one mistake a day
		d.now = d.now.Add(20 * time.Hour)
		if !d.guess(t, fmt.Sprintf("colleague%d", i), "192.0.2.1") {
			t.Fatalf("the office waits after %d mistakes", i)
		}
		if _, err := d.SignIn(ctx, d.attempt(t)); err != nil {
			t.Fatalf("a colleague, after %d mistakes: %v", i+1, err)
		}
	}
	// A busy one: a mistake every ten minutes, and a good sign-in every minute.
	for i := range 100 {
		d.now = d.now.Add(time.Minute)
		if i%10 == 0 && !d.guess(t, fmt.Sprintf("other%d", i), "192.0.2.1") {
			t.Fatalf("the busy office waits at minute %d", i)
		}
		if _, err := d.SignIn(ctx, d.attempt(t)); err != nil {
			t.Fatalf("minute %d: %v", i, err)
		}
	}
}

// One subscriber has 2⁶⁴ addresses of IPv6.
func TestASubscribersAddressesAreOneSource(t *testing.T) {
	d := newDoor(t)
	n := 0
	for ; n < 60 && d.guess(t, fmt.Sprintf("login%d", n), fmt.Sprintf("2001:db8:1:2::%x", n+1)); n++ {
	}
	if n != 30 {
		t.Errorf("a network was slowed after %d logins, want 30", n)
	}
	if !d.guess(t, "login99", "2001:db8:1:3::1") {
		t.Error("its neighbour is slowed too")
	}
	if !d.guess(t, "login98", "::ffff:192.0.2.7") {
		t.Error("an IPv4 address counts as the whole of them")
	}
}

// A flood of tries that are not looked at writes nothing: neither the log nor the table grows.
func TestAFloodOfTriesWritesNothing(t *testing.T) {
	d := newDoor(t)
	for d.guess(t, "reyes", "192.0.2.1") {
	}
	written := func() (leaves int, rows string) {
		if err := d.pool.QueryRow(t.Context(), "select (select count(*) from audit_outbox), (select string_agg(xmin::text || "+
			"ctid::text, ' ' order by key) from sign_in_pace)").
			Scan(&leaves, &rows); err != nil {
			t.Fatal(err)
		}
		return leaves, rows
	}
	leaves, rows := written()
	for range 50 {
		if d.guess(t, "reyes", "192.0.2.1") {
			t.Fatal("it was looked at")
		}
	}
	if l, r := written(); l != leaves || r != rows {
		t.Errorf("50 tries wrote %d leaves; rows %s, before %s", l-leaves, r, rows)
	}
}

// Hashing a password takes a core. A crowd at the web's door, each from an address of its own, does not stand before those who
// are known there, nor before the desks.
func TestACrowdDoesNotStandBeforeWhoIsKnown(t *testing.T) {
	ctx, d := t.Context(), newDoor(t)
	s, err := d.SignIn(ctx, d.attempt(t))
	if err != nil {
		t.Fatal(err)
	}
	for name, mine := range map[string]func(*access.SignInAttempt){
		"a known browser": func(a *access.SignInAttempt) { a.Device = s.Device },
		"a desk":          func(a *access.SignInAttempt) { a.Token = "0123456789012345678901234567890123456789abc" },
	} {
		d.now = d.now.Add(time.Minute)
		a := d.attempt(t)
		mine(&a)
		const crowd = 40
		var wg sync.WaitGroup
		var done atomic.Int32
		for i := range crowd {
			wg.Go(func() {
				d.guess(t, fmt.Sprintf("%s %d", name, i), fmt.Sprintf("2001:db8:0:%x::1", i))
				done.Add(1)
			})
		}
		for done.Load() == 0 {
			runtime.Gosched()
		}
		if _, err := d.SignIn(ctx, a); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if n := done.Load(); n > crowd/2 {
			t.Errorf("%s came in after %d of the crowd of %d", name, n, crowd)
		}
		wg.Wait()
	}
}
