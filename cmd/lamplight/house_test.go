package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
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

func house(t *testing.T, flags ...string) []goPackage {
	t.Helper()
	cmd := exec.Command("go", append(append([]string{"list", "-json=ImportPath,Doc,Imports,Deps"}, flags...), "lamplight/...")...)
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
	for _, p := range house(t) {
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
	drivers := []string{"github.com/jackc/pgx", "github.com/nats-io", "github.com/CyCoreSystems", "github.com/wailsapp", "github.com/coder/websocket", "github.com/emiago"}
	atHand := []string{"net", "net/http", "os/exec", "database/sql", "log", "log/slog", "math/rand", "math/rand/v2"}
	checked := 0
	for _, p := range house(t) {
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

// TestTheDeskHoldsNoKey: the desktop app can open neither the database nor a seal.
func TestTheDeskHoldsNoKey(t *testing.T) {
	for _, p := range house(t, "-tags", "desktop,production,webkit2_41") {
		if p.ImportPath != "lamplight/cmd/console" {
			continue
		}
		for _, i := range p.Imports {
			if strings.HasPrefix(i, "lamplight/notes/") || strings.HasPrefix(i, "lamplight/routing/") || strings.Contains(i, "pgx") {
				t.Errorf("the desk imports %s", i)
			}
		}
		return
	}
	t.Error("cmd/console was not found")
}

// TestEachPackageSaysWhatItIs: one comment that says what a package is, what it promises and what it leaves to others.
func TestEachPackageSaysWhatItIs(t *testing.T) {
	for _, p := range house(t) {
		name := p.ImportPath[strings.LastIndex(p.ImportPath, "/")+1:]
		if !strings.HasPrefix(p.Doc, "Package "+name+" ") && !strings.HasPrefix(p.Doc, "Command "+name+" ") {
			t.Errorf("%s: its comment begins %q", p.ImportPath, p.Doc)
		}
	}
}
