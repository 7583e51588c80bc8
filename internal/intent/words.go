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
	mended     bool // not as it was typed
}

// accented tells whether the word was typed with diacritics.
func (w word) accented() bool { return w.Spelling != w.Folded }

const (
	codeWord   = "#code"   // stands for every tracking code
	numberWord = "#number" // stands for every number
)

// words gives the words of a text: runs of letters and digits. What looks like a tracking code is one word. Codes are all the same word, and so are
// numbers.
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
		if strings.Trim(w.Folded, digits) == "" {
			w = fold.Word{Folded: numberWord, Spelling: numberWord}
		}
		list = append(list, word{Word: w, start: start, end: end, name: isName(text[start:end])})
	}
	return list
}

const digits = "0123456789"

// isName tells whether a word begins with its only capital.
func isName(s string) bool {
	first, size := utf8.DecodeRuneInString(s)
	return unicode.IsUpper(first) && !strings.ContainsFunc(s[size:], unicode.IsUpper)
}

// Lengths of what looks like a code, in letters and digits.
const (
	minCode  = 7
	maxCode  = 12
	minGroup = 3 // of one group of a code
)

// mergeCodes puts codeWord in the place of what looks like a code: letters mixed with digits, in one piece or in groups.
func mergeCodes(text string, list []word) []word {
	out := list[:0]
	for i := 0; i < len(list); {
		n := codeAt(text, list[i:])
		if n == 0 {
			out = append(out, list[i])
			i++
			continue
		}
		out = append(out, word{Word: fold.Word{Folded: codeWord, Spelling: codeWord}, start: list[i].start, end: list[i+n-1].end})
		i += n
	}
	return out
}

// codeAt gives how many words the code takes with which list begins; 0 when there is none.
func codeAt(text string, list []word) int {
	size, mixed, taken := 0, false, 0
	for i, w := range list {
		group := text[w.start:w.end]
		if !isGroup(group) || i > 0 && !joined(text, list[i-1], w) {
			break
		}
		size += len(group)
		mixed = mixed || isMixed(group)
		if size > maxCode {
			break
		}
		if size >= minCode && mixed {
			taken = i + 1
		}
	}
	return taken
}

// joined tells whether two groups belong together: by a hyphen or a dot; by a blank only when both mix letters and digits.
func joined(text string, a, b word) bool {
	if a.end > b.start {
		return false // two words of one piece
	}
	switch text[a.end:b.start] {
	case "-", "–", ".":
		return true
	case " ":
		return isMixed(text[a.start:a.end]) && isMixed(text[b.start:b.end])
	}
	return false
}

// isGroup tells whether s is plain letters and digits, enough of them for a group of a code.
func isGroup(s string) bool {
	for i := range len(s) {
		c := s[i] | 0x20 // lower case
		if (s[i] < '0' || s[i] > '9') && (c < 'a' || c > 'z') {
			return false
		}
	}
	return len(s) >= minGroup
}

func isMixed(s string) bool { return strings.ContainsAny(s, digits) && strings.Trim(s, digits) != "" }

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

// folded gives the folded words with blanks between.
func folded(list []word) string { return join(list, func(w word) string { return w.Folded }) }

// spelt gives the words as they are spelt, with blanks between.
func spelt(list []word) string { return join(list, func(w word) string { return w.Spelling }) }

func join(list []word, form func(word) string) string {
	if len(list) == 1 {
		return form(list[0])
	}
	var b strings.Builder
	for i, w := range list {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(form(w))
	}
	return b.String()
}
