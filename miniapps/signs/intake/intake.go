// Package intake reads the city's lists of street signs, CSV and GeoJSON for plates and YAML for stories, and brings the registry to what they say.
//
// Pictures and recordings come beside the lists, as files that stories name: "file: pictures/le-chan.jpg". Whoever imports has them kept first (Named, Media).
//
// It owns the shape of the files, and the check of all rows against each other, the city and the registry before any of them is stored. What makes a single
// plate or story right is the registry's to say. It does not know who may import, nor where the files come from.
//
// Lists come from real tools. The separator is a comma, a semicolon or a tab, the decimal sign of a coordinate a point or a comma. A day is year-month-day, or
// day, month and year as the country writes them (15/11/2026, 5-1-2026), never the month first; with the year first, strokes will do (2026/11/15). Columns have
// names of their own and Vietnamese ones, and others that mapping tools use (x, y, as QGIS writes beside a CSV: AS_XY), read in either case, with diacritics or
// without. Two columns for one thing are a fault, as nobody knows which is right. In a GeoJSON the geometry alone counts, whatever the properties say. Keys that
// tools add, such as fid, are left out; any other name that no plate has is a fault, as it may be a slip. Closed lists are read in either case of letters, and in
// the Vietnamese words that the catalogues show them with; a number is a plain one or stands as it is printed, with its check digit. A line break within a cell is
// a blank. What could be read in two ways is refused, and so is a text that a spreadsheet would take for a formula.
//
// Places are WGS 84 in degrees: a GeoJSON that names another system of coordinates is refused, and so are metres.
package intake

import (
	"context"
	"fmt"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/miniapps/signs/platecode"
	"github.com/motcua/motcua/miniapps/signs/registry"
)

// Limits of one import.
const (
	MaxBytes  = 20 << 20 // of all files together, unpacked
	MaxRows   = 50_000   // plates and stories together
	MaxFiles  = 10_000
	MaxFaults = 1000 // that are told one by one; the others are counted

	maxYAML = 128 << 10 // bytes of one story's file
)

// Intake imports lists. It is safe for concurrent use; two imports of the same plates at once end with each plate as one of them says.
type Intake struct {
	registry *registry.Registry
	numbers  platecode.Numbers
	words    words
}

// Deps is what an intake works with.
type Deps struct {
	Registry *registry.Registry // which lists are brought to; needed
	Numbers  platecode.Numbers  // as they are printed; the zero value takes plain numbers alone
	Texts    Texts              // which show the values of closed lists; nil takes only the values themselves
}

// New makes an intake.
func New(d Deps) *Intake {
	return &Intake{registry: d.Registry, numbers: d.Numbers, words: newWords(d.Texts)}
}

// File is one file of an import: .csv or .tsv, .geojson or .json, .yaml or .yml, or a .zip of those.
type File struct {
	Name string // as the report names it; its ending says what it is
	Data []byte
}

// Row is one plate or story of the files, or a file that could not be read.
type Row struct {
	File   string
	Line   int                // of a CSV, as an editor shows it; of a GeoJSON the number of the feature, from 1; 0 for the file as a whole
	Plate  *registry.PlateRow // nil for a story and for what could not be read
	Story  *registry.StoryRow // nil for a plate and for what could not be read
	Result registry.Result    // what storing it would come to; "" for a faulty row
	Faulty bool

	unwritten bool // a story that will have no text yet
}

// Fault is one reason why a row cannot be stored.
type Fault struct {
	File   string         `json:"file"`
	Line   int            `json:"line"`             // as Row.Line; in YAML that cannot be read the line
	Column string         `json:"column,omitempty"` // or the field of a story: "text.vi", "pictures.0.url"; "" for the whole
	Value  string         `json:"value,omitempty"`  // what stands there, its beginning
	Key    string         `json:"key"`              // of the text, in the catalogues
	Params map[string]any `json:"params,omitempty"` // values for the text's placeholders
}

// Field gives the fault as a catalogue puts it into words.
func (f Fault) Field() fault.Field {
	return fault.Field{Path: []string{f.Column}, Key: f.Key, Params: f.Params}
}

// Counts says how many rows came to what.
type Counts struct {
	Rows    int `json:"rows"`
	New     int `json:"new"`
	Changed int `json:"changed"`
	Same    int `json:"same"`
	Faulty  int `json:"faulty"`
}

func (c *Counts) add(r registry.Result) {
	c.Rows++
	switch r {
	case registry.New:
		c.New++
	case registry.Different:
		c.Changed++
	case registry.Same:
		c.Same++
	default:
		c.Faulty++
	}
}

// Report says what an import would do, or did.
type Report struct {
	Plates    Counts   `json:"plates"`
	Stories   Counts   `json:"stories"`
	Unwritten int      `json:"unwritten"` // good stories that have no text yet
	Unread    int      `json:"unread"`    // files, or rows of them, of which nothing could be made
	Unused    []string `json:"unused"`    // media that no story names, the first MaxFaults; never nil
	Faults    []Fault  `json:"faults"`    // in the order of the files, the first MaxFaults; never nil
	More      int      `json:"more"`      // further faults
}

// Faulty counts what cannot be stored.
func (r Report) Faulty() int { return r.Plates.Faulty + r.Stories.Faulty + r.Unread }

// count adds a row to the counts.
func (r *Report) count(row Row, res registry.Result) {
	switch {
	case row.Plate != nil:
		r.Plates.add(res)
	case row.Story != nil:
		if r.Stories.add(res); row.unwritten && res != "" {
			r.Unwritten++
		}
	default:
		r.Unread++
	}
}

func (r *Report) tell(faults ...Fault) {
	room := min(MaxFaults-len(r.Faults), len(faults))
	r.Faults, r.More = append(r.Faults, faults[:room]...), r.More+len(faults)-room
}

// Options says how rows are applied.
type Options struct {
	By         string                // account of who imports
	SkipFaulty bool                  // store the good rows although there are faulty ones
	Progress   func(done, total int) // told after each row; nil is allowed
}

// Apply stores the rows of a Check, stories first, each in one write: broken off, it leaves every row as it was or as it shall be, and is simply repeated.
// A row that has become wrong since the Check is reported and left. INVALID when there are faulty rows that are not to be skipped: then nothing is stored.
// With any other error the report says what was done before.
func (in *Intake) Apply(ctx context.Context, rows []Row, o Options) (Report, error) {
	out := Report{Faults: []Fault{}, Unused: []string{}}
	var stories, plates []Row
	faulty := 0
	for _, row := range rows {
		switch {
		case row.Faulty:
			faulty++
			out.count(row, "")
		case row.Story != nil:
			stories = append(stories, row)
		case row.Plate != nil:
			plates = append(plates, row)
		}
	}
	if faulty > 0 && !o.SkipFaulty {
		return out, fault.New(fault.Invalid, "signs.faulty_rows").With("faulty", faulty)
	}
	todo := append(stories, plates...)
	for i, row := range todo {
		if err := in.apply(ctx, row, o.By, &out); err != nil {
			return out, fmt.Errorf("signs: import: %w", err)
		}
		if o.Progress != nil {
			o.Progress(i+1, len(todo))
		}
	}
	return out, nil
}

// apply stores one row.
func (in *Intake) apply(ctx context.Context, row Row, by string, out *Report) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	res, err := in.put(ctx, row, by)
	if fault.CodeOf(err) == fault.Invalid {
		out.count(row, "")
		out.tell(row.faults(fault.Of(err).Fields)...)
		return nil
	}
	if err != nil {
		return err
	}
	out.count(row, res)
	return nil
}

func (in *Intake) put(ctx context.Context, row Row, by string) (registry.Result, error) {
	if row.Story != nil {
		return in.registry.PutStory(ctx, *row.Story, by)
	}
	return in.registry.PutPlate(ctx, *row.Plate, by)
}
