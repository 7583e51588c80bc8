package intent

import (
	"cmp"
	"slices"
	"unicode/utf8"

	"github.com/motcua/motcua/internal/message"
)

// Recogniser tells what texts ask for. It never changes, so it is safe for concurrent use.
type Recogniser struct {
	spell      *speller
	courtesies *manners
	links      *manners
	wholes     *wholes
	contained  *contained
	commands   *commands
	model      *model
	openings   map[string][][]word              // intent → its open phrases, without courtesies around them
	vocabulary map[message.Lang]map[string]bool // folded words of each language's phrases
}

const (
	maxShort  = 90   // runes of a text that is compared with phrases as a whole
	wholeLoss = 0.12 // of the score, for each wrong letter in a text that is a phrase
	maxCut    = 2    // courtesy words around an action's phrase for the text to be that phrase; with more, the model judges
	maxModel  = 0.9  // score of what the model is sure of
)

// New makes a Recogniser of phrases. An intent whose name holds a dot is an action; any other is a command, or one of the kinds that mean no intent.
func New(phrases []Phrase) *Recogniser {
	r := &Recogniser{
		spell: newSpeller(), courtesies: newManners(), links: newManners(), wholes: &wholes{}, contained: newContained(), commands: newCommands(),
		openings: map[string][][]word{}, vocabulary: map[message.Lang]map[string]bool{message.Vietnamese: {}, message.English: {}},
	}
	lists := make([][]word, len(phrases))
	for i, p := range phrases {
		lists[i] = words(p.Text)
		r.learnWords(p, lists[i])
	}
	examples := map[string][][]word{SmallTalk: nil}
	for i, p := range phrases {
		if len(lists[i]) == 0 || slices.Contains([]string{Courtesy, Link, Alike}, p.Intent) {
			continue
		}
		class := p.Intent
		if isCommand(class) {
			class = SmallTalk // no command is understood inside a sentence
		}
		examples[class] = append(examples[class], r.spell.alike(lists[i]))
		r.learnPhrase(p, lists[i])
	}
	r.model = newModel(examples)
	return r
}

// learnWords takes in what has to be known before phrases can be understood.
func (r *Recogniser) learnWords(p Phrase, list []word) {
	r.spell.learn(list)
	if r.vocabulary[p.Lang] != nil {
		for _, w := range list {
			r.vocabulary[p.Lang][w.Folded] = true
		}
	}
	switch {
	case len(list) == 0:
	case p.Intent == Courtesy:
		r.courtesies.learn(list)
	case p.Intent == Link:
		r.links.learn(list)
	case p.Intent == Alike:
		r.spell.learnAlike(list)
	}
}

func (r *Recogniser) learnPhrase(p Phrase, list []word) {
	r.wholes.learn(p, list)
	r.contained.learn(p, list)
	if isCommand(p.Intent) {
		r.commands.learn(p, list)
	}
	if p.Open {
		r.openings[p.Intent] = append(r.openings[p.Intent], r.courtesies.bare(list))
	}
}

// Recognise gives what a text may ask for, best first: at most five matches, each at least at Floor; none for a text that asks for nothing that is known.
// Only the first 300 runes are read.
func (r *Recogniser) Recognise(text string) []Match {
	read := head(text, maxRunes)
	typed := words(read)
	if len(typed) == 0 {
		return nil
	}
	list := r.spell.right(typed)
	var out []Match
	if utf8.RuneCountInString(read) <= maxShort {
		var idle bool
		if out, idle = r.whole(typed, list); idle {
			return nil
		}
	}
	inside := r.contained.in(list)
	out = merge(out, r.commandsIn(list, inside))
	out = merge(out, r.judged(text, list, inside))
	slices.SortStableFunc(out, func(a, b Match) int { return cmp.Compare(b.Score, a.Score) })
	return out[:min(len(out), maxMatches)]
}

// whole gives the intents one of whose phrases the text is. idle is true for small talk.
func (r *Recogniser) whole(typed, righted []word) (out []Match, idle bool) {
	variants := r.courtesies.variants(typed, r.spell.strange(typed))
	if slices.ContainsFunc(righted, func(w word) bool { return w.mended }) {
		variants = append(variants, r.courtesies.variants(righted, false)...)
	}
	for i, n := range r.wholes.find(variants) {
		switch {
		case n.Intent == SmallTalk && i == 0:
			return nil, true
		case n.Intent == SmallTalk, isAction(n.Intent) && n.cut > maxCut:
			continue
		}
		out = append(out, Match{Intent: n.Intent, Lang: n.Lang, Score: 1 - n.cost*wholeLoss, Whole: true, Open: n.Open})
	}
	return out, false
}

// judged gives the actions that the model finds likely, and those that the text asks for without saying more.
func (r *Recogniser) judged(text string, list []word, inside []found) []Match {
	lang := r.langOf(list)
	var out []Match
	for c, score := range r.model.scores(r.spell.alike(list), inside) {
		if c == r.model.none {
			continue
		}
		m := Match{Intent: r.model.classes[c], Lang: lang, Score: min(score, maxModel)}
		r.open(&m, text, list)
		if m.Open && m.Whole {
			m.Score = maxModel
		}
		if m.Score >= Floor {
			out = append(out, m)
		}
	}
	return out
}

// merge adds those of more whose intent is not there yet.
func merge(out, more []Match) []Match {
	for _, m := range more {
		if !slices.ContainsFunc(out, func(o Match) bool { return o.Intent == m.Intent }) {
			out = append(out, m)
		}
	}
	return out
}

// langOf tells in which language a text is probably written.
func (r *Recogniser) langOf(list []word) message.Lang {
	vi, en := 0, 0
	for _, w := range list {
		if w.accented() {
			return message.Vietnamese
		}
		vi += btoi(r.vocabulary[message.Vietnamese][w.Folded])
		en += btoi(r.vocabulary[message.English][w.Folded])
	}
	if en > vi {
		return message.English
	}
	return message.Vietnamese
}
