package intake

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/motcua/motcua/internal/fault"
)

// faults is where the texts of reasons are, in the catalogues.
const faults = "signs.fault."

// FromFS takes all files of a folder and those below it, but for notes about them (.md, .txt), pictures and recordings, and hidden ones. INVALID when they are
// too large or too many.
func FromFS(fsys fs.FS) ([]File, error) {
	var out []File
	left := int64(MaxBytes)
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !d.Type().IsRegular() || aside(name) || IsMedia(name) {
			return err
		}
		f, err := fsys.Open(name)
		if err != nil {
			return err
		}
		defer f.Close()
		data, err := io.ReadAll(io.LimitReader(f, left+1))
		if left -= int64(len(data)); err == nil && left < 0 {
			err = tooLarge()
		}
		if len(out) == MaxFiles {
			err = tooMany()
		}
		out = append(out, File{Name: name, Data: data})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("signs: read a folder: %w", err)
	}
	return out, nil
}

func tooLarge() *fault.Error {
	return fault.New(fault.Invalid, faults+"file_large").With("max", MaxBytes>>20)
}

func tooMany() *fault.Error {
	return fault.New(fault.Invalid, faults+"file_entries").With("max", MaxFiles)
}

// aside tells of a file that is there for other reasons.
func aside(name string) bool {
	base := path.Base(name)
	return strings.HasPrefix(base, ".") || strings.Contains("/"+name, "/__MACOSX/") || slices.Contains([]string{".md", ".txt"}, ending(name))
}

func ending(name string) string { return strings.ToLower(path.Ext(name)) }

// unpack gives the files with those of archives in their place. The budget is for all of them.
func unpack(files []File) ([]File, error) {
	var out []File
	b := budget{bytes: MaxBytes, files: MaxFiles}
	for _, f := range files {
		inside := []File{f}
		if ending(f.Name) == ".zip" {
			var err error
			if inside, err = b.unzip(f); err != nil {
				return nil, err
			}
		} else if err := b.spend(len(f.Data)); err != nil {
			return nil, err
		}
		out = append(out, inside...)
	}
	return out, nil
}

// budget is what may still be read.
type budget struct {
	bytes int64
	files int
}

func (b *budget) spend(n int) error {
	b.files--
	if b.files < 0 {
		return tooMany()
	}
	if b.bytes -= int64(n); b.bytes < 0 {
		return tooLarge()
	}
	return nil
}

// errArchive is an archive that cannot be read.
var errArchive = errors.New("signs: a broken archive")

// unzip gives the files of an archive. One that is broken comes back as it is, for the report to name.
func (b *budget) unzip(f File) ([]File, error) {
	if len(f.Data) > MaxBytes {
		return nil, tooLarge()
	}
	z, err := zip.NewReader(bytes.NewReader(f.Data), int64(len(f.Data)))
	if err != nil {
		return []File{f}, nil
	}
	var out []File
	for _, entry := range z.File {
		if entry.Mode().IsDir() || aside(entry.Name) {
			if b.files--; b.files < 0 {
				return nil, tooMany()
			}
			continue
		}
		data, err := b.inflate(entry)
		if errors.Is(err, errArchive) {
			return []File{f}, nil
		}
		if err != nil {
			return nil, err
		}
		out = append(out, File{Name: f.Name + "/" + visible(strings.ToValidUTF8(entry.Name, "?")), Data: data})
	}
	return out, nil
}

// inflate reads one entry, as far as the budget goes and whatever the archive says of its size.
func (b *budget) inflate(entry *zip.File) ([]byte, error) {
	in, err := entry.Open()
	if err != nil {
		return nil, errArchive
	}
	defer in.Close()
	data, err := io.ReadAll(io.LimitReader(in, b.bytes+1))
	if err := b.spend(len(data)); err != nil {
		return nil, err
	}
	if err != nil {
		return nil, errArchive
	}
	return data, nil
}
