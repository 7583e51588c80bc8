package signs

import (
	"bytes"
	"context"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"github.com/motcua/motcua/miniapps/signs/damage"
	"github.com/motcua/motcua/miniapps/signs/scans"
)

// TestSuspiciousTaps: what one visitor says of a code is one visitor's word in an event of its kind, which operators find in the log.
func TestSuspiciousTaps(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var log bytes.Buffer
	w.app.deps.Log = slog.New(slog.NewTextHandler(&log, nil))
	p := w.plate(t)
	for _, kind := range damage.Kinds() {
		for _, key := range []string{"first", "first", "again"} { // the second is a repeat, the third the same person
			if _, err := w.app.damage.Report(t.Context(), damage.Tap{Plate: p, Kind: kind, Key: kind + key, Client: "somebody"}); err != nil {
				t.Fatal(err)
			}
		}
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if err := w.app.scans.Run(ctx); err != nil { // writes what has come
		t.Fatal(err)
	}
	page, err := w.app.scans.Events(t.Context(), true, 10, "")
	if err != nil {
		t.Fatal(err)
	}
	got := []string{}
	for _, e := range page.Items {
		got = append(got, string(e.Kind))
		if e.Count != 1 || e.Plate != p.ID {
			t.Errorf("got %+v", e)
		}
	}
	slices.Sort(got)
	if !slices.Equal(got, []string{string(scans.Elsewhere), string(scans.Fake)}) {
		t.Errorf("got %v", got)
	}
	for _, kind := range got {
		if want := "kind=" + kind + " plate=" + w.app.Number(&p) + " ward=" + p.Ward; !strings.Contains(log.String(), want) || strings.Count(log.String(), "level=WARN") != 2 {
			t.Errorf("no %q in\n%s", want, log.String())
		}
	}
}
