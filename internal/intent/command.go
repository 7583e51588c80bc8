package intent

const (
	maxCommand   = 8 // words of a command with everything around it
	minCore      = 6 // letters of a command of one word that may have words around it
	commandScore = 0.85
	aroundLoss   = 0.03 // of the score, for each word around
)

// commands gives the commands that the text is, with words around them that belong to the same command or are courtesies: "quay về trang chủ giúp em".
func (r *Recogniser) commands(list []word, inside []found) []Match {
	if len(list) > maxCommand {
		return nil
	}
	polite := r.courtesies.covers(list)
	best := map[string]found{}
	for _, f := range inside {
		if isAction(f.intent) || f.intent == SmallTalk || f.size == 1 && len(list[f.from].Folded) < minCore {
			continue
		}
		if f.size > best[f.intent].size && r.belongs(f, list, polite) {
			best[f.intent] = f
		}
	}
	var out []Match
	for _, f := range best {
		out = append(out, Match{Intent: f.intent, Lang: f.lang, Score: commandScore - aroundLoss*float64(len(list)-f.size), Whole: true})
	}
	return out
}

// belongs tells whether all words around the phrase are courtesies or words of commands, none of which denies it.
func (r *Recogniser) belongs(f found, list []word, polite []bool) bool {
	for i, w := range list {
		if i >= f.from && i < f.to {
			continue
		}
		if r.denials[w.Folded] && f.intent != denial || !polite[i] && !r.commandWords[w.Folded] {
			return false
		}
	}
	return true
}

// denial is the command whose phrases of one word turn another command around: "không bỏ qua".
const denial = "no"

// covers tells of each word whether it belongs to a courtesy.
func (m *manners) covers(list []word) []bool {
	out := make([]bool, len(list))
	for i := range list {
		for k := range m.longestAt(list[i:]) {
			out[i+k] = true
		}
	}
	return out
}
