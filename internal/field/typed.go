package field

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Clean gives what a person typed as it may be kept and shown to others: valid UTF-8 in composed Unicode (NFC), each line break as "\n", no blanks at the ends.
// What cannot be seen is gone: control characters, marks that turn the direction of writing, and others without width, by which a text reads differently from
// what it says. The joiners of emoji and of several scripts stay. Without lines, breaks and tabs are blanks.
//
// Clean(Clean(s)) is Clean(s).
func Clean(s string, lines bool) string {
	s = strings.NewReplacer("\r\n", "\n", "\u2028", "\n", "\u2029", "\n", "\u0085", "\n").Replace(strings.ToValidUTF8(s, ""))
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			if lines {
				return r
			}
			return ' '
		case r == '\r':
			return ' '
		case hidden(r):
			return -1
		}
		return r
	}, s)
	return strings.TrimSpace(norm.NFC.String(s))
}

// hidden tells whether a character cannot be seen and is not needed by those around it.
func hidden(r rune) bool {
	switch r {
	case '\u200c', '\u200d': // ZWNJ, ZWJ: Khmer, Persian and Indic scripts, families of emoji
		return false
	case utf8.RuneError, '\u034f', '\u115f', '\u1160', '\u17b4', '\u17b5', '\u3164', '\uffa0': // fillers, which are letters to Unicode
		return true
	}
	return unicode.IsControl(r) || unicode.Is(unicode.Co, r) || unicode.Is(unicode.Noncharacter_Code_Point, r) ||
		unicode.Is(unicode.Cf, r) && !unicode.Is(unicode.Prepended_Concatenation_Mark, r)
}
