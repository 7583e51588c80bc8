package intent

import (
	"cmp"
	"math/bits"
	"slices"
	"strings"
	"unicode/utf8"
)

// wholes finds the phrase that a whole text is, letter by letter: a short text has no context in which a model could understand it.
type wholes struct {
	bySize [maxWhole + 1][]wholePhrase // by the number of letters, in the order of the list
}

type wholePhrase struct {
	Phrase
	letters  string // see letters
	spelling []rune // see spelling
	mask     uint32 // of the letters that it holds
}

const (
	maxWhole   = 48   // letters of a phrase or a text that are compared
	maxMarks   = 0.9  // cost of diacritics alone that may be wrong
	cutCost    = 0.02 // of a courtesy word that was taken off
	mendedCost = 0.5  // of a text in which words had to be put right
)

// slips is how much may be wrong in a text of n letters.
func slips(n int) float64 {
	switch {
	case n <= 2:
		return 0
	case n <= 3:
		return markCost
	case n <= 7:
		return 1
	case n <= 13:
		return 2
	}
	return 3
}

func (w *wholes) learn(p Phrase, list []word) {
	s, n := letters(list)
	if n <= maxWhole {
		w.bySize[n] = append(w.bySize[n], wholePhrase{Phrase: p, letters: s, spelling: spelling(list), mask: mask(s)})
	}
}

// near is a phrase that a text comes close to.
type near struct {
	Phrase
	cost float64 // of what differs; a wrong letter is 1
	cut  int     // courtesy words around it
}

// find gives the phrases that the text may be, each intent once, the nearest first.
func (w *wholes) find(variants []variant) []near {
	var out []near
	for _, v := range variants {
		out = append(out, w.like(v)...)
	}
	slices.SortStableFunc(out, func(a, b near) int {
		if a.cost == b.cost && a.Intent != b.Intent {
			return cmp.Compare(btoi(a.Intent == SmallTalk), btoi(b.Intent == SmallTalk))
		}
		return cmp.Compare(a.cost, b.cost)
	})
	seen := map[string]bool{}
	return slices.DeleteFunc(out, func(x near) bool {
		was := seen[x.Intent]
		seen[x.Intent] = true
		return was
	})
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// like gives the phrases near one variant of the text.
func (w *wholes) like(v variant) []near {
	s, n := letters(v.words)
	if n > maxWhole {
		return nil
	}
	typed := []rune(s)
	if v.accented() {
		typed = spelling(v.words)
	}
	extra := cutCost * float64(v.cut)
	if slices.ContainsFunc(v.words, func(w word) bool { return w.mended }) {
		extra += mendedCost
	}
	var out []near
	limit, m := 0, mask(s)
	if v.strange {
		limit = int(slips(n))
	}
	for size := max(1, n-limit); size <= min(maxWhole, n+limit); size++ {
		for i := range w.bySize[size] {
			p := &w.bySize[size][i]
			if bits.OnesCount32(m^p.mask) > 2*limit {
				continue
			}
			if cost := p.distance(s, typed, v.accented()); cost <= min(slips(n), slips(size), float64(limit)+maxMarks) {
				out = append(out, near{p.Phrase, cost + extra, v.cut})
			}
		}
	}
	return out
}

// distance tells how far a text is from the phrase: by letters, and by marks too where the text has any.
func (p *wholePhrase) distance(s string, typed []rune, accented bool) float64 {
	switch {
	case accented:
		return edits(typed, p.spelling)
	case s == p.letters:
		return 0
	}
	return edits(typed, []rune(p.letters))
}

// letters gives the folded words without blanks, and their number of runes. A letter that is held too long is there once.
func letters(list []word) (string, int) {
	var b strings.Builder
	last := rune(-1)
	for _, w := range list {
		for _, r := range w.Folded {
			if r != last {
				b.WriteRune(r)
			}
			last = r
		}
	}
	return b.String(), utf8.RuneCountInString(b.String())
}

// spelling is letters with the marks, each a rune of its own.
func spelling(list []word) []rune {
	var out []rune
	for _, w := range list {
		for _, r := range w.Spelling {
			if len(out) == 0 || out[len(out)-1] != r {
				out = append(out, r)
			}
		}
	}
	return out
}

func mask(s string) uint32 {
	var m uint32
	for _, r := range s {
		m |= 1 << (uint32(r) & 31)
	}
	return m
}
