package registry

import (
	"math"
	"time"

	"github.com/motcua/motcua/internal/city"
)

// PlateRow is what the city's list says of one plate.
type PlateRow struct {
	Number    int // 1 to MaxNumber
	Story     string
	Street    string // where it stands; for a work the street beside it
	Address   string
	Side      Side
	Lat, Lon  float64   // degrees, WGS 84
	Ward      string    // code; "" means the one that the point lies in
	Unit      string    // id; "" means the ward's own
	Batch     string    // "" while it is not ordered
	Installed time.Time // day; zero keeps what is known
	Condition Condition // "" keeps what is known, and means good for a new plate
}

// StoryRow is what the city's list says of one story. Languages that it does not name stay as they are.
type StoryRow struct {
	ID       string
	Kind     StoryKind
	Former   []string
	Texts    map[string]TextRow // by language
	Pictures []Picture
	Audio    []Recording
	Sources  []string
	Sample   bool
}

// TextRow is one language of a StoryRow. Its text may be empty: plates hang before all stories are written. Then the text that the story has stays, with its
// review if all other words stay too; a story that has none is a draft, whatever the row says of its state.
type TextRow struct {
	Words
	State      State
	ReviewedBy string // who reviewed it, when the state is Approved; never who brings the row
}

// Clean gives the row as it is stored: text in one form of Unicode without blanks around it, a point to a tenth of a metre, and the ward and unit that it
// leaves open. It checks nothing.
func (r *Registry) Clean(row PlateRow) PlateRow {
	for _, s := range []*string{&row.Story, &row.Street, &row.Address, (*string)(&row.Side), &row.Ward, &row.Unit, &row.Batch, (*string)(&row.Condition)} {
		*s = line(*s)
	}
	row.Lat, row.Lon = micro(row.Lat), micro(row.Lon)
	if !row.Installed.IsZero() {
		y, m, d := row.Installed.Date()
		row.Installed = time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
	}
	if row.Ward == "" {
		w, _ := r.deps.City.WardAt(row.Lat, row.Lon)
		row.Ward = w.Code
	}
	if _, known := r.deps.City.Ward(row.Ward); row.Unit == "" && known {
		row.Unit = city.WardUnitID(row.Ward)
	}
	return row
}

func micro(x float64) float64 { return math.Round(x*1e6) / 1e6 }

// CleanStory gives the row as it is stored. It checks nothing.
func CleanStory(row StoryRow) StoryRow {
	row.ID, row.Kind = line(row.ID), StoryKind(line(string(row.Kind)))
	row.Former, row.Sources = lines(row.Former), lines(row.Sources)
	texts := make(map[string]TextRow, len(row.Texts))
	for lang, t := range row.Texts {
		t.Words = t.clean()
		t.State, t.ReviewedBy = State(line(string(t.State))), line(t.ReviewedBy)
		if t.Text == "" && t.State == Approved { // nobody can have read it
			t.State, t.ReviewedBy = Draft, ""
		}
		texts[lang] = t
	}
	row.Texts = texts
	pictures := make([]Picture, len(row.Pictures))
	for i, p := range row.Pictures {
		pictures[i] = Picture{Media: line(p.Media), URL: line(p.URL), Credit: line(p.Credit), Alt: cleanAlt(p.Alt)}
	}
	audio := make([]Recording, len(row.Audio))
	for i, a := range row.Audio {
		audio[i] = Recording{Lang: line(a.Lang), Media: line(a.Media), URL: line(a.URL), Credit: line(a.Credit)}
	}
	row.Pictures, row.Audio = pictures, audio
	return row
}

func (w Words) clean() Words {
	return Words{Title: line(w.Title), NamedAfter: line(w.NamedAfter), Dates: line(w.Dates), Text: prose(w.Text)}
}

func cleanAlt(alt map[string]string) map[string]string {
	if len(alt) == 0 {
		return nil
	}
	out := make(map[string]string, len(alt))
	for lang, s := range alt {
		out[lang] = line(s)
	}
	return out
}

func lines(list []string) []string {
	out := make([]string, 0, len(list))
	for _, s := range list {
		if s = line(s); s != "" {
			out = append(out, s)
		}
	}
	return out
}
