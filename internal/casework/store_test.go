package casework

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/motcua/motcua/internal/leaktest"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/store"
	"github.com/motcua/motcua/internal/store/memory"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

func newCodes(t *testing.T, e store.Engine, now func() time.Time) *Codes {
	t.Helper()
	c, err := NewCodes(t.Context(), e, Config{CodeReservation: time.Hour}, now)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func at(when time.Time) func() time.Time { return func() time.Time { return when } }

func TestClaimIsTheSameForARepeat(t *testing.T) {
	t.Parallel()
	codes := newCodes(t, memory.New(), at(noon))
	ref := Ref{App: "a", ID: "o/1"}
	var wg sync.WaitGroup
	got := make([]Code, 20)
	for i := range got {
		wg.Go(func() {
			var err error
			if got[i], err = codes.Claim(context.WithoutCancel(t.Context()), "scope", ref); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for _, c := range got {
		if c != got[0] || c == "" {
			t.Fatalf("20 claims at once gave %v", got)
		}
	}
	if found, err := codes.Case(t.Context(), got[0]); err != nil || found != ref {
		t.Errorf("got %v %v, want %v", found, err, ref)
	}
}

func TestClaimAvoidsTakenCodes(t *testing.T) {
	t.Parallel()
	codes := newCodes(t, memory.New(), at(noon))
	first, err := codes.Claim(t.Context(), "scope", Ref{App: "a", ID: "o/1"})
	if err != nil {
		t.Fatal(err)
	}
	second, err := codes.Claim(t.Context(), "scope", Ref{App: "a", ID: "o/2"}) // the same candidates, another case
	if err != nil || second == first {
		t.Fatalf("got %s %v, want another code than %s", second, err, first)
	}
	if c, _ := codes.Case(t.Context(), first); c.ID != "o/1" {
		t.Errorf("the first code now names %s", c.ID)
	}
	for n := 3; n <= maxClaims; n++ {
		if _, err := codes.Claim(t.Context(), "scope", Ref{App: "a", ID: fmt.Sprintf("o/%d", n)}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := codes.Claim(t.Context(), "scope", Ref{App: "a", ID: "o/last"}); fault.CodeOf(err) != fault.Unavailable {
		t.Errorf("all candidates taken: got %v, want UNAVAILABLE", err)
	}
}

func TestReservationExpiresUnlessSettled(t *testing.T) {
	t.Parallel()
	e := memory.New()
	codes := newCodes(t, e, at(noon))
	kept, lost := Ref{App: "a", ID: "o/kept"}, Ref{App: "a", ID: "o/lost"}
	keptCode, err1 := codes.Claim(t.Context(), "kept", kept)
	lostCode, err2 := codes.Claim(t.Context(), "lost", lost)
	if err := errors.Join(err1, err2, codes.Settle(t.Context(), keptCode, kept, nil), codes.Settle(t.Context(), keptCode, kept, nil)); err != nil {
		t.Fatal(err)
	}
	if _, err := e.Sweep(t.Context(), noon.Add(2*time.Hour), 100); err != nil {
		t.Fatal(err)
	}
	if _, err := codes.Case(t.Context(), keptCode); err != nil {
		t.Errorf("a settled code is gone: %v", err)
	}
	if _, err := codes.Case(t.Context(), lostCode); fault.CodeOf(err) != fault.NotFound {
		t.Errorf("a reserved code is still there: %v", err)
	}
	if err := codes.Settle(t.Context(), lostCode, lost, nil); err != nil {
		t.Errorf("a late relay could not settle: %v", err)
	}
	if found, err := codes.Case(t.Context(), lostCode); err != nil || found != lost {
		t.Errorf("got %v %v, want %v", found, err, lost)
	}
	if err := codes.Settle(t.Context(), lostCode, kept, nil); fault.CodeOf(err) != fault.Internal && err != nil {
		t.Errorf("got %v", err)
	} else if err == nil {
		t.Error("a code was settled for another case")
	}
}

func TestCodeLeavesWithItsCase(t *testing.T) {
	t.Parallel()
	e := memory.New()
	codes := newCodes(t, e, at(noon))
	ref, until := Ref{App: "a", ID: "o/1"}, noon.Add(24*time.Hour)
	code, err := codes.Claim(t.Context(), "s", ref)
	if err := errors.Join(err, codes.Settle(t.Context(), code, ref, nil), codes.Settle(t.Context(), code, ref, &until)); err != nil {
		t.Fatal(err)
	}
	if _, err := e.Sweep(t.Context(), until.Add(time.Second), 100); err != nil {
		t.Fatal(err)
	}
	if _, err := codes.Case(t.Context(), code); fault.CodeOf(err) != fault.NotFound {
		t.Errorf("got %v, want NOT_FOUND", err)
	}
}

func TestArchive(t *testing.T) {
	t.Parallel()
	e := memory.New()
	a, err := NewArchive(t.Context(), e, "history")
	if err != nil {
		t.Fatal(err)
	}
	var entries []Entry
	for i := range 12 {
		entries = append(entries, Entry{Seq: i + 1, At: noon, Kind: Moved, To: "x", By: Staff})
	}
	for range 2 { // a relay may come twice
		if err := errors.Join(a.Keep(t.Context(), "o/1", entries, time.Hour), a.Keep(t.Context(), "o/10", entries[:1], time.Hour)); err != nil {
			t.Fatal(err)
		}
	}
	got, err := a.List(t.Context(), "o/1", 0, 100)
	if err != nil || len(got) != 12 || got[0].Seq != 1 || got[11].Seq != 12 {
		t.Errorf("got %d entries, %v", len(got), err)
	}
	if got, err := a.List(t.Context(), "o/1", 9, 2); err != nil || len(got) != 2 || got[0].Seq != 10 {
		t.Errorf("behind the ninth: got %v, %v", got, err)
	}
	for _, tt := range []struct {
		after time.Duration
		want  int
	}{{59 * time.Minute, 12}, {2 * time.Hour, 0}} {
		if _, err := e.Sweep(t.Context(), noon.Add(tt.after), 100); err != nil {
			t.Fatal(err)
		}
		if got, err := a.List(t.Context(), "o/1", 0, 100); err != nil || len(got) != tt.want {
			t.Errorf("after %s: got %v, %v", tt.after, got, err)
		}
	}
}

func slots(t *testing.T, tally *Tally) map[string]int64 {
	t.Helper()
	got := map[string]int64{}
	for s, err := range tally.Slots(t.Context(), "") {
		if err != nil {
			t.Fatal(err)
		}
		if s.N != 0 {
			got[s.ID] = s.N
		}
	}
	return got
}

func TestTallyCountsOnce(t *testing.T) {
	t.Parallel()
	tally, err := NewTally(t.Context(), memory.New(), "stats")
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.WithoutCancel(t.Context())
	var wg sync.WaitGroup
	for range 4 { // four relays, each with all counts
		for i := range 10 {
			wg.Go(func() {
				id := fmt.Sprintf("case-%d", i)
				if err := errors.Join(tally.Make(ctx, Count{ID: id + "#1", To: "a"}), tally.Make(ctx, Count{ID: id + "#2", From: "a", To: "b"})); err != nil {
					t.Error(err)
				}
			})
		}
	}
	wg.Wait()
	if got := slots(t, tally); got["a"] != 0 || got["b"] != 10 {
		t.Errorf("got %v, want 10 in b", got)
	}
}

// TestTallyRemembersTheLastCounts repeats the latest of more counts than a slot remembers.
func TestTallyRemembersTheLastCounts(t *testing.T) {
	t.Parallel()
	tally, err := NewTally(t.Context(), memory.New(), "stats")
	if err != nil {
		t.Fatal(err)
	}
	const all = 2*remembered + 1
	for i := range all {
		for range 2 {
			if err := tally.Make(t.Context(), Count{ID: fmt.Sprintf("case-%d#1", i), To: "a"}); err != nil {
				t.Fatal(err)
			}
		}
	}
	if got := slots(t, tally)["a"]; got != all {
		t.Errorf("got %d, want %d", got, all)
	}
}

func TestSlotsByPrefix(t *testing.T) {
	t.Parallel()
	tally, err := NewTally(t.Context(), memory.New(), "stats")
	if err != nil {
		t.Fatal(err)
	}
	for i := range scanPage + 10 {
		if err := tally.Make(t.Context(), Count{ID: "1", To: fmt.Sprintf("2026-11/%05d", i)}); err != nil {
			t.Fatal(err)
		}
	}
	if err := tally.Make(t.Context(), Count{ID: "1", To: "2026-12/00001"}); err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, err := range tally.Slots(t.Context(), "2026-11/") {
		if err != nil {
			t.Fatal(err)
		}
		n++
	}
	if n != scanPage+10 {
		t.Errorf("got %d slots, want %d", n, scanPage+10)
	}
}

func TestRecount(t *testing.T) {
	t.Parallel()
	tally, err := NewTally(t.Context(), memory.New(), "stats")
	if err != nil {
		t.Fatal(err)
	}
	make := func(c Count) {
		t.Helper()
		if err := tally.Make(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
	// Carried out and forgotten by its case; half carried out; not carried out; and one slot that is plainly wrong.
	make(Count{ID: "1#1", To: "m/a"})
	make(Count{ID: "2#1", To: "m/a"})
	if err := tally.add(t.Context(), "m/a", "2#2", -1); err != nil {
		t.Fatal(err)
	}
	make(Count{ID: "wrong", To: "m/z"})
	make(Count{ID: "old", To: "k/a"}) // a month whose cases are gone
	cases := []Standing{
		{Slot: "m/a"},
		{Slot: "m/b", Pending: []Count{{ID: "2#2", From: "m/a", To: "m/b"}}},
		{Slot: "m/c", Pending: []Count{{ID: "3#1", To: "m/a"}, {ID: "3#2", From: "m/a", To: "m/c"}}},
		{Slot: "m/q"}, // never counted
	}
	covers := func(slot string) bool { return slot[0] == 'm' }
	seen := 0
	diff, err := tally.Recount(t.Context(), list(cases), covers, func(n int) { seen = n })
	if err != nil || diff.Busy != 0 || seen != len(cases) {
		t.Fatalf("got %+v, %v after %d cases", diff, err, seen)
	}
	want := []WrongSlot{{"m/q", 0, 1}, {"m/z", 1, 0}}
	if fmt.Sprint(diff.Wrong) != fmt.Sprint(want) {
		t.Errorf("wrong slots: got %v, want %v", diff.Wrong, want)
	}
	make(Count{ID: "2#2", From: "m/a", To: "m/b"}) // the relay comes back
	make(Count{ID: "3#1", To: "m/a"})
	make(Count{ID: "3#2", From: "m/a", To: "m/c"})
	got := slots(t, tally)
	if fmt.Sprint(got) != "map[k/a:1 m/a:1 m/b:1 m/c:1 m/q:1]" {
		t.Errorf("got %v", got)
	}
	if diff, err := tally.Recount(t.Context(), list([]Standing{{Slot: "m/a"}, {Slot: "m/b"}, {Slot: "m/c"}, {Slot: "m/q"}}), covers, func(int) {}); err != nil || len(diff.Wrong) != 0 {
		t.Errorf("a second recount found %v, %v", diff.Wrong, err)
	}
}

// TestRecountLeavesMovingSlotsAlone lets a count arrive while the cases are read.
func TestRecountLeavesMovingSlotsAlone(t *testing.T) {
	t.Parallel()
	tally, err := NewTally(t.Context(), memory.New(), "stats")
	if err != nil {
		t.Fatal(err)
	}
	cases := func(yield func(Standing, error) bool) {
		if err := tally.Make(t.Context(), Count{ID: "2#1", To: "m/a"}); err != nil {
			t.Error(err)
		}
		_ = yield(Standing{Slot: "m/a"}, nil) // the case of the first count; that of the second is behind the reader
	}
	if err := tally.Make(t.Context(), Count{ID: "1#1", To: "m/a"}); err != nil {
		t.Fatal(err)
	}
	if err := tally.Make(t.Context(), Count{ID: "wrong", To: "m/a"}); err != nil {
		t.Fatal(err)
	}
	diff, err := tally.Recount(t.Context(), cases, func(string) bool { return true }, func(int) {})
	if err != nil || diff.Busy != 1 || len(diff.Wrong) != 0 {
		t.Errorf("got %+v, %v, want the slot to be busy", diff, err)
	}
}

func TestRecountPassesErrorsOn(t *testing.T) {
	t.Parallel()
	tally, err := NewTally(t.Context(), memory.New(), "stats")
	if err != nil {
		t.Fatal(err)
	}
	broken := errors.New("broken")
	cases := func(yield func(Standing, error) bool) { yield(Standing{}, broken) }
	if _, err := tally.Recount(t.Context(), cases, func(string) bool { return true }, func(int) {}); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
}

func list(of []Standing) iter.Seq2[Standing, error] {
	return func(yield func(Standing, error) bool) {
		for _, s := range of {
			if !yield(s, nil) {
				return
			}
		}
	}
}

// ticket is the smallest document that a relay can serve.
type ticket struct {
	Case `bson:",inline"`
}

func outOf(d *ticket) *Outbound { return &d.Outbound }

func caseOf(d *ticket) *Case { return &d.Case }

func relayOf(t *testing.T, now func() time.Time, park func(context.Context, Parked) error, steps ...Step[ticket]) (*Relay[ticket], *store.Collection[ticket]) {
	t.Helper()
	docs, err := store.Define[ticket](t.Context(), memory.New(), store.Kind{Name: "tickets", Indexes: RelayIndexes()})
	if err != nil {
		t.Fatal(err)
	}
	r, err := NewRelay(docs, Parts[ticket]{
		ID:     func(d *ticket) string { return d.ID },
		Out:    outOf,
		Settle: func(current, done *ticket, left Left) { current.Case.Settle(&done.Case, left) },
		Park:   park,
	}, now, steps...)
	if err != nil {
		t.Fatal(err)
	}
	return r, docs
}

func TestRelay(t *testing.T) {
	t.Parallel()
	var told []string
	down := true
	clock := noon
	relay, docs := relayOf(t, func() time.Time { return clock }, nil, Notices(outOf, func(_ context.Context, n Notice) error {
		told = append(told, n.ID)
		if down {
			return errors.New("the inbox is down")
		}
		return nil
	}))
	quiet := ticket{Case{ID: "quiet"}}
	loud := ticket{Case{ID: "loud"}}
	loud.Tell(Notice{ID: "loud#1", At: noon})
	if err := errors.Join(docs.Insert(t.Context(), quiet), docs.Insert(t.Context(), loud)); err != nil {
		t.Fatal(err)
	}
	due := func() []string {
		t.Helper()
		ids, err := relay.Due(t.Context(), 10)
		if err != nil {
			t.Fatal(err)
		}
		return ids
	}
	if got := due(); len(got) != 1 || got[0] != "loud" {
		t.Fatalf("due: got %v", got)
	}
	if err := relay.Carry(t.Context(), "loud"); err == nil {
		t.Fatal("a failed step was not reported")
	}
	if got := due(); len(got) != 0 {
		t.Fatalf("a failing document is due again at once: %v", got)
	}
	down, clock = false, noon.Add(2*time.Second)
	if got := due(); len(got) != 1 {
		t.Fatalf("due after the pause: got %v", got)
	}
	if err := relay.Carry(t.Context(), "loud"); err != nil {
		t.Fatal(err)
	}
	if got := due(); len(got) != 0 || fmt.Sprint(told) != "[loud#1 loud#1]" {
		t.Errorf("due %v, told %v", got, told)
	}
	for _, id := range []string{"loud", "quiet", "gone"} { // nothing left, nothing ever, not there
		if err := relay.Carry(t.Context(), id); err != nil {
			t.Errorf("%s: %v", id, err)
		}
	}
	if d, err := docs.Get(t.Context(), "loud"); err != nil || len(d.Pending) != 0 || d.Tries != 0 {
		t.Errorf("got %+v, %v", d.Outbound, err)
	}
}

// TestRelayAgainstWriters lets four relays work while notices keep coming: all are carried, none stays behind.
func TestRelayAgainstWriters(t *testing.T) {
	t.Parallel()
	var told sync.Map
	relay, docs := relayOf(t, at(noon.Add(time.Hour)), nil, Notices(outOf, func(_ context.Context, n Notice) error {
		told.Store(n.ID, true)
		return nil
	}))
	if err := docs.Insert(t.Context(), ticket{Case{ID: "o/1"}}); err != nil {
		t.Fatal(err)
	}
	ctx := context.WithoutCancel(t.Context())
	const writes = 60
	var writers atomic.Int64
	var wg sync.WaitGroup
	for w := range 2 {
		writers.Add(1)
		wg.Go(func() {
			defer writers.Add(-1)
			for i := 0; i < writes/2; {
				_, err := docs.Update(ctx, "o/1", func(d *ticket) error {
					if err := d.Room(); err != nil {
						return err
					}
					d.Tell(Notice{ID: fmt.Sprintf("%d/%d", w, i), At: noon})
					return nil
				})
				if err == nil {
					i++
				} else if fault.CodeOf(err) != fault.RateLimited && fault.CodeOf(err) != fault.Unavailable {
					t.Error(err)
					return
				}
			}
		})
	}
	for range 4 {
		wg.Go(func() {
			for {
				all := writers.Load() == 0
				if err := relay.Carry(ctx, "o/1"); err != nil && fault.CodeOf(err) != fault.Unavailable {
					t.Error(err)
				}
				if all {
					return
				}
			}
		})
	}
	wg.Wait()
	n := 0
	told.Range(func(any, any) bool { n++; return true })
	d, err := docs.Get(ctx, "o/1")
	if err != nil || n != writes || len(d.Pending) != 0 || d.RelayAt != nil {
		t.Errorf("told %d of %d, %d left, %v", n, writes, len(d.Pending), err)
	}
}
