// Package clip shortens a text that is too long for where it goes.
//
// It divides between words, never inside a letter. It does not know what the limit is: whoever sends measures.
package clip

import (
	"sort"
	"strings"
	"unicode"

	"github.com/rivo/uniseg"
)

// more stands where something was left out.
const more = "…"

// Text gives the longest beginning of s that fits, ended at a word with "…", or s itself when it does. fits must say no to whatever is longer than what it
// says no to. ok is false when not even one letter fits.
func Text(s string, fits func(string) bool) (short string, ok bool) {
	if fits(s) {
		return s, true
	}
	ends := letters(s)
	n := sort.Search(len(ends), func(i int) bool { return !fits(trimmed(s[:ends[i]])) })
	if n == 0 {
		return "", false
	}
	whole := s[:ends[n-1]]
	if at := strings.LastIndexFunc(whole, unicode.IsSpace); at > len(whole)/2 && !spaceAt(s, len(whole)) {
		whole = whole[:at]
	}
	return trimmed(whole), true
}

// letters gives where each letter of s ends, as a person sees them.
func letters(s string) []int {
	var ends []int
	for g := uniseg.NewGraphemes(s); g.Next(); {
		_, end := g.Positions()
		ends = append(ends, end)
	}
	return ends
}

func trimmed(s string) string { return strings.TrimRightFunc(s, unicode.IsSpace) + more }

// spaceAt tells whether a word ends at byte i of s.
func spaceAt(s string, i int) bool {
	return strings.IndexFunc(s[i:], unicode.IsSpace) == 0
}
