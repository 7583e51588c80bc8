package guard

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

// MaxPage is the longest page of a list that is ever given; asking for more gives as many and costs as many.
const MaxPage = 100

// introspectionCost is what one look at the schema costs: much, but within the limit.
const introspectionCost = 100

// entityType is where gqlgen keeps the resolvers of federation; no operation reaches it.
const entityType = "Entity"

// price is what the schema says about the cost of a field (@cost, @listSize).
type price struct {
	weight  int
	given   map[string]int // what each argument adds that is given
	size    int            // of the list, when no argument tells it; 1 for a field that is no list
	slicing string         // argument that tells the size; "" for none
	object  bool           // yields objects, which count one point each
}

// prices of all fields, by type and field.
type prices map[string]map[string]price

// readPrices collects what the schema declares. A list of objects whose length nothing bounds is an error, unless it stands in a type whose own
// length was counted where it was asked for: the edges of a connection.
func readPrices(schema *ast.Schema) (prices, error) {
	out := prices{}
	for name, def := range schema.Types {
		if def.Kind != ast.Object && def.Kind != ast.Interface || strings.HasPrefix(name, "__") || name == entityType {
			continue
		}
		out[name] = map[string]price{}
		for _, f := range def.Fields {
			p, err := readPrice(schema, def, f)
			if err != nil {
				return nil, err
			}
			out[name][f.Name] = p
		}
	}
	return out, nil
}

func readPrice(schema *ast.Schema, owner *ast.Definition, f *ast.FieldDefinition) (price, error) {
	p := price{size: 1, object: schema.Types[f.Type.Name()].IsCompositeType()}
	if d := f.Directives.ForName("cost"); d != nil {
		p.weight = number(d, "weight")
	}
	for _, a := range f.Arguments {
		if d := a.Directives.ForName("cost"); d != nil {
			if p.given == nil {
				p.given = map[string]int{}
			}
			p.given[a.Name] = number(d, "weight")
		}
	}
	if f.Name == "_entities" { // the router's list of things to look up
		p.size, p.slicing = MaxPage, "representations"
		return p, nil
	}
	d := f.Directives.ForName("listSize")
	if d == nil {
		if f.Type.Elem != nil && p.object && !strings.HasSuffix(owner.Name, "Connection") && !strings.HasSuffix(owner.Name, "Payload") {
			return p, fmt.Errorf("guard: %s.%s is a list without @listSize", owner.Name, f.Name)
		}
		return p, nil
	}
	p.size = number(d, "assumedSize")
	if a := d.Arguments.ForName("slicingArgument"); a != nil {
		p.slicing = a.Value.Raw
		if f.Arguments.ForName(p.slicing) == nil {
			return p, fmt.Errorf("guard: %s.%s has no argument %q", owner.Name, f.Name, p.slicing)
		}
	}
	return p, nil
}

func number(d *ast.Directive, name string) int {
	n, err := strconv.Atoi(d.Arguments.ForName(name).Value.Raw)
	if err != nil {
		return 0 // the schema's own validation lets only integers through
	}
	return n
}

// meter counts the cost of one operation of a validated document.
type meter struct {
	prices    prices
	variables map[string]any
	fragments map[*ast.FragmentDefinition]int
	varies    bool // whether a variable had a part in it
}

func (m *meter) selection(set ast.SelectionSet) int {
	total := 0
	for _, sel := range set {
		switch sel := sel.(type) {
		case *ast.Field:
			total = add(total, m.field(sel))
		case *ast.InlineFragment:
			total = add(total, m.selection(sel.SelectionSet))
		case *ast.FragmentSpread:
			total = add(total, m.fragment(sel.Definition))
		}
	}
	return total
}

func (m *meter) fragment(f *ast.FragmentDefinition) int {
	if c, ok := m.fragments[f]; ok {
		return c
	}
	c := m.selection(f.SelectionSet)
	m.fragments[f] = c
	return c
}

func (m *meter) field(f *ast.Field) int {
	if strings.HasPrefix(f.Name, "__") || f.Name == "_service" {
		if f.Name == "__typename" {
			return 0
		}
		return introspectionCost
	}
	p := m.prices[f.ObjectDefinition.Name][f.Name]
	weight := add(p.weight, m.given(f, p))
	if !p.object {
		return weight
	}
	each := add(1, m.selection(f.SelectionSet))
	return add(weight, times(m.size(f, p), each))
}

// given gives what the arguments of a field add: those that are there and not null.
func (m *meter) given(f *ast.Field, p price) int {
	total := 0
	for name, weight := range p.given {
		arg := f.Arguments.ForName(name)
		if arg == nil {
			continue
		}
		if v, err := m.value(arg); err != nil || v != nil {
			total = add(total, weight)
		}
	}
	return total
}

// value gives what an argument is, and notes when variables decide it.
func (m *meter) value(arg *ast.Argument) (any, error) {
	if arg.Value.Kind == ast.Variable || arg.Value.Kind == ast.ListValue {
		m.varies = true
	}
	return arg.Value.Value(m.variables)
}

// size gives how long the list may get.
func (m *meter) size(f *ast.Field, p price) int {
	if p.slicing == "" {
		return p.size
	}
	arg := f.Arguments.ForName(p.slicing)
	if arg == nil {
		return p.size
	}
	v, err := m.value(arg)
	if err != nil || v == nil {
		return p.size
	}
	if list, ok := v.([]any); ok {
		return lengthOf(list)
	}
	n, ok := integer(v)
	if !ok || n < 1 {
		return p.size
	}
	return min(n, MaxPage)
}

// lengthOf gives how much a list that the client wrote counts: one that is longer than a page is never served.
func lengthOf(list []any) int {
	if len(list) > MaxPage {
		return math.MaxInt
	}
	return len(list)
}

func integer(v any) (int, bool) {
	switch v := v.(type) {
	case int64:
		return int(v), true
	case int:
		return v, true
	case float64:
		return int(v), true
	case json.Number:
		n, err := v.Int64()
		return int(n), err == nil
	}
	return 0, false
}
