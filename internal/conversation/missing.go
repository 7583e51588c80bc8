package conversation

import (
	"slices"

	"github.com/motcua/motcua/miniapps"
)

// open finds the first value that is to be asked for: what the person or the dialogue wants next, then what is missing.
func (t *turn) open() (string, bool) {
	d := t.s.Draft
	if d.Want != "" {
		if p, ok := t.wanted(d.Want); ok {
			return p, true
		}
		d.Want = ""
	}
	return t.missing(t.form.root, "", true)
}

// wanted gives what to ask for when the value at path is wanted, whether it is known or not.
func (t *turn) wanted(path string) (string, bool) {
	n := t.form.root.at(path)
	switch {
	case n == nil || !n.giveable():
		return "", false
	case n.leaf():
		return path, true
	case n.kind == kindObject:
		t.s.Draft.Taken = add(t.s.Draft.Taken, path)
		return t.missing(n, path, true)
	}
	if t.count(path) >= n.max {
		return "", false
	}
	item := joinIndex(path, t.count(path))
	if n.item.leaf() {
		return item, true
	}
	t.s.Draft.Taken = add(t.s.Draft.Taken, item)
	return t.missing(n.item, item, true)
}

// missing finds the first value at or below path that is to be asked for. must says that the value at path is.
func (t *turn) missing(n *node, path string, must bool) (string, bool) {
	d := t.s.Draft
	_, known := t.known(path)
	must = must || slices.Contains(d.Needed, path) || slices.Contains(d.Taken, path)
	if !n.askable() || n.fixed != nil || !known && slices.Contains(d.Skipped, path) {
		return "", false
	}
	switch {
	case n.leaf():
		return path, must && !known
	case !must && !known:
		return "", false
	case n.kind == kindList:
		return t.missingItem(n, path, must)
	}
	needed := func(c *node) bool { return c.always() && c.giveable() }
	all := slices.Contains(d.Taken, path) && !slices.ContainsFunc(n.children, needed) // any part will do, so each is asked for
	for _, c := range n.children {
		if p, ok := t.missing(c, join(path, c.name), c.always() || all && c.words.Ask != miniapps.AskNever); ok {
			return p, true
		}
	}
	return "", false
}

// missingItem finds what is missing in the items of a list, or asks for one more.
func (t *turn) missingItem(n *node, path string, must bool) (string, bool) {
	d, count := t.s.Draft, t.count(path)
	for i := range count {
		if p, ok := t.missing(n.item, joinIndex(path, i), true); ok {
			return p, true
		}
	}
	next := joinIndex(path, count)
	if count < n.min && !n.item.leaf() {
		d.Taken = add(d.Taken, next)
	}
	switch {
	case count < n.max && !n.item.leaf() && slices.Contains(d.Taken, next):
		return t.missing(n.item, next, true)
	case count < n.min && count < n.max:
		return next, true
	case must && count < n.max && !slices.Contains(d.Closed, path):
		return next, true
	}
	return "", false
}

// optional tells whether the person may go on without the value at path, and which value is then left out: the nearest one around it that is optional,
// as long as nothing of it is known.
func (t *turn) optional(path string) (string, bool) {
	for p := path; p != ""; p, _ = parent(p) {
		n := t.form.root.at(p)
		around, last := parent(p)
		if n == nil {
			return "", false
		}
		if _, begun := t.known(p); begun && p != path {
			return "", false // what was given with it would be lost
		}
		if i := index(last); i >= 0 {
			list := t.form.root.at(around)
			if list == nil || i < list.min {
				continue
			}
			return p, true
		}
		if !n.required && !slices.Contains(t.s.Draft.Needed, p) {
			return p, true
		}
		if around == "" {
			return "", false
		}
	}
	return "", false
}
