package miniapps

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/motcua/motcua/internal/message"
)

// checkRules finds what the published schema cannot say.
func checkRules(m Manifest) []error {
	var errs []error
	seen := map[string]bool{}
	for _, a := range m.Actions {
		if seen[a.ID] {
			errs = append(errs, fmt.Errorf("action %s is there twice", a.ID))
		}
		seen[a.ID] = true
		for _, err := range checkAction(m, a) {
			errs = append(errs, fmt.Errorf("action %s: %w", a.ID, err))
		}
	}
	clear(seen)
	for _, n := range m.Notices {
		if seen[n.ID] {
			errs = append(errs, fmt.Errorf("notice %s is there twice", n.ID))
		}
		seen[n.ID] = true
		for _, err := range checkNotice(n) {
			errs = append(errs, fmt.Errorf("notice %s: %w", n.ID, err))
		}
	}
	return errs
}

func checkAction(m Manifest, a Action) []error {
	var errs []error
	if len(a.Roles) > 0 && a.Audience != ByStaff {
		errs = append(errs, errors.New("roles are for the audience staff"))
	}
	if len(a.Scopes) > 0 && a.Audience == ByStaff {
		errs = append(errs, errors.New("scopes are about the citizen who asks, so not for the audience staff"))
	}
	if len(a.OpeningWords) > 0 && a.Audience != ByCitizen {
		errs = append(errs, errors.New("opening words are for the audience citizen"))
	}
	if a.LinkWords && (a.Audience != ByCitizen || !a.ReadOnly) {
		errs = append(errs, errors.New("link_words are for read-only actions of citizens"))
	}
	if a.Personal && a.Audience != ByCitizen {
		errs = append(errs, errors.New("personal is for the audience citizen"))
	}
	errs = append(errs, checkPhrases(a)...)
	errs = append(errs, checkPossibleIn("result", a.Result)...)
	root, err := node(a.Input)
	if err != nil {
		return append(errs, err)
	}
	errs = append(errs, checkMentionWords(a, root)...)
	return append(errs, checkForm(root, formOf{manifest: m, action: a})...)
}

// node reads a schema as plain values.
func node(raw []byte) (map[string]any, error) {
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		return nil, err
	}
	root, ok := v.(map[string]any)
	if !ok {
		return nil, errors.New("an object is needed here")
	}
	return root, nil
}

// formOf is the action whose input is checked.
type formOf struct {
	manifest Manifest
	action   Action
}

// checkForm checks an input schema: what a dialogue needs to derive itself, and that no value slips past the validation.
func checkForm(root map[string]any, f formOf) []error {
	errs := checkRefs(root)
	if len(errs) > 0 {
		return errs
	}
	opening, search := 0, 0
	walk(root, place{}, func(n map[string]any, at place) {
		if n["x-opening"] == true {
			opening++
		}
		if n["x-search"] == true {
			search++
			if needs(root, at.name()) {
				errs = append(errs, fmt.Errorf("input%s: x-search is for a field that can be left out", at.path))
			}
		}
		for _, err := range append(f.checkNode(n, at), f.checkAsked(n, at, needs(root, at.name()))...) {
			errs = append(errs, fmt.Errorf("input%s: %w", at.path, err))
		}
	})
	if opening > 1 {
		errs = append(errs, errors.New("input: more than one field has x-opening"))
	}
	if search > 1 {
		errs = append(errs, errors.New("input: more than one field has x-search"))
	}
	return errs
}

func (f formOf) checkNode(n map[string]any, at place) []error {
	var errs []error
	if !at.inPlace {
		errs = append(errs, f.checkShape(n, at)...)
	}
	errs = append(errs, checkPossible(n)...)
	for _, word := range []string{"x-options", "x-check"} {
		if id, ok := n[word].(string); ok {
			errs = append(errs, f.checkHelper(word, id))
		}
	}
	if at.field && f.asked() && n["x-prompt"] == nil && n["x-ask"] != string(AskNever) {
		errs = append(errs, errors.New(`a field that citizens fill in needs x-prompt, or x-ask "never"`))
	}
	if n["x-sensitive"] == true && n["x-options"] != nil {
		errs = append(errs, errors.New("a sensitive field cannot have options: they would be shown in the chat"))
	}
	errs = append(errs, checkOpening(n, at), f.checkSearch(n, at), checkMention(n, at), checkFormat(n, at), checkPlace(n))
	return slices.DeleteFunc(errs, func(err error) bool { return err == nil })
}

// asked tells whether a dialogue asks for the fields of the form.
func (f formOf) asked() bool { return f.action.Audience == ByCitizen && !f.action.ReadOnly }

// checkShape makes sure that a value is described whole. An undeclared name would pass the validation, and a Go reader, which does not
// tell "Name" from "name", would let it win.
func (f formOf) checkShape(n map[string]any, at place) []error {
	var errs []error
	if !describes(n) {
		errs = append(errs, errors.New("a type, a const, an enum, a $ref or alternatives are needed"))
	}
	props, _ := n["properties"].(map[string]any)
	if n["type"] != "object" && props == nil {
		return errs
	}
	if n["additionalProperties"] != false && n["unevaluatedProperties"] != false {
		if _, isMap := n["additionalProperties"].(map[string]any); !isMap || len(props) > 0 {
			errs = append(errs, f.open(at))
		}
	}
	lower := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(props)) {
		if other, ok := lower[strings.ToLower(name)]; ok {
			errs = append(errs, fmt.Errorf("%s and %s differ in case only", other, name))
		}
		lower[strings.ToLower(name)] = name
	}
	return errs
}

// open says what an object lacks whose names are not all declared. A helper does not know those of the form that it helps with.
func (f formOf) open(at place) error {
	if f.action.ReadOnly && at.path == "/properties/answers" {
		return errors.New("an object needs additionalProperties: for the answers that a helper (x-options, x-check) gets it is " + anyAnswers)
	}
	return errors.New("an object needs additionalProperties: false")
}

func describes(n map[string]any) bool {
	for _, word := range []string{"type", "const", "enum", "$ref", "oneOf", "anyOf", "allOf"} {
		if _, ok := n[word]; ok {
			return true
		}
	}
	return false
}

// checkFormat checks that a format stands on the type that it describes, and that a choice has something to choose from.
func checkFormat(n map[string]any, at place) error {
	format, ok := n["format"].(string)
	if !ok {
		return nil
	}
	want := "string"
	if format == FormatLocation {
		want = "object"
	}
	if n["type"] != want {
		return fmt.Errorf("format %s needs type %s", format, want)
	}
	if format != FormatChoice || at.options || n["enum"] != nil || n["oneOf"] != nil || n["x-options"] != nil {
		return nil
	}
	return errors.New("format choice needs enum, oneOf or x-options")
}

// checkRefs refuses references that lead nowhere or back to themselves: no dialogue could come to their end.
func checkRefs(root map[string]any) []error {
	defs, _ := root["$defs"].(map[string]any)
	refs := map[string][]string{}
	for name, def := range defs {
		n, _ := def.(map[string]any)
		walk(n, place{}, func(n map[string]any, _ place) { refs[name] = append(refs[name], refOf(n)...) })
	}
	walk(root, place{noDefs: true}, func(n map[string]any, _ place) { refs[""] = append(refs[""], refOf(n)...) })
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(refs)) {
		for _, t := range refs[name] {
			if _, ok := defs[t]; !ok {
				errs = append(errs, fmt.Errorf("input: $ref to %s, which is not there", t))
			}
		}
		if name != "" && reaches(refs, name, name, map[string]bool{}) {
			errs = append(errs, fmt.Errorf("input: $defs/%s holds itself", name))
		}
	}
	return errs
}

const refPrefix = "#/$defs/"

func refOf(n map[string]any) []string {
	ref, ok := n["$ref"].(string)
	if !ok {
		return nil
	}
	return []string{strings.TrimPrefix(ref, refPrefix)}
}

func reaches(refs map[string][]string, from, to string, seen map[string]bool) bool {
	return slices.ContainsFunc(refs[from], func(next string) bool {
		if next == to {
			return true
		}
		if seen[next] {
			return false
		}
		seen[next] = true
		return reaches(refs, next, to, seen)
	})
}

// place says where in a schema a node stands.
type place struct {
	path    string
	inPlace bool // it says more about a value that another node describes
	field   bool // it is a field of the form itself, one that a dialogue asks for
	options bool // the list around it has x-options
	noDefs  bool // walk: leave out $defs
}

// name is what a field of the form itself is called.
func (p place) name() string { return strings.TrimPrefix(p.path, "/properties/") }

// walk visits a schema and all schemas in it.
func walk(n map[string]any, at place, visit func(map[string]any, place)) {
	visit(n, at)
	one := func(word string, to place) {
		if c, ok := n[word].(map[string]any); ok {
			to.path, to.noDefs = at.path+"/"+word, at.noDefs
			walk(c, to, visit)
		}
	}
	_, options := n["x-options"]
	one("items", place{options: options})
	one("additionalProperties", place{})
	for _, word := range []string{"contains", "unevaluatedProperties", "unevaluatedItems", "propertyNames", "not", "if", "then", "else"} {
		one(word, place{inPlace: true})
	}
	for _, word := range []string{"properties", "$defs", "dependentSchemas", "patternProperties"} {
		if word == "$defs" && at.noDefs {
			continue
		}
		children, _ := n[word].(map[string]any)
		for _, name := range slices.Sorted(maps.Keys(children)) {
			if c, ok := children[name].(map[string]any); ok {
				walk(c, place{
					path: at.path + "/" + word + "/" + name, field: word == "properties" && at.path == "", noDefs: at.noDefs,
					inPlace: at.inPlace || word == "dependentSchemas",
				}, visit)
			}
		}
	}
	for _, word := range []string{"prefixItems", "allOf", "anyOf", "oneOf"} {
		children, _ := n[word].([]any)
		for i, child := range children {
			if c, ok := child.(map[string]any); ok {
				walk(c, place{path: fmt.Sprintf("%s/%s/%d", at.path, word, i), inPlace: at.inPlace || word != "prefixItems", noDefs: at.noDefs}, visit)
			}
		}
	}
}

var placeholderRE = regexp.MustCompile(`\{([A-Za-z0-9_]*)\}`)

// checkNotice checks that the texts of a notice use declared parameters only, and the same in both languages.
func checkNotice(n Notice) []error {
	root, err := node(n.Params)
	if err != nil {
		return []error{err}
	}
	errs := checkPossibleIn("params", n.Params)
	props, _ := root["properties"].(map[string]any)
	for _, t := range []message.Text{n.Title, n.Text} {
		vi, en := placeholders(t[message.Vietnamese]), placeholders(t[message.English])
		if !slices.Equal(vi, en) {
			errs = append(errs, fmt.Errorf("the languages use other parameters: %v and %v", vi, en))
		}
		for _, p := range vi {
			if _, ok := props[p]; !ok {
				errs = append(errs, fmt.Errorf("{%s} is no declared parameter", p))
			}
		}
	}
	return errs
}

func placeholders(s string) []string {
	var names []string
	for _, m := range placeholderRE.FindAllStringSubmatch(s, -1) {
		names = append(names, m[1])
	}
	slices.Sort(names)
	return slices.Compact(names)
}
