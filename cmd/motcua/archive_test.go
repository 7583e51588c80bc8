package main

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/motcua/motcua/internal/secret"
)

// damaged gives a backup by that keyset whose documents cannot be read.
func damaged(t *testing.T, fingerprint string) *zip.Reader {
	t.Helper()
	var file bytes.Buffer
	z := zip.NewWriter(&file)
	head, err := z.Create(aboutEntry)
	if err == nil {
		err = json.NewEncoder(head).Encode(about{Format: archiveFormat, Keyset: fingerprint})
	}
	if err == nil {
		_, err = z.Create(storeEntry)
	}
	if err = errors.Join(err, z.Close()); err != nil {
		t.Fatal(err)
	}
	out, err := zip.NewReader(bytes.NewReader(file.Bytes()), int64(file.Len()))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestRestoreLooksAtTheFolderFirst: whether a backup may go there is told before its documents are read to their end, which takes long, and changes nothing.
func TestRestoreLooksAtTheFolderFirst(t *testing.T) {
	t.Parallel()
	keys, err := secret.Generate(true)
	if err != nil {
		t.Fatal(err)
	}
	box, err := secret.Open(keys)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name  string
		files []string // in the folder
		want  string
	}{
		{"a city", []string{devKeyset, "motcua.db"}, "there is a city in"},
		{"a city without the keyset", []string{"motcua.db"}, "there is a city in"},
		{"no keyset", nil, "the backup needs the keyset with fingerprint " + box.Fingerprint() + ", but there is no "},
		{"half a city", []string{devKeyset, "motcua.db", restoreMark}, "this is no dump"},
		{"nothing but the keyset", []string{devKeyset}, "this is no dump"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			for _, name := range tt.files {
				if err := os.WriteFile(filepath.Join(dir, name), keys, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			s, err := (&runtime{environ: []string{"MOTCUA_DATA_DIR=" + dir}}).load(tool)
			if err != nil {
				t.Fatal(err)
			}
			if err := s.restore(t.Context(), "city.zip", damaged(t, box.Fingerprint()), func(string) {}); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
			if left, err := os.ReadDir(dir); err != nil || len(left) != len(tt.files) {
				t.Errorf("the folder has %v, %v", left, err)
			}
		})
	}
}

// TestWhatAKilledBackupLeftIsRemoved: the copy of all documents that it held still.
func TestWhatAKilledBackupLeftIsRemoved(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	left := filepath.Join(dir, snapshotPrefix+"1")
	if err := errors.Join(os.Mkdir(left, 0o700), os.WriteFile(filepath.Join(left, "motcua.db"), []byte("all"), 0o600)); err != nil {
		t.Fatal(err)
	}
	s, err := (&runtime{environ: []string{"MOTCUA_DATA_DIR=" + dir}}).load(tool)
	if err != nil {
		t.Fatal(err)
	}
	sys, err := open(t.Context(), s, tool, slog.New(slog.DiscardHandler), "")
	if err != nil {
		t.Fatal(err)
	}
	if err := sys.close(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(left); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("it is still there: %v", err)
	}
}

// TestFoldersAreNotWrittenOver, before a backup is made that could not take its place.
func TestFoldersAreNotWrittenOver(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "city.zip")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		path  string
		force bool
		want  string
	}{
		{dir, true, "is a folder"}, {dir, false, "is a folder"}, {file, false, "exists"}, {file, true, ""}, {filepath.Join(dir, "new.zip"), false, ""},
	} {
		err := mayWrite(tt.path, tt.force)
		if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s, %v: got %v, want %q", tt.path, tt.force, err, tt.want)
		}
	}
}

// TestFilesThatCannotBeMadeAreNamed as they were asked for.
func TestFilesThatCannotBeMadeAreNamed(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "nowhere", "keyset.json")
	if err := writeOnce(path, nil); err == nil || err.Error() != path+": no such file or directory" {
		t.Errorf("got %v", err)
	}
}
