package intent

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/motcua/motcua/internal/fold"
)

// word is one word of a text.
type word struct {
	fold.Word
	start, end int  // bytes of the text
	name       bool // written with one capital, as names are
}

// accented tells whether the word was typed with diacritics.
func (w word) accented() bool { return w.Spelling != w.Folded }

const (
	codeWord   = "#code"   // stands for every tracking code
	numberWord = "#number" // stands for every number
)

// words gives the words of a text: runs of letters and digits. What looks like a tracking code is one word, and so is a number, whatever they are.
func words(text string) []word {
	var out []word
	start := -1
	for i, r := range text {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r) {
			if start < 0 {
				start = i
			}
			continue
		}
		out = appendWord(out, text, start, i)
		start = -1
	}
	return mergeCodes(text, appendWord(out, text, start, len(text)))
}

func appendWord(list []word, text string, start, end int) []word {
	if start < 0 {
		return list
	}
	for _, w := range fold.Both(text[start:end]) {
		if isNumber(w.Folded) {
			w = fold.Word{Folded: numberWord, Spelling: numberWord}
		}
		list = append(list, word{Word: w, start: start, end: end, name: isName(text[start:end])})
	}
	return list
}

// isName tells whether a word begins with its only capital.
func isName(s string) bool {
	first, size := utf8.DecodeRuneInString(s)
	return unicode.IsUpper(first) && !strings.ContainsFunc(s[size:], unicode.IsUpper)
}

func isNumber(s string) bool { return strings.Trim(s, "0123456789") == "" }

// Lengths of what looks like a code, in letters and digits.
const (
	minCode  = 7
	maxCode  = 12
	minGroup = 3 // of one group of a code that is written with blanks
)

// mergeCodes puts codeWord in the place of each run of words that looks like a code: letters mixed with digits, in one piece or in groups.
func mergeCodes(text string, list []word) []word {
	out := list[:0]
	for i := 0; i < len(list); {
		n := codeAt(text, list[i:])
		if n == 0 {
			out = append(out, list[i])
			i++
			continue
		}
		out = append(out, word{fold.Word{Folded: codeWord, Spelling: codeWord}, list[i].start, list[i+n-1].end, false})
		i += n
	}
	return out
}

// codeAt gives how many words a code takes with which list begins; 0 when there is none.
func codeAt(text string, list []word) int {
	if !isGroup(text[list[0].start:list[0].end]) {
		return 0
	}
	size, mixed, found := 0, false, 0
	for i, w := range list {
		group := text[w.start:w.end]
		if !isGroup(group) || i > 0 && !joined(text[list[i-1].end:w.start], list[i-1], w, text) {
			break
		}
		size += len(group)
		if size > maxCode {
			break
		}
		mixed = mixed || isMixed(group)
		if size >= minCode && mixed {
			found = i + 1
		}
	}
	return found
}

// joined tells whether two groups belong together: by a hyphen or a dot; by a blank only when both mix letters and digits as codes do.
func joined(gap string, a, b word, text string) bool {
	switch gap {
	case "-", "–", ".":
		return true
	case " ":
		return isMixed(text[a.start:a.end]) && isMixed(text[b.start:b.end])
	}
	return false
}

func isGroup(s string) bool {
	if len(s) < minGroup {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') {
			return false
		}
	}
	return true
}

func isMixed(s string) bool {
	return strings.ContainsAny(s, "0123456789") && strings.Trim(s, "0123456789") != ""
}

// head gives the first n runes of s.
func head(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for i := range s {
		if n == 0 {
			return s[:i]
		}
		n--
	}
	return s
}

// letters gives the folded words without blanks, a letter that is held too long once, and how many runes that is.
func letters(list []word) (string, int) {
	var b strings.Builder
	last := rune(-1)
	for _, w := range list {
		for _, r := range w.Folded {
			if r != last {
				b.WriteRune(r)
			}
			last = r
		}
	}
	s := b.String()
	return s, utf8.RuneCountInString(s)
}
