package intake

import (
	"fmt"
	"slices"
	"testing"
	"testing/fstest"

	"github.com/motcua/motcua/internal/store/memory"
)

func TestNamesOfMedia(t *testing.T) {
	t.Parallel()
	s := newShelf([]string{"signs/pictures/a.jpg", "signs/stories/b.jpg", "x/c.jpg", "y/c.jpg", `signs\win\d.jpg`, "signs/e/e\u0302.jpg"})
	for name, want := range map[string]int{
		"pictures/a.jpg": 0, "../pictures/a.jpg": 0, "./a.jpg": 0, "b.jpg": 1, "x/c.jpg": 2, "../../y/c.jpg": 3, "c.jpg": -1, "win/d.jpg": 4, `win\d.jpg`: 4, "ê.jpg": 5,
		"res/a.jpg": -1, "ictures/a.jpg": -1, "": -1, "..": -1, "/": -1, "A.jpg": -1,
	} {
		if got, key := s.find("signs/stories/s.yaml", name); got != want || (got < 0) != (key != "") {
			t.Errorf("%q: got %d, %q, want %d", name, got, key, want)
		}
	}
}

func TestNamed(t *testing.T) {
	t.Parallel()
	story := File{"duong-0.yaml", fmt.Appendf(nil, storyText+"pictures: [{file: a.jpg, credit: An}, {file: a.jpg, credit: An}, {file: none.jpg, credit: An}]\naudio: [{lang: vi, file: b.mp3}]\n", "duong-0", 0, 0)}
	names := []string{"c.jpg", "b.mp3", "a.jpg"}
	got, err := Named([]File{story, {"a.csv", []byte("x")}, {"broken.yaml", []byte("a: [")}}, names)
	if want := []Wish{{"duong-0", 2}, {"duong-0", 1}}; err != nil || !slices.Equal(got, want) {
		t.Fatalf("got %v, %v", got, err)
	}
	d := openDesk(t, memory.New())
	media := []Media{{Name: "c.jpg"}, {"b.mp3", map[string]Kept{"duong-0": {ID: "m2", Kind: audio}}}, {"a.jpg", map[string]Kept{"duong-0": {ID: "m1", Kind: photo}}}}
	rep, rows, err := d.Check(t.Context(), []File{story}, "importer", media...)
	if err != nil || !slices.Equal(told(rep), []string{"duong-0.yaml:0 pictures.2.file file_missing"}) || rep.Faults[0].Value != "none.jpg" || !slices.Equal(rep.Unused, []string{"c.jpg"}) {
		t.Fatalf("got %v, %v, %v", told(rep), rep.Unused, err)
	}
	inWords(t, rep.Faults[0])
	if s := rows[0].Story; s.Pictures[0].Media != "m1" || s.Pictures[1].Media != "m1" || s.Audio[0].Media != "m2" {
		t.Errorf("got %+v", s)
	}
	media[2].Kept["duong-0"] = Kept{Key: "media.too_large_photo", Params: map[string]any{"max": 12}}
	media[1].Kept = nil
	rep, _, _ = d.Check(t.Context(), []File{story}, "importer", media...)
	want := []string{"pictures.0.file media.too_large_photo", "pictures.1.file media.too_large_photo", "pictures.2.file signs.fault.file_missing", "audio.0.file signs.fault.file_missing"}
	var got2 []string
	for _, f := range rep.Faults {
		inWords(t, f)
		got2 = append(got2, f.Column+" "+f.Key)
	}
	if !slices.Equal(got2, want) {
		t.Errorf("got %q", got2)
	}
}

func TestMediaIn(t *testing.T) {
	t.Parallel()
	fsys := fstest.MapFS{"a.JPG": {}, "x/b.mp3": {}, "x/c.yaml": {}, ".d.jpg": {}, "__MACOSX/e.jpg": {}, "f.pdf": {}}
	if got, err := MediaIn(fsys); err != nil || !slices.Equal(got, []string{"a.JPG", "x/b.mp3"}) {
		t.Errorf("got %v, %v", got, err)
	}
	files, err := FromFS(fsys)
	if err != nil || len(files) != 2 {
		t.Errorf("got %v, %v", files, err)
	}
}
