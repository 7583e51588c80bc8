package casework

import (
	"crypto/sha256"
	"fmt"
	"strings"

	"github.com/motcua/motcua/internal/fault"
)

// Code is a tracking code in its stored form: eight characters of Crockford's base 32 and a check character, "7K39QMX2B".
// It says nothing about who made the case; 40 bits make a guess hopeless while the edge limits tries.
type Code string

const (
	codeDigits  = 8
	maxCodeText = 32 // bytes that ParseCode looks at
	alphabet    = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
)

// Grouped gives the code as people read it: "7K3-9QM-X2B".
func (c Code) Grouped() string {
	if len(c) != codeDigits+1 {
		return string(c)
	}
	return string(c[:3] + "-" + c[3:6] + "-" + c[6:])
}

// ParseCode reads a code as a person typed it: in either case, with blanks, hyphens or dots, with o for 0 and i or l for 1.
// INVALID when it is not one or the check character does not fit, which every single wrong character and every exchange of two shows.
func ParseCode(text string) (Code, error) {
	bad := fault.New(fault.Invalid, "casework.bad_code")
	if len(text) > maxCodeText {
		return "", bad
	}
	digits := make([]byte, 0, codeDigits+1)
	for _, r := range strings.ToUpper(text) {
		d, ok := digit(r)
		if !ok {
			if strings.ContainsRune(" -–.\u00a0", r) {
				continue
			}
			return "", bad
		}
		digits = append(digits, d)
	}
	if len(digits) != codeDigits+1 || check(digits[:codeDigits]) != digits[codeDigits] {
		return "", bad
	}
	return spell(digits), nil
}

// candidate derives the n-th code to try for a scope, so that a repeat of the same request tries the same codes in the same order.
func candidate(scope string, n int) Code {
	h := sha256.Sum256(fmt.Appendf(nil, "motcua code\x00%s\x00%d", scope, n))
	digits := make([]byte, codeDigits, codeDigits+1)
	for i := range digits {
		digits[i] = h[i] & 31
	}
	return spell(append(digits, check(digits)))
}

// check weighs the i-th digit with the (i+1)-th power of a primitive element of GF(32) and adds. All weights differ, as they do in
// ISBN-10, so one wrong digit or two exchanged ones always change the sum; and the result is a letter of the same alphabet.
func check(digits []byte) byte {
	var sum byte
	for i := len(digits) - 1; i >= 0; i-- {
		sum = (sum ^ digits[i]) << 1
		if sum&32 != 0 {
			sum ^= 0b100101 // x⁵ + x² + 1
		}
	}
	return sum
}

func digit(r rune) (byte, bool) {
	switch r {
	case 'O':
		return 0, true
	case 'I', 'L':
		return 1, true
	}
	i := strings.IndexRune(alphabet, r)
	if i < 0 {
		return 0, false
	}
	return byte(i), true
}

func spell(digits []byte) Code {
	out := make([]byte, len(digits))
	for i, d := range digits {
		out[i] = alphabet[d]
	}
	return Code(out)
}
