package conversation

import (
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// written gives a text as it is compared with the forms of codes: full-width signs are plain ones, dashes of all kinds are hyphens, any white space is a blank,
// and what cannot be seen, which comes along with copied text, is gone.
func written(text string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		switch {
		case unicode.Is(unicode.Pd, r), r == '\u2212': // the sign for minus is no dash to Unicode
			return '-'
		case unicode.Is(unicode.Cf, r):
			return -1
		case unicode.IsSpace(r):
			return ' '
		}
		return r
	}, norm.NFKC.String(text)))
}

// codes finds what has the form of a code: it must match from beginning to end, and be written as codes are, for a pattern often fits plain words too. The
// fewest words written apart win.
func (r reader) codes(n *node, sentence string) []any {
	if !n.whole() {
		return nil
	}
	if r.isCode(n, sentence) {
		v, _ := r.code(n, written(sentence))
		return []any{v}
	}
	tokens := strings.Fields(written(sentence))
	for i, t := range tokens {
		tokens[i] = strings.Trim(t, `.,;:!?"'()[]“”‘’`)
	}
	for size := 1; size <= maxTokens; size++ {
		var found []any
		for i := 0; i+size <= len(tokens); i++ {
			s := strings.Join(tokens[i:i+size], " ")
			if v, ok := r.code(n, s); codelike(s) && ok && !slices.Contains(found, v) {
				found = append(found, v)
			}
		}
		if len(found) > 0 {
			return found
		}
	}
	return nil
}

// code gives the value that a text stands for which is written as the pattern wants it, or in another spelling that is hardly anything but a code.
func (r reader) code(n *node, text string) (any, bool) {
	if n.valid(text) {
		return text, true
	}
	if !grouped(text) {
		return nil, false
	}
	return r.read(n, text)
}

// whole tells whether the pattern is about the text from beginning to end.
func (n *node) whole() bool {
	p := n.pattern.String()
	return strings.HasPrefix(p, "^") && strings.HasSuffix(p, "$")
}

// codelike tells whether a text may be a code and not a word: it holds a digit, or capitals in groups.
func codelike(s string) bool {
	return strings.ContainsAny(s, "0123456789") || strings.Contains(s, "-") && strings.ToUpper(s) == s
}

// maxPrefix is how many letters may stand before the first group of a code: "HP 00572 4".
const maxPrefix = 4

// grouped tells whether a text is one word, or groups that each hold a digit behind at most a short one of letters. Words around a number, as in an address
// without diacritics ("nha 15 lach tray"), are no groups.
func grouped(text string) bool {
	words := strings.Fields(text)
	for i, w := range words {
		letters := strings.ContainsFunc(w, unicode.IsLetter)
		if len(words) > 1 && letters && !strings.ContainsAny(w, "0123456789") && (i > 0 || len(w) > maxPrefix) {
			return false
		}
	}
	return true
}

// isCode tells whether a text is a code of that form and nothing else.
func (r reader) isCode(n *node, text string) bool {
	text = written(text)
	if n.pattern == nil || !n.whole() || !codelike(text) || !strings.ContainsFunc(text, unicode.IsLetter) {
		return false
	}
	_, ok := r.code(n, text)
	return ok
}

// showers gives the actions that show what a code stands for, when a text is such a code and nothing else: those that want it as it is written, else those that
// know it in another spelling.
func (t *turn) showers(text string) []Ref {
	var close, exact []Ref
	for _, f := range t.m.offers {
		if !f.action.ReadOnly || !t.m.services.Available(f.ref.App) {
			continue
		}
		i := slices.IndexFunc(f.root.children, func(n *node) bool { return t.reader().isCode(n, text) })
		if i < 0 {
			continue
		}
		close = append(close, f.ref)
		if f.root.children[i].valid(written(text)) {
			exact = append(exact, f.ref)
		}
	}
	if len(exact) > 0 {
		return exact
	}
	return close
}

// startsByCode opens the action that shows what a code stands for, when a text is such a code and nothing else; of several it asks which. It is false when
// none does.
func (t *turn) startsByCode(text string) bool {
	found := t.showers(text)
	switch len(found) {
	case 0:
		return false
	case 1:
		t.s.Held = nil
		t.start(found[0], opening{text: text})
	default:
		t.askWhich(found, text)
	}
	return true
}

// takesCode takes a code that was given unasked as the value of the draft that has such a form and is not known yet. It is false when there is none.
func (t *turn) takesCode(text string) bool {
	if t.s.Draft.Sent != nil {
		return false
	}
	for _, n := range t.form.root.children {
		_, known := t.known(n.name)
		if known || n.words.Sensitive || !n.askable() || !t.reader().isCode(n, text) || t.twins(n) {
			continue
		}
		if v, ok := t.reader().code(n, written(text)); ok && t.set(n.name, v) {
			t.sayGot([]string{t.name(n)})
			t.advance()
			return true
		}
	}
	return false
}

// leavesForCode asks whether to leave the draft for what a code stands for that was given instead of an answer. It is false when a text is no such code.
func (t *turn) leavesForCode(text string) bool {
	if n := t.node(t.askedPath()); n != nil && n.words.Secret || !grouped(written(text)) {
		return false
	}
	if _, is := linkCode(text); is && t.signsIn() {
		return false // another try at the code that is asked for
	}
	found := t.showers(text)
	switch {
	case len(found) != 1:
		return false
	case !t.isAt(found[0]):
		t.leaveFor(found, text)
	case t.at(askLeave): // it was asked for, and then something else
		t.shows(found[0], text)
	default:
		return false
	}
	return true
}

// codeElsewhere is leavesForCode for a text that was given as an answer to the question for n. A text that has the form which that question wants is the answer.
func (t *turn) codeElsewhere(text string, n *node) bool {
	switch n.kind {
	case kindChoice, kindRemote, kindBool, kindObject, kindList: // are looked up first
		return false
	case kindText, kindAny, kindPlace: // take any text
		if n.pattern == nil {
			return grouped(written(text)) && !n.words.Secret && t.takesCode(text) || t.leavesForCode(text)
		}
	}
	_, fits := t.reader().read(n, text)
	return !fits && t.leavesForCode(text)
}
