package intent

import "strings"

// opening is an open phrase without the courtesies around it.
type opening struct{ words []word }

// maxGap is how many words may stand between those of an open phrase: "gửi [một] phản ánh".
const maxGap = 1

// bare takes the courtesies off both ends, as far as a word remains.
func (r *Recogniser) bare(list []word) []word {
	a := last(r.courtesies.starts(list))
	list = list[a:]
	return list[:len(list)-last(r.courtesies.ends(list))]
}

func last(cuts []int) int {
	most := 0
	for _, n := range cuts {
		most = max(most, n)
	}
	return most
}

// open tells whether the text begins with an open phrase of the match's intent, and what follows.
func (r *Recogniser) open(m *Match, text string, list []word) {
	start := last(r.courtesies.starts(list))
	best, size := 0, 0
	for _, o := range r.openings[m.Intent] {
		if end := o.end(list, start); end > 0 && len(o.words) > size {
			best, size = end, len(o.words)
		}
	}
	if best == 0 {
		return
	}
	m.Open = true
	m.Rest = r.rest(text, list[best:])
	m.Whole = m.Rest == ""
}

// end gives the place after the phrase when the text begins with it; 0 when it does not.
func (o opening) end(list []word, at int) int {
	gap := 0
	for _, want := range o.words {
		for at < len(list) && list[at].Folded != want.Folded {
			at++
			gap++
		}
		if at == len(list) || gap > maxGap {
			return 0
		}
		at++
	}
	return at
}

// rest gives what was typed from the first word on that is the matter.
func (r *Recogniser) rest(text string, list []word) string {
	for len(list) > 0 {
		n := max(r.links.longestAt(list), r.courtesies.longestAt(list))
		if n == 0 {
			return strings.TrimSpace(text[list[0].start:])
		}
		list = list[n:]
	}
	return ""
}

// longestAt gives how many words the longest courtesy takes with which list begins; 0 when there is none.
func (m *manners) longestAt(list []word) int {
	for n := min(m.longest, len(list)); n > 0; n-- {
		if m.courtesy[join(list[:n])] {
			return n
		}
	}
	return 0
}
