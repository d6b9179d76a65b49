package portal_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strconv"
	"testing"

	"lamplight/console"
)

func TestRecordingInParts(t *testing.T) {
	s := newSite(t)
	s.pages.wav = []byte("RIFF0123456789")
	w := s.ask("GET", "/api/calls/c1/recording", "")
	if w.Code != http.StatusOK || w.Header().Get("Content-Type") != "audio/wav" || w.Header().Get("Accept-Ranges") != "bytes" ||
		w.Body.String() != "RIFF0123456789" {
		t.Error(w.Code, w.Header(), w.Body)
	}
	w = s.ask("GET", "/api/calls/c1/recording", "", header("Range", "bytes=4-7"))
	if w.Code != http.StatusPartialContent || w.Body.String() != "0123" || w.Header().Get("Content-Range") != "bytes 4-7/14" {
		t.Error(w.Code, w.Header(), w.Body)
	}
	if w.Header().Get("Cache-Control") != "no-store" {
		t.Error("a recording may be cached")
	}
	if w = s.ask("GET", "/api/calls/c1/recording", "", header("Range", "bytes=99-")); w.Code != http.StatusRequestedRangeNotSatisfiable {
		t.Error(w.Code)
	}
}

// A recording that breaks off must not look whole: the length was told before.
func TestARecordingThatBreaksOff(t *testing.T) {
	for name, c := range map[string]struct {
		err, broken error
		status      int
	}{
		"breaks off":  {broken: errors.New("the database went away")},
		"not allowed": {err: console.Refuse(console.NotFound, "portal.error.not-found"), status: http.StatusNotFound},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t)
			s.pages.err, s.pages.broken = c.err, c.broken
			srv := httptest.NewServer(s.handler)
			defer srv.Close()
			r, err := http.NewRequest("GET", srv.URL+"/api/calls/c1/recording", nil)
			if err != nil {
				t.Fatal(err)
			}
			r.AddCookie(&http.Cookie{Name: "__Host-lamplight", Value: "s3cret"})
			res, err := srv.Client().Do(r)
			if err == nil {
				defer res.Body.Close()
				_, err = io.ReadAll(res.Body)
			}
			if (err != nil) != (c.broken != nil) || c.status != 0 && res.StatusCode != c.status {
				t.Errorf("%v, %v", res, err)
			}
		})
	}
}

func TestRangesOfARecording(t *testing.T) {
	s := newSite(t)
	s.pages.wav = []byte("RIFF0123456789")
	for asked, want := range map[string]string{
		"bytes=0-": "RIFF0123456789", "bytes=-3": "789", "bytes=-99": "RIFF0123456789", "bytes=13-13": "9", "bytes=12-99": "89",
		"bytes=4-11": "01234567",
		"bytes=0-0":  "R", "bytes=3-2": "", "bytes=a-b": "", "bytes=-": "", "lines=1-2": "", "bytes=0-1,3-4": "", "bytes=--1": "",
		"bytes=99999999999999999999-": "",
	} {
		w := s.ask("GET", "/api/calls/c1/recording", "", header("Range", asked))
		status := http.StatusPartialContent
		if want == "" { // no range of ours: all of it
			want, status = string(s.pages.wav), http.StatusOK
		}
		if w.Code != status || w.Body.String() != want || w.Header().Get("Content-Length") != strconv.Itoa(len(want)) {
			t.Errorf("%s: %d %q %v", asked, w.Code, w.Body, w.Header())
		}
	}
	w := s.ask("GET", "/api/calls/c1/recording", "", header("Range", "bytes=14-"))
	if w.Code != http.StatusRequestedRangeNotSatisfiable || w.Header().Get("Content-Range") != "bytes */14" {
		t.Errorf("%d %v", w.Code, w.Header())
	}
	if w := s.ask("GET", "/api/calls/c1/recording", "", header("Range", "bytes=0-3"), header("If-Range", `"x"`)); w.Code != http.StatusOK {
		t.Errorf("of a version we do not know: %d", w.Code)
	}
}

// forgetful is an answer nobody keeps.
type forgetful struct{ h http.Header }

func (f forgetful) Header() http.Header         { return f.h }
func (f forgetful) Write(b []byte) (int, error) { return len(b), nil }
func (f forgetful) WriteHeader(int)             {}

// Half an hour's recording goes through without standing in memory, whoever listens and however many.
func TestARecordingDoesNotStandInMemory(t *testing.T) {
	s := newSite(t)
	s.pages.wav = make([]byte, 64<<20)
	s.pages.chunk = 256 << 10
	r := httptest.NewRequest("GET", "https://pages.example/api/calls/c1/recording", nil)
	r.AddCookie(&http.Cookie{Name: "__Host-lamplight", Value: "s3cret"})
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	s.handler.ServeHTTP(forgetful{http.Header{}}, r)
	runtime.ReadMemStats(&after)
	if took := after.TotalAlloc - before.TotalAlloc; took > 1<<20 {
		t.Errorf("it took %d bytes", took)
	}
}
