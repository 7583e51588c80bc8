// Package damage makes one case out of all that people tell of a broken plate, at the unit that looks after it.
//
// It owns the rounds of a plate: the first tap begins one and opens a case, further taps only count while somebody works on that case, but for a note to the
// case of the first tap of each further kind, and a tap after the case has ended begins the next.
//
// A tap is stored before anything else, a case is opened with a key made of plate and round, and a note has one made of those and the kind: whatever dies in
// between, a later tap or Resume makes it good, and there is one.
//
// It does not change the condition of a plate: people can be wrong, so that is for the staff who look. It does not know how cases are kept, and nothing of who
// tapped.
//
// Its documents do not expire: there is one for each plate that was ever told to be broken, and its rounds must not begin again at one.
package damage

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/miniapps/signs/registry"
)

// Texts puts keys of the catalogues into words; *locale.Catalogue is one.
type Texts interface {
	Text(lang message.Lang, key string, params map[string]any) string
}

// Raise asks for a case.
type Raise struct {
	Key         string `bson:"key"` // the same names the same case, with the same Raise
	Description string `bson:"description"`
	Unit        string `bson:"unit"` // id
	Place       Place  `bson:"place"`
	About       string `bson:"about"`              // "signs/000123": the plate
	Kind        string `bson:"kind"`               // what Description says of the plate
	Category    string `bson:"category,omitempty"` // of the city's catalogue; "" for none
}

// Place is where the plate hangs.
type Place struct {
	Lat     float64 `bson:"lat"` // degrees, WGS 84
	Lon     float64 `bson:"lon"`
	Address string  `bson:"address"` // in words: at most 200 characters
}

// Deps is what damage works with. Raise, Open, Number, Texts, Now and Log are needed.
type Deps struct {
	// Raise opens a case, once for each key, and gives its id and tracking code. INVALID says that such a case can never be.
	Raise func(ctx context.Context, r Raise) (id, code string, err error)
	// Open tells whether somebody has still to act on a case. NOT_FOUND means no: it was removed long after its end.
	Open func(ctx context.Context, id string) (bool, error)
	// Note tells those who work on a case of a kind that it does not tell of yet, once for each key, with the same text. nil tells nobody.
	Note func(ctx context.Context, caseID, key, text string) error
	// Suspicious hears of a plate whose code is told to hang elsewhere or to be fake, and who told (Tap.Client), once for each tap, after the tap is stored; it
	// may be lost. It must neither block nor fail. nil tells nobody.
	Suspicious func(ctx context.Context, p registry.Plate, kind, client string)
	// Category is what new cases are counted under, by its code; "" for none. A case that waits keeps the one that it was to be opened with.
	Category string
	// Number gives a plate's number as it is printed.
	Number func(number int) string
	// Link gives the address of a plate's page. It stands in the description of a case, which everybody can read who has its tracking code. "" or nil
	// leaves it out.
	Link  func(p registry.Plate) string
	Texts Texts
	Now   func() time.Time
	Log   *slog.Logger
}

func (d Deps) validate() error {
	if d.Raise == nil || d.Open == nil || d.Number == nil || d.Texts == nil || d.Now == nil || d.Log == nil {
		return errors.New("signs: damage needs Raise, Open, Number, Texts, Now and Log")
	}
	return nil
}

// Damage holds what was told of broken plates. It is safe for concurrent use.
type Damage struct {
	deps    Deps
	records *records
}

// Open makes room for what is told in the store.
func Open(ctx context.Context, e Engine, d Deps) (*Damage, error) {
	if err := d.validate(); err != nil {
		return nil, err
	}
	s, err := openRecords(ctx, e)
	if err != nil {
		return nil, fmt.Errorf("signs: damage: %w", err)
	}
	return &Damage{deps: d, records: s}, nil
}

// now is the time as it is stored.
func (d *Damage) now() time.Time { return d.deps.Now().UTC().Truncate(time.Millisecond) }
