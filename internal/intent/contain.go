package intent

import (
	"strings"

	"github.com/motcua/motcua/internal/message"
)

// contained finds phrases inside a text, word by word.
type contained struct {
	phrases map[string][]inner // folded words with blanks between
	longest int                // in words
	owners  map[string]string  // word → the one intent in whose phrases it is; "" of several
}

type inner struct {
	intent string
	lang   message.Lang
	size   int // in words
}

// found is a phrase in a text, from one word to before another.
type found struct {
	inner
	from, to int
}

func newContained() *contained {
	return &contained{phrases: map[string][]inner{}, owners: map[string]string{}}
}

func (c *contained) learn(p Phrase, list []word) {
	key := folded(list)
	c.phrases[key] = append(c.phrases[key], inner{p.Intent, p.Lang, len(list)})
	c.longest = max(c.longest, len(list))
	for _, w := range list {
		if owner, ok := c.owners[w.Folded]; ok && owner != p.Intent {
			c.owners[w.Folded] = ""
			continue
		}
		c.owners[w.Folded] = p.Intent
	}
}

// in gives all phrases in the text.
func (c *contained) in(list []word) []found {
	var out []found
	var key strings.Builder
	for i := range list {
		key.Reset()
		for n := 1; n <= min(c.longest, len(list)-i); n++ {
			if n > 1 {
				key.WriteByte(' ')
			}
			key.WriteString(list[i+n-1].Folded)
			for _, p := range c.phrases[key.String()] {
				out = append(out, found{p, i, i + n})
			}
		}
	}
	return out
}
