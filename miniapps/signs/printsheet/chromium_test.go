package printsheet

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/png"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// TestScanFromChromium has a program that is not ours draw the file.
func TestScanFromChromium(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("starts a browser")
	}
	const browser = "/usr/bin/chromium"
	if _, err := os.Stat(browser); err != nil {
		t.Skip("there is no Chromium: make test installs it")
	}
	folder := t.TempDir()
	file, shot := filepath.Join(folder, "plate.svg"), filepath.Join(folder, "plate.png")
	s := sheet(t, words)
	if err := os.WriteFile(file, svgOf(t, s, plate), 0o600); err != nil {
		t.Fatal(err)
	}
	_, w, h, err := s.PerPage(Single, plate)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	const css = 96 // pixels per inch
	size := fmt.Sprintf("--window-size=%d,%d", int(math.Ceil(w*css/inch)), int(math.Ceil(h*css/inch))+1)
	cmd := exec.CommandContext(ctx, browser, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--user-data-dir="+folder+"/profile", size, "--screenshot="+shot, "file://"+file)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	raw, err := os.ReadFile(shot)
	if err != nil {
		t.Fatal(err)
	}
	pic, err := png.Decode(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	gray := image.NewGray(pic.Bounds())
	for y := range pic.Bounds().Dy() {
		for x := range pic.Bounds().Dx() {
			gray.Set(x, y, pic.At(x, y))
		}
	}
	for name, c := range map[string]camera{"straight": {mmPerPixel: preview(1)}, "turned": {mmPerPixel: preview(1), turn: 33, blur: 1, noise: 6}} {
		if got, level, err := decode(c.shoot(gray, css)); err != nil || got != address || level != "H" {
			t.Errorf("%s: got %q, level %q, %v", name, got, level, err)
		}
	}
}
