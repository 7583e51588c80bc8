// Package registry knows the city's street signs: every plate with its codes, place, owner and condition, and the stories that they tell.
//
// It owns what makes a plate or a story whole, who changed it and when, and how they are found: by code, by number, by name without diacritics, by ward, near
// a point. Every change is one write of one document. It does not know how a code is made or checked, how a list of plates is read from a file, who may do
// what, or what a scan looks like.
//
// It keeps an outline of every plate in memory, so that a question by words or by place reads no more documents than it gives.
//
// None of its documents expire: there is one for each plate that hangs or hung in the city, one for each story, one for each code that was ever printed
// (an old plate in somebody's photo has to say that it is old), and one for each order of plates.
package registry

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/motcua/motcua/internal/city"
	"github.com/motcua/motcua/miniapps/signs/platecode"
)

// City is what the registry asks of the city's data.
type City interface {
	Ward(code string) (city.Ward, bool)
	// WardAt gives the ward that a point lies in; false outside the city.
	WardAt(lat, lon float64) (city.Ward, bool)
	Unit(id string) (city.Unit, bool)
}

// Codes makes and recognises codes. It does no I/O.
type Codes interface {
	// Mint gives a new code, which nobody can guess. It may have given the same one before, though hardly ever.
	Mint() (platecode.Code, error)
	// Parse gives the stored form of a code as a person typed it; false when the check in it does not fit, so that nobody has issued it.
	Parse(text string) (platecode.Code, bool)
}

// Deps is what the registry works with.
type Deps struct {
	City    City
	Codes   Codes
	Numbers func(text string) (int, bool) // reads the number that is printed on a plate; nil means that a search knows none
	Now     func() time.Time
	// Changed is told after each change of a plate or story, also when it may have been a repeat. It must neither block nor fail. nil tells nobody.
	Changed func(ctx context.Context)
}

// Registry holds plates and stories. It is safe for concurrent use.
type Registry struct {
	deps    Deps
	records *records
	keeper  keeper
}

// Open makes room for the registry in the store.
func Open(ctx context.Context, e Engine, d Deps) (*Registry, error) {
	if d.City == nil || d.Codes == nil || d.Now == nil {
		return nil, errors.New("signs: the registry needs a city, codes and a clock")
	}
	s, err := openRecords(ctx, e)
	if err != nil {
		return nil, fmt.Errorf("signs: registry: %w", err)
	}
	return &Registry{deps: d, records: s, keeper: keeper{limit: maxIndexed}}, nil
}

// changed passes on that something is not as it was, or may not be.
func (r *Registry) changed(ctx context.Context) {
	r.Forget()
	if r.deps.Changed != nil {
		r.deps.Changed(ctx)
	}
}

// now is the time as it is stored.
func (r *Registry) now() time.Time { return instant(r.deps.Now()) }

func instant(t time.Time) time.Time { return t.UTC().Truncate(time.Millisecond) }
