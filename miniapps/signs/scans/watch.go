package scans

import (
	"math"

	"github.com/motcua/motcua/internal/geo"
)

// watch holds what is needed to tell what cannot be right. It is as of this replica: what several see together is noticed later, or not.
type watch struct {
	plates   map[uint32]*watched
	hour     int64 // of the invented codes, counted from 1970
	invented int   // codes in that hour
}

// watched is what is remembered of a plate.
type watched struct {
	minute  int64 // when the minute began whose scans are counted, Unix milliseconds
	scans   int   // within it
	where   Point // of the last phone that told
	whereAt int64 // 0 when none did
	last    int64
}

func newWatch() watch { return watch{plates: map[uint32]*watched{}} }

const (
	maxWatched = 20_000
	watchLife  = 15 * 60 * 1000 // milliseconds after its last scan that a plate is watched: within that, nobody leaves the city at 300 km/h

	// Two phones scan one code: nobody is that fast, and no two phones are that wrong.
	maxSpeed   = 300 / 3.6 // metres a second
	minJourney = 2000.0    // metres
)

// of gives what is remembered of a plate; nil when too many are watched.
func (w *watch) of(plate uint32, at int64) *watched {
	p := w.plates[plate]
	if p == nil {
		if len(w.plates) >= maxWatched {
			return nil
		}
		p = &watched{minute: at}
		w.plates[plate] = p
	}
	p.last = max(p.last, at)
	return p
}

// tidy forgets plates that were not scanned for long.
func (w *watch) tidy(now int64) {
	for plate, p := range w.plates {
		if now-p.last > watchLife {
			delete(w.plates, plate)
		}
	}
}

// busier counts a scan and tells whether it is the one that is too many for its minute. A minute begins with the first scan behind the last one.
func (p *watched) busier(at int64, most int) bool {
	if apart := at - p.minute; apart >= 60_000 || apart <= -60_000 {
		p.minute, p.scans = at, 0
	}
	p.scans++
	return p.scans == most+1
}

// journey gives how far apart two phones are that told where they are, one after the other; 0 when somebody may have travelled that far meanwhile.
func (p *watched) journey(where Point, at int64) float64 {
	from, since := p.where, p.whereAt
	p.where, p.whereAt = where, at
	if since == 0 {
		return 0
	}
	metres := geo.Distance(from.Lat, from.Lon, where.Lat, where.Lon)
	if metres > minJourney && metres > maxSpeed*math.Abs(float64(at-since))/1000 {
		return metres
	}
	return 0
}

// suspect looks at a scan of a good code.
func (s *Scans) suspect(r *record) {
	if r.plate == 0 {
		return
	}
	p := s.watch.of(r.plate, r.at)
	if p != nil && p.busier(r.at, s.cfg.PerMinute) {
		s.note(ImpossibleRate, r, 1)
	}
	if !r.hasWhere || !geo.Valid(r.where.Lat, r.where.Lon) {
		return
	}
	if p != nil {
		if metres := p.journey(r.where, r.at); metres > 0 {
			s.note(ImpossibleRate, r, 1).far(metres, r.where)
		}
	}
	if r.home == (Point{}) {
		return
	}
	if metres := geo.Distance(r.home.Lat, r.home.Lon, r.where.Lat, r.where.Lon); metres > float64(s.cfg.Far) {
		s.note(Elsewhere, r, 1).far(metres, r.where)
	}
}

// heard takes the word of a visitor about a plate: once a day.
func (s *Scans) heard(r *record) {
	if r.plate == 0 || r.visitor != 0 && !s.told.fresh(r.visitor, r.at) {
		return
	}
	switch r.said {
	case elsewhere:
		s.note(Elsewhere, r, 1)
	case fake:
		s.note(Fake, r, 1)
	}
}

// countInvented counts a code that nobody issued. Single ones are slips and jokes; a burst is an event with all that the hour brought.
func (s *Scans) countInvented(r *record) {
	w := &s.watch
	if hour := r.at / hourMilli; hour != w.hour {
		w.hour, w.invented = hour, 0
	}
	w.invented++
	switch {
	case w.invented == s.cfg.Burst:
		s.note(InventedCodes, r, w.invented)
	case w.invented > s.cfg.Burst:
		s.note(InventedCodes, r, 1)
	}
}

// note adds to an event. It is nil when there is no room for another.
func (s *Scans) note(k Kind, r *record, n int) *eventDelta {
	day, _ := slotOf(r.at)
	key := eventKey{kind: k, day: day}
	switch k {
	case UnknownCode, RevokedCode:
		key.code = r.code
	case Elsewhere, Fake, ImpossibleRate:
		key.plate = r.plate
	}
	d := s.events.at(key)
	if d == nil {
		s.metrics.dropped[crowded].Inc()
		return nil
	}
	if d.count == 0 {
		d.first = r.at
	}
	d.first, d.last = min(d.first, r.at), max(d.last, r.at)
	d.count += n
	if k != InventedCodes {
		d.plate, d.ward = r.plate, r.ward
	}
	return d
}

// far keeps the furthest that was noticed: the distance to 100 m and the spot to a thousandth of a degree, so that it is nobody's house.
func (d *eventDelta) far(metres float64, where Point) {
	if rounded := int(math.Round(metres/100)) * 100; d != nil && rounded > d.metres {
		d.metres = rounded
		d.near = &Point{math.Round(where.Lat*1000) / 1000, math.Round(where.Lon*1000) / 1000}
	}
}
