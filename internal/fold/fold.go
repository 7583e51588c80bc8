// Package fold makes different spellings of the same Vietnamese (or English) text compare equal.
//
// It knows letters, not words: what a name or a keyword means is the caller's business. All functions are pure and do no I/O.
package fold

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Text gives s in lower case, without diacritics (d with stroke becomes d), with compatibility forms such as full-width or "bold" letters made plain, and
// with every run of white space as one space, none at the ends. Punctuation stays. Text that is not UTF-8 loses the broken bytes.
// Text(Text(s)) is Text(s), so folded text can be stored and folded again.
func Text(s string) string {
	if plain(s) {
		return s
	}
	return strip(decompose(s))
}

// strip is Text for decomposed text.
func strip(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	space := false
	for _, r := range s {
		if unicode.IsSpace(r) {
			space = b.Len() > 0
			continue
		}
		r = base(r)
		if r < 0 {
			continue
		}
		if space {
			b.WriteByte(' ')
			space = false
		}
		b.WriteRune(r)
	}
	return b.String()
}

// Words gives the words of s, folded as by Text. A word is a run of letters and digits.
// The result is nil for a text without words.
func Words(s string) []string {
	return split(Text(s))
}

// Spelling gives s in lower case with its diacritics, in one canonical form: decomposed, and the tone mark at the end of the syllable, so that the two
// public ways to place it (on the first or the last vowel of oa, oe, uy) are the same. It is for comparison only, not for showing.
func Spelling(s string) string {
	return spell(decompose(s))
}

// spell is Spelling for decomposed text.
func spell(s string) string {
	var (
		b    strings.Builder
		tone rune // of the syllable being read; 0 for none
	)
	flush := func() {
		if tone != 0 {
			b.WriteRune(tone)
			tone = 0
		}
	}
	space, letters := false, false
	for _, r := range s {
		if isTone(r) {
			if letters {
				tone = r // a syllable has one; of several the last counts
			}
			continue
		}
		if !unicode.IsMark(r) {
			letters = unicode.IsLetter(r)
		}
		if !letters {
			flush()
		}
		if unicode.IsSpace(r) {
			space = b.Len() > 0
			continue
		}
		if space {
			b.WriteByte(' ')
			space = false
		}
		b.WriteRune(r)
	}
	flush()
	return b.String()
}

// Word is one word of a text in both forms.
type Word struct {
	Folded   string // as Words gives it
	Spelling string // as Spelling gives it; equal to Folded when the word carries no diacritics
}

// Both gives the words of s in both forms, in their order.
func Both(s string) []Word {
	parts := split(decompose(s))
	out := make([]Word, 0, len(parts))
	for _, p := range parts {
		if f := strip(p); f != "" {
			out = append(out, Word{Folded: f, Spelling: spell(p)})
		}
	}
	return out
}

// Matches tells whether w can stand for the properly spelt word want: the same spelling, or the same letters typed with no diacritics at all,
// as people do on keyboards without a Vietnamese input method. A word that carries other diacritics is another word.
func (w Word) Matches(want Word) bool {
	return w.Spelling == want.Spelling || (w.Folded == want.Folded && w.Spelling == w.Folded)
}

// decompose gives s in lower case, each letter apart from its marks (NFKD). A few letters have a lower case only once they are decomposed, so both
// are done again when the first round left a capital.
func decompose(s string) string {
	d := norm.NFKD.String(strings.ToLower(strings.ToValidUTF8(s, "")))
	if l := strings.ToLower(d); l != d {
		return norm.NFKD.String(l)
	}
	return d
}

// base gives the letter that r counts as, or -1 for a mark that is dropped.
func base(r rune) rune {
	switch {
	case r == '\u0111': // d with stroke has no decomposition
		return 'd'
	case unicode.Is(unicode.Mn, r), unicode.Is(unicode.Cf, r):
		return -1
	}
	return r
}

// isTone tells whether r is one of the five Vietnamese tone marks: grave, acute, tilde, hook above, dot below.
func isTone(r rune) bool {
	switch r {
	case 0x300, 0x301, 0x303, 0x309, 0x323:
		return true
	}
	return false
}

func split(s string) []string {
	parts := strings.FieldsFunc(s, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r)
	})
	if len(parts) == 0 {
		return nil
	}
	return parts
}

// plain tells whether s is already folded: lower-case ASCII with single spaces.
func plain(s string) bool {
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c >= utf8.RuneSelf || 'A' <= c && c <= 'Z' || c < ' ' {
			return false
		}
		if c == ' ' && (i == 0 || i == len(s)-1 || s[i-1] == ' ') {
			return false
		}
	}
	return true
}
