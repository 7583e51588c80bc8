package graph

import (
	"context"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/miniapps"
	"github.com/motcua/motcua/miniapps/signs/registry"
)

// Visit is who asks for a sign, and from where.
type Visit struct {
	Client string // account's subject, or a guest's network as limit.Network gives it, to count one person once; "" when not known
	Where  *Point // where the phone is; nil when it did not tell
}

// Point is a place on the map, WGS 84 degrees.
type Point struct{ Lat, Lon float64 }

// Signs has the city's street signs. The mini-app of signs does it, with its registry.
type Signs interface {
	// Look gives the plate of a code, of the address in a QR code, or of a printed number, and what the code is worth: of the states only Current and Ended are
	// told, any other means a number. INVALID for what is none of these; NOT_FOUND for what belongs to no plate, which for an invented code takes no read.
	Look(ctx context.Context, text string, v Visit) (registry.Coded, error)
	// Numbered tells, without a read, whether Look would look for a text as a printed number.
	Numbered(text string) bool
	// Here gives what a citizen can do where a plate hangs.
	Here(p *registry.Plate, lang message.Lang) []miniapps.Suggestion
	// Number gives a plate's number as it is printed.
	Number(p *registry.Plate) string
	// Link gives the address of a code's page.
	Link(code string) string
	// Registry has the plates and their stories.
	Registry() *registry.Registry
}

// signs gives the street signs. NOT_FOUND in a city that has none.
func (r *Resolver) signs() (Signs, error) {
	if r.deps.Signs == nil {
		return nil, fault.New(fault.NotFound, "")
	}
	return r.deps.Signs, nil
}

// platesByID gives those of the plates that exist, in one read.
func (r *Resolver) platesByID(ctx context.Context, ids []string) (map[string]registry.Plate, error) {
	signs, err := r.signs()
	if err != nil || len(ids) == 0 {
		return nil, err
	}
	return signs.Registry().PlatesByID(ctx, ids)
}

// storiesByID gives those of the stories that exist, in one read.
func (r *Resolver) storiesByID(ctx context.Context, ids []string) (map[string]registry.Story, error) {
	signs, err := r.signs()
	if err != nil || len(ids) == 0 {
		return nil, err
	}
	return signs.Registry().StoriesByID(ctx, ids)
}
