package intent

import (
	"slices"
	"strings"
)

// maxGap is how many words that say nothing may stand before and between those of an open phrase: "gửi [một] phản ánh".
const maxGap = 1

// open fills in whether the text begins with an open phrase of the match's intent, and what follows it there.
func (r *Recogniser) open(m *Match, text string, list []word) {
	phrases := r.openings[m.Intent]
	if len(phrases) == 0 {
		return
	}
	list = list[slices.Max(r.courtesies.starts(list)):]
	end, size := 0, 0
	for _, phrase := range phrases {
		if to := r.after(phrase, list); to > 0 && len(phrase) > size {
			end, size = to, len(phrase)
		}
	}
	if end == 0 {
		return
	}
	m.Open, m.Rest = true, r.matter(text, list[end:])
	m.Whole = m.Rest == ""
}

// after gives the place after the phrase in a text that begins with it; 0 when it does not.
func (r *Recogniser) after(phrase, list []word) int {
	at, gap := 0, 0
	for _, want := range phrase {
		for at < len(list) && list[at].Folded != want.Folded && gap < maxGap && r.courtesies.at(list[at:at+1]) > 0 {
			at++
			gap++
		}
		if at == len(list) || list[at].Folded != want.Folded {
			return 0
		}
		at++
	}
	return at
}

// matter gives what was typed from the first word on that is the matter itself; "" when only courtesies follow.
func (r *Recogniser) matter(text string, list []word) string {
	for n := r.links.at(list); n > 0; n = r.links.at(list) {
		list = list[n:]
	}
	if !slices.Contains(r.courtesies.cover(list), false) {
		return ""
	}
	return strings.TrimSpace(text[list[0].start:])
}
