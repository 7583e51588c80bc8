package signs

import (
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/miniapps"
	"github.com/motcua/motcua/miniapps/signs/registry"
)

// Here gives what a citizen can do where a plate hangs: each action of the catalogue that takes a place, with the place filled in. Reporting a broken plate comes
// last.
func (a *App) Here(p *registry.Plate, lang message.Lang) []miniapps.Suggestion {
	place := map[string]any{"lat": p.Place.Lat, "lon": p.Place.Lon, "address": a.address(p, lang)}
	var out []miniapps.Suggestion
	for _, x := range a.deps.Services() {
		out = append(out, miniapps.Suggestion{App: x.App, Action: x.Action.ID, Input: map[string]any{x.Field: place}, Label: x.Action.Title})
	}
	return append(out, miniapps.Suggestion{App: ID, Action: ActionDamaged, Input: map[string]any{"sign": a.Number(p)}, Label: a.titleOf(ActionDamaged)})
}
