package signs

import (
	"context"
	"fmt"
	"time"

	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/miniapps"
	"github.com/motcua/motcua/miniapps/signs/damage"
	"github.com/motcua/motcua/miniapps/signs/platecode"
	"github.com/motcua/motcua/miniapps/signs/registry"
	"github.com/motcua/motcua/miniapps/signs/scans"
)

// Told is what somebody hears who told of a broken sign.
type Told struct {
	Number string `json:"number"`
	Code   string `json:"code,omitempty"`
	Taps   int    `json:"taps"`
}

// damaged takes down that a plate is broken, and sees to it that its owner has a case about it.
func (a *App) damaged(ctx context.Context, c miniapps.Call) (miniapps.Result, error) {
	var in struct{ Sign, Kind, Note string }
	if err := decode(c, &in); err != nil {
		return miniapps.Result{}, err
	}
	got, err := known(a.resolve(ctx, in.Sign))
	if err != nil {
		return miniapps.Result{}, err
	}
	k, err := a.tell(ctx, c, damage.Tap{Plate: got.Plate, Kind: in.Kind, Note: in.Note, Key: c.Key, Client: clientOf(c.Citizen)})
	if err != nil {
		return miniapps.Result{}, fmt.Errorf("signs: damaged: %w", err)
	}
	out := Told{Number: a.Number(&got.Plate), Code: k.Code, Taps: k.Taps}
	return miniapps.Result{Data: out, Blocks: message.Blocks{message.Words{Text: a.thanks(out, c.Lang)}}}, nil
}

// tell stores a tap within the bounds of whoever taps. Copies of one call that come at once are one, so that they do not use up what the person may tell of.
func (a *App) tell(ctx context.Context, c miniapps.Call, t damage.Tap) (damage.Case, error) {
	out, err, _ := a.telling.Do(c.Key+c.InputHash, func() (any, error) {
		var k damage.Case
		err := a.bounded(ctx, c.Citizen, func() (counts bool, err error) {
			k, err = a.damage.Report(ctx, t)
			return !k.Repeated, err
		})
		return k, err
	})
	k, _ := out.(damage.Case)
	return k, err
}

// thanks says what comes of it.
func (a *App) thanks(x Told, lang message.Lang) string {
	key, params := "thanks", map[string]any{"number": x.Number, "code": x.Code, "count": x.Taps}
	if x.Code == "" {
		key = "noted"
	}
	out := a.text(lang, key, params)
	if x.Taps > 1 {
		out += " " + a.text(lang, "often", params)
	}
	return out
}

func (a *App) damageDeps(now func() time.Time) damage.Deps {
	return damage.Deps{
		Raise: a.deps.Raise, Open: a.deps.CaseOpen, Note: a.deps.NoteCase, Number: a.codes.Numbers().Format, Link: a.page, Texts: a.deps.Texts, Now: now, Log: a.deps.Log,
		Suspicious: a.suspicious, Category: a.cfg.Category,
	}
}

// suspicious hands on what a visitor says of a plate's code. It is no scan, so there is no code. It is the only place that does, so that one tap is one visitor's
// word; the same visitor's taps of a day are one word too.
func (a *App) suspicious(_ context.Context, p registry.Plate, kind, client string) {
	says := scans.SaidElsewhere
	if kind == damage.Fake {
		says = scans.SaidFake
	}
	a.scans.Seen(scans.Scan{
		Plate: p.ID, Ward: p.Ward, State: registry.Current, Face: scans.Web, Client: client, Home: scans.Point{Lat: p.Place.Lat, Lon: p.Place.Lon}, Said: says,
	})
}

// alarm tells operators of an event that was opened. It says nothing of codes, which are for those who stand before a plate.
func (a *App) alarm(ctx context.Context, e scans.Event) {
	a.deps.Log.WarnContext(ctx, "signs: something is strange about scans", "kind", string(e.Kind), "plate", e.Params(a.codes.Numbers().Format)["plate"], "ward", e.Ward)
}

// page gives the address of a plate's page by its number, which unlike the code may be told to everybody; "" while the city has no address.
func (a *App) page(p registry.Plate) string {
	if a.deps.Base == (platecode.Base{}) {
		return ""
	}
	return a.deps.Base.Link(platecode.Code(a.Number(&p)))
}
