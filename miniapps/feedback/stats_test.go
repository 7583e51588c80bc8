package feedback

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/motcua/motcua/internal/casework"
)

func TestRebuild(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	for i := range 4 {
		d.submit(citizen("an"), fmt.Sprint(i), dark)
	}
	d.carry()
	waiting := d.submit(citizen("an"), "waiting", dark) // its count has not been carried out
	before := statsOf(t, d.app)
	if err := d.app.records.tally.Make(t.Context(), casework.Count{ID: "wrong", To: "2026-11/11311/street-light-out/received"}); err != nil {
		t.Fatal(err)
	}
	if err := d.app.records.tally.Make(t.Context(), casework.Count{ID: "old", To: "2020-01/11311/street-light-out/closed"}); err != nil {
		t.Fatal(err)
	}
	looked := 0
	diff, err := d.app.Rebuild(t.Context(), func(n int) { looked = n })
	if err != nil || diff.Busy != 0 || looked != 5 || len(diff.Wrong) != 1 || diff.Wrong[0] != (casework.WrongSlot{ID: "2026-11/11311/street-light-out/received", Stored: 5, Actual: 4}) {
		t.Errorf("got %+v, %v after %d reports", diff, err, looked)
	}
	after := statsOf(t, d.app)
	if after["2020-01/11311/street-light-out/closed"] != 1 {
		t.Error("a month whose reports are gone was set to nothing")
	}
	delete(after, "2020-01/11311/street-light-out/closed")
	if fmt.Sprint(after) != fmt.Sprint(before) {
		t.Errorf("got %v, want %v", after, before)
	}
	d.carry()
	if got := statsOf(t, d.app)["2026-11/11311/street-light-out/received"]; got != 5 {
		t.Errorf("after %s was carried out: %d", waiting.ID, got)
	}
	for s, err := range d.app.Stats(t.Context(), "2026-12") {
		t.Errorf("another month has %v, %v", s, err)
	}
}

// TestMonthIsTheCitys submits in the last hours of a month that has begun in the city.
func TestMonthIsTheCitys(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.clock = time.Date(2026, 11, 30, 18, 0, 0, 0, time.UTC)
	d.submit(citizen("an"), "k", dark)
	d.carry()
	if got := fmt.Sprint(statsOf(t, d.app)); !strings.Contains(got, "2026-12/") {
		t.Errorf("got %s", got)
	}
}

func TestSeed(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	steps := []SeedStep{{To: Assigned}, {To: InProgress}, {To: Assigned, Reason: "x"}, {To: InProgress}, {To: Assigned}, {To: InProgress}, {To: Resolved}, {To: Closed}}
	s := Seed{Subject: "an", Key: "1", Description: "Đèn đường không sáng", Category: lamp, Place: point(20.8578, 106.6810), At: noon.AddDate(0, -1, 0), Steps: steps, Every: time.Hour}
	for range 2 {
		r, err := d.app.Seed(t.Context(), s)
		if err != nil || r.Status != Closed || r.Entries != 9 || r.ExpiresAt == nil {
			t.Fatalf("got %+v, %v", r, err)
		}
	}
	d.carry()
	if got := fmt.Sprint(statsOf(t, d.app)); got != "map[2026-10/11311/street-light-out/closed:1]" || len(d.inbox.list) != 0 {
		t.Errorf("counts %s, notices %v", got, d.inbox.kinds())
	}
	s.Key, s.Steps = "2", []SeedStep{{To: Closed}}
	if _, err := d.app.Seed(t.Context(), s); err == nil {
		t.Error("a move that is not allowed was seeded")
	}
}
