package signs

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/miniapps"
	"github.com/motcua/motcua/miniapps/miniapptest"
)

// TestTranslateTakesWhatItDeclares: words as long as the action declares that they may be are not too long for a story.
func TestTranslateTakesWhatItDeclares(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	i := slices.IndexFunc(w.app.Manifest().Actions, func(a miniapps.Action) bool { return a.ID == "translate" })
	var schema struct {
		Properties map[string]struct {
			MaxLength int `json:"maxLength"`
		} `json:"properties"`
	}
	if err := json.Unmarshal(w.app.Manifest().Actions[i].Input, &schema); err != nil {
		t.Fatal(err)
	}
	words := map[string]string{"story": "dien-bien-phu", "lang": "fr"}
	for _, name := range []string{"title", "namedAfter", "dates", "text"} {
		words[name] = strings.Repeat("é", schema.Properties[name].MaxLength)
		if words[name] == "" {
			t.Fatalf("%s: no limit is declared", name)
		}
	}
	in, err := json.Marshal(words)
	if err != nil {
		t.Fatal(err)
	}
	run := miniapptest.NewRunner(t, func() time.Time { return noon }, w.app)
	if _, err := run.Run(t.Context(), miniapps.Request{App: ID, Action: "translate", Input: in, Viewer: miniapptest.Dispatcher(), Key: "k"}); err != nil {
		t.Error(err)
	}
}

// TestTranslateNamesItsFields: what is wrong with the words is told of the input's own fields.
func TestTranslateNamesItsFields(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	run := miniapptest.NewRunner(t, func() time.Time { return noon }, w.app)
	translate := func(change map[string]string) *fault.Error {
		words := map[string]string{"story": "dien-bien-phu", "lang": "fr", "title": "La rue", "text": "Une rue."}
		maps.Copy(words, change)
		in, err := json.Marshal(words)
		if err != nil {
			t.Fatal(err)
		}
		_, err = run.Run(t.Context(), miniapps.Request{App: ID, Action: "translate", Input: in, Viewer: miniapptest.Dispatcher(), Key: rand.Text()})
		return fault.Of(err)
	}
	for field, tt := range map[string]struct{ value, key string }{
		"title": {"<b>La rue", "html"}, "namedAfter": {"a\u0007", "control"}, "dates": {"&nbsp;", "html"}, "text": {"a\u202eb", "control"}, "lang": {"xx-yy-zz", "lang"},
	} {
		f := translate(map[string]string{field: tt.value})
		if f == nil || f.Code != fault.Invalid || len(f.Fields) != 1 || !slices.Equal(f.Fields[0].Path, []string{field}) || f.Fields[0].Key != "signs.fault."+tt.key {
			t.Errorf("%s: got %v", field, f)
		}
	}
	if f := translate(map[string]string{"title": " ", "text": " \n"}); f == nil || len(f.Fields) != 2 || f.Fields[0].Path[0] != "title" || f.Fields[1].Path[0] != "text" {
		t.Errorf("got %v", f)
	}
	full := strings.Repeat("é", 6000)
	got := []string{}
	for _, lang := range []string{"fr", "de", "es", "it", "pt", "nl", "sv", "da", "fi", "pl", "cs", "sk", "hu"} { // more than the story has room for
		if f := translate(map[string]string{"lang": lang, "text": full}); f != nil {
			got = append(got, fmt.Sprint(f.Fields[0].Path, f.Fields[0].Key))
		}
	}
	if len(got) == 0 || got[0] != "[text]signs.fault.story_large" {
		t.Errorf("a story that is full: got %v", got)
	}
	got = nil
	for _, lang := range []string{"fr", "de", "es", "it", "pt", "nl", "sv", "da", "fi", "pl", "cs", "sk", "hu"} {
		if f := translate(map[string]string{"story": "nha-hat-lon", "lang": lang}); f != nil {
			got = append(got, fmt.Sprint(f.Fields[0].Path, f.Fields[0].Key))
		}
	}
	if len(got) == 0 || got[0] != "[lang]signs.fault.too_many" {
		t.Errorf("a story in too many languages: got %v", got)
	}
}
