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
}

// TestPageWithoutScripts wants other ways to reach the city for a browser that runs none, in both languages.
func TestPageWithoutScripts(t *testing.T) {
	_, rest, _ := strings.Cut(string(assets.Page()), "<noscript>")
	says, _, ok := strings.Cut(rest, "</noscript>")
	if !ok || strings.Count(says, `<a href="/">`) != 2 || strings.Count(says, "Messenger") != 2 || strings.Count(says, "Zalo") != 2 || !strings.Contains(says, `<p lang="en">`) {
		t.Errorf("a browser without scripts is shown %q", says)
	}
}

func TestPolicy(t *testing.T) {
	const own = "default-src 'none'; script-src 'self'; style-src 'self'; worker-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; "
	for _, tt := range []struct{ media, tiles, want string }{
		{"", "", "img-src 'self' blob:; media-src 'self' blob:; connect-src 'self'"},
		{"https://files.city.vn:8443", "https://tiles.vn/{z}/{x}/{y}.png?key=a",
			"img-src 'self' blob: https://files.city.vn:8443 https://tiles.vn; media-src 'self' blob: https://files.city.vn:8443; connect-src 'self' https://files.city.vn:8443"},
		{"https://city.vn", "https://city.vn/tiles/{z}/{x}/{y}", "img-src 'self' blob: https://city.vn; media-src 'self' blob: https://city.vn; connect-src 'self' https://city.vn"},
		{"", "https://{s}.tiles.vn/{z}/{x}/{y}.png", "img-src 'self' blob: https://*.tiles.vn; media-src 'self' blob:; connect-src 'self'"},
		{"javascript:alert(1)", "//tiles.vn/{z}", "img-src 'self' blob:; media-src 'self' blob:; connect-src 'self'"},
		{"https://a;script-src *", "https://a b/{z}", "img-src 'self' blob:; media-src 'self' blob:; connect-src 'self'"},
	} {
		if got := assets.Policy(tt.media, tt.tiles); got != own+tt.want {
			t.Errorf("media %q, tiles %q: got %q, want %q", tt.media, tt.tiles, got, own+tt.want)
		}
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
