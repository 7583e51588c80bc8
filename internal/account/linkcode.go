package account

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"github.com/motcua/motcua/internal/fault"
)

// A typed code has eight characters of Crockford's base32: 40 bits. Unlike a one-time code, which is compared with the one of a known challenge, a typed
// code says by itself whose it is, so a guess meets every code alive at the time. With ten tries a day for each chat and a thousand codes alive, a guesser
// with a thousand chats hits one in about 100,000 days; six digits would fall on the first day. Where chats cost nothing, what a whole network may type holds
// it to one in six years. The alphabet has no I, L, O and U: read aloud or copied by hand, none is taken for another, and what people write in their place is
// understood.
const (
	linkCodeLen = 8
	crockford   = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
)

// linkCodeContext is the context of a typed code's keyed index: the store holds the index only.
const linkCodeContext = "account link code"

// linkCodeOf makes a code of a keyed hash, of which it takes 40 bits.
func linkCodeOf(index string) (string, error) {
	b, err := hex.DecodeString(index)
	if err != nil || len(b) < linkCodeLen {
		return "", fmt.Errorf("account: a keyed index of %d digits", len(index))
	}
	code := make([]byte, linkCodeLen)
	for i := range code {
		code[i] = crockford[b[i]&31]
	}
	return string(code), nil
}

// plainCode tells whether a code has both letters and digits, so that it is neither a word nor a number to whoever reads it: about 98 of 100 have.
func plainCode(code string) bool {
	return strings.ContainsAny(code, crockford[:10]) && strings.ContainsAny(code, crockford[10:])
}

// readLinkCode brings a code, as a person types it, to the one way in which it is kept. INVALID, naming the field code, for anything that is none.
func readLinkCode(s string) (string, error) {
	bad := fault.InvalidField("account.link_code_format", "code").Because(errors.New("account: not a typed code"))
	if len(s) > 40 {
		return "", bad
	}
	code := strings.Map(func(r rune) rune {
		switch r {
		case ' ', '-', '\t', '\u00a0':
			return -1
		case 'O', 'o':
			return '0'
		case 'I', 'i', 'L', 'l':
			return '1'
		}
		return r
	}, strings.TrimSpace(s))
	code = strings.ToUpper(code)
	if len(code) != linkCodeLen || strings.ContainsFunc(code, func(r rune) bool { return !strings.ContainsRune(crockford, r) }) {
		return "", bad
	}
	return code, nil
}

// GroupCode writes a typed code for people: "7K3M-9QXD".
func GroupCode(code string) string {
	if len(code) != linkCodeLen {
		return code
	}
	return code[:linkCodeLen/2] + "-" + code[linkCodeLen/2:]
}
