package conversation

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/motcua/motcua/internal/field"
	"github.com/motcua/motcua/internal/fold"
	"github.com/motcua/motcua/internal/message"
)

// reader understands what people write as values of an input.
type reader struct {
	words words
	lang  message.Lang
	now   time.Time
}

// read gives the value that text stands for. It is false when no way to read it gives one that fits. Choices are not read here: they are picked
// from what was shown.
func (r reader) read(n *node, text string) (any, bool) {
	for _, v := range r.candidates(n, text) {
		if n.valid(v) {
			return v, true
		}
	}
	return nil, false
}

// candidates gives the values that text may stand for, the likeliest first.
func (r reader) candidates(n *node, text string) []any {
	switch n.kind {
	case kindText:
		return spellings(text, n.pattern != nil)
	case kindNumber, kindInteger:
		return some(r.words.readNumber(text, r.lang, n.kind == kindInteger))
	case kindBool:
		return r.bool(text)
	case kindPhone:
		return phones(text)
	case kindDate:
		return some(r.words.readDate(text, r.now))
	case kindMoment:
		return append(some(r.words.readMoment(text, r.now)), text)
	case kindTime:
		return append(some(readClock(text)), text)
	case kindPlace:
		if !n.address {
			return nil
		}
		return []any{map[string]any{"address": text}}
	case kindAny:
		out := slices.Concat(some(r.words.readNumber(text, r.lang, false)), r.bool(text), spellings(text, true))
		return append(out, some(r.words.readDate(text, r.now))...)
	}
	return nil
}

func some[V any](v V, ok bool) []any {
	if !ok {
		return nil
	}
	return []any{v}
}

func (r reader) bool(text string) []any {
	switch {
	case r.words.yes.has(text):
		return []any{true}
	case r.words.no.has(text):
		return []any{false}
	}
	return nil
}

// spellings gives text as it is and, where it must have a certain form, in the forms in which people write codes.
func spellings(text string, formed bool) []any {
	out := []any{text}
	if !formed {
		return out
	}
	text = written(text)
	bare := strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || strings.ContainsRune("-.", r) {
			return -1
		}
		return r
	}, text)
	for _, s := range []string{text, strings.ToUpper(text), strings.ToLower(text), strings.Join(strings.Fields(text), ""), bare, strings.ToUpper(bare), strings.ToLower(bare)} {
		if !slices.Contains(out, any(s)) {
			out = append(out, s)
		}
	}
	return out
}

// phones gives the number as it was written, and without the signs that people put between the digits.
func phones(text string) []any {
	bare := strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r == '+' {
			return r
		}
		if unicode.IsLetter(r) {
			return 'x' // makes it no number
		}
		return -1
	}, text)
	return []any{bare, text}
}

// cleaned gives what a person typed as it may be kept, on the lines it had.
func cleaned(text string) string { return field.Clean(text, true) }

// wordy tells whether a text says anything: a letter or a digit.
func wordy(text string) bool { return len(fold.Words(text)) > 0 }

var phoneIn = regexp.MustCompile(`(?:\+84|\b0)[0-9](?:[ .-]?[0-9]){7,9}\b`)

// maxTokens is how many words written apart may make one code.
const maxTokens = 4

// find looks in a sentence for the one value of that form. It is false when there is none, or more than one.
func (r reader) find(n *node, sentence string) (any, bool) {
	var found []any
	switch {
	case n.kind == kindPhone:
		found = r.all(n, phoneIn.FindAllString(sentence, -1))
	case n.kind == kindDate:
		found = r.all(n, append(dayIn.FindAllString(sentence, -1), r.words.near(sentence)...))
	case n.kind == kindText && n.pattern != nil:
		found = r.codes(n, sentence)
	}
	if len(found) != 1 {
		return nil, false
	}
	return found[0], true
}

func (r reader) all(n *node, texts []string) []any {
	var out []any
	for _, s := range texts {
		if v, ok := r.read(n, s); ok && !slices.Contains(out, v) {
			out = append(out, v)
		}
	}
	return out
}

// near finds the words for near days in a sentence. Single words mean too many other things there.
func (w words) near(sentence string) []string {
	said := plain(sentence)
	var out []string
	for _, days := range []set{w.today, w.tomorrow, w.afterTomorrow} {
		for d := range days {
			if within(d, said) && (strings.Contains(d, " ") || len(d) > len("mai")) {
				out = append(out, d)
				break
			}
		}
	}
	return out
}

// pointOf gives a shared position as the node takes it, with its name where it has a place for one.
func pointOf(n *node, p Place) (any, bool) {
	point := map[string]any{"lat": number(p.Lat), "lon": number(p.Lon)}
	if label := cleaned(p.Label); label != "" && n.address {
		named := map[string]any{"lat": point["lat"], "lon": point["lon"], "address": label}
		if n.valid(named) {
			return named, true
		}
	}
	return point, n.valid(point)
}

func number(f float64) json.Number {
	data, err := json.Marshal(f)
	if err != nil { // not a number, or infinite
		return "999"
	}
	return json.Number(data)
}
