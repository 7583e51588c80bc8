package registry

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/geo"
)

// Limits, in characters where nothing else is said.
const (
	MaxStory = 64 << 10 // bytes of a story's texts, pictures and sources

	maxStoryID   = 60
	maxStreet    = 120
	maxAddress   = 200
	maxBatchName = 40
	maxTitle     = 200
	maxNamed     = 300
	maxDates     = 100
	maxText      = 6000
	maxCredit    = 200
	maxAlt       = 300
	maxSource    = 500
	maxURL       = 1000
	maxReason    = 500
	maxName      = 120 // of a reviewer

	maxLanguages = 12
	maxFormer    = 20
	maxPictures  = 12
	maxAudio     = 12
	maxSources   = 20
)

// faults is where the texts of what is wrong with a row are, in the catalogues.
const faults = "signs.fault."

var (
	storyRE = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)
	batchRE = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*$`)
	mediaRE = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$`)
)

// params are the values of a text's placeholders.
type params = map[string]any

// list gathers what is wrong, each with the field and a text.
type list []fault.Field

func (l *list) add(path, key string, p params) {
	*l = append(*l, fault.Field{Path: strings.Split(path, "."), Key: faults + key, Params: p})
}

// line checks a text of one line.
func (l *list) line(path, s string, limit int, needed bool) { l.text(path, s, limit, needed, false) }

func (l *list) text(path, s string, limit int, needed, several bool) {
	if s == "" {
		if needed {
			l.add(path, "needed", nil)
		}
		return
	}
	if r, bad := badRune(s, several); bad {
		l.add(path, "control", params{"char": runeName(r)})
	} else if garbledRE.MatchString(s) {
		l.add(path, "garbled", nil)
	}
	if tagRE.MatchString(s) {
		l.add(path, "html", nil)
	}
	if n := length(s); n > limit {
		l.add(path, "too_long", params{"max": limit, "got": n})
	}
}

// few checks how long a list is.
func (l *list) few(path string, got, limit int) {
	if got > limit {
		l.add(path, "too_many", params{"max": limit, "got": got})
	}
}

// CheckPlate gives all that is wrong with a row that is clean; whether its story exists is not looked up.
func (r *Registry) CheckPlate(row PlateRow) []fault.Field {
	var l list
	if row.Number < 1 || row.Number > MaxNumber {
		l.add("number", "number", params{"max": MaxNumber})
	}
	l.storyID("story", row.Story)
	l.line("street", row.Street, maxStreet, true)
	l.line("address", row.Address, maxAddress, true)
	if !slices.Contains(Sides(), row.Side) {
		l.add("side", "side", params{"allowed": joined(Sides())})
	}
	l.place(r.deps.City, row)
	if _, ok := r.deps.City.Unit(row.Unit); !ok && row.Unit != "" { // it is empty only where the ward is wrong
		l.add("unit", "unit", nil)
	}
	l.batch(row.Batch)
	l.installed(row.Installed, r.deps.Now())
	if row.Condition != "" && !slices.Contains(Conditions(), row.Condition) {
		l.add("condition", "condition", params{"allowed": joined(Conditions())})
	}
	return l
}

func (l *list) batch(name string) {
	if name != "" && (len(name) > maxBatchName || !batchRE.MatchString(name)) {
		l.add("batch", "batch", params{"max": maxBatchName})
	}
}

// place checks that the point lies in the city and in the ward that is named.
func (l *list) place(c City, row PlateRow) {
	w, ok := c.WardAt(row.Lat, row.Lon)
	if !ok {
		_, turned := c.WardAt(row.Lon, row.Lat)
		switch {
		case turned:
			l.add("lat", "swapped", nil)
		case !geo.Valid(row.Lat, row.Lon):
			l.add("lat", "degrees", nil)
		default:
			l.add("lat", "outside", nil)
		}
	}
	_, known := c.Ward(row.Ward)
	right := params{"ward": w.Code, "name": w.FullName, "nameEn": w.FullNameEn}
	switch {
	case row.Ward == "" || row.Ward == w.Code: // a ward that is left open is filled in, if there is one
	case !ok && !known:
		l.add("ward", "ward", nil)
	case !known:
		l.add("ward", "ward_but", right)
	case ok:
		l.add("ward", "other_ward", right)
	}
}

// installed checks a day: not before 1900, and no more than a day ahead, as it may be tomorrow where the list was written.
func (l *list) installed(day, now time.Time) {
	if !day.IsZero() && (day.Year() < 1900 || day.After(now.Add(24*time.Hour))) {
		l.add("installed", "day_range", nil)
	}
}

func (l *list) storyID(path, id string) {
	switch {
	case id == "":
		l.add(path, "needed", nil)
	case len(id) > maxStoryID || !storyRE.MatchString(id):
		l.add(path, "story_id", params{"max": maxStoryID})
	}
}

func at(path string, i int) string { return path + "." + strconv.Itoa(i) }

func joined[T ~string](values []T) string {
	out := make([]string, len(values))
	for i, v := range values {
		out[i] = string(v)
	}
	return strings.Join(out, ", ")
}

func sortedKeys[T any](m map[string]T) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}
