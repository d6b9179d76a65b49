package dispatch

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// TestEveryStatementStandsInQueries keeps the SQL of this package and of notes/record where a reader looks for it.
func TestEveryStatementStandsInQueries(t *testing.T) {
	sql := regexp.MustCompile(`(?i)^\s*(select|insert into|update|delete from|with|listen|notify|set local)\s`)
	for _, dir := range []string{".", "../../notes/record"} {
		files, err := filepath.Glob(filepath.Join(dir, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		found := 0
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			set := token.NewFileSet()
			f, err := parser.ParseFile(set, file, nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			ast.Inspect(f, func(n ast.Node) bool {
				lit, ok := n.(*ast.BasicLit)
				if !ok || lit.Kind != token.STRING {
					return true
				}
				s, err := strconv.Unquote(lit.Value)
				if err != nil {
					t.Fatal(err)
				}
				switch {
				case !sql.MatchString(s):
				case strings.HasPrefix(filepath.Base(file), "queries"): // one file a store
					found++
				default:
					t.Errorf("%s: a statement that does not stand in a file of queries: %.60s", set.Position(lit.Pos()), s)
				}
				return true
			})
		}
		if found < 20 {
			t.Errorf("%s: %d statements in queries.go", dir, found)
		}
	}
}
