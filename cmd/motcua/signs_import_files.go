package main

import (
	"archive/zip"
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/motcua/motcua/internal/admin"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/miniapps/signs/intake"
)

// given is what an import is given. Lists are held in memory, pictures and recordings are opened one after the other.
type given struct {
	lists  []admin.SignFile
	media  []mediaFile
	opened []io.Closer // archives
}

// mediaFile is a picture or recording, under the name by which the operator finds it.
type mediaFile struct {
	name string
	open func() (fs.File, error)
}

func (g *given) close() {
	for _, c := range g.opened {
		_ = c.Close() // they were only read
	}
}

// readGiven reads files, and those of folders and archives and below, under the names by which the operator finds them.
func readGiven(paths []string) (*given, error) {
	g := &given{}
	for _, path := range paths {
		if err := g.read(path); err != nil {
			g.close()
			return nil, err
		}
	}
	return g, nil
}

func (g *given) read(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	name := filepath.ToSlash(path)
	switch {
	case info.IsDir():
		return g.readFolder(name, os.DirFS(path))
	case intake.IsMedia(path):
		g.media = append(g.media, mediaFile{name, func() (fs.File, error) { return os.Open(path) }})
		return nil
	case strings.EqualFold(filepath.Ext(path), ".zip"):
		if z, err := zip.OpenReader(path); err == nil {
			g.opened = append(g.opened, z)
			return g.readFolder(name, z)
		}
	}
	return g.readList(path) // an archive that cannot be opened, too: the report says so
}

func (g *given) readList(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, intake.MaxBytes+1))
	if err == nil && len(data) > intake.MaxBytes {
		err = fmt.Errorf("%s: too large: %d MB at most", path, intake.MaxBytes>>20)
	}
	g.lists = append(g.lists, admin.SignFile{Name: filepath.ToSlash(path), Data: data})
	return err
}

func (g *given) readFolder(path string, fsys fs.FS) error {
	lists, err := intake.FromFS(fsys)
	if fault.CodeOf(err) == fault.Invalid {
		return fmt.Errorf("%s: too much: %d MB of lists in %d files at most", path, intake.MaxBytes>>20, intake.MaxFiles)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	media, err := intake.MediaIn(fsys)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	if len(lists)+len(media) == 0 {
		return fmt.Errorf("%s: there is no list in it, and no picture", path)
	}
	for _, f := range lists {
		g.lists = append(g.lists, admin.SignFile{Name: below(path, f.Name), Data: f.Data})
	}
	for _, name := range media {
		g.media = append(g.media, mediaFile{below(path, name), func() (fs.File, error) { return fsys.Open(name) }})
	}
	return nil
}

func below(folder, name string) string { return filepath.ToSlash(filepath.Join(folder, name)) }

// keep has the city keep what the stories name, or in a trial check it, and gives the files of the import.
func (c signCommands) keep(ctx context.Context, s admin.Signs, g *given, o admin.SignImport) ([]admin.SignFile, error) {
	lists, names := make([]intake.File, len(g.lists)), make([]string, len(g.media))
	for i, f := range g.lists {
		lists[i] = intake.File{Name: f.Name, Data: f.Data}
	}
	files := g.lists
	for i, m := range g.media {
		names[i] = m.name
		files = append(files, admin.SignFile{Name: m.name, Kept: map[string]admin.SignKept{}})
	}
	wishes, err := intake.Named(lists, names)
	if err != nil {
		return files, nil // the check says so, in words
	}
	bar := c.bar(int64(len(wishes)), "keeping pictures")
	defer func() { _ = bar.Clear() }()
	for i, w := range wishes {
		kept, err := keepOne(ctx, s, g.media[w.Media], admin.SignKeep{Story: w.Story, DryRun: o.DryRun})
		if err != nil {
			return nil, err
		}
		files[len(g.lists)+w.Media].Kept[w.Story] = kept
		_ = bar.Set(i + 1) // a bar that cannot be drawn is no error
	}
	return files, nil
}

// keepOne keeps one file. One that cannot be opened is refused like one that cannot be shown.
func keepOne(ctx context.Context, s admin.Signs, m mediaFile, k admin.SignKeep) (admin.SignKept, error) {
	f, err := m.open()
	if err != nil {
		return admin.SignKept{Key: "signs.fault.file_unreadable"}, nil
	}
	defer f.Close()
	info, err := f.Stat()
	switch {
	case err != nil:
		return admin.SignKept{Key: "signs.fault.file_unreadable"}, nil
	case info.Size() > admin.MaxKept:
		return admin.SignKept{Key: "signs.fault.file_heavy", Params: map[string]any{"max": admin.MaxKept >> 20}}, nil
	}
	kept, err := s.Keep(ctx, k, f)
	if err != nil {
		err = fmt.Errorf("%s: %w", m.name, err)
	}
	return kept, err
}
