package intake

import (
	"strings"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/fold"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/miniapps/signs/registry"
)

// Texts puts keys of the catalogues into words; *locale.Catalogue is one.
type Texts interface {
	Text(lang message.Lang, key string, params map[string]any) string
}

// words are the words of all closed lists that a list may be written in.
type words struct{ sides, conditions, kinds, states lexicon }

func newWords(t Texts) words {
	return words{
		sides:      newLexicon(t, registry.Sides(), "signs.side.", "signpage.side."),
		conditions: newLexicon(t, registry.Conditions(), "signs.condition.", "signpage.condition."),
		kinds:      newLexicon(t, []registry.StoryKind{registry.Street, registry.Work}, "signpage.kind."),
		states:     newLexicon(t, []registry.State{registry.Draft, registry.Approved}, "signs.state."),
	}
}

// explain tells in reasons which words a closed list has, beside its values.
func (w *words) explain(fields []fault.Field) []fault.Field {
	for i, f := range fields {
		for key, l := range map[string]lexicon{"side": w.sides, "condition": w.conditions, "kind": w.kinds, "state": w.states} {
			if f.Key == faults+key && l.allowed != "" {
				fields[i].Params = map[string]any{"allowed": l.allowed}
			}
		}
	}
	return fields
}

// lexicon reads the values of one closed list: by their own names in either case of letters, and by the Vietnamese words that the catalogues show them with.
// The zero lexicon knows none, and gives back what it reads.
type lexicon struct {
	values  map[string]string // by spelling; "" for a word that several values have
	allowed string            // the values, each with its first word: "left (trái), right (phải)"
}

// newLexicon gathers the words of values from topics of the catalogues: a text counts as a whole, and so does each of its parts between commas. A word may be
// written with its diacritics or with none at all. What two values have in common says nothing.
func newLexicon[T ~string](t Texts, values []T, topics ...string) lexicon {
	l := lexicon{values: map[string]string{}}
	for _, v := range values {
		l.values[string(v)] = string(v)
	}
	if t == nil {
		return l
	}
	var allowed []string
	for _, v := range values {
		first := ""
		for _, topic := range topics {
			text := t.Text(message.Vietnamese, topic+string(v), map[string]any{"revision": ""})
			if text == topic+string(v) { // there is none
				continue
			}
			parts := strings.Split(text, ",")
			if first == "" {
				first = strings.ToLower(strings.TrimSpace(parts[0]))
			}
			for _, word := range append(parts, text) {
				l.add(word, string(v))
			}
		}
		if first != "" {
			first = " (" + first + ")"
		}
		allowed = append(allowed, string(v)+first)
	}
	l.allowed = strings.Join(allowed, ", ")
	return l
}

// add takes a word of a value.
func (l lexicon) add(word, value string) {
	for _, s := range [...]string{fold.Spelling(word), fold.Text(word)} {
		held, known := l.values[s]
		switch {
		case !known:
			l.values[s] = value
		case held != value && held != s: // a value's own name is never anything else
			l.values[s] = ""
		}
	}
}

// read gives the value that a cell says; what is none comes back as it is.
func (l lexicon) read(cell string) string {
	if v := l.values[fold.Spelling(cell)]; v != "" {
		return v
	}
	return cell
}
