package alerts

import (
	"cmp"
	"slices"

	"github.com/motcua/motcua/internal/city"
	"github.com/motcua/motcua/internal/fold"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/miniapps"
)

// wardsPage is how many wards are given when nobody says.
const wardsPage = 10

// wards gives the wards to choose from, or those that a text may mean.
func (a *App) wards(c miniapps.Call) (miniapps.Result, error) {
	var in struct {
		Text, After string
		First       int
	}
	if err := decode(c, &in); err != nil {
		return miniapps.Result{}, err
	}
	out, err := miniapps.PageOf(wardOptions(c.Lang, a.wardsFor(in.Text)), in.After, cmp.Or(in.First, wardsPage))
	if err != nil {
		return miniapps.Result{}, err
	}
	return miniapps.Result{Data: out}, nil
}

// wardsFor gives the wards that a text may mean, all of them when it says nothing: those that are called just so, in any language, with or without the word
// for their kind; else those with such words in their names, and those that it leads to as an address does, by a name from before July 2025 too.
func (a *App) wardsFor(text string) []city.Ward {
	all := a.deps.City.Wards()
	words := fold.Words(text)
	if len(words) == 0 {
		return all
	}
	called := only(all, func(w city.Ward) bool {
		return slices.ContainsFunc(namesOf(w), func(name string) bool { return fold.Same(text, name) })
	})
	if len(called) > 0 {
		return called
	}
	found := only(all, func(w city.Ward) bool {
		return slices.ContainsFunc(namesOf(w), func(name string) bool { return fold.Begin(words, fold.Words(name)) })
	})
	at, _ := a.deps.City.ResolveAddress(text)
	for _, w := range append(at.Candidates, at.Ward) {
		if w.Code != "" && !slices.ContainsFunc(found, func(x city.Ward) bool { return x.Code == w.Code }) {
			found = append(found, w)
		}
	}
	return found
}

func only(all []city.Ward, ok func(city.Ward) bool) []city.Ward {
	var out []city.Ward
	for _, w := range all {
		if ok(w) {
			out = append(out, w)
		}
	}
	return out
}

func namesOf(w city.Ward) []string { return []string{w.FullName, w.Name, w.FullNameEn, w.NameEn} }

// wardOptions gives wards as choices. Where two have one name in a language, the Vietnamese one, which tells them apart, stands beside it.
func wardOptions(lang message.Lang, wards []city.Ward) []miniapps.Option {
	out, same := []miniapps.Option{}, map[string]int{}
	for _, w := range wards {
		out = append(out, miniapps.Option{Value: w.Code, Label: wardName(w, lang)})
		same[wardName(w, lang)]++
	}
	for i, w := range wards {
		if same[out[i].Label] > 1 && out[i].Label != w.FullName {
			out[i].Hint = w.FullName
		}
	}
	return out
}
