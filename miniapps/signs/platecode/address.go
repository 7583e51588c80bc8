package platecode

import (
	"errors"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// path is where the pages of plates lie; in a QR code it is "/S/", and servers take both.
const path = "/s/"

// maxText is how much of a text is looked through, in bytes: more than any network's message carries by hand.
const maxText = 4096

// Base is the city's address before the path of a plate: scheme and host only, because nothing else may be written in capitals. The zero Base is no address.
type Base struct{ scheme, host string } // lower case

// NewBase takes the city's public address, "https://motcua.haiphong.example", with a port when there is one and without a path.
func NewBase(address string) (Base, error) {
	u, err := url.Parse(strings.TrimSuffix(strings.ToLower(address), "/"))
	if err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" || u.User != nil || u.Path != "" || u.RawQuery != "" || u.Fragment != "" {
		return Base{}, errors.New("platecode: the address of plates must be a scheme and a host, like https://city.example")
	}
	if strings.Trim(u.Host, "abcdefghijklmnopqrstuvwxyz0123456789.:-") != "" {
		return Base{}, errors.New("platecode: the host of plates must be written in letters from a to z, digits, dots and hyphens")
	}
	return Base{u.Scheme, u.Host}, nil
}

// URL gives the address for a QR code. It is all in capitals, which scheme and host allow (RFC 3986, 6.2.2.1): such text fits the alphanumeric mode, 5.5 bits a sign
// instead of 8, so the code has fewer and larger modules (ISO/IEC 18004, 7.4.4).
func (b Base) URL(code Code) string { return strings.ToUpper(b.Link(code)) }

// Link gives the address as pages, messages and previews show it.
func (b Base) Link(code Code) string { return b.scheme + "://" + b.host + path + string(code) }

// Found is what a text names: a plate's code or, with Code "", its number.
type Found struct {
	Code   Code
	Number int // 0 with a code
}

// FromText finds the first plate in what a camera read or a person wrote or pasted: the city's address of a plate under any of its bases, in any case and with
// whatever follows; a code; or a plate's number, which inside a longer text needs its prefix. An address of somebody else gives nothing, even one that carries a
// code of ours: that is how a fake sticker looks.
func (c *Codes) FromText(text string, bases ...Base) (Found, bool) {
	if len(text) > maxText {
		text = strings.ToValidUTF8(text[:maxText], "")
	}
	text = strings.Map(visible, norm.NFKC.String(text))
	if code, ok := c.Parse(text); ok {
		return Found{Code: code}, true
	}
	if number, ok := c.numbers.Parse(text); ok {
		return Found{Number: number}, true
	}
	var words strings.Builder // what is not an address
	for word := range strings.FieldsSeq(text) {
		if strings.ContainsAny(word, `/\?@`) || strings.Contains(strings.TrimRight(word, ":"), ":") { // an address of some kind, or what stands for one
			if found, ok := c.fromAddress(word, bases); ok {
				return found, true
			}
			continue
		}
		if code, ok := c.Parse(strings.TrimFunc(word, outside)); ok {
			return Found{Code: code}, true
		}
		words.WriteString(word + " ")
	}
	if number, ok := c.numbers.find(words.String()); ok {
		return Found{Number: number}, true
	}
	return Found{}, false
}

// fromAddress reads a word as an address of the city, which ends in a code or a number.
func (c *Codes) fromAddress(word string, bases []Base) (Found, bool) {
	word = strings.TrimLeftFunc(word, outside)
	rest, ok := cutFold(word, "https://")
	if !ok {
		if rest, ok = cutFold(word, "http://"); !ok {
			rest = word
		}
	}
	for _, b := range bases {
		after, ok := cutFold(rest, b.host+path)
		if !ok || b.host == "" {
			continue
		}
		if end := strings.IndexAny(after, "/?#"); end >= 0 {
			after = after[:end]
		}
		after = strings.TrimRightFunc(after, outside)
		if code, ok := c.Parse(after); ok {
			return Found{Code: code}, true
		}
		number, ok := c.numbers.Parse(after)
		return Found{Number: number}, ok
	}
	return Found{}, false
}

// cutFold cuts prefix, in lower case ASCII, off s in any case.
func cutFold(s, prefix string) (string, bool) {
	if len(s) < len(prefix) || !strings.EqualFold(s[:len(prefix)], prefix) {
		return s, false
	}
	return s[len(prefix):], true
}

// outside tells what may cling to a code or an address in a sentence: brackets, quotes, full stops.
func outside(r rune) bool { return unicode.IsPunct(r) || unicode.IsSymbol(r) }

// visible drops marks that cannot be seen, which come along with copied text, and broken bytes.
func visible(r rune) rune {
	if unicode.Is(unicode.Cf, r) || r == utf8.RuneError {
		return -1
	}
	return r
}
