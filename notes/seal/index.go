package seal

import (
	"crypto/hmac"
	"crypto/sha256"
	"slices"
	"strings"
	"sync"
	"unicode"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// TermSize is the length of a search term in bytes: enough that two words never meet by chance, and short in the index.
const TermSize = 16

// A Term is a folded word under a practice's own key. Equal words of one practice give equal terms, and that is all a term
// tells; it cannot be turned back without the key.
type Term []byte

// Term returns the term of one folded value; kind keeps a name from meeting a date.
func (k *Keys) Term(kind, folded string) Term {
	h := hmac.New(sha256.New, k.index)
	h.Write([]byte("lamplight term 1\x00" + kind + "\x00" + folded))
	return h.Sum(nil)[:TermSize]
}

// NameTerms are a name's terms: each word of it, and each word's first three and four letters.
func (k *Keys) NameTerms(name string) []Term {
	var out []Term
	for _, w := range Words(name) {
		out = append(out, k.Term("name", w))
		r := []rune(w)
		for _, n := range []int{3, 4} {
			if len(r) >= n {
				out = append(out, k.Term("prefix", string(r[:n])))
			}
		}
	}
	return out
}

// DateTerm is the term of a date of birth in the form 2006-01-02.
func (k *Keys) DateTerm(date string) Term { return k.Term("date", date) }

// PhoneTerm is the term of a number in E.164 form.
func (k *Keys) PhoneTerm(number string) Term { return k.Term("phone", number) }

// QueryTerms are the terms a note must all have to match what somebody typed to find it: words match whole, or by their
// beginning when only three or four letters were typed.
func (k *Keys) QueryTerms(typed string) []Term {
	var out []Term
	for _, w := range Words(typed) {
		switch n := len([]rune(w)); {
		case n < 3:
			out = append(out, k.Term("name", w))
		case n <= 4:
			out = append(out, k.Term("prefix", w))
		default:
			out = append(out, k.Term("name", w))
		}
	}
	return out
}

// Unique drops repeated terms and puts them in an order that tells nothing of the words' order.
func Unique(terms []Term) [][]byte {
	out := make([][]byte, 0, len(terms))
	for _, t := range terms {
		out = append(out, t)
	}
	slices.SortFunc(out, slices.Compare)
	return slices.CompactFunc(out, slices.Equal)
}

// Fold makes two spellings of a word equal: decomposed, without marks, case-folded, and without the strokes that no
// decomposition removes. "Muñoz" and "MUNOZ" fold alike, which collation does not do.
func Fold(s string) string {
	if isPlain(s) {
		return strings.ToLower(s)
	}
	s = norm.NFKD.String(s)
	var b strings.Builder
	for _, r := range s {
		if unicode.Is(unicode.Mn, r) {
			continue
		}
		if t, ok := strokes[r]; ok {
			b.WriteString(t)
			continue
		}
		b.WriteRune(r)
	}
	// Case folding may decompose again (İ), so marks go once more.
	fold := folders.Get().(*cases.Caser)
	folded := fold.String(b.String())
	folders.Put(fold)
	return strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		return r
	}, norm.NFKD.String(folded))
}

// isPlain reports ASCII, for which folding is lower case.
func isPlain(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

// folders spares making a case folder for each word; one must not be used by two goroutines at once.
var folders = sync.Pool{New: func() any { c := cases.Fold(); return &c }}

var strokes = map[rune]string{
	'Ł': "l", 'ł': "l", 'Ø': "o", 'ø': "o", 'Đ': "d", 'đ': "d", 'Ħ': "h", 'ħ': "h", 'Ŧ': "t", 'ŧ': "t",
	'Æ': "ae", 'æ': "ae", 'Œ': "oe", 'œ': "oe", 'Þ': "th", 'þ': "th", 'Ð': "d", 'ð': "d", 'ı': "i",
}

// Words cuts a name into its folded words; an apostrophe joins ("O'Brien" is one word, "obrien"), a hyphen parts.
func Words(s string) []string {
	folded := strings.Map(func(r rune) rune {
		switch {
		case r == '\'' || r == '’' || r == 'ʼ' || r == '`':
			return -1
		case unicode.IsLetter(r) || unicode.IsDigit(r):
			return r
		}
		return ' '
	}, Fold(s))
	return strings.Fields(folded)
}
