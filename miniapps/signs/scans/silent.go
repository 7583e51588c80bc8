package scans

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/miniapps/signs/registry"
)

// maxSilentDays is the longest silence that can be asked for.
const maxSilentDays = 3650

// Silence is a plate that nobody has scanned for long: it may be gone, hidden, or out of order.
type Silence struct {
	Plate     string             `json:"plate"` // id
	Number    int                `json:"number"`
	Street    string             `json:"street"`
	Address   string             `json:"address"`
	Ward      string             `json:"ward"`
	Unit      string             `json:"unit"`
	Condition registry.Condition `json:"condition"`
	Installed time.Time          `json:"installed"`
	LastScan  time.Time          `json:"lastScan,omitzero"` // to the hour; zero when it never was
	Since     time.Time          `json:"since"`             // the last scan, or when it was installed or became known if that was later
	Days      int                `json:"days"`              // whole ones since then
}

// Silent gives those of the plates that hang, have a good code and were not scanned for so many days, the longest silent first, then by number. A plate that was never
// scanned is silent since it was installed and known. 0 days means Config.SilentDays, first is 20 when it is 0, and at most 100. INVALID for days that are negative or over 3650
// and for a cursor of another list. It looks at all plates each time.
func (s *Scans) Silent(ctx context.Context, plates iter.Seq2[registry.Plate, error], days, first int, after Cursor) (Page[Silence], error) {
	none := Page[Silence]{Items: []Silence{}}
	if days < 0 || days > maxSilentDays {
		return none, fault.InvalidField("signscans.silent_days", "days").With("max", maxSilentDays)
	}
	from, err := openSilence(after)
	if err != nil {
		return none, err
	}
	if first <= 0 {
		first = 20
	}
	now := s.now()
	l := longest{most: min(first, 100) + 1, from: from, before: now.Add(-time.Duration(cmp.Or(days, s.cfg.SilentDays)) * oneDay), now: now}
	if err := s.listen(ctx, plates, &l); err != nil {
		return none, fmt.Errorf("signs: silent plates: %w", err)
	}
	return l.page(), nil
}

// batch is how many plates are looked up at a time.
const batch = 500

// listen hands on the plates that hang, with their last scans.
func (s *Scans) listen(ctx context.Context, plates iter.Seq2[registry.Plate, error], l *longest) error {
	var some []registry.Plate
	look := func() error {
		ids := make([]string, len(some))
		for i := range some {
			ids[i] = some[i].ID
		}
		last, err := s.records.lastScans(ctx, ids)
		if err != nil {
			return err
		}
		for i := range some {
			l.take(&some[i], last[some[i].ID].At)
		}
		some = some[:0]
		return nil
	}
	for p, err := range plates {
		if err != nil {
			return err
		}
		if _, good := p.Current(); !good || p.InstalledAt.IsZero() || p.Condition == registry.Missing {
			continue
		}
		p.History, p.Tokens, p.Cells = nil, nil, nil
		if some = append(some, p); len(some) < batch {
			continue
		}
		if err := look(); err != nil {
			return err
		}
	}
	return look()
}

// longest keeps the longest silences behind a place in the list.
type longest struct {
	most        int // are kept
	from        silencePlace
	before, now time.Time // silent is what was last heard before
	found       []Silence
}

func (l *longest) take(p *registry.Plate, last time.Time) {
	since := p.InstalledAt
	for _, t := range []time.Time{p.CreatedAt, last} { // before the registry knew it nobody counted
		if t.After(since) {
			since = t
		}
	}
	x := Silence{
		Plate: p.ID, Number: p.Number, Street: p.Street, Address: p.Place.Address, Ward: p.Ward, Unit: p.Unit, Condition: p.Condition,
		Installed: p.InstalledAt, LastScan: last, Since: since, Days: int(l.now.Sub(since) / oneDay),
	}
	if since.After(l.before) || placeOf(x).compare(l.from) <= 0 {
		return
	}
	if l.found = append(l.found, x); len(l.found) >= 4*l.most {
		l.cut()
	}
}

// cut brings what was found in order and drops what comes behind the page.
func (l *longest) cut() {
	slices.SortFunc(l.found, func(a, b Silence) int { return placeOf(a).compare(placeOf(b)) })
	l.found = l.found[:min(l.most, len(l.found))]
}

func (l *longest) page() Page[Silence] {
	l.cut()
	out := Page[Silence]{Items: []Silence{}, HasNext: len(l.found) == l.most}
	for _, x := range l.found[:min(l.most-1, len(l.found))] {
		out.Items, out.Cursors = append(out.Items, x), append(out.Cursors, placeOf(x).cursor())
	}
	return out
}

// silencePlace is a place in the order of Silent.
type silencePlace struct {
	since  int64 // Unix milliseconds
	number int
}

func placeOf(x Silence) silencePlace { return silencePlace{x.Since.UnixMilli(), x.Number} }

func (p silencePlace) compare(o silencePlace) int {
	return cmp.Or(cmp.Compare(p.since, o.since), cmp.Compare(p.number, o.number))
}

// cursor gives the place as clients carry it: "1763251200000.572".
func (p silencePlace) cursor() Cursor { return Cursor(fmt.Sprintf("%d.%d", p.since, p.number)) }

// openSilence reads a cursor of Silent; "" is before everything.
func openSilence(c Cursor) (silencePlace, error) {
	if c == "" {
		return silencePlace{since: -1 << 63}, nil
	}
	since, number, ok := strings.Cut(string(c), ".")
	ms, err := strconv.ParseInt(since, 10, 64)
	n, wrong := strconv.ParseUint(number, 10, 31)
	if !ok || err != nil || wrong != nil {
		return silencePlace{}, badCursor()
	}
	return silencePlace{ms, int(n)}, nil
}
