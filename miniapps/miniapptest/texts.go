package miniapptest

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/miniapps"
)

// english makes the call for one who reads English; every other call is for one who reads Vietnamese.
func (b *bench) english(t *testing.T) {
	req := b.request("english")
	req.Viewer.Lang = message.English
	checkTexts(t, b.must(t, req))
}

// checkTexts looks at every text that comes back: none has a gap, and none is the key of a text that is not there.
func checkTexts(t *testing.T, res miniapps.Result) {
	t.Helper()
	for _, g := range gaps(t, res) {
		t.Errorf("it says %q: a text is not there, or lacks a parameter", g)
	}
}

// gaps gives the texts of a result in which something is missing.
func gaps(t testing.TB, res miniapps.Result) []string {
	t.Helper()
	var said any
	if err := json.Unmarshal([]byte(dump(t, []any{res.Blocks, res.Data, res.Next})), &said); err != nil {
		t.Fatal(err)
	}
	return gapsIn(said, "")
}

// textNames are the fields that hold words, in blocks and in what actions give.
var textNames = []string{"text", "title", "subtitle", "label", "Label", "hint", "caption", "alt", factName}

// factName stands for the value of a card's fact, which is a text; that of a choice is none.
const factName = "fact's value"

// noValue is what a template says of a parameter that it does not get.
const noValue = "<no value>"

// keyRE is the form of a text's key.
var keyRE = regexp.MustCompile(`^[a-z][a-z0-9_]*(\.[a-z0-9_]+)*\.[a-z0-9_]{4,}$`) // the address of a site ends in fewer letters

func gapsIn(v any, name string) []string {
	var out []string
	switch v := v.(type) {
	case string:
		if strings.Contains(v, noValue) || slices.Contains(textNames, name) && keyRE.MatchString(v) {
			out = append(out, v)
		}
	case []any:
		for _, x := range v {
			out = append(out, gapsIn(x, name)...)
		}
	case map[string]any:
		for k, x := range v {
			switch {
			case name == "facts" && k == "value":
				k = factName
			case name == "label" || name == "Label" || name == "text" || name == "title":
				k = name // one text in each language
			}
			out = append(out, gapsIn(x, k)...)
		}
	}
	return out
}
