package conversation

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/miniapps"
)

const (
	maxLoaded = 200 // options that are kept of one question
	maxOption = 300 // bytes of an option's value in what a network carries; a longer one goes by its digest
)

// option is one possible answer.
type option struct {
	value any
	token string // names the value in what a network carries back
	label string
	hint  string
}

// options gives the options of the value at path, as far as they are known; nil when they have to be fetched.
func (t *turn) options(n *node, path string) []option {
	switch n.kind {
	case kindBool:
		yes, no := t.text("choice.yes", nil), t.text("choice.no", nil)
		return []option{{value: true, token: "true", label: yes}, {value: false, token: "false", label: no}}
	case kindChoice:
		return t.unused(path, t.listed(n))
	case kindRemote:
		l := t.s.Draft.Options
		if l == nil || l.Path != pattern(path) {
			return nil
		}
		out := []option{}
		for _, c := range l.Choices {
			if v, ok := n.remote(c.Value); ok {
				out = append(out, option{value: v, token: tokenOf(c.Value), label: c.Label, hint: c.Hint})
			}
		}
		return t.unused(path, out)
	}
	return nil
}

// listed gives the options that the schema lists.
func (t *turn) listed(n *node) []option {
	var out []option
	for _, c := range n.choices {
		text := plainValue(c.value)
		out = append(out, option{value: c.value, token: tokenOf(text), label: t.choiceLabel(n, c)})
	}
	return out
}

func (t *turn) choiceLabel(n *node, c choice) string {
	if s := c.label.In(t.lang()); s != "" {
		return s
	}
	switch v := c.value.(type) {
	case bool:
		if v {
			return t.text("choice.yes", nil)
		}
		return t.text("choice.no", nil)
	case json.Number:
		return showNumber(v, t.lang())
	}
	return plainValue(c.value)
}

// plainValue writes a plain value as people would.
func plainValue(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	return string(encode(v))
}

// remote gives the value of an option that a mini-app named.
func (n *node) remote(value string) (any, bool) {
	if n.valid(value) {
		return value, true
	}
	v := any(json.Number(value))
	return v, json.Valid([]byte(value)) && n.valid(v)
}

func tokenOf(value string) string {
	if len(value) <= maxOption {
		return value
	}
	return "#" + digest(value)
}

// pattern names a question, whichever item of a list it is about: they share their options.
func pattern(path string) string {
	list := steps(path)
	for i, step := range list {
		if index(step) >= 0 {
			list[i] = "*"
		}
	}
	return strings.Join(list, "/")
}

// unused leaves out what the list around path holds already.
func (t *turn) unused(path string, options []option) []option {
	around, last := parent(path)
	if index(last) < 0 {
		return options
	}
	if n := t.form.root.at(around); n == nil || !n.unique {
		return options
	}
	list, _ := t.known(around)
	items, _ := list.([]any)
	return slices.DeleteFunc(options, func(o option) bool {
		return slices.ContainsFunc(items, func(x any) bool { return equal(x, o.value) })
	})
}

// page gives the options to show, from q.From on, and whether there are more.
func (t *turn) page(n *node, path string, q *Question) ([]message.Choice, bool) {
	all := t.options(n, path)
	if len(q.Only) > 0 {
		all = slices.DeleteFunc(all, func(o option) bool { return !slices.Contains(q.Only, o.token) })
	}
	if n.kind == kindObject || n.kind == kindList {
		return []message.Choice{{Label: t.text("choice.another", params{"label": t.name(n)}), Value: tokenAdd + path}}, false
	}
	size := t.m.rules.Page
	if q.From < 0 || q.From >= len(all) {
		q.From = 0
	}
	to := min(q.From+size, len(all))
	var out []message.Choice
	for _, o := range all[q.From:to] {
		out = append(out, message.Choice{Label: o.label, Value: tokenIs + path + "=" + o.token, Hint: o.hint})
	}
	return out, len(all) > size || len(q.Only) > 0 || n.kind == kindRemote && t.s.Draft.Options.After != ""
}

// nextPage shows the options behind those shown. After the last come the first again.
func (t *turn) nextPage() {
	q := t.s.Question
	n := t.form.root.at(q.Path)
	if n == nil {
		t.advance()
		return
	}
	all := t.options(n, q.Path)
	from := q.From + len(q.Options)
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

// fetch calls for a page of options.
func (t *turn) fetch(n *node, path, after string, w Wait) bool {
	if after == "" {
		t.s.Draft.Options = nil
	}
	return t.help(n.words.Options, after, w)
}

// loaded takes a page of options in. It is false when the mini-app gave none.
func (t *turn) loaded(r Returned, path string) bool {
	var page miniapps.Options
	if r.Err != nil || json.Unmarshal(encode(r.Result.Data), &page) != nil {
		return false
	}
	l := Loaded{Path: pattern(path)}
	if had := t.s.Draft.Options; had != nil && had.Path == l.Path {
		l.Choices = slices.Clone(had.Choices)
	}
	before := len(l.Choices)
	for _, c := range page.Choices {
		c.Label = cleaned(c.Label)
		if c.Label == "" {
			c.Label = c.Value
		}
		known := slices.ContainsFunc(l.Choices, func(x miniapps.Option) bool { return x.Value == c.Value })
		if c.Value != "" && !known && len(l.Choices) < maxLoaded {
			l.Choices = append(l.Choices, c)
		}
	}
	if len(l.Choices) > before && len(l.Choices) < maxLoaded {
		l.After = page.After
	}
	t.s.Draft.Options = &l
	return true
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
		t.s.Draft.Options.After = ""
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
	if blocks := said(r.Blocks); len(blocks) > 0 {
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

// pickAnswer takes text as the choice that it names. It is true when it went on or asked; false when text names none.
func (t *turn) pickAnswer(n *node, path, text string) bool {
	options := t.options(n, path)
	if options == nil {
		t.askField(path)
		return true
	}
	if n.kind == kindBool {
		if v := t.reader().bool(text); len(v) > 0 {
			t.give(path, v[0], nil)
			return true
		}
	}
	if t.pickSeveral(path, text, options) {
		return true
	}
	found := fits(text, names(options))
	switch {
	case len(found) == 1:
		t.choose(path, options[found[0]])
	case len(found) > 1:
		t.narrow(path, options, found)
	case n.kind == kindRemote && t.searchOn(n, path, text):
	default:
		return t.notListed(path, text)
	}
	return true
}

func names(options []option) []named {
	out := make([]named, len(options))
	for i, o := range options {
		out[i] = named{label: o.label, value: o.token}
	}
	return out
}

// choose makes an option the answer.
func (t *turn) choose(path string, o option) { t.give(path, o.value, &o) }

// chosen remembers that the value at path is one of the options.
func (t *turn) chosen(path string, o option) {
	if n := t.form.root.at(path); n != nil && n.kind == kindRemote {
		t.s.Draft.Listed = add(t.s.Draft.Listed, path)
		t.label(path, o.label)
	}
}

// pickSeveral takes "1, 3" as several items of a list.
func (t *turn) pickSeveral(path, text string, options []option) bool {
	parts := strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(",;+\n", r) })
	around, last := parent(path)
	if index(last) < 0 || len(parts) < 2 {
		return false
	}
	list := t.form.root.at(around)
	var picked []option
	for _, part := range parts {
		i := position(part, len(t.s.Question.Options))
		if i >= 0 {
			i = slices.IndexFunc(options, func(o option) bool { return tokenIs+path+"="+o.token == t.s.Question.Options[i].Value })
		} else {
			i = only(fits(part, names(options)))
		}
		if i < 0 {
			return false
		}
		picked = append(picked, options[i])
	}
	for _, o := range picked {
		at := joinIndex(around, t.count(around))
		if t.count(around) < list.max && !t.repeated(at, o.value) && t.set(at, o.value) {
			t.chosen(at, o)
			t.note(at)
		}
	}
	t.advance()
	return true
}

// narrow asks which of the options that fit was meant.
func (t *turn) narrow(path string, options []option, found []int) {
	q := Question{Kind: askField, Path: path}
	for _, i := range found {
		q.Only = append(q.Only, options[i].token)
	}
	t.s.Question = &q
	t.say("several_fit", nil)
	t.askField(path)
}

// searchOn looks on the next page for what was typed.
func (t *turn) searchOn(n *node, path, text string) bool {
	after := t.s.Draft.Options.After
	return after != "" && t.fetch(n, path, after, Wait{For: forMatch, Path: path, Text: text})
}

// gotMatch goes on when a further page has come to look for what was typed.
func (t *turn) gotMatch(r Returned, w Wait) {
	n := t.form.root.at(w.Path)
	if n == nil {
		t.advance()
		return
	}
	if !t.loaded(r, w.Path) && t.s.Draft.Options != nil {
		t.s.Draft.Options.After = ""
	}
	t.s.Question = &Question{Kind: askField, Path: w.Path}
	if !t.pickAnswer(n, w.Path, w.Text) {
		t.wrong(n, w.Path, w.Text)
	}
}

// notListed asks again when nothing of what can be chosen fits.
func (t *turn) notListed(path, text string) bool {
	if t.strays(text) {
		return true
	}
	t.say("not_listed", params{"label": t.nameAt(path)})
	t.s.Question = &Question{Kind: askField, Path: path}
	t.askField(path)
	return true
}

// verify looks whether choices that were known before they were asked for are among their options. It is true when it made a call for that.
func (t *turn) verify() bool {
	d, found, lost := t.s.Draft, false, false
	t.each(func(path string, n *node, v any) bool {
		if n.kind != kindRemote || slices.Contains(d.Listed, path) {
			return true
		}
		switch t.lookUp(n, path, v) {
		case unknown:
			found = t.fetch(n, path, t.after(path), Wait{For: forVerify, Path: path})
			if !found { // cannot be told: the action itself will
				d.Listed = add(d.Listed, path)
			}
		case absent:
			t.say("gone_choice", params{"label": t.nameAt(path)})
			lost = t.reject(path)
			return false
		}
		return !found
	})
	return found || lost && t.verify()
}

// sight tells what is known about a choice.
type sight int

const (
	unknown sight = iota
	present
	absent
)

// lookUp looks for a value among the options that have come.
func (t *turn) lookUp(n *node, path string, v any) sight {
	l := t.s.Draft.Options
	if l == nil || l.Path != pattern(path) {
		return unknown
	}
	for _, c := range l.Choices {
		if x, ok := n.remote(c.Value); ok && equal(x, v) {
			t.s.Draft.Listed = add(t.s.Draft.Listed, path)
			t.label(path, c.Label)
			return present
		}
	}
	switch {
	case l.After != "":
		return unknown
	case len(l.Choices) >= maxLoaded: // there may be more than are kept
		t.s.Draft.Listed = add(t.s.Draft.Listed, path)
		return present
	}
	return absent
}

func (t *turn) after(path string) string {
	if l := t.s.Draft.Options; l != nil && l.Path == pattern(path) {
		return l.After
	}
	return ""
}

// gotVerified goes on when a page has come to look for a known choice in.
func (t *turn) gotVerified(r Returned, path string) {
	if !t.loaded(r, path) {
		t.s.Draft.Listed = add(t.s.Draft.Listed, path)
	}
	t.advance()
}
