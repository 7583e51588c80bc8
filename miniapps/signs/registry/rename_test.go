package registry

import (
	"testing"

	"github.com/motcua/motcua/internal/store/memory"
	"github.com/motcua/motcua/internal/store/storetest"
)

// TestRenamedMeanwhile: a plate is found by the name that its story has in the end, whoever else was at work on either.
func TestRenamedMeanwhile(t *testing.T) {
	t.Parallel()
	renamed := func(title string) StoryRow {
		row := opera()
		row.Texts["vi"] = TextRow{Words: Words{Title: title}, State: Draft}
		return row
	}
	moved := plate(1)
	moved.Address = "Cổng sau"
	for name, tt := range map[string]struct {
		plates    int
		change    func(*desk)
		meanwhile string
	}{
		"a new plate":   {0, func(d *desk) { d.plate(plate(1)) }, "Cung văn hóa"},
		"a known plate": {1, func(d *desk) { d.plate(moved) }, "Cung văn hóa"},
		"another name":  {1, func(d *desk) { d.story(renamed("Rạp hát")) }, "Cung văn hóa"},
	} {
		t.Run(name, func(t *testing.T) {
			e := &storetest.Watched{Engine: memory.New()}
			d := told(t, e, tt.plates)
			e.Before = func(c storetest.Call) error {
				if c.Kind == platesKind && c.Doc != nil {
					e.Before = nil
					d.story(renamed(tt.meanwhile))
				}
				return nil
			}
			tt.change(d)
			s, err := d.Story(t.Context(), "nha-hat-lon")
			if err != nil || s.Translations["vi"].Title != tt.meanwhile {
				t.Fatalf("the story is called %q, %v", s.Translations["vi"].Title, err)
			}
			found, err := d.Search(t.Context(), Filter{Text: tt.meanwhile}, 10, "")
			if err != nil || len(found.Items) != 1 {
				t.Errorf("%d plates by the name of their story, %v", len(found.Items), err)
			}
		})
	}
}
