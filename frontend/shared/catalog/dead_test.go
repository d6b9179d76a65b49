package catalog_test

import (
	"go/scanner"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"lamplight/frontend/shared/catalog"
)

// built are the keys that code joins from two words, by how they begin: the rest is a word of a closed set, which must
// itself be said somewhere as a word of its own ("wrapup", 'no-address'). One that completes nothing any more is to be taken
// out. Those that a page writes as a template (`desk.lang.${l}`) are found by it.
var built = []string{
	"channel.reminder.did.", "channel.reminder.which.", "channel.urgency.", "chart.page.added.", "desk.addon.", "desk.hole.", "desk.line.", "desk.note.", "desk.outcome.", "desk.red.", "patient.error.file-", "portal.error.file-",
	"desk.pause.", "desk.state.", "portal.addon.", "portal.answer.", "portal.attempt.",
	"portal.chart.fits.", "portal.chart.why.", "portal.messages.from.", "portal.messages.line.", "portal.messages.warned.", "portal.outcome.",
	"portal.urgency.",
}

// open are the keys whose rest is in no source: cities stand in zones, roles in practices' schedules, and what routing has
// words for is held by a test of its own (routing/words_test.go).
var open = []string{"desk.city.", "desk.role.", "portal.role.", "routing.", "desk.red.failing-"}

const root = "../../.."

// TestEverySentenceIsSaid fails for a key that nothing in Go, TypeScript or Svelte asks for: a sentence nobody reads is
// translated, reviewed and wrong for years.
func TestEverySentenceIsSaid(t *testing.T) {
	c, err := catalog.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	said := words(t)
	completed := map[string]bool{}
	for key := range c["en"] {
		stem := strings.TrimSuffix(strings.TrimSuffix(key, "_one"), "_other")
		begins := func(p string) bool { return strings.HasPrefix(key, p) }
		ends := func(tail string) bool { return strings.HasSuffix(stem, tail) }
		if said.has(stem) || slices.ContainsFunc(said.tails, ends) || slices.ContainsFunc(open, begins) ||
			slices.ContainsFunc(said.templates, said.fills(stem)) {
			continue
		}
		i := slices.IndexFunc(built, func(p string) bool { return begins(p) && said.has(stem[len(p):]) })
		if i < 0 {
			t.Errorf("%s is in the catalog, and nothing says it", key)
			continue
		}
		completed[built[i]] = true
	}
	for _, prefix := range built {
		if !completed[prefix] {
			t.Errorf("no key begins with %q any more and is completed: take it off the list", prefix)
		}
	}
}

// spoken is what the service's own sources say: all string literals, and the templates among them.
type spoken struct {
	words     map[string]bool
	templates []*regexp.Regexp
	tails     []string // ".error.malformed": what follows the part of the program
}

func (s *spoken) has(word string) bool {
	return s.words[word] || s.words[strings.ReplaceAll(word, "-", " ")]
}

// fills says whether a template becomes the key with words that are said.
func (s *spoken) fills(key string) func(*regexp.Regexp) bool {
	return func(template *regexp.Regexp) bool {
		m := template.FindStringSubmatch(key)
		return m != nil && !slices.ContainsFunc(m[1:], func(word string) bool { return !s.has(word) })
	}
}

var hole = regexp.MustCompile(`\$\{[^}]*\}`)

func (s *spoken) add(literal string) {
	s.words[literal] = true
	if strings.HasPrefix(literal, ".") && strings.Count(literal, ".") > 1 {
		s.tails = append(s.tails, literal)
	}
	if _, word, ok := strings.Cut(literal, ".error."); ok {
		s.words[word] = true // the web says a refusal of the desk's in its own words
	}
	part, _, dotted := strings.Cut(literal, ".")
	if dotted && hole.MatchString(literal) && slices.Contains([]string{"desk", "patient", "portal", "pocket"}, part) {
		parts := hole.Split(literal, -1)
		for i, p := range parts {
			parts[i] = regexp.QuoteMeta(p)
		}
		s.templates = append(s.templates, regexp.MustCompile("^"+strings.Join(parts, "(.+)")+"$"))
	}
}

// words reads all sources but tests and catalogs.
func words(t *testing.T) *spoken {
	t.Helper()
	said := &spoken{words: map[string]bool{}}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		if d.IsDir() {
			others := []string{"node_modules", "dist", "testdata", "bin", "catalog"}
			if path != root && (strings.HasPrefix(name, ".") || slices.Contains(others, name)) {
				return fs.SkipDir
			}
			return nil
		}
		if strings.HasSuffix(name, "_test.go") || strings.HasSuffix(name, ".test.ts") ||
			!slices.Contains([]string{".go", ".ts", ".svelte", ".js", ".html"}, filepath.Ext(name)) {
			return nil
		}
		src, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		literals := pageLiterals
		if filepath.Ext(name) == ".go" {
			literals = goLiterals
		}
		for _, l := range literals(src) {
			said.add(l)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return said
}

func goLiterals(src []byte) (out []string) {
	var s scanner.Scanner
	files := token.NewFileSet()
	s.Init(files.AddFile("", files.Base(), len(src)), src, nil, 0)
	for {
		_, tok, lit := s.Scan()
		if tok == token.EOF {
			return out
		}
		if tok == token.STRING {
			out = append(out, strings.Trim(lit, "`\""))
		}
	}
}

var quoted = regexp.MustCompile("'([^'\\n]*)'|\"([^\"\\n]*)\"|`([^`]*)`|([a-z]+):")

// pageLiterals are a page's strings and the names of its objects' properties: either may complete a key.
func pageLiterals(src []byte) (out []string) {
	for _, m := range quoted.FindAllStringSubmatch(string(src), -1) {
		out = append(out, m[1]+m[2]+m[3]+m[4])
		if hole.MatchString(m[3]) { // what is said within its holes
			out = append(out, pageLiterals([]byte(m[3]))...)
		}
	}
	return out
}
