package guard

import (
	"math"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

// shape is what can be counted in a document before it is validated, with fragments counted wherever they are used.
type shape struct {
	depth      int
	aliases    int
	rootFields int
	repeats    int
}

// surveyor measures operations of one document. Each fragment is measured once, however often it is used, so that the work grows with
// the document and not with what it expands to.
type surveyor struct {
	doc        *ast.QueryDocument
	fragments  map[string]shape
	open       map[string]bool // fragments being measured: a circle is left to validation, which refuses it
	directives int
	longest    int // bytes of the longest name of a field in an answer
}

func newSurveyor(doc *ast.QueryDocument) *surveyor {
	s := &surveyor{doc: doc, fragments: map[string]shape{}, open: map[string]bool{}}
	for _, op := range doc.Operations {
		s.directives += len(op.Directives)
		for _, v := range op.VariableDefinitions {
			s.directives += len(v.Directives)
		}
	}
	for _, f := range doc.Fragments {
		s.directives += len(f.Directives)
		s.fragment(f.Name) // also those that no operation uses
	}
	return s
}

func (s *surveyor) selection(set ast.SelectionSet) shape {
	var out shape
	seen := make(map[string]bool, len(set))
	for _, sel := range set {
		switch sel := sel.(type) {
		case *ast.Field:
			s.directives += len(sel.Directives)
			out.add(s.field(sel, seen))
		case *ast.InlineFragment:
			s.directives += len(sel.Directives)
			out.add(s.selection(sel.SelectionSet))
		case *ast.FragmentSpread:
			s.directives += len(sel.Directives)
			out.add(s.fragment(sel.Name))
		}
	}
	return out
}

// field measures one field. What lies below an introspection field has a limit of its own in validation.
func (s *surveyor) field(f *ast.Field, seen map[string]bool) shape {
	inner := s.selection(f.SelectionSet)
	out := shape{depth: inner.depth + 1, aliases: inner.aliases, repeats: inner.repeats, rootFields: 1}
	if strings.HasPrefix(f.Name, "__") {
		out.depth = 1
	}
	if f.Alias != "" && f.Alias != f.Name {
		out.aliases = add(out.aliases, 1)
	}
	key := f.Alias
	if key == "" {
		key = f.Name
	}
	s.longest = max(s.longest, len(key), len(f.Name))
	if seen[key] {
		out.repeats = add(out.repeats, 1)
	}
	seen[key] = true
	return out
}

func (s *surveyor) fragment(name string) shape {
	if m, ok := s.fragments[name]; ok {
		return m
	}
	f := s.doc.Fragments.ForName(name)
	if f == nil || s.open[name] {
		return shape{}
	}
	s.open[name] = true
	m := s.selection(f.SelectionSet)
	delete(s.open, name)
	s.fragments[name] = m
	return m
}

// add takes in what stands beside: levels do not add up, everything else does.
func (m *shape) add(o shape) {
	m.depth = max(m.depth, o.depth)
	m.aliases = add(m.aliases, o.aliases)
	m.rootFields = add(m.rootFields, o.rootFields)
	m.repeats = add(m.repeats, o.repeats)
}

// add adds without overflow: a small document can expand to more than a number holds.
func add(a, b int) int {
	if a > math.MaxInt-b {
		return math.MaxInt
	}
	return a + b
}

// times multiplies without overflow.
func times(a, b int) int {
	if a != 0 && b > math.MaxInt/a {
		return math.MaxInt
	}
	return a * b
}
