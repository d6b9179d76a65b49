package portal

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"lamplight/telephony"
)

// recording sends a call's recording; a player may ask for a part of it. It goes through as it is opened, so that an hour's
// call does not stand in memory once a listener.
func (p *Portal) recording(w http.ResponseWriter, r *http.Request) error {
	out := &part{w: w, asked: r.Header.Get("Range")}
	if r.Header.Get("If-Range") != "" {
		out.asked = "" // it names a version, of which we have told none: all of it is sent
	}
	err := p.cfg.Recordings.Recording(r.Context(), telephony.CallID(r.PathValue("call")), out)
	switch {
	case errors.Is(err, errEnough):
		return nil
	case errors.Is(err, errRange):
		w.WriteHeader(http.StatusRequestedRangeNotSatisfiable)
		return nil
	case err != nil && out.begun: // what is there already must not be taken for the whole
		p.cfg.Log.Info("portal: recording not delivered", "route", r.Pattern, "error", err)
		panic(http.ErrAbortHandler)
	}
	return err
}

var (
	errEnough = errors.New("all that was asked for has been sent")
	errRange  = errors.New("the recording is shorter")
)

// part writes the part of a recording that was asked for, and the headers before it.
type part struct {
	w          http.ResponseWriter
	asked      string // the Range header
	begun      bool
	skip, left int64 // bytes of the recording still to be passed over, and then to be sent
}

// Size is told the whole length before the first byte (record.Sized).
func (p *part) Size(size int64) error {
	h := p.w.Header()
	from, to, some := byteRange(p.asked, size)
	if some && from >= to {
		h.Set("Content-Range", fmt.Sprintf("bytes */%d", size))
		return errRange
	}
	p.begun, p.skip, p.left = true, from, to-from
	h.Set("Content-Type", "audio/wav")
	h.Set("Accept-Ranges", "bytes")
	h.Set("Content-Length", strconv.FormatInt(p.left, 10))
	if some {
		h.Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", from, to-1, size))
		p.w.WriteHeader(http.StatusPartialContent)
	}
	return nil
}

func (p *part) Write(b []byte) (int, error) {
	over := min(p.skip, int64(len(b)))
	p.skip -= over
	want := b[over:][:min(p.left, int64(len(b))-over)]
	n, err := p.w.Write(want)
	p.left -= int64(n)
	if err == nil && p.left == 0 {
		err = errEnough
	}
	return len(b), err
}

// byteRange reads a Range header (RFC 9110, 14.1.2) of one range: [from, to), empty when it lies outside. some is false for
// no range, several, or what is none: then all is sent.
func byteRange(asked string, size int64) (from, to int64, some bool) {
	spec, ok := strings.CutPrefix(asked, "bytes=")
	first, last, dash := strings.Cut(strings.TrimSpace(spec), "-")
	a, errA := strconv.ParseUint(first, 10, 62)
	b, errB := strconv.ParseUint(last, 10, 62)
	switch {
	case !ok || !dash:
	case first == "" && errB == nil: // the last b bytes
		return max(0, size-int64(b)), size, true
	case errA == nil && last == "":
		return min(int64(a), size), size, true
	case errA == nil && errB == nil && a <= b:
		return min(int64(a), size), min(int64(b)+1, size), true
	}
	return 0, size, false
}
