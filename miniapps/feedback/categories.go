package feedback

import (
	"cmp"
	"slices"

	"github.com/motcua/motcua/internal/city"
	"github.com/motcua/motcua/internal/fold"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/miniapps"
)

// categories gives what a report can be about: first what its description points to, then "not sure", then everything, group by group. With a text it gives
// those that the text may mean.
func (a *App) categories(c miniapps.Call) (miniapps.Result, error) {
	var in struct {
		Answers            answers
		Text, Group, After string
		First              int
	}
	if err := decode(c, &in); err != nil {
		return miniapps.Result{}, err
	}
	all := a.categoryChoices(c.Lang, in.Answers.Description, in.Group)
	if len(fold.Words(in.Text)) > 0 {
		all = a.meant(in.Text, all)
	}
	out, err := miniapps.PageOf(all, in.After, cmp.Or(in.First, listedChoices))
	if err != nil {
		return miniapps.Result{}, err
	}
	return miniapps.Result{Data: out, Blocks: message.Blocks{a.choices(c.Lang, "choose_category", out.Choices)}}, nil
}

// categoryChoices gives all choices in their order; description and group may be "".
func (a *App) categoryChoices(lang message.Lang, description, group string) []miniapps.Option {
	out := []miniapps.Option{}
	add := func(cat city.Category) {
		if group != "" && cat.Group != group || slices.ContainsFunc(out, func(x miniapps.Option) bool { return x.Value == cat.Code }) {
			return
		}
		g, _ := a.deps.City.Group(cat.Group)
		out = append(out, miniapps.Option{Value: cat.Code, Label: cat.Name.In(lang), Hint: g.Name.In(lang)})
	}
	if description != "" {
		for _, cat := range a.deps.City.GuessCategory(description) {
			add(cat)
		}
	}
	if group == "" {
		out = append(out, miniapps.Option{Value: unsure, Label: a.text(lang, "unsure", nil)})
	}
	for _, cat := range a.deps.City.Categories() {
		add(cat)
	}
	return out
}

// meant gives the choices that a text may mean: those that are called just so, in any language; else what it points to as a description does, those whose
// group is called so, and those with all its words in their names.
func (a *App) meant(text string, all []miniapps.Option) []miniapps.Option {
	called := among(all, func(o miniapps.Option) bool {
		return slices.ContainsFunc(a.namesOf(o.Value), func(name string) bool { return fold.Same(text, name) })
	})
	if len(called) > 0 {
		return called
	}
	words, out := fold.Words(text), []miniapps.Option{}
	for _, cat := range a.deps.City.GuessCategory(text) {
		out = append(out, among(all, func(o miniapps.Option) bool { return o.Value == cat.Code })...)
	}
	return append(out, among(all, func(o miniapps.Option) bool {
		there := slices.ContainsFunc(out, func(x miniapps.Option) bool { return x.Value == o.Value })
		return !there && (fold.Same(text, o.Hint) || slices.ContainsFunc(a.namesOf(o.Value), func(name string) bool { return fold.Begin(words, fold.Words(name)) }))
	})...)
}

func among(all []miniapps.Option, ok func(miniapps.Option) bool) []miniapps.Option {
	out := []miniapps.Option{}
	for _, o := range all {
		if ok(o) {
			out = append(out, o)
		}
	}
	return out
}

// namesOf gives what a choice is called in all languages.
func (a *App) namesOf(code string) []string {
	var out []string
	for _, lang := range []message.Lang{message.Vietnamese, message.English} {
		if cat, ok := a.deps.City.Category(code); ok {
			out = append(out, cat.Name.In(lang))
		} else {
			out = append(out, a.text(lang, "unsure", nil))
		}
	}
	return out
}
