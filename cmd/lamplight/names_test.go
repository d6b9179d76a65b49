package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// sharedNames are the exported names that stand in more than one package, by why they may.
var sharedNames = map[string]string{
	"Go's own words for what every package of the kind has": "Client Config Connect Dial Engine Key Listen New Open Read Server Start Tables",
	"the pure core of the queue knows nothing of telephony and says the same of it": "Abandoned Agent AgentID AgentOut AgentState Answered Call CallID " +
		"CallState Ended ErrStale ErrState Figures Language Level Native Offer Outcome Overflowed Qualified Relax Some",
	"a line of the wire is called as what it tells":                     "AgentView Draft Event EventKind OnCall PausedByPhone PausedToSupervise PreviewContact Proof Reach Scenario SheetQuestion Story Third",
	"what the carrier says of a message is what becomes of its attempt": "Accepted Delivered Failed Refused Undelivered Unreachable",
	"an English word that says the same of two things":                  "Builtin Busy Entry Gone None Reply Report Restore Row Service Text",
	"the same refusal at two doors":                                     "ErrForged ErrNoCall ErrNotBuilt SlowedError",
	"one a document: a practice's, a schedule's, a chart's":             "Document MaxDocument",
	"one a catalog of faults":                                           "Refuse",
	"the switch's sentences, and which of them are said when":           "Prompts",
	"a practice's own record of somebody or something, and its chart's": "Patient Appointment",
	"the log's arithmetic, and the log":                                 "Decode Removed",
	"the desk's files and the portal's":                                 "Pages",
	"a desk's sign-in and a browser's":                                  "Credentials",
}

func TestNoNameInTwoPackagesWithoutAReason(t *testing.T) {
	in := map[string]map[string]bool{}
	root := os.DirFS("../..")
	if err := fs.WalkDir(root, ".", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && path != "." && (strings.HasPrefix(d.Name(), ".") || d.Name() == "node_modules" || strings.HasSuffix(d.Name(), "test")):
			return fs.SkipDir // what only tests import has what it stands in for
		case d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go"):
			return nil
		}
		src, err := fs.ReadFile(root, path)
		if err != nil {
			return err
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, src, 0)
		if err != nil {
			return err
		}
		for _, name := range exported(f) {
			if in[name] == nil {
				in[name] = map[string]bool{}
			}
			in[name][filepath.Dir(path)] = true
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	var allowed []string
	for _, names := range sharedNames {
		allowed = append(allowed, strings.Fields(names)...)
	}
	for _, name := range slices.Sorted(maps.Keys(in)) {
		if len(in[name]) > 1 && !slices.Contains(allowed, name) {
			t.Errorf("%s stands in %v: name one of them by what it is, or say in sharedNames why not", name, slices.Sorted(maps.Keys(in[name])))
		}
	}
	for _, name := range allowed {
		if len(in[name]) < 2 {
			t.Errorf("sharedNames excuses %s, which stands in %d packages", name, len(in[name]))
		}
	}
}

// exported lists what a file declares for others: types, functions, variables and constants.
func exported(f *ast.File) (names []string) {
	add := func(id *ast.Ident) {
		if id.IsExported() {
			names = append(names, id.Name)
		}
	}
	for _, d := range f.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			if d.Recv == nil {
				add(d.Name)
			}
		case *ast.GenDecl:
			for _, s := range d.Specs {
				switch s := s.(type) {
				case *ast.TypeSpec:
					add(s.Name)
				case *ast.ValueSpec:
					for _, id := range s.Names {
						add(id)
					}
				}
			}
		}
	}
	return names
}
