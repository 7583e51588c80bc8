package intent

import (
	"slices"
	"strings"
)

// commands knows which words belong to commands.
type commands struct {
	words   map[string]bool // folded
	denials map[string]bool // that turn a command around: "không bỏ qua"
}

const (
	denial       = "no" // the command whose phrases of one word are denials
	maxCommand   = 8    // words of a command with everything around it
	minCore      = 6    // letters of a phrase of one word that may have words around it, unless no other intent has the word
	commandScore = 0.85
	aroundLoss   = 0.03 // of the score, for each word around the phrase
)

func newCommands() *commands { return &commands{words: map[string]bool{}, denials: map[string]bool{}} }

func (c *commands) learn(p Phrase, list []word) {
	for _, w := range list {
		c.words[w.Folded] = true
	}
	if p.Intent == denial && len(list) == 1 {
		c.denials[list[0].Folded] = true
	}
}

func isAction(intent string) bool { return strings.Contains(intent, ".") }

func isCommand(intent string) bool { return !isAction(intent) && intent != SmallTalk }

// commandsIn gives the commands that the text is: a phrase with nothing around it but courtesies and words of commands, "quay về trang chủ giúp em".
func (r *Recogniser) commandsIn(list []word, inside []found) []Match {
	if len(list) > maxCommand {
		return nil
	}
	polite := r.courtesies.cover(list)
	var best []found
	for _, f := range inside {
		if !isCommand(f.intent) || !r.isCore(f, list) || !r.belongs(f, list, polite) {
			continue
		}
		i := slices.IndexFunc(best, func(b found) bool { return b.intent == f.intent })
		switch {
		case i < 0:
			best = append(best, f)
		case f.size > best[i].size:
			best[i] = f
		}
	}
	var out []Match
	for _, f := range best {
		out = append(out, Match{Intent: f.intent, Lang: f.lang, Score: commandScore - aroundLoss*float64(len(list)-f.size), Whole: true})
	}
	return out
}

// isCore tells whether a phrase says enough to have words around it.
func (r *Recogniser) isCore(f found, list []word) bool {
	core := list[f.from].Folded
	return f.size > 1 || len(core) >= minCore || r.contained.owners[core] == f.intent
}

// belongs tells whether all words around the phrase are courtesies or words of commands, and none denies it.
func (r *Recogniser) belongs(f found, list []word, polite []bool) bool {
	for i, w := range list {
		switch {
		case i >= f.from && i < f.to:
			continue
		case f.intent != denial && r.commands.denials[w.Folded]:
			return false
		case !polite[i] && !r.commands.words[w.Folded]:
			return false
		}
	}
	return true
}
