package main_test

import (
	"archive/zip"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestBackupsAreKept: none is written over by mistake, and one that is not whole is told by its name and leaves nothing behind.
func TestBackupsAreKept(t *testing.T) {
	t.Parallel()
	ctx := within(t, 3*time.Minute)
	p := newPlace(t)
	p.must(ctx, t, "seed", "--reports", "0", "--citizens", "1")
	file := filepath.Join(t.TempDir(), "city.zip")
	if err := os.WriteFile(file, []byte("yesterday's"), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, _, stderr := p.run(ctx, t, "backup", file); code != 1 || !strings.Contains(stderr, file+" exists: --force replaces it") {
		t.Errorf("exit code %d: %s", code, stderr)
	}
	if data, err := os.ReadFile(file); err != nil || string(data) != "yesterday's" {
		t.Errorf("it was written over: %v", err)
	}
	p.must(ctx, t, "backup", "--force", file)

	cut := filepath.Join(t.TempDir(), "cut.zip")
	cutShort(t, file, cut)
	other := newPlace(t, "MOTCUA_SECRETS__KEYSET_FILE="+filepath.Join(p.data, "dev-keyset.json"))
	if code, _, stderr := other.run(ctx, t, "restore", cut); code != 1 || !strings.Contains(stderr, cut+": store: the dump is cut short") {
		t.Errorf("exit code %d: %s", code, stderr)
	}
	other.must(ctx, t, "restore", file)
}

// cutShort copies a backup without the last bytes of its documents.
func cutShort(t *testing.T, from, to string) {
	t.Helper()
	in, err := zip.OpenReader(from)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	out, err := os.Create(to)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	z := zip.NewWriter(out)
	for _, entry := range in.File {
		size := int64(entry.UncompressedSize64)
		if entry.Name == "store.dump" {
			size -= 40
		}
		r, err := entry.Open()
		if err != nil {
			t.Fatal(err)
		}
		w, err := z.Create(entry.Name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.CopyN(w, r, size); err != nil {
			t.Fatal(err)
		}
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
}
