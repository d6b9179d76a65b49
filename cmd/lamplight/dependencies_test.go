package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// goPackage is what `go list -json` tells of a package.
type goPackage struct {
	ImportPath string
	Doc        string
	Imports    []string
	Deps       []string
}

func packages(t *testing.T, flags ...string) []goPackage {
	t.Helper()
	cmd := exec.Command("go", append(append([]string{"list", "-json=ImportPath,Doc,Imports,Deps"}, flags...), "lamplight/...")...)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=1") // as the desk is built
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var all []goPackage
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p goPackage
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(p.ImportPath, "/node_modules/") {
			all = append(all, p)
		}
	}
	if len(all) < 25 {
		t.Fatalf("only %d packages found", len(all))
	}
	return all
}

// stages in the order of a call's walk: a stage knows only those before it.
var stages = []string{"telephony", "notes", "routing", "console", "cmd"}

// stageOf is a package's place in the walk; -1 for frontend, which all may read and which reads only telephony's words.
func stageOf(path string) int {
	first, _, _ := strings.Cut(strings.TrimPrefix(path, "lamplight/"), "/")
	return slices.Index(stages, first)
}

func TestImportsRunOneWay(t *testing.T) {
	for _, p := range packages(t) {
		for _, i := range p.Imports {
			if !strings.HasPrefix(i, "lamplight/") {
				continue
			}
			from, to := stageOf(p.ImportPath), stageOf(i)
			switch {
			case from == -1 && to > 0:
				t.Errorf("%s imports %s: frontend's packages know only telephony's words", p.ImportPath, i)
			case from >= 0 && to > from:
				t.Errorf("%s imports %s, a stage that comes after it in the walk", p.ImportPath, i)
			}
		}
	}
}

// pure packages take the time as an argument and touch nothing outside.
var pure = []string{"telephony/acd", "routing/oncall", "notes/seal", "notes/audit/tree", "telephony/phone/speech"}

func TestPurePackagesHaveNoDriver(t *testing.T) {
	drivers := []string{"github.com/jackc/pgx", "github.com/nats-io", "github.com/CyCoreSystems", "github.com/wailsapp",
		"github.com/coder/websocket", "github.com/emiago"}
	atHand := []string{"net", "net/http", "os/exec", "database/sql", "log", "log/slog", "math/rand", "math/rand/v2"}
	checked := 0
	for _, p := range packages(t) {
		if !slices.Contains(pure, strings.TrimPrefix(p.ImportPath, "lamplight/")) {
			continue
		}
		checked++
		for _, d := range p.Deps {
			for _, driver := range drivers {
				if strings.HasPrefix(d, driver) {
					t.Errorf("%s needs %s", p.ImportPath, d)
				}
			}
		}
		for _, i := range p.Imports {
			if slices.Contains(atHand, i) {
				t.Errorf("%s imports %s", p.ImportPath, i)
			}
		}
	}
	if checked != len(pure) {
		t.Errorf("%d of %d pure packages were found", checked, len(pure))
	}
}

// TestTheDeskHoldsNoKey: nothing that the desk's program is made of, at any depth, can open the database or a seal, or is a
// bus server.
func TestTheDeskHoldsNoKey(t *testing.T) {
	forbidden := []string{"github.com/jackc/pgx", "github.com/nats-io/nats-server", "lamplight/notes/", "lamplight/routing/dispatch",
		"lamplight/routing/channel", "lamplight/console/house", "lamplight/console/wire/bus", "lamplight/telephony/engine",
		"lamplight/telephony/ari", "lamplight/cmd/lamplight/server"}
	for _, p := range packages(t, "-tags", "desktop,production,webkit2_41") {
		if p.ImportPath != "lamplight/cmd/console" {
			continue
		}
		if len(p.Deps) < 100 {
			t.Fatalf("only %d packages under the desk", len(p.Deps))
		}
		for _, d := range p.Deps {
			for _, f := range forbidden {
				if strings.HasPrefix(d, f) {
					t.Errorf("the desk's program holds %s", d)
				}
			}
		}
		return
	}
	t.Error("cmd/console was not found")
}

// TestTheServerHoldsNoDemo: no made-up practice, no pocket and no bench is in the program that a service runs.
func TestTheServerHoldsNoDemo(t *testing.T) {
	for _, p := range packages(t) {
		if p.ImportPath != "lamplight/cmd/lamplight" {
			continue
		}
		for _, d := range p.Deps {
			if d == "lamplight/routing/channel/pocket" || d == "lamplight/telephony/ari/bare" ||
				strings.HasPrefix(d, "lamplight/cmd/lamplight-demo") {
				t.Errorf("the server's program holds %s", d)
			}
		}
		return
	}
	t.Error("cmd/lamplight was not found")
}

// words are the packages that others import for their types and rules: they know the words of stages before, and run nothing.
var words = []string{"telephony", "notes", "routing", "console"}

func TestWordsHoldNothingThatRuns(t *testing.T) {
	allowed := append([]string{"routing/oncall"}, words...)
	checked := 0
	for _, p := range packages(t) {
		if !slices.Contains(words, strings.TrimPrefix(p.ImportPath, "lamplight/")) {
			continue
		}
		checked++
		for _, d := range p.Deps {
			if local, ok := strings.CutPrefix(d, "lamplight/"); ok && !slices.Contains(allowed, local) {
				t.Errorf("%s needs %s", p.ImportPath, d)
			}
			if strings.HasPrefix(d, "github.com/jackc/") || strings.HasPrefix(d, "github.com/nats-io/") {
				t.Errorf("%s needs %s", p.ImportPath, d)
			}
		}
	}
	if checked != len(words) {
		t.Errorf("%d of %d were found", checked, len(words))
	}
}

// TestEachPackageSaysWhatItIs: one comment that says what a package is, what it promises and what it leaves to others.
func TestEachPackageSaysWhatItIs(t *testing.T) {
	for _, p := range packages(t) {
		name := p.ImportPath[strings.LastIndex(p.ImportPath, "/")+1:]
		if !strings.HasPrefix(p.Doc, "Package "+name+" ") && !strings.HasPrefix(p.Doc, "Command "+name+" ") {
			t.Errorf("%s: its comment begins %q", p.ImportPath, p.Doc)
		}
	}
}
