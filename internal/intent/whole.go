package intent

import (
	"math/bits"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// wholes finds the phrase that a whole text is, letter by letter: short texts have no context by which a model could understand them.
type wholes struct {
	byLen [maxWhole + 1][]wholePhrase // by the number of letters, in the order of the list
}

type wholePhrase struct {
	Phrase
	letters  string // see letters
	spelling []rune // decomposed, so that a wrong mark is one rune
	mask     uint32 // of the letters that it holds
}

const (
	maxWhole   = 48   // letters of a phrase or a text that are compared
	markCost   = 0.3  // of a mark that is wrong, missing or too many; a letter costs 1
	cutCost    = 0.02 // of a courtesy word that was taken off
	mendedCost = 0.5  // of words that had to be put right
)

// slips is how much may differ in a text of n letters.
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
	if n == 0 || n > maxWhole {
		return
	}
	w.byLen[n] = append(w.byLen[n], wholePhrase{Phrase: p, letters: s, spelling: spelling(list), mask: mask(s)})
}

// spelling gives the words with their marks, without blanks.
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

// near is a phrase that a text comes close to.
type near struct {
	Phrase
	cost float64
	cut  int // courtesy words around it
}

// find gives the phrases that the whole text may be, each intent once, nearest first.
func (w *wholes) find(variants []variant) []near {
	var out []near
	for _, v := range variants {
		s, n := letters(v.words)
		if n == 0 || n > maxWhole {
			continue
		}
		out = w.like(out, s, n, v)
	}
	slices.SortStableFunc(out, func(a, b near) int {
		switch {
		case a.cost < b.cost:
			return -1
		case a.cost > b.cost:
			return 1
		}
		return 0
	})
	seen := map[string]bool{}
	return slices.DeleteFunc(out, func(x near) bool {
		was := seen[x.Intent]
		seen[x.Intent] = true
		return was
	})
}

// like adds the phrases near one variant of the text.
func (w *wholes) like(out []near, s string, n int, v variant) []near {
	limit := slips(n)
	m, typed := mask(s), []rune(nil)
	if v.accented() {
		typed = spelling(v.words)
	}
	for size := max(1, n-int(limit)); size <= min(maxWhole, n+int(limit)); size++ {
		for i := range w.byLen[size] {
			p := &w.byLen[size][i]
			if bits.OnesCount32(m^p.mask) > 2*int(limit) {
				continue
			}
			cost := p.distance(s, typed)
			if cost <= min(limit, slips(size)) {
				out = append(out, near{p.Phrase, cost + v.cost, v.cut})
			}
		}
	}
	return out
}

// distance tells how far a text is from the phrase: by letters, and by marks where the text has any.
func (p *wholePhrase) distance(s string, typed []rune) float64 {
	if typed == nil {
		if s == p.letters {
			return 0
		}
		return edits([]rune(s), []rune(p.letters))
	}
	return edits(typed, p.spelling)
}

// edits is the cost of turning a into b: runes put in, left out, replaced, or swapped with their neighbour.
func edits(a, b []rune) float64 {
	before, last, row := make([]float64, len(b)+1), make([]float64, len(b)+1), make([]float64, len(b)+1)
	for j, r := range b {
		last[j+1] = last[j] + costOf(r)
	}
	for i, r := range a {
		row[0] = last[0] + costOf(r)
		for j, q := range b {
			replace := last[j]
			if r != q {
				replace += max(costOf(r), costOf(q))
			}
			row[j+1] = min(replace, last[j+1]+costOf(r), row[j]+costOf(q))
			if i > 0 && j > 0 && r == b[j-1] && a[i-1] == q {
				row[j+1] = min(row[j+1], before[j-1]+max(costOf(r), costOf(q)))
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}

func costOf(r rune) float64 {
	if unicode.IsMark(r) {
		return markCost
	}
	return 1
}

// variant is a text with some of the courtesies around it taken off.
type variant struct {
	words []word
	cost  float64
	cut   int // words taken off
}

func (v variant) accented() bool { return slices.ContainsFunc(v.words, word.accented) }

// manners knows the words that are said around a request.
type manners struct {
	courtesy map[string]bool // folded words with blanks between
	longest  int             // in words
}

func (m *manners) learn(list []word) {
	if m.courtesy == nil {
		m.courtesy = map[string]bool{}
	}
	m.courtesy[join(list)] = true
	m.longest = max(m.longest, len(list))
}

func join(list []word) string {
	parts := make([]string, len(list))
	for i, w := range list {
		parts[i] = w.Folded
	}
	return strings.Join(parts, " ")
}

// starts gives the places at which what a person wants may begin, when courtesies before them are taken off: 0 and more.
func (m *manners) starts(list []word) []int {
	return m.cuts(list, func(i, n int) []word { return list[i : i+n] })
}

// ends gives how many words may be taken off at the end.
func (m *manners) ends(list []word) []int {
	return m.cuts(list, func(i, n int) []word { return list[len(list)-i-n : len(list)-i] })
}

func (m *manners) cuts(list []word, piece func(i, n int) []word) []int {
	out := []int{0}
	for k := 0; k < len(out); k++ {
		for n := 1; n <= min(m.longest, len(list)-1-out[k]); n++ {
			to := out[k] + n
			if m.courtesy[join(piece(out[k], n))] && !slices.Contains(out, to) {
				out = append(out, to)
			}
		}
	}
	return out
}

// maxShort is the longest text, in runes, that is compared as a whole.
const maxShort = 90

// variants gives the text as it is and with courtesies taken off its ends.
func (m *manners) variants(list []word, cost float64) []variant {
	var out []variant
	for _, a := range m.starts(list) {
		for _, b := range m.ends(list) {
			if a+b < len(list) {
				out = append(out, variant{list[a : len(list)-b], cost + cutCost*float64(a+b), a + b})
			}
		}
	}
	return out
}

func isShort(text string) bool { return utf8.RuneCountInString(text) <= maxShort }
