package guard_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/stretchr/testify/require"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/motcua/motcua/graph/guard"
)

const schema = `
directive @cost(weight: Int!) on FIELD_DEFINITION | ARGUMENT_DEFINITION
directive @listSize(assumedSize: Int!, slicingArgument: String) on FIELD_DEFINITION
directive @live on FIELD
type Query {
  me: Person
  people(first: Int): PersonConnection @cost(weight: 5) @listSize(assumedSize: 20, slicingArgument: "first")
  towns: [Town!] @listSize(assumedSize: 50)
  town(near: Spot @cost(weight: 400), words: String @cost(weight: 400)): Town @cost(weight: 100)
  size(near: Spot @cost(weight: 600)): Int
  name: String
}
type PersonConnection { edges: [PersonEdge!] }
type PersonEdge { node: Person }
type Person { id: ID name(short: Boolean): String friends(first: Int): PersonConnection @listSize(assumedSize: 20, slicingArgument: "first") best: Person town: Town }
type Town { name: String }
input Spot { lat: Float }
type Mutation { sign: Boolean @cost(weight: 10) }
`

func limits() guard.Limits {
	return guard.Limits{Tokens: 1000, Depth: 10, Aliases: 15, RootFields: 10, Repeats: 20, Directives: 20, Cost: 1000, Errors: 10}
}

func newGuard(t testing.TB, l guard.Limits) *guard.Guard {
	t.Helper()
	s, err := gqlparser.LoadSchema(&ast.Source{Input: schema})
	require.NoError(t, err)
	g, err := guard.New(s, l)
	require.NoError(t, err)
	return g
}

func check(t testing.TB, g *guard.Guard, query string, vars map[string]any) *guard.Rejection {
	t.Helper()
	_, r := g.Check(t.Context(), &graphql.OperationContext{RawQuery: query}, vars, false)
	return r
}

// chain writes n levels of the field best.
func chain(n int) string {
	return "{ me { " + strings.Repeat("best { ", n-3) + "best { id }" + strings.Repeat(" }", n-3) + " } }"
}

// bomb writes fragments each of which uses the next twice.
func bomb(n int, last string) string {
	var b strings.Builder
	b.WriteString("{ ...F0 }")
	for i := range n {
		fmt.Fprintf(&b, " fragment F%d on Query { ...F%d ...F%d }", i, i+1, i+1)
	}
	fmt.Fprintf(&b, " fragment F%d on Query { %s }", n, last)
	return b.String()
}

func TestGuardRefuses(t *testing.T) {
	aliases := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, "a%d: id ", i)
		}
		return "{ me { " + b.String() + "} }"
	}
	tests := []struct {
		name, query string
		vars        map[string]any
		reason      string // "" lets it pass
	}{
		{name: "plain", query: "{ me { id name } }"},
		{name: "syntax", query: "{ me { ", reason: guard.ReasonSyntax},
		{name: "nothing", query: " ", reason: guard.ReasonSyntax},
		{name: "fragment alone", query: "fragment A on Query { name }", reason: guard.ReasonSyntax},
		{name: "tokens", query: "{ " + strings.Repeat("name ", 1000) + "}", reason: guard.ReasonTokens},
		{name: "same field within the tokens", query: "{ " + strings.Repeat("name ", 990) + "}", reason: guard.ReasonRootFields},
		{name: "same field deeper", query: "{ me { " + strings.Repeat("name ", 900) + "} }", reason: guard.ReasonRepeats},
		{name: "depth 10", query: chain(10)},
		{name: "depth 11", query: chain(11), reason: guard.ReasonDepth},
		{name: "depth through fragments", query: "{ me { ...A } } fragment A on Person { best { best { best { best { ...B } } } } } fragment B on Person { best { best { best { best { best { id } } } } } }", reason: guard.ReasonDepth},
		{name: "parser depth", query: strings.Repeat("{me", 480), reason: guard.ReasonSyntax},
		{name: "15 aliases", query: aliases(15)},
		{name: "16 aliases", query: aliases(16), reason: guard.ReasonAliases},
		{name: "alias of 128 bytes", query: "{ " + strings.Repeat("a", 128) + ": name }"},
		{name: "longer alias", query: "{ " + strings.Repeat("a", 129) + ": name }", reason: guard.ReasonNames},
		{name: "longer alias in a fragment", query: "{ me { ...A } } fragment A on Person { " + strings.Repeat("a", 129) + ": name }", reason: guard.ReasonNames},
		{name: "longer name", query: "{ " + strings.Repeat("a", 129) + " }", reason: guard.ReasonNames},
		{name: "aliases through a fragment used often", query: "{ me { ...A best { ...A best { ...A } } town { name } } } fragment A on Person { a: id b: id c: id d: id e: id f: id }", reason: guard.ReasonAliases},
		{name: "11 root fields", query: "{ name me { id } towns { name } " + strings.Repeat("name ", 8) + "}", reason: guard.ReasonRootFields},
		{name: "fragment bomb", query: bomb(60, "name"), reason: guard.ReasonRootFields},
		{name: "fragment circle", query: "{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }", reason: guard.ReasonValidation},
		{name: "directives", query: "{ name " + strings.Repeat("@live ", 21) + "}", reason: guard.ReasonDirectives},
		{name: "unknown directives", query: "{ name " + strings.Repeat("@nope ", 20) + "}", reason: guard.ReasonValidation},
		{name: "unknown field", query: "{ nome }", reason: guard.ReasonValidation},
		{name: "lists in lists", query: "{ people(first: 20) { edges { node { friends(first: 20) { edges { node { friends(first: 20) { edges { node { id } } } } } } } } } }", reason: guard.ReasonCost},
		{name: "page in a variable", query: "query($n: Int) { people(first: $n) { edges { node { friends(first: $n) { edges { node { id } } } } } } }", vars: map[string]any{"n": 50}, reason: guard.ReasonCost},
		{name: "small page in a variable", query: "query($n: Int) { people(first: $n) { edges { node { friends(first: $n) { edges { node { id } } } } } } }", vars: map[string]any{"n": 5}},
		{name: "page of a default", query: "query($n: Int = 100) { people(first: $n) { edges { node { friends(first: $n) { edges { node { id } } } } } } }", reason: guard.ReasonCost},
		{name: "negative page is the assumed one", query: "{ people(first: -1000000) { edges { node { friends { edges { node { friends { edges { node { id } } } } } } } } } }", reason: guard.ReasonCost},
		{name: "argument that costs", query: "{ town(near: {lat: 1}) { name } }"},
		{name: "argument that costs, twice", query: "{ a: town(near: {lat: 1}) { name } b: town(near: {lat: 1}) { name } }", reason: guard.ReasonCost},
		{name: "argument of a leaf that costs, twice", query: "{ a: size(near: {lat: 1}) b: size(near: {lat: 1}) }", reason: guard.ReasonCost},
		{name: "null costs nothing", query: "{ a: town(near: null) { name } b: town(words: null) { name } c: town { name } }"},
		{name: "two arguments that cost", query: "{ a: town(near: {lat: 1}, words: \"x\") { name } b: town { name } }", reason: guard.ReasonCost},
		{name: "argument in a variable", query: "query($n: Spot) { a: town(near: $n) { name } b: town(near: $n) { name } }", vars: map[string]any{"n": map[string]any{"lat": 1}}, reason: guard.ReasonCost},
		{name: "argument in a default", query: "query($n: Spot = {lat: 1}) { a: town(near: $n) { name } b: town(near: $n) { name } }", reason: guard.ReasonCost},
		{name: "null in a variable costs nothing", query: "query($n: Spot) { a: town(near: $n) { name } b: town(near: $n) { name } }", vars: map[string]any{"n": nil}},
		{name: "no variable costs nothing", query: "query($n: Spot) { a: town(near: $n) { name } b: town(near: $n) { name } }"},
		{name: "assumed size", query: "{ towns { name } }"},
		{name: "introspection", query: "{ __schema { types { name } } }", reason: guard.ReasonIntrospection},
		{name: "introspection in a fragment", query: "{ ...A } fragment A on Query { __type(name: \"Person\") { name } }", reason: guard.ReasonIntrospection},
		{name: "typename", query: "{ __typename }"},
		{name: "missing variable", query: "query($n: Int!) { people(first: $n) { edges { node { id } } } }", reason: guard.ReasonVariables},
		{name: "wrong variable", query: "query($n: Int!) { people(first: $n) { edges { node { id } } } }", vars: map[string]any{"n": map[string]any{"$gt": 1}}, reason: guard.ReasonVariables},
		{name: "unknown operation", query: "query A { name } query B { name }", reason: guard.ReasonOperation},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := check(t, newGuard(t, limits()), tt.query, tt.vars)
			if tt.reason == "" {
				require.Nil(t, r)
				return
			}
			require.NotNil(t, r)
			require.Equal(t, tt.reason, r.Reason, "%v", r.Errors)
			require.LessOrEqual(t, len(r.Errors), 10)
			require.NotEmpty(t, r.Errors)
		})
	}
}

func TestErrorsHintNothing(t *testing.T) {
	t.Parallel()
	for _, query := range []string{"{ nam }", "{ me { nme } }", "{ me }", "{ name { x } }", "{ people(frst: 1) { edges { node { id } } } }", "query($x: Persn) { name }", `{ people(first: "x") { edges { node { id } } } }`} {
		r := check(t, newGuard(t, limits()), query, nil)
		require.NotNil(t, r, query)
		for _, e := range r.Errors {
			require.NotContains(t, strings.ToLower(e.Message), "did you mean", query)
		}
	}
}

func TestManyErrorsAreCut(t *testing.T) {
	t.Parallel()
	l := limits()
	l.Directives = 1000
	r := check(t, newGuard(t, l), "{ name "+strings.Repeat("@nope ", 400)+"}", nil)
	require.Equal(t, guard.ReasonValidation, r.Reason)
	require.Len(t, r.Errors, 10)
}

func TestEachLimitMustBeSet(t *testing.T) {
	t.Parallel()
	err := guard.Limits{}.Validate()
	for _, key := range []string{"tokens", "depth", "aliases", "root_fields", "repeats", "directives", "cost", "errors"} {
		require.ErrorContains(t, err, key+": must be positive")
	}
}

func TestUnboundedListIsRefusedAtStart(t *testing.T) {
	t.Parallel()
	s, err := gqlparser.LoadSchema(&ast.Source{Input: "type Query { all: [Town!] } type Town { name: String }"})
	require.NoError(t, err)
	_, err = guard.New(s, limits())
	require.ErrorContains(t, err, "Query.all")
}

// TestPreparedDocumentsAreKept shows that a repeat is not parsed again, and that a long document is not kept.
func TestPreparedDocumentsAreKept(t *testing.T) {
	t.Parallel()
	g := newGuard(t, limits())
	get := func(query string) *guard.Document {
		doc, r := g.Check(t.Context(), &graphql.OperationContext{RawQuery: query}, nil, false)
		require.Nil(t, r)
		return doc
	}
	require.Same(t, get("{ name }"), get("{ name }"))
	long := "{ name #" + strings.Repeat("x", 9000) + "\n}"
	require.NotSame(t, get(long), get(long))
}

func FuzzCheck(f *testing.F) {
	for _, q := range []string{"{ me { id } }", chain(10), bomb(20, "name"), "{ people(first: 3) { edges { node { id } } } }", "query A($x: Int = 3) @live { ...F } fragment F on Query { name @skip(if: true) }", "{", "subscription { x }", "{ __schema { types { name } } }"} {
		f.Add(q)
	}
	g := newGuard(f, limits())
	f.Fuzz(func(t *testing.T, query string) {
		op := &graphql.OperationContext{RawQuery: query}
		doc, r := g.Check(t.Context(), op, nil, false)
		if (doc == nil) == (r == nil) {
			t.Fatal("neither a document nor a reason")
		}
		if r != nil && (len(r.Errors) == 0 || len(r.Errors) > 10 || r.Reason == "") {
			t.Fatalf("%d errors for %q", len(r.Errors), r.Reason)
		}
	})
}

func BenchmarkCheckKnownDocument(b *testing.B) {
	g := newGuard(b, limits())
	for b.Loop() {
		if _, r := g.Check(b.Context(), &graphql.OperationContext{RawQuery: "{ me { id name } towns { name } }"}, nil, false); r != nil {
			b.Fatal(r.Errors)
		}
	}
}
