// Package catalog holds every sentence the service shows or sends, in English and in Spanish.
//
// One flat JSON object a language and a part of the program ("desk.en.json", "portal.es.json"; "en.json" is what the server
// sends), keyed by dotted names whose first word is the part. The same files are read by i18next in the pages, so they
// follow its form: "{{name}}" stands for a value, "key_one" and "key_other" are chosen by the value "count". Spanish "many"
// (1,000,000) is written like "other", as i18next falls back to it.
//
// It promises that a key it does not know is never an empty sentence: T answers the key itself, and tests over Lint make
// sure that none is missing in a language and that both languages have the same placeholders. It leaves to others how a
// number, a time or a name is formatted before it gets here.
package catalog

import (
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"sort"
	"strconv"
	"strings"
	"sync"

	"lamplight/telephony"
)

//go:embed *.json
var files embed.FS

// Vars are the values of a sentence's placeholders. "count" chooses the plural.
type Vars map[string]string

// Count returns v with the number that chooses the plural in it.
func (v Vars) Count(n int) Vars {
	w := Vars{"count": strconv.Itoa(n)}
	for k, s := range v {
		w[k] = s
	}
	return w
}

// A Catalog is all sentences by language and key. It does not change after Read and may be used from any goroutine.
type Catalog map[telephony.Language]map[string]string

var builtin = sync.OnceValues(func() (Catalog, error) { return Read(files) })

// Builtin is the catalog built into the program. It fails only if a file of it is not a flat JSON object or says a key twice,
// which a test of this package finds first.
func Builtin() (Catalog, error) { return builtin() }

// Read merges every "*.LANG.json" and "LANG.json" at the root of fsys. A key that stands in two files is an error.
func Read(fsys fs.FS) (Catalog, error) {
	names, err := fs.Glob(fsys, "*.json")
	if err != nil {
		return nil, fmt.Errorf("list catalogs: %w", err)
	}
	sort.Strings(names)
	c := Catalog{}
	for _, name := range names {
		parts := strings.Split(strings.TrimSuffix(path.Base(name), ".json"), ".")
		lang := telephony.Language(parts[len(parts)-1])
		text, err := fs.ReadFile(fsys, name)
		if err != nil {
			return nil, fmt.Errorf("read catalog %s: %w", name, err)
		}
		var flat map[string]string
		if err := json.Unmarshal(text, &flat); err != nil {
			return nil, fmt.Errorf("read catalog %s: %w", name, err)
		}
		if c[lang] == nil {
			c[lang] = map[string]string{}
		}
		for k, s := range flat {
			if _, twice := c[lang][k]; twice {
				return nil, fmt.Errorf("read catalog %s: %q stands in another file too", name, k)
			}
			c[lang][k] = s
		}
	}
	return c, nil
}

// T is the service's sentence for key in a language; an unknown language reads English, an unknown key answers itself.
func T(lang telephony.Language, key string, vars Vars) string {
	c, err := Builtin()
	if err != nil {
		return key
	}
	s, _ := c.Find(lang, key, vars)
	return s
}

// Find is the sentence for key with its placeholders filled, and whether it was there. A placeholder without a value stays
// as it stands, so that it is seen.
func (c Catalog) Find(lang telephony.Language, key string, vars Vars) (string, bool) {
	sentences, ok := c[lang]
	if !ok {
		sentences = c[telephony.English]
	}
	n, counted := vars["count"]
	if counted {
		plural := key + "_other"
		if n == "1" {
			plural = key + "_one"
		}
		if s, ok := sentences[plural]; ok {
			return fill(s, vars), true
		}
	}
	s, ok := sentences[key]
	if !ok {
		return key, false
	}
	return fill(s, vars), true
}

// Part is one language's sentences whose keys begin with prefix, for a page that reads them itself.
func (c Catalog) Part(lang telephony.Language, prefix string) map[string]string {
	part := map[string]string{}
	for k, s := range c[lang] {
		if strings.HasPrefix(k, prefix) {
			part[k] = s
		}
	}
	return part
}

// Languages are the languages there are, sorted.
func (c Catalog) Languages() []telephony.Language {
	var all []telephony.Language
	for l := range c {
		all = append(all, l)
	}
	slices.Sort(all)
	return all
}

var placeholder = regexp.MustCompile(`\{\{([a-zA-Z0-9]+)\}\}`)

// fill replaces placeholders in one pass, so that a value which itself looks like a placeholder is left alone.
func fill(s string, vars Vars) string {
	if len(vars) == 0 || !strings.Contains(s, "{{") {
		return s
	}
	return placeholder.ReplaceAllStringFunc(s, func(m string) string {
		if v, ok := vars[m[2:len(m)-2]]; ok {
			return v
		}
		return m
	})
}
