package conversation

import (
	"slices"
	"strings"

	"github.com/motcua/motcua/internal/fold"
	"github.com/motcua/motcua/internal/message"
)

// named is something that a person can name: a choice, a field.
type named struct{ label, value string }

func namesOf(choices []message.Choice) []named {
	out := make([]named, len(choices))
	for i, c := range choices {
		out[i] = named{label: c.Label, value: c.Value}
	}
	return out
}

// exactly finds the one that text names as it is written, or in the same letters without diacritics. -1 when none or several do.
func exactly(text string, of []named) int {
	if i := spelled(text, of); i >= 0 {
		return i
	}
	folded, words := fold.Text(text), plain(text)
	for _, same := range []func(named) bool{
		func(n named) bool { return fold.Text(n.label) == folded },
		func(n named) bool { return words != "" && plain(n.label) == words },
	} {
		if found := those(of, same); len(found) > 0 {
			return only(found)
		}
	}
	return -1
}

// spelled finds the one whose name or value is written just as text is. -1 when none or several are.
func spelled(text string, of []named) int {
	spelling := fold.Spelling(strings.TrimSpace(text))
	for _, same := range []func(named) bool{
		func(n named) bool { return fold.Spelling(n.label) == spelling },
		func(n named) bool { return n.value != "" && fold.Spelling(n.value) == spelling },
	} {
		if found := those(of, same); len(found) > 0 {
			return only(found)
		}
	}
	return -1
}

// fits finds those that text means: as it is written, else by their first letters, else by some of their words, else with a slip of the finger.
// It stops at the first way that finds any. It is for what can be taken back at once; what is chosen as an answer is looked for by means and resembles.
func fits(text string, of []named) []int {
	if i := exactly(text, of); i >= 0 {
		return []int{i}
	}
	words := plain(text)
	if len(words) < 2 {
		return nil
	}
	for _, like := range []func(named) bool{
		func(n named) bool { return plain(n.label) == words },
		func(n named) bool { return strings.HasPrefix(plain(n.label), words) },
		func(n named) bool { return within(words, plain(n.label)) },
		func(n named) bool { return len(plain(n.label)) >= 4 && within(plain(n.label), words) },
		func(n named) bool { return slip(words, plain(n.label)) },
		func(n named) bool { return alike(words, plain(n.label)) },
	} {
		if found := those(of, like); len(found) > 0 {
			return found
		}
	}
	return nil
}

func those(of []named, ok func(named) bool) []int {
	var out []int
	for i, n := range of {
		if ok(n) {
			out = append(out, i)
		}
	}
	return out
}

func only(found []int) int {
	if len(found) != 1 {
		return -1
	}
	return found[0]
}

// within tells whether all words of part stand in whole, one after the other.
func within(part, whole string) bool {
	return part != "" && strings.Contains(" "+whole+" ", " "+part+" ")
}

// pickOffered takes text as one of the actions that were offered, in other words. What it says beside the name is kept for the action. It is false when the text
// is known to ask for another one: "report" is the beginning of "reports of mine", but asks for the form.
func (t *turn) pickOffered(text string) bool {
	c, ok := t.fitting(text)
	if !ok {
		return false
	}
	if x := t.actions(text); len(x) == 1 && x[0].Score >= sure && (x[0].Whole || x[0].Open) && t.opens(c.value) != refOf(x[0].Intent) {
		return false
	}
	name := plain(c.label)
	if within(name, plain(text)) && t.m.words.unadorned(strings.Replace(plain(text), name, "", 1)) != "" || len(t.mentions(text)) > 0 {
		t.beside = text
	}
	return t.tap(c.value)
}

// opens gives the action that a token opens; the zero Ref for a token that means something else.
func (t *turn) opens(token string) Ref {
	for _, prefix := range []string{tokenOpen, tokenWith} {
		if ref, ok := strings.CutPrefix(token, prefix); ok {
			return refOf(ref)
		}
	}
	if strings.HasPrefix(token, tokenReport) {
		return refOf(t.m.rules.Report)
	}
	if i := slices.IndexFunc(t.s.Next, func(n Next) bool { return n.token() == token }); i >= 0 {
		return t.s.Next[i].Ref
	}
	if i := slices.IndexFunc(t.s.Parked, func(d *Draft) bool { return d != nil && d.token() == token }); i >= 0 {
		return t.s.Parked[i].Ref
	}
	return Ref{}
}

// alike tells whether most words of each text stand in the other, in any order and with a slip of the finger. One word in common is not enough.
func alike(a, b string) bool {
	x, y := strings.Fields(a), strings.Fields(b)
	words, both := len(x)+len(y), 0
	for _, w := range x {
		if i := slices.IndexFunc(y, func(v string) bool { return v == w || slip(v, w) }); i >= 0 {
			y = slices.Delete(y, i, i+1)
			both++
		}
	}
	return both >= 2 && 3*both >= words // two thirds of the words
}

// slip tells whether the texts differ by one letter, or by two when they are long.
func slip(a, b string) bool {
	const short, long = 4, 9
	if len(a) < short || len(b) < short {
		return false
	}
	allowed := 1
	if len(a) >= long && len(b) >= long {
		allowed = 2
	}
	return distance(a, b, allowed) <= allowed
}

// distance counts the letters to change, add or take away to make b of a; beyond most it is only known to be more. Two neighbours that changed
// places count once.
func distance(a, b string, most int) int {
	if len(a)-len(b) > most || len(b)-len(a) > most {
		return most + 1
	}
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}

// position reads "2", "2.", "số 2" as the second of n; -1 for anything else.
func position(text string, n int) int {
	w := fold.Words(text)
	if len(w) == 2 && (w[0] == "so" || w[0] == "no" || w[0] == "number" || w[0] == "cau") {
		w = w[1:]
	}
	if len(w) != 1 || len(text) > 20 {
		return -1
	}
	i := index(strings.TrimLeft(w[0], "0"))
	if i < 1 || i > n || strings.ContainsAny(text, ",-+") {
		return -1
	}
	return i - 1
}
