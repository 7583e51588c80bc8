package conversation

import (
	"slices"
	"strings"

	"github.com/motcua/motcua/internal/fold"
)

// A choice is often the address of an office or the place that warnings are for. So only a text that names an option chooses it: as a whole, without the
// words that most options share, or by a part that no other has. A text that is merely like a name asks.

// sameWord tells whether a word that was typed stands for one of a name.
type sameWord func(typed, of fold.Word) bool

func sameSpelling(typed, of fold.Word) bool { return typed.Spelling == of.Spelling }

// means finds those that text names: as a whole, by their beginning or some of their words, or by their name within it. Of each way, those that are written just
// so go before those that are typed without diacritics. It stops at the first way that finds any.
func means(text string, of []named, generic set) []int {
	typed := fold.Both(text)
	if len(typed) == 0 {
		return nil
	}
	labels := make([][]fold.Word, len(of))
	for i, n := range of {
		labels[i] = fold.Both(n.label)
	}
	find := func(like func(label []fold.Word, same sameWord) bool) []int {
		for _, same := range []sameWord{sameSpelling, fold.Word.Matches} {
			if found := indexes(labels, func(label []fold.Word) bool { return like(label, same) }); len(found) > 0 {
				return found
			}
		}
		return nil
	}
	ways := []func(label []fold.Word, same sameWord) bool{
		func(label []fold.Word, same sameWord) bool { return slices.EqualFunc(typed, label, same) },
		func(label []fold.Word, same sameWord) bool { return sameCore(typed, label, generic, same) },
	}
	if len(plain(text)) > 1 { // a letter is part of too much
		ways = append(ways, func(label []fold.Word, same sameWord) bool {
			return beginsWith(label, typed, same) || holds(label, typed, func(of, w fold.Word) bool { return same(w, of) })
		})
	}
	for _, like := range ways {
		if found := find(like); len(found) > 0 {
			return found
		}
	}
	within := func(label []fold.Word, same sameWord) bool { return letters(label) >= 4 && holds(typed, label, same) }
	return longest(find(within), labels)
}

func indexes(labels [][]fold.Word, ok func([]fold.Word) bool) []int {
	var out []int
	for i, label := range labels {
		if ok(label) {
			out = append(out, i)
		}
	}
	return out
}

// sameCore tells whether the words that tell options apart are the same, and no other word that they share was typed: "Lê Chân" is "Phường Lê Chân", and
// "xã Lê Chân" may be something else.
func sameCore(typed, label []fold.Word, generic set, same sameWord) bool {
	core := withoutWords(typed, generic)
	if len(core) == 0 || !slices.EqualFunc(core, withoutWords(label, generic), same) {
		return false
	}
	return !slices.ContainsFunc(typed, func(w fold.Word) bool {
		return generic[w.Folded] && !slices.ContainsFunc(label, func(l fold.Word) bool { return same(w, l) })
	})
}

func withoutWords(words []fold.Word, generic set) []fold.Word {
	return slices.DeleteFunc(slices.Clone(words), func(w fold.Word) bool { return generic[w.Folded] })
}

// beginsWith tells whether a name begins with what was typed, its last word perhaps not to its end.
func beginsWith(label, typed []fold.Word, same sameWord) bool {
	if len(label) < len(typed) {
		return false
	}
	head := slices.Clone(label[:len(typed)])
	if of, w := &head[len(head)-1], typed[len(typed)-1]; len(w.Folded) < len(of.Folded) {
		of.Folded, of.Spelling = of.Folded[:len(w.Folded)], of.Spelling[:min(len(of.Spelling), len(w.Spelling))]
	}
	return slices.EqualFunc(typed, head, same)
}

// holds tells whether all words of part stand in whole, one after the other.
func holds(whole, part []fold.Word, same func(w, p fold.Word) bool) bool {
	for i := range len(whole) - len(part) + 1 {
		if slices.EqualFunc(whole[i:i+len(part)], part, same) {
			return len(part) > 0
		}
	}
	return false
}

func letters(words []fold.Word) int {
	n := 0
	for _, w := range words {
		n += len(w.Folded)
	}
	return n
}

// longest leaves out the names that are part of another one of them.
func longest(found []int, labels [][]fold.Word) []int {
	return slices.DeleteFunc(slices.Clone(found), func(i int) bool {
		return slices.ContainsFunc(found, func(j int) bool { return len(labels[j]) > len(labels[i]) && holds(labels[j], labels[i], sameSpelling) })
	})
}

// resembles finds those that text is like: but for a word that most share, a diacritic, or a slip of the finger. The words that most share do not count.
func resembles(text string, of []named, generic set) []int {
	core := func(s string) string {
		return strings.Join(slices.DeleteFunc(fold.Words(s), func(w string) bool { return generic[w] }), " ")
	}
	words := core(text)
	if len(words) < 2 {
		return nil
	}
	for _, like := range []func(label string) bool{
		func(label string) bool { return label == words },
		func(label string) bool { return within(words, label) || len(label) >= 4 && within(label, words) },
		func(label string) bool { return slip(words, label) },
		func(label string) bool { return alike(words, label) },
	} {
		if found := those(of, func(n named) bool { return like(core(n.label)) }); len(found) > 0 {
			return found
		}
	}
	return nil
}

// genericIn gives the words that more than a third of the names share, and so tell them not apart.
func genericIn(of []named) set {
	counts := map[string]int{}
	for _, n := range of {
		seen := set{}
		for _, w := range fold.Words(n.label) {
			if !seen[w] {
				seen[w] = true
				counts[w]++
			}
		}
	}
	out := set{}
	for w, n := range counts {
		if n > 1 && (n == len(of) || n > 2 && 3*n > len(of)) {
			out[w] = true
		}
	}
	return out
}
