package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	goruntime "runtime"

	"gocloud.dev/blob"
	_ "gocloud.dev/blob/s3blob" // registers s3://

	"github.com/motcua/motcua/configs"
	"github.com/motcua/motcua/internal/media"
	"github.com/motcua/motcua/internal/secret"
	"github.com/motcua/motcua/internal/store"
	"github.com/motcua/motcua/internal/store/mongo"
	"github.com/motcua/motcua/internal/store/sqlite"
)

// migrations change the shape of stored documents, the oldest first. Each runs once for a city, at the first start of a program that has it.
func migrations() []store.Migration { return nil }

// openStore opens the engine that the settings name and brings its documents up to date.
func (sys *system) openStore(ctx context.Context) error {
	bare, err := sys.settings.engine(ctx)
	if err != nil {
		return err
	}
	sys.onClose(bare.Close)
	sys.bare = bare
	if sys.settings.MongoDB.URI == "" {
		if err := sys.settings.forgetSnapshots(); err != nil {
			return err
		}
	}
	sys.engine = store.Observe(bare, sys.reg, sys.tracing.Provider)
	return store.Migrate(ctx, sys.engine, migrations(), sys.now, sys.log)
}

// engine opens MongoDB when it is configured, else the embedded store.
func (s *settings) engine(ctx context.Context) (store.Engine, error) {
	if s.MongoDB.URI != "" {
		return mongo.Open(ctx, s.MongoDB)
	}
	return sqlite.Open(ctx, s.SQLite)
}

// openBucket opens the place of media files: a folder, or what the address names.
func (sys *system) openBucket(ctx context.Context) error {
	var err error
	if sys.bucket, err = sys.settings.bucket(ctx); err != nil {
		return err
	}
	sys.onClose(sys.bucket.Close)
	return nil
}

func (s *settings) bucket(ctx context.Context) (*blob.Bucket, error) {
	if s.Media.Bucket == "" {
		dir, err := filepath.Abs(filepath.Join(s.DataDir, "media"))
		if err != nil {
			return nil, err
		}
		return media.OpenFolder(dir)
	}
	return blob.OpenBucket(ctx, s.Media.Bucket)
}

// inS3 tells whether the address of a bucket is one of an S3-compatible store.
func inS3(bucket string) bool {
	u, err := url.Parse(bucket)
	return err == nil && u.Scheme == "s3" && u.Host != ""
}

// devKeyset is the name of the keyset that a development city makes for itself.
const devKeyset = "dev-keyset.json"

// keyset opens the secrets: the configured ones, or those of development in the data folder, which are made when they are missing.
func (s *settings) keyset(p profile) (*secret.Box, error) {
	path := s.keysetPath()
	if s.Secrets.KeysetFile == "" {
		if err := makeDevKeyset(s.DataDir, path); err != nil {
			return nil, err
		}
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("secrets.keyset_file: %w", err)
	}
	box, err := secret.Open(data)
	if err != nil {
		return nil, fmt.Errorf("secrets.keyset_file: %s: %w", path, err)
	}
	if p == prod && box.Development() {
		return nil, fmt.Errorf("secrets.keyset_file: %s holds development secrets: make real ones with `motcua secrets generate`", path)
	}
	return box, nil
}

// exposed gives the files with secrets that everybody on the machine can read. It is for a warning: containers are often given such files, and have nobody else.
func (s *settings) exposed() (files []string) {
	for _, path := range []string{s.keysetPath(), s.Channels.FCM.CredentialsFile} {
		info, err := os.Stat(path)
		if err == nil && goruntime.GOOS != "windows" && info.Mode()&0o004 != 0 { // Windows has no such bits
			files = append(files, path)
		}
	}
	return files
}

func (s *settings) keysetPath() string {
	return cmp.Or(s.Secrets.KeysetFile, filepath.Join(s.DataDir, devKeyset))
}

func makeDevKeyset(dir, path string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("data_dir: %w", err)
	}
	if _, err := os.Stat(path); err == nil {
		return nil
	}
	data, err := secret.Generate(true)
	if err != nil {
		return err
	}
	return writeOnce(path, data)
}

// writeOnce makes a file that only its owner can read. It appears whole or not at all, and an existing one stays: the error then is fs.ErrExist.
func writeOnce(path string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if at := (*fs.PathError)(nil); errors.As(err, &at) {
		return fmt.Errorf("%s: %w", path, at.Err) // nobody asked for the name that it has at first
	}
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(data)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	err = os.Link(f.Name(), path)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s: %w", path, fs.ErrExist) // without the name of the file that is linked
	}
	return err
}

func localeFiles() (fs.FS, error) { return fs.Sub(configs.Files, "locales") }
