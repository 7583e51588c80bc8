package signs

import (
	"context"
	"encoding/json"
	"os"
	"testing"
	"time"

	"github.com/motcua/motcua/miniapps"
	"github.com/motcua/motcua/miniapps/miniapptest"
	"github.com/motcua/motcua/miniapps/signs/intake"
)

// fillAll stores the whole sample.
func (w *world) fillAll(t testing.TB) {
	t.Helper()
	files, err := intake.FromFS(os.DirFS("../../configs/cities/haiphong/signs"))
	if err != nil {
		t.Fatal(err)
	}
	report, rows, err := w.app.Intake().Check(t.Context(), files, "test")
	if err != nil || report.Faulty() > 0 {
		t.Fatal(err, report.Faults)
	}
	if _, err := w.app.Intake().Apply(t.Context(), rows, intake.Options{By: "test"}); err != nil {
		t.Fatal(err)
	}
}

// TestNearGoesOnWithNewStories turns the pages of a place: each story comes once, by its nearest plate, the nearest first, as if all had been asked for at once.
func TestNearGoesOnWithNewStories(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.fillAll(t)
	run := miniapptest.NewRunner(t, func() time.Time { return noon }, w.app)
	near := func(first int, after Cursor) signList {
		t.Helper()
		in, _ := json.Marshal(map[string]any{"place": map[string]any{"lat": 20.862, "lon": 106.6806}, "first": first, "after": after})
		res, err := run.Run(context.Background(), miniapps.Request{App: ID, Action: "near", Input: in, Viewer: miniapptest.Citizen()})
		if err != nil {
			t.Fatal(err)
		}
		return res.Data.(signList)
	}
	all := near(100, "")
	if len(all.Signs) < 20 || all.After != "" {
		t.Fatalf("%d stories, then %q", len(all.Signs), all.After)
	}
	var paged []sign
	for after := Cursor(""); ; {
		page := near(5, after)
		paged = append(paged, page.Signs...)
		if after = page.After; after == "" {
			break
		}
		if len(page.Signs) != 5 || len(paged) > len(all.Signs) {
			t.Fatalf("a page of %d, %d in all", len(page.Signs), len(paged))
		}
	}
	if len(paged) != len(all.Signs) {
		t.Fatalf("%d by pages, %d at once", len(paged), len(all.Signs))
	}
	told := map[string]bool{}
	for i, x := range paged {
		if x.Number != all.Signs[i].Number || x.Story != nil && told[x.Story.ID] || i > 0 && x.Metres < paged[i-1].Metres {
			t.Errorf("%d: %+v", i, x)
		}
		if x.Story != nil {
			told[x.Story.ID] = true
		}
	}
}
