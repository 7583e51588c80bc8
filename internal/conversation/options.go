package conversation

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/miniapps"
)

const (
	maxLoaded = 400 // options that are kept of one question
	maxLabel  = 120 // runes of an option's label and hint
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
		return t.unused(path, n.optionsOf(l.Choices))
	}
	return nil
}

// optionsOf gives the choices of a mini-app that are valid answers; never nil.
func (n *node) optionsOf(choices []miniapps.Option) []option {
	out := []option{}
	for _, c := range choices {
		if v, ok := n.remote(c.Value); ok {
			out = append(out, option{value: v, token: tokenOf(c.Value), label: c.Label, hint: c.Hint})
		}
	}
	return out
}

// choices gives the options of the value at path, and those of pages to come that were found by what was typed.
func (t *turn) choices(n *node, path string) []option {
	all := t.options(n, path)
	l := t.s.Draft.Options
	if n.kind != kindRemote || all == nil || l == nil {
		return all
	}
	for _, o := range t.unused(path, n.optionsOf(l.Found)) {
		if !slices.ContainsFunc(all, func(x option) bool { return x.token == o.token }) {
			all = append(all, o)
		}
	}
	return all
}

// listed gives the options that the schema lists.
func (t *turn) listed(n *node) []option {
	var out []option
	for _, c := range n.choices {
		text := plainValue(c.Value)
		out = append(out, option{value: c.Value, token: tokenOf(text), label: t.choiceLabel(n, c)})
	}
	return out
}

func (t *turn) choiceLabel(n *node, c choice) string {
	if s := c.Label.In(t.lang()); s != "" {
		return s
	}
	switch v := c.Value.(type) {
	case bool:
		if v {
			return t.text("choice.yes", nil)
		}
		return t.text("choice.no", nil)
	case json.Number:
		return showNumber(v, t.lang())
	}
	return plainValue(c.Value)
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

// page gives the options to show, from q.From on, and what lies around them.
func (t *turn) page(n *node, path string, q *Question) ([]message.Choice, paging) {
	all := t.options(n, path)
	if len(q.Only) > 0 {
		all = slices.DeleteFunc(t.choices(n, path), func(o option) bool { return !slices.Contains(q.Only, o.token) })
	}
	if n.kind == kindObject || n.kind == kindList {
		return []message.Choice{{Label: t.text("choice.another", nil), Value: tokenAdd + path}}, whole
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
	unread := len(q.Only) > 0 || n.kind == kindRemote && t.s.Draft.Options.After != ""
	return out, pagingOf(q.From, to < len(all) || unread)
}
