package main

import (
	"context"
	"slices"
	"time"

	"github.com/motcua/motcua/internal/admin"
	"github.com/motcua/motcua/internal/store"
	"github.com/motcua/motcua/miniapps/signs/platecode"
	"github.com/motcua/motcua/miniapps/signs/registry"
)

// platesAtOnce is how many plates a list gives when nobody says.
const platesAtOnce = store.MaxPage

func (o signOps) Plates(ctx context.Context, f admin.PlateFilter) (admin.Page[admin.PlateLine], error) {
	out := admin.Page[admin.PlateLine]{Items: []admin.PlateLine{}}
	if f.Condition != "" && !slices.Contains(registry.Conditions(), registry.Condition(f.Condition)) {
		return out, invalid("there is no condition %q: give one of %v", f.Condition, registry.Conditions())
	}
	if _, ok := o.city.Ward(f.Ward); f.Ward != "" && !ok {
		return out, invalid("there is no ward %q", f.Ward)
	}
	if _, ok := o.city.Unit(f.Unit); f.Unit != "" && !ok {
		return out, invalid("there is no unit %q: `motcua check --units` lists them", f.Unit)
	}
	if f.Unordered && f.Batch != "" {
		return out, invalid("a batch, or what is in none: not both")
	}
	if f.First <= 0 {
		f.First = platesAtOnce
	}
	list, wanted := o.listing(f)
	for after := registry.Cursor(f.After); ; {
		page, err := list(ctx, after)
		if err != nil {
			return out, o.inWords(err)
		}
		for i := range page.Items {
			if !wanted(&page.Items[i]) {
				continue
			}
			if len(out.Items) == f.First { // only now it is known that there are more
				return out, nil
			}
			out.Items, out.Next = append(out.Items, o.line(&page.Items[i])), string(page.Cursors[i])
		}
		if !page.HasNext {
			out.Next = ""
			return out, nil
		}
		after = page.Cursors[len(page.Cursors)-1]
	}
}

// listing gives the narrowest list that has all plates that a filter asks for, and tells which of them it does.
func (o signOps) listing(f admin.PlateFilter) (list func(context.Context, registry.Cursor) (registry.Page[registry.Plate], error), wanted func(*registry.Plate) bool) {
	var conditions []registry.Condition
	if f.Condition != "" {
		conditions = []registry.Condition{registry.Condition(f.Condition)}
	}
	wanted = func(p *registry.Plate) bool {
		return (f.Ward == "" || p.Ward == f.Ward) && (f.Batch == "" || p.Batch == f.Batch) && (!f.Unordered || p.Batch == "") &&
			(f.Unit == "" || p.Unit == f.Unit) && (f.Condition == "" || string(p.Condition) == f.Condition)
	}
	return func(ctx context.Context, after registry.Cursor) (registry.Page[registry.Plate], error) {
		switch {
		case f.Text != "":
			return o.registry.Search(ctx, registry.Filter{Text: f.Text, Ward: f.Ward}, store.MaxPage, after)
		case f.Batch != "" || f.Unordered:
			return o.registry.ByBatch(ctx, f.Batch, store.MaxPage, after)
		case f.Unit != "":
			return o.registry.ByUnit(ctx, f.Unit, conditions, store.MaxPage, after)
		}
		return o.registry.Search(ctx, registry.Filter{Ward: f.Ward}, store.MaxPage, after)
	}, wanted
}

func (o signOps) line(p *registry.Plate) admin.PlateLine {
	_, good := p.Current()
	out := admin.PlateLine{
		Number: o.number(p.Number), Story: p.Story, Street: p.Street, Address: p.Place.Address, Side: string(p.Place.Side), Lat: p.Place.Lat, Lon: p.Place.Lon,
		Ward: p.Ward, Unit: p.Unit, Batch: p.Batch, Condition: string(p.Condition), Seen: o.local(p.SeenAt), HasCode: good,
	}
	if !p.InstalledAt.IsZero() {
		out.Installed = p.InstalledAt.Format(time.DateOnly)
	}
	return out
}

func (o signOps) Plate(ctx context.Context, name string) (admin.PlateDetail, error) {
	p, state, err := o.find(ctx, name)
	if err != nil {
		return admin.PlateDetail{}, o.inWords(err)
	}
	counts, err := o.scanned(ctx, p.ID)
	if err != nil {
		return admin.PlateDetail{}, o.inWords(err)
	}
	out := admin.PlateDetail{
		PlateLine: o.line(&p), Asked: string(state), Codes: make([]admin.PlateCode, len(p.Codes)),
		History: o.changes(p.History), Dropped: p.Dropped, Scans: counts,
	}
	for i, c := range p.Codes {
		code := platecode.Code(c.Code)
		out.Codes[i] = admin.PlateCode{Code: code.Grouped(), Batch: c.Batch, At: o.local(c.At), Revoked: o.local(c.RevokedAt), Reason: c.Reason}
		if o.base != (platecode.Base{}) {
			out.Codes[i].Link = o.base.Link(code)
		}
	}
	return out, nil
}

func (o signOps) changes(list []registry.Change) []admin.SignChange {
	out := make([]admin.SignChange, len(list))
	for i, c := range list {
		out[i] = admin.SignChange{At: o.local(c.At), By: c.By, Kind: string(c.Kind), Reason: c.Reason}
		for _, f := range c.Fields {
			out[i].Fields = append(out[i].Fields, f.Name+": "+f.From+" → "+f.To)
		}
	}
	return out
}

func (o signOps) Batches(ctx context.Context, s admin.Slice) (admin.Page[admin.SignBatch], error) {
	page, err := o.registry.Batches(ctx, s.First, registry.Cursor(s.After))
	out := admin.Page[admin.SignBatch]{Items: make([]admin.SignBatch, len(page.Items)), Next: nextOf(page)}
	for i, b := range page.Items {
		out.Items[i] = admin.SignBatch{Name: b.Name, Plates: b.Plates, At: o.local(b.At), By: b.By}
	}
	return out, o.inWords(err)
}

func (o signOps) Reissue(ctx context.Context, a admin.PlateAct) (admin.PlateLine, error) {
	return o.act(ctx, a, func(id string, act registry.Act) (registry.Plate, error) {
		return o.registry.Reissue(ctx, id, a.Batch, a.Reason, act)
	})
}

func (o signOps) Revoke(ctx context.Context, a admin.PlateAct) (admin.PlateLine, error) {
	return o.act(ctx, a, func(id string, act registry.Act) (registry.Plate, error) {
		return o.registry.Revoke(ctx, id, a.Reason, act)
	})
}

// SetCondition notes the state of a plate. Whoever told it saw the plate, unless it was not there.
func (o signOps) SetCondition(ctx context.Context, a admin.PlateAct) (admin.PlateLine, error) {
	return o.act(ctx, a, func(id string, act registry.Act) (registry.Plate, error) {
		p, err := o.registry.SetCondition(ctx, id, registry.Condition(a.Condition), a.Reason, act)
		if err == nil && p.Condition != registry.Missing {
			err = o.registry.Saw(ctx, id, o.now())
		}
		return p, err
	})
}

// act makes one change of a plate.
func (o signOps) act(ctx context.Context, a admin.PlateAct, change func(id string, act registry.Act) (registry.Plate, error)) (admin.PlateLine, error) {
	p, _, err := o.find(ctx, a.Plate)
	if err == nil {
		p, err = change(p.ID, registry.Act{By: operator})
	}
	if err != nil {
		return admin.PlateLine{}, o.inWords(err)
	}
	return o.line(&p), nil
}
