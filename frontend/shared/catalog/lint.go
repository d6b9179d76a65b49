package catalog

import (
	"fmt"
	"slices"
	"sort"
	"strings"
)

// Lint lists what is wrong with a catalog: a key that one language has and another lacks, an empty sentence, a plural
// without its other half, placeholders that differ between languages. An empty list is a good catalog.
func (c Catalog) Lint() []string {
	var wrong []string
	keys := map[string]bool{}
	for _, sentences := range c {
		for k := range sentences {
			keys[k] = true
		}
	}
	for k := range keys {
		wrong = append(wrong, c.lintKey(k, keys)...)
	}
	sort.Strings(wrong)
	return wrong
}

func (c Catalog) lintKey(k string, keys map[string]bool) []string {
	var wrong []string
	var want []string
	for i, l := range c.Languages() {
		s, ok := c[l][k]
		switch {
		case !ok:
			wrong = append(wrong, fmt.Sprintf("%s: missing in %s", k, l))
			continue
		case strings.TrimSpace(s) == "":
			wrong = append(wrong, fmt.Sprintf("%s: empty in %s", k, l))
		}
		have := Placeholders(s)
		if i == 0 {
			want = have
		} else if !slices.Equal(want, have) {
			wrong = append(wrong, fmt.Sprintf("%s: placeholders %v in %s are not %v", k, have, l, want))
		}
	}
	if stem, ok := strings.CutSuffix(k, "_one"); ok && !keys[stem+"_other"] {
		wrong = append(wrong, k+": has no "+stem+"_other")
	}
	if stem, ok := strings.CutSuffix(k, "_other"); ok && !keys[stem+"_one"] {
		wrong = append(wrong, k+": has no "+stem+"_one")
	}
	return wrong
}

// Placeholders are the names of the values a sentence wants, sorted, each once.
func Placeholders(s string) []string {
	var names []string
	for _, m := range placeholder.FindAllStringSubmatch(s, -1) {
		names = append(names, m[1])
	}
	slices.Sort(names)
	return slices.Compact(names)
}
