package city

import (
	"fmt"
	"slices"
	"strings"

	"github.com/motcua/motcua/internal/fold"
)

// class is what a name stands for.
type class int

const (
	currentWard class = iota
	formerWard
	formerDistrict
	formerProvince
	wholeCity
	elsewhere
)

// place is one meaning of a name. at points into the list of its class.
type place struct {
	class class
	words []fold.Word
	kind  Kind // of a ward, current or former
	at    int
}

// former is a unit that no longer exists.
type former struct {
	name       string
	kind       Kind
	district   int
	successors []int // indexes of wards
}

// region is a former district or province: the wards that its land went into.
type region struct {
	name       string
	province   int // of a district
	successors []int
}

// gazetteer knows the names that addresses use, current and former.
type gazetteer struct {
	names     map[string][]place // by nameKey
	longest   int                // words of the longest name
	formers   []former
	districts []region
	provinces []region

	labels []label  // words that say what the next name is
	street []phrase // words that make the next name a street's
	parts  []phrase // words that make the number after them no house number
	fill   []phrase
}

// label is a word that says what the name after it is.
type label struct {
	words    phrase
	kind     Kind // of a ward; "" for a label of other things
	district bool
	province bool
}

type phrase []fold.Word

// newGazetteer collects all names.
func newGazetteer(words addressYAML, wards []Ward, mergers []merger) (*gazetteer, []error) {
	g := &gazetteer{names: map[string][]place{}, street: phrases(words.StreetWords), parts: phrases(words.PlaceWords), fill: phrases(words.FillWords)}
	g.addLabels(words)
	for i, w := range wards {
		g.add(w.Name, place{class: currentWard, kind: w.Kind, at: i})
	}
	at := map[string]int{}
	for i, w := range wards {
		at[w.Code] = i
	}
	problems := g.addFormer(words, mergers, at)
	for _, name := range words.City {
		g.add(name, place{class: wholeCity})
	}
	for _, name := range words.Elsewhere {
		g.add(name, place{class: elsewhere})
	}
	return g, problems
}

// addLabels takes over the words that come before names.
func (g *gazetteer) addLabels(words addressYAML) {
	byWord := map[string]*label{}
	get := func(word string) *label {
		key := fold.Spelling(word)
		if byWord[key] == nil {
			byWord[key] = &label{words: fold.Both(word)}
		}
		return byWord[key]
	}
	for kind, list := range words.WardWords {
		for _, w := range list {
			get(w).kind = kind
		}
	}
	for _, w := range words.DistrictWords {
		get(w).district = true
	}
	for _, w := range words.ProvinceWords {
		get(w).province = true
	}
	for _, l := range byWord {
		g.labels = append(g.labels, *l)
	}
	slices.SortFunc(g.labels, func(a, b label) int { return len(b.words) - len(a.words) }) // the longer label wins
}

// addFormer takes over the former wards, districts and provinces.
func (g *gazetteer) addFormer(words addressYAML, mergers []merger, wardAt map[string]int) []error {
	var problems []error
	wards, districts, provinces := map[string]int{}, map[string]int{}, map[string]int{}
	for i, m := range mergers {
		successor, ok := wardAt[m.newCode]
		if !ok {
			continue // reported with the mergers
		}
		province := g.region(&g.provinces, formerProvince, provinces, m.province, "", words.ProvinceWords)
		district := g.region(&g.districts, formerDistrict, districts, m.district, m.province, words.DistrictWords)
		g.districts[district].province = province
		for _, r := range []*region{&g.provinces[province], &g.districts[district]} {
			r.successors = union(r.successors, []int{successor})
		}
		if m.ward == "" {
			continue // a district that had no wards
		}
		kind := words.kindOf(m.ward)
		if kind == "" {
			problems = append(problems, fmt.Errorf("%s: row %d: %q begins with no word of a ward in %s", mergersFile, i+2, m.ward, addressFile))
			continue
		}
		n, known := wards[m.code]
		if !known {
			n = len(g.formers)
			wards[m.code] = n
			g.formers = append(g.formers, former{name: m.ward, kind: kind, district: district})
			g.add(bare(m.ward, words.WardWords[kind]), place{class: formerWard, kind: kind, at: n})
		}
		g.formers[n].successors = union(g.formers[n].successors, []int{successor})
	}
	return problems
}

// region gives the index of a district or province in list, and adds it when it is new.
func (g *gazetteer) region(list *[]region, c class, known map[string]int, name, parent string, words []string) int {
	key := parent + "/" + name
	if i, ok := known[key]; ok {
		return i
	}
	i := len(*list)
	known[key] = i
	*list = append(*list, region{name: name})
	g.add(bare(name, words), place{class: c, at: i})
	return i
}

// add notes one meaning of a name.
func (g *gazetteer) add(name string, p place) {
	p.words = fold.Both(name)
	if len(p.words) == 0 {
		return
	}
	key := nameKey(p.words)
	g.names[key] = append(g.names[key], p)
	g.longest = max(g.longest, len(p.words))
}

// nameKey is what all spellings of a name share: folded, and y as i, because both are in use.
func nameKey(words []fold.Word) string {
	var b strings.Builder
	for i, w := range words {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(strings.ReplaceAll(w.Folded, "y", "i"))
	}
	return b.String()
}

// bare takes the word of its kind from the front of a full name.
func bare(full string, words []string) string {
	spelt := fold.Spelling(full)
	for _, w := range words {
		if strings.HasPrefix(spelt, fold.Spelling(w)+" ") {
			return strings.Join(strings.Fields(full)[len(strings.Fields(w)):], " ")
		}
	}
	return full
}

func phrases(list []string) []phrase {
	out := make([]phrase, 0, len(list))
	for _, s := range list {
		if words := fold.Both(s); len(words) > 0 {
			out = append(out, words)
		}
	}
	slices.SortFunc(out, func(a, b phrase) int { return len(b) - len(a) })
	return out
}

// at tells whether words begin with the phrase.
func (p phrase) at(words []fold.Word) bool {
	if len(words) < len(p) {
		return false
	}
	for i, want := range p {
		if !words[i].Matches(want) {
			return false
		}
	}
	return true
}

// union gives the elements of both lists, each once, those of a first.
func union(a, b []int) []int {
	for _, x := range b {
		if !slices.Contains(a, x) {
			a = append(a, x)
		}
	}
	return a
}
