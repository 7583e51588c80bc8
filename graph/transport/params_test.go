package transport_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/graph/transport"
)

func TestParseParams(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, body string
		bad        bool
	}{
		{name: "query", body: `{"query":"{ok}"}`},
		{name: "everything", body: `{"query":"{ok}","operationName":"A","variables":{"a":[1,{"b":null}]},"extensions":{"x":true}}`},
		{name: "nulls", body: `{"query":"{ok}","operationName":null,"variables":null,"extensions":null}`},
		{name: "unknown names are ignored", body: `{"query":"{ok}","id":"7"}`},
		{name: "hash alone", body: `{"extensions":{"persistedQuery":{"version":1,"sha256Hash":"x"}}}`},
		{name: "no query", body: `{"qeury":"{ok}"}`, bad: true},
		{name: "empty", body: ``, bad: true},
		{name: "broken", body: `{"query":`, bad: true},
		{name: "something behind", body: `{"query":"{ok}"}{}`, bad: true},
		{name: "batch", body: `[{"query":"{ok}"}]`, bad: true},
		{name: "string", body: `"{ok}"`, bad: true},
		{name: "query of another type", body: `{"query":{"$ne":""}}`, bad: true},
		{name: "operation name of another type", body: `{"query":"{ok}","operationName":{}}`, bad: true},
		{name: "variables of another type", body: `{"query":"{ok}","variables":"x"}`, bad: true},
		{name: "extensions of another type", body: `{"query":"{ok}","extensions":[]}`, bad: true},
		{name: "query twice", body: `{"query":"{ok}","query":"{no}"}`, bad: true},
		{name: "query twice, one escaped", body: `{"query":"{ok}","quer\u0079":"{no}"}`, bad: true},
		{name: "variable twice", body: `{"query":"{ok}","variables":{"a":{"b":1,"b":2}}}`, bad: true},
		{name: "not UTF-8", body: "{\"query\":\"{ok}\xff\"}", bad: true},
		{name: "too deep", body: `{"query":"{ok}","variables":{"a":` + strings.Repeat("[", 200) + strings.Repeat("]", 200) + `}}`, bad: true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := transport.ParseParams([]byte(tt.body))
			if tt.bad {
				require.Error(t, err)
				require.NotContains(t, err.Error(), "{no}", "an error must not quote the request")
				return
			}
			require.NoError(t, err)
		})
	}
}

func FuzzParseParams(f *testing.F) {
	for _, s := range []string{`{"query":"{ok}"}`, `{"query":"{ok}","variables":{"a":[1,2.5e3,"x",null,true,{"b":{}}]}}`, `[]`, `{"query":"\u00e9"}`, `{"a":1,"a":2}`, `{`, `{"query":"{ok}"} x`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		p, err := transport.ParseParams(body)
		if err != nil {
			return
		}
		// What passes reads the same with the standard decoder.
		var want struct {
			Query     string
			Variables map[string]any
		}
		d := json.NewDecoder(bytes.NewReader(body))
		d.UseNumber()
		if err := d.Decode(&struct {
			Query     *string         `json:"query"`
			Variables *map[string]any `json:"variables"`
		}{&want.Query, &want.Variables}); err != nil {
			t.Fatalf("the standard decoder refuses it: %v", err)
		}
		a, _ := json.Marshal(p.Variables)
		b, _ := json.Marshal(want.Variables)
		if p.Query == "" && p.Extensions == nil || string(a) != string(b) && len(p.Variables) > 0 && json.Valid(b) && !bytes.Contains(bytes.ToLower(body), []byte("variables")) {
			t.Fatalf("got %s, want %s", a, b)
		}
	})
}
