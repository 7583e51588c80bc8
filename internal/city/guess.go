package city

import (
	"cmp"
	"slices"

	"github.com/motcua/motcua/internal/fold"
)

// maxGuess is how much of a text is read to guess its category, in runes. What a report is about is said at its start.
const maxGuess = 2000

// maxGuesses is how many categories GuessCategory gives at most.
const maxGuesses = 5

// keywords finds keywords by the folded form of their first word.
type keywords map[string][]*keyword

type keyword struct {
	words    []fold.Word
	category int
}

// newKeywords indexes the keywords of all categories.
func newKeywords(categories []Category) keywords {
	index := keywords{}
	for i, c := range categories {
		for _, list := range c.Keywords {
			for _, phrase := range list {
				words := fold.Both(phrase)
				if len(words) == 0 {
					continue
				}
				first := words[0].Folded
				index[first] = append(index[first], &keyword{words: words, category: i})
			}
		}
	}
	return index
}

// GuessCategory gives the categories that the text of a report seems to be about, the likeliest first, at most five; nil when nothing points to any.
// At most 2,000 runes are read. Words may be typed without diacritics, but then only keywords of several words count: "cho" alone is a dog or "for".
func (c *City) GuessCategory(text string) []Category {
	words := fold.Both(head(text, maxGuess))
	scores := map[int]int{}
	seen := map[*keyword]bool{} // a phrase that is repeated proves no more than one
	for i, w := range words {
		for _, k := range c.keywords[w.Folded] {
			if !seen[k] && k.at(words[i:]) {
				seen[k] = true
				scores[k.category] += len(k.words) * len(k.words) // a longer phrase says far more than a word
			}
		}
	}
	return c.ranked(scores)
}

// at tells whether words begin with the keyword.
func (k *keyword) at(words []fold.Word) bool {
	if len(words) < len(k.words) {
		return false
	}
	if len(k.words) == 1 {
		return words[0].Spelling == k.words[0].Spelling
	}
	for i, want := range k.words {
		if !words[i].Matches(want) {
			return false
		}
	}
	return true
}

// ranked gives the categories with a score, highest first, equal ones in the order to show them.
func (c *City) ranked(scores map[int]int) []Category {
	order := make([]int, 0, len(scores))
	for i := range scores {
		order = append(order, i)
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Or(cmp.Compare(scores[b], scores[a]), cmp.Compare(a, b)) })
	order = order[:min(len(order), maxGuesses)]
	var out []Category
	for _, i := range order {
		out = append(out, c.categories[i])
	}
	return out
}

// head gives the first n runes of s.
func head(s string, n int) string {
	for i := range s {
		if n == 0 {
			return s[:i]
		}
		n--
	}
	return s
}
