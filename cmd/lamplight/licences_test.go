package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write .github/LICENSES.md anew")

const licencesFile = "../../.github/LICENSES.md"

// TestEveryLicenceIsListed holds .github/LICENSES.md against what the programs and the pages are made of: each module with its
// licence, read from its own file. One whose licence is not known here fails, and so does one that would bind what we give away.
func TestEveryLicenceIsListed(t *testing.T) {
	want := "# Licences of what Lamplight is made of\n\nWritten by `go test ./cmd/lamplight -run EveryLicence -update`; a test holds it " +
		"right. " +
		"Modules under the MPL-2.0 are\nused as they come: their source is where their name says, and changes to their files would have " +
		"to be given away.\n\n" +
		"| module | version | licence |\n|---|---|---|\n"
	for _, m := range append(goModules(t), nodeModules(t)...) {
		want += fmt.Sprintf("| %s | %s | %s |\n", m.path, m.version, m.licence)
	}
	if *update {
		if err := os.WriteFile(licencesFile, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(licencesFile)
	if err != nil {
		t.Fatal(err)
	}
	if string(have) != want {
		t.Errorf("%s is not what the modules say: go test ./cmd/lamplight -run EveryLicence -update, and look at what has changed",
			licencesFile)
	}
	if !strings.Contains(want, "| github.com/emiago/diago | ") || !strings.Contains(want, " | MPL-2.0 |") {
		t.Error("diago's MPL-2.0 is not among them")
	}
}

type module struct{ path, version, licence string }

// goModules are the modules of the three programs, each with the licence its own file is.
func goModules(t *testing.T) (out []module) {
	t.Helper()
	cmd := exec.Command("go", "list", "-deps", "-tags", "desktop,production,webkit2_41", "-json=Module", "lamplight/cmd/...")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=1") // as the desk is built
	list, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	seen := map[string]bool{}
	for d := json.NewDecoder(bytes.NewReader(list)); ; {
		var p struct {
			Module *struct {
				Path, Version, Dir string
				Main               bool
				Replace            *struct{ Path, Version string }
			}
		}
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		if m := p.Module; m != nil && !m.Main && !seen[m.Path] {
			seen[m.Path] = true
			out = append(out, module{m.Path, m.Version, licenceIn(t, m.Path, m.Dir)})
		}
	}
	if len(out) < 30 {
		t.Fatalf("only %d modules", len(out))
	}
	slices.SortFunc(out, func(a, b module) int { return strings.Compare(a.path, b.path) })
	return out
}

// licences are what tells one from another, the more special first.
var licences = []struct{ name, says string }{
	{"MPL-2.0", "Mozilla Public License Version 2.0"},
	{"Apache-2.0", "Apache License Version 2.0"},
	{"MIT", "Permission is hereby granted, free of charge, to any person obtaining a copy"},
	{"BSD-3-Clause", "Neither the name of"},
	{"BSD-3-Clause", "may not be used to endorse or promote products derived from"},
	{"BSD-2-Clause", "Redistributions in binary form must reproduce the above copyright notice"},
	{"ISC", "Permission to use, copy, modify, and/or distribute this software for any purpose with or without fee is hereby granted"},
	{"ISC", "Permission to use, copy, modify, and distribute this software for any purpose with or without fee is hereby granted"},
	{"Unlicense", "This is free and unencumbered software released into the public domain"},
}

// binding are licences that would bind what we give away.
var binding = []string{"GNU GENERAL PUBLIC LICENSE", "GNU AFFERO GENERAL PUBLIC LICENSE", "GNU LESSER GENERAL PUBLIC LICENSE"}

func licenceIn(t *testing.T, path, dir string) string {
	t.Helper()
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		name := strings.ToUpper(f.Name())
		if f.IsDir() || !strings.HasPrefix(name, "LICEN") && !strings.HasPrefix(name, "COPYING") && !strings.HasPrefix(name, "UNLICENSE") {
			continue
		}
		b, err := os.ReadFile(filepath.Join(dir, f.Name()))
		if err != nil {
			t.Fatal(err)
		}
		text := strings.Join(strings.Fields(strings.ReplaceAll(string(b), ",\n", ", ")), " ")
		plain := strings.ToUpper(strings.ReplaceAll(text, ",", ""))
		for _, g := range binding {
			if strings.HasPrefix(plain, g) {
				t.Errorf("%s is under the %s", path, g)
			}
		}
		for _, l := range licences {
			if strings.Contains(plain, strings.ToUpper(strings.ReplaceAll(l.says, ",", ""))) {
				return l.name
			}
		}
	}
	t.Errorf("%s in %s: no licence that is known here; read it, and add it to licences", path, dir)
	return "?"
}

// nodeModules are what the pages are built of and carry with them: npm's lock file says each one's licence.
func nodeModules(t *testing.T) (out []module) {
	t.Helper()
	b, err := os.ReadFile("../../frontend/package-lock.json")
	if err != nil {
		t.Fatal(err)
	}
	var lock struct {
		Packages map[string]struct {
			Version, License string
			Dev, Peer        bool
		}
	}
	if err := json.Unmarshal(b, &lock); err != nil {
		t.Fatal(err)
	}
	carried := []string{"node_modules/svelte"} // named for building, and its runtime is in every page
	for name, p := range lock.Packages {
		if name == "" || p.Peer || p.Dev && !slices.Contains(carried, name) {
			continue
		}
		if p.License == "" {
			t.Errorf("%s names no licence", name)
		}
		out = append(out, module{"npm: " + strings.TrimPrefix(name, "node_modules/"), p.Version, p.License})
	}
	slices.SortFunc(out, func(a, b module) int { return strings.Compare(a.path, b.path) })
	return out
}
