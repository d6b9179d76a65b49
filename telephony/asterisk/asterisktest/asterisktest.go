// Package asterisktest gives a test an Asterisk of its own: the real one, private, in a temporary directory, on ports
// that no other has, gone when the test ends, also when the test's process is killed.
//
// It leaves to others: phones and callers (telephony/phone) and what drives the calls (telephony/ari).
package asterisktest

import (
	"context"
	"os"
	"testing"
	"time"

	"lamplight/telephony/asterisk"
)

// CacheVar names the directory that holds the Asterisk tests share, instead of asterisk.CacheDir.
const CacheVar = "LAMPLIGHT_ASTERISK_CACHE"

// Start starts an Asterisk for the test, after change (which may be nil) altered its configuration. The Asterisk itself
// comes from the shared cache, asterisk.CacheDir or $LAMPLIGHT_ASTERISK_CACHE (CacheVar), and is fetched when it is not there.
func Start(t testing.TB, change func(*asterisk.Config)) *asterisk.Server {
	t.Helper()
	// t.TempDir is root's alone when root tests, and Asterisk is not root.
	dir, err := os.MkdirTemp("", "lamplight-asterisk-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	c := asterisk.Config{Dir: dir, DieWithUs: true}
	if change != nil {
		change(&c)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	s, err := asterisk.Start(ctx, Install(t), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			if text, err := os.ReadFile(s.Log()); err == nil {
				t.Logf("Asterisk's log:\n%s", text)
			}
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// Install returns the Asterisk that tests share.
func Install(t testing.TB) asterisk.Install {
	t.Helper()
	dir := os.Getenv(CacheVar)
	if dir == "" {
		var err error
		if dir, err = asterisk.CacheDir(); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	in, err := asterisk.Fetch(ctx, dir, func(step string, elapsed time.Duration) {
		t.Logf("%5.1f s  %s", elapsed.Seconds(), step)
	})
	if err != nil {
		t.Fatal(err)
	}
	return in
}
