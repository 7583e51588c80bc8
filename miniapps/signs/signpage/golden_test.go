package signpage

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

var update = flag.Bool("update", false, "write the golden files anew")

var styleRE = regexp.MustCompile(`(?s)<style>.*?</style>`)

func TestGolden(t *testing.T) {
	d := open(t)
	for name, a := range map[string]Ask{
		"vi": {Sign: d.code, Lang: "vi"}, "en": {Sign: d.code, Lang: "en"}, "fr": {Sign: d.code, Lang: "fr"}, "number-en": {Sign: printed, Lang: "en"},
		"revoked-vi": {Sign: d.old, Lang: "vi"}, "invented-en": {Sign: "AAAAAAAAAAAAA", Lang: "en"}, "mistyped-vi": {Sign: "HP-00572-5", Lang: "vi"},
		"front-en": {Lang: "en"},
	} {
		t.Run(name, func(t *testing.T) {
			got := d.Front(a)
			if a.Sign != "" {
				got = d.page(t, a)
			}
			wellFormed(t, got.Body)
			body := styleRE.ReplaceAll(got.Body, []byte("<style>…</style>"))
			file := filepath.Join("testdata", name+".golden.html")
			if *update {
				if err := os.WriteFile(file, body, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(body, want) {
				t.Errorf("the page is not %s: look at what -update changes in it", file)
			}
		})
	}
}

// wellFormed fails for a page whose tags do not close, whose ids are not its own, or that has words which nobody put into a catalogue.
func wellFormed(t *testing.T, page []byte) {
	t.Helper()
	z := html.NewTokenizer(bytes.NewReader(page))
	void := map[string]bool{"meta": true, "link": true, "img": true, "input": true, "br": true, "circle": true, "path": true}
	var opened []string
	ids := map[string]bool{}
	for {
		kind := z.Next()
		if kind == html.ErrorToken {
			break
		}
		token := z.Token()
		switch {
		case kind == html.StartTagToken && !void[token.Data]:
			opened = append(opened, token.Data)
		case kind == html.EndTagToken:
			if len(opened) == 0 || opened[len(opened)-1] != token.Data {
				t.Fatalf("</%s> closes %v", token.Data, opened)
			}
			opened = opened[:len(opened)-1]
		}
		for _, a := range token.Attr {
			if a.Key == "id" && ids[a.Val] {
				t.Errorf("id %q is there twice", a.Val)
			} else if a.Key == "id" {
				ids[a.Val] = true
			}
			if strings.HasPrefix(a.Key, "on") || a.Key == "style" {
				t.Errorf("<%s %s>: the policy forbids it", token.Data, a.Key)
			}
		}
	}
	if len(opened) > 0 {
		t.Errorf("%v stay open", opened)
	}
	for _, bad := range []string{"signpage.", "<no value>", "ZgotmplZ", "%!"} {
		if bytes.Contains(page, []byte(bad)) {
			t.Errorf("the page says %q", bad)
		}
	}
}
