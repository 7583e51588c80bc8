package intent

import "unicode"

// markCost is what a diacritic costs that is wrong, missing or too many; a letter costs 1.
const markCost = 0.3

// edits is the cost of turning a into b: runes put in, left out, replaced, or swapped with their neighbour.
func edits(a, b []rune) float64 {
	before, above, row := make([]float64, len(b)+1), make([]float64, len(b)+1), make([]float64, len(b)+1)
	for j, r := range b {
		above[j+1] = above[j] + costOf(r)
	}
	for i, r := range a {
		row[0] = above[0] + costOf(r)
		for j, q := range b {
			row[j+1] = min(above[j]+replacing(r, q), above[j+1]+costOf(r), row[j]+costOf(q))
			if i > 0 && j > 0 && r == b[j-1] && a[i-1] == q {
				row[j+1] = min(row[j+1], before[j-1]+replacing(r, q))
			}
		}
		before, above, row = above, row, before
	}
	return above[len(b)]
}

func replacing(r, q rune) float64 {
	switch {
	case r == q:
		return 0
	case stroked(r, q):
		return markCost
	}
	return max(costOf(r), costOf(q))
}

// stroked tells whether two runes are d and d with stroke, whose stroke is no mark of its own.
func stroked(r, q rune) bool { return r == 'd' && q == 'đ' || r == 'đ' && q == 'd' }

func costOf(r rune) float64 {
	if unicode.IsMark(r) {
		return markCost
	}
	return 1
}
