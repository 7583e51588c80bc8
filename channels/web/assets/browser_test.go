package assets_test

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/motcua/motcua/internal/leaktest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

// TestPagesInChromium plays on the pages in a real browser against a stand-in for the program: conversations, photos, places, networks that go
// away, notifications, the widget, signed links and forms, each looked at for size and accessibility.
func TestPagesInChromium(t *testing.T) {
	if testing.Short() {
		t.Skip("takes half a minute, and more on a busy machine")
	}
	if _, err := os.Stat("/usr/bin/chromium"); err != nil {
		t.Skip("there is no Chromium: make test installs it")
	}
	if _, err := os.Stat("../ui/node_modules/playwright-core"); err != nil {
		t.Skip("npm ci was not run in channels/web/ui: make test does")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "node", "test/browser.mjs")
	cmd.Dir = "../ui"
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v: %s", err, errs.String())
	}
	var problems []string
	if err := json.Unmarshal(out.Bytes(), &problems); err != nil {
		t.Fatalf("%v: %s", err, out.String())
	}
	for _, p := range problems {
		t.Error(p)
	}
}
