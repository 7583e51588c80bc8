package miniapps

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// manifestSchema is the published format of manifests.
//
//go:embed manifest.schema.json
var manifestSchema []byte

// schemaBase is where the published schemas say that they are. Nothing is fetched from there.
const schemaBase = "https://github.com/motcua/motcua/miniapps/"

const manifestURL = schemaBase + "manifest.schema.json"

// MaxManifest is the longest manifest that is read, in bytes.
const MaxManifest = 512 << 10

// ManifestSchema gives the published JSON Schema of manifests.
func ManifestSchema() []byte { return bytes.Clone(manifestSchema) }

// compiledManifestSchema is a constant that takes a few milliseconds to make.
var compiledManifestSchema = sync.OnceValues(func() (*jsonschema.Schema, error) {
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(manifestSchema))
	if err != nil {
		return nil, err
	}
	c := newCompiler()
	if err := c.AddResource(manifestURL, doc); err != nil {
		return nil, err
	}
	return c.Compile(manifestURL)
})

// ParseManifest reads a manifest strictly: unknown and repeated names are refused, and everything that the published schema and the rules
// behind it want is checked. The error joins all that is wrong, in words for those who write manifests, each with its action and path.
func ParseManifest(data []byte) (Manifest, error) {
	m, err := parse(data)
	if err != nil {
		return Manifest{}, fmt.Errorf("miniapps: manifest%s: %w", ofApp(data), err)
	}
	return m, nil
}

func parse(data []byte) (Manifest, error) {
	var m Manifest
	if err := wellFormed(data); err != nil {
		return m, err
	}
	if err := fits(data); err != nil {
		return m, err
	}
	if err := json.Unmarshal(data, &m); err != nil {
		return m, err
	}
	_, err := compileActions(m)
	return m, err
}

var appIDRE = regexp.MustCompile(`"app_id"\s*:\s*"([^"]+)"`)

// ofApp names the app whose manifest may be wrong in all else.
func ofApp(data []byte) string {
	if m := appIDRE.FindSubmatch(data); m != nil {
		return fmt.Sprintf(" of %.100s", m[1])
	}
	return ""
}

// compile checks a manifest, wherever it came from, and gives the form of each action.
func compile(m Manifest) (map[string]*form, error) {
	data, err := json.Marshal(m)
	if err != nil {
		return nil, err
	}
	if err := fits(data); err != nil {
		return nil, err
	}
	return compileActions(m)
}

// fits checks a manifest against the published schema.
func fits(data []byte) error {
	schema, err := compiledManifestSchema()
	if err != nil {
		return fmt.Errorf("published schema: %w", err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		return err
	}
	return misfits(doc, schema.Validate(doc))
}

func compileActions(m Manifest) (map[string]*form, error) {
	forms := make(map[string]*form, len(m.Actions))
	errs := checkRules(m)
	for _, a := range m.Actions {
		s, err := compileSchema(a.Input)
		if err != nil {
			errs = append(errs, fmt.Errorf("action %s: input: %w", a.ID, err))
		}
		forms[a.ID] = &form{title: a.Title, schema: s}
		if len(a.Result) == 0 {
			continue
		}
		if _, err := compileSchema(a.Result); err != nil {
			errs = append(errs, fmt.Errorf("action %s: result: %w", a.ID, err))
		}
	}
	for _, n := range m.Notices {
		if _, err := compileSchema(n.Params); err != nil {
			errs = append(errs, fmt.Errorf("notice %s: params: %w", n.ID, err))
		}
	}
	return forms, errors.Join(errs...)
}

func compileSchema(raw json.RawMessage) (*jsonschema.Schema, error) {
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		return nil, err
	}
	c := newCompiler()
	if err := c.AddResource("urn:motcua:schema", doc); err != nil {
		return nil, err
	}
	return c.Compile("urn:motcua:schema")
}

// CheckResult tells how data, written as JSON, differs from the action's result schema. An action without one accepts everything. The schema
// is compiled at each call: it is for tests and reviews.
func (a Action) CheckResult(data any) error {
	if len(a.Result) == 0 {
		return nil
	}
	schema, err := compileSchema(a.Result)
	if err != nil {
		return err
	}
	raw, err := json.Marshal(data)
	if err != nil {
		return err
	}
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		return err
	}
	return schema.Validate(v)
}

// newCompiler gives a compiler that knows our keywords and formats and fetches nothing.
func newCompiler() *jsonschema.Compiler {
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	c.UseLoader(noLoader{})
	c.AssertFormat()
	c.AssertVocabs()
	c.RegisterVocabulary(vocabulary())
	for _, f := range formats() {
		c.RegisterFormat(f)
	}
	return c
}

// noLoader refuses to read schemas from files or the network.
type noLoader struct{}

func (noLoader) Load(url string) (any, error) {
	return nil, fmt.Errorf("schema %s lies outside the manifest", url)
}
