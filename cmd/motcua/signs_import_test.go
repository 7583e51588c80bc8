package main_test

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/motcua/motcua/internal/admin"
)

// signPlates is how many plates the lists here have: an import takes long enough to be killed in its middle. Their numbers are far from those of samples.
const (
	signPlates = 400
	firstSign  = 500_001
)

// signLists gives lists of plates of one story, at which everything that may differ says the edition.
func signLists(t *testing.T, edition string) []admin.SignFile {
	t.Helper()
	var b strings.Builder
	w := csv.NewWriter(&b)
	rows := [][]string{{"number", "story", "street", "address", "side", "lat", "lon", "batch", "condition"}}
	for i := range signPlates {
		lat, lon := 20.8620+0.0001*float64(i%40), 106.6760+0.0001*float64(i/40)
		rows = append(rows, []string{
			fmt.Sprint(firstSign + i), "duong-thu", "Đường Qwkz " + edition, fmt.Sprintf("Số %d, lần %s", i, edition), "left",
			fmt.Sprintf("%.5f", lat), fmt.Sprintf("%.5f", lon), "B-" + edition, "good",
		})
	}
	if err := w.WriteAll(rows); err != nil {
		t.Fatal(err)
	}
	story := fmt.Sprintf("id: duong-thu\nkind: street\nname: {vi: \"Đường Qwkz %s\"}\ntext: {vi: \"Một con đường.\"}\n", edition)
	return []admin.SignFile{{Name: "duong-thu.yaml", Data: []byte(story)}, {Name: "plates.csv", Data: []byte(b.String())}}
}

// dialSigns gives a client of the city that runs at a place.
func (p place) dialSigns(ctx context.Context, t *testing.T) admin.Signs {
	t.Helper()
	var door struct{ Addr, Token string }
	data, err := os.ReadFile(filepath.Join(p.data, "admin.json"))
	if err == nil {
		err = json.Unmarshal(data, &door)
	}
	if err != nil {
		t.Fatal(err)
	}
	c, err := admin.Dial(ctx, door.Addr, door.Token)
	if err != nil {
		t.Fatal(err)
	}
	return c.Signs()
}

// ourSigns gives the plates of the test's own story, and checks that each is wholly of one edition and has one code.
func ourSigns(ctx context.Context, t *testing.T, s admin.Signs) map[string]int {
	t.Helper()
	editions := map[string]int{}
	var f admin.PlateFilter
	for f.Text = "qwkz"; ; {
		page, err := s.Plates(ctx, f)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range page.Items {
			edition := strings.TrimPrefix(p.Batch, "B-")
			if p.Story != "duong-thu" || p.Street != "Đường Qwkz "+edition || !strings.HasSuffix(p.Address, "lần "+edition) || !p.HasCode {
				t.Errorf("a plate is torn: %+v", p)
			}
			editions[edition]++
		}
		if f.After = page.Next; f.After == "" {
			return editions
		}
	}
}

// TestKilledSignImport ends the city with SIGKILL in the middle of an import of new plates, and again in the middle of one that changes them all: each plate is as
// it was or as the list says, and the same import again carries on.
func TestKilledSignImport(t *testing.T) {
	t.Parallel()
	ctx := within(t, 6*time.Minute)
	p := newPlace(t, sampleSigns)
	last := ""
	for _, edition := range []string{"A", "B"} {
		lists := signLists(t, edition)
		city := p.start(t)
		reached := 0
		_, err := p.dialSigns(ctx, t).Import(ctx, lists, admin.SignImport{}, func(done, total int) {
			if reached = done; done >= total/3 {
				city.Kill()
			}
		})
		if err == nil || reached == 0 {
			t.Fatalf("%s: the import came to its end, or never began: %d, %v", edition, reached, err)
		}
		city = p.start(t)
		s := p.dialSigns(ctx, t)
		got := ourSigns(ctx, t, s)
		if got[edition] < signPlates/4 || got[edition] >= signPlates || last != "" && got[edition]+got[last] != signPlates {
			t.Errorf("%s: after the kill there are %v of %d", edition, got, signPlates)
		}
		report, err := s.Import(ctx, lists, admin.SignImport{}, func(int, int) {})
		if err != nil || !report.Stored || report.Plates.Same != got[edition] || report.Plates.Rows != signPlates || report.Faulty() != 0 {
			t.Errorf("%s: the repeat gives %+v, %v, with %v before", edition, report, err, got)
		}
		if got := ourSigns(ctx, t, s); len(got) != 1 || got[edition] != signPlates {
			t.Errorf("%s: after the repeat there are %v", edition, got)
		}
		checkCodesOfSigns(ctx, t, s)
		if code := city.Stop(30 * time.Second); code != 0 {
			t.Errorf("exit code %d:\n%s", code, tail(city.Logs()))
		}
		last = edition
	}
}

// checkCodesOfSigns looks that a code belongs to one plate, and opens it.
func checkCodesOfSigns(ctx context.Context, t *testing.T, s admin.Signs) {
	t.Helper()
	owners := map[string]string{}
	for i := 0; i < signPlates; i += 20 {
		p, err := s.Plate(ctx, fmt.Sprint(firstSign+i))
		if err != nil {
			t.Fatal(err)
		}
		if len(p.Codes) != 1 || owners[p.Codes[0].Code] != "" {
			t.Errorf("%s has the codes %+v", p.Number, p.Codes)
			continue
		}
		code := p.Codes[0].Code
		owners[code] = p.Number
		if by, err := s.Plate(ctx, code); err != nil || by.Number != p.Number || by.Asked != "current" {
			t.Errorf("the code of %s opens %+v, %v", p.Number, by.PlateLine, err)
		}
	}
}

// inLine gives what a table says without what only sets its columns.
func inLine(table string) string { return strings.Join(strings.Fields(table), " ") }

// TestSignCommands brings lists to a running city and to a stopped one, and shows how a refusal ends.
func TestSignCommands(t *testing.T) {
	t.Parallel()
	ctx := within(t, 5*time.Minute)
	p := newPlace(t, sampleSigns)
	dir := t.TempDir()
	for _, f := range signLists(t, "A") {
		if err := os.WriteFile(filepath.Join(dir, f.Name), f.Data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	city := p.start(t)
	count := fmt.Sprintf("plates %d %d", signPlates, signPlates)
	if out := p.must(ctx, t, "signs", "import", dir, "--dry-run"); !strings.Contains(inLine(out), count) {
		t.Errorf("got %s", out)
	}
	if out := p.must(ctx, t, "signs", "import", dir); !strings.Contains(inLine(out), count) || !strings.HasSuffix(out, "Stored\n") {
		t.Errorf("got %s", out)
	}
	wrong := filepath.Join(dir, "wrong.csv")
	if err := os.WriteFile(wrong, []byte("number,story,street,address,side,lat,lon\n600000,no-such,Phố,Đầu phố,left,20.86286,106.67587\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	code, out, errs := p.run(ctx, t, "signs", "import", wrong)
	if code != 1 || !strings.HasPrefix(out, wrong+":2: story: ") || !strings.Contains(errs, "nothing was stored") {
		t.Errorf("exit code %d: %s%s", code, out, errs)
	}
	sheet := filepath.Join(dir, "sheet.pdf")
	if out := p.must(ctx, t, "signs", "print", "--numbers", fmt.Sprintf("%d-%d", firstSign, firstSign+9), "--page", "A3", "--width", "80", "--out", sheet); !strings.Contains(out, "10 plates on 3 pages") {
		t.Errorf("got %s", out)
	}
	if code := city.Stop(20 * time.Second); code != 0 {
		t.Fatalf("exit code %d", code)
	}
	if out := p.must(ctx, t, "signs", "import", filepath.Join(dir, "plates.csv")); !strings.Contains(inLine(out), fmt.Sprintf("plates %d 0 0 %d", signPlates, signPlates)) {
		t.Errorf("on a stopped city: %s", out)
	}
	if out := p.must(ctx, t, "signs", "show", fmt.Sprint(firstSign)); !strings.Contains(out, "Đường Qwkz A") {
		t.Errorf("on a stopped city: %s", out)
	}
}
