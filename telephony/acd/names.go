package acd

import (
	"cmp"
	"encoding/binary"
	"slices"
)

func (n *Needs) appendKey(b []byte) []byte {
	b = appendString(appendString(b, string(n.Practice)), string(n.Language))
	b = append(b, byte(n.Level), byte(n.Own))
	b = binary.AppendVarint(binary.AppendVarint(b, int64(n.Priority)), int64(n.Overflow))
	b = binary.AppendUvarint(b, uint64(len(n.Skills)))
	for _, k := range n.Skills {
		b = append(appendString(b, string(k.Skill)), byte(k.Level))
	}
	b = appendStrings(b, n.Groups)
	for i := range n.Relax {
		r := &n.Relax[i]
		b = binary.AppendVarint(b, int64(r.After))
		b = append(b, byte(r.Level), bit(r.AnyLanguage)|bit(r.AnySkill)<<1|bit(r.Outside)<<2|bit(r.AnyGroup)<<3)
		b = appendStrings(b, r.Groups)
	}
	return b
}

func appendString(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

func appendStrings[T ~string](b []byte, l []T) []byte {
	b = binary.AppendUvarint(b, uint64(len(l)))
	for _, s := range l {
		b = appendString(b, string(s))
	}
	return b
}

func appendAbilities(b []byte, l []ability) []byte {
	b = binary.AppendUvarint(b, uint64(len(l)))
	for _, a := range l {
		b = append(appendString(b, a.name), byte(a.level))
	}
	return b
}

func bit(v bool) byte {
	if v {
		return 1
	}
	return 0
}

// names are the distinct members of a list, sorted.
func names[T ~string](l []T) []string {
	out := make([]string, 0, len(l))
	for _, s := range l {
		out = append(out, string(s))
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func toIDs[T ~string](l []string) []T {
	out := make([]T, len(l))
	for i, s := range l {
		out[i] = T(s)
	}
	return out
}

func sortAbilities(l []ability) {
	slices.SortFunc(l, func(a, b ability) int {
		return cmp.Or(cmp.Compare(a.name, b.name), cmp.Compare(a.level, b.level))
	})
}

func contains(sorted []string, s string) bool {
	_, ok := slices.BinarySearch(sorted, s)
	return ok
}

func levelOf(sorted []ability, name string) Level {
	i, ok := slices.BinarySearchFunc(sorted, name, func(a ability, n string) int { return cmp.Compare(a.name, n) })
	if !ok {
		return None
	}
	return sorted[i].level
}

// within says whether every ability of a is had by b at least as well.
func within(a, b []ability) bool {
	return !slices.ContainsFunc(a, func(x ability) bool { return levelOf(b, x.name) < x.level })
}

func subset(a, b []string) bool {
	return !slices.ContainsFunc(a, func(x string) bool { return !contains(b, x) })
}
