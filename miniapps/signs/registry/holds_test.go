package registry

import (
	"slices"
	"testing"

	"github.com/motcua/motcua/internal/media"
	"github.com/motcua/motcua/internal/store"
	"github.com/motcua/motcua/internal/store/storetest"
)

var _ media.Cases = (*Registry)(nil)

func TestExisting(t *testing.T) {
	t.Parallel()
	storetest.OnEngines(t, func(t *testing.T, e store.Engine) {
		d := openDesk(t, e)
		row := opera()
		row.Pictures = []Picture{{Media: "m1", Credit: "An"}, {URL: "https://anh.example/a.jpg", Credit: "An"}}
		row.Audio = []Recording{{Lang: "vi", Media: "m2"}}
		d.story(row)
		got, err := d.Existing(t.Context(), []string{row.ID + "/m1", row.ID + "/m2", row.ID + "/m3", row.ID, row.ID + "/", "no-such/m1", "", "/"})
		if want := []string{row.ID + "/m1", row.ID + "/m2"}; err != nil || !slices.Equal(got, want) {
			t.Errorf("got %v, %v, want %v", got, err, want)
		}
		row.Pictures = row.Pictures[1:]
		d.story(row)
		if got, err := d.Existing(t.Context(), []string{row.ID + "/m1"}); err != nil || len(got) != 0 {
			t.Errorf("given up: %v, %v", got, err)
		}
	})
}
