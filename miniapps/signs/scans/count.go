package scans

// dayKey names one roll-up: of a plate's day, of a ward's, or, with neither, of the whole city's.
type dayKey struct {
	plate uint32
	ward  string
	day   date
}

// dayDelta is what is to be added to a roll-up.
type dayDelta struct {
	hours   [24]Count
	revoked int
	last    int64 // the latest scan of a good code, Unix milliseconds
}

// countAll counts what the queue held.
func (s *Scans) countAll(rs []record) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range rs {
		s.count(&rs[i])
	}
}

func (s *Scans) count(r *record) {
	if r.said != nothing {
		s.heard(r)
		return
	}
	s.metrics.scans[r.face][r.state].Inc()
	switch r.state {
	case current:
		s.countCurrent(r)
		s.suspect(r)
	case ended:
		s.countEnded(r)
	case unknown:
		s.note(UnknownCode, r, 1)
	case invented:
		s.countInvented(r)
	}
}

// countCurrent adds a scan to the plate's day, the ward's and the city's.
func (s *Scans) countCurrent(r *record) {
	day, hour := slotOf(r.at)
	visitors := 0
	if r.visitor == 0 || s.visits.fresh(r.visitor, r.at) {
		visitors = 1
	}
	keys := [3]dayKey{{day: day}}
	n := 1
	if r.ward != "" {
		keys[n] = dayKey{ward: r.ward, day: day}
		n++
	}
	if r.plate != 0 {
		keys[n] = dayKey{plate: r.plate, day: day}
		n++
	}
	for _, k := range keys[:n] {
		d := s.days.at(k)
		if d == nil {
			s.metrics.dropped[crowded].Inc()
			continue
		}
		d.hours[hour].Scans++
		d.hours[hour].Visitors += visitors
		d.last = max(d.last, r.at)
	}
}

// countEnded notes a scan of a code that was revoked: the plate that is good may have had none.
func (s *Scans) countEnded(r *record) {
	s.note(RevokedCode, r, 1)
	if r.plate == 0 {
		return
	}
	day, _ := slotOf(r.at)
	d := s.days.at(dayKey{plate: r.plate, day: day})
	if d == nil {
		s.metrics.dropped[crowded].Inc()
		return
	}
	d.revoked++
}
