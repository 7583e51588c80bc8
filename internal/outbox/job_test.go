package outbox

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/internal/store"
	"github.com/motcua/motcua/internal/store/storetest"
)

// runs notes when a job ran.
type runs struct {
	mu    sync.Mutex
	at    []time.Duration // since begun
	begun time.Time
	busy  int
	most  int
}

// enter begins a run and gives its number.
func (r *runs) enter() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.at = append(r.at, time.Since(r.begun).Round(time.Second))
	r.busy++
	r.most = max(r.most, r.busy)
	return len(r.at)
}

func (r *runs) times() []time.Duration {
	synctest.Wait()
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.at)
}

func (r *runs) leave() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.busy--
}

func TestJobRunsInOneReplica(t *testing.T) {
	storetest.Bubble(t, func(t *testing.T, engine store.Engine) {
		r := runs{begun: time.Now()}
		for range 3 {
			o := open(t, engine, Config{})
			require.NoError(t, o.Schedule("sweep", 10*time.Minute, func(context.Context) error {
				r.enter()
				defer r.leave()
				time.Sleep(30 * time.Second) // longer than a lease: it is renewed
				return nil
			}))
			defer start(t, o)()
		}
		time.Sleep(time.Hour - time.Minute)
		synctest.Wait()
		require.Equal(t, 1, r.most)
		require.Equal(t, []time.Duration{0, 10 * time.Minute, 20 * time.Minute, 30 * time.Minute, 40 * time.Minute, 50 * time.Minute}, r.times())
	})
}

func TestKilledReplicasJobIsTakenOver(t *testing.T) {
	storetest.Bubble(t, func(t *testing.T, engine store.Engine) {
		ctx, die := context.WithCancel(t.Context())
		grave := storetest.Mortal{Engine: engine, Life: &storetest.Life{OnEnd: die}}
		first := open(t, grave, Config{})
		require.NoError(t, first.Schedule("sweep", time.Hour, func(ctx context.Context) error {
			<-ctx.Done()
			return ctx.Err()
		}))
		done := make(chan error, 1)
		go func() { done <- first.Run(ctx) }()
		synctest.Wait()
		grave.Kill()
		r := runs{begun: time.Now()}
		second := open(t, engine, Config{})
		require.NoError(t, second.Schedule("sweep", time.Hour, func(context.Context) error {
			r.enter()
			return nil
		}))
		defer start(t, second)()
		time.Sleep(time.Hour + time.Minute)
		require.Equal(t, []time.Duration{20 * time.Second, time.Hour}, r.times(), "taken over when the lease ended, then as planned")
		<-done
	})
}

func TestJobOfAReplicaThatLostItsLeaseIsStopped(t *testing.T) {
	storetest.Bubble(t, func(t *testing.T, engine store.Engine) {
		o := open(t, engine, Config{})
		stopped := make(chan error, 1)
		require.NoError(t, o.Schedule("sweep", time.Hour, func(ctx context.Context) error {
			<-ctx.Done()
			stopped <- context.Cause(ctx)
			return ctx.Err()
		}))
		defer start(t, o)()
		synctest.Wait()
		_, err := o.jobs.Update(t.Context(), "sweep", func(r *jobRecord) error {
			r.Lease, r.Due = "another", time.Now().Add(time.Hour).UTC()
			return nil
		})
		require.NoError(t, err)
		require.ErrorIs(t, <-stopped, errLeaseLost)
		synctest.Wait()
		r, err := o.jobs.Get(t.Context(), "sweep")
		require.NoError(t, err)
		require.Equal(t, "another", r.Lease, "the other's lease is left alone")
	})
}

func TestFailedJobIsRepeatedSooner(t *testing.T) {
	storetest.Bubble(t, func(t *testing.T, engine store.Engine) {
		r := runs{begun: time.Now()}
		o := open(t, engine, Config{})
		require.NoError(t, o.Schedule("sweep", 24*time.Hour, func(context.Context) error {
			switch r.enter() {
			case 1:
				return errors.New("odd")
			case 2:
				panic("wild")
			}
			return nil
		}))
		defer start(t, o)()
		time.Sleep(time.Hour)
		require.Equal(t, []time.Duration{0, 30 * time.Second, 90 * time.Second}, r.times())
	})
}

func TestMissedRunsAreSkippedAndAShorterPeriodCounts(t *testing.T) {
	storetest.Bubble(t, func(t *testing.T, engine store.Engine) {
		r := runs{begun: time.Now()}
		job := func(context.Context) error {
			r.enter()
			return nil
		}
		first := open(t, engine, Config{})
		require.NoError(t, first.Schedule("sweep", 24*time.Hour, job))
		stop := start(t, first)
		synctest.Wait()
		stop()
		second := open(t, engine, Config{})
		require.NoError(t, second.Schedule("sweep", time.Hour, job))
		stop = start(t, second)
		time.Sleep(90 * time.Minute)
		stop()
		require.Equal(t, []time.Duration{0, time.Hour}, r.times())
		time.Sleep(10 * time.Hour) // all replicas are down
		third := open(t, engine, Config{})
		require.NoError(t, third.Schedule("sweep", time.Hour, job))
		defer start(t, third)()
		time.Sleep(61 * time.Minute)
		require.Equal(t, []time.Duration{11*time.Hour + 30*time.Minute, 12*time.Hour + 30*time.Minute}, r.times()[2:])
	})
}

func TestStoppingInterruptsAJobAndLetsAnotherGoOn(t *testing.T) {
	storetest.Bubble(t, func(t *testing.T, engine store.Engine) {
		r := runs{begun: time.Now()}
		job := func(ctx context.Context) error {
			r.enter()
			<-ctx.Done()
			return ctx.Err()
		}
		for range 2 {
			o := open(t, engine, Config{})
			require.NoError(t, o.Schedule("sweep", time.Hour, job))
			stop := start(t, o)
			synctest.Wait()
			stop()
		}
		require.Equal(t, []time.Duration{0, 0}, r.times())
	})
}
