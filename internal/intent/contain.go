package intent

import (
	"strings"

	"github.com/motcua/motcua/internal/message"
)

// contained finds phrases inside a text, word by word.
type contained struct {
	phrases map[string][]inner // folded words with blanks between
	longest int                // in words
}

type inner struct {
	intent string
	lang   message.Lang
	size   int // in words
}

func newContained() *contained {
	return &contained{phrases: map[string][]inner{}}
}

func (c *contained) learn(p Phrase, list []word) {
	key := join(list)
	c.phrases[key] = append(c.phrases[key], inner{p.Intent, p.Lang, len(list)})
	c.longest = max(c.longest, len(list))
}

// found is a phrase in a text, from one word to before another.
type found struct {
	inner
	from, to int
}

// in gives all phrases in the text.
func (c *contained) in(list []word) []found {
	var out []found
	for i := range list {
		var key strings.Builder
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
