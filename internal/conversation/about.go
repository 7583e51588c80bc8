package conversation

import (
	"slices"
	"strings"

	"github.com/motcua/motcua/internal/fold"
	"github.com/motcua/motcua/internal/intent"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/miniapps"
)

// fitness tells how surely the words around a value are about the value itself.
type fitness int

const (
	fitsBadly fitness = iota // it only says where something else is
	fitsPartly
	fitsWell // there is nothing else that they could be about
)

// about gives the action that the words around a value mean (mention_words); nil when there is none.
func (t *turn) about(m mention) (*form, fitness) {
	before, after := fold.Words(m.before), fold.Words(m.after)
	for _, f := range t.m.mentioning {
		n := f.root.mentioned()
		if n == nil || !n.valid(m.value) || !t.m.services.Available(f.ref.App) {
			continue
		}
		for _, lang := range []message.Lang{message.Vietnamese, message.English} {
			if head, tail, ok := around(f.action.MentionWords[lang], before, after); ok {
				t.speaks(lang)
				return f, t.fitness(m, before[:len(before)-head], after[tail:])
			}
		}
	}
	return nil, fitsBadly
}

// around tells how many of the words before and behind a value are the longest of the phrases.
func around(phrases []string, before, after []string) (head, tail int, ok bool) {
	for _, phrase := range phrases {
		a, b := miniapps.Mentions(phrase)
		x, y := fold.Words(a), fold.Words(b)
		if len(x)+len(y) > head+tail && endsIn(before, x) && len(after) >= len(y) && slices.Equal(after[:len(y)], y) {
			head, tail, ok = len(x), len(y), true
		}
	}
	return head, tail, ok
}

func endsIn(words, end []string) bool {
	return len(words) >= len(end) && slices.Equal(words[len(words)-len(end):], end)
}

// fitness tells how surely a sentence is about a value, by what it says before and behind the words that are.
func (t *turn) fitness(m mention, before, after []string) fitness {
	for _, label := range m.node.words.Label { // "the sign …"
		if words := fold.Words(label); endsIn(before, words) {
			before = before[:len(before)-len(words)]
			break
		}
	}
	said, more := strings.Join(before, " "), t.m.words.unadorned(strings.Join(after, " "))
	switch {
	case t.m.words.places(before):
		return fitsBadly
	case more != "", t.m.words.unadorned(said) != "" && !t.onlyAsks(said):
		return fitsPartly
	}
	return fitsWell
}

// onlyAsks tells whether words only ask for an action, and say nothing of the matter.
func (t *turn) onlyAsks(words string) bool {
	return slices.ContainsFunc(t.m.intents.Recognise(words), func(x intent.Match) bool { return x.Whole && x.Open })
}

// places tells whether words end in one that says where something is: "near".
func (w words) places(said []string) bool {
	for size := 1; size <= min(len(said), maxTokens); size++ {
		if w.where.has(strings.Join(said[len(said)-size:], " ")) {
			return true
		}
	}
	return false
}
