package field_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/motcua/motcua/internal/leaktest"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/internal/field"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/miniapps"
	"github.com/motcua/motcua/miniapps/miniapptest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

// shared is what the schemas of these tests refer to.
const shared = `{
	"code": {"type": "string", "pattern": "^[A-Z]{2}$", "minLength": 2, "maxLength": 9, "title": "Mã", "x-order": 4, "x-secret": true, "x-ask": "offer", "x-prompt": {"vi": "Mã nào ạ?", "en": "Which code?"}},
	"colour": {"oneOf": [{"$ref": "#/$defs/red"}, {"const": 7}]},
	"red": {"const": "red", "title": "Đỏ"},
	"named": {"type": "object", "additionalProperties": false, "required": ["name"], "properties": {"name": {"type": "string"}, "note": {"type": "string"}}}
}`

// offers is the input of an action that gives options.
const offers = `{"type": "object", "additionalProperties": false, "properties": {"answers": {"type": "object", "additionalProperties": {"type": "string"}}, "after": {"type": "string"}}}`

func TestKind(t *testing.T) {
	t.Parallel()
	tests := []struct {
		schema string
		want   field.Kind
	}{
		{`{"type": "string"}`, field.Text},
		{`{"type": "string", "format": "email"}`, field.Text},
		{`{"type": "string", "format": "photo"}`, field.Photo},
		{`{"type": "string", "format": "video"}`, field.Video},
		{`{"type": "string", "format": "phone"}`, field.Phone},
		{`{"type": "string", "format": "date"}`, field.Date},
		{`{"type": "string", "format": "date-time"}`, field.Moment},
		{`{"type": "string", "format": "time"}`, field.Time},
		{`{"type": "number"}`, field.Number},
		{`{"type": "integer"}`, field.Integer},
		{`{"type": "boolean"}`, field.Bool},
		{`{"type": "null"}`, field.None},
		{`{"type": ["null", "integer"]}`, field.Any},
		{`{"type": ["null", "array"]}`, field.None},
		{`{"anyOf": [{"type": "null"}, {"$ref": "#/$defs/code"}]}`, field.Any},
		{`{"anyOf": [{"type": "null"}, {"type": "array"}]}`, field.None},
		{`{"oneOf": [{"const": "a"}, {"type": "integer"}]}`, field.Any},
		{`{"type": "integer", "enum": [1, 2]}`, field.Choose},
		{`{"type": "string", "enum": ["a"], "x-options": "offers"}`, field.Choose},
		{`{"$ref": "#/$defs/colour"}`, field.Choose},
		{`{"enum": [null]}`, field.None},
		{`{"type": "string", "x-options": "offers"}`, field.Remote},
		{`{"type": "array", "items": {"type": "string"}, "x-options": "offers"}`, field.List},
		{`{"const": "a"}`, field.Constant},
		{`{"type": "string", "const": "a"}`, field.Text},
		{`{"type": "object", "additionalProperties": false, "format": "location", "properties": {"address": {"type": "string"}}}`, field.Place},
		{`{"type": "object", "additionalProperties": false, "format": "location", "properties": {"lat": {"type": "number"}, "lon": {"type": "number"}}}`, field.Place},
		{`{"$ref": "#/$defs/named"}`, field.Object},
		{`{"type": "object", "additionalProperties": {"type": "string"}}`, field.None},
		{`{"type": "array", "items": {"type": "string"}}`, field.List},
		{`{"type": "array"}`, field.None},
		{`{"type": "array", "prefixItems": [{"type": "string"}], "items": {"type": "string"}}`, field.None},
	}
	for _, tt := range tests {
		if got := read(t, tt.schema).Kind; got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.schema, got, tt.want)
		}
	}
}

func TestChoices(t *testing.T) {
	t.Parallel()
	tests := []struct{ schema, want, fixed string }{
		{`{"enum": ["a", null, 2, true]}`, "a, 2, true", ""},
		{`{"enum": ["a", null]}`, "a", "a"},
		{`{"enum": ["a", "b"], "oneOf": [{"const": "c"}]}`, "a, b", ""},
		{`{"$ref": "#/$defs/colour"}`, "red=Đỏ, 7", ""},
		{`{"allOf": [{"$ref": "#/$defs/colour"}], "anyOf": [{"type": "string"}, {"type": "integer"}]}`, "red=Đỏ, 7", ""},
		{`{"oneOf": [{"const": 1, "title": "Một", "x-label": {"vi": "Số một", "en": "One"}}, {"const": 2, "title": "Hai", "x-prompt": {"vi": "Số hai", "en": "Two"}}]}`, "1=Số một, 2=Số hai", ""},
		{`{"oneOf": [{"const": "a"}, {"const": null}]}`, "", ""},
		{`{"oneOf": [{"const": "a"}, {"type": "integer"}]}`, "", ""},
		{`{"const": "b", "enum": ["a", "b"]}`, "a, b", "b"},
		{`{"const": "b"}`, "", "b"},
	}
	for _, tt := range tests {
		d := read(t, tt.schema)
		if got := listed(d.Choices); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.schema, got, tt.want)
		}
		if got := text(d.Fixed); got != tt.fixed {
			t.Errorf("%s: fixed at %q, want %q", tt.schema, got, tt.fixed)
		}
	}
}

// TestNearest shows which of two declarations has its way, and what adds up.
func TestNearest(t *testing.T) {
	t.Parallel()
	d := read(t, `{"$ref": "#/$defs/code", "allOf": [{"maxLength": 5, "default": "AB", "pattern": "B"}], "maxLength": 3, "pattern": "A", "title": "Số", "x-order": 2, "x-sensitive": true, "x-label": {"vi": "Số", "en": "Number"}}`)
	if d.Kind != field.Text || d.Title != "Số" || *d.MinLength != 2 || *d.MaxLength != 3 || text(d.Standard) != "AB" {
		t.Errorf("got %+v", d)
	}
	w := d.Words
	if w.Order != 2 || !w.Sensitive || !w.Secret || w.Ask != miniapps.AskOffer || w.Label.In("en") != "Number" || w.Prompt.In("en") != "Which code?" {
		t.Errorf("got %+v", w)
	}
	var patterns []string
	for _, p := range d.Patterns {
		patterns = append(patterns, p.String())
	}
	if want := []string{"A", "^[A-Z]{2}$", "B"}; !slices.Equal(patterns, want) {
		t.Errorf("got %q, want %q", patterns, want)
	}
}

func TestFieldsOfAnObjectAddUp(t *testing.T) {
	t.Parallel()
	d := read(t, `{"$ref": "#/$defs/named", "additionalProperties": false, "required": ["age"], "properties": {"age": {"type": "integer"}, "name": {"type": "integer"}}}`)
	if len(d.Fields) != 3 || field.Read(d.Fields["name"]).Kind != field.Integer {
		t.Errorf("got %v", d.Fields)
	}
	if want := []string{"age", "name"}; !slices.Equal(d.Required, want) {
		t.Errorf("got %v, want %v", d.Required, want)
	}
}

func TestCount(t *testing.T) {
	t.Parallel()
	tests := []struct {
		bounds   string
		from, to int
	}{
		{``, 0, 5}, {`, "minItems": 2`, 2, 5}, {`, "maxItems": 3`, 0, 3}, {`, "maxItems": 0`, 0, 0}, {`, "maxItems": 9`, 0, 5}, {`, "minItems": 7`, 7, 5},
	}
	for _, tt := range tests {
		d := read(t, `{"type": "array", "uniqueItems": true, "items": {"type": "string"}`+tt.bounds+`}`)
		if from, to := d.Count(5); from != tt.from || to != tt.to || !d.Unique {
			t.Errorf("%q: got %d to %d (unique: %v), want %d to %d", tt.bounds, from, to, d.Unique, tt.from, tt.to)
		}
	}
}

// TestEndless shows that a schema made of itself is read, and is no question.
func TestEndless(t *testing.T) {
	t.Parallel()
	var s jsonschema.Schema
	s.Ref, s.OneOf = &s, []*jsonschema.Schema{&s}
	for _, s := range []*jsonschema.Schema{&s, nil} {
		if d := field.Read(s); d.Kind != field.None || d.Choices != nil || d.Fixed != nil {
			t.Errorf("got %+v", d)
		}
	}
}

// app declares an action with one field.
type app struct{ manifest miniapps.Manifest }

func (a app) Manifest() miniapps.Manifest { return a.manifest }

func (a app) Do(context.Context, miniapps.Call) (miniapps.Result, error) {
	return miniapps.Result{}, nil
}

// read reads a declaration as a service writes it.
func read(t *testing.T, schema string) field.Declaration {
	t.Helper()
	m, err := miniapps.ParseManifest(miniapptest.NotesManifest())
	if err != nil {
		t.Fatal(err)
	}
	input := fmt.Sprintf(`{"type": "object", "additionalProperties": false, "$defs": %s, "properties": {"f": %s}}`, shared, schema)
	m.Actions = append(m.Actions, action("ask", input), action("offers", offers))
	form, ok := miniapptest.NewRunner(t, nil, app{m}).Catalogue().Input(m.AppID, "ask")
	if !ok {
		t.Fatal("no input")
	}
	return field.Read(form.Properties["f"])
}

func action(id, input string) miniapps.Action {
	return miniapps.Action{
		ID: id, Title: message.Text{message.Vietnamese: "Hỏi", message.English: "Ask"}, Audience: miniapps.ByStaff, Assurance: account.Guest,
		ReadOnly: true, Input: json.RawMessage(input),
	}
}

// listed writes choices as value=label.
func listed(choices []field.Choice) string {
	var out []string
	for _, c := range choices {
		s := text(&c.Value)
		if label := c.Label.In(message.Vietnamese); label != "" {
			s += "=" + label
		}
		out = append(out, s)
	}
	return strings.Join(out, ", ")
}

func text(v *any) string {
	if v == nil {
		return ""
	}
	return fmt.Sprint(*v)
}
