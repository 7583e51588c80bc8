package registry

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// line gives a text of one line in composed Unicode, each run of blanks as one, none at the ends. Line breaks inside stay, to be refused.
func line(s string) string {
	s = norm.NFC.String(strings.TrimSpace(s))
	var b strings.Builder
	b.Grow(len(s))
	blank := false
	for _, r := range s {
		if unicode.Is(unicode.Zs, r) {
			blank = true
			continue
		}
		if blank {
			b.WriteByte(' ')
			blank = false
		}
		b.WriteRune(r)
	}
	return b.String()
}

// prose gives a text of several lines in composed Unicode, with plain line breaks.
func prose(s string) string {
	return norm.NFC.String(strings.TrimSpace(strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(s)))
}

// badRune gives the first character that must not be shown: what controls a terminal, turns the direction of writing, or stands for nothing.
// Characters without width are bad in names, where nobody sees them, and needed in the texts of some languages.
func badRune(s string, several bool) (rune, bool) {
	for _, r := range s {
		switch {
		case r == '\n' && several:
		case unicode.IsControl(r), r == utf8.RuneError, r == '\ufeff', unicode.Is(unicode.Co, r), unicode.Is(unicode.Bidi_Control, r):
			return r, true
		case !several && (unicode.Is(unicode.Cf, r) || r == '\u2028' || r == '\u2029'):
			return r, true
		}
	}
	return 0, false
}

func runeName(r rune) string { return fmt.Sprintf("U+%04X", r) }

var (
	// tagRE finds what a browser would take for a tag or for a character reference.
	tagRE = regexp.MustCompile(`<[A-Za-z/!?]|&(?:[A-Za-z][A-Za-z0-9]{1,31}|#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6});`)
	// garbledRE finds Vietnamese letters in UTF-8 that were read as Windows-1252 and stored once more.
	garbledRE = regexp.MustCompile("áº|Ä‘|Æ°|Æ¡|á»[\u0080-\u00bf\u0152-\u0192\u02c6\u02dc\u2013-\u203a\u20ac\u2122]")
)

func length(s string) int { return utf8.RuneCountInString(s) }
