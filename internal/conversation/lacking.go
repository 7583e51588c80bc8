package conversation

import (
	"slices"
	"strings"
	"unicode"

	"github.com/motcua/motcua/internal/intent"
)

// maxLacking is how many signs a text may lack of a code to be taken for the beginning of one.
const maxLacking = 3

// mended gives the matches of a text in order when it is the beginning of a code: to a recogniser the codes of all services look alike, so it may know one by
// the example of another. The one whose form lacks least is meant; what begins none stays as it was understood.
func (t *turn) mended(text string, matches []intent.Match) []intent.Match {
	word := written(text)
	if len(matches) == 0 || strings.ContainsRune(word, ' ') || !codelike(word) || !strings.ContainsFunc(word, unicode.IsLetter) {
		return matches
	}
	f := t.m.forms[refOf(matches[0].Intent)]
	if f == nil || !f.action.ReadOnly || !slices.ContainsFunc(f.root.children, func(n *node) bool { return n.pattern != nil && n.whole() }) {
		return matches
	}
	for lacks := range maxLacking + 1 {
		switch found := t.showers(word + strings.Repeat("0", lacks)); len(found) {
		case 0:
		case 1:
			best := matches[0]
			best.Intent = found[0].String()
			return []intent.Match{best}
		default:
			return matches
		}
	}
	return matches
}
