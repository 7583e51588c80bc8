package checkdigit

import (
	"testing"

	"github.com/motcua/motcua/internal/leaktest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

func TestDamm(t *testing.T) {
	t.Parallel()
	for digits, want := range map[string]int{"572": 4, "5724": 0, "00572": 4, "005724": 0, "": 0, "0": 0, "5742": 5} { // 572-4 is the published example of the check
		if got := Damm(digits); got != want {
			t.Errorf("%q: got %d, want %d", digits, got, want)
		}
	}
}

// TestDammTable shows that the table is what its name says: a Latin square whose diagonal is zero, and totally anti-symmetric.
func TestDammTable(t *testing.T) {
	t.Parallel()
	at := func(a, b int) int { return int(quasigroup[10*a+b] - '0') }
	for c := range 10 {
		if at(c, c) != 0 {
			t.Errorf("%d * %d is not 0", c, c)
		}
		for x := range 10 {
			for y := range x {
				if at(c, x) == at(c, y) || at(x, c) == at(y, c) {
					t.Errorf("no Latin square at %d, %d, %d", c, x, y)
				}
				if at(at(c, x), y) == at(at(c, y), x) {
					t.Errorf("%d, then %d and %d, can be swapped", c, x, y)
				}
			}
		}
	}
}
