// Package platecode makes and reads what is printed on a street sign's plate: the code inside its QR code, the address that carries the code, and the short
// number that people read out or type.
//
// It is pure: it does not know which codes were issued, what a plate stands for, or who scans it. A code that it accepts was made with the city's keys; only the
// registry knows whether that one was printed, replaced or revoked.
package platecode

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base32"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Code is a plate's code in its one spelling: 13 signs of Crockford's base 32, upper case, without hyphens (crockford.com/base32.html).
type Code string

// Keys gives keyed hashes; *secret.Box does, with HMAC-SHA-256. Its keys for indexes are the ones to use: each stays in the keyset for good when the next one comes
// into use, and the hash is the same each time, so a plate that was printed ten years ago still reads.
type Keys interface {
	Index(context, value string) string
	Indexes(context, value string) []string
}

// What a code is made of, 65 bits in 13 signs:
//
//   - 30 random bits, six signs. They need not be secret, only different: of 100,000 plates about five get the bits of another and are minted again, which the
//     registry sees when it claims the code; of 2,800 plates none, most likely (99.6 %).
//   - 35 bits of HMAC-SHA-256 over them, seven signs. An invented code passes with probability 2^-35, so one of 10^9 guesses does with 3 %: they would take over
//     three months at 100 a second, and nobody can try them at home. What passes must also have been issued: with 100,000 plates out, one of 10^9 guesses opens
//     a plate with probability 10^9 × 10^5 / 2^65, 3 in a million.
//
// A keyset with k index keys multiplies both by k. Fewer signs would hardly make plates smaller: at error correction H an address of up to 35 signs fits a QR code
// of 29 modules, one of up to 50 fits 33 modules (ISO/IEC 18004, table 7), and the address of a city's own domain needs the latter with 10 signs as with 13.
const (
	bodySigns  = 6
	checkSigns = 7
	signs      = bodySigns + checkSigns
	bodyBits   = 5 * bodySigns

	alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
	purpose  = "sign plate code"
	maxTyped = 96 // bytes: 13 full-width signs with a hyphen or a space after each
)

// Codes makes and reads codes and plate numbers of one city. It is safe for concurrent use.
type Codes struct {
	keys    Keys
	numbers Numbers
}

// New gives the codes of one city. The prefix stands before the plate numbers, see NewNumbers.
func New(keys Keys, prefix string) (*Codes, error) {
	n, err := NewNumbers(prefix)
	if err != nil {
		return nil, err
	}
	return &Codes{keys: keys, numbers: n}, nil
}

// Numbers gives the form of the city's plate numbers.
func (c *Codes) Numbers() Numbers { return c.numbers }

// Mint makes a new code from 30 random bits. Two codes can be the same, seldom: whoever issues one must claim it first and mint again when it is taken.
// The only error is one of the keys.
func (c *Codes) Mint() (Code, error) {
	var b [4]byte
	_, _ = rand.Read(b[:]) // never fails, crypto/rand
	body := spell(binary.BigEndian.Uint32(b[:]) & (1<<bodyBits - 1))
	check, ok := checkOf(c.keys.Index(purpose, body))
	if !ok {
		return "", errors.New("platecode: the keys give no hash")
	}
	return Code(body + check), nil
}

// Parse reads a code as people and cameras give it: in either case, with hyphens or spaces, full-width, with O for 0, I or L for 1 and U for V. False means that the
// city's keys did not make it, which takes no look-up to know.
//
// It tries every index key of the keyset and compares in constant time, so neither the answer's time nor the key's age tells a guesser anything.
func (c *Codes) Parse(s string) (Code, bool) {
	got, ok := canonical(s)
	if !ok {
		return "", false
	}
	match := 0
	for _, hash := range c.keys.Indexes(purpose, got[:bodySigns]) {
		if want, ok := checkOf(hash); ok {
			match |= subtle.ConstantTimeCompare([]byte(want), []byte(got[bodySigns:]))
		}
	}
	if match != 1 {
		return "", false
	}
	return Code(got), true
}

// Grouped gives the code as a person copies it from paper: "938NM5-X4140SV". Parse reads it.
func (c Code) Grouped() string {
	if len(c) != signs {
		return string(c)
	}
	return string(c[:bodySigns] + "-" + c[bodySigns:])
}

// spell gives the six signs of 30 bits.
func spell(bits uint32) string {
	var out [bodySigns]byte
	for i := range out {
		out[i] = alphabet[bits>>(bodyBits-5*(i+1))&31]
	}
	return string(out[:])
}

// checkOf gives the seven signs of a hash in hex: its first 35 bits.
func checkOf(hash string) (string, bool) {
	raw, err := hex.DecodeString(hash)
	if err != nil || len(raw) < 5 {
		return "", false
	}
	return base32.NewEncoding(alphabet).EncodeToString(raw[:5])[:checkSigns], true
}

// canonical gives the one spelling of 13 signs, without a word on whether the check is right.
func canonical(s string) (string, bool) {
	if len(s) > maxTyped {
		return "", false
	}
	var out [signs]byte
	n := 0
	for _, r := range norm.NFKC.String(s) {
		if between(r) {
			continue
		}
		b, ok := sign(r)
		if !ok || n == signs {
			return "", false
		}
		out[n] = b
		n++
	}
	return string(out[:]), n == signs
}

// sign gives the sign of base 32 that a letter or digit stands for.
func sign(r rune) (byte, bool) {
	switch r = unicode.ToUpper(r); r {
	case 'O':
		r = '0'
	case 'I', 'L':
		r = '1'
	case 'U': // not in the alphabet, and easily written for a V
		r = 'V'
	}
	if r >= unicode.MaxASCII || strings.IndexByte(alphabet, byte(r)) < 0 {
		return 0, false
	}
	return byte(r), true
}

// between tells what may stand between signs and digits without meaning anything: spaces, hyphens and dashes, and marks that cannot be seen.
func between(r rune) bool {
	return unicode.IsSpace(r) || dash(r) || unicode.Is(unicode.Cf, r)
}
