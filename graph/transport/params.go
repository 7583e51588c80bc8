package transport

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"
)

// maxNesting bounds how deep the values of a request may lie in each other. No input of the schema needs more.
const maxNesting = 32

// Params is one operation as a client sent it.
type Params struct {
	Query         string
	OperationName string
	Variables     map[string]any
	Extensions    map[string]any
	// Get tells that it came by GET, which links and images can cause.
	Get bool
}

// errParams says that a request is no operation. Its text is public and never quotes the request.
var errParams = errors.New("the request must be one JSON object with the fields query, operationName, variables and extensions")

// ParseParams reads the body of a POST. A name given twice, a batch, and anything after the object are refused: different readers would understand
// such a body differently.
func ParseParams(body []byte) (Params, error) {
	v, err := parseJSON(body)
	if err != nil {
		return Params{}, err
	}
	return paramsOf(v)
}

func paramsOf(v any) (p Params, err error) {
	m, ok := v.(map[string]any)
	if !ok {
		return p, errParams
	}
	if p.Query, err = text(m, "query"); err != nil {
		return p, err
	}
	if p.OperationName, err = text(m, "operationName"); err != nil {
		return p, err
	}
	if p.Variables, err = object(m, "variables"); err != nil {
		return p, err
	}
	if p.Extensions, err = object(m, "extensions"); err != nil {
		return p, err
	}
	if p.Query == "" && p.Extensions["persistedQuery"] == nil {
		return p, errors.New("the request has no query")
	}
	return p, nil
}

func text(m map[string]any, name string) (string, error) {
	switch v := m[name].(type) {
	case nil:
		return "", nil
	case string:
		return v, nil
	}
	return "", fmt.Errorf("%s must be a string", name)
}

func object(m map[string]any, name string) (map[string]any, error) {
	switch v := m[name].(type) {
	case nil:
		return nil, nil
	case map[string]any:
		return v, nil
	}
	return nil, fmt.Errorf("%s must be an object", name)
}

// parseJSON reads one JSON value with numbers kept as written.
func parseJSON(data []byte) (any, error) {
	if !utf8.Valid(data) {
		return nil, errors.New("the request is not UTF-8")
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	v, err := value(d, 0)
	if err != nil {
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("something follows the JSON value")
	}
	return v, nil
}

func value(d *json.Decoder, depth int) (any, error) {
	t, err := d.Token()
	if err != nil {
		return nil, errors.New("the request is not JSON")
	}
	if depth > maxNesting {
		return nil, errors.New("the values lie too deep in each other")
	}
	switch t {
	case json.Delim('{'):
		return members(d, depth)
	case json.Delim('['):
		return elements(d, depth)
	}
	return t, nil
}

func members(d *json.Decoder, depth int) (any, error) {
	out := map[string]any{}
	for d.More() {
		k, err := d.Token()
		if err != nil {
			return nil, errors.New("the request is not JSON")
		}
		name, _ := k.(string) // the decoder lets nothing else stand there
		if _, twice := out[name]; twice {
			return nil, errors.New("a name is given twice in one object")
		}
		if out[name], err = value(d, depth+1); err != nil {
			return nil, err
		}
	}
	return out, end(d)
}

func elements(d *json.Decoder, depth int) (any, error) {
	out := []any{}
	for d.More() {
		v, err := value(d, depth+1)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, end(d)
}

func end(d *json.Decoder) error {
	if _, err := d.Token(); err != nil {
		return errors.New("the request is not JSON")
	}
	return nil
}
