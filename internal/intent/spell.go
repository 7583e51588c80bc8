package intent

import (
	"slices"
	"strings"

	"github.com/motcua/motcua/internal/fold"
)

// speller knows the words of all phrases and puts what is nearly one of them right. Of several that are equally near, the one that was learnt first wins.
type speller struct {
	known   map[string]bool     // folded words
	pairs   map[string]string   // two neighbouring words written as one → with a blank between
	deletes map[string][]string // a known word with one letter left out → the words that it may be
	same    map[string]twin     // folded words that say the same as another
}

// twin is a word in the place of which another can stand.
type twin struct{ from, to fold.Word }

// Sizes of words, in letters, in which a slip is looked for: among shorter ones too many lie next to each other.
const (
	minSlip = 4
	minSwap = 3 // for two letters swapped
	minPair = 5 // for two words written as one
	maxSlip = 16
)

func newSpeller() *speller {
	return &speller{known: map[string]bool{}, pairs: map[string]string{}, deletes: map[string][]string{}, same: map[string]twin{}}
}

// learn adds the words of a phrase.
func (s *speller) learn(list []word) {
	for i, w := range list {
		if !s.known[w.Folded] && len(w.Folded) >= minSwap && isLetters(w.Folded) {
			s.learnSlips(w.Folded)
		}
		s.known[w.Folded] = true
		if i == 0 {
			continue
		}
		before := list[i-1].Folded
		if _, ok := s.pairs[before+w.Folded]; !ok && len(before+w.Folded) >= minPair {
			s.pairs[before+w.Folded] = before + " " + w.Folded
		}
	}
}

func (s *speller) learnSlips(w string) {
	for i := range len(w) {
		if i > 0 && w[i] == w[i-1] {
			continue // the same as leaving out the letter before
		}
		short := w[:i] + w[i+1:]
		s.deletes[short] = append(s.deletes[short], w)
	}
}

// learnAlike adds words that say the same as the first of them.
func (s *speller) learnAlike(list []word) {
	for _, w := range list[1:] {
		s.same[w.Folded] = twin{from: w.Word, to: list[0].Word}
	}
}

// alike puts into the place of each word the one that stands for it.
func (s *speller) alike(list []word) []word {
	out := make([]word, len(list))
	for i, w := range list {
		if t, ok := s.same[w.Folded]; ok && w.Matches(t.from) {
			w.Folded, w.Spelling = t.to.Folded, t.to.Spelling
			if !list[i].accented() {
				w.Spelling = w.Folded
			}
		}
		out[i] = w
	}
	return out
}

// right gives the words with slips put right. A name inside a sentence stays as it is.
func (s *speller) right(list []word) []word {
	out := make([]word, 0, len(list))
	for i, w := range list {
		fixed := ""
		if !s.known[w.Folded] && isLetters(w.Folded) && (i == 0 || !w.name) {
			fixed = s.mend(w.Folded)
		}
		if fixed == "" {
			out = append(out, w)
			continue
		}
		for part := range strings.SplitSeq(fixed, " ") {
			out = append(out, word{Word: fold.Word{Folded: part, Spelling: part}, start: w.start, end: w.end, mended: true})
		}
	}
	return out
}

// strange tells whether there is a word that no phrase has.
func (s *speller) strange(list []word) bool {
	return slices.ContainsFunc(list, func(w word) bool { return !s.known[w.Folded] })
}

// mend gives the known word that an unknown one was probably meant to be, or two with a blank between; "" when there is none.
func (s *speller) mend(w string) string {
	if t := untelex(w); t != w && s.known[t] {
		return t
	}
	if pair := s.pairs[w]; pair != "" {
		return pair
	}
	if len(w) < minSwap || len(w) > maxSlip {
		return ""
	}
	if swapped := s.swapped(w); swapped != "" || len(w) < minSlip {
		return swapped
	}
	return s.slipped(w)
}

// swapped gives the known word in which two neighbouring letters of w are the other way round.
func (s *speller) swapped(w string) string {
	b := []byte(w)
	for i := 1; i < len(b); i++ {
		b[i-1], b[i] = b[i], b[i-1]
		if s.known[string(b)] {
			return string(b)
		}
		b[i-1], b[i] = b[i], b[i-1]
	}
	return ""
}

// slipped gives the known word of which w has one letter too many, one too few or one wrong, in this order.
func (s *speller) slipped(w string) string {
	for i := range len(w) {
		if short := w[:i] + w[i+1:]; len(short) >= minSwap && s.known[short] {
			return short
		}
	}
	if long := s.deletes[w]; len(long) > 0 {
		return long[0]
	}
	for i := range len(w) {
		for _, other := range s.deletes[w[:i]+w[i+1:]] {
			if len(other) == len(w) && other[:i] == w[:i] && other[i+1:] == w[i+1:] {
				return other
			}
		}
	}
	return ""
}

// isLetters tells whether s is plain letters, as folded Vietnamese is.
func isLetters(s string) bool {
	for i := range len(s) {
		if s[i] < 'a' || s[i] > 'z' {
			return false
		}
	}
	return true
}

// untelex takes out of a word the keys that the Telex input method turns into marks: "dduwowngf" becomes "duong".
func untelex(w string) string {
	var b strings.Builder
	vowel := false
	for i := range len(w) {
		c := w[i]
		doubled := i > 0 && c == w[i-1] && strings.IndexByte("adeo", c) >= 0
		if doubled || vowel && strings.IndexByte("sfrxjw", c) >= 0 {
			continue
		}
		vowel = vowel || strings.IndexByte("aeiouy", c) >= 0
		b.WriteByte(c)
	}
	return b.String()
}
