package intent

import (
	"slices"
	"strings"

	"github.com/motcua/motcua/internal/fold"
)

// speller knows the words of all phrases and puts what is nearly one of them right.
type speller struct {
	known   map[string]bool     // folded words
	pairs   map[string]string   // two neighbouring words written as one → with a blank
	same    map[string]twin     // folded words that say the same as another
	deletes map[string][]string // a known word with one letter left out → the words it may be
}

// Shortest words, in letters, in which a slip is looked for: in shorter ones too many words lie next to each other.
const (
	minSlip = 4
	minSwap = 3 // two letters swapped
	minPair = 5 // two words written as one
)

func newSpeller() *speller {
	return &speller{known: map[string]bool{}, pairs: map[string]string{}, deletes: map[string][]string{}, same: map[string]twin{}}
}

// learn adds the words of a phrase.
func (s *speller) learn(list []word) {
	for i, w := range list {
		if !s.known[w.Folded] {
			s.known[w.Folded] = true
			if isLetters(w.Folded) && len(w.Folded) >= minSwap {
				s.learnSlips(w.Folded)
			}
		}
		if i > 0 && len(list[i-1].Folded+w.Folded) >= minPair {
			s.pairs[list[i-1].Folded+w.Folded] = list[i-1].Folded + " " + w.Folded
		}
	}
}

func (s *speller) learnSlips(w string) {
	for i := range len(w) {
		short := w[:i] + w[i+1:]
		if i > 0 && w[i] == w[i-1] {
			continue // the same as leaving out the one before
		}
		s.deletes[short] = append(s.deletes[short], w)
	}
}

// isLetters tells whether s is plain ASCII letters, as folded Vietnamese is.
func isLetters(s string) bool {
	for i := range len(s) {
		if s[i] < 'a' || s[i] > 'z' {
			return false
		}
	}
	return true
}

// right gives the words with slips put right, and tells of each whether it was changed.
func (s *speller) right(list []word) (out []word, mended []bool) {
	for i, w := range list {
		if s.known[w.Folded] || !isLetters(w.Folded) || i > 0 && w.name {
			out, mended = append(out, w), append(mended, false)
			continue
		}
		fixed := s.mend(w.Folded)
		if fixed == "" {
			out, mended = append(out, w), append(mended, false)
			continue
		}
		for part := range strings.SplitSeq(fixed, " ") {
			out, mended = append(out, word{fold.Word{Folded: part, Spelling: part}, w.start, w.end, w.name}), append(mended, true)
		}
	}
	return out, mended
}

// mend gives the known word, or two with a blank between, that an unknown one was probably meant to be; "" when there is none.
func (s *speller) mend(w string) string {
	if t := untelex(w); t != w && s.known[t] {
		return t
	}
	if pair := s.pairs[w]; pair != "" {
		return pair
	}
	if len(w) < minSwap || len(w) > maxWord {
		return ""
	}
	return s.near(w)
}

// maxWord is the longest word, in letters, in which slips are looked for.
const maxWord = 16

// near gives the known word that is one slip away: two letters swapped, one too many, one missing or one wrong, in this order.
func (s *speller) near(w string) string {
	for i := 1; i < len(w); i++ {
		swapped := w[:i-1] + string([]byte{w[i], w[i-1]}) + w[i+1:]
		if s.known[swapped] {
			return swapped
		}
	}
	if len(w) < minSlip {
		return ""
	}
	for i := range len(w) {
		if short := w[:i] + w[i+1:]; s.known[short] && len(short) >= minSwap {
			return short
		}
	}
	for _, long := range s.deletes[w] {
		return long
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

// untelex takes out of a folded word the keys that the Telex input method turns into marks: "dduwowngf" becomes "duong".
func untelex(w string) string {
	var b strings.Builder
	vowel := false
	for i := range len(w) {
		c := w[i]
		switch {
		case vowel && strings.IndexByte("sfrxjw", c) >= 0:
			continue
		case i > 0 && c == w[i-1] && strings.IndexByte("adeo", c) >= 0:
			continue
		}
		vowel = vowel || strings.IndexByte("aeiouy", c) >= 0
		b.WriteByte(c)
	}
	return b.String()
}

// alike gives the words, each in the place of those that say the same.
func (s *speller) alike(list []word) []word {
	out := slices.Clone(list)
	for i, w := range list {
		if same, ok := s.same[w.Folded]; ok && w.Matches(same.from) {
			out[i].Word = same.to
			if !w.accented() {
				out[i].Spelling = same.to.Folded
			}
		}
	}
	return out
}

// twin is a word that stands for another.
type twin struct{ from, to fold.Word }

func (s *speller) learnAlike(list []word) {
	for _, w := range list[1:] {
		s.same[w.Folded] = twin{from: w.Word, to: list[0].Word}
	}
}
