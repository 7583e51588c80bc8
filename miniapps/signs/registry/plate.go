package registry

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/motcua/motcua/internal/once"
)

// MaxNumber is the highest number of a plate; the lowest is 1.
const MaxNumber = 999_999

// PlateID gives the id of the plate with that number: six digits.
func PlateID(number int) string { return fmt.Sprintf("%06d", number) }

// Condition is the state that a plate is in.
type Condition string

// The conditions.
const (
	Good    Condition = "good"
	Worn    Condition = "worn"
	Damaged Condition = "damaged"
	Missing Condition = "missing" // it is not where it should be
)

// Conditions gives all conditions, from good to bad.
func Conditions() []Condition { return []Condition{Good, Worn, Damaged, Missing} }

// Side says where at its place a plate hangs.
type Side string

// The sides.
const (
	Left   Side = "left" // of the street, in the order of house numbers
	Right  Side = "right"
	Corner Side = "corner"
	Wall   Side = "wall" // of the work itself
)

// Sides gives all sides.
func Sides() []Side { return []Side{Left, Right, Corner, Wall} }

// Place is where a plate hangs.
type Place struct {
	Lat     float64 `bson:"lat" json:"lat"` // degrees, WGS 84, rounded to a millionth (0.1 m)
	Lon     float64 `bson:"lon" json:"lon"`
	Address string  `bson:"address" json:"address"` // in words
	Side    Side    `bson:"side" json:"side"`
}

// Issued is one code that was printed for a plate.
type Issued struct {
	Code      string    `bson:"code" json:"code"`
	Batch     string    `bson:"batch,omitempty" json:"batch,omitempty"` // the order that it was printed in; "" when it is still to be ordered
	At        time.Time `bson:"at" json:"at"`
	RevokedAt time.Time `bson:"revokedAt,omitempty" json:"revokedAt,omitzero"` // zero while the code is good
	Reason    string    `bson:"reason,omitempty" json:"reason,omitempty"`      // why it was revoked
}

// maxCodes is how many codes one plate can have had.
const maxCodes = 50

// Plate is one sign with its code.
type Plate struct {
	ID          string     `bson:"_id" json:"id"` // PlateID of the number
	Number      int        `bson:"number" json:"number"`
	Codes       []Issued   `bson:"codes" json:"codes"` // oldest first; at most the last is good
	Story       string     `bson:"story" json:"story"` // id
	Street      string     `bson:"street" json:"street"`
	Place       Place      `bson:"place" json:"place"`
	Ward        string     `bson:"ward" json:"ward"`                       // code
	Unit        string     `bson:"unit" json:"unit"`                       // id of who looks after it
	Batch       string     `bson:"batch,omitempty" json:"batch,omitempty"` // the order of the newest code
	InstalledAt time.Time  `bson:"installedAt,omitempty" json:"installedAt,omitzero"`
	SeenAt      time.Time  `bson:"seenAt,omitempty" json:"seenAt,omitzero"` // when it was last known to be there; zero when nobody ever said
	Condition   Condition  `bson:"condition" json:"condition"`
	Listed      Listed     `bson:"listed" json:"-"`
	Tokens      []string   `bson:"tokens" json:"-"`  // what a search finds it by
	Cells       []string   `bson:"cells" json:"-"`   // map cells that it lies in, one for each of cellLevels
	History     []Change   `bson:"history" json:"-"` // the newest changes, oldest first
	Dropped     int        `bson:"dropped,omitempty" json:"-"`
	Marks       once.Marks `bson:"marks,omitempty" json:"-"`
	CreatedAt   time.Time  `bson:"createdAt" json:"createdAt"`
	UpdatedAt   time.Time  `bson:"updatedAt" json:"updatedAt"` // of the last entry of the history
}

// Listed is what the last import said of things that change outside of the city's list. A list that says the same again has nothing new to tell, so it does
// not undo what was noted since.
type Listed struct {
	Condition Condition `bson:"condition,omitempty"`
	Batch     string    `bson:"batch,omitempty"`
}

// Current gives the code that is good now; false when the last one was revoked and none has been issued since.
func (p *Plate) Current() (Issued, bool) {
	if len(p.Codes) == 0 {
		return Issued{}, false
	}
	last := p.Codes[len(p.Codes)-1]
	return last, last.RevokedAt.IsZero()
}

func (p *Plate) issued(code string) (Issued, bool) {
	i := slices.IndexFunc(p.Codes, func(c Issued) bool { return c.Code == code })
	if i < 0 {
		return Issued{}, false
	}
	return p.Codes[i], true
}

// facts gives what the history follows, as text.
func (p *Plate) facts() []fact {
	day := ""
	if !p.InstalledAt.IsZero() {
		day = p.InstalledAt.Format(time.DateOnly)
	}
	return []fact{
		{"story", p.Story}, {"street", p.Street}, {"address", p.Place.Address}, {"side", string(p.Place.Side)},
		{"lat", degrees(p.Place.Lat)}, {"lon", degrees(p.Place.Lon)}, {"ward", p.Ward}, {"unit", p.Unit}, {"batch", p.Batch},
		{"installed", day}, {"condition", string(p.Condition)},
	}
}

func degrees(x float64) string { return strconv.FormatFloat(x, 'f', -1, 64) }

// record notes a change at the time now.
func (p *Plate) record(c Change) {
	p.History, p.Dropped = remember(p.History, p.Dropped, c)
	p.UpdatedAt = c.At
}
