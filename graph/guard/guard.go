// Package guard decides which operations may run: it looks a document up or parses it, counts what it asks for before validation spends
// time on it, validates it, and prices it.
//
// It knows the schema it is given and no single field. What may be seen by whom is decided where data is read.
package guard

import (
	"context"
	"fmt"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/errcode"
	lru "github.com/hashicorp/golang-lru/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/parser"
	"github.com/vektah/gqlparser/v2/validator"
	"github.com/vektah/gqlparser/v2/validator/rules"
)

// How much is kept of what was prepared. A document that is longer is prepared anew each time.
const (
	cachedDocuments   = 512
	cachedDocumentLen = 8 << 10 // bytes
)

// maxName is the longest name or alias of a field, in bytes. An answer repeats it for every object of a list, and error texts repeat it too: with an
// alias as long as a request may be, one request of 60 KB would be answered with 40 MB.
const maxName = 128

// Reasons for which an operation is refused, as the metric names them.
const (
	ReasonSyntax        = "syntax"
	ReasonTokens        = "tokens"
	ReasonDepth         = "depth"
	ReasonAliases       = "aliases"
	ReasonNames         = "names"
	ReasonRootFields    = "root_fields"
	ReasonRepeats       = "repeats"
	ReasonDirectives    = "directives"
	ReasonCost          = "cost"
	ReasonIntrospection = "introspection"
	ReasonValidation    = "validation"
	ReasonVariables     = "variables"
	ReasonOperation     = "operation"
)

// Rejection says why an operation may not run. Its errors are public.
type Rejection struct {
	Reason string
	Errors gqlerror.List
}

// Document is a document that passed every check that does not depend on variables. It is shared by requests and never changed.
type Document struct {
	AST *ast.QueryDocument
	// Conditional tells whether @skip or @include stands anywhere in it, so that what is selected depends on variables.
	Conditional bool
	// Memo holds what readers derive from the document, for as long as it is kept. Keys and values are theirs.
	Memo         *lru.Cache[any, any]
	introspects  bool
	constantCost map[string]int // by name of operation; only those that no variable changes
}

// Guard checks operations against one schema. It is safe for concurrent use.
type Guard struct {
	schema *ast.Schema
	limits Limits
	prices prices
	docs   *lru.Cache[string, *Document]
}

// New makes a guard. It fails when the schema has a list whose length nothing bounds.
func New(schema *ast.Schema, limits Limits) (*Guard, error) {
	if err := limits.Validate(); err != nil {
		return nil, err
	}
	p, err := readPrices(schema)
	if err != nil {
		return nil, err
	}
	docs, err := lru.New[string, *Document](cachedDocuments)
	if err != nil {
		return nil, err
	}
	return &Guard{schema: schema, limits: limits, prices: p, docs: docs}, nil
}

// Check fills op (Doc, Operation, Variables) from op.RawQuery, op.OperationName and the variables as sent. introspection tells whether the viewer may
// read the schema. Nothing has run when a Rejection comes back.
func (g *Guard) Check(ctx context.Context, op *graphql.OperationContext, variables map[string]any, introspection bool) (*Document, *Rejection) {
	doc, rejected := g.document(op.RawQuery)
	if rejected != nil {
		return nil, rejected
	}
	op.Doc = doc.AST
	if op.Operation = doc.AST.Operations.ForName(op.OperationName); op.Operation == nil {
		return nil, refuse(ReasonOperation, errcode.ValidationFailed, "the document has no such operation; operationName must name one of several")
	}
	op.DisableIntrospection = !introspection
	if doc.introspects && !introspection {
		return nil, refuse(ReasonIntrospection, "FORBIDDEN", "reading the schema is switched off")
	}
	values, err := g.coerce(op.Operation, variables)
	if err != nil {
		return nil, &Rejection{Reason: ReasonVariables, Errors: gqlerror.List{err}}
	}
	op.Variables = values
	if cost := g.cost(doc, op.Operation, values); cost > g.limits.Cost {
		return nil, g.over(ReasonCost, cost, g.limits.Cost)
	}
	return doc, nil
}

// Trim keeps as many errors as may be told at once.
func (g *Guard) Trim(errs gqlerror.List) gqlerror.List {
	if len(errs) <= g.limits.Errors {
		return errs
	}
	return errs[:g.limits.Errors:g.limits.Errors]
}

func (g *Guard) document(query string) (*Document, *Rejection) {
	if doc, ok := g.docs.Get(query); ok {
		return doc, nil
	}
	doc, rejected := g.prepare(query)
	if rejected != nil {
		rejected.Errors = g.Trim(rejected.Errors)
		return nil, rejected
	}
	if len(query) <= cachedDocumentLen {
		g.docs.Add(strings.Clone(query), doc)
	}
	return doc, nil
}

func (g *Guard) prepare(query string) (*Document, *Rejection) {
	parsed, err := parser.ParseQueryWithTokenLimit(&ast.Source{Input: strings.Clone(query)}, g.limits.Tokens)
	if err != nil {
		return nil, syntax(err)
	}
	if len(parsed.Operations) == 0 {
		return nil, refuse(ReasonSyntax, errcode.ParseFailed, "the document has no operation")
	}
	if rejected := g.measure(parsed); rejected != nil {
		return nil, rejected
	}
	if errs := validator.ValidateWithRules(g.schema, parsed, strictRules()); len(errs) > 0 {
		for _, e := range errs {
			errcode.Set(e, errcode.ValidationFailed)
		}
		return nil, &Rejection{Reason: ReasonValidation, Errors: errs}
	}
	memo, lruErr := lru.New[any, any](64)
	if lruErr != nil {
		return nil, refuse(ReasonValidation, "INTERNAL", "the document cannot be kept")
	}
	t := traitsOf(parsed)
	return &Document{AST: parsed, Memo: memo, Conditional: t.conditional, introspects: t.introspects, constantCost: g.constantCosts(parsed)}, nil
}

// measure refuses a document by its shape alone, before validation, whose time grows faster than the document.
func (g *Guard) measure(doc *ast.QueryDocument) *Rejection {
	s := newSurveyor(doc)
	for _, op := range doc.Operations {
		m := s.selection(op.SelectionSet)
		for _, x := range []struct {
			reason     string
			got, limit int
		}{
			{ReasonDepth, m.depth, g.limits.Depth},
			{ReasonAliases, m.aliases, g.limits.Aliases},
			{ReasonRootFields, m.rootFields, g.limits.RootFields},
			{ReasonRepeats, m.repeats, g.limits.Repeats},
		} {
			if x.got > x.limit {
				return g.over(x.reason, x.got, x.limit)
			}
		}
	}
	if s.longest > maxName {
		return g.over(ReasonNames, s.longest, maxName)
	}
	if s.directives > g.limits.Directives {
		return g.over(ReasonDirectives, s.directives, g.limits.Directives)
	}
	return nil
}

// coerce gives the variables as the operation declares them. The library's reflection can meet values that it did not expect.
func (g *Guard) coerce(op *ast.OperationDefinition, variables map[string]any) (out map[string]any, refused *gqlerror.Error) {
	defer func() {
		if recover() != nil {
			out, refused = nil, invalid(errcode.ValidationFailed, "the variables do not fit the operation")
		}
	}()
	values, err := validator.VariableValues(g.schema, op, variables)
	if err == nil {
		return values, nil
	}
	e, ok := err.(*gqlerror.Error)
	if !ok {
		e = invalid(errcode.ValidationFailed, "the variables do not fit the operation")
	}
	errcode.Set(e, errcode.ValidationFailed)
	return nil, e
}

func (g *Guard) cost(doc *Document, op *ast.OperationDefinition, variables map[string]any) int {
	if c, ok := doc.constantCost[op.Name]; ok {
		return c
	}
	m := meter{prices: g.prices, variables: variables, fragments: map[*ast.FragmentDefinition]int{}}
	return m.selection(op.SelectionSet)
}

func (g *Guard) constantCosts(doc *ast.QueryDocument) map[string]int {
	out := map[string]int{}
	for _, op := range doc.Operations {
		m := meter{prices: g.prices, fragments: map[*ast.FragmentDefinition]int{}}
		if c := m.selection(op.SelectionSet); !m.varies {
			out[op.Name] = c
		}
	}
	return out
}

func (g *Guard) over(reason string, got, limit int) *Rejection {
	r := refuse(reason, "INVALID", fmt.Sprintf("the operation has %s %d, the limit is %d", strings.ReplaceAll(reason, "_", " "), got, limit))
	r.Errors[0].Extensions["limit"] = limit
	return r
}

// strictRules are the rules of the specification without hints: "did you mean" tells a stranger the names of a schema that is not public.
func strictRules() *rules.Rules {
	r := rules.NewDefaultRules()
	for _, quiet := range []struct {
		name string
		rule validator.Rule
	}{
		{rules.FieldsOnCorrectTypeRule.Name, rules.FieldsOnCorrectTypeRuleWithoutSuggestions},
		{rules.KnownArgumentNamesRule.Name, rules.KnownArgumentNamesRuleWithoutSuggestions},
		{rules.KnownTypeNamesRule.Name, rules.KnownTypeNamesRuleWithoutSuggestions},
		{rules.ScalarLeafsRule.Name, rules.ScalarLeafsRuleWithoutSuggestions},
		{rules.ValuesOfCorrectTypeRule.Name, rules.ValuesOfCorrectTypeRuleWithoutSuggestions},
	} {
		r.RemoveRule(quiet.name)
		r.AddRule(quiet.rule.Name, quiet.rule.RuleFunc)
	}
	return r
}

// syntax refuses a document that does not parse. The parser's message may quote the document, which is the sender's own.
func syntax(err error) *Rejection {
	e, ok := err.(*gqlerror.Error)
	if !ok {
		return refuse(ReasonSyntax, errcode.ParseFailed, "the document does not parse")
	}
	errcode.Set(e, errcode.ParseFailed)
	reason := ReasonSyntax
	if strings.Contains(e.Message, "token limit") {
		reason = ReasonTokens
	}
	return &Rejection{Reason: reason, Errors: gqlerror.List{e}}
}

func refuse(reason, code, message string) *Rejection {
	e := invalid(code, message)
	e.Extensions["reason"] = reason
	return &Rejection{Reason: reason, Errors: gqlerror.List{e}}
}

func invalid(code, message string) *gqlerror.Error {
	return &gqlerror.Error{Message: message, Extensions: map[string]any{"code": code}}
}

// traits are what is asked about a whole document.
type traits struct {
	introspects bool // has a field that tells of the schema
	conditional bool // has @skip or @include
}

func traitsOf(doc *ast.QueryDocument) traits {
	var t traits
	for _, op := range doc.Operations {
		t.look(op.SelectionSet)
	}
	for _, f := range doc.Fragments { // fragments are walked on their own
		t.look(f.SelectionSet)
	}
	return t
}

func (t *traits) look(set ast.SelectionSet) {
	for _, sel := range set {
		switch sel := sel.(type) {
		case *ast.Field:
			t.introspects = t.introspects || sel.Name == "__schema" || sel.Name == "__type" || sel.Name == "_service"
			t.directives(sel.Directives)
			t.look(sel.SelectionSet)
		case *ast.InlineFragment:
			t.directives(sel.Directives)
			t.look(sel.SelectionSet)
		case *ast.FragmentSpread:
			t.directives(sel.Directives)
		}
	}
}

func (t *traits) directives(list ast.DirectiveList) {
	t.conditional = t.conditional || list.ForName("skip") != nil || list.ForName("include") != nil
}
