package backup

import (
	"fmt"
	"strconv"
	"strings"
)

// An lsn is a place in the WAL.
type lsn uint64

func (l lsn) String() string { return fmt.Sprintf("%X/%X", uint32(l>>32), uint32(l)) }

func parseLSN(s string) (lsn, error) {
	high, low, ok := strings.Cut(s, "/")
	h, err1 := strconv.ParseUint(high, 16, 32)
	l, err2 := strconv.ParseUint(low, 16, 32)
	if !ok || err1 != nil || err2 != nil {
		return 0, fmt.Errorf("%q is no place in the WAL", s)
	}
	return lsn(h<<32 | l), nil
}

// segmentBytes is the size of a segment: initdb's default, which a private cluster has.
const segmentBytes = 16 << 20

const segmentsPerLog = 1 << 32 / segmentBytes

// A segment is a file of the WAL, by its number since the beginning of time.
type segment uint64

func (l lsn) segment() segment { return segment(l / segmentBytes) }

func (s segment) start() lsn { return lsn(s) * segmentBytes }

// name is what PostgreSQL calls it.
func (s segment) name(timeline int) string {
	return fmt.Sprintf("%08X%08X%08X", timeline, uint64(s)/segmentsPerLog, uint64(s)%segmentsPerLog)
}

func parseSegment(name string) (segment, bool) {
	if len(name) != 24 {
		return 0, false
	}
	log, err1 := strconv.ParseUint(name[8:16], 16, 32)
	n, err2 := strconv.ParseUint(name[16:], 16, 32)
	return segment(log*segmentsPerLog + n), err1 == nil && err2 == nil && n < segmentsPerLog
}

// A line is one history of one cluster: it never writes over itself.
type line struct {
	System   string
	Timeline int
}

func (l line) dir() string {
	if l.System == "" {
		return ""
	}
	return l.System + "-" + strconv.Itoa(l.Timeline)
}
