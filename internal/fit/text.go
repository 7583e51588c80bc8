package fit

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/rivo/uniseg"
	"golang.org/x/text/unicode/norm"
)

// What stands between two texts of one message.
const (
	paragraph = "\n\n"
	line      = "\n"
)

// clean gives a text as it is counted and sent: valid, in NFC, with plain line ends and nothing around it.
func clean(s string) string {
	s = strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\r\n", "\n")
	return strings.TrimSpace(norm.NFC.String(s))
}

// within tells whether s has at most limit runes; 0 means no limit.
func within(s string, limit int) bool {
	if limit <= 0 || len(s) <= limit {
		return true
	}
	return len(s) <= limit*utf8.UTFMax && utf8.RuneCountInString(s) <= limit // a text far too long is not counted to its end
}

// cut shortens a label to limit runes with an ellipsis: behind a word when that leaves half of them, else between two graphemes.
func cut(s string, limit int) string {
	if within(s, limit) {
		return s
	}
	end := graphemes(s, limit-1)
	if n := breaks(s, end)[atBlank]; n >= (end+1)/2 {
		end = n
	}
	return strings.TrimRight(strings.TrimSpace(s[:end]), " ,;:–-(") + "…"
}

// split divides a text into parts of at most limit runes; 0 means no limit. Blanks at the seams go.
func split(s string, limit int) []string {
	var parts []string
	for s = strings.TrimSpace(s); !within(s, limit); {
		n := seam(s, limit)
		parts = append(parts, strings.TrimSpace(s[:n]))
		s = strings.TrimSpace(s[n:])
	}
	return append(parts, s)
}

// The places where a text may be divided, the best first.
const (
	atParagraph = iota
	atLine
	atSentence
	atBlank
	levels
)

// seam gives the place to divide s, which has more than limit runes: the best that leaves the part at least half full, else the last blank, else, in a
// word too long for any message, between two graphemes.
func seam(s string, limit int) int {
	end := offset(s, limit)
	last := breaks(s, end)
	for _, n := range last {
		if n >= (end+1)/2 {
			return n
		}
	}
	if last[atBlank] > 0 {
		return last[atBlank]
	}
	if n := graphemes(s, limit); n > 0 {
		return n
	}
	return end // one grapheme longer than a message
}

// breaks gives the last place of each level that is not behind end.
func breaks(s string, end int) (last [levels]int) {
	var before rune
	for i, r := range s {
		if i > end {
			return last
		}
		if i > 0 && divides(s[i:], r) {
			last[atBlank] = i
			switch {
			case strings.HasPrefix(s[i:], paragraph):
				last[atParagraph] = i
			case r == '\n':
				last[atLine] = i
			case strings.ContainsRune(".!?…", before):
				last[atSentence] = i
			}
		}
		before = r
	}
	return last
}

// divides tells whether a text may end before rest, which begins with r: a blank that neither glues words together nor carries a mark.
func divides(rest string, r rune) bool {
	if !unicode.IsSpace(r) || r == '\u00A0' || r == '\u202F' || r == '\u2007' {
		return false
	}
	next, _ := utf8.DecodeRuneInString(rest[utf8.RuneLen(r):])
	return !unicode.Is(unicode.M, next) && next != '\u200D' && next != '\u200C'
}

// offset gives where the n-th rune of s ends, in bytes; s has at least that many.
func offset(s string, n int) int {
	for i := range s {
		if n == 0 {
			return i
		}
		n--
	}
	return len(s)
}

// graphemes gives the length in bytes of the graphemes that fit whole into limit runes.
func graphemes(s string, limit int) int {
	end := 0
	for g := uniseg.NewGraphemes(s); g.Next(); {
		if limit -= len(g.Runes()); limit < 0 {
			break
		}
		_, end = g.Positions()
	}
	return end
}
