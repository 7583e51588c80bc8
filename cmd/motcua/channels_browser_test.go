package main_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// networksSeen is what testdata/browser/channels.mjs prints.
type networksSeen struct {
	Errors, Failures []string
	People           map[string]networkTalk // by network
}

// networkTalk is one dialogue: the code of the report, the summary that was agreed to, and everything that the city said.
type networkTalk struct {
	Code, Summary string
	Heard         []string
}

// TestOneDialogueOnEveryNetwork has the same report made on Zalo, on Messenger and on the city's own page, by one script in a real browser.
func TestOneDialogueOnEveryNetwork(t *testing.T) {
	t.Parallel()
	ctx := within(t, 6*time.Minute)
	city := newPlace(t).start(t)
	photo, marker := photoWithPlace(t)
	file := filepath.Join(t.TempDir(), "photo.jpg")
	if err := os.WriteFile(file, photo, 0o600); err != nil {
		t.Fatal(err)
	}
	o := newOffice(ctx, t, city)
	var seen networksSeen
	o.whileBrowsing(ctx, t, &seen, "channels.mjs", city.HTTP, city.Fakecity, file, "60000")
	if len(seen.Failures) > 0 {
		t.Fatalf("%s\n%s", strings.Join(seen.Failures, "\n"), heard(seen))
	}
	if len(seen.Errors) > 0 {
		t.Error(seen.Errors)
	}
	reports := o.stored(ctx, t)
	if len(reports) != len(seen.People) {
		t.Errorf("%d reports are stored, want one of each network", len(reports))
	}
	var places []pin
	for network, talk := range seen.People {
		r, ok := reports[talk.Code]
		if !ok {
			t.Errorf("%s: no report %q is stored", network, talk.Code)
			continue
		}
		checkReport(ctx, t, city, wantReport{network, talk.Code, fmt.Sprintf(lampAt, 12), "street-light-out", 1}, r, marker)
		places = append(places, o.pinOf(ctx, t, r.ID))
		checkNotices(t, network, talk)
	}
	for _, p := range places[1:] {
		if p.metres(places[0]) > 100 {
			t.Errorf("the same ward was taken from three lists and led to %v", places)
		}
	}
}

// pin is where a report is.
type pin struct{ Lat, Lon float64 }

func (p pin) metres(q pin) float64 {
	const degree = 111_320 // metres of latitude
	return degree * math.Hypot(p.Lat-q.Lat, (p.Lon-q.Lon)*math.Cos(p.Lat*math.Pi/180))
}

func (o *office) pinOf(ctx context.Context, t *testing.T, id string) pin {
	t.Helper()
	var out struct{ Feedback struct{ Point *pin } }
	if err := o.dispatcher.Do(ctx, `query($id: ID!) { feedback(id: $id) { point { lat lon } } }`, map[string]any{"id": id}, &out); err != nil {
		t.Fatal(err)
	}
	if out.Feedback.Point == nil {
		t.Fatalf("report %s has no place", id)
	}
	return *out.Feedback.Point
}

// checkNotices finds the declared words of each of the office's steps, in their order and once each.
func checkNotices(t *testing.T, network string, talk networkTalk) {
	t.Helper()
	declared := declaredNotices(t)
	from := slices.IndexFunc(talk.Heard, func(s string) bool { return strings.Contains(s, "Mã phản ánh là "+talk.Code) }) + 1
	told := strings.Join(talk.Heard[from:], "\n")
	at := 0
	for _, step := range []struct{ notice, reason string }{{"assigned", ""}, {"in_progress", ""}, {"resolved", mended}} {
		words := strings.TrimSpace(strings.NewReplacer("{code}", talk.Code, "{unit}", "Ủy ban nhân dân phường Hồng Bàng", "{reason}", step.reason).Replace(declared[step.notice]))
		i := strings.Index(told, words)
		if i < at || strings.Count(told, words) != 1 {
			t.Errorf("%s: %q is at %d, %d times, in:\n%s", network, words, i, strings.Count(told, words), told)
		}
		at = i
	}
}

// declaredNotices gives the Vietnamese words of the notices about reports.
func declaredNotices(t *testing.T) map[string]string {
	t.Helper()
	raw, err := os.ReadFile("../../miniapps/feedback/manifest.json")
	if err != nil {
		t.Fatal(err)
	}
	var m struct {
		Notices []struct {
			ID   string
			Text struct{ Vi string }
		}
	}
	if err := json.Unmarshal(raw, &m); err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, n := range m.Notices {
		out[n.ID] = n.Text.Vi
	}
	return out
}

// heard writes down what the city said on each network.
func heard(seen networksSeen) string {
	var b strings.Builder
	for network, talk := range seen.People {
		fmt.Fprintf(&b, "== %s\n%s\n", network, strings.Join(talk.Heard, "\n--\n"))
	}
	return b.String()
}
