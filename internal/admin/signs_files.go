package admin

// Page is a part of a list.
type Page[T any] struct {
	Items []T    `json:"items"`
	Next  string `json:"next,omitempty"` // cursor of the next page; "" when there is none
}

// SignFile is one file of an import.
type SignFile struct {
	Name string // as the report shall name it; its ending says what it is
	Data []byte
	Kept map[string]SignKept // by story: it is a picture or recording, and has no Data here; nil for a list
}

// SignKeep says what a picture or recording is for.
type SignKeep struct {
	Story  string
	DryRun bool // check only
}

// SignKept is what came of keeping a picture or recording.
type SignKept struct {
	ID     string         `json:"id,omitempty"`   // "" for one that is refused
	Kind   string         `json:"kind,omitempty"` // photo or audio
	Key    string         `json:"key,omitempty"`  // of the reason why it is refused
	Params map[string]any `json:"params,omitempty"`
}

// MaxKept is the largest picture or recording that comes through, in bytes. The city's settings may say less.
const MaxKept = 64 << 20

// SignImport says how lists are brought in.
type SignImport struct {
	By         string // who brings them, beside the operator; "" when nobody said
	DryRun     bool   // check only
	SkipFaulty bool   // store the good rows although there are faulty ones
}

// SignCounts says how many rows came to what.
type SignCounts struct {
	Rows    int `json:"rows"`
	New     int `json:"new"`
	Changed int `json:"changed"`
	Same    int `json:"same"`
	Faulty  int `json:"faulty"`
}

// SignReport says what an import did, or would do.
type SignReport struct {
	Stored    bool        `json:"stored"` // the good rows were stored
	Plates    SignCounts  `json:"plates"`
	Stories   SignCounts  `json:"stories"`
	Unwritten int         `json:"unwritten"` // good stories that have no text yet
	Unread    int         `json:"unread"`    // files, or rows of them, of which nothing could be made
	Unused    []string    `json:"unused"`    // pictures and recordings that no story names; the first of them
	Faults    []SignFault `json:"faults"`    // the first of them
	More      int         `json:"more"`      // further faults
}

// Faulty counts the rows that cannot be stored.
func (r SignReport) Faulty() int { return r.Plates.Faulty + r.Stories.Faulty + r.Unread }

// SignFault is one reason why a row cannot be stored.
type SignFault struct {
	File   string `json:"file"`
	Line   int    `json:"line,omitempty"` // of a CSV as an editor shows it; of a GeoJSON the number of the feature, from 1; 0 for a file as a whole
	Column string `json:"column,omitempty"`
	Value  string `json:"value,omitempty"` // what stands there, its beginning
	Key    string `json:"key"`             // of the reason
	Reason string `json:"reason"`          // in words
}

// PrintOrder says what is printed, and how. Exactly one of Batch, Unordered and Numbers says which plates.
type PrintOrder struct {
	Batch     string `json:"batch,omitempty"`
	Unordered bool   `json:"unordered,omitempty"` // those that no batch has been given to
	Numbers   string `json:"numbers,omitempty"`   // "1-20,35,HP-00123-7"

	Format         string  `json:"format,omitempty"`   // pdf, svg (one page) or zip (of SVG); "" means pdf
	Paper          string  `json:"paper,omitempty"`    // A4, A3 or single, a page for each plate; "" means single
	DistanceMetres float64 `json:"distance,omitempty"` // from which the code must be readable; 0 means 1
	WidthMM        float64 `json:"width,omitempty"`    // of the QR code, instead of the distance
	Base           string  `json:"base,omitempty"`     // begins the addresses in the codes; "" means the city's own
}

// PrintSheet says what a file for the printer holds.
type PrintSheet struct {
	Plates         int      `json:"plates"`
	Pages          int      `json:"pages"`
	PerPage        int      `json:"per_page"`
	WidthMM        float64  `json:"width"` // of a plate
	HeightMM       float64  `json:"height"`
	CodeMM         float64  `json:"code"`     // width of the QR code
	DistanceMetres float64  `json:"distance"` // from which it is read without zoom
	Base           string   `json:"base"`
	Local          bool     `json:"local,omitempty"`    // the addresses lead nowhere but to this machine or a test
	LeftOut        []string `json:"left_out,omitempty"` // numbers of plates without a code that is good; the first of them
	MoreLeftOut    int      `json:"more_left_out,omitempty"`
}
