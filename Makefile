# Lamplight. `make help` lists the targets; each sets up what it needs, and a second run is quick.
SHELL         := /bin/bash
.SHELLFLAGS   := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS     += --no-print-directory

DONE := .cache/done
SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo)

# What Debian 12, 13 and Ubuntu 24.04 call what we need beside Go, gcc, Node and apt.
RUN_PACKAGES  := pkg-config libgtk-3-dev libwebkit2gtk-4.1-dev postgresql fonts-dejavu-core
TEST_PACKAGES := xvfb webkit2gtk-driver dbus-daemon chromium chromium-driver libical-dev nginx-light caddy

GO_SOURCES    := $(shell find cmd console telephony routing notes frontend -name '*.go' -not -path '*/node_modules/*' 2>/dev/null)
PROGRAM_SOURCES := $(filter-out %_test.go,$(GO_SOURCES))
PAGE_SOURCES  := $(shell find frontend -type f -not -path '*/node_modules/*' -not -path '*/dist/*' 2>/dev/null)
DESKTOP_TAGS  := desktop,production,webkit2_41

# Everything is compiled in three ways, so that programs, tests and lint share what is compiled: without cgo; with it and the desk's
# tags, for the desk alone; and with the race detector. One flag more on one of them compiles all of it once more.
export GOFLAGS     := $(strip $(filter-out -trimpath,$(shell go env GOFLAGS 2>/dev/null)) -trimpath)
export CGO_ENABLED := 0
WITH_CGO           := CGO_ENABLED=1

# $(call step,what,command): one line a step with the time it took; what the command printed is shown only if it fails.
define step
@s=$$(date +%s); printf '  %-58s' "$(1)"; mkdir -p .cache/log; log=".cache/log/$(notdir $@).log"; \
if ( $(2) ) >"$$log" 2>&1; then printf '%4d s\n' $$(( $$(date +%s) - s )); \
else printf 'failed after %d s:\n' $$(( $$(date +%s) - s )); tail -n 40 "$$log"; exit 1; fi
endef

# $(call packages,names): installs what is missing. A Debian image may delete packages while apt unpacks them: once more.
# The machine's own PostgreSQL is not started by us: we only need its programs.
define packages
missing=$$(for p in $(1); do dpkg-query -W -f='$${Status}\n' "$$p" 2>/dev/null | grep -q '^install ok installed' || echo "$$p"; done); \
if [ -n "$$missing" ]; then \
  if [ ! -e /etc/postgresql-common/createcluster.conf ]; then $(SUDO) mkdir -p /etc/postgresql-common; echo 'create_main_cluster = false' | $(SUDO) tee /etc/postgresql-common/createcluster.conf; fi; \
  $(SUDO) apt-get -q update; \
  $(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get -qy --no-install-recommends install $$missing || \
  $(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get -qy --no-install-recommends install $$missing; \
fi
endef

# The Go benchmarks that have a target: five runs each, or one that repeats by itself.
CORE_BENCH := { go test -run '^$$' -bench '^BenchmarkApply$$/.*/agents=500$$/waiting=1000$$' -benchtime 100x -count 5 ./telephony/acd && \
	go test -run '^$$' -bench '^BenchmarkGrowth$$' -benchtime 1x ./telephony/acd && \
	go test -run '^$$' -bench '^BenchmarkOpenNotes$$' -benchtime 1x ./console/house && \
	go test -run '^$$' -bench '^BenchmarkRealLoad$$/^(10_agents,_20|50_agents,_50)_waiting$$' -benchtime 1x ./telephony/engine && \
	go test -run '^$$' -bench '^BenchmarkSenders$$' -benchtime 1x ./console/house && \
	go test -run '^$$' -bench '^BenchmarkWho$$' -benchtime 200ms -count 5 ./routing/oncall; } > .cache/log/cores.bench

.PHONY: help run test test-sound test-race test-pages-lint-pure bench campaign build lint clean
help: ## list the targets
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):[^#]*## /  make \1\t/' | expand -t 16

run: build ## set everything up, start it, open the desk; calls come in (no display: the unattended demo)
	@bin/lamplight-demo

build: bin/lamplight bin/lamplight-demo bin/console ## the server and the demo (no cgo), and the desk

bin/lamplight: $(DONE)/pages $(PROGRAM_SOURCES) go.mod
	$(call step,the server (bin/lamplight),go build -o $@ ./cmd/lamplight)

bin/lamplight-demo: $(DONE)/pages $(PROGRAM_SOURCES) go.mod | bin/lamplight # whose packages it then need not compile
	$(call step,the demo (bin/lamplight-demo),go build -o $@ ./cmd/lamplight-demo)

bin/console: $(DONE)/run-packages $(DONE)/pages $(PROGRAM_SOURCES) go.mod
	$(call step,the desk (bin/console; the first time takes minutes),$(WITH_CGO) go build -tags $(DESKTOP_TAGS) -ldflags '-s -w' -o $@ ./cmd/console)

# The desk once more, so made that a test may drive its window. Never shipped.
bin/console-automation: $(DONE)/run-packages $(DONE)/pages $(PROGRAM_SOURCES) go.mod | bin/console
	$(call step,the desk for the window's tests,$(WITH_CGO) go build -tags $(DESKTOP_TAGS)$(comma)automation -o $@ ./cmd/console)
comma := ,

$(DONE)/run-packages: Makefile
	$(call step,Debian packages: $(RUN_PACKAGES),$(call packages,$(RUN_PACKAGES)))
	@mkdir -p $(DONE); touch $@

$(DONE)/test-packages: Makefile | $(DONE)/run-packages # apt does one thing at a time
	$(call step,Debian packages for the tests: $(TEST_PACKAGES),$(call packages,$(TEST_PACKAGES)))
	@mkdir -p $(DONE); touch $@

$(DONE)/npm: frontend/package.json frontend/package-lock.json
	$(call step,npm ci,cd frontend && npm ci --no-audit --no-fund)
	@mkdir -p $(DONE); touch $@

# A FHIR server for the chart's tests.
$(DONE)/fhir-peer: notes/chart/charttest/testdata/package-lock.json
	$(call step,a FHIR server for the tests,mkdir -p .cache/fhir-peer && cp notes/chart/charttest/testdata/package*.json .cache/fhir-peer && \
	cd .cache/fhir-peer && npm ci --ignore-scripts --no-audit --no-fund)
	@mkdir -p $(DONE); touch $@

$(DONE)/pages: $(DONE)/npm $(PAGE_SOURCES)
	$(call step,the desk's and the portal's pages,cd frontend && npm run build)
	@mkdir -p $(DONE); touch $@

# Tests wait more than they compute, so three lanes run at once. Who listens to sound comes first; the two others are computed in the
# processors' idle time.
test: ## set everything up and pass all tests
	@$(MAKE) -j2 --output-sync=target build bin/console-automation $(DONE)/test-packages $(DONE)/fhir-peer
	@$(MAKE) -j3 test-sound test-race test-pages-lint-pure

PURE := ./routing/oncall ./telephony/acd/...

# Telephony's tests judge the sound that their own phones heard: one package at a time, and before whatever else the machine does, where
# that is allowed. The others two at a time, the longest first; before others they would be before their own browsers, too, which give
# themselves less.
FIRST := $(shell [ "$$(nice -n -15 nice 2>/dev/null)" = -15 ] && echo 'nice -n -15')
test-sound:
	@echo 'go test, where sound is listened to'; status=0; \
	$(FIRST) go test -vet=off -p 1 -timeout 30m $$(go list ./telephony/... | grep -v telephony/acd) || status=1; \
	go test -vet=off -p 2 -timeout 30m ./cmd/lamplight-demo $$(go list ./cmd/... | grep -v cmd/lamplight-demo$$) || status=1; \
	exit $$status

test-race:
	$(call aside,go test -race,$(WITH_CGO) go test -race -p 1 -vet=off -timeout 30m \
	$$(go list ./... | grep -vE '^lamplight/(cmd|telephony|routing/oncall)|node_modules'))

test-pages-lint-pure:
	$(call aside,the pages,cd frontend && npm test)
	$(call aside,lint,$(MAKE) lint)
	$(call aside,go test of the pure cores (they have one thread),go test -vet=off -timeout 30m $(PURE))

# $(call aside,what,command): runs in the processors' idle time; what it printed stands together at its end. Vet is lint's.
ASIDE := $(shell chrt --idle 0 true 2>/dev/null && echo 'chrt --idle 0' || echo 'nice -n 19')
define aside
@s=$$(date +%s); mkdir -p .cache/log; log="$$PWD/.cache/log/$@.log"; status=0; \
	$(ASIDE) bash -euo pipefail -c '$(subst ','\'',$(2))' >"$$log" 2>&1 || status=$$?; \
	cat "$$log"; echo "$(1), beside the others: $$(( $$(date +%s) - s )) s"; exit $$status
endef

bench: bin/lamplight-demo bin/console $(DONE)/test-packages ## the ratios against a peer or a floor, in one run
	$(call step,the pure cores and what grows with open notes (Go benchmarks),$(CORE_BENCH))
	@bin/lamplight-demo bench --go-benchmarks .cache/log/cores.bench

CAMPAIGN := --calls 500 --faults 200
campaign: bin/lamplight-demo bin/lamplight-movable-clock ## hurt the service at 200 points of 500 calls and account for all (two hours; CAMPAIGN='--calls 30 --faults 10 --seed 7')
	@$(call packages,libfaketime)
	@bin/lamplight-demo campaign --server bin/lamplight-movable-clock $(CAMPAIGN)

# The server with a wall clock that can be moved. Never shipped.
bin/lamplight-movable-clock: $(DONE)/pages $(PROGRAM_SOURCES) go.mod cmd/lamplight-demo/clock.sh
	$(call step,the server with a movable clock (minutes),cmd/lamplight-demo/clock.sh $@)

# Prints each line over 140 columns, a tab being four, what stands in quotes not counted.
define LONG_LINES
chomp; my $$l = s/\t/    /gr; $$l =~ s/"(\\.|[^"\\])*"|`[^`]*`?//g; \
if (length($$l) > 140) { print "$$ARGV:$$.: ", length($$l), " columns\n"; $$bad = 1 } close ARGV if eof; END { exit $$bad // 0 }
endef

# The desk is looked at twice: with its tests as they are run, and as it is shipped, without them: they would need all of the server
# compiled with cgo.
DESK_FILES  := $(WITH_CGO) go list -tags $(DESKTOP_TAGS) -f '{{join .GoFiles " "}} {{join .CgoFiles " "}}' .
STATICCHECK := go run honnef.co/go/tools/cmd/staticcheck@v0.7.0 -checks inherit,-ST1005,ST1020,ST1021
lint: $(DONE)/run-packages $(DONE)/pages ## gofmt, long lines, vet, staticcheck, dead code, licences, govulncheck, svelte-check, prettier, eslint
	@perl -CSD -ne '$(LONG_LINES)' $(GO_SOURCES)
	@test -z "$$(gofmt -l $(GO_SOURCES))" || { gofmt -l $(GO_SOURCES); echo 'run gofmt -w on these'; exit 1; }
	@go vet ./...
	@$(foreach dir,cmd/console cmd/console/sound,( cd $(dir) && $(WITH_CGO) go vet -tags $(DESKTOP_TAGS) $$($(DESK_FILES)) );)
	@# ST1005 would have errors begin with "asterisk": it is a name
	@$(STATICCHECK) ./...
	@$(WITH_CGO) $(STATICCHECK) -tests=false -tags $(DESKTOP_TAGS) ./cmd/console ./cmd/console/sound
	@# what is called from C, and the methods that only mark a type as one of a closed set, are called by nobody
	@dead="$$($(WITH_CGO) go run golang.org/x/tools/cmd/deadcode@v0.38.0 -test -tags $(DESKTOP_TAGS) $$(go list ./... | grep -v node_modules) | \
		grep -vE ': unreachable func: (pageDied|[A-Za-z]+\.event)$$' || true)"; \
		test -z "$$dead" || { echo "$$dead"; echo 'delete these'; exit 1; }
	@go test -vet=off -count 1 -run EveryLicence ./cmd/lamplight
	@out=$$($(WITH_CGO) go run golang.org/x/vuln/cmd/govulncheck@v1.9.0 -tags $(DESKTOP_TAGS) ./... 2>&1) && echo 'govulncheck: nothing known' || { \
	grep -q 'fetching vulnerabilities' <<<"$$out" || { echo "$$out"; exit 1; }; \
	echo 'govulncheck: SKIPPED, the list of vulnerabilities (vuln.go.dev) cannot be reached from here'; }
	@cd frontend && npm run check && npm run lint

clean: ## remove what was built here; what a run stored stays (see README)
	@rm -rf bin .cache $(filter-out %/.keep,$(wildcard frontend/*/dist/*))
