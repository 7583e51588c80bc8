package miniapps_test

import (
	"strings"
	"testing"

	"github.com/motcua/motcua/miniapps"
)

// TestImpossibleManifestsAreRefused: what no value could fit, or nobody could ever give, is told when the manifest is read and not to the first citizen.
func TestImpossibleManifestsAreRefused(t *testing.T) {
	t.Parallel()
	const (
		times = `"minimum": 1, "maximum": 5`
		both  = ": no value can keep both"
	)
	tests := []struct{ name, old, now, want string }{
		{"required and undeclared", `"required": ["text"],
        "properties": {
          "text"`, `"required": ["text", "colour"],
        "properties": {
          "text"`, `action write: input: "colour" is required and not declared`},
		{"required and undeclared inside", `"format": "location", "additionalProperties": false`, `"format": "location", "required": ["lat", "height"], "additionalProperties": false`,
			`action write: input/properties/place: "height" is required and not declared`},
		{"required of a result", `"required": ["id", "text", "closed"]`, `"required": ["id", "texts"]`, `action write: result: "texts" is required and not declared`},
		{"required of a notice", `"required": ["text"], "properties": {"text": {"type": "string"}}`, `"required": ["txt"], "properties": {"text": {"type": "string"}}`,
			`notice closed: params: "txt" is required and not declared`},
		{"length", `"minLength": 10, "maxLength": 200, "x-label"`, `"minLength": 201, "maxLength": 200, "x-label"`, `action write: input/properties/text: minLength 201 and maxLength 200` + both},
		{"number of things", `"maxItems": 3`, `"minItems": 4, "maxItems": 3`, `action write: input/properties/photos: minItems 4 and maxItems 3` + both},
		{"number", times, `"minimum": 5, "maximum": 1`, `action write: input/properties/times: minimum 5 and maximum 1` + both},
		{"number below itself", times, `"minimum": 1.5, "exclusiveMaximum": 1.5`, `action write: input/properties/times: minimum 1.5 and exclusiveMaximum 1.5` + both},
		{"number above itself", times, `"exclusiveMinimum": 1, "maximum": 1`, `action write: input/properties/times: exclusiveMinimum 1 and maximum 1` + both},
		{"number between nothing", times, `"exclusiveMinimum": 1, "exclusiveMaximum": 1`, `action write: input/properties/times: exclusiveMinimum 1 and exclusiveMaximum 1` + both},
		{"one of nothing", times, `"enum": []`, `action write: input/properties/times: enum is empty: no value can be one of it`},
		{"list of nothing", `"maxItems": 3`, `"maxItems": 0`, `action write: input/properties/photos: maxItems 0: a field that is asked for must be able to hold something`},
		{"text of nothing", `"minLength": 10, "maxLength": 200, "x-prompt"`, `"maxLength": 0, "x-prompt"`, `action amend: input/properties/text: maxLength 0: a field that is asked for must be able to hold something`},
		{"place without a place", `"lat": {"type": "number"}, "lon": {"type": "number"}, "address"`, `"lat": {"type": "number"}, "street"`,
			`action write: input/properties/place: format location needs the fields lat and lon, or address, or all three`},
		{"opened by words and needing what nobody asks", `"input": {"type": "object", "additionalProperties": false},
      "result": {"type": "array"`, `"input": {"type": "object", "additionalProperties": false, "required": ["year"], "properties": {"year": {"type": "integer"}}},
      "result": {"type": "array"`, `action mine: input/properties/year: words open the action, and it cannot do without this field: it needs x-prompt`},
		{"answers that can hold nothing", `"input": {"type": "object", "additionalProperties": false, "properties": {"answers": {"type": "object", "additionalProperties": {"type": ["string", "object", "array", "number"]}}}}`,
			`"input": {"type": "object", "additionalProperties": false, "properties": {"answers": {"type": "object", "additionalProperties": false}}}`,
			`action write: input/properties/text: x-check names an action whose answers can hold nothing: look (they may be anything with {"type": "object", "additionalProperties": {"type": ["string", "number", "boolean", "array", "object", "null"]}})`},
		{"answers of no form", `"properties": {"answers": {"type": "object", "additionalProperties": {"type": ["string", "object", "array", "number"]}}, "text"`, `"properties": {"answers": {"type": "object"}, "text"`,
			`action kinds: input/properties/answers: an object needs additionalProperties: for the answers that a helper (x-options, x-check) gets it is {"type": "object", "additionalProperties": {"type": ["string", "number", "boolean", "array", "object", "null"]}}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got, want := refusal(t, tt.old, tt.now), "miniapps: manifest of notes: "+tt.want; got != want {
				t.Errorf("got  %s\nwant %s", got, want)
			}
		})
	}
}

// TestTightManifestsAreTaken: limits that one value keeps are none of those.
func TestTightManifestsAreTaken(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, old, now string }{
		{"one length", `"minLength":1`, `"minLength":4,"maxLength":4`},
		{"one number", `"type":"string","minLength":1`, `"type":"integer","minimum":4,"maximum":4`},
		{"names that may be any", `"additionalProperties":false,"properties":{"p"`, `"additionalProperties":false,"required":["q"],"patternProperties":{"^q$":{"type":"string"}},"properties":{"p"`},
		{"a place by its address", `"properties":{"t"`, `"required":["at"],"properties":{"at":{"type":"object","format":"location","additionalProperties":false,
"properties":{"address":{"type":"string"}},"x-prompt":{"vi":"a","en":"b"}},"t"`},
		{"nothing that is not asked for", `"x-order":1,"x-ask":"always"`, `"maxLength":0,"x-order":1,"x-ask":"never"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if !strings.Contains(smallManifest, tt.old) {
				t.Fatalf("the manifest does not hold %s", tt.old)
			}
			data := strings.Replace(smallManifest, tt.old, tt.now, 1)
			if _, err := miniapps.ParseManifest([]byte(data)); err != nil {
				t.Error(err)
			}
		})
	}
}
