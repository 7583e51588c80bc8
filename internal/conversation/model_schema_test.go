package conversation

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"pgregory.net/rapid"

	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/miniapps"
)

type object = map[string]any

// script is a generated mini-app: one action to write, one to read, and their helpers.
type script struct {
	manifest miniapps.Manifest
	props    object // of the action "act", for the next version
	required []string
	rules    object
	confirm  bool
	phone    bool // the action wants a proved phone number
	version  int
	pages    int  // options on a page
	wrong    int  // checks that will find something wrong
	looks    int  // checks so far
	search   bool // options are looked for by what was typed
}

// drawScript draws an action whose input uses any of the keywords.
func drawScript(t *rapid.T) *script {
	s := &script{props: object{}, rules: object{}, version: 1, confirm: rapid.Bool().Draw(t, "confirm"), pages: rapid.IntRange(1, 5).Draw(t, "page")}
	s.phone = rapid.IntRange(0, 2).Draw(t, "phone") == 0
	s.search = rapid.Bool().Draw(t, "search")
	s.wrong = rapid.IntRange(0, 6).Draw(t, "wrong")
	n := rapid.IntRange(1, 5).Draw(t, "fields")
	for i := range n {
		s.field(t, fmt.Sprintf("f%d", i))
	}
	if rapid.Bool().Draw(t, "opening") {
		s.props["said"] = object{"type": "string", "minLength": 4, "maxLength": 300, "x-opening": true, "x-prompt": label("said"), "x-order": 0}
		s.required = append(s.required, "said")
	}
	s.dependencies(t)
	return s
}

func (s *script) field(t *rapid.T, name string) {
	f := drawValue(t, name, 0)
	if ask := rapid.SampledFrom([]string{"", "", "always", "offer", "never"}).Draw(t, name+" ask"); ask != "" {
		f["x-ask"] = ask
	}
	f["x-order"] = rapid.IntRange(0, 9).Draw(t, name+" order")
	if rapid.IntRange(0, 5).Draw(t, name+" check") == 0 {
		f["x-check"] = "look"
	}
	s.props[name] = f
	if f["x-ask"] != "never" && rapid.Bool().Draw(t, name+" required") {
		s.required = append(s.required, name)
	}
	if rapid.IntRange(0, 30).Draw(t, name+" sensitive") == 0 && f["x-options"] == nil {
		f["x-sensitive"] = true
	}
}

// dependencies lets values depend on each other. Each can be met.
func (s *script) dependencies(t *rapid.T) {
	names := slices.Sorted(func(yield func(string) bool) {
		for n, p := range s.props {
			if p.(object)["x-ask"] != "never" && p.(object)["x-sensitive"] == nil && !yield(n) {
				return
			}
		}
	})
	if len(names) < 2 {
		return
	}
	a, b := rapid.SampledFrom(names).Draw(t, "a"), rapid.SampledFrom(names).Draw(t, "b")
	if a == b {
		return
	}
	switch rapid.IntRange(0, 5).Draw(t, "dependency") {
	case 0:
		s.rules["dependentRequired"] = object{a: []string{b}}
	case 1:
		s.rules["anyOf"] = []any{object{"required": []string{a}}, object{"required": []string{b}}}
	case 2:
		s.rules["if"] = object{"required": []string{a}}
		s.rules["then"] = object{"required": []string{b}}
	case 3:
		s.rules["allOf"] = []any{object{"anyOf": []any{object{"required": []string{b}}, object{"required": []string{a}}}}}
	}
}

func label(name string) object { return object{"vi": "Mục " + name, "en": "Field " + name} }

// drawValue draws the schema of one value.
func drawValue(t *rapid.T, name string, depth int) object {
	kinds := []string{"text", "code", "int", "num", "bool", "enum", "const", "remote", "photo", "video", "place", "phone", "date", "fixed", "standard", "mixed"}
	if depth < 2 {
		kinds = append(kinds, "object", "list", "list", "ref", "map")
	}
	f := object{"x-prompt": label(name)}
	if rapid.Bool().Draw(t, name+" label") {
		f["x-label"] = label(name)
	}
	kind := rapid.SampledFrom(kinds).Draw(t, name+" kind")
	for k, v := range valueOf(t, kind, name, depth) {
		f[k] = v
	}
	return f
}

func valueOf(t *rapid.T, kind, name string, depth int) object {
	switch kind {
	case "text":
		return object{"type": "string", "minLength": rapid.IntRange(0, 6).Draw(t, name+" min"), "maxLength": 200}
	case "code":
		return object{"type": "string", "pattern": "^[A-Z]{2}[0-9]{2}$"}
	case "int":
		return object{"type": "integer", "minimum": -3, "maximum": 40}
	case "num":
		return object{"type": "number", "exclusiveMaximum": 1e9, "multipleOf": 0.5}
	case "bool":
		return object{"type": "boolean"}
	case "enum":
		return object{"enum": []any{"đỏ", "xanh lá", "xanh trời", 7, true}}
	case "const":
		return object{"type": "string", "format": "choice", "oneOf": []any{object{"const": "one", "title": "Một"}, object{"const": "two", "title": "Hai"}}}
	case "remote":
		return object{"type": "string", "format": "choice", "x-options": "kinds"}
	case "photo", "video", "phone", "date":
		return object{"type": "string", "format": kind}
	case "place":
		props := object{"lat": object{"type": "number"}, "lon": object{"type": "number"}}
		if rapid.Bool().Draw(t, name+" address") {
			props["address"] = object{"type": "string", "minLength": 2, "maxLength": 100}
		}
		return object{"type": "object", "format": "location", "additionalProperties": false, "properties": props}
	case "fixed":
		return object{"const": "fixed"}
	case "standard":
		return object{"type": "integer", "default": 5}
	case "mixed":
		return object{"anyOf": []any{object{"type": "integer"}, object{"type": "string", "minLength": 2}}}
	case "map":
		return object{"type": "object", "additionalProperties": object{"type": "string"}}
	case "ref":
		return object{"$ref": "#/$defs/shared"}
	case "list":
		return listOf(t, name, depth)
	}
	return objectOf(t, name, depth)
}

func listOf(t *rapid.T, name string, depth int) object {
	most := rapid.IntRange(1, 3).Draw(t, name+" most")
	out := object{"type": "array", "maxItems": most, "minItems": rapid.IntRange(0, most).Draw(t, name+" least")}
	item := drawValue(t, name+"i", depth+1)
	if item["const"] != nil || item["additionalProperties"] != nil && item["properties"] == nil {
		item = object{"type": "string", "minLength": 1}
	}
	delete(item, "default")
	out["items"] = item
	if item["type"] == "string" && item["oneOf"] == nil || item["type"] == "number" {
		out["uniqueItems"] = rapid.Bool().Draw(t, name+" unique")
	}
	return out
}

func objectOf(t *rapid.T, name string, depth int) object {
	props, required := object{}, []string{}
	for i := range rapid.IntRange(1, 3).Draw(t, name+" parts") {
		part := fmt.Sprintf("p%d", i)
		v := drawValue(t, name+part, depth+1)
		if rapid.Bool().Draw(t, name+part+" required") {
			required = append(required, part)
		} else if ask := rapid.SampledFrom([]string{"", "always", "offer"}).Draw(t, name+part+" ask"); ask != "" {
			v["x-ask"] = ask
		}
		props[part] = v
	}
	return object{"type": "object", "additionalProperties": false, "properties": props, "required": required}
}

// app builds the mini-app in its present version.
func (s *script) app() (*stub, error) {
	input := object{"type": "object", "additionalProperties": false, "properties": s.props, "required": append([]string{}, s.required...), "$defs": object{
		"shared": object{"type": "object", "additionalProperties": false, "required": []string{"a"}, "properties": object{
			"a": object{"type": "integer", "minimum": 1, "maximum": 9, "x-prompt": label("a")}, "b": object{"type": "string", "x-prompt": label("b"), "x-ask": "offer"}}},
	}}
	for k, v := range s.rules {
		input[k] = v
	}
	helper := object{"type": "object", "additionalProperties": false, "properties": object{
		"answers": object{"type": "object", "additionalProperties": object{"type": []string{"string", "number", "boolean", "array", "object", "null"}}}, "after": object{"type": "string"}}}
	kinds := maps.Clone(helper)
	if s.search {
		kinds["properties"] = object{"text": object{"type": "string", "maxLength": 100, "x-search": true}, "first": object{"type": "integer", "minimum": 1, "maximum": 6}}
		maps.Copy(kinds["properties"].(object), helper["properties"].(object))
	}
	act := object{"id": "act", "title": label("act"), "audience": "citizen", "assurance": "guest", "input": input,
		"opening_words": object{"vi": []string{"làm việc này…"}, "en": []string{"do this…"}}}
	if s.confirm {
		act["confirm"] = label("confirm")
	}
	if s.phone {
		act["assurance"] = "phone"
	}
	m := object{"app_id": "model", "name": label("model"), "icons": []any{object{"src": "/i.svg"}}, "version_name": "1", "version_code": s.version, "owner": "o", "category": "c",
		"actions": []any{act,
			object{"id": "read", "title": label("read"), "audience": "citizen", "assurance": "guest", "read_only": true, "input": object{"type": "object", "additionalProperties": false},
				"opening_words": object{"vi": []string{"xem việc này"}, "en": []string{"see this"}}},
			object{"id": "kinds", "title": label("kinds"), "audience": "citizen", "assurance": "guest", "read_only": true, "input": kinds},
			object{"id": "look", "title": label("look"), "audience": "citizen", "assurance": "guest", "read_only": true, "input": helper},
		}}
	data, err := json.Marshal(m)
	if err != nil {
		return nil, err
	}
	if s.manifest, err = miniapps.ParseManifest(data); err != nil {
		return nil, err
	}
	return &stub{manifest: s.manifest, do: s.do}, nil
}

// do answers the calls: seven options page by page, checks that derive or suggest, and a result.
func (s *script) do(c miniapps.Call) (miniapps.Result, error) {
	switch c.Action {
	case "kinds":
		var in struct {
			After, Text string
			First       int
		}
		if err := json.Unmarshal(c.Input, &in); err != nil {
			return miniapps.Result{}, err
		}
		if in.Text != "" {
			return miniapps.Result{Data: miniapps.Options{Choices: []miniapps.Option{{Value: "v6", Label: "Loại G"}, {Value: "v5", Label: "Loại F"}}[:len(in.Text)%3]}}, nil
		}
		pages, from := cmp.Or(in.First, s.pages), 0
		fmt.Sscanf(in.After, "o%d", &from)
		out := miniapps.Options{}
		for i := from; i < min(from+pages, 7); i++ {
			out.Choices = append(out.Choices, miniapps.Option{Value: fmt.Sprintf("v%d", i), Label: fmt.Sprintf("Loại %c", 'A'+i)})
		}
		if from+pages < 7 {
			out.After = fmt.Sprintf("o%d", from+pages)
		}
		return miniapps.Result{Data: out}, nil
	case "look":
		out := miniapps.Checked{Derived: map[string]any{"size": len(c.Input)}}
		if s.looks++; s.looks%3 == 0 && s.wrong > 0 {
			s.wrong--
			out.Errors = wrongAnswers[s.looks/3%len(wrongAnswers)]
			return miniapps.Result{Data: out}, nil
		}
		if len(c.Input)%3 == 0 {
			out.Suggest = &miniapps.Instead{Action: "read", Label: message.Text{"vi": "Xem", "en": "See"}}
		}
		return miniapps.Result{Data: out, Blocks: message.Blocks{message.Words{Text: "Đã xem."}}}, nil
	}
	return miniapps.Result{Blocks: message.Blocks{message.Words{Text: "Đã làm."}}, Next: []miniapps.Suggestion{{Action: "read", Label: message.Text{"vi": "Xem", "en": "See"}}}}, nil
}

// wrongAnswers are what checks may find wrong: answers, parts of them, what is not there, what no dialogue knows.
var wrongAnswers = [][]miniapps.WrongAnswer{
	{{Text: "Có gì đó chưa đúng."}},
	{{Path: []string{"f0"}, Text: "Mục f0 chưa đúng."}},
	{{Path: []string{"answers", "f1"}, Text: "Mục f1 chưa đúng."}, {Path: []string{"f0"}, Text: "Mục f0 chưa đúng."}},
	{{Path: []string{"f2", "0"}, Text: "Mục f2 chưa đúng."}, {Path: []string{"f2", "1"}, Text: "Mục f2 chưa đúng."}},
	{{Path: []string{"f0", "a", "b"}, Text: "Mục f0 chưa đúng."}},
	{{Path: []string{"nothing", "9"}, Text: "Không rõ mục nào."}},
	{{Path: []string{"said"}, Text: ""}},
}

// next changes the app as a new version of its manifest may: a field goes, one comes, one is described otherwise.
func (s *script) next(t *rapid.T) {
	s.version++
	names := slices.Sorted(func(yield func(string) bool) {
		for n := range s.props {
			if !yield(n) {
				return
			}
		}
	})
	n := rapid.SampledFrom(names).Draw(t, "which")
	s.rules = object{}
	s.required = slices.DeleteFunc(s.required, func(x string) bool { return x == n })
	delete(s.props, n)
	if rapid.Bool().Draw(t, "replaced") || len(s.props) == 0 {
		s.field(t, n)
	}
}
