package webform

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"

	declared "github.com/motcua/motcua/internal/field"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/miniapps"
)

const (
	maxLevels = 8  // objects in each other that a form follows
	maxItems  = 50 // of a list that sets no limit
	maxFiles  = 10 // of one field, whatever its schema allows
)

// node is one value that an input can hold.
type node struct {
	name           string
	path           string // names from the root, joined by slashes; "" for the input itself
	kind           kind
	schema         *jsonschema.Schema // says which values are valid
	words          miniapps.Keywords
	format         string
	title          string
	required       bool    // in the object around it
	children       []*node // of an object, in the order in which they are asked for
	item           *node   // of a list; it has the list's path
	min, max       int     // of a list: items; of a photo or video: 1
	minLen, maxLen int     // runes; 0 for no bound
	choices        []choice
	fixed          *any // the only value there is
	standard       *any // default
	coded          bool // it must match a pattern from beginning to end, as codes do
}

func newNode(path string, s *jsonschema.Schema, required bool, depth int) *node {
	d := declared.Read(s)
	n := &node{
		name: path[strings.LastIndexByte(path, '/')+1:], path: path, kind: kindOf(d), schema: s, words: d.Words, format: d.Format, title: d.Title,
		required: required, max: 1, minLen: bound(d.MinLength), maxLen: bound(d.MaxLength),
		choices: d.Choices, fixed: d.Fixed, standard: d.Standard, coded: coded(d),
	}
	if depth == 0 {
		n.kind = kindObject // manifests allow nothing else
	}
	switch {
	case depth >= maxLevels && (n.kind == kindObject || n.kind == kindList):
		n.kind = kindNone
	case n.kind == kindObject:
		n.children = childrenOf(path, d, depth)
	case n.kind == kindPlace:
		if most := declared.Read(d.Fields["address"]).MaxLength; most != nil {
			n.maxLen = *most
		}
	case n.kind == kindList:
		n.listOf(d, depth)
	}
	return n
}

// bound is 0 where none is declared.
func bound(runes *int) int {
	if runes == nil {
		return 0
	}
	return *runes
}

func childrenOf(path string, d declared.Declaration, depth int) []*node {
	var out []*node
	for _, name := range slices.Sorted(maps.Keys(d.Fields)) {
		out = append(out, newNode(join(path, name), d.Fields[name], slices.Contains(d.Required, name), depth+1))
	}
	slices.SortStableFunc(out, func(a, b *node) int { return cmp.Compare(a.words.Order, b.words.Order) })
	return out
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "/" + name
}

// listOf describes the items: a form shows lists of plain values and of files. Options that stand on the list are about them.
func (n *node) listOf(d declared.Declaration, depth int) {
	n.item = newNode(n.path, d.Items, true, depth+1)
	if n.words.Options != "" {
		n.item.words.Options = n.words.Options
		if n.item.kind != kindObject && n.item.kind != kindList {
			n.item.kind = kindRemote
		}
	}
	n.min, n.max = d.Count(maxItems)
	if n.files() {
		n.max = min(n.max, maxFiles)
	}
	switch n.item.kind {
	case kindNone, kindObject, kindList, kindPlace, kindBool:
		n.kind = kindNone
	}
	if n.max < max(n.min, 1) {
		n.kind = kindNone
	}
}

// leaf gives the node that says what kind of value is asked for: a list's item, or the node itself.
func (n *node) leaf() *node {
	if n.kind == kindList {
		return n.item
	}
	return n
}

// files tells whether the value is one or several files.
func (n *node) files() bool {
	k := n.kind
	if n.item != nil {
		k = n.item.kind
	}
	return k == kindPhoto || k == kindVideo
}

// valid tells whether v is a value that fits.
func (n *node) valid(v any) bool { return v != nil && n.schema.Validate(v) == nil }

// sensitive tells whether the answer is typed and not shown again.
func (n *node) sensitive() bool {
	switch n.kind {
	case kindBool, kindChoice, kindRemote, kindPhoto, kindVideo, kindObject, kindList, kindNone:
		return false
	}
	return n.words.Sensitive
}

// asked tells whether the form has a field for the value. What a dialogue never asks for comes from elsewhere, unless it is only too sensitive for a chat.
func (n *node) asked() bool {
	switch {
	case n.fixed != nil || n.kind == kindNone:
		return false
	case n.words.Ask == miniapps.AskNever && !n.words.Sensitive:
		return false
	case !strings.Contains(n.path, "/") && n.words.Name(message.Vietnamese) == "" && n.title == "":
		return false // made for programs
	}
	return n.kind != kindObject || n.blind(nil) == nil && slices.ContainsFunc(n.children, (*node).asked)
}

// blind names the first value that the object must have and no form can come by; nil when there is none. What is known is given by name.
func (n *node) blind(known []string) *node {
	for _, c := range n.children {
		switch {
		case !c.required || slices.Contains(known, c.name) || c.fixed != nil || c.standard != nil:
		case !c.asked():
			return c
		}
	}
	return nil
}

// each visits the asked values in the order of the form, without the known ones. An object comes before what lies in it.
func (n *node) each(known map[string]any, visit func(*node)) {
	for _, c := range n.children {
		if _, is := known[c.name]; is && n.path == "" || !c.asked() {
			continue
		}
		visit(c)
		if c.kind == kindObject {
			c.each(nil, visit)
		}
	}
}

// at gives the node of the nearest value on the way to path, and the path itself in the form's spelling; nil when not even the first step leads anywhere.
func (n *node) at(path []string) *node {
	for _, c := range n.children {
		if len(path) > 0 && c.name == path[0] {
			if deeper := c.at(path[1:]); deeper != nil {
				return deeper
			}
			return c
		}
	}
	return nil
}

// label is what the value is called.
func (n *node) label(lang message.Lang) string {
	return cmp.Or(n.words.Label.In(lang), n.title, n.words.Prompt.In(lang), n.name)
}

// hint is the question, where it says more than the label.
func (n *node) hint(lang message.Lang) string {
	if s := n.words.Prompt.In(lang); s != n.label(lang) {
		return s
	}
	return ""
}

// token writes a value that the schema lists as a form carries it.
func token(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	raw, err := json.Marshal(v)
	if err != nil {
		return ""
	}
	return string(raw)
}
