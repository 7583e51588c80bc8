package graph

import (
	"context"
	"encoding/json"
	"io"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/99designs/gqlgen/graphql"
	lru "github.com/hashicorp/golang-lru/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/motcua/motcua/graph/guard"
)

// Lists of plain objects are written straight to bytes. gqlgen's own way takes a goroutine for each element and a context for each field, about
// 2 µs a field, although nothing in such a list can fail or wait. So a root field whose whole selection is plain (no resolver, no argument, no
// null to report) is turned once into a plan, kept with the document, and the plan writes the value. Everything else goes gqlgen's way.

// writer appends one value as JSON.
type writer[T any] func(b []byte, v T) []byte

// member is a plain field of T: a leaf, or an object planned for a selection.
type member[T any] struct {
	leaf   writer[T]
	object func(op *graphql.OperationContext, sel ast.SelectionSet) (writer[T], bool)
}

// shape is the plain part of a type: its fields that can be written without waiting or failing.
type shape[T any] struct {
	name    string
	kinds   []string // the type and its interfaces and unions, for fragments
	members map[string]member[T]
}

// plan gives what writes a T for one selection; false when the selection has a field that is not plain.
func (s shape[T]) plan(op *graphql.OperationContext, sel ast.SelectionSet) (writer[T], bool) {
	fields := graphql.CollectFields(op, sel, s.kinds)
	type step struct {
		key   []byte // `"alias":`, with what separates it from the field before
		write writer[T]
	}
	steps := make([]step, 0, len(fields))
	for i, f := range fields {
		w, ok := s.member(op, f)
		if !ok {
			return nil, false
		}
		key := []byte{','}
		if i == 0 {
			key[0] = '{'
		}
		steps = append(steps, step{append(appendString(key, f.Alias), ':'), w})
	}
	if len(steps) == 0 {
		return func(b []byte, _ T) []byte { return append(b, "{}"...) }, true
	}
	return func(b []byte, v T) []byte {
		for _, st := range steps {
			b = st.write(append(b, st.key...), v)
		}
		return append(b, '}')
	}, true
}

func (s shape[T]) member(op *graphql.OperationContext, f graphql.CollectedField) (writer[T], bool) {
	if f.Name == "__typename" {
		name := appendString(nil, s.name)
		return func(b []byte, _ T) []byte { return append(b, name...) }, true
	}
	m, ok := s.members[f.Name]
	switch {
	case !ok || len(f.Arguments) > 0 || f.IsDeferred():
		return nil, false
	case m.leaf != nil:
		return m.leaf, true
	}
	return m.object(op, f.Selections)
}

// each plans a list.
func each[T any](s shape[T]) func(*graphql.OperationContext, ast.SelectionSet) (writer[[]T], bool) {
	return func(op *graphql.OperationContext, sel ast.SelectionSet) (writer[[]T], bool) {
		one, ok := s.plan(op, sel)
		if !ok {
			return nil, false
		}
		return func(b []byte, list []T) []byte {
			b = append(b, '[')
			for i, v := range list {
				if i > 0 {
					b = append(b, ',')
				}
				b = one(b, v)
			}
			return append(b, ']')
		}, true
	}
}

// str, moment, boolean and number make leaves.
func str[T any](get func(T) string) member[T] {
	return member[T]{leaf: func(b []byte, v T) []byte { return appendString(b, get(v)) }}
}

func optional[T any](get func(T) *string) member[T] {
	return member[T]{leaf: func(b []byte, v T) []byte {
		if s := get(v); s != nil {
			return appendString(b, *s)
		}
		return append(b, "null"...)
	}}
}

func moment[T any](get func(T) time.Time) member[T] {
	return member[T]{leaf: func(b []byte, v T) []byte { return appendTime(b, get(v)) }}
}

func boolean[T any](get func(T) bool) member[T] {
	return member[T]{leaf: func(b []byte, v T) []byte { return strconv.AppendBool(b, get(v)) }}
}

func number[T any](get func(T) int) member[T] {
	return member[T]{leaf: func(b []byte, v T) []byte { return strconv.AppendInt(b, int64(get(v)), 10) }}
}

// inner makes a member out of an object that is reached through T.
func inner[T, U any](plan func(*graphql.OperationContext, ast.SelectionSet) (writer[U], bool), get func(T) U) member[T] {
	return member[T]{object: func(op *graphql.OperationContext, sel ast.SelectionSet) (writer[T], bool) {
		w, ok := plan(op, sel)
		if !ok {
			return nil, false
		}
		return func(b []byte, v T) []byte { return w(b, get(v)) }, true
	}}
}

// rootPlan writes the value of a root field, as the resolver gave it; ok is false for a value that it cannot take (null).
type rootPlan func(b []byte, v any) (out []byte, ok bool)

// planner turns the selection of a root field into a plan; nil when it is not plain.
type planner func(op *graphql.OperationContext, sel ast.SelectionSet) rootPlan

// rooted makes a planner for a root field that yields a T.
func rooted[T any](plan func(*graphql.OperationContext, ast.SelectionSet) (writer[T], bool), there func(T) bool) planner {
	return func(op *graphql.OperationContext, sel ast.SelectionSet) rootPlan {
		w, ok := plan(op, sel)
		if !ok {
			return nil
		}
		return func(b []byte, v any) ([]byte, bool) {
			t, ok := v.(T)
			if !ok || !there(t) {
				return nil, false
			}
			return w(b, t), true
		}
	}
}

// Bounds on the bytes of prebuilt lists that are kept, all documents together: whoever asks can make up documents without end.
const (
	keptLists = 128
	keptBytes = 64 << 10 // of one list; a longer one is written anew
)

// prebuilt makes a planner for a root field whose list is made once and never changes: its bytes are kept for each plan and list.
func prebuilt[T any](s shape[T]) planner {
	type key struct {
		plan *bool // a new one for each
		list *T    // its first element
	}
	kept, _ := lru.New[key, []byte](keptLists) // fails only for a size below 1
	return func(op *graphql.OperationContext, sel ast.SelectionSet) rootPlan {
		write, ok := each(s)(op, sel)
		if !ok {
			return nil
		}
		me := new(bool)
		return func(b []byte, v any) ([]byte, bool) {
			list, ok := v.([]T)
			if !ok || len(list) == 0 {
				return nil, false
			}
			k := key{me, &list[0]}
			if known, ok := kept.Get(k); ok {
				return known, true
			}
			out := write(b, list)
			if len(out) <= keptBytes {
				kept.Add(k, out)
			}
			return out, true
		}
	}
}

// plainFields is the field middleware that takes the short way where there is one. planners are by field of Query.
type plainFields map[string]planner

// planKey names a plan among those kept with a document: the same field may be merged with others in another operation.
type planKey struct {
	op    *ast.OperationDefinition
	field *ast.Field
}

func (p plainFields) middleware(ctx context.Context, next graphql.Resolver) (any, error) {
	v, err := next(ctx)
	fc := graphql.GetFieldContext(ctx)
	if err != nil || v == nil || fc.Object != "Query" {
		return v, err
	}
	planner, ok := p[fc.Field.Name]
	if !ok {
		return v, nil
	}
	plan := planFor(ctx, fc, planner)
	if plan == nil {
		return v, nil
	}
	out, ok := plan(make([]byte, 0, 1024), v)
	if !ok {
		return v, nil
	}
	return rawValue(out), nil
}

// planFor finds the plan of a field or makes it. A document whose selections depend on variables is planned anew each time.
func planFor(ctx context.Context, fc *graphql.FieldContext, plan planner) rootPlan {
	op := graphql.GetOperationContext(ctx)
	doc, _ := op.Stats.GetExtension(documentStat).(*guard.Document)
	if doc == nil || doc.Conditional {
		return plan(op, fc.Field.Selections)
	}
	key := planKey{op.Operation, fc.Field.Field}
	if known, ok := doc.Memo.Get(key); ok {
		p, _ := known.(rootPlan)
		return p
	}
	made := plan(op, fc.Field.Selections)
	doc.Memo.Add(key, made)
	return made
}

// rawValue is JSON that is written as it is.
type rawValue []byte

// MarshalGQL writes the value.
func (v rawValue) MarshalGQL(w io.Writer) { _, _ = w.Write(v) }

// appendString appends s as a JSON string.
func appendString(b []byte, s string) []byte {
	if !plainText(s) {
		quoted, err := json.Marshal(s)
		if err != nil {
			return append(b, `""`...) // cannot happen: every string has a JSON form
		}
		return append(b, quoted...)
	}
	b = append(b, '"')
	b = append(b, s...)
	return append(b, '"')
}

// plainText tells whether s stands in JSON as it is.
func plainText(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < 0x20 || c == '"' || c == '\\' {
			return false
		}
	}
	return utf8.ValidString(s)
}
