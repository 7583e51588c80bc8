package outbox

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/internal/store"
	"github.com/motcua/motcua/internal/store/storetest"
)

// TestDeathAroundAnyWrite kills the process before and after each of its writes in turn, starts another one, and looks that every intent whose Put was
// acknowledged is done, that nothing already done is done again, and that only what was in work at the death may have been done twice.
func TestDeathAroundAnyWrite(t *testing.T) {
	const intents = 2
	const writes = intents * 3 // put, claim, settle of each
	for _, answered := range []bool{false, true} {
		for left := range writes {
			t.Run(fmt.Sprintf("write %d, reached the store: %t", left, answered), func(t *testing.T) {
				storetest.Bubble(t, func(t *testing.T, engine store.Engine) { dieAround(t, engine, left, answered, intents) })
			})
		}
	}
}

func dieAround(t *testing.T, engine store.Engine, left int, answered bool, intents int) {
	ctx, die := context.WithCancel(t.Context())
	var did effects
	life := &storetest.Life{OnEnd: die}
	life.EndAt(left+1, answered)
	first := open(t, storetest.Mortal{Engine: engine, Life: life}, Config{})
	require.NoError(t, first.Handle("sms", did.count))
	done := make(chan error, 1)
	go func() { done <- first.Run(ctx) }()
	var acknowledged []string
	for i := range intents {
		id := fmt.Sprint("i", i)
		if first.Put(ctx, Intent{ID: id, Kind: "sms"}) == nil {
			acknowledged = append(acknowledged, id)
		}
		synctest.Wait()
	}
	require.Error(t, ctx.Err(), "it died")
	<-done // what it may still do, it does without a store
	half := map[string]int{}
	for _, id := range acknowledged {
		if stateOf(t, open(t, engine, Config{}), id).State != Done {
			half[id] = did.of(id)
		}
	}
	second := open(t, engine, Config{})
	require.NoError(t, second.Handle("sms", did.count))
	defer start(t, second)()
	time.Sleep(30 * time.Second) // the promise: work is resumed within this
	synctest.Wait()
	for _, id := range acknowledged {
		require.Equal(t, Done, stateOf(t, second, id).State, id)
		if n, wasHalf := half[id]; wasHalf {
			require.Equal(t, n+1, did.of(id), id)
			continue
		}
		require.Equal(t, 1, did.of(id), id)
	}
	require.LessOrEqual(t, len(half), 1, "one worker's intent at most was in work")
}

func TestKilledWorkersIntentIsTakenOver(t *testing.T) {
	storetest.BubbleOnFiles(t, func(t *testing.T, engine store.Engine) {
		ctx, die := context.WithCancel(t.Context())
		grave := storetest.Mortal{Engine: engine, Life: &storetest.Life{OnEnd: die}}
		first := open(t, grave, Config{Drain: time.Second})
		stuck := func(ctx context.Context, _ Intent) error {
			<-ctx.Done()
			return ctx.Err()
		}
		require.NoError(t, first.Handle("sms", stuck))
		done := make(chan error, 1)
		go func() { done <- first.Run(ctx) }()
		require.NoError(t, first.Put(t.Context(), Intent{ID: "a", Kind: "sms"}))
		synctest.Wait()
		grave.Kill()

		second := open(t, engine, Config{})
		var did effects
		require.NoError(t, second.Handle("sms", did.count))
		defer start(t, second)()
		time.Sleep(24 * time.Second)
		require.Zero(t, did.of("a"), "nobody takes over while the lease holds")
		time.Sleep(5 * time.Second)
		require.Equal(t, 1, did.of("a"))
		r := stateOf(t, second, "a")
		require.Equal(t, 1, r.Failures, "a lost lease counts, so that what kills its worker does not live for ever")
		<-done
	})
}

func TestIntentThatKillsItsWorkerDies(t *testing.T) {
	storetest.Bubble(t, func(t *testing.T, engine store.Engine) {
		o := open(t, engine, Config{Failures: 3})
		require.NoError(t, o.Put(t.Context(), Intent{ID: "a", Kind: "sms"}))
		for i := range 3 {
			_, err := o.records.Update(t.Context(), "a", func(r *record) error { return r.claim(fmt.Sprint("worker", i), time.Now(), o.cfg) })
			require.NoError(t, err)
			time.Sleep(o.cfg.lease())
		}
		require.NoError(t, o.Handle("sms", func(context.Context, Intent) error { panic("must not run") }))
		defer start(t, o)()
		synctest.Wait()
		r := stateOf(t, o, "a")
		require.Equal(t, Dead, r.State)
		require.Equal(t, reasonLeaseLost, r.Reason)
	})
}

func TestTwoReplicasShareTheWork(t *testing.T) {
	storetest.BubbleOnFiles(t, func(t *testing.T, engine store.Engine) {
		const intents = 120
		var did effects
		a, b := open(t, engine, Config{}), open(t, engine, Config{})
		for i := range intents {
			require.NoError(t, a.Put(t.Context(), Intent{ID: fmt.Sprint("i", i), Lane: Lanes()[i%4], Kind: "sms"}))
		}
		require.NoError(t, a.Handle("sms", did.count))
		require.NoError(t, b.Handle("sms", did.count))
		defer start(t, a)()
		defer start(t, b)()
		time.Sleep(time.Minute)
		for i := range intents {
			require.Equal(t, 1, did.of(fmt.Sprint("i", i)))
		}
	})
}

// TestSlowWorkerThatSucceedsAfterItsLease shows that a late success still ends the intent, whoever holds it by then.
func TestSlowWorkerThatSucceedsAfterItsLease(t *testing.T) {
	c := Config{}.filled()
	now := time.Unix(1_700_000_000, 0)
	r := record{ID: "a", Lane: Normal, State: Waiting, Since: now, Due: at(now)}
	require.NoError(t, r.claim("slow", now, c))
	later := now.Add(c.lease())
	require.NoError(t, r.claim("other", later, c))
	require.ErrorIs(t, (&record{State: Done}).settle("slow", nil, later, c), store.ErrUnchanged)
	failed := r
	require.ErrorIs(t, failed.settle("slow", context.DeadlineExceeded, later, c), store.ErrUnchanged, "a late failure changes nothing")
	require.NoError(t, r.settle("slow", nil, later, c))
	require.Equal(t, Done, r.State)
}

// signals is a hub of one process, as live.Hub is without Redis.
type signals struct{ ch map[string]chan struct{} }

func (s signals) Signal(_ context.Context, topic string) { nudge(s.ch[topic]) }

func (s signals) Watch(_ context.Context, topic string) <-chan struct{} { return s.ch[topic] }

func TestOtherReplicaIsWoken(t *testing.T) {
	storetest.Bubble(t, func(t *testing.T, engine store.Engine) {
		hub := signals{ch: map[string]chan struct{}{}}
		for _, l := range Lanes() {
			hub.ch[topic(l)] = make(chan struct{}, 1)
		}
		putter, worker := open(t, engine, Config{}), open(t, engine, Config{Poll: time.Minute})
		putter.Connect(hub)
		worker.Connect(hub)
		var did effects
		require.NoError(t, worker.Handle("sms", did.count))
		defer start(t, worker)()
		synctest.Wait()
		before := time.Now()
		require.NoError(t, putter.Put(t.Context(), Intent{ID: "a", Lane: Codes, Kind: "sms"}))
		synctest.Wait()
		require.Equal(t, 1, did.of("a"))
		require.Zero(t, time.Since(before))
	})
}

func TestLostSignalCostsAPoll(t *testing.T) {
	storetest.Bubble(t, func(t *testing.T, engine store.Engine) {
		putter, worker := open(t, engine, Config{}), open(t, engine, Config{Poll: 2 * time.Second})
		var did effects
		require.NoError(t, worker.Handle("sms", did.count))
		defer start(t, worker)()
		synctest.Wait()
		require.NoError(t, putter.Put(t.Context(), Intent{ID: "a", Kind: "sms"}))
		time.Sleep(2 * time.Second)
		synctest.Wait()
		require.Equal(t, 1, did.of("a"))
	})
}
