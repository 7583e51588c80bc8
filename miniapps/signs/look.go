package signs

import (
	"context"
	"strings"
	"time"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/miniapps/signs/platecode"
	"github.com/motcua/motcua/miniapps/signs/registry"
	"github.com/motcua/motcua/miniapps/signs/scans"
)

// Visit is how somebody came to a sign. Nothing of it is kept with a sign but what scans counts.
type Visit struct {
	Face   scans.Face
	Client string       // address or subject: to count one person once
	Where  *scans.Point // where they stand, when their device told; nil mostly
	At     time.Time
}

// ByNumber is the state of a sign that was asked for by the number on its plate.
const ByNumber registry.CodeState = "number"

// Look opens what a text names: a plate's code, the address that its QR code holds, or the number on it. Looking by a code counts as a scan.
//
// INVALID (field "sign") for a text that is none of these, a mistyped number too. NOT_FOUND for a code that is not one of the city's, which for an invented one
// no store is asked for, and for a number that no plate has. A code that was revoked is no error: the State says so.
func (a *App) Look(ctx context.Context, text string, v Visit) (registry.Coded, error) {
	c, err := a.resolve(ctx, text)
	if err == nil && c.State != ByNumber {
		a.Scanned(c, v)
	}
	return known(c, err)
}

// resolve is Look without a scan, and without a fault for a code that is not the city's.
func (a *App) resolve(ctx context.Context, text string) (registry.Coded, error) {
	found, ok := a.codes.FromText(text, a.deps.Base)
	switch {
	case ok && found.Number > 0:
		p, err := a.plates.PlateByNumber(ctx, found.Number)
		return registry.Coded{State: ByNumber, Plate: p}, err
	case ok:
		return a.plates.PlateByCode(ctx, string(found.Code))
	case likeCode(text):
		return registry.Coded{State: registry.Invented}, nil
	}
	return registry.Coded{}, fault.InvalidField("signs.unreadable", "sign")
}

// known makes a fault of a code that is not the city's.
func known(c registry.Coded, err error) (registry.Coded, error) {
	if err == nil && (c.State == registry.Unknown || c.State == registry.Invented) {
		err = fault.New(fault.NotFound, "signs.not_ours")
	}
	return c, err
}

// likeCode tells whether a text has the form of a code or of an address with one: then it is no slip in a number, but perhaps a fake.
func likeCode(text string) bool {
	text = strings.TrimSpace(text)
	return strings.Contains(text, "/") || len(text) >= codeSigns && !strings.ContainsAny(text, " \t\n")
}

const codeSigns = 13

// Scanned counts a look at a code.
func (a *App) Scanned(c registry.Coded, v Visit) {
	a.scans.Seen(scans.Scan{
		Code: c.Code, Plate: c.Plate.ID, Ward: c.Plate.Ward, State: c.State, Face: v.Face, Client: v.Client, At: v.At, Where: v.Where,
		Home: scans.Point{Lat: c.Plate.Place.Lat, Lon: c.Plate.Place.Lon},
	})
}

// Number gives a plate's number as it is printed.
func (a *App) Number(p *registry.Plate) string { return a.codes.Numbers().Format(p.Number) }

// Link gives the address of a code's page.
func (a *App) Link(code string) string { return a.deps.Base.Link(platecode.Code(code)) }

// address says where a plate hangs, as a citizen would write it: at most 200 characters, as forms take them.
func (a *App) address(p *registry.Plate, lang message.Lang) string {
	parts := []string{}
	for _, s := range []string{p.Place.Address, p.Street, a.wardName(p.Ward, lang)} {
		if s != "" && !strings.Contains(strings.Join(parts, ", "), s) {
			parts = append(parts, s)
		}
	}
	out := []rune(strings.Join(parts, ", "))
	return strings.TrimRight(string(out[:min(len(out), maxAddress)]), ", ")
}

const maxAddress = 200

func (a *App) wardName(code string, lang message.Lang) string {
	w, ok := a.deps.City.Ward(code)
	switch {
	case !ok:
		return code
	case lang == message.English:
		return w.FullNameEn
	}
	return w.FullName
}
