package main

import (
	"context"
	"strings"

	"github.com/motcua/motcua/internal/admin"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/miniapps/signs/registry"
	"github.com/motcua/motcua/miniapps/signs/scans"
)

// scanned gives how often a plate is scanned.
func (o signOps) scanned(ctx context.Context, id string) (admin.PlateScans, error) {
	c, err := o.scans.Plate(ctx, id)
	return admin.PlateScans{Day: c.Last24h.Scans, Month: c.Month.Scans, Visitors: c.Month.Visitors, Old: c.Revoked, Last: o.local(c.LastScan)}, err
}

// settledPart begins the cursors of the second part of all events.
const settledPart = "settled:"

// Events gives those that are open, and after them, where all are wanted, those that were settled.
func (o signOps) Events(ctx context.Context, f admin.EventFilter) (admin.Page[admin.SignEvent], error) {
	after, settled := strings.CutPrefix(f.After, settledPart)
	page, err := o.scans.Events(ctx, !settled, f.First, scans.Cursor(after))
	out := admin.Page[admin.SignEvent]{Items: make([]admin.SignEvent, len(page.Items)), Next: nextOf(page)}
	for i := range page.Items {
		out.Items[i] = o.event(&page.Items[i])
	}
	switch {
	case settled && out.Next != "":
		out.Next = settledPart + out.Next
	case !settled && out.Next == "" && f.All:
		out.Next = settledPart
	}
	return out, o.inWords(err)
}

func (o signOps) event(e *scans.Event) admin.SignEvent {
	params := e.Params(o.number)
	plate, _ := params["plate"].(string)
	out := admin.SignEvent{
		ID: e.ID, Kind: string(e.Kind), Plate: plate, Ward: e.Ward, About: o.texts.Text(message.English, e.TextKey(), params),
		Count: e.Count, First: o.local(e.First), Last: o.local(e.Last), Open: e.Open,
	}
	if e.Settled != nil {
		out.By, out.Note = e.Settled.By, e.Settled.Note
	}
	return out
}

func (o signOps) Settle(ctx context.Context, s admin.Settlement) (admin.SignEvent, error) {
	e, err := o.scans.Settle(ctx, s.ID, s.Note, registry.Act{By: operator})
	if err != nil {
		return admin.SignEvent{}, o.inWords(err)
	}
	return o.event(&e), nil
}

func (o signOps) Silent(ctx context.Context, f admin.SilentFilter) (admin.Page[admin.SilentPlate], error) {
	page, err := o.scans.Silent(ctx, o.registry.AllPlates(ctx), f.Days, f.First, scans.Cursor(f.After))
	out := admin.Page[admin.SilentPlate]{Items: make([]admin.SilentPlate, len(page.Items)), Next: nextOf(page)}
	for i, s := range page.Items {
		out.Items[i] = admin.SilentPlate{
			Number: o.number(s.Number), Street: s.Street, Address: s.Address, Ward: s.Ward, Unit: s.Unit, Days: s.Days, Last: o.local(s.LastScan),
		}
	}
	return out, o.inWords(err)
}

// heatDays is over how many days scans are counted when nobody says.
const heatDays = 7

func (o signOps) Heat(ctx context.Context, f admin.HeatFilter) ([]admin.HeatLine, error) {
	if f.Days == 0 {
		f.Days = heatDays
	}
	if f.Days < 0 || f.Days > scans.MaxHeatDays {
		return nil, invalid("days: 1 to %d", scans.MaxHeatDays)
	}
	to := o.local(o.now())
	from := to.AddDate(0, 0, 1-f.Days)
	if f.Ward != "" {
		if _, ok := o.city.Ward(f.Ward); !ok {
			return nil, invalid("there is no ward %q", f.Ward)
		}
		found, err := o.scans.Heat(ctx, f.Ward, from, to)
		return heatLines(found), o.inWords(err)
	}
	var wards []string
	for _, w := range o.city.Wards() {
		wards = append(wards, w.Code)
	}
	found, err := o.scans.HeatOfWards(ctx, wards, from, to)
	return heatLines(found), o.inWords(err)
}

func heatLines(list []scans.Heat) []admin.HeatLine {
	out := make([]admin.HeatLine, len(list))
	for i, h := range list {
		out[i] = admin.HeatLine{Ward: h.Ward, Day: h.Day, Scans: h.Total.Scans, Visitors: h.Total.Visitors}
		for hour, n := range h.Hours {
			out[i].Hours[hour] = n.Scans
		}
	}
	return out
}
