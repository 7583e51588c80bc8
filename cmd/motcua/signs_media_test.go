package main

import (
	"archive/zip"
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/miniapps/signs/registry"
)

// folder writes files into a folder of its own and gives its path.
func (b *signBureau) folder(files map[string]string) string {
	b.t.Helper()
	dir := b.t.TempDir()
	for name, content := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			b.t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			b.t.Fatal(err)
		}
	}
	return dir
}

// shot is a photo of one shade.
func shot(t *testing.T, shade uint8) string {
	t.Helper()
	img := image.NewGray(image.Rect(0, 0, 40, 30))
	for i := range img.Pix {
		img.Pix[i] = color.Gray{Y: shade}.Y
	}
	var out bytes.Buffer
	if err := jpeg.Encode(&out, img, nil); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// spoken is a recording of silence.
func spoken() string { return strings.Repeat("\xff\xfb\x90\x00"+strings.Repeat("\x00", 413), 5) }

// telling is a story with further fields.
func telling(id, more string) string {
	return fmt.Sprintf("id: %s\nkind: street\nname: {vi: \"Phố %s\"}\ntext: {vi: \"Một con phố.\"}\n%s", id, id, more)
}

const (
	onePicture = "pictures: [{file: pictures/%s.jpg, credit: An, alt: {vi: Một tấm ảnh}}]\n"
	oneVoice   = "audio: [{lang: vi, file: ../sound/a.mp3}]\n"
)

// shows gives the ids of what a story shows and plays, after looking that each can be read by everybody.
func (b *signBureau) shows(id string) (out []string) {
	b.t.Helper()
	s, err := b.registry.Story(b.t.Context(), id)
	if err != nil {
		b.t.Fatal(err)
	}
	for _, p := range s.Pictures {
		out = append(out, p.Media)
	}
	for _, a := range s.Audio {
		out = append(out, a.Media)
	}
	for _, id := range out {
		if !b.readable(id) {
			b.t.Errorf("%s cannot be read", id)
		}
	}
	return out
}

func (b *signBureau) readable(id string) bool {
	b.t.Helper()
	u, err := url.Parse(b.media.PublicURL(id, ""))
	if err != nil {
		b.t.Fatal(err)
	}
	f, err := b.media.Open(b.t.Context(), id, u.Query())
	if err != nil && fault.CodeOf(err) != fault.NotFound {
		b.t.Fatal(err)
	}
	return err == nil && f.Public && f.Size > 0
}

// stored counts the blobs.
func (b *signBureau) stored() (n int) {
	b.t.Helper()
	err := filepath.WalkDir(b.blobs, func(_ string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			n++
		}
		return err
	})
	if err != nil {
		b.t.Fatal(err)
	}
	return n
}

func (b *signBureau) sweep(after time.Duration) int {
	b.t.Helper()
	b.clock = b.clock.Add(after)
	done, err := b.media.Sweep(b.t.Context())
	if err != nil {
		b.t.Fatal(err)
	}
	return done.Items
}

// TestSignMedia brings stories with pictures and a recording: a trial, the real thing, a repeat, another picture, none.
func TestSignMedia(t *testing.T) {
	t.Parallel()
	b := newBureau(t)
	files := map[string]string{
		"stories/le-chan.yaml": telling("le-chan", fmt.Sprintf(onePicture, "one")+oneVoice), "stories/ben-binh.yaml": telling("ben-binh", fmt.Sprintf(onePicture, "one")),
		"pictures/one.jpg": shot(t, 10), "pictures/two.jpg": shot(t, 200), "sound/a.mp3": spoken(), "README.md": "x",
	}
	dir := b.folder(files)
	for range 2 {
		out := b.must("import", dir, "--dry-run")
		if !strings.Contains(out, "stories  2     2") || !strings.Contains(out, dir+"/pictures/two.jpg: no story names this file") || strings.Contains(out, "one.jpg:") || b.stored() != 0 {
			t.Fatalf("%d blobs: %s", b.stored(), out)
		}
	}
	b.must("import", dir)
	first := b.shows("le-chan")
	if len(first) != 2 || b.stored() != 7 || b.shows("ben-binh")[0] == first[0] { // two stories, one picture: each has its own
		t.Fatalf("got %v, %d blobs", first, b.stored())
	}
	if out := b.must("import", dir); !strings.Contains(out, "stories  2     0    0        2") || b.stored() != 7 {
		t.Errorf("a repeat: %d blobs, %s", b.stored(), out)
	}
	if n := b.sweep(25*time.Hour) + b.sweep(200*time.Hour); n != 0 || len(b.shows("le-chan")) != 2 {
		t.Errorf("%d were swept though stories show them", n)
	}

	files["stories/le-chan.yaml"] = telling("le-chan", fmt.Sprintf(onePicture, "two"))
	b.must("import", b.folder(files))
	if got := b.shows("le-chan"); len(got) != 1 || got[0] == first[0] {
		t.Errorf("got %v after %v", got, first)
	}
	if n := b.sweep(200 * time.Hour); n != 2 || b.readable(first[0]) || b.readable(first[1]) || len(b.shows("le-chan"))+len(b.shows("ben-binh")) != 2 {
		t.Errorf("%d were given up", n)
	}
	files["stories/le-chan.yaml"] = telling("le-chan", "")
	b.must("import", b.folder(files))
	if n := b.sweep(200 * time.Hour); n != 1 || len(b.shows("le-chan")) != 0 || b.stored() != 3 {
		t.Errorf("%d were given up, %d blobs are left", n, b.stored())
	}
}

// TestSignMediaInAnArchive reads stories and pictures out of a zip, whatever letters its names are made of.
func TestSignMediaInAnArchive(t *testing.T) {
	t.Parallel()
	b := newBureau(t)
	path := filepath.Join(t.TempDir(), "a.zip")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	z := zip.NewWriter(f)
	for name, content := range map[string]string{
		"signs/le-chan.yaml": telling("le-chan", "pictures: [{file: \"ảnh/lê chân.jpg\", credit: An}]\n"), "signs/a\u0309nh/le\u0302 cha\u0302n.jpg": shot(t, 1), "__MACOSX/signs/._x.jpg": "x",
	} {
		w, err := z.Create(name)
		if err == nil {
			_, err = w.Write([]byte(content))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if out := b.must("import", path); len(b.shows("le-chan")) != 1 || strings.Contains(out, "no story names") {
		t.Errorf("got %s", out)
	}
}

// TestSignMediaFaults: what cannot be shown is told of by story and file, and then nothing is stored in the registry.
func TestSignMediaFaults(t *testing.T) {
	t.Parallel()
	b := newBureau(t)
	many := "pictures:\n"
	for _, name := range []string{"none.jpg", "text.jpg", "twice.jpg", "large.jpg", "cut.jpg", "a.mp3", "shut.jpg"} {
		many += "- {file: " + name + ", credit: An}\n"
	}
	many += "- {file: good.jpg, url: \"https://a.example/b.jpg\", credit: An}\n- {credit: An}\naudio: [{lang: vi, file: good.jpg}]\n"
	dir := b.folder(map[string]string{
		"le-chan.yaml": telling("le-chan", many), "text.jpg": "Lê Chân", "x/twice.jpg": shot(t, 1), "y/twice.jpg": shot(t, 2), "large.jpg": shot(t, 3) + strings.Repeat("x", 1<<20),
		"cut.jpg": shot(t, 4)[:200], "a.mp3": spoken(), "good.jpg": shot(t, 5), "shut.jpg": "", "ben-binh.yaml": telling("ben-binh", "pictures: [{file: good.jpg, credit: An}]\n"),
	})
	for _, way := range [][]string{{"import", dir, "--dry-run"}, {"import", dir}} {
		out, err := b.run(way...)
		if err == nil || !strings.Contains(err.Error(), "nothing was stored") {
			t.Errorf("got %v", err)
		}
		for i, want := range []string{
			"not among those", "JPEG, PNG or WebP picture", "Several", "at most 1 MB", "damaged", "not a picture", "empty",
		} {
			if line := lineWith(out, fmt.Sprintf("le-chan.yaml: pictures.%d.file: ", i)); !strings.Contains(line, want) {
				t.Errorf("%d: got %q, want %q", i, line, want)
			}
		}
		for place, want := range map[string]string{"pictures.7: ": "Exactly one", "pictures.8: ": "Exactly one", "audio.0.file: ": "not a recording"} {
			if line := lineWith(out, "le-chan.yaml: "+place); !strings.Contains(line, want) {
				t.Errorf("got %q, want %q", line, want)
			}
		}
		if n := strings.Count(out, "le-chan.yaml: "); n != 10 || strings.Contains(out, "ben-binh.yaml: ") {
			t.Errorf("got %d lines: %s", n, out)
		}
		if _, err := b.registry.Story(t.Context(), "ben-binh"); fault.CodeOf(err) != fault.NotFound {
			t.Errorf("stored all the same: %v", err)
		}
	}
	if n := b.sweep(25 * time.Hour); n == 0 || b.stored() != 0 { // what was kept for rows that were not stored
		t.Errorf("%d orphans were swept, %d blobs are left", n, b.stored())
	}
	if out, _ := b.run("import", dir, "--skip-faulty"); len(b.shows("ben-binh")) != 1 {
		t.Errorf("got %s", out)
	}
	_, err := b.registry.Story(t.Context(), "le-chan")
	if fault.CodeOf(err) != fault.NotFound {
		t.Errorf("got %v", err)
	}
}

// lineWith gives the first line that holds a text.
func lineWith(out, text string) string {
	for line := range strings.Lines(out) {
		if strings.Contains(line, text) {
			return line
		}
	}
	return ""
}

// TestSignMediaNotAsked: the check of a stored story knows what it shows, so that a list without pictures takes them away.
func TestSignMediaNotAsked(t *testing.T) {
	t.Parallel()
	b := newBureau(t)
	dir := b.folder(map[string]string{"le-chan.yaml": telling("le-chan", fmt.Sprintf(onePicture, "one")), "pictures/one.jpg": shot(t, 1)})
	b.must("import", dir)
	b.refused("nothing was stored", "import", filepath.Join(dir, "le-chan.yaml")) // the picture was not given
	if len(b.shows("le-chan")) != 1 {
		t.Error("the picture is gone")
	}
	s, err := b.registry.Story(t.Context(), "le-chan")
	if err != nil || s.Pictures[0].Alt[registry.Vietnamese] == "" || s.Pictures[0].Credit != "An" {
		t.Errorf("got %+v, %v", s.Pictures, err)
	}
}
