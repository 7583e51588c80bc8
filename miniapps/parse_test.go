package miniapps_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/motcua/motcua/miniapps"
	"github.com/motcua/motcua/miniapps/miniapptest"
)

func TestParseManifest(t *testing.T) {
	t.Parallel()
	m, err := miniapps.ParseManifest(miniapptest.NotesManifest())
	if err != nil {
		t.Fatal(err)
	}
	if m.AppID != "notes" || len(m.Actions) != 7 || m.Support.Phone == "" || m.Name.In("en") != "Notes" {
		t.Errorf("got %+v", m)
	}
	again, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := miniapps.ParseManifest(again); err != nil {
		t.Errorf("a manifest that was read and written again: %v", err)
	}
}

func TestParseManifestRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, old, new, want string }{
		{"unknown name", `"owner": "ubnd"`, `"owner": "ubnd", "boss": "x"`, "boss"},
		{"name in other case", `"owner": "ubnd"`, `"Owner": "ubnd"`, "Owner"},
		{"name twice", `"owner": "ubnd"`, `"owner": "ubnd", "owner": "other"`, "twice"},
		{"bad id", `"app_id": "notes"`, `"app_id": "Notes"`, "app_id"},
		{"no English", `"name": {"vi": "Sổ tay", "en": "Notes"}`, `"name": {"vi": "Sổ tay"}`, "en"},
		{"blank text", `"name": {"vi": "Sổ tay", "en": "Notes"}`, `"name": {"vi": "Sổ tay", "en": " "}`, "en"},
		{"opening words in one language", `"en": ["my notes"]`, `"fr": ["mes notes"]`, "opening_words"},
		{"version zero", `"version_code": 1`, `"version_code": 0`, "version_code"},
		{"bad service level", `"PT8H"`, `"8 hours"`, "service_level"},
		{"unknown audience", `"audience": "system"`, `"audience": "everybody"`, "audience"},
		{"no assurance", `"assurance": "guest",`, ``, "assurance"},
		{"options that are not paged", `, "after": {"type": "string", "maxLength": 100}`, ``, "does not take after"},
		{"check without answers", `"x-check": "look"`, `"x-check": "mine"`, "does not take answers"},
		{"action twice", `"id": "amend"`, `"id": "write"`, "write is there twice"},
		{"options name nothing", `"x-options": "kinds"`, `"x-options": "sorts"`, "names no action: sorts"},
		{"check is not read-only", `"x-check": "look"`, `"x-check": "amend"`, "not read-only"},
		{"check for another audience", `"x-check": "look"`, `"x-check": "close"`, "x-check"},
		{"unknown keyword", `"x-order": 1`, `"x-ordre": 1`, "x-ordre"},
		{"misspelt keyword of JSON Schema", `"minLength": 10`, `"minLenght": 10`, "minLenght"},
		{"prompt in one language", `{"vi": "Ở đâu ạ?", "en": "Where?"}`, `{"vi": "Ở đâu ạ?"}`, "x-prompt"},
		{"no prompt", `"x-ask": "never", "title": "times"`, `"x-ask": "always", "title": "times"`, "needs x-prompt"},
		{"unknown ask", `"x-ask": "never", "title": "times"`, `"x-ask": "sometimes"`, "x-ask"},
		{"unknown format", `"format": "photo"`, `"format": "picture"`, "format"},
		{"format on the wrong type", `{"type": "string", "format": "photo"}`, `{"type": "integer", "format": "photo"}`, "needs type string"},
		{"choice of nothing", `, "x-options": "kinds"`, ``, "format choice needs"},
		{"open form", `"type": "object",
        "additionalProperties": false,
        "required": ["text"]`, `"type": "object", "required": ["text"]`, "additionalProperties"},
		{"open object inside", `"format": "location", "additionalProperties": false`, `"format": "location"`, "additionalProperties: false"},
		{"field of any type", `"due": {"type": "string", "format": "date",`, `"due": {`, "a type"},
		{"fields that differ in case", `"due": {`, `"Text": {"type": "string"}, "due": {`, "Text"},
		{"names that differ in case", `"due": {`, `"tExt": {"type": "string"}, "due": {`, "tExt"},
		{"type in a list of one", `"type": "integer"`, `"type": ["integer"]`, "type"},
		{"reference outside", `"due": {"type": "string", "format": "date",`, `"due": {"$ref": "file:///etc/passwd",`, "$ref"},
		{"reference to nothing", `"due": {"type": "string", "format": "date",`, `"due": {"$ref": "#/$defs/none",`, "not there"},
		{"endless reference", `"required": ["text"],
        "properties": {`, `"$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}, "properties": {`, "holds itself"},
		{"another draft", `"type": "object",
        "additionalProperties": false,
        "required"`, `"$schema": "http://json-schema.org/draft-07/schema#", "type": "object", "additionalProperties": false, "required"`, "$schema"},
		{"broken pattern", `"^[0-9]{4}$"`, `"^[0-9"`, "pattern"},
		{"sensitive with options", `"x-sensitive": true`, `"x-sensitive": true, "x-options": "kinds"`, "sensitive"},
		{"roles of citizens", `"audience": "staff"`, `"audience": "citizen"`, "roles"},
		{"scopes of staff", `"roles": ["dispatcher"],`, `"scopes": [{"claim": "phone", "purpose": {"vi": "a", "en": "b"}, "retention": "P1Y"}],`, "scopes"},
		{"a link that acts", `"roles": ["dispatcher"],`, `"link_words": true,`, "link_words"},
		{"personal to staff", `"roles": ["dispatcher"],`, `"personal": true,`, "personal"},
		{"label in one language", `"x-label": {"vi": "Nội dung", "en": "Text"}`, `"x-label": {"vi": "Nội dung"}`, "x-label"},
		{"two openings", `"due": {"type": "string", "format": "date",`, `"due": {"type": "string", "x-opening": true,`, "more than one field has x-opening"},
		{"opening that is a choice", `"due": {"type": "string", "format": "date",`, `"due": {"type": "string", "enum": ["a"], "x-opening": true,`, "not with enum"},
		{"opening with options", `"x-options": "kinds"`, `"x-options": "kinds", "x-opening": true`, "not with format"},
		{"opening that is no text", `"type": "integer"`, `"type": "integer", "x-opening": true`, "of type string"},
		{"opening inside a field", `"address": {"type": "string"`, `"address": {"x-opening": true, "type": "string"`, "of the form itself"},
		{"secret opening", `"x-check": "look", "x-opening": true`, `"x-check": "look", "x-secret": true, "x-opening": true`, "secret"},
		{"sensitive opening", `"pin": {"type": "string", "pattern": "^[0-9]{4}$"`, `"pin": {"type": "string", "x-opening": true`, "sensitive"},
		{"two searches", `"text": {"type": "string", "maxLength": 100, "x-search": true}`, `"text": {"type": "string", "x-search": true}, "more": {"type": "string", "x-search": true}`, "more than one field has x-search"},
		{"search that is a choice", `"maxLength": 100, "x-search": true`, `"enum": ["a"], "x-search": true`, "not with enum"},
		{"search that is no text", `{"type": "string", "maxLength": 100, "x-search": true}`, `{"type": "integer", "x-search": true}`, "of type string"},
		{"search that must be there", `"properties": {"answers": {"type": "object", "additionalProperties": {"type": ["string", "object", "array", "number"]}}, "text"`, `"required": ["text"], "properties": {"answers": {"type": "object", "additionalProperties": {"type": ["string", "object", "array", "number"]}}, "text"`, "can be left out"},
		{"search of what gives no options", `"x-check": "look", "x-opening": true`, `"x-check": "look", "x-search": true`, "an action that gives options"},
		{"a page of words", `"first": {"type": "integer", "minimum": 1, "maximum": 50}`, `"first": {"type": "string"}`, "first is no integer"},
		{"mention of a secret", `"pin": {"type": "string", "pattern": "^[0-9]{4}$"`, `"pin": {"type": "string", "pattern": "^[0-9]{4}$", "x-mention": {"pattern": "^[0-9]{4}$", "check_digit": "damm"}`, "nobody would know"},
		{"mention of free text", `"x-check": "look", "x-opening": true`, `"x-mention": {"pattern": "^[0-9]{4}$", "check_digit": "damm"}`, "with a pattern"},
		{"mention anywhere in a word", `"x-check": "look", "x-opening": true`, `"pattern": "^A", "x-mention": {"pattern": "[0-9]{4}", "check_digit": "damm"}`, "from beginning to end"},
		{"broken mention", `"x-check": "look", "x-opening": true`, `"pattern": "^A", "x-mention": {"pattern": "^[0-9$", "check_digit": "damm"}`, "x-mention"},
		{"mention without a check", `"x-check": "look", "x-opening": true`, `"pattern": "^A", "x-mention": {"pattern": "^[0-9]$"}`, "check_digit"},
		{"mention words without a value", `"opening_words": {"vi": ["ghi chú giúp tôi…"`, `"mention_words": {"vi": ["… hỏng"], "en": ["… gone"]}, "opening_words": {"vi": ["ghi chú giúp tôi…"`, "one field that has x-mention"},
		{"mention words without a place", `"opening_words": {"vi": ["ghi chú giúp tôi…"`, `"mention_words": {"vi": ["hỏng"], "en": ["… gone"]}, "opening_words": {"vi": ["ghi chú giúp tôi…"`, "one … for the value"},
		{"opening words without words", `"my notes"`, `"…"`, "says nothing"},
		{"opening words twice", `"my notes"`, `"my notes", "My  notes…"`, "twice"},
		{"notice with undeclared parameter", `“{text}” đã đóng`, `“{code}” đã đóng`, "code"},
		{"unknown urgency", `"urgency": "normal"`, `"urgency": "soon"`, "urgency"},
		{"number without end", `"version_code": 1`, `"version_code": 1e999999999`, "number"},
		{"something after", "\n  ]\n}", "\n  ]\n} {}", "follows"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			data := miniapptest.NotesManifest()
			if !bytes.Contains(data, []byte(tt.old)) {
				t.Fatalf("the manifest does not hold %s", tt.old)
			}
			_, err := miniapps.ParseManifest(bytes.Replace(data, []byte(tt.old), []byte(tt.new), 1))
			if err == nil {
				t.Fatal("got no error")
			}
			if !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want it to speak of %q", err, tt.want)
			}
		})
	}
}

func TestParseManifestNamesAllMistakes(t *testing.T) {
	t.Parallel()
	data := string(miniapptest.NotesManifest())
	data = strings.Replace(data, `"x-options": "kinds"`, `"x-options": "sorts"`, 1)
	data = strings.Replace(data, `“{text}” đã đóng`, `“{code}” đã đóng`, 1)
	_, err := miniapps.ParseManifest([]byte(data))
	if err == nil || !strings.Contains(err.Error(), "sorts") || !strings.Contains(err.Error(), "{code}") {
		t.Errorf("got %v, want both mistakes", err)
	}
}

func TestManifestSchemaIsItsOwnCopy(t *testing.T) {
	t.Parallel()
	clear(miniapps.ManifestSchema())
	if _, err := miniapps.ParseManifest(miniapptest.NotesManifest()); err != nil {
		t.Error(err)
	}
}

// smallManifest is short, so that a fuzzer gets far.
const smallManifest = `{"app_id":"ab","name":{"vi":"a","en":"b"},"icons":[{"src":"/a"}],"version_name":"1","version_code":1,"owner":"o","category":"c",
"actions":[{"id":"w","title":{"vi":"a","en":"b"},"audience":"citizen","assurance":"phone","input":{"type":"object","additionalProperties":false,
"$defs":{"s":{"type":"string","minLength":1}},"properties":{"t":{"$ref":"#/$defs/s","x-prompt":{"vi":"a","en":"b"},"x-order":1,"x-ask":"always"}}}}],
"notices":[{"id":"n","params":{"type":"object","additionalProperties":false,"properties":{"p":{"type":"string"}}},"urgency":"bulk","title":{"vi":"a","en":"b"},"text":{"vi":"{p}","en":"{p}"}}]}`

func TestSmallManifest(t *testing.T) {
	t.Parallel()
	if _, err := miniapps.ParseManifest([]byte(smallManifest)); err != nil {
		t.Error(err)
	}
}

func FuzzParseManifest(f *testing.F) {
	f.Add([]byte(smallManifest))
	f.Add([]byte(strings.Replace(smallManifest, `"type":"string","minLength":1`, `"$ref":"#/$defs/s"`, 1)))
	f.Add([]byte(`{"app_id": 1e1000000}`))
	f.Add([]byte(`{"actions": [{"input": {"properties": {"a": true}}}]}`))
	f.Add([]byte("[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["))
	f.Add([]byte(""))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := miniapps.ParseManifest(data)
		if err != nil {
			return
		}
		again, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := miniapps.ParseManifest(again); err != nil {
			t.Errorf("a manifest that was read and written again: %v", err)
		}
	})
}
