package casework

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/store"
)

// office is a relay over one ticket, with an inbox that can fail for each notice in its own way.
type office struct {
	t      *testing.T
	clock  time.Time
	relay  *Relay[ticket]
	docs   *store.Collection[ticket]
	fails  map[string]error // by notice, count, or "history"
	told   map[string]int
	parked []Parked
	lot    error // of parking
}

func newOffice(t *testing.T, change func(*ticket)) *office {
	t.Helper()
	o := &office{t: t, clock: noon, fails: map[string]error{}, told: map[string]int{}}
	tell := func(name string) error {
		if o.fails[name] != nil {
			return o.fails[name]
		}
		o.told[name]++
		return nil
	}
	o.relay, o.docs = relayOf(t, func() time.Time { return o.clock }, func(_ context.Context, p Parked) error {
		if o.lot == nil {
			o.parked = append(o.parked, p)
		}
		return o.lot
	},
		Do("first", func(_ context.Context, d *ticket) error { return tell("first") }),
		History(caseOf, func(_ context.Context, _ string, e []Entry) error {
			if err := tell("history"); err != nil {
				return err
			}
			o.told["entries"] += len(e)
			return nil
		}),
		Notices(outOf, func(_ context.Context, n Notice) error { return tell(n.ID) }),
		Counts(outOf, func(_ context.Context, c Count) error { return tell("count " + c.ID) }),
		Do("last", func(_ context.Context, d *ticket) error { return tell("last") }),
	)
	d := ticket{Case{ID: "o/1"}}
	change(&d)
	if err := o.docs.Insert(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	return o
}

// carry lets the relay come once, after all pauses.
func (o *office) carry() error {
	o.clock = o.clock.Add(time.Hour)
	return o.relay.Carry(o.t.Context(), "o/1")
}

func (o *office) doc() ticket {
	o.t.Helper()
	d, err := o.docs.Get(o.t.Context(), "o/1")
	if err != nil {
		o.t.Fatal(err)
	}
	return d
}

func notices(n int) func(*ticket) {
	return func(d *ticket) {
		for i := range n {
			d.Tell(Notice{ID: fmt.Sprint(i + 1), Params: map[string]string{"code": "X"}, At: noon})
		}
	}
}

func TestRelayItemsAreIndependent(t *testing.T) {
	t.Parallel()
	o := newOffice(t, func(d *ticket) {
		notices(3)(d)
		d.Count(noon, Count{ID: "c", To: "a"})
	})
	broken := errors.New("broken")
	o.fails["first"], o.fails["2"] = broken, broken
	if err := o.carry(); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
	for _, name := range []string{"1", "3", "count c", "last"} {
		if o.told[name] != 1 {
			t.Errorf("%s was held up", name)
		}
	}
	d := o.doc()
	if len(d.Pending) != 1 || d.Pending[0].ID != "2" || len(d.Counts) != 0 || d.RelayAt == nil || d.Tries != 1 {
		t.Errorf("left %+v", d.Outbound)
	}
	o.fails = nil
	if err := o.carry(); err != nil {
		t.Fatal(err)
	}
	if d := o.doc(); o.told["1"] != 1 || o.told["2"] != 1 || d.RelayAt != nil || d.RelaySince != nil || len(d.Failed) != 0 {
		t.Errorf("told %v, left %+v", o.told, d.Outbound)
	}
}

func TestRelayParksWhatNeverPasses(t *testing.T) {
	t.Parallel()
	for _, code := range []fault.Code{fault.Invalid, fault.NotFound, fault.Internal, fault.Conflict, fault.Forbidden, ""} {
		t.Run(string(code), func(t *testing.T) {
			t.Parallel()
			o := newOffice(t, notices(MaxNotices))
			for i := range MaxNotices {
				o.fails[fmt.Sprint(i+1)] = fault.New(code, "x")
			}
			if code == "" {
				o.fails["1"] = errors.New("plain")
			}
			for try := 1; try < maxFailures; try++ {
				if err := o.carry(); err == nil || len(o.parked) > 0 {
					t.Fatalf("try %d: %v, parked %v", try, err, o.parked)
				}
			}
			if d := o.doc(); d.Room() == nil {
				t.Fatal("the case is not full")
			}
			if err := o.carry(); err != nil {
				t.Fatalf("all is parked, but got %v", err)
			}
			d := o.doc()
			if err := d.Room(); err != nil || d.RelayAt != nil || len(d.Failed) != 0 || len(o.parked) != MaxNotices {
				t.Fatalf("room %v, parked %d, left %+v", err, len(o.parked), d.Outbound)
			}
			p := o.parked[0]
			if p.Doc != "o/1" || p.Step != "notice" || !p.Since.Equal(noon.Add(time.Hour)) || p.Cause == nil {
				t.Errorf("parked %+v", p)
			}
			if err := o.relay.Again(t.Context(), p); err == nil {
				t.Error("what still fails passes again")
			}
			o.fails = nil
			if err := o.relay.Again(t.Context(), p); err != nil || o.told["1"] != 1 {
				t.Errorf("again: %v, told %v", err, o.told)
			}
		})
	}
}

func TestRelayNeverParksWhatMayPass(t *testing.T) {
	t.Parallel()
	o := newOffice(t, notices(1))
	for i, err := range []error{fault.New(fault.Unavailable, ""), fault.New(fault.RateLimited, ""), context.DeadlineExceeded} {
		o.fails["1"] = err
		for range 2 * maxFailures {
			if err := o.carry(); err == nil {
				t.Fatal("a failure was not told")
			}
		}
		if d := o.doc(); len(o.parked) > 0 || len(d.Failed) > 0 || d.Tries != (i+1)*2*maxFailures {
			t.Fatalf("parked %v, left %+v", o.parked, d.Outbound)
		}
	}
	o.fails["1"] = errors.New("odd")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if !passes(ctx, o.fails["1"]) {
		t.Error("a failure of an attempt that was cut short counts")
	}
	o.fails = nil
	if err := o.carry(); err != nil || o.told["1"] != 1 {
		t.Errorf("after the outage: %v, told %v", err, o.told)
	}
}

// TestRelayCountsEachItemByItself: what comes while another item fails gets all of its tries.
func TestRelayCountsEachItemByItself(t *testing.T) {
	t.Parallel()
	o := newOffice(t, notices(1))
	o.fails["1"], o.fails["late"] = errors.New("odd"), errors.New("odd")
	for range maxFailures - 1 {
		_ = o.carry()
	}
	if _, err := o.docs.Update(t.Context(), "o/1", func(d *ticket) error { d.Tell(Notice{ID: "late", At: noon}); return nil }); err != nil {
		t.Fatal(err)
	}
	if err := o.carry(); err == nil || len(o.parked) != 1 {
		t.Fatalf("got %v, parked %v", err, o.parked)
	}
	if d := o.doc(); len(d.Pending) != 1 || len(d.Failed) != 1 || d.Failed[0].Times != 1 {
		t.Errorf("left %+v", d.Outbound)
	}
}

func TestRelayKeepsWhatCannotBeParked(t *testing.T) {
	t.Parallel()
	o := newOffice(t, notices(1))
	o.fails["1"], o.lot = errors.New("odd"), errors.New("the lot is closed")
	for range 2 * maxFailures {
		if err := o.carry(); err == nil {
			t.Fatal("a failure was not told")
		}
	}
	if d := o.doc(); len(d.Pending) != 1 {
		t.Fatal("a notice is lost")
	}
	o.lot = nil
	if err := o.carry(); err != nil || len(o.parked) != 1 || !o.parked[0].Since.Equal(noon.Add(time.Hour)) {
		t.Errorf("got %v, parked %v", err, o.parked)
	}
}

func TestRelayParksStepsCountsAndEntries(t *testing.T) {
	t.Parallel()
	o := newOffice(t, func(d *ticket) {
		for i := range maxEntries {
			d.Record(noon, Entry{Kind: Moved, To: "x", Reason: fmt.Sprint(i)})
		}
		d.Count(noon, Count{ID: "c", To: "a"})
	})
	for _, name := range []string{"first", "history", "count c"} {
		o.fails[name] = errors.New("odd")
	}
	for range maxFailures {
		_ = o.carry()
	}
	d := o.doc()
	if err := d.Room(); err != nil || d.RelayAt != nil || len(o.parked) != 3 || len(d.Timeline) != keptEntries {
		t.Fatalf("room %v, parked %d, %d entries, %+v", err, len(o.parked), len(d.Timeline), d.Outbound)
	}
	o.fails = nil
	for _, p := range o.parked {
		if err := o.relay.Again(t.Context(), p); err != nil {
			t.Errorf("%s: %v", p.Item, err)
		}
	}
	if o.told["first"] != 1 || o.told["entries"] != maxEntries-keptEntries || o.told["count c"] != 1 {
		t.Errorf("told %v", o.told)
	}
	gone := Parked{Doc: "o/gone", Step: "first"}
	if err := o.relay.Again(t.Context(), gone); err != nil {
		t.Errorf("of a document that is gone: %v", err)
	}
	if err := o.relay.Again(t.Context(), Parked{Step: "unknown"}); fault.CodeOf(err) != fault.NotFound {
		t.Errorf("a step that is gone: %v", err)
	}
	if err := o.relay.Again(t.Context(), Parked{Step: "notice", What: []byte("not ours")}); fault.CodeOf(err) != fault.Invalid {
		t.Errorf("garbage: %v", err)
	}
}

// TestRelayOutlivesWildItems: one that panics is a failure like others, one that hangs leaves the others their time.
func TestRelayOutlivesWildItems(t *testing.T) {
	t.Parallel()
	var told []string
	relay, docs := relayOf(t, at(noon), nil,
		Do("hangs", func(ctx context.Context, _ *ticket) error { <-ctx.Done(); return ctx.Err() }),
		Do("panics", func(context.Context, *ticket) error { panic("a secret") }),
		Do("fails", func(_ context.Context, d *ticket) error { _ = d.Timeline[5]; return nil }),
		Notices(outOf, func(ctx context.Context, n Notice) error { told = append(told, n.ID); return ctx.Err() }),
	)
	d := ticket{Case{ID: "o/1"}}
	d.Tell(Notice{ID: "1", At: noon})
	if err := docs.Insert(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	err := relay.Carry(ctx, "o/1")
	if err == nil || strings.Contains(err.Error(), "secret") || !strings.Contains(err.Error(), "index out of range") {
		t.Errorf("got %v", err)
	}
	after, err := docs.Get(t.Context(), "o/1")
	if err != nil || len(told) != 1 || len(after.Pending) != 0 || len(after.Failed) != 2 || after.Tries != 1 {
		t.Errorf("told %v, left %+v, %v", told, after.Outbound, err)
	}
}

func TestRelayTellsWhatWaits(t *testing.T) {
	t.Parallel()
	o := newOffice(t, notices(1))
	o.fails["1"] = fault.New(fault.Unavailable, "")
	for range 3 {
		_ = o.carry()
	}
	late := ticket{Case{ID: "o/2"}}
	late.Tell(Notice{ID: "late", At: noon.Add(time.Minute)})
	if err := errors.Join(o.docs.Insert(t.Context(), late), o.docs.Insert(t.Context(), ticket{Case{ID: "o/3"}})); err != nil {
		t.Fatal(err)
	}
	if n, since, err := o.relay.Waiting(t.Context(), 10); n != 2 || !since.Equal(noon) || err != nil {
		t.Errorf("got %d since %s, %v: a document that is put back waits since its first moment", n, since, err)
	}
	if n, _, _ := o.relay.Waiting(t.Context(), 1); n != 1 {
		t.Errorf("counted %d, want to stop at 1", n)
	}
	o.fails = nil
	if err := errors.Join(o.carry(), o.relay.Carry(t.Context(), "o/2")); err != nil {
		t.Fatal(err)
	}
	if n, since, err := o.relay.Waiting(t.Context(), 10); n != 0 || !since.IsZero() || err != nil {
		t.Errorf("got %d since %s, %v, want nothing", n, since, err)
	}
}
