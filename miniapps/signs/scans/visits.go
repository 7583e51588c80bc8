package scans

// visits remembers who was at which plate within the last ten minutes, in 4 MB however many come.
//
// It is a table of 65,536 rows of eight visits each, found by 16 bits of the fingerprint and told apart by 32 others. A stranger is taken for a visitor who was just
// there with a probability of at most 8 in 2^32: one visitor in 500 million is not counted. A row that is full forgets its oldest visit, and who comes back
// is counted again: that takes over 524,288 visitors within ten minutes, 870 a second, and somewhat fewer where chance fills a row early.
type visits struct {
	slots []uint64 // the high half is of the fingerprint, the low half the second of the visit; 0 is free
}

const (
	visitRows   = 1 << 16
	visitsInRow = 8
	visitLife   = 10 * 60 // seconds
)

func newVisits() visits { return visits{make([]uint64, visitRows*visitsInRow)} }

func (v *visits) forget() { clear(v.slots) }

// fresh tells whether a visit is the first within ten minutes, and notes it. at is in Unix milliseconds.
func (v *visits) fresh(fingerprint uint64, at int64) bool {
	tag, now := fingerprint>>32, at/1000
	first := int(fingerprint>>8%visitRows) * visitsInRow
	row := v.slots[first : first+visitsInRow]
	oldest := 0
	for i, slot := range row {
		if slot != 0 && slot>>32 == tag {
			if apart := now - int64(uint32(slot)); -visitLife < apart && apart < visitLife {
				return false
			}
			oldest = i
			break
		}
		if uint32(slot) < uint32(row[oldest]) {
			oldest = i
		}
	}
	row[oldest] = tag<<32 | uint64(uint32(now))
	return true
}
