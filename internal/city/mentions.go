package city

import (
	"slices"
	"strings"
	"unicode"

	"github.com/motcua/motcua/internal/fold"
)

// maxAddress is how much of an address is read, in runes. None is longer.
const maxAddress = 500

// mention is one name in an address, with everything it may stand for.
type mention struct {
	label  *label // the word before it; nil for a name that stands alone
	places []place
}

// mentions are the names of an address, from left to right.
type mentions struct {
	list    []mention
	unknown bool // a ward is named that we do not know: names that stand alone are then likelier streets
}

// reader finds the names in one address.
type reader struct {
	*gazetteer
	accented bool // the address is typed with diacritics, so a word without any has none
	found    mentions
}

// read finds the names in an address.
func (g *gazetteer) read(text string) mentions {
	var parts [][]fold.Word
	r := reader{gazetteer: g}
	for _, s := range segments(text) {
		words := fold.Both(s)
		parts = append(parts, words)
		r.accented = r.accented || slices.ContainsFunc(words, func(w fold.Word) bool { return w.Spelling != w.Folded })
	}
	for _, words := range parts {
		r.segment(words)
	}
	return r.found
}

// segments cuts an address where a comma or the like does.
func segments(text string) []string {
	text = strings.NewReplacer(" - ", ",", "\u2013", ",", "\u2014", ",").Replace(head(text, maxAddress))
	return strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(",;|()[]\n\r\t", r) })
}

// segment finds names after their labels, and, in what is left, names that end a run of words.
func (r *reader) segment(words []fold.Word) {
	var run []fold.Word
	flush := func() {
		r.found.list = append(r.found.list, r.peel(run)...)
		run = nil
	}
	for i := 0; i < len(words); {
		if n := longest(r.fill, words[i:]); n > 0 {
			flush()
			i += n
			continue
		}
		l := r.labelAt(words[i:])
		if l == nil {
			run = append(run, words[i])
			i++
			continue
		}
		places, n := r.labelled(l, words[i+len(l.words):])
		if n == 0 && len(words[i].Folded) == 1 {
			run = append(run, words[i]) // a single letter that labels nothing is just a letter
			i++
			continue
		}
		flush()
		i += len(l.words) + n
		if n > 0 {
			r.found.list = append(r.found.list, mention{label: l, places: places})
			continue
		}
		r.found.unknown = r.found.unknown || l.kind != ""
	}
	flush()
}

// labelAt gives the label that words begin with; nil for none.
func (g *gazetteer) labelAt(words []fold.Word) *label {
	for i := range g.labels {
		if g.labels[i].words.at(words) {
			return &g.labels[i]
		}
	}
	return nil
}

// labelled gives the longest name at the start of words that the label fits, and how many words it has.
func (r *reader) labelled(l *label, words []fold.Word) ([]place, int) {
	for n := min(r.longest, len(words)); n > 0; n-- {
		found := filter(r.names[nameKey(words[:n])], func(p place) bool { return l.fits(p.class) })
		if len(found) > 0 {
			if l.district { // a word for both, such as a city's, more often stands before a district's name
				found = prefer(found, func(p place) bool { return p.class == formerDistrict })
			}
			return r.closest(found, words[:n]), n
		}
	}
	return nil, 0
}

// fits tells whether a label can stand before a name of that class.
func (l *label) fits(c class) bool {
	switch c {
	case currentWard, formerWard:
		return l.kind != ""
	case formerDistrict:
		return l.district
	}
	return l.province
}

// peel takes known names off the end of a run of words, as long as they do not look like a street's. It gives them from left to right.
func (r *reader) peel(run []fold.Word) []mention {
	var out []mention
	for len(run) > 0 {
		places, n := r.ending(run)
		if n == 0 || r.isStreet(run[:len(run)-n]) {
			break
		}
		out = append(out, mention{places: places})
		run = run[:len(run)-n]
	}
	slices.Reverse(out)
	return out
}

// ending gives the longest name at the end of run, and how many words it has. Only a spelling that matches counts: there is no label to support it.
// A name of a place elsewhere that is also one of ours is ours.
func (r *reader) ending(run []fold.Word) ([]place, int) {
	for n := min(r.longest, len(run)); n > 0; n-- {
		tail := run[len(run)-n:]
		found := filter(r.names[nameKey(tail)], func(p place) bool { return phrase(p.words).at(tail) })
		if len(found) > 0 {
			return prefer(r.closest(found, tail), func(p place) bool { return p.class != elsewhere }), n
		}
	}
	return nil, 0
}

// closest gives the places whose name is spelt like words; failing that those that words can stand for; failing that all.
func (r *reader) closest(found []place, words []fold.Word) []place {
	found = prefer(found, func(p place) bool { return phrase(p.words).at(words) })
	if !r.accented {
		return found
	}
	return prefer(found, func(p place) bool { return spelling(p.words) == spelling(words) })
}

// isStreet tells whether the words before a name make it a street's: a street word, or a house number.
func (g *gazetteer) isStreet(before []fold.Word) bool {
	if len(before) == 0 {
		return false
	}
	if endsWith(g.street, before) {
		return true
	}
	last := before[len(before)-1].Folded
	if !strings.ContainsFunc(last, unicode.IsDigit) {
		return false
	}
	return !endsWith(g.parts, before[:len(before)-1])
}

// longest gives the number of words of the longest phrase that words begin with; 0 for none.
func longest(list []phrase, words []fold.Word) int {
	for _, p := range list {
		if p.at(words) {
			return len(p)
		}
	}
	return 0
}

// endsWith tells whether words end with one of the phrases.
func endsWith(list []phrase, words []fold.Word) bool {
	return slices.ContainsFunc(list, func(p phrase) bool { return len(p) <= len(words) && p.at(words[len(words)-len(p):]) })
}

func spelling(words []fold.Word) string {
	parts := make([]string, len(words))
	for i, w := range words {
		parts[i] = w.Spelling
	}
	return strings.Join(parts, " ")
}

func filter(list []place, keep func(place) bool) []place {
	var out []place
	for _, p := range list {
		if keep(p) {
			out = append(out, p)
		}
	}
	return out
}

// prefer gives those of list that fit, or all of it when none does.
func prefer(list []place, fits func(place) bool) []place {
	if some := filter(list, fits); len(some) > 0 {
		return some
	}
	return list
}

// has gives the indexes of what a mention may stand for in one class.
func (m mention) has(c class) []int {
	var out []int
	for _, p := range m.places {
		if p.class == c {
			out = append(out, p.at)
		}
	}
	return out
}

// isWard tells whether a mention may stand for a ward, current or former.
func (m mention) isWard() bool {
	return slices.ContainsFunc(m.places, func(p place) bool { return p.class == currentWard || p.class == formerWard })
}
