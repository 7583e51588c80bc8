package main_test

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/motcua/motcua/internal/admin"
	"github.com/motcua/motcua/internal/citytest"
)

// The addresses of those who scan, whom nobody must find again.
var scanners = []string{
	"203.0.113.21", "2001:db8:21:5::1", "198.51.100.22", "203.0.113.23", "2001:db8:23:5::1", "198.51.100.24", "203.0.113.25", "2001:db8:26:5::1", "198.51.100.27",
	"2001:db8:28:5::1",
}

// TestScansAreCounted has people, machines and previews open plates. People are counted, without anything of who they were; what cannot be right is told to the
// desk; and a program that is asked to stop forgets none of it.
func TestScansAreCounted(t *testing.T) {
	t.Parallel()
	ctx := within(t, 6*time.Minute)
	city := newSignCity(ctx, t, "MOTCUA_SIGNS__SCANS__FLUSH=50ms")
	code := city.code(ctx, t, signNumber)
	city.lookAsMachines(ctx, t, code)
	city.lookAsPeople(ctx, t, code)
	far := map[string]any{"code": code, "at": map[string]any{"lat": 20.80, "lon": 106.60}} // where nobody comes so soon after the last one
	if got := read[*signInApp](ctx, t, city.guest(scanners[5]), "sign", signQuery, far); got == nil || got.Number != signNumber {
		t.Errorf("far away it opens %+v", got)
	}
	city.wantScans(ctx, t, 7, 6)
	city.checkHeat(ctx, t, 7, 6)
	city.scanRevoked(ctx, t)
	for _, kind := range []string{"elsewhere", "fake"} {
		city.phone(scanners[6]).tap(ctx, t, "/s/"+code, kind)
	}
	city.checkEvents(ctx, t)
	if code := city.Stop(30 * time.Second); code != 0 {
		t.Fatalf("exit code %d:\n%s", code, tail(city.Logs()))
	}
	logs := city.Logs()

	p := city.place
	p.env = append(slices.Clone(p.env), "MOTCUA_SIGNS__SCANS__FLUSH=10m") // the end alone writes
	city = p.openSigns(ctx, t)
	for _, address := range scanners[7:] {
		city.phone(address).get(ctx, t, "/s/"+code, http.StatusOK)
	}
	if now, old := city.sign(ctx, t, signNumber).Scans.Month, city.sign(ctx, t, "3").Scans.Old; now != 7 || old != 2 {
		t.Errorf("before the end %d scans and %d of an old code are stored, want those of the first run", now, old)
	}
	if page, err := city.ops.Silent(ctx, admin.SilentFilter{Days: 1}); err != nil || len(page.Items) > 0 {
		t.Errorf("silent on their first day are %+v, %v", page, err)
	}
	if code := city.Stop(30 * time.Second); code != 0 {
		t.Fatalf("exit code %d:\n%s", code, tail(city.Logs()))
	}
	if out := p.must(ctx, t, "signs", "show", signNumber); !strings.Contains(out, "10 in 24 hours; 10 by 9 visitors in 30 days, 0 of old codes; the last 20") {
		t.Errorf("after the end: %s", out)
	}
	backup := filepath.Join(t.TempDir(), "city.zip")
	p.must(ctx, t, "backup", backup)
	p.checkNobody(t, backup, logs+city.Logs())
	p.checkSilent(ctx, t, backup)
}

// lookAsMachines opens a plate in all ways that are no scan.
func (c *signCity) lookAsMachines(ctx context.Context, t *testing.T, code string) {
	t.Helper()
	path, p := "/s/"+code, c.phone("192.0.2.1")
	for range 3 {
		if got, err := p.ask(ctx, http.MethodHead, path, nil); err != nil || got.status != http.StatusOK || got.body != "" {
			t.Errorf("HEAD: %+v, %v", got, err)
		}
	}
	for _, agent := range []string{
		"facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)", "Zalo", "TelegramBot (like TwitterBot)", "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
	} {
		p.agent = agent
		if got := p.get(ctx, t, path, http.StatusOK); !strings.Contains(got.body, `property="og:title" content="Đường Điện Biên Phủ"`) {
			t.Errorf("%s cannot make a preview", agent)
		}
	}
	p.agent = ""
	p.with("Sec-Purpose", "prefetch;prerender").get(ctx, t, path, http.StatusOK)
	for _, other := range []string{"/s/" + signNumber, path + "/do/feedback/submit", path + "/thanks"} {
		p.get(ctx, t, other, http.StatusOK)
	}
}

// lookAsPeople has five people scan a plate six times.
func (c *signCity) lookAsPeople(ctx context.Context, t *testing.T, code string) {
	t.Helper()
	first := c.phone(scanners[0]).get(ctx, t, "/s/"+code, http.StatusOK)
	c.phone(scanners[0]).with("If-None-Match", first.header.Get("Etag")).get(ctx, t, "/S/"+strings.ToLower(code)+"?lang=en", http.StatusOK)
	c.phone(scanners[1]).get(ctx, t, "/S/"+code, http.StatusOK)
	inZalo := c.phone(scanners[2])
	inZalo.agent = browserAgent + " Zalo android/12102" // the browser inside the app
	inZalo.get(ctx, t, "/s/"+code, http.StatusOK)
	for i, at := range []any{nil, map[string]any{"lat": signAt.Lat + 0.001, "lon": signAt.Lon}} {
		if got := read[*signInApp](ctx, t, c.guest(scanners[3+i]), "sign", signQuery, map[string]any{"code": c.HTTP + "/s/" + code, "at": at}); got == nil || got.Number != signNumber {
			t.Errorf("the app shows %+v", got)
		}
	}
}

// wantScans waits until a plate has been counted so often.
func (c *signCity) wantScans(ctx context.Context, t *testing.T, scans, visitors int) {
	t.Helper()
	var got admin.PlateScans
	waiting, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	err := citytest.Poll(waiting, func() (bool, error) {
		got = c.sign(ctx, t, signNumber).Scans
		return got.Month >= scans, nil
	})
	if err != nil || got.Day != scans || got.Month != scans || got.Visitors != visitors || got.Old != 0 || time.Since(got.Last) > 5*time.Minute {
		t.Errorf("counted are %+v, %v, want %d scans by %d visitors", got, err, scans, visitors)
	}
}

// checkHeat finds the scans in the ward's hours and in those of the whole city, and nowhere else.
func (c *signCity) checkHeat(ctx context.Context, t *testing.T, scans, visitors int) {
	t.Helper()
	var all []admin.HeatLine
	if err := json.Unmarshal([]byte(c.must(ctx, t, "signs", "heat", "--json")), &all); err != nil {
		t.Fatal(err)
	}
	daily, err := c.ops.Heat(ctx, admin.HeatFilter{Ward: signWard})
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 100 || len(daily) != 7 {
		t.Errorf("heat of %d wards, on %d days", len(all), len(daily))
	}
	for _, lines := range [][]admin.HeatLine{all, daily} {
		sums := map[string]admin.HeatLine{}
		for _, l := range lines {
			sum := sums[l.Ward]
			for _, n := range l.Hours {
				sum.Hours[0] += n
			}
			sum.Scans, sum.Visitors = sum.Scans+l.Scans, sum.Visitors+l.Visitors
			sums[l.Ward] = sum
		}
		for ward, sum := range sums {
			want := admin.HeatLine{}
			if ward == signWard || ward == "" {
				want.Scans, want.Visitors, want.Hours[0] = scans, visitors, scans
			}
			if sum != want {
				t.Errorf("the ward %q has %d scans by %d visitors, %d in all hours; want %d by %d", ward, sum.Scans, sum.Visitors, sum.Hours[0], want.Scans, want.Visitors)
			}
		}
	}
}

// scanRevoked ends a code that somebody has just looked at, and has two more scan it.
func (c *signCity) scanRevoked(ctx context.Context, t *testing.T) {
	t.Helper()
	path := "/s/" + c.code(ctx, t, "3")
	previewer := c.phone("192.0.2.1")
	previewer.agent = "facebookexternalhit/1.1"
	previewer.get(ctx, t, path, http.StatusOK) // now it is kept ready
	c.must(ctx, t, "signs", "revoke", "3", "--reason", "tem giả")
	for _, address := range scanners[3:5] {
		if got := c.phone(address).get(ctx, t, path, http.StatusGone); !strings.Contains(got.body, "Mã này không còn giá trị") || !strings.Contains(got.body, "dán giả") || got.header.Get("Cache-Control") != "no-store" {
			t.Errorf("a revoked code shows %s", got.body)
		}
	}
}

// signEvent is something strange, as the desk is shown it.
type signEvent struct {
	ID, Kind, Plate, Code string
	Count, Metres         int
	Near                  *pin
}

// checkEvents has the desk see what was strange, all of it and nothing else, and settle it.
func (c *signCity) checkEvents(ctx context.Context, t *testing.T) {
	t.Helper()
	desk, err := c.SignIn(ctx, "0901000002")
	if err != nil {
		t.Fatal(err)
	}
	open := func() (seen map[string]signEvent, counts map[string]int) {
		t.Helper()
		var list struct{ Events []signEvent }
		if err := desk.Invoke(ctx, "signs", "events", map[string]any{}, "", &list); err != nil {
			t.Fatal(err)
		}
		seen, counts = map[string]signEvent{}, map[string]int{}
		for _, e := range list.Events {
			what := e.Kind + " " + e.Plate
			seen[what] = e
			counts[what] += e.Count // there is one for each day
		}
		return seen, counts
	}
	// Somebody far away, right after somebody near; one who says that it is elsewhere, and that it is fake; and two with an old code.
	want := map[string]int{"elsewhere 000002": 2, "impossible_rate 000002": 1, "fake 000002": 1, "revoked_code 000003": 2}
	var got map[string]signEvent
	var counts map[string]int
	waiting, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	err = citytest.Poll(waiting, func() (bool, error) {
		got, counts = open()
		return maps.Equal(counts, want), nil
	})
	if err != nil {
		t.Fatalf("the desk sees %v, %v, want %v", counts, err, want)
	}
	far := got["elsewhere 000002"]
	if far.Metres < 10_000 || far.Metres > 12_000 || far.Near == nil || far.Near.metres(pin{20.80, 106.60}) > 150 {
		t.Errorf("far away is %+v", far)
	}
	out := c.must(ctx, t, "signs", "events")
	for _, words := range []string{"HP-00002-1", "HP-00003-", "was revoked, but is still scanned", "may be pasted over", "10.8 km from its place"} {
		if !strings.Contains(out, words) {
			t.Errorf("%q is not in %s", words, out)
		}
	}
	if err := desk.Invoke(ctx, "signs", "settle", map[string]any{"id": far.ID, "note": "Đã kiểm tra, biển vẫn ở chỗ cũ."}, "settle", nil); err != nil {
		t.Fatal(err)
	}
	if left, _ := open(); len(left) != len(want)-1 || left["elsewhere 000002"].Count != 0 {
		t.Errorf("left are %+v", left)
	}
}
