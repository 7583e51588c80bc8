package main_test

import (
	"bytes"
	"encoding/json"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// TestPagesInChromium uses the explorer and the stand-in phone in a real browser, as wide as a small phone.
func TestPagesInChromium(t *testing.T) {
	t.Parallel()
	ctx := within(t, 6*time.Minute)
	city := newPlace(t).start(t)
	citizen, err := city.SignIn(ctx, "0912345678")
	if err != nil {
		t.Fatal(err)
	}
	digits, err := city.Code(ctx, "0912345678")
	if err != nil {
		t.Fatal(err)
	}
	r, err := (&hammer{url: func() string { return city.HTTP }, tokens: []string{citizen.Token}}).one(ctx, 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(ctx, "node", "pages.mjs", city.HTTP, city.Fakecity, citizen.Token, r.id, digits)
	cmd.Dir = "testdata/browser"
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v (make test installs node and chromium): %s", err, errs.String())
	}
	var seen struct {
		First                     string
		Links, Errors, Wide       []string
		Query, Subscription, Code bool
		Docs                      int
	}
	if err := json.Unmarshal(out, &seen); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if !strings.Contains(seen.First, "Một cửa") || len(seen.Links) < 3 {
		t.Errorf("first page: %q with links %v", seen.First, seen.Links)
	}
	if !seen.Query || !seen.Subscription || !seen.Code || seen.Docs < 20 {
		t.Errorf("not everything worked: %s", out)
	}
	if len(seen.Errors) > 0 || len(seen.Wide) > 0 {
		t.Errorf("errors %v; wider than 360 px: %v", seen.Errors, seen.Wide)
	}
}
