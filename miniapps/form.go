package miniapps

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/message"
)

// form is the compiled input schema of one action.
type form struct {
	title  message.Text // names the form as a whole
	schema *jsonschema.Schema
}

const (
	// MaxInput is the longest input of an action, in bytes. Photos and films are uploaded before and named by id.
	MaxInput = 64 << 10
	// maxNesting is how deep an input may nest.
	maxNesting = 32
	// maxExponent bounds the numbers of an input to what a float64 holds. The validator computes exactly, so 1e1000000 would cost it a second.
	maxExponent = 308
	// maxNumber is the longest number, in characters.
	maxNumber = 64
)

// check gives the input as plain JSON in which each name is there once, copied so that it outlives the request. A name with null counts as left
// out, as in GraphQL. INVALID names each wrong field; its label is in lang.
func (f *form) check(input json.RawMessage, lang message.Lang) (json.RawMessage, error) {
	if len(bytes.TrimSpace(input)) == 0 {
		input = json.RawMessage("{}")
	}
	if len(input) > MaxInput {
		return nil, fault.New(fault.Invalid, "runner.input_too_large").With("max", MaxInput/1024)
	}
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(input))
	if err == nil {
		err = bounded(v, maxNesting)
	}
	if err != nil {
		return nil, fault.New(fault.Invalid, "runner.bad_input") // the cause repeats pieces of the input
	}
	var wrong *jsonschema.ValidationError
	switch err := f.schema.Validate(v); {
	case errors.As(err, &wrong):
		return nil, newReport(f, lang).fault(wrong)
	case err != nil:
		return nil, fmt.Errorf("miniapps: validate input: %w", err)
	}
	return json.Marshal(v)
}

var errUnbounded = errors.New("too deep, or a number too long or too large")

// bounded refuses what would make the exact arithmetic of the validator expensive, and takes out names with null.
func bounded(v any, depth int) error {
	if depth == 0 {
		return errUnbounded
	}
	switch v := v.(type) {
	case json.Number:
		return boundedNumber(v.String())
	case []any:
		for _, x := range v {
			if err := bounded(x, depth-1); err != nil {
				return err
			}
		}
	case map[string]any:
		for name, x := range v {
			if x == nil {
				delete(v, name)
			}
			if err := bounded(x, depth-1); err != nil {
				return err
			}
		}
	}
	return nil
}

func boundedNumber(n string) error {
	if len(n) > maxNumber {
		return errUnbounded
	}
	_, exponent, found := strings.Cut(strings.ToLower(n), "e")
	if !found {
		return nil
	}
	if e, err := strconv.Atoi(exponent); err != nil || e > maxExponent || e < -maxExponent {
		return errUnbounded
	}
	return nil
}

// at gives the schema of the value at path, or nil where none is declared.
func at(s *jsonschema.Schema, path []string) *jsonschema.Schema {
	for s != nil && s.Ref != nil && len(path) > 0 && s.Properties == nil && s.Items2020 == nil {
		s = s.Ref
	}
	if s == nil || len(path) == 0 {
		return s
	}
	if p := s.Properties[path[0]]; p != nil {
		return at(p, path[1:])
	}
	if i, err := strconv.Atoi(path[0]); err == nil && i >= 0 {
		if i < len(s.PrefixItems) {
			return at(s.PrefixItems[i], path[1:])
		}
		if s.Items2020 != nil {
			return at(s.Items2020, path[1:])
		}
	}
	return nil
}

// label names the value at path in lang: by its label, its prompt, its title, the nearest labelled value around it, or its name.
func (f *form) label(path []string, lang message.Lang) string {
	if len(path) == 0 {
		return f.title.In(lang)
	}
	s := at(f.schema, path)
	for hop := 0; s != nil && hop < maxNesting; hop++ {
		if name := KeywordsOf(s).Name(lang); name != "" {
			return name
		}
		if s.Title != "" {
			return s.Title
		}
		s = s.Ref
	}
	last := path[len(path)-1]
	if _, err := strconv.Atoi(last); err == nil {
		return f.label(path[:len(path)-1], lang) // one of a list is named by the list
	}
	return last
}
