package graph_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/formatter"

	"github.com/motcua/motcua/graph"
)

var update = flag.Bool("update", false, "rewrite the snapshots")

// TestSchemaSnapshot shows every change of the public surface in a review.
func TestSchemaSnapshot(t *testing.T) {
	t.Parallel()
	s, err := graph.Schema()
	require.NoError(t, err)
	var got bytes.Buffer
	formatter.NewFormatter(&got, formatter.WithIndent("  ")).FormatSchema(s)
	const file = "testdata/schema.graphql"
	if *update {
		require.NoError(t, os.WriteFile(file, got.Bytes(), 0o600))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, string(want), got.String(), "the schema changed: look at the difference, then run the test with -update")
}

// ours leaves out what GraphQL, gqlgen and federation bring along.
func ours(s *ast.Schema) []*ast.Definition {
	var out []*ast.Definition
	for _, d := range s.Types {
		if d.BuiltIn || strings.HasPrefix(d.Name, "_") || d.Position == nil || !strings.HasPrefix(d.Position.Src.Name, "schema/") {
			continue
		}
		out = append(out, d)
	}
	return out
}

func TestEverythingIsDescribed(t *testing.T) {
	t.Parallel()
	s, err := graph.Schema()
	require.NoError(t, err)
	types := ours(s)
	require.Greater(t, len(types), 50)
	for _, d := range types {
		require.NotEmpty(t, d.Description, d.Name)
		for _, f := range d.Fields {
			if strings.HasPrefix(f.Name, "_") {
				continue
			}
			require.NotEmpty(t, f.Description, "%s.%s", d.Name, f.Name)
			for _, a := range f.Arguments {
				require.NotEmpty(t, a.Description, "%s.%s(%s)", d.Name, f.Name, a.Name)
			}
		}
		for _, v := range d.EnumValues {
			require.NotEmpty(t, v.Description, "%s.%s", d.Name, v.Name)
		}
	}
}

// TestMutationsHaveOneShape: one input with an idempotency key, one payload with a nullable result and errors.
func TestMutationsHaveOneShape(t *testing.T) {
	t.Parallel()
	s, err := graph.Schema()
	require.NoError(t, err)
	for _, f := range s.Mutation.Fields {
		if f.Name == "invokeMiniApp" { // its arguments are the input: an input type cannot say what each action takes
			require.Equal(t, "String", f.Arguments.ForName("idempotencyKey").Type.String())
		} else {
			require.Len(t, f.Arguments, 1, f.Name)
			in := s.Types[f.Arguments[0].Type.Name()]
			require.Equal(t, upperFirst(f.Name)+"Input", in.Name)
			require.Equal(t, "String", in.Fields.ForName("idempotencyKey").Type.String(), f.Name)
		}
		out := s.Types[f.Type.Name()]
		require.Equal(t, upperFirst(f.Name)+"Payload!", f.Type.String())
		for _, x := range out.Fields {
			if x.Name == "errors" {
				require.Equal(t, "[UserError!]!", x.Type.String(), f.Name)
				continue
			}
			require.False(t, x.Type.NonNull, "%s.%s must be nullable", out.Name, x.Name)
		}
		require.NotNil(t, out.Fields.ForName("errors"), f.Name)
	}
}

func TestListsAreConnectionsOrBounded(t *testing.T) {
	t.Parallel()
	s, err := graph.Schema()
	require.NoError(t, err)
	for _, d := range ours(s) {
		for _, f := range d.Fields {
			if !strings.HasSuffix(f.Type.Name(), "Connection") {
				continue
			}
			require.NotNil(t, f.Arguments.ForName("first"), "%s.%s", d.Name, f.Name)
			require.NotNil(t, f.Arguments.ForName("after"), "%s.%s", d.Name, f.Name)
		}
	}
}

func upperFirst(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

// actionOf says which action each hand-written input stands for.
var actionOf = map[string]string{
	"SubmitFeedbackInput": "submit", "AddFeedbackCommentInput": "comment", "AssignFeedbackInput": "assign", "TransitionFeedbackInput": "transition",
}

// jsonSchema is what an input type can be compared with.
type jsonSchema struct {
	Type       string                `json:"type"`
	Properties map[string]jsonSchema `json:"properties"`
	Required   []string              `json:"required"`
	Items      *jsonSchema           `json:"items"`
	Enum       []string              `json:"enum"`
	MinLength  *int                  `json:"minLength"`
	MaxLength  *int                  `json:"maxLength"`
	MaxItems   *int                  `json:"maxItems"`
}

// TestInputsAgreeWithTheirActions compares each hand-written input with the schema of the action that it stands for: fields, which of them are
// needed, types, choices, and the limits that the descriptions tell.
func TestInputsAgreeWithTheirActions(t *testing.T) {
	t.Parallel()
	s, err := graph.Schema()
	require.NoError(t, err)
	w := newWorld(t)
	for _, f := range s.Mutation.Fields {
		if strings.Contains(f.Name, "Feedback") {
			require.Contains(t, actionOf, upperFirst(f.Name)+"Input", "say which action it stands for")
		}
	}
	for name, action := range actionOf {
		t.Run(name, func(t *testing.T) {
			a, ok := w.runner.Catalogue().Action("feedback", action)
			require.True(t, ok)
			var want jsonSchema
			require.NoError(t, json.Unmarshal(a.Input, &want))
			compare(t, s, s.Types[name], want, name)
		})
	}
}

func compare(t *testing.T, s *ast.Schema, in *ast.Definition, want jsonSchema, path string) {
	t.Helper()
	var names []string
	for _, f := range in.Fields {
		if f.Name == "idempotencyKey" {
			continue
		}
		names = append(names, f.Name)
		p, ok := want.Properties[f.Name]
		require.True(t, ok, "%s.%s is not in the action's schema", path, f.Name)
		require.Equal(t, slices.Contains(want.Required, f.Name), f.Type.NonNull, "%s.%s: needed by one and not by the other", path, f.Name)
		compareType(t, s, f.Type, p, path+"."+f.Name)
		compareLimits(t, f.Description, p, path+"."+f.Name)
	}
	for name := range want.Properties {
		require.Contains(t, names, name, "%s lacks a field of the action's schema", path)
	}
}

func compareType(t *testing.T, s *ast.Schema, got *ast.Type, want jsonSchema, path string) {
	t.Helper()
	switch want.Type {
	case "array":
		require.NotNil(t, got.Elem, path)
		compareType(t, s, got.Elem, *want.Items, path)
	case "object":
		compare(t, s, s.Types[got.Name()], want, path)
	case "string":
		def := s.Types[got.Name()]
		if def.Kind != ast.Enum {
			require.Contains(t, []string{"String", "ID"}, got.Name(), path)
			return
		}
		for _, v := range want.Enum {
			require.NotNil(t, def.EnumValues.ForName(strings.ToUpper(v)), "%s: %s", path, v)
		}
	default:
		require.Equal(t, map[string]string{"number": "Float", "integer": "Int", "boolean": "Boolean"}[want.Type], got.Name(), path)
	}
}

// compareLimits wants the numbers of the schema in the description, as people write them.
func compareLimits(t *testing.T, description string, want jsonSchema, path string) {
	t.Helper()
	for _, limit := range []*int{want.MaxLength, want.MaxItems} {
		if limit == nil || *limit == 64 || *limit == 160 { // of codes and ids, which nobody types
			continue
		}
		require.Contains(t, strings.ReplaceAll(description, ",", ""), itoa(*limit), "%s: the description does not tell the limit", path)
	}
	if want.MinLength != nil && *want.MinLength > 1 {
		require.Contains(t, description, itoa(*want.MinLength), "%s: the description does not tell the limit", path)
	}
}

func itoa(n int) string { b, _ := json.Marshal(n); return string(b) }

func TestOpaqueIDs(t *testing.T) {
	t.Parallel()
	kind, id, err := graph.ParseID(graph.IDOf("Feedback", "a/b:c"))
	require.NoError(t, err)
	require.Equal(t, []string{"Feedback", "a/b:c"}, []string{kind, id})
}

func FuzzParseID(f *testing.F) {
	for _, s := range []string{"", "x", graph.IDOf("Feedback", "a/b"), graph.IDOf("Ward", "11311"), "RmVlZGJhY2s6", strings.Repeat("A", 600)} {
		f.Add(s)
	}
	f.Add("V2FyZDoxMT\rxM")
	f.Fuzz(func(t *testing.T, s string) {
		kind, id, err := graph.ParseID(s)
		if err == nil && graph.IDOf(kind, id) != s {
			t.Fatalf("%q is not the only id of %s %s", s, kind, id)
		}
	})
}
