package inbox

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/channels"
	"github.com/motcua/motcua/internal/retry"
	"github.com/motcua/motcua/internal/store"
	"github.com/motcua/motcua/internal/store/storetest"
)

func TestKilledReplicasEventsAreTakenOver(t *testing.T) {
	storetest.BubbleOnFiles(t, func(t *testing.T, engine store.Engine) {
		w := newWorld(t, engine)
		grave := storetest.Mortal{Engine: engine, Life: &storetest.Life{}}
		w.engine = grave
		first := w.open(t, Config{Settle: settle, Drain: time.Second}, nil)
		var seen witness
		ctx, die := context.WithCancel(t.Context())
		dead := make(chan error, 1)
		go func() {
			dead <- first.Run(ctx, func(ctx context.Context, m Message) error {
				_ = seen.see(ctx, m)
				<-ctx.Done()
				return ctx.Err()
			})
		}()
		take(t, first, said("lan", 1), said("lan", 2), said("minh", 1))
		time.Sleep(settle)
		synctest.Wait()
		require.Equal(t, names("lan", 1, 1), seen.of("lan"))
		grave.Kill()
		die()
		<-dead

		w.engine = engine
		later := func() time.Time { return time.Now().Add(10 * time.Second) } // the lease is over
		second := w.open(t, Config{Settle: settle}, func(d *Deps) { d.Now = later })
		take(t, second, said("lan", 3))
		var after witness
		defer start(t, second, after.see)()
		time.Sleep(settle)
		synctest.Wait()
		require.Equal(t, names("lan", 1, 3), after.of("lan"), "only what was in work came twice")
		require.Equal(t, names("minh", 1, 1), after.of("minh"))
		require.Zero(t, stored(t, second, said("lan", 2)).Failures)
	})
}

func TestNobodyTakesOverWhileTheLeaseHolds(t *testing.T) {
	storetest.Bubble(t, func(t *testing.T, engine store.Engine) {
		w := newWorld(t, engine)
		silent := w.open(t, Config{}, nil) // takes, and is killed before it runs
		take(t, silent, said("lan", 1))
		other := w.open(t, Config{}, nil)
		var seen witness
		defer start(t, other, seen.see)()
		take(t, other, said("lan", 2), said("minh", 1))
		time.Sleep(9 * time.Second)
		require.Empty(t, seen.of("lan"), "the first may be in work there")
		require.Equal(t, names("minh", 1, 1), seen.of("minh"))
		time.Sleep(2 * time.Second)
		require.Equal(t, names("lan", 1, 2), seen.of("lan"))
	})
}

// TestDeathAroundAnyWrite kills the process before and after each of its writes in turn, starts another one, and looks that every acknowledged event is
// handled, in order, and that only what was in work at the death came twice.
func TestDeathAroundAnyWrite(t *testing.T) {
	for _, answered := range []bool{false, true} {
		for left := range 6 {
			t.Run(fmt.Sprintf("write %d, reached the store: %t", left, answered), func(t *testing.T) {
				storetest.Bubble(t, func(t *testing.T, engine store.Engine) { dieAround(t, engine, left, answered) })
			})
		}
	}
}

func dieAround(t *testing.T, engine store.Engine, left int, answered bool) {
	w := newWorld(t, engine)
	ctx, die := context.WithCancel(t.Context())
	life := &storetest.Life{OnEnd: die}
	life.EndAt(left+1, answered)
	w.engine = storetest.Mortal{Engine: engine, Life: life}
	first := w.open(t, Config{}, nil)
	var seen witness
	done := make(chan error, 1)
	go func() { done <- first.Run(ctx, seen.see) }()
	var acknowledged []string
	for n := range 3 {
		e := said("lan", n)
		if first.Take(t.Context(), zalo, []channels.Event{e}) == nil {
			acknowledged = append(acknowledged, e.ID)
		}
		synctest.Wait()
	}
	require.Error(t, ctx.Err(), "it died")
	<-done
	before := seen.of("lan")
	w.engine = engine
	second := w.open(t, Config{}, nil)
	var after witness
	defer start(t, second, after.see)()
	time.Sleep(15 * time.Second)
	all := append(before, after.of("lan")...)
	twice := 0
	for _, id := range acknowledged {
		require.Contains(t, all, id)
	}
	for i := 1; i < len(all); i++ {
		require.LessOrEqual(t, all[i-1], all[i])
		if all[i-1] == all[i] {
			twice++
		}
	}
	require.LessOrEqual(t, twice, 1)
}

func TestEventThatKillsItsReplicaIsParked(t *testing.T) {
	storetest.Bubble(t, func(t *testing.T, engine store.Engine) {
		w := newWorld(t, engine)
		take(t, w.open(t, Config{}, nil), said("lan", 1), said("lan", 2))
		time.Sleep(10 * time.Second)
		for range 3 {
			killed := w.open(t, Config{}, nil)
			s := &shift{in: killed}
			_, err := s.claim(t.Context(), stored(t, killed, said("lan", 1)))
			require.NoError(t, err)
			time.Sleep(10 * time.Second)
		}
		in := w.open(t, Config{Failures: 3}, nil)
		seen := witness{answer: func(m Message) error {
			if m.Event.ID == "lan-1" {
				panic("must not run")
			}
			return nil
		}}
		defer start(t, in, seen.see)()
		synctest.Wait()
		r := stored(t, in, said("lan", 1))
		require.Equal(t, parked, r.State)
		require.Equal(t, "INTERNAL inbox.lease_lost", r.Reason)
		require.ErrorIs(t, w.desk.cause(r.ID), errLost)
		require.Equal(t, names("lan", 2, 2), seen.of("lan"))
	})
}

func TestLostLeaseInterruptsTheHandler(t *testing.T) {
	storetest.Bubble(t, func(t *testing.T, engine store.Engine) {
		w := newWorld(t, engine)
		in := w.open(t, Config{}, nil)
		interrupted := make(chan error, 1)
		var calls atomic.Int32
		defer start(t, in, func(ctx context.Context, _ Message) error {
			if calls.Add(1) > 1 {
				return nil
			}
			<-ctx.Done()
			interrupted <- context.Cause(ctx)
			return ctx.Err()
		})()
		take(t, in, said("lan", 1))
		synctest.Wait()
		_, err := in.records.Update(t.Context(), idOf(t, in, said("lan", 1)), func(r *record) error {
			r.Owner, r.Due = "somebody else", at(time.Now().Add(10*time.Second))
			return nil
		})
		require.NoError(t, err)
		time.Sleep(4 * time.Second)
		require.ErrorIs(t, <-interrupted, errTaken)
		require.Equal(t, "somebody else", stored(t, in, said("lan", 1)).Owner, "a late failure changes nothing")
		time.Sleep(10 * time.Second)
		require.Equal(t, done, stored(t, in, said("lan", 1)).State)
	})
}

// TestAnyInterleaving lets events of some people come to some replicas in any order and at any pace, with failures and slow handlers, and one replica
// killed or stopped half-way.
func TestAnyInterleaving(t *testing.T) {
	for range 15 {
		seed := rand.Uint64()
		t.Run(fmt.Sprintf("seed %#x", seed), func(t *testing.T) {
			storetest.Bubble(t, func(t *testing.T, engine store.Engine) { interleave(t, engine, drawn(seed)) })
		})
	}
}

type interleaving struct {
	replicas, pace, count, slow int
	kill                        bool
	rnd                         *rand.Rand
}

func drawn(seed uint64) interleaving {
	r := rand.New(rand.NewPCG(seed, 0))
	return interleaving{replicas: 1 + r.IntN(3), pace: r.IntN(120), count: 1 + r.IntN(25), slow: r.IntN(400), kill: r.IntN(2) == 0, rnd: r}
}

func interleave(t *testing.T, engine store.Engine, x interleaving) {
	rnd := x.rnd
	w := newWorld(t, engine)
	failed := map[string]bool{}
	var seen witness
	seen.during = func(ctx context.Context, m Message) {
		retry.Sleep(ctx, time.Duration(len(m.ID)*x.slow/40)*time.Millisecond)
	}
	seen.answer = func(m Message) error {
		seen.mu.Lock()
		defer seen.mu.Unlock()
		if m.Event.At.UnixMilli()%7 == 0 && !failed[m.ID] {
			failed[m.ID] = true
			return errLost
		}
		return nil
	}
	grave := storetest.Mortal{Engine: engine, Life: &storetest.Life{}}
	var all []*Inbox
	ctx, die := context.WithCancel(t.Context())
	defer die()
	dead := make(chan error, 1)
	for i := range x.replicas {
		w.engine = engine
		if i == 0 && x.kill {
			w.engine = grave
		}
		in := w.open(t, Config{Settle: settle}, nil)
		all = append(all, in)
		if i == 0 {
			go func() { dead <- in.Run(ctx, seen.see) }()
			continue
		}
		defer start(t, in, seen.see)()
	}
	acknowledged := map[string]bool{}
	for i := range x.count {
		if i == x.count/2 {
			grave.Kill()
			die()
			<-dead
			all = all[min(1, len(all)-1):]
			if x.replicas == 1 {
				w.engine = engine
				all[0] = w.open(t, Config{Settle: settle}, nil)
				defer start(t, all[0], seen.see)()
			}
		}
		e := said([]string{"an", "binh", "chi"}[rnd.IntN(3)], rnd.IntN(50))
		if all[rnd.IntN(len(all))].Take(t.Context(), zalo, []channels.Event{e}) == nil {
			acknowledged[e.ID] = true
		}
		time.Sleep(time.Duration(rnd.IntN(x.pace+1)) * time.Millisecond)
	}
	time.Sleep(2 * time.Minute)
	for id := range acknowledged {
		require.NotZero(t, seen.tried(id), id)
	}
	n, err := all[0].records.Count(t.Context(), all[0].due.Where(), 100)
	require.NoError(t, err)
	require.Zero(t, n, "nothing is left")
	require.False(t, seen.clashed(), "one conversation is worked on by one replica at a time")
}
