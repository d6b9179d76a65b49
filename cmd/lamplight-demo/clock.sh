#!/bin/sh
# Builds the server with a wall clock that a campaign can move: `make campaign` alone does that. What Go calls monotonic stays as
# it is, as when somebody sets a machine's clock.
#
#     clock.sh SERVER
set -eu
dir=$(pwd)/.cache/clock
mkdir -p "$dir"
perl -0pe 's/(func Now\(\) Time \{\n\tsec, nsec, mono := runtimeNow\(\)\n)/var CampaignAhead atomic.Int64 \/\/ seconds\n\n$1\tsec += CampaignAhead.Load()\n/ or die;
	s/import \(\n/import (\n\t"sync\/atomic"\n/ or die' "$(go env GOROOT)/src/time/time.go" >"$dir/time.go"
cat >"$dir/main.go" <<'END'
package main

import (
	"os"
	"strconv"
	"time"
)

// init has the clock go by the nanoseconds in a file.
func init() {
	read := func() {
		if b, err := os.ReadFile(os.Getenv("LAMPLIGHT_CAMPAIGN_CLOCK")); err == nil {
			if n, err := strconv.ParseInt(string(b), 10, 64); err == nil {
				time.CampaignAhead.Store(n / int64(time.Second))
			}
		}
	}
	read()
	go func() {
		for range time.Tick(50 * time.Millisecond) {
			read()
		}
	}()
}
END
cat >"$dir/overlay.json" <<END
{"Replace": {"$(go env GOROOT)/src/time/time.go": "$dir/time.go", "$(pwd)/cmd/lamplight/campaign_clock.go": "$dir/main.go"}}
END
CGO_ENABLED=0 go build -trimpath -overlay "$dir/overlay.json" -o "$1" ./cmd/lamplight
