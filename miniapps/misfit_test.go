package miniapps_test

import (
	"bytes"
	"testing"

	"github.com/motcua/motcua/miniapps"
	"github.com/motcua/motcua/miniapps/miniapptest"
)

// refusal gives what is said of the sample app's manifest when a part of it is replaced.
func refusal(t *testing.T, old, now string) string {
	t.Helper()
	data := miniapptest.NotesManifest()
	if !bytes.Contains(data, []byte(old)) {
		t.Fatalf("the manifest does not hold %s", old)
	}
	_, err := miniapps.ParseManifest(bytes.Replace(data, []byte(old), []byte(now), 1))
	if err == nil {
		t.Fatal("got no error")
	}
	return err.Error()
}

// TestMisfitsNameTheirPlace: whoever writes a manifest reads which app, which action and where, once for each fault, and what may have been meant.
func TestMisfitsNameTheirPlace(t *testing.T) {
	t.Parallel()
	const here = " is no keyword or name that may stand here"
	tests := []struct{ name, old, now, want string }{
		{"keyword of ours", `"x-order": 1`, `"x-ordre": 1`, `action write: input/properties/text: "x-ordre"` + here + `: did you mean x-order?`},
		{"keyword of ours, letter left out", `"x-prompt": {"vi": "Ở đâu`, `"x-promt": {"vi": "Ở đâu`, `action write: input/properties/place: "x-promt"` + here + `: did you mean x-prompt?`},
		{"keyword of ours without x-", `"title": "times"`, `"prompt": "times"`, `action write: input/properties/times: "prompt"` + here + `: did you mean x-prompt?`},
		{"keyword of JSON Schema", `"minLength": 10`, `"minLenght": 10`, `action write: input/properties/text: "minLenght"` + here + `: did you mean minLength?`},
		{"keyword deep inside", `"items": {"type": "string", "format": "photo"}`, `"items": {"type": "string", "fromat": "photo"}`,
			`action write: input/properties/photos/items: "fromat"` + here + `: did you mean format?`},
		{"keyword of a result", `"text": {"type": "string"}, "closed"`, `"text": {"type": "string", "colour": 1}, "closed"`, `action write: result/properties/text: "colour"` + here},
		{"name of an action", `"id": "amend"`, `"id": "amend", "readOnly": true`, `action amend: "readOnly"` + here + `: did you mean read_only?`},
		{"name of an app", `"owner": "ubnd"`, `"owner": "ubnd", "boss": "x"`, `"boss"` + here},
		{"name of a field", `"due": {"type"`, `"Due": {"type"`, `action write: input/properties: "Due" is no name of a field: that is a small letter, then letters, digits and _, 64 at most`},
		{"value", `"x-ask": "never", "title"`, `"x-ask": "nevr", "title"`, `action write: input/properties/times/x-ask: value must be one of 'always', 'offer', 'never'`},
		{"language", `{"vi": "Sổ tay", "en": "Notes"}`, `{"vi": "Sổ tay"}`, `name: missing property 'en'`},
		{"two at once", `"urgency": "normal"`, `"urgncy": "normal"`, `notice closed: "urgncy"` + here + `: did you mean urgency?` + "\nnotice closed: missing property 'urgency'"},
		{"what two parts of the schema refuse", `"due": {"type": "string", "format": "date",`, `"due": {"$ref": 5,`, `action write: input/properties/due/$ref: got number, want string`},
		{"action without id", `"id": "amend",`, ``, `actions/1: missing property 'id'`},
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

// TestBrokenJSONNamesItsLine: the owner stands in line 11 of the sample.
func TestBrokenJSONNamesItsLine(t *testing.T) {
	t.Parallel()
	const owner = `"owner": "ubnd",`
	tests := []struct{ name, old, now, want string }{
		{"comma left out", owner, `"owner": "ubnd"`, ` of notes: line 12: invalid character '"' after object key:value pair`},
		{"word without quotes", owner, `"owner": ubnd,`, ` of notes: line 11: invalid character 'u' looking for beginning of value`},
		{"name twice", owner, owner + `"owner": "x",`, ` of notes: line 11: name "owner" is there twice`},
		{"long number", owner, owner + `"n": 1e999,`, ` of notes: line 11: too deep, or a number too long or too large`},
		{"not UTF-8", owner, "\"owner\": \"\xff\",", ` of notes: line 11: not UTF-8`},
		{"beginning missing", `{
  "app_id": "notes",`, ``, `: line 2: something follows the JSON value`},
		{"nothing", string(miniapptest.NotesManifest()), ``, `: line 1: unexpected EOF`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got, want := refusal(t, tt.old, tt.now), "miniapps: manifest"+tt.want; got != want {
				t.Errorf("got  %s\nwant %s", got, want)
			}
		})
	}
}
