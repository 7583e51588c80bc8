package conversation

import (
	"cmp"
	"maps"
	"slices"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/motcua/motcua/internal/field"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/miniapps"
)

// form is the input of one action as a dialogue sees it.
type form struct {
	ref     Ref
	group   message.Text // what the app is called in the menu
	action  miniapps.Action
	version int
	root    *node
}

const (
	maxLevels = 8  // objects and lists in each other that a dialogue follows
	maxItems  = 50 // of a list that sets no limit
)

// node is one value that an input can hold.
type node struct {
	name     string // "" for the input itself and for the items of a list
	kind     kind
	schema   *jsonschema.Schema // says which values are valid
	words    miniapps.Keywords
	title    string
	required bool    // in the object around it
	children []*node // of an object, in the order in which they are asked for
	item     *node   // of a list
	min, max int     // of a list: items
	unique   bool    // of a list
	choices  []choice
	fixed    *any // the only value there is
	standard *any // default
	pattern  jsonschema.Regexp
	address  bool     // of a place: it can be written
	either   []string // of the input itself: names that alternatives in the schema want
}

func newNode(name string, s *jsonschema.Schema, required bool, depth int) *node {
	d := field.Read(s)
	n := &node{
		name: name, kind: kindOf(d), schema: s, words: d.Words, title: d.Title, required: required, unique: d.Unique,
		fixed: d.Fixed, standard: d.Standard, choices: d.Choices,
	}
	if len(d.Patterns) > 0 {
		n.pattern = d.Patterns[0]
	}
	if depth == 0 {
		n.kind = kindObject // manifests allow nothing else
		n.either = eitherOf(s, 0)
	}
	if depth >= maxLevels && (n.kind == kindObject || n.kind == kindList) {
		n.kind = kindNone
	}
	switch n.kind {
	case kindPlace:
		n.address = d.Fields["address"] != nil
	case kindObject:
		n.children = childrenOf(d, depth)
	case kindList:
		n.listOf(d, depth)
	}
	return n
}

func childrenOf(d field.Declaration, depth int) []*node {
	var out []*node
	for _, name := range slices.Sorted(maps.Keys(d.Fields)) {
		out = append(out, newNode(name, d.Fields[name], slices.Contains(d.Required, name), depth+1))
	}
	slices.SortStableFunc(out, func(a, b *node) int { return cmp.Compare(a.words.Order, b.words.Order) })
	return out
}

// listOf describes the items. Options, secrecy and sensitivity that stand on the list are about them.
func (n *node) listOf(d field.Declaration, depth int) {
	n.item = newNode("", d.Items, true, depth+1)
	n.item.words.Sensitive = n.item.words.Sensitive || n.words.Sensitive
	n.item.words.Secret = n.item.words.Secret || n.words.Secret
	if n.words.Options != "" {
		n.item.words.Options, n.words.Options = n.words.Options, ""
		if n.item.leaf() {
			n.item.kind = kindRemote
		}
	}
	n.min, n.max = d.Count(maxItems)
	if n.item.kind == kindNone {
		n.kind = kindNone
	}
}

// at gives the node at path, or nil.
func (n *node) at(path string) *node {
	for _, step := range steps(path) {
		if n == nil {
			return nil
		}
		n = n.child(step)
	}
	return n
}

func (n *node) child(step string) *node {
	if n.kind == kindList && index(step) >= 0 {
		return n.item
	}
	for _, c := range n.children {
		if c.name == step {
			return c
		}
	}
	return nil
}

// leaf tells whether the value is asked for as one.
func (n *node) leaf() bool { return n.kind != kindObject && n.kind != kindList }

// valid tells whether v is a value that fits.
func (n *node) valid(v any) bool { return v != nil && n.schema.Validate(v) == nil }

// askable tells whether a chat may ask for the value at all.
func (n *node) askable() bool { return n.kind != kindNone && !n.words.Sensitive }

// impossible tells whether no chat can come by the value.
func (n *node) impossible() bool {
	switch {
	case n.fixed != nil:
		return false
	case !n.askable():
		return true
	case n.kind == kindList:
		return n.min > 0 && (n.max < n.min || !n.item.giveable())
	}
	return n.blind() != nil
}

// giveable tells whether a person can give the value, or some part of it.
func (n *node) giveable() bool {
	switch {
	case n.fixed != nil || n.impossible():
		return false
	case n.kind == kindObject:
		return slices.ContainsFunc(n.children, (*node).giveable)
	case n.kind == kindList:
		return n.max > 0 && n.item.giveable()
	}
	return true
}

// takes tells whether the value, or what lies in it, is of that kind.
func (n *node) takes(k kind) bool {
	if n == nil || n.words.Sensitive || n.words.Ask == miniapps.AskNever && n.kind == kindObject {
		return false
	}
	if n.kind == k || n.kind == kindList && n.item.kind == k && n.max > 0 {
		return true
	}
	return slices.ContainsFunc(n.children, func(c *node) bool { return c.takes(k) })
}

// always tells whether the value is asked for whenever the object around it is.
func (n *node) always() bool {
	return n.words.Ask == miniapps.AskAlways || n.words.Ask == "" && n.required
}

// blind names the first part that an object must have and no chat can come by; nil when there is none.
func (n *node) blind() *node {
	for _, c := range n.children {
		switch {
		case !c.required || c.standard != nil:
		case c.kind == kindObject && c.askable():
			if b := c.blind(); b != nil {
				return b
			}
		case c.impossible():
			return c
		}
	}
	return nil
}
