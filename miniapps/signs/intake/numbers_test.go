package intake

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/motcua/motcua/internal/store/memory"
)

// TestNumbers reads numbers as spreadsheets, databases and our own lists write them, and guesses none.
func TestNumbers(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		cell, fault string
		want        int
	}{
		{"92", "", 92},
		{" 92 ", "", 92},
		{"00092", "", 92},
		{"5017.0", "", 5017},
		{"5017,0", "", 5017},
		{"5017.00", "", 5017},
		{"HP-00092-0", "", 92},
		{"hp-00092-0", "", 92},
		{"\u00a0HP-00092-0 ", "", 92},
		{"HP-00092-1", "number_printed", 0},
		{"HP-00029-0", "number_printed", 0},
		{"HP 920", "number_printed", 0}, // 92 with its check digit, or 920 without
		{"HP-0092-0", "number_printed", 0},
		{"HP-92", "number_printed", 0},
		{"00092-0", "number", 0},
		{"XX-00092-0", "number", 0},
		{"HP-", "number", 0},
		{"5.000", "number", 0}, // five, or five thousand
		{"5,000", "number", 0},
		{"5017.5", "number", 0},
		{"5017.", "number", 0},
		{"-5017", "number", 0},
		{"5e3", "number", 0},
		{"0.0", "number", 0},
		{"1000000", "number", 0},
		{"=92", "number", 0},
	} {
		rep, plate := one(t, "number", tt.cell)
		switch {
		case tt.fault == "" && (rep.Faulty() > 0 || plate.Number != tt.want):
			t.Errorf("%q: got %d, %v", tt.cell, plate.Number, told(rep))
		case tt.fault != "" && !slices.Equal(told(rep), []string{"a.csv:2 number " + tt.fault}):
			t.Errorf("%q: got %d, %v", tt.cell, plate.Number, told(rep))
		case tt.fault == "number_printed" && !strings.Contains(inWords(t, rep.Faults[0]), "HP-00572-4"):
			t.Errorf("%q: got %q", tt.cell, inWords(t, rep.Faults[0]))
		}
	}
}

// TestNumbersOfJSON: a number of JSON is what it is, however it is written.
func TestNumbersOfJSON(t *testing.T) {
	t.Parallel()
	rows, story := villagers()
	text := string(geoJSON(t, rows[:1]))
	for number, want := range map[string]int{"5104": 5104, "5104.0": 5104, "5104.000": 5104, "5.104e3": 5104, `"5104.0"`: 5104, `"HP-00092-0"`: 92, "5104.5": 0, "1e300": 0, "-5104.0": 0} {
		data := strings.Replace(text, `"number":1,`, `"number":`+number+`,`, 1)
		data = strings.Replace(data, `"ward":"11311"`, `"ward":11311.0`, 1)
		rep, got := openIn(t, memory.New(), village{}).check(story, File{"a.geojson", []byte(data)})
		if plate := got[len(got)-1].Plate; want > 0 && (rep.Faulty() > 0 || plate.Number != want || plate.Ward != "11311") || want == 0 && !slices.Equal(told(rep), []string{"a.geojson:1 number number"}) {
			t.Errorf("%s: got %+v, %v", number, plate, told(rep))
		}
	}
}

// TestWardsAsNumbers: a column of codes that a database took for numbers is one of codes.
func TestWardsAsNumbers(t *testing.T) {
	t.Parallel()
	for cell, good := range map[string]bool{"11311": true, "11311.0": true, "11311,00": true, "11311.5": false, "11.311": false} {
		if rep, plate := one(t, "ward", cell); good && (rep.Faulty() > 0 || plate.Ward != "11311") || !good && !slices.Equal(told(rep), []string{"a.csv:2 ward ward_but"}) {
			t.Errorf("%s: got %q, %v", cell, plate.Ward, told(rep))
		}
	}
}

// TestLineBreaks: a cell is one line, however it was wrapped; a story's text has as many as it has.
func TestLineBreaks(t *testing.T) {
	t.Parallel()
	rows, story := villagers()
	for cell, want := range map[string]string{
		"Số 1\nngõ 2": "Số 1 ngõ 2", "Số 1\r\nngõ 2": "Số 1 ngõ 2", "Số 1,\n\n ngõ 2\n": "Số 1, ngõ 2", "\nSố 1": "Số 1",
	} {
		for name, data := range map[string][]byte{"a.csv": written(';', changed(rows[:1], "address", cell)), "a.geojson": geoJSON(t, changed(rows[:1], "address", cell))} {
			rep, got := openIn(t, memory.New(), village{}).check(story, File{name, data})
			if p := got[len(got)-1].Plate; rep.Faulty() > 0 || p.Address != want || !strings.Contains(got[0].Story.Texts["vi"].Text, "\n\n") {
				t.Errorf("%s %q: got %q, %v", name, cell, p.Address, told(rep))
			}
		}
	}
	rep, _ := one(t, "address", "<b>\nSố 1")
	if len(rep.Faults) != 1 || rep.Faults[0].Value != "<b> Số 1" {
		t.Errorf("got %+v", rep.Faults)
	}
	_, got := openIn(t, memory.New(), village{}).check(story, File{"a.csv", []byte(fmt.Sprintf("%s\n", strings.Join(columns[:], ",")) + "1,duong-0,\"Đường\nsố 0\",Cạnh chợ,left,20.5,106.5,,,,,\n2,duong-0,Đường,Cạnh chợ,x,20.5,106.5,,,,,\n")})
	if got[2].Line != 4 {
		t.Errorf("a row behind a cell of two lines is in line %d", got[2].Line)
	}
}
