package conversation

import (
	"slices"
	"strings"
	"unicode"

	"github.com/motcua/motcua/internal/intent"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/miniapps"
)

// mention is a value that stands within a sentence, in a form which tells it from all else (x-mention).
type mention struct {
	form          *form  // that shows what it stands for
	node          *node  // its field
	value         string // as it was written
	before, after string // the sentence around it
}

// rest is the sentence without the value.
func (m mention) rest() string { return strings.TrimSpace(m.before + " " + m.after) }

// mentions finds the values in a text that actions show which only read, each once.
func (t *turn) mentions(text string) []mention {
	if len([]rune(text)) > maxText || !strings.ContainsAny(written(text), "0123456789") {
		return nil
	}
	words := strings.Fields(written(text))
	var out []mention
	seen := map[string]bool{}
	for _, f := range t.m.offers {
		n := f.root.mentioned()
		if n == nil || !f.action.ReadOnly || !t.m.services.Available(f.ref.App) {
			continue
		}
		for _, s := range spans(words, n.words.Mention) {
			if key := lettersOf(s.value); !seen[key] && n.valid(s.value) {
				seen[key] = true
				s.form, s.node = f, n
				out = append(out, s)
			}
		}
	}
	return out
}

// spans finds the values of that form among words: each is up to maxTokens of them.
func spans(words []string, form *miniapps.Mention) []mention {
	var out []mention
	for i := range words {
		for size := 1; size <= maxTokens && i+size <= len(words); size++ {
			value := strings.Trim(strings.Join(words[i:i+size], " "), aroundCodes)
			if !form.Fits(value) {
				continue
			}
			out = append(out, mention{value: value, before: strings.Join(words[:i], " "), after: strings.ReplaceAll(strings.Join(words[i+size:], " "), value, "")})
		}
	}
	return out
}

// aroundCodes are the signs that cling to a code in a sentence.
const aroundCodes = ` .,;:!?"'()[]“”‘’`

// lettersOf gives the letters and digits of a code: what is the same however it is grouped.
func lettersOf(code string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			return -1
		}
		return unicode.ToUpper(r)
	}, code)
}

// mentioned gives the field whose values are found within sentences; nil when there is none.
func (n *node) mentioned() *node {
	i := slices.IndexFunc(n.children, func(c *node) bool { return c.words.Mention != nil && c.askable() && !c.words.Secret })
	if i < 0 {
		return nil
	}
	return n.children[i]
}

// mention gives the one value that a text mentions; false when there is none, or it may be either of several.
func (t *turn) mention(text string) (mention, bool) {
	found := t.mentions(text)
	if len(found) != 1 {
		return mention{}, false
	}
	return found[0], true
}

// unmentioned gives a text without the one value that it mentions.
func (t *turn) unmentioned(text string) string {
	if m, ok := t.mention(text); ok {
		return m.rest()
	}
	return text
}

// takeMention takes the one value that a text mentions as that of the draft's field for such values. It gives the name of what it is.
func (t *turn) takeMention(text string) []string {
	n := t.form.root.mentioned()
	if n == nil {
		return nil
	}
	m, ok := t.mention(text)
	if _, known := t.known(n.name); !ok || known || !n.valid(m.value) || !t.set(n.name, m.value) {
		return nil
	}
	t.s.Draft.Opened = add(t.s.Draft.Opened, n.name)
	return []string{t.name(n)}
}

// wantsMentioned opens what a sentence asks for that mentions a value: what is to be done about the value itself, what the rest of the sentence asks for, or
// what the value stands for when the rest asks for nothing. It is false when the sentence is to be understood as any other.
func (t *turn) wantsMentioned(text string) bool {
	found := t.mentions(text)
	if len(found) == 0 || t.s.Held != nil && len(t.actions(t.unmentioned(text))) == 0 {
		return false
	}
	m := found[0]
	if len(found) > 1 { // the action asks which
		if !isSure(t.actions(text)) {
			t.start(m.form.ref, opening{text: text})
		}
		return t.s.Draft != nil
	}
	others := t.likely(t.besides(m))
	about, fit := t.about(m)
	switch {
	case about == nil, fit == fitsBadly, isSure(others) && others[0].Whole:
		t.wantsRest(m, others, text)
	case fit == fitsWell, !isSure(others):
		t.start(about.ref, opening{text: text})
	default:
		t.askWhich(append([]Ref{about.ref}, refsOf(others)...), text)
	}
	return true
}

func isSure(matches []intent.Match) bool { return len(matches) > 0 && matches[0].Score >= sure }

// besides gives the actions that the rest of a sentence asks for, without those that want another code, and those of the same service that show something but
// cannot be told of the value: what shows the value itself tells more.
func (t *turn) besides(m mention) []intent.Match {
	return slices.DeleteFunc(t.actions(m.rest()), func(x intent.Match) bool {
		f := t.m.forms[refOf(x.Intent)]
		switch {
		case !f.action.ReadOnly, f.root.takes(kindPlace), f == m.form:
			return false
		case f.ref.App == m.form.ref.App:
			return true
		}
		return slices.ContainsFunc(f.root.children, func(n *node) bool { return n.required && n.pattern != nil && !n.valid(m.value) })
	})
}

// wantsRest opens what the rest of a sentence asks for.
func (t *turn) wantsRest(m mention, others []intent.Match, text string) {
	switch long := len([]rune(m.rest())) >= t.m.rules.LongText; {
	case len(others) == 1 && isSure(others):
		t.start(refOf(others[0].Intent), opening{text: text})
	case len(others) > 0:
		refs := refsOf(others)
		if !slices.Contains(refs, m.form.ref) {
			refs = append(refs, m.form.ref)
		}
		t.askWhich(refs, text)
	case long && t.report() != nil:
		t.askWhich([]Ref{t.report().ref, m.form.ref}, text)
	default:
		t.speaks(m.lang())
		t.start(m.form.ref, opening{text: text})
	}
}

// likely leaves out, of actions that words may not have asked for, those that have nothing to do with a place: of a sentence that names one they are the less likely.
func (t *turn) likely(others []intent.Match) []intent.Match {
	if isSure(others) {
		return others
	}
	return slices.DeleteFunc(others, func(x intent.Match) bool { return !t.m.forms[refOf(x.Intent)].root.takes(kindPlace) })
}

// lang is the language in which the sentence calls the value what it is; "" when it does not.
func (m mention) lang() message.Lang {
	rest := plain(m.rest())
	for _, lang := range []message.Lang{message.Vietnamese, message.English} {
		if label := plain(m.node.words.Label[lang]); within(label, rest) {
			return lang
		}
	}
	return ""
}
