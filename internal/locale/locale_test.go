package locale_test

import (
	"os"
	"testing"
	"testing/fstest"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/locale"
	"github.com/motcua/motcua/internal/message"
)

func TestShippedCataloguesAreComplete(t *testing.T) {
	c, err := locale.Load(os.DirFS("../../configs/locales"))
	if err != nil {
		t.Fatal(err)
	}
	for _, code := range []fault.Code{fault.Invalid, fault.Unauthorized, fault.Forbidden, fault.NotFound, fault.Conflict, fault.RateLimited, fault.Unavailable, fault.Internal} {
		vi, en := c.Fault(message.Vietnamese, fault.New(code, "")), c.Fault(message.English, fault.New(code, ""))
		if vi == en || vi == "" || en == "" {
			t.Errorf("%s: vi %q, en %q", code, vi, en)
		}
	}
}

func TestLoadRefusesGaps(t *testing.T) {
	tests := []struct {
		name  string
		files fstest.MapFS
	}{
		{"nothing", fstest.MapFS{}},
		{"key in one language only", fstest.MapFS{"a.vi.yaml": {Data: []byte("a: {b: x}")}, "a.en.yaml": {Data: []byte("a: {c: x}")}}},
		{"key twice", fstest.MapFS{"a.vi.yaml": {Data: []byte("a: {b: x}")}, "b.vi.yaml": {Data: []byte("a: {b: y}")}}},
		{"not YAML", fstest.MapFS{"a.vi.yaml": {Data: []byte("a: [")}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := locale.Load(tt.files); err == nil {
				t.Error("loaded")
			}
		})
	}
}

// TestTextCounts: a text may have a form for one; the others have one form for all.
func TestTextCounts(t *testing.T) {
	c, err := locale.Load(fstest.MapFS{
		"a.vi.yaml": {Data: []byte("a:\n  b: \"{{.count}} ảnh\"\n  c: \"{{.count}} phút\"\n")},
		"a.en.yaml": {Data: []byte("a:\n  b:\n    one: \"{{.count}} photo\"\n    other: \"{{.count}} photos\"\n  c: \"{{.count}} min\"\n")},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		lang  message.Lang
		key   string
		count any
		want  string
	}{
		{"en", "a.b", 1, "1 photo"}, {"en", "a.b", 2, "2 photos"}, {"en", "a.b", 0, "0 photos"}, {"vi", "a.b", 1, "1 ảnh"}, {"vi", "a.b", 2, "2 ảnh"},
		{"en", "a.c", 1, "1 min"}, {"en", "a.b", "1", "1 photos"},
	} {
		if got := c.Text(tt.lang, tt.key, map[string]any{"count": tt.count}); got != tt.want {
			t.Errorf("%s %s %v: got %q, want %q", tt.lang, tt.key, tt.count, got, tt.want)
		}
	}
}

func TestText(t *testing.T) {
	c, err := locale.Load(fstest.MapFS{
		"a.vi.yaml": {Data: []byte("a:\n  b: \"Chào {{.name}}\"\n")},
		"a.en.yaml": {Data: []byte("a:\n  b: \"Hello {{.name}}\"\n")},
	})
	if err != nil {
		t.Fatal(err)
	}
	p := map[string]any{"name": "An"}
	for _, tt := range []struct {
		lang      message.Lang
		key, want string
	}{{"vi", "a.b", "Chào An"}, {"en", "a.b", "Hello An"}, {"", "a.b", "Chào An"}, {"fr", "a.b", "Chào An"}, {"vi", "no.such", "no.such"}} {
		if got := c.Text(tt.lang, tt.key, p); got != tt.want {
			t.Errorf("%s %s: got %q, want %q", tt.lang, tt.key, got, tt.want)
		}
	}
}
