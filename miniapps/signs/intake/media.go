package intake

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"

	"github.com/motcua/motcua/miniapps/signs/registry"
)

// Media is a picture or recording that is given beside the lists, for the stories that name it.
type Media struct {
	Name string          // as File.Name
	Kept map[string]Kept // by story, for each of Named
}

// Kept is what came of keeping a file for a story, or would come of it.
type Kept struct {
	ID     string // of the media; "" for one that is refused
	Kind   string // photo or audio
	Key    string // of the reason why it is refused, in the catalogues
	Params map[string]any
}

// The kinds of media that stories have.
const (
	photo = "photo"
	audio = "audio"
)

// Wish says that a story shows or plays one of the media.
type Wish struct {
	Story string
	Media int // index
}

// Named gives what the stories of an import name of the media with these names, each pair once: it is to be kept before the rows are checked. A name counts from
// the folder of the story's file; else it is the end of the name of just one of the media. INVALID for files that are too large or too many.
func Named(files []File, names []string) ([]Wish, error) {
	files, err := unpack(files)
	if err != nil {
		return nil, err
	}
	c := &checking{in: &Intake{}}
	for _, f := range files {
		if e := ending(f.Name); e == ".yaml" || e == ".yml" {
			c.readYAML(f)
		}
	}
	var out []Wish
	s := newShelf(names)
	for _, r := range c.rows {
		for _, n := range r.named {
			i, _ := s.find(r.File, n.file)
			w := Wish{r.Story.ID, i}
			if i >= 0 && r.Story.ID != "" && !slices.Contains(out, w) {
				out = append(out, w)
			}
		}
	}
	return out, nil
}

// named is a file that a story names.
type named struct {
	column string // "pictures.0.file"
	file   string
	id     *string // where the media's id belongs
	kind   string  // that is wanted
}

// filesOf gives what a clean row names, by the file that it came from.
func filesOf(row *registry.StoryRow, y storyYAML) (out []named) {
	for i, p := range y.Pictures {
		if p.File != "" {
			out = append(out, named{fmt.Sprintf("pictures.%d.file", i), p.File, &row.Pictures[i].Media, photo})
		}
	}
	for i, a := range y.Audio {
		if a.File != "" {
			out = append(out, named{fmt.Sprintf("audio.%d.file", i), a.File, &row.Audio[i].Media, audio})
		}
	}
	return out
}

// showMedia puts the ids of the media into a story, or tells why it cannot.
func (c *checking) showMedia(r *checked) {
	for _, n := range r.named {
		i, key := c.shelf.find(r.File, n.file)
		if key != "" {
			r.fault(n.column, key, nil)
			continue
		}
		c.used[i] = true
		switch kept, ok := c.media[i].Kept[r.Story.ID]; {
		case !ok:
			r.fault(n.column, "file_missing", nil)
		case kept.Key != "":
			r.refuse(n.column, kept.Key, kept.Params)
		case kept.Kind != n.kind:
			r.fault(n.column, "file_not_"+n.kind, nil)
		default:
			*n.id = kept.ID
		}
	}
}

// unused gives the media that no story names, as far as a report tells of them.
func (c *checking) unused() []string {
	out := []string{}
	for i, m := range c.media {
		if !c.used[i] && len(out) < MaxFaults {
			out = append(out, visible(m.Name))
		}
	}
	return out
}

// shelf finds files by the names that stories give them.
type shelf struct {
	names  []string
	exact  map[string]int
	byBase map[string][]int
}

func newShelf(names []string) shelf {
	s := shelf{exact: map[string]int{}, byBase: map[string][]int{}}
	for i, name := range names {
		name = plainPath(name)
		s.names = append(s.names, name)
		s.exact[name] = i
		s.byBase[path.Base(name)] = append(s.byBase[path.Base(name)], i)
	}
	return s
}

// find gives the index of the file that a story in a file names; -1 and the reason when there is none, or more than one.
func (s shelf) find(from, name string) (int, string) {
	name = plainPath(name)
	if i, ok := s.exact[path.Join(path.Dir(plainPath(from)), name)]; ok {
		return i, ""
	}
	for strings.HasPrefix(name, "../") {
		name = name[3:]
	}
	found := -1
	for _, i := range s.byBase[path.Base(name)] {
		if !strings.HasSuffix("/"+s.names[i], "/"+name) {
			continue
		}
		if found >= 0 {
			return -1, "file_several"
		}
		found = i
	}
	if found < 0 {
		return -1, "file_missing"
	}
	return found, ""
}

// plainPath gives one spelling to the names that systems give a file: composed letters, strokes that lean to the right.
func plainPath(name string) string {
	return path.Clean(strings.ReplaceAll(norm.NFC.String(strings.TrimSpace(name)), `\`, "/"))
}

// MediaIn gives the names of all pictures and recordings in a folder and those below it; others than those kinds that can be shown are among them, to be told of.
func MediaIn(fsys fs.FS) ([]string, error) {
	var out []string
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() && !aside(name) && IsMedia(name) {
			out = append(out, name)
		}
		return err
	})
	return out, err
}

// IsMedia tells by its name whether a file is a picture or a recording.
func IsMedia(name string) bool { return slices.Contains(mediaEndings[:], ending(name)) }

var mediaEndings = [...]string{
	".jpg", ".jpeg", ".png", ".webp", ".heic", ".heif", ".avif", ".gif", ".tif", ".tiff", ".bmp", ".svg",
	".mp3", ".m4a", ".ogg", ".opus", ".wav", ".aac", ".flac", ".mp4", ".m4v", ".mov", ".webm", ".3gp",
}
