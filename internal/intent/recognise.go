package intent

import (
	"cmp"
	"slices"
	"strings"

	"github.com/motcua/motcua/internal/message"
)

// Recogniser tells what texts ask for. It never changes, so it is safe for concurrent use.
type Recogniser struct {
	spell                 *speller
	wholes                *wholes
	courtesies, links     *manners
	model                 *model
	contained             *contained
	commandWords, denials map[string]bool
	openings              map[string][]opening
	langs                 map[message.Lang]map[string]bool
}

// New makes a Recogniser of phrases. An intent whose name holds a dot is an action, any other a command or one of the kinds that mean no intent.
func New(phrases []Phrase) *Recogniser {
	r := &Recogniser{spell: newSpeller(), wholes: &wholes{}, contained: newContained(), commandWords: map[string]bool{}, denials: map[string]bool{}, courtesies: &manners{}, links: &manners{}, openings: map[string][]opening{}, langs: map[message.Lang]map[string]bool{message.Vietnamese: {}, message.English: {}}}
	examples := map[string][][]word{SmallTalk: nil}
	for _, p := range phrases {
		if list := words(p.Text); p.Intent == Courtesy {
			r.courtesies.learn(list)
		} else if p.Intent == Alike {
			r.spell.learnAlike(list)
		} else if p.Intent == Link {
			r.links.learn(list)
		}
	}
	for _, p := range phrases {
		list := words(p.Text)
		r.spell.learn(list)
		for _, w := range list {
			r.langs[p.Lang][w.Folded] = true
		}
		switch p.Intent {
		case Courtesy, Link, Alike:
			continue
		}
		r.wholes.learn(p, list)
		r.contained.learn(p, list)
		if p.Open {
			r.openings[p.Intent] = append(r.openings[p.Intent], opening{r.bare(list)})
		}
		if !isAction(p.Intent) && p.Intent != SmallTalk {
			for _, w := range list {
				r.commandWords[w.Folded] = true
			}
			if p.Intent == denial && len(list) == 1 {
				r.denials[list[0].Folded] = true
			}
		}
		class := p.Intent
		if !isAction(class) {
			class = SmallTalk
		}
		examples[class] = append(examples[class], r.spell.alike(list))
	}
	r.model = newModel(examples, SmallTalk)
	return r
}

func isAction(intent string) bool { return strings.Contains(intent, ".") }

// Recognise gives what a text may ask for, best first: at most five matches, each at least at Floor; none for a text that asks for nothing that is known.
// Only the first 300 runes are read.
func (r *Recogniser) Recognise(text string) []Match {
	read := head(text, maxRunes)
	typed := words(read)
	if len(typed) == 0 {
		return nil
	}
	list, mended := r.spell.right(typed)
	lang := r.langOf(list)
	var out []Match
	if isShort(read) {
		variants := r.courtesies.variants(typed, 0)
		if slices.Contains(mended, true) {
			variants = append(variants, r.courtesies.variants(list, mendedCost)...)
		}
		for i, n := range r.wholes.find(variants) {
			if n.Intent == SmallTalk {
				if i == 0 {
					return nil
				}
				continue
			}
			if isAction(n.Intent) && n.cut > maxCut {
				continue
			}
			out = append(out, Match{Intent: n.Intent, Lang: n.Lang, Score: 1 - n.cost*wholeLoss, Whole: true, Open: n.Open})
		}
	}
	inside := r.contained.in(list)
	for _, m := range r.commands(list, inside) {
		if !slices.ContainsFunc(out, func(o Match) bool { return o.Intent == m.Intent }) {
			out = append(out, m)
		}
	}
	for c, score := range r.model.scores(r.spell.alike(list), mended, inside) {
		name := r.model.classes[c]
		if c == r.model.none || score < Floor || slices.ContainsFunc(out, func(m Match) bool { return m.Intent == name }) {
			continue
		}
		m := Match{Intent: name, Lang: lang, Score: min(score, maxModel)}
		r.open(&m, text, list)
		out = append(out, m)
	}
	slices.SortStableFunc(out, func(a, b Match) int { return cmp.Compare(b.Score, a.Score) })
	return out[:min(len(out), maxMatches)]
}

const (
	wholeLoss = 0.12 // of the score, for each slip in a text that is a phrase
	maxModel  = 0.9
	maxCut    = 2 // courtesy words around a phrase of an action; with more, the model judges
)

// langOf tells in which language a text is written.
func (r *Recogniser) langOf(list []word) message.Lang {
	vi, en := 0, 0
	for _, w := range list {
		if w.accented() {
			return message.Vietnamese
		}
		if r.langs[message.Vietnamese][w.Folded] {
			vi++
		}
		if r.langs[message.English][w.Folded] {
			en++
		}
	}
	if en > vi {
		return message.English
	}
	return message.Vietnamese
}
