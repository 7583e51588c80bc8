package scans

// sayings remembers on which day somebody last said something of a plate, by the fingerprint of the three. It forgets with the salt, so within a day.
type sayings map[uint64]date

// maxSayings is how many are remembered, in about 4 MB. With more people who say something within a day, each word of the others counts.
const maxSayings = 100_000

// fresh tells whether it is the first time on its day, and notes it. at is in Unix milliseconds.
func (s sayings) fresh(fingerprint uint64, at int64) bool {
	day, _ := slotOf(at)
	last, known := s[fingerprint]
	if known && last == day {
		return false
	}
	if known || len(s) < maxSayings {
		s[fingerprint] = day
	}
	return true
}
