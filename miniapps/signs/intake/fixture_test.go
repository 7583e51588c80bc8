package intake

import (
	"context"
	"encoding/csv"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/motcua/motcua/internal/leaktest"

	"github.com/motcua/motcua/configs/configstest"
	"github.com/motcua/motcua/internal/city"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/internal/secret/secrettest"
	"github.com/motcua/motcua/miniapps/signs/platecode"
	"github.com/motcua/motcua/miniapps/signs/registry"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

var noon = time.Date(2026, 11, 16, 5, 0, 0, 0, time.UTC)

// inWords puts a fault into words, and fails when there are none.
func inWords(t testing.TB, f Fault) string {
	t.Helper()
	texts := configstest.Texts(t)
	for _, lang := range []message.Lang{message.English, message.Vietnamese} {
		text := texts.Field(lang, f.Field())
		if text == f.Key || strings.Contains(text, "<no value>") {
			t.Errorf("%s: got %q", f.Key, text)
		}
	}
	return texts.Field(message.English, f.Field())
}

// desk is an intake with its registry.
type desk struct {
	*Intake
	registry *registry.Registry
	t        testing.TB
}

func openDesk(t testing.TB, e registry.Engine) *desk {
	t.Helper()
	return openIn(t, e, configstest.City(t))
}

func openIn(t testing.TB, e registry.Engine, c registry.City) *desk {
	t.Helper()
	codes, err := platecode.New(secrettest.Fixed{}, "HP")
	if err != nil {
		t.Fatal(err)
	}
	r, err := registry.Open(t.Context(), e, registry.Deps{City: c, Codes: codes, Now: func() time.Time { return noon }})
	if err != nil {
		t.Fatal(err)
	}
	texts := configstest.Texts(t)
	return &desk{New(Deps{Registry: r, Numbers: codes.Numbers(), Texts: texts}), r, t}
}

func (d *desk) check(files ...File) (Report, []Row) {
	d.t.Helper()
	rep, rows, err := d.Check(d.t.Context(), files, "importer")
	if err != nil {
		d.t.Fatal(err)
	}
	return rep, rows
}

// bring checks and applies files that have no fault.
func (d *desk) bring(files ...File) Report {
	d.t.Helper()
	rep, rows := d.check(files...)
	if rep.Faulty() > 0 {
		d.t.Fatalf("got %v", told(rep))
	}
	done, err := d.Apply(d.t.Context(), rows, Options{By: "importer"})
	if err != nil {
		d.t.Fatal(err)
	}
	return done
}

// told gives the faults as "file:line column key".
func told(r Report) (out []string) {
	for _, f := range r.Faults {
		out = append(out, short(f))
	}
	return out
}

func short(f Fault) string {
	return fmt.Sprintf("%s:%d %s %s", f.File, f.Line, f.Column, strings.TrimPrefix(f.Key, faults))
}

// list makes a list of plates of some stories, as the city would send it: all over the city, each in the ward that it names.
func list(t testing.TB, plates, stories int) (rows [][]string, files []File) {
	t.Helper()
	c := configstest.City(t)
	wards := c.Wards()
	for i := range stories {
		id := fmt.Sprintf("duong-%d", i)
		files = append(files, File{"stories/" + id + ".yaml", fmt.Appendf(nil, storyText, id, i, i)})
	}
	for i := range plates {
		w := wards[i%len(wards)]
		lat, lon := w.Lat+0.00011*float64(i/len(wards)), w.Lon
		at, ok := c.WardAt(lat, lon)
		if !ok {
			t.Fatalf("%v, %v is outside", lat, lon)
		}
		rows = append(rows, []string{
			fmt.Sprint(i + 1), fmt.Sprintf("duong-%d", i%stories), fmt.Sprintf("Đường số %d", i%stories), fmt.Sprintf("Trước số nhà %d, cạnh chợ", i),
			string(registry.Sides()[i%4]), fmt.Sprintf("%.5f", lat), fmt.Sprintf("%.5f", lon), at.Code, city.WardUnitID(at.Code), fmt.Sprintf("HP-2025-%02d", i/500), "2025-04-15", "good",
		})
	}
	return rows, files
}

const storyText = `id: %s
kind: street
name: {vi: "Đường số %d", en: "Street %d"}
named_after: {vi: "Một con số"}
text:
  vi: |-
    Đường này chưa có tên.

    Sau này sẽ có.
  en: This street has no name yet.
`

// written gives rows as a CSV with a line of names.
func written(comma rune, rows [][]string) []byte {
	var b strings.Builder
	w := csv.NewWriter(&b)
	w.Comma = comma
	_ = w.Write(columns[:])
	_ = w.WriteAll(rows)
	return []byte(b.String())
}

// dump gives all that a store holds, but for what differs between two runs: codes.
func dump(t testing.TB, d *desk) map[string]string {
	t.Helper()
	out := map[string]string{}
	for p, err := range d.registry.AllPlates(context.Background()) {
		if err != nil {
			t.Fatal(err)
		}
		if len(p.Codes) != 1 {
			t.Errorf("plate %d has %d codes", p.Number, len(p.Codes))
		}
		if c, err := d.registry.PlateByCode(context.Background(), p.Codes[0].Code); err != nil || c.State != registry.Current || c.Plate.ID != p.ID {
			t.Errorf("the code of plate %d is %s, %v", p.Number, c.State, err)
		}
		p.Codes = nil
		out[p.ID] = fmt.Sprintf("%+v", p)
	}
	for s, err := range d.registry.AllStories(context.Background()) {
		if err != nil {
			t.Fatal(err)
		}
		out[s.ID] = fmt.Sprintf("%+v", s)
	}
	return out
}
