package conversation

import (
	"cmp"
	"encoding/json"
	"slices"

	"github.com/motcua/motcua/miniapps"
)

// nextPage shows the options behind those shown.
func (t *turn) nextPage() {
	q := t.s.Question
	n := t.form.root.at(q.Path)
	if n == nil {
		t.advance()
		return
	}
	all := t.options(n, q.Path)
	from := q.From + len(q.Options)
	if len(q.Only) > from {
		t.s.Question = &Question{Kind: askField, Path: q.Path, From: from, Only: q.Only}
		t.askField(q.Path)
		return
	}
	if len(q.Only) > 0 {
		from = 0
	}
	t.s.Question = &Question{Kind: askField, Path: q.Path, From: from}
	l := t.s.Draft.Options
	if n.kind == kindRemote && all != nil && from+t.m.rules.Page > len(all) && l.After != "" && t.fetch(n, q.Path, l.After, Wait{For: forOptions, Path: q.Path}) {
		return
	}
	t.askField(q.Path)
}

// fetch calls for a page of options: as many as the mini-app likes, or as many as it can when what was typed is looked for.
func (t *turn) fetch(n *node, path, after string, w Wait) bool {
	in := params{}
	if after == "" {
		t.s.Draft.Options = nil
	} else {
		in["after"] = after
	}
	if most := t.lister(n).pageSize(); w.For == forMatch && most > 0 {
		in["first"] = min(most, maxLoaded)
	}
	return t.help(n.words.Options, in, w)
}

// lister is the action that gives the options.
func (t *turn) lister(n *node) *form {
	return t.m.forms[Ref{App: t.form.ref.App, Action: n.words.Options}]
}

// loaded takes a page of options in. It is false when the mini-app gave none.
func (t *turn) loaded(r Returned, path string) bool {
	var page miniapps.Options
	if r.Err != nil || json.Unmarshal(encode(r.Result.Data), &page) != nil {
		return false
	}
	l := Loaded{Path: pattern(path)}
	if had := t.s.Draft.Options; had != nil && had.Path == l.Path {
		l = *had
		l.After, l.Choices = "", slices.Clone(had.Choices)
	}
	before := len(l.Choices)
	l.Choices = withNew(l.Choices, page.Choices)
	if len(l.Choices) > before && len(l.Choices) < maxLoaded {
		l.After = page.After
	}
	t.s.Draft.Options = &l
	return true
}

// withNew adds the options that are not there yet, as far as they can be kept and shown.
func withNew(have, more []miniapps.Option) []miniapps.Option {
	there := make(map[string]bool, len(have)+len(more))
	for _, c := range have {
		there[c.Value] = true
	}
	for _, c := range more {
		c.Label, c.Hint = cut(cleaned(c.Label), maxLabel), cut(cleaned(c.Hint), maxLabel)
		c.Label = cmp.Or(c.Label, cut(c.Value, maxLabel))
		if c.Value != "" && !there[c.Value] && len(have) < maxLoaded {
			there[c.Value] = true
			have = append(have, c)
		}
	}
	return have
}

// noMore takes the options that have come for all that there are: the next page cannot be had.
func (t *turn) noMore() {
	if l := t.s.Draft.Options; l != nil {
		rest := *l
		rest.After = ""
		t.s.Draft.Options = &rest
	}
}

// gotOptions goes on when options to show have come.
func (t *turn) gotOptions(r Returned, path string) {
	n := t.form.root.at(path)
	if n == nil {
		t.advance()
		return
	}
	if !t.loaded(r, path) {
		if t.s.Draft.Options == nil {
			t.noOptions(path)
			return
		}
		t.noMore()
	}
	if len(t.options(n, path)) == 0 && t.s.Draft.Options.After == "" {
		t.nothingToChoose(r.Result, path)
		return
	}
	t.askField(path)
}

// nothingToChoose goes on when there is no option at all: without the value if it is optional, else the draft ends with what the mini-app said.
func (t *turn) nothingToChoose(r miniapps.Result, path string) {
	if around, last := parent(path); index(last) > 0 && t.count(around) >= t.form.root.at(around).min {
		t.leaveOut(path)
		return
	}
	if p, can := t.optional(path); can {
		t.say("no_choice_go_on", params{"label": t.nameAt(path)})
		t.leaveOut(p)
		return
	}
	if blocks := spoken(r.Blocks); len(blocks) > 0 {
		t.tellAll(blocks)
	} else {
		t.say("no_choice", params{"label": t.nameAt(path)})
	}
	ref := t.form.ref
	t.say("ended", params{"action": t.title(t.form)})
	t.drop()
	t.suggest(ref, r)
}

// noOptions says that the options did not come, and offers to try again.
func (t *turn) noOptions(path string) {
	t.say("options_missing", params{"label": t.nameAt(path)})
	t.askRetry()
}
