package scans

import (
	"math/rand/v2"
	"testing"
)

// TestVisitsAgreeWithAMap compares with what a plain map of all visits says.
func TestVisitsAgreeWithAMap(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	v, known := newVisits(), map[uint64]int64{}
	people := make([]uint64, 20_000)
	for i := range people {
		people[i] = rng.Uint64() | 1
	}
	at := noon.UnixMilli()
	for range 300_000 {
		at += rng.Int64N(20)
		who := people[rng.IntN(len(people))]
		last, there := known[who]
		want := !there || at/1000-last/1000 >= visitLife
		if want {
			known[who] = at
		}
		if got := v.fresh(who, at); got != want {
			t.Fatalf("got %v, want %v: last %d, now %d", got, want, last, at)
		}
	}
}

func TestVisitsEndAfterTenMinutes(t *testing.T) {
	v, at := newVisits(), noon.UnixMilli()
	for _, step := range []struct {
		milli int64
		want  bool
	}{{0, true}, {1000, false}, {599_000, false}, {600_000, true}, {1_199_000, false}, {601_000, false}, {1_200_000, true}} {
		if got := v.fresh(77<<40|1, at+step.milli); got != step.want {
			t.Errorf("after %d ms: got %v", step.milli, got)
		}
	}
}

// TestVisitsOutOfOrder notes a visit that was before the one that is known.
func TestVisitsOutOfOrder(t *testing.T) {
	for milli, want := range map[int64]bool{-1000: false, -599_000: false, -600_000: true} {
		v, at := newVisits(), noon.UnixMilli()
		if v.fresh(77<<40|1, at); v.fresh(77<<40|1, at+milli) != want {
			t.Errorf("%d ms before: want %v", -milli, want)
		}
	}
}

// TestVisitsOfACrowd has far more strangers than there is room for: none of them is taken for somebody else, and those who come back at once are known.
func TestVisitsOfACrowd(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	v, at, mistaken := newVisits(), noon.UnixMilli(), 0
	for range 2_000_000 {
		who := rng.Uint64()
		if !v.fresh(who, at) {
			mistaken++
		}
		if v.fresh(who, at+1000) {
			t.Fatal("somebody who was just there is not known")
		}
	}
	if mistaken > 1 { // one in 500 million is expected
		t.Errorf("%d strangers were taken for somebody else", mistaken)
	}
	if len(v.slots) != visitRows*visitsInRow {
		t.Error("the table grew")
	}
}
