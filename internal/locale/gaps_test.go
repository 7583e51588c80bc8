package locale_test

import (
	"bytes"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/locale"
	"github.com/motcua/motcua/internal/message"
)

// gappy is a small catalogue whose languages do not use the same parameters.
func gappy(t *testing.T) *locale.Catalogue {
	t.Helper()
	c, err := locale.Load(fstest.MapFS{
		"a.vi.yaml": {Data: []byte("a:\n  code: \"Mã {{.code}}.\"\n  photos: \"{{.count}} ảnh\"\nfault:\n  invalid: \"Chưa đúng.\"\n  not_found: \"Không có.\"\n")},
		"a.en.yaml": {Data: []byte("a:\n  code: \"Code {{.code}}, {{ .minutes }} min.\"\n  photos: {one: \"a photo\", other: \"{{.count}} photos\"}\nfault:\n  invalid: \"Not right.\"\n  not_found: \"Not there.\"\n")},
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestGapsAreLoggedAndMended: what a citizen reads makes the best of a mistake in the program, and an operator learns of it.
func TestGapsAreLoggedAndMended(t *testing.T) {
	t.Parallel()
	code := map[string]any{"code": "123"}
	tests := []struct {
		name string
		say  func(c *locale.Catalogue) string
		want string // as citizens read it
		bare string // as tests read it
		logs []string
	}{
		{"all is there", func(c *locale.Catalogue) string { return c.Text("vi", "a.code", code) }, "Mã 123.", "Mã 123.", nil},
		{"more than is wanted", func(c *locale.Catalogue) string {
			return c.Text("vi", "a.code", map[string]any{"code": 1, "minutes": 2})
		}, "Mã 1.", "Mã 1.", nil},
		{"one is missing", func(c *locale.Catalogue) string { return c.Text("en", "a.code", code) }, "Code 123,  min.", "Code 123, <no value> min.",
			[]string{`"key":"a.code"`, `"lang":"en"`, `"wants":["code","minutes"]`, `"gets":["code"]`}},
		{"all are missing", func(c *locale.Catalogue) string { return c.Text("vi", "a.code", nil) }, "Mã .", "Mã <no value>.", []string{`"gets":null`}},
		{"nil", func(c *locale.Catalogue) string { return c.Text("vi", "a.code", map[string]any{"code": nil}) }, "Mã .", "Mã <no value>.", []string{`"gets":["code"]`}},
		{"one of a kind", func(c *locale.Catalogue) string { return c.Text("en", "a.photos", map[string]any{"count": 1}) }, "a photo", "a photo", nil},
		{"a language that is not spoken", func(c *locale.Catalogue) string { return c.Text("fr", "a.code", nil) }, "Mã .", "Mã <no value>.", []string{`"lang":"vi"`}},
		{"unknown key", func(c *locale.Catalogue) string { return c.Text("vi", "no.such", nil) }, "no.such", "no.such", []string{`"key":"no.such"`}},
		{"error of an unknown key", func(c *locale.Catalogue) string { return c.Fault("en", fault.New(fault.NotFound, "no.such")) }, "Not there.", "no.such", []string{`"key":"no.such"`}},
		{"field of an unknown key", func(c *locale.Catalogue) string { return c.Field("vi", fault.Field{Key: "no.such"}) }, "Chưa đúng.", "no.such", []string{`"key":"no.such"`}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := gappy(t)
			if got := tt.say(c); got != tt.bare {
				t.Errorf("without a log: got %q, want %q", got, tt.bare)
			}
			var log bytes.Buffer
			c.LogGaps(slog.New(slog.NewJSONHandler(&log, nil)))
			for range 3 {
				if got := tt.say(c); got != tt.want {
					t.Errorf("got %q, want %q", got, tt.want)
				}
			}
			if n := strings.Count(log.String(), "\n"); n != min(len(tt.logs), 1) {
				t.Errorf("%d lines in the log:\n%s", n, log.String())
			}
			for _, want := range append(tt.logs, "") {
				if !strings.Contains(log.String(), want) {
					t.Errorf("the log lacks %s: %s", want, log.String())
				}
			}
		})
	}
}

// TestGapsDoNotTouchTheCallersParams: they may be shared.
func TestGapsDoNotTouchTheCallersParams(t *testing.T) {
	t.Parallel()
	c := gappy(t)
	c.LogGaps(slog.New(slog.DiscardHandler))
	params := map[string]any{"code": "1"}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() { c.Text(message.English, "a.code", params) })
	}
	wg.Wait()
	if len(params) != 1 {
		t.Errorf("got %v", params)
	}
}
