package intent

import "slices"

// manners knows words that are said around a request without changing it.
type manners struct {
	said    map[string]bool // words with blanks between, as they are spelt and without diacritics
	first   map[string]bool // folded words with which one begins
	longest int             // in words
}

func newManners() *manners { return &manners{said: map[string]bool{}, first: map[string]bool{}} }

func (m *manners) learn(list []word) {
	m.said[folded(list)], m.said[spelt(list)] = true, true
	m.first[list[0].Folded] = true
	m.longest = max(m.longest, len(list))
}

// at gives how many words the longest of them takes with which list begins; 0 when there is none.
func (m *manners) at(list []word) int {
	if len(list) == 0 || !m.first[list[0].Folded] {
		return 0
	}
	for n := min(m.longest, len(list)); n > 0; n-- {
		if m.said[spelt(list[:n])] {
			return n
		}
	}
	return 0
}

// cover tells of each word whether it belongs to one of them.
func (m *manners) cover(list []word) []bool {
	out := make([]bool, len(list))
	for i := range list {
		for k := range m.at(list[i:]) {
			out[i+k] = true
		}
	}
	return out
}

// starts gives how many words can be taken off at the beginning, 0 first. At least one word remains.
func (m *manners) starts(list []word) []int {
	return m.cuts(len(list), func(cut, n int) []word { return list[cut : cut+n] })
}

// ends gives how many words can be taken off at the end, 0 first. At least one word remains.
func (m *manners) ends(list []word) []int {
	return m.cuts(len(list), func(cut, n int) []word { return list[len(list)-cut-n : len(list)-cut] })
}

// maxCuts bounds in how many ways courtesies are taken off one end.
const maxCuts = 8

// cuts goes on from each place that it has reached, so that courtesies may follow one another.
func (m *manners) cuts(size int, piece func(cut, n int) []word) []int {
	out := []int{0}
	for k := 0; k < len(out) && len(out) < maxCuts; k++ {
		for n := 1; n <= m.longest && out[k]+n < size; n++ {
			if to := out[k] + n; m.said[spelt(piece(out[k], n))] && !slices.Contains(out, to) {
				out = append(out, to)
			}
		}
	}
	return out
}

// bare takes off as much as possible at both ends.
func (m *manners) bare(list []word) []word {
	list = list[slices.Max(m.starts(list)):]
	return list[:len(list)-slices.Max(m.ends(list))]
}

// variant is a text without some of the courtesies around it.
type variant struct {
	words   []word
	cut     int  // words taken off
	strange bool // it has a word that no phrase has, which may be a slip
}

func (v variant) accented() bool { return slices.ContainsFunc(v.words, word.accented) }

// variants gives the text as it is, and with courtesies taken off its ends in every way.
func (m *manners) variants(list []word, strange bool) []variant {
	var out []variant
	ends := m.ends(list)
	for _, a := range m.starts(list) {
		for _, b := range ends {
			if a+b < len(list) {
				out = append(out, variant{list[a : len(list)-b], a + b, strange})
			}
		}
	}
	return out
}
