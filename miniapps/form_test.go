package miniapps_test

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/locale"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/miniapps"
)

func catalogueOfTexts(t testing.TB) *locale.Catalogue {
	t.Helper()
	c, err := locale.Load(os.DirFS("../configs/locales"))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestWrongInput(t *testing.T) {
	t.Parallel()
	texts := catalogueOfTexts(t)
	const text = `"text": "mua vé xe buýt"`
	tests := []struct {
		name, input string
		want        []string // path:key, in order; nil when the input is right
	}{
		{"right", `{` + text + `}`, nil},
		{"everything", `{` + text + `, "kind": "a", "place": {"lat": 20.8, "lon": 106.6, "address": "12 Lạch Tray"}, "photos": ["0197c5f0-0000-7000-8000-00000000c171"], "due": "2026-12-01", "times": 3, "pin": "0123"}`, nil},
		{"length counts letters, not bytes", `{"text": "đđđđđđđđđđ"}`, nil},
		{"nothing", ``, []string{"text:schema.required"}},
		{"all at once, in the order of asking", `{"pin": "12", "due": "31.12.2026", "photos": ["a", "b", "c", "d"], "kind": "", "text": "ngắn", "Boss": 1}`, []string{
			"pin:schema.pattern", "text:schema.too_short", "kind:schema.format_choice", "photos:schema.too_many", "due:schema.format_date", "Boss:schema.unknown_field"}},
		{"too long", `{"text": "` + strings.Repeat("ă", 201) + `"}`, []string{"text:schema.too_long"}},
		{"wrong type", `{"text": 5}`, []string{"text:schema.type_string"}},
		{"null is left out", `{` + text + `, "kind": null, "place": {"lat": null, "lon": null, "address": "12 Lạch Tray"}}`, nil},
		{"null is no answer", `{"text": null}`, []string{"text:schema.required"}},
		{"null in a list", `{` + text + `, "photos": [null]}`, []string{"photos/0:schema.type_string"}},
		{"name in other case", `{"Text": "mua vé xe buýt"}`, []string{"text:schema.required", "Text:schema.unknown_field"}},
		{"half a point", `{` + text + `, "place": {"lat": 20.8}}`, []string{"place:schema.format_location"}},
		{"no place", `{` + text + `, "place": {"address": "  "}}`, []string{"place:schema.format_location"}},
		{"off the globe", `{` + text + `, "place": {"lat": 91, "lon": 0}}`, []string{"place:schema.format_location"}},
		{"unknown name inside", `{` + text + `, "place": {"lat": 1, "lon": 1, "alt": 3}}`, []string{"place/alt:schema.unknown_field"}},
		{"in a list", `{` + text + `, "photos": ["a", "", 3]}`, []string{"photos/1:schema.format_photo", "photos/2:schema.type_string"}},
		{"twice in a list", `{` + text + `, "photos": ["a", "a"]}`, []string{"photos:schema.repeated"}},
		{"too small", `{` + text + `, "times": 0}`, []string{"times:schema.minimum"}},
		{"too large", `{` + text + `, "times": 6}`, []string{"times:schema.maximum"}},
		{"not whole", `{` + text + `, "times": 1.5}`, []string{"times:schema.type_integer"}},
		{"not an object", `[1]`, []string{":schema.type_object"}},
		{"not JSON", `{"text": `, []string{"!runner.bad_input"}},
		{"two values", `{} {}`, []string{"!runner.bad_input"}},
		{"number without end", `{` + text + `, "times": 1e1000000}`, []string{"!runner.bad_input"}},
		{"number that vanishes", `{` + text + `, "times": 1e-1000000}`, []string{"!runner.bad_input"}},
		{"exponent beyond integers", `{` + text + `, "times": 1e99999999999999999999}`, []string{"!runner.bad_input"}},
		{"long number", `{` + text + `, "times": ` + strings.Repeat("9", 5000) + `}`, []string{"!runner.bad_input"}},
		{"deep", `{"text": ` + strings.Repeat("[", 5000) + strings.Repeat("]", 5000) + `}`, []string{"!runner.bad_input"}},
		{"too large", `{"text": "` + strings.Repeat("a", miniapps.MaxInput) + `"}`, []string{"!runner.input_too_large"}},
	}
	g := newRig(t, limits(), nil, answers(t, miniapps.Result{}, nil))
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			req := write("k")
			req.Input = json.RawMessage(tt.input)
			_, err := g.Run(t.Context(), req)
			var got []string
			if err != nil {
				got = describe(t, texts, fault.Of(err))
			}
			if fmt.Sprint(got) != fmt.Sprint(tt.want) {
				t.Errorf("got  %v\nwant %v", got, tt.want)
			}
		})
	}
}

// describe gives path:key of each field and checks that its text exists in both languages, whole.
func describe(t *testing.T, texts *locale.Catalogue, f *fault.Error) []string {
	t.Helper()
	if f.Code != fault.Invalid {
		t.Errorf("got %v, want INVALID", f)
	}
	if len(f.Fields) == 0 {
		return []string{"!" + f.Key}
	}
	var out []string
	for _, x := range f.Fields {
		out = append(out, strings.Join(x.Path, "/")+":"+x.Key)
		vi, en := texts.Field(message.Vietnamese, x), texts.Field(message.English, x)
		if vi == x.Key || en == x.Key || vi == en || strings.Contains(vi+en, "no value") {
			t.Errorf("%s: got texts %q and %q", x.Key, vi, en)
		}
	}
	return out
}

func TestEveryTextExists(t *testing.T) {
	t.Parallel()
	texts := catalogueOfTexts(t)
	for _, format := range []string{"photo", "video", "location", "phone", "date", "choice", "date_time", "time", "duration", "email", "uri", "uuid"} {
		if key := "schema.format_" + format; !texts.Has(key) {
			t.Errorf("no text %s", key)
		}
	}
	for _, key := range []string{"busy", "resting", "timeout", "no_app", "no_action", "other_audience", "staff_only", "other_role", "step_up", "bad_input", "input_too_large", "key_missing", "key_too_long", "other_case", "consent_needed"} {
		if !texts.Has("runner." + key) {
			t.Errorf("no text runner.%s", key)
		}
	}
}

func TestFieldsAreNamedInTheViewersLanguage(t *testing.T) {
	t.Parallel()
	texts := catalogueOfTexts(t)
	g := newRig(t, limits(), nil, answers(t, miniapps.Result{}, nil))
	const labelled, prompted = `{"text": "a"}`, `{"text": "mua vé xe buýt", "kind": 5}`
	for _, tt := range []struct {
		input string
		lang  message.Lang
		want  string
	}{
		{labelled, message.Vietnamese, "Mục “Nội dung” cần ít nhất 10 ký tự."},
		{labelled, message.English, "“Text” needs at least 10 characters."},
		{prompted, message.Vietnamese, "Mục “Thuộc loại nào ạ?” cần là chữ."},
		{prompted, message.English, "“Which kind is it?” must be text."},
	} {
		req := write("k")
		req.Viewer.Lang, req.Input = tt.lang, []byte(tt.input)
		_, err := g.Run(t.Context(), req)
		if got := texts.Fault(tt.lang, fault.Of(err)); got != tt.want {
			t.Errorf("got %q, want %q", got, tt.want)
		}
	}
}

// The alternatives and limits that the sample app's schema does not use.
func TestWrongInputOfOtherSchemas(t *testing.T) {
	t.Parallel()
	texts := catalogueOfTexts(t)
	tests := []struct{ name, more, input, want string }{
		{"one of two needed", `"properties": {"a": {"type": "string", "x-ask": "never"}, "b": {"type": "string", "x-ask": "never"}}, "anyOf": [{"required": ["a"]}, {"required": ["b"]}]`, `{}`, "[:schema.one_needed]"},
		{"one of two only", `"properties": {"a": {"type": "string", "x-ask": "never"}, "b": {"type": "string", "x-ask": "never"}}, "oneOf": [{"required": ["a"]}, {"required": ["b"]}]`, `{"a": "", "b": ""}`, "[:schema.only_one]"},
		{"choice by constants", `"properties": {"a": {"type": "string", "x-ask": "never", "oneOf": [{"const": "x", "title": "X"}, {"const": "y", "title": "Y"}]}}`, `{"a": "z"}`, "[a:schema.choice]"},
		{"choice by enum", `"properties": {"a": {"enum": ["x"], "x-ask": "never"}}`, `{"a": 1}`, "[a:schema.choice]"},
		{"by reference", `"$defs": {"s": {"type": "string", "minLength": 2}}, "properties": {"a": {"$ref": "#/$defs/s", "x-ask": "never"}}`, `{"a": "x"}`, "[a:schema.too_short]"},
		{"given together", `"properties": {"a": {"type": "string", "x-ask": "never"}, "b": {"type": "string", "x-ask": "never"}}, "dependentRequired": {"a": ["b"]}`, `{"a": ""}`, "[b:schema.required]"},
		{"if and then", `"properties": {"a": {"type": "string", "x-ask": "never"}, "b": {"type": "string", "x-ask": "never"}}, "if": {"required": ["a"]}, "then": {"required": ["b"]}`, `{"a": ""}`, "[b:schema.required]"},
		{"above and multiple", `"properties": {"a": {"type": "number", "exclusiveMinimum": 0, "multipleOf": 0.5, "x-ask": "never"}}`, `{"a": -0.7}`, "[a:schema.above a:schema.multiple]"},
		{"below", `"properties": {"a": {"type": "number", "exclusiveMaximum": 0.25, "x-ask": "never"}}`, `{"a": 1}`, "[a:schema.below]"},
		{"phone", `"properties": {"a": {"type": "string", "format": "phone", "x-ask": "never"}}`, `{"a": "113"}`, "[a:schema.format_phone]"},
		{"phone as people write it", `"properties": {"a": {"type": "string", "format": "phone", "x-ask": "never"}}`, `{"a": "+84 912-345.678"}`, "[]"},
		{"too few", `"properties": {"a": {"type": "array", "items": {"type": "string"}, "minItems": 1, "x-ask": "never"}}`, `{"a": []}`, "[a:schema.too_few]"},
		{"not", `"properties": {"a": {"type": "string", "not": {"const": "x"}, "x-ask": "never"}}`, `{"a": "x"}`, "[a:schema.wrong]"},
		{"form as a whole", `"minProperties": 1, "properties": {"a": {"type": "string", "x-ask": "never"}}`, `{}`, "[:schema.too_few]"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			app := answers(t, miniapps.Result{}, nil)
			app.manifest.Actions[1].Input = json.RawMessage(`{"type": "object", "additionalProperties": false, ` + tt.more + `}`)
			req := miniapps.Request{App: "notes", Action: "amend", Viewer: citizen(), Key: "k", Input: json.RawMessage(tt.input)}
			_, err := newRig(t, limits(), nil, app).Run(t.Context(), req)
			got := []string{}
			if err != nil {
				got = describe(t, texts, fault.Of(err))
			}
			if fmt.Sprint(got) != tt.want {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

func TestAnswerIsBounded(t *testing.T) {
	t.Parallel()
	in := map[string]any{"text": "mua vé xe buýt"}
	for i := range 500 {
		in[fmt.Sprintf("x%d%s", i, strings.Repeat("ă", 40))] = i
	}
	raw, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	req := write("k")
	req.Input = raw
	_, err = newRig(t, limits(), nil, answers(t, miniapps.Result{}, nil)).Run(t.Context(), req)
	f := fault.Of(err)
	if len(f.Fields) != 20 || len(f.Fields[0].Path[0]) > 70 {
		t.Errorf("got %d fields, the first %q", len(f.Fields), f.Fields[0].Path)
	}
}

func FuzzInput(f *testing.F) {
	f.Add([]byte(goodInput))
	f.Add([]byte(`{"text": "mua vé xe buýt", "place": {"lat": 1e308, "lon": -0}, "times": 1e-308}`))
	f.Add([]byte(`{"text": "mua vé xe buýt", "photos": ["a", {}, null], "due": "2026-02-30"}`))
	f.Add([]byte(`{"times": 1e400}`))
	f.Add([]byte(`{"\u0000": "\ud800", "text": "\ud800\udfff          "}`))
	texts := catalogueOfTexts(f)
	app := answersFor(f)
	r, err := miniapps.NewRunner(miniapps.RunnerConfig{Limits: limits()}, depsOf(app))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		req := write("k")
		req.Input = data
		_, err := r.Run(t.Context(), req)
		if err == nil {
			return
		}
		fe := fault.Of(err)
		if fe.Code != fault.Invalid {
			t.Fatalf("got %v, want INVALID", err)
		}
		for _, x := range fe.Fields {
			if texts.Field(message.Vietnamese, x) == x.Key {
				t.Errorf("no text %s", x.Key)
			}
		}
	})
}
