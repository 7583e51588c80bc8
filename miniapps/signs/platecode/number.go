package platecode

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/motcua/motcua/internal/checkdigit"
)

// MaxNumber is the highest plate number.
const MaxNumber = 999_999

const (
	numberDigits = 5 // that are always printed, beside the check digit
	maxDigits    = 7 // six of MaxNumber and the check digit
)

// Numbers is the form of a city's plate numbers: "HP-00123-7" is plate 123 of prefix HP.
//
// The last digit is Damm's check digit (H. M. Damm, Total anti-symmetrische Quasigruppen, Marburg 2004). It catches every single wrong digit and every swap of two
// neighbours, which ISO 7064 MOD 11,10 does not quite; and zeros in front do not change it, so that "HP 123-7" says the same. One of ten other mistakes passes.
type Numbers struct{ prefix string }

// NewNumbers takes the prefix that the city prints before its numbers: one to four letters from A to Z, in either case.
func NewNumbers(prefix string) (Numbers, error) {
	prefix = strings.ToUpper(prefix)
	if len(prefix) < 1 || len(prefix) > 4 || strings.Trim(prefix, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
		return Numbers{}, errors.New("platecode: the prefix of plate numbers must be one to four letters from A to Z")
	}
	return Numbers{prefix}, nil
}

// Prefix gives the letters before the number.
func (n Numbers) Prefix() string { return n.prefix }

// Format gives a number as it is printed. It is "" for a number that is not from 1 to MaxNumber.
func (n Numbers) Format(number int) string {
	if number < 1 || number > MaxNumber {
		return ""
	}
	digits := fmt.Sprintf("%0*d", numberDigits, number)
	return n.prefix + "-" + digits + "-" + string(rune('0'+checkdigit.Damm(digits)))
}

// Parse reads a whole text that is a plate number: "hp00123-7", "HP 123 7", "HP–00123–7" in full-width digits. Without the prefix it must stand as printed,
// "00123-7", so that no house number and no one-time password is taken for a plate. False means that it is none, or mistyped.
func (n Numbers) Parse(s string) (int, bool) {
	t, prefixed := n.cut(s)
	if !prefixed {
		return bare(t)
	}
	return checked(digitsIn(t))
}

// Resembles tells whether a whole text has the prefix and digits as a plate number has them, whatever its check digit says: somebody means a plate and may have
// mistyped its number.
func (n Numbers) Resembles(s string) bool {
	t, prefixed := n.cut(s)
	return prefixed && digitsIn(t) != ""
}

// cut takes the prefix off a text, and tells whether it was there. A text that is too long is "".
func (n Numbers) cut(s string) (rest string, prefixed bool) {
	if len(s) > maxTyped {
		return "", false
	}
	return strings.CutPrefix(strings.ToUpper(strings.TrimFunc(norm.NFKC.String(s), between)), n.prefix)
}

// digitsIn gives the digits of a text that holds nothing else but marks between them; "" for any other, and for more digits than a number has.
func digitsIn(s string) string {
	digits := make([]byte, 0, maxDigits)
	for _, r := range s {
		switch {
		case isDigit(r) && len(digits) < maxDigits:
			digits = append(digits, byte(r))
		case !between(r) && r != '.':
			return ""
		}
	}
	return string(digits)
}

// bare reads a number without its prefix.
func bare(s string) (int, bool) {
	number, rest := digitsOf(s)
	check := strings.TrimLeftFunc(rest, dash)
	if check == rest || len(check) != 1 || !isDigit(rune(check[0])) || !printed(number+check) {
		return 0, false
	}
	return checked(number + check)
}

// find looks for the first plate number in a text in NFKC, with its prefix at the beginning of a word. Where the digits can be read as two different plates
// ("HP 1237 2 …") it gives none: asking again is better than a wrong street.
func (n Numbers) find(text string) (int, bool) {
	before := ' '
	for i, r := range text {
		if !wordRune(before) && len(text)-i > len(n.prefix) && strings.EqualFold(text[i:i+len(n.prefix)], n.prefix) {
			if number, ok := leading(text[i+len(n.prefix):]); ok {
				return number, true
			}
		}
		before = r
	}
	return 0, false
}

// leading reads the number at the beginning of s: one group of digits, or one and after it a single digit.
func leading(s string) (int, bool) {
	first, rest := digitsOf(strings.TrimLeftFunc(s, between))
	last, rest2 := digitsOf(strings.TrimLeftFunc(rest, between))
	short, okShort := checked(first)
	okShort = okShort && endsWord(rest) && (last == "" || strings.TrimLeftFunc(rest, dash) == rest) // a digit after a hyphen belongs to it
	long, okLong := 0, false
	if len(last) == 1 && rest != "" && endsWord(rest2) {
		long, okLong = checked(first + last)
	}
	switch {
	case okShort && !okLong:
		return short, true
	case okLong && (!okShort || printed(first+last)):
		return long, true
	case okShort && printed(first):
		return short, true
	}
	return 0, false
}

// printed tells whether digits stand as Format prints them, the check digit included.
func printed(digits string) bool {
	return len(digits) == numberDigits+1 || len(digits) == maxDigits && digits[0] != '0'
}

// checked gives the number of digits whose last is the right check digit.
func checked(digits string) (int, bool) {
	if len(digits) < 2 || len(digits) > maxDigits || checkdigit.Damm(digits) != 0 {
		return 0, false
	}
	number, err := strconv.Atoi(digits[:len(digits)-1])
	return number, err == nil && number > 0
}

// digitsOf cuts the digits at the beginning of s off.
func digitsOf(s string) (digits, rest string) {
	end := strings.IndexFunc(s, func(r rune) bool { return !isDigit(r) })
	if end < 0 {
		end = len(s)
	}
	return s[:end], s[end:]
}

// endsWord tells whether a number may end before rest.
func endsWord(rest string) bool {
	for _, r := range rest {
		return !wordRune(r)
	}
	return true
}

func dash(r rune) bool { return unicode.Is(unicode.Pd, r) || r == '\u2212' }

func isDigit(r rune) bool { return r >= '0' && r <= '9' }

func wordRune(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r) }
