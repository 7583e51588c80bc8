package signs

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/miniapps"
	"github.com/motcua/motcua/miniapps/signs/scans"
)

type heatList struct {
	Heat []scans.Heat `json:"heat"`
}

// heatDays is how many days are shown when nobody says.
const heatDays = 7

// heat shows how often plates are scanned by hour: of one ward day by day, else of all wards and the city over all days together.
func (a *App) heat(ctx context.Context, c miniapps.Call) (miniapps.Result, error) {
	var in struct{ Ward, From, To string }
	if err := decode(c, &in); err != nil {
		return miniapps.Result{}, err
	}
	from, to, err := a.span(in.From, in.To, c.Now)
	if err != nil {
		return miniapps.Result{}, err
	}
	if _, ok := a.deps.City.Ward(in.Ward); in.Ward != "" && !ok {
		return miniapps.Result{}, fault.InvalidField("signs.fault.ward", "ward")
	}
	var out heatList
	if in.Ward != "" {
		out.Heat, err = a.scans.Heat(ctx, in.Ward, from, to)
	} else {
		out.Heat, err = a.scans.HeatOfWards(ctx, a.wards(), from, to)
	}
	if err != nil {
		return miniapps.Result{}, err
	}
	res := miniapps.Result{Data: out}
	for _, h := range out.Heat {
		if h.Total.Scans > 0 {
			res.Blocks = append(res.Blocks, a.heatCard(&h, c.Lang))
		}
	}
	return a.orNone(c, res), nil
}

// heatCard shows the hours in which plates were scanned.
func (a *App) heatCard(h *scans.Heat, lang message.Lang) message.Card {
	title := a.text(lang, "whole_city", nil)
	if h.Ward != "" {
		title = a.wardName(h.Ward, lang)
	}
	card := message.Card{Title: joined(" · ", title, h.Day), Subtitle: a.text(lang, "scans", map[string]any{"scans": h.Total.Scans, "visitors": h.Total.Visitors})}
	for hour, n := range h.Hours {
		if n.Scans > 0 {
			card.Facts = append(card.Facts, message.Fact{Label: fmt.Sprintf("%02d:00", hour), Value: strconv.Itoa(n.Scans)})
		}
	}
	return card
}

func (a *App) wards() []string {
	var out []string
	for _, w := range a.deps.City.Wards() {
		out = append(out, w.Code)
	}
	return out
}

// span gives the days from one to another. Without an end it ends today, without a beginning it has heatDays. INVALID names the one that is no date.
func (a *App) span(from, to string, now time.Time) (time.Time, time.Time, error) {
	first, err := a.day(from)
	if err != nil {
		return first, first, fault.InvalidField("signs.fault.day", "from")
	}
	last, err := a.day(to)
	if err != nil {
		return first, last, fault.InvalidField("signs.fault.day", "to")
	}
	if last.IsZero() {
		last = now
	}
	if first.IsZero() {
		first = last.AddDate(0, 0, 1-heatDays)
	}
	return first, last, nil
}

// day reads a date of the city's calendar; zero for "".
func (a *App) day(s string) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	return time.ParseInLocation(time.DateOnly, s, a.deps.City.Calendar().Zone())
}
