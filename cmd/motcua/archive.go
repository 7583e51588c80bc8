package main

import (
	"archive/zip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"gocloud.dev/blob"

	"github.com/motcua/motcua/internal/store"
	"github.com/motcua/motcua/internal/store/sqlite"
)

// A backup is a zip file: about, the documents as internal/store dumps them, and every media file under files/.
const (
	aboutEntry  = "about.json"
	storeEntry  = "store.dump"
	mediaPrefix = "files/"

	archiveFormat = 1
)

// about says what a backup is of.
type about struct {
	Format  int       `json:"format"`
	Version string    `json:"version"` // of the program that wrote it
	City    string    `json:"city"`
	At      time.Time `json:"at"`
	Keyset  string    `json:"keyset"` // fingerprint of the secrets without which the personal data in it stays sealed
}

// kindsOf gives all kinds that were defined on an engine.
func kindsOf(e store.Engine) ([]store.Kind, error) {
	k, ok := e.(interface{ Kinds() []store.Kind })
	if !ok {
		return nil, fmt.Errorf("%T does not tell its kinds", e)
	}
	return k.Kinds(), nil
}

// backup writes the archive. Documents come first: each names only files that exist by then.
func (sys *system) backup(ctx context.Context, w io.Writer) error {
	kinds, err := kindsOf(sys.engine)
	if err != nil {
		return err
	}
	z := zip.NewWriter(w)
	head, err := z.Create(aboutEntry)
	if err != nil {
		return err
	}
	err = json.NewEncoder(head).Encode(about{archiveFormat, version, sys.city.ID(), sys.now().UTC(), sys.box.Fingerprint()})
	if err != nil {
		return err
	}
	docs, err := z.Create(storeEntry)
	if err != nil {
		return err
	}
	if err := sys.dump(ctx, kinds, docs); err != nil {
		return err
	}
	if err := packFiles(ctx, z, sys.bucket); err != nil {
		return err
	}
	return z.Close()
}

// dump writes the documents as they were at one moment where the engine can hold one still, which the embedded store can.
func (sys *system) dump(ctx context.Context, kinds []store.Kind, w io.Writer) (err error) {
	embedded, ok := sys.bare.(*sqlite.Engine)
	if !ok {
		_, err := store.Dump(ctx, sys.engine, kinds, w, sys.now(), nil)
		return err
	}
	dir, err := os.MkdirTemp(sys.settings.DataDir, snapshotPrefix)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if err := embedded.Snapshot(ctx, dir); err != nil {
		return err
	}
	still := sys.settings.SQLite
	still.Dir = dir
	e, err := sqlite.Open(ctx, still)
	if err != nil {
		return err
	}
	for _, k := range kinds {
		if err := e.Define(ctx, k); err != nil {
			return errors.Join(err, e.Close())
		}
	}
	_, err = store.Dump(ctx, e, kinds, w, sys.now(), nil)
	return errors.Join(err, e.Close())
}

// snapshotPrefix begins the names of the folders that hold the documents still while they are dumped.
const snapshotPrefix = "snapshot-"

// forgetSnapshots removes what a killed backup left behind: a whole copy of the documents that nothing would ever sweep. Only who has the store to itself
// may call it.
func (s *settings) forgetSnapshots() error {
	left, err := os.ReadDir(s.DataDir)
	if err != nil {
		return fmt.Errorf("data_dir: %w", err)
	}
	for _, entry := range left {
		if !strings.HasPrefix(entry.Name(), snapshotPrefix) {
			continue
		}
		if err := os.RemoveAll(filepath.Join(s.DataDir, entry.Name())); err != nil {
			return fmt.Errorf("data_dir: %w", err)
		}
	}
	return nil
}

func packFiles(ctx context.Context, z *zip.Writer, bucket *blob.Bucket) error {
	for list := bucket.List(nil); ; {
		obj, err := list.Next(ctx)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("media: %w", err)
		}
		w, err := z.CreateHeader(&zip.FileHeader{Name: mediaPrefix + obj.Key, Method: zip.Store, Modified: obj.ModTime}) // pictures do not shrink
		if err != nil {
			return err
		}
		if err := bucket.Download(ctx, obj.Key, w, nil); err != nil {
			return fmt.Errorf("media %s: %w", obj.Key, err)
		}
	}
}

// restore reads an archive into an empty city; file is the archive's name. Nothing is written of one that is not whole.
func (s *settings) restore(ctx context.Context, file string, z *zip.Reader, say func(string)) error {
	a, err := readAbout(z)
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	if err := s.mayRestore(); err != nil {
		return err
	}
	if err := s.keysetFor(a); err != nil {
		return err
	}
	if err := checkDump(z); err != nil { // which takes long: what can be told without comes first
		return fmt.Errorf("%s: %w", file, err)
	}
	done, err := s.beginRestore()
	if err != nil {
		return err
	}
	if err := s.restoreStore(ctx, z, say); err != nil {
		return err
	}
	if err := s.restoreFiles(ctx, z, say); err != nil {
		return err
	}
	return done()
}

// restoreMark lies in the data folder while a restore is under way: one that was killed may be repeated, but a city is never written over.
const restoreMark = "restoring"

// restored refuses a data folder in which a restore has not come to its end: half a city would be served, and its sweeps would remove what the other half names.
func (s *settings) restored() error {
	if _, err := os.Stat(filepath.Join(s.DataDir, restoreMark)); err != nil {
		return nil // a folder that cannot be read is told by whoever needs it
	}
	return fmt.Errorf("data_dir: a restore into %s did not end: run `motcua restore` again", s.DataDir)
}

// mayRestore refuses a data folder that has a city which no restore has left half done.
func (s *settings) mayRestore() error {
	_, markErr := os.Stat(filepath.Join(s.DataDir, restoreMark))
	_, storeErr := os.Stat(filepath.Join(s.DataDir, s.SQLite.File))
	if s.MongoDB.URI == "" && markErr != nil && storeErr == nil {
		return fmt.Errorf("data_dir: there is a city in %s already", s.DataDir)
	}
	return nil
}

// keysetFor refuses a keyset that is not the backup's. None is made where there is none: it would open nothing.
func (s *settings) keysetFor(a about) error {
	path := s.keysetPath()
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("the backup needs the keyset with fingerprint %s, but there is no %s: name the right one by secrets.keyset_file", a.Keyset, path)
	}
	box, err := s.keyset(tool)
	if err != nil {
		return err
	}
	if !box.Knows(a.Keyset) {
		return fmt.Errorf("the backup needs the keyset with fingerprint %s, but %s has %s: name the right one by secrets.keyset_file", a.Keyset, path, box.Fingerprint())
	}
	return nil
}

// beginRestore marks the data folder until the restore has come to its end.
func (s *settings) beginRestore() (done func() error, err error) {
	if err := os.MkdirAll(s.DataDir, 0o700); err != nil {
		return nil, fmt.Errorf("data_dir: %w", err)
	}
	mark := filepath.Join(s.DataDir, restoreMark)
	return func() error { return os.Remove(mark) }, os.WriteFile(mark, nil, 0o600)
}

func readAbout(z *zip.Reader) (about, error) {
	var a about
	f, err := z.Open(aboutEntry)
	if err != nil {
		return a, errors.New("this is no backup: " + aboutEntry + " is missing")
	}
	defer f.Close()
	if err := json.NewDecoder(f).Decode(&a); err != nil {
		return a, fmt.Errorf("%s: %w", aboutEntry, err)
	}
	if a.Format != archiveFormat {
		return a, fmt.Errorf("the backup has format %d, this program reads %d", a.Format, archiveFormat)
	}
	return a, nil
}

func (s *settings) restoreStore(ctx context.Context, z *zip.Reader, say func(string)) error {
	e, err := s.engine(ctx)
	if err != nil {
		return err
	}
	f, err := z.Open(storeEntry)
	if err != nil {
		return errors.Join(err, e.Close())
	}
	defer f.Close()
	report, err := store.Restore(ctx, e, f, nil)
	if err != nil {
		return errors.Join(err, e.Close())
	}
	say(fmt.Sprintf("%d documents of %d kinds", report.Documents(), len(report.Kinds)))
	return e.Close()
}

// checkDump reads the documents to their end before anything is written.
func checkDump(z *zip.Reader) error {
	f, err := z.Open(storeEntry)
	if err != nil {
		return fmt.Errorf("the backup has no documents: %w", err)
	}
	defer f.Close()
	_, err = store.CheckDump(f)
	return err
}

func (s *settings) restoreFiles(ctx context.Context, z *zip.Reader, say func(string)) error {
	bucket, err := s.bucket(ctx)
	if err != nil {
		return err
	}
	defer bucket.Close()
	n := 0
	for _, entry := range z.File {
		key, ok := strings.CutPrefix(entry.Name, mediaPrefix)
		if !ok {
			continue
		}
		f, err := entry.Open()
		if err != nil {
			return err
		}
		err = bucket.Upload(ctx, key, f, &blob.WriterOptions{ContentType: "application/octet-stream", DisableContentTypeDetection: true})
		if err = errors.Join(err, f.Close()); err != nil {
			return fmt.Errorf("media %s: %w", key, err)
		}
		n++
	}
	say(fmt.Sprintf("%d media files", n))
	return nil
}
