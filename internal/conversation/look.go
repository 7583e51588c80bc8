package conversation

import (
	"encoding/json"
	"slices"

	"github.com/motcua/motcua/miniapps"
)

// maxFound is how many options a mini-app is asked for that a text may mean.
const maxFound = 50

// searchField names the field that takes what was typed; "" when the action has none.
func (f *form) searchField() string {
	if f == nil {
		return ""
	}
	if i := slices.IndexFunc(f.root.children, func(c *node) bool { return c.words.Search }); i >= 0 {
		return f.root.children[i].name
	}
	return ""
}

// pageSize is how many options the action can give at once; 0 when nobody may say.
func (f *form) pageSize() int {
	if f == nil {
		return 0
	}
	n := f.root.child("first")
	switch {
	case n == nil || n.kind != kindInteger:
		return 0
	case n.schema.Maximum == nil || !n.schema.Maximum.IsInt():
		return maxLoaded
	}
	return int(min(n.schema.Maximum.Num().Int64(), maxLoaded))
}

// looksFor learns more of what can be chosen, before a text is said to name none of it: what the mini-app says that it may mean, else the pages to come. It is
// true when a call is under way.
func (t *turn) looksFor(n *node, path, text string) bool {
	l := t.s.Draft.Options
	if n.kind != kindRemote || l == nil || l.Path != pattern(path) {
		return false
	}
	if l.Sought != digest(text) {
		if t.seeks(n, path, text) {
			return true
		}
		l = t.sought(text, nil)
	}
	return len(l.Found) == 0 && l.After != "" && t.fetch(n, path, l.After, Wait{For: forMatch, Path: path, Text: text})
}

// seeks asks the mini-app what a text may mean. It is false when it cannot be asked; several names at once mean no single option.
func (t *turn) seeks(n *node, path, text string) bool {
	f := t.lister(n)
	name := f.searchField()
	if name == "" || len(parts(path, text)) > 0 {
		return false
	}
	in := params{name: text}
	if most := f.pageSize(); most > 0 {
		in["first"] = min(most, maxFound)
	}
	return t.help(n.words.Options, in, Wait{For: forSearch, Path: path, Text: text})
}

// sought remembers what a text may mean.
func (t *turn) sought(text string, found []miniapps.Option) *Loaded {
	l := *t.s.Draft.Options
	l.Sought, l.Found = digest(text), withNew(nil, found[:min(len(found), maxFound)])
	t.s.Draft.Options = &l
	return &l
}

// gotFound goes on when the mini-app has said what was meant.
func (t *turn) gotFound(r Returned, w Wait) {
	if l := t.s.Draft.Options; l != nil && l.Path == pattern(w.Path) {
		var page miniapps.Options
		if r.Err != nil || json.Unmarshal(encode(r.Result.Data), &page) != nil {
			page.Choices = nil
		}
		t.sought(w.Text, page.Choices)
	}
	t.goesOnWith(w)
}

// gotMatch goes on when a further page has come to look for what was typed.
func (t *turn) gotMatch(r Returned, w Wait) {
	if !t.loaded(r, w.Path) {
		t.noMore()
	}
	t.goesOnWith(w)
}

// goesOnWith takes what was typed as the answer, with what is known now.
func (t *turn) goesOnWith(w Wait) {
	n := t.form.root.at(w.Path)
	if n == nil {
		t.advance()
		return
	}
	if t.askedPath() != w.Path {
		t.s.Question = &Question{Kind: askField, Path: w.Path}
	}
	t.answerWith(n, w.Path, w.Text)
}
