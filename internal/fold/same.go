package fold

import (
	"slices"
	"strings"
)

// Same tells whether text can stand for a properly spelt name: word for word the same spelling, or typed without diacritics. See Word.Matches.
func Same(text, name string) bool {
	a, b := Both(text), Both(name)
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !a[i].Matches(b[i]) {
			return false
		}
	}
	return len(a) > 0
}

// Begin tells whether each of the words is one of a name, or the beginning of one. Both are as Words gives them.
func Begin(words, name []string) bool {
	return !slices.ContainsFunc(words, func(word string) bool {
		return !slices.ContainsFunc(name, func(n string) bool { return strings.HasPrefix(n, word) })
	})
}
