package assets_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/motcua/motcua/channels/web/assets"
)

// What the pages may weigh, in bytes before compression.
const (
	maxFirst  = 80 << 10 // scripts that the chat loads before it can be used
	maxWidget = 6 << 10
)

var (
	named    = regexp.MustCompile(`/chat/assets/([\w.-]+)`)
	imported = regexp.MustCompile(`from"/chat/assets/([\w.-]+)"`)
)

// TestNamedFilesAreThere follows every name in the built files.
func TestNamedFilesAreThere(t *testing.T) {
	seen := map[string]bool{}
	var follow func(where string, data []byte)
	follow = func(where string, data []byte) {
		for _, m := range named.FindAllSubmatch(data, -1) {
			name := string(m[1])
			if seen[name] {
				continue
			}
			seen[name] = true
			file, kind, ok := assets.File(name)
			if !ok || len(file) == 0 || kind == "" || kind == "application/octet-stream" {
				t.Errorf("%s names %s: %d bytes, type %q, %v", where, name, len(file), kind, ok)
			}
			follow(name, file)
		}
	}
	follow("page", assets.Page())
	follow("worker", assets.Worker())
	if len(seen) < 5 {
		t.Errorf("only %d files are named", len(seen))
	}
}

// TestPageKeepsToItsPolicy wants nothing in the markup that the policy forbids.
func TestPageKeepsToItsPolicy(t *testing.T) {
	page := string(assets.Page())
	for _, bad := range []string{"style=", "<style", "onclick=", "javascript:", "{{"} {
		if strings.Contains(page, bad) {
			t.Errorf("the page holds %q", bad)
		}
	}
	if n, with := strings.Count(page, "<script"), strings.Count(page, `<script type="module" src="/chat/assets/`); n != 1 || with != 1 {
		t.Errorf("%d scripts, %d of them from a file", n, with)
	}
	if strings.Contains(assets.Policy, "unsafe") {
		t.Errorf("policy %q", assets.Policy)
	}
}

func TestFilesAreSmall(t *testing.T) {
	if n := len(assets.Widget()); n > maxWidget {
		t.Errorf("the widget has %d bytes, at most %d", n, maxWidget)
	}
	total, seen := 0, map[string]bool{}
	var load func(name string)
	load = func(name string) {
		if seen[name] || !strings.HasSuffix(name, ".js") {
			return
		}
		seen[name] = true
		data, _, _ := assets.File(name)
		total += len(data)
		for _, m := range imported.FindAllSubmatch(data, -1) {
			load(string(m[1]))
		}
	}
	for _, m := range named.FindAllSubmatch(assets.Page(), -1) {
		load(string(m[1]))
	}
	if total == 0 || total > maxFirst {
		t.Errorf("the chat loads %d bytes of scripts, at most %d", total, maxFirst)
	}
}

func TestFileKnowsOnlyItsNames(t *testing.T) {
	for _, name := range []string{"", ".", "..", "../page.html", "files", "a/b.js", "none.js", `..\page.html`} {
		if _, _, ok := assets.File(name); ok {
			t.Errorf("there is a file %q", name)
		}
	}
}
