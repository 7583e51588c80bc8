package outbox

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/store"
	"github.com/motcua/motcua/internal/store/storetest"
)

func TestPutThenDone(t *testing.T) {
	storetest.Bubble(t, func(t *testing.T, engine store.Engine) {
		o := open(t, engine, Config{})
		var did effects
		require.NoError(t, o.Handle("sms", did.count))
		defer start(t, o)()
		in := Intent{ID: "a", Lane: Codes, Kind: "sms", Payload: []byte("sealed")}
		require.NoError(t, o.Put(t.Context(), in))
		synctest.Wait()
		require.Equal(t, 1, did.of("a"), "without any waiting")
		r := stateOf(t, o, "a")
		require.Equal(t, Done, r.State)
		require.Empty(t, r.Payload, "the payload of a finished intent is dropped")
		require.Equal(t, 7*24*time.Hour, r.ExpiresAt.Sub(r.Since))

		require.NoError(t, o.Put(t.Context(), in), "a repeat is no error")
		time.Sleep(time.Minute)
		require.Equal(t, 1, did.of("a"), "a repeat does nothing")
	})
}

func TestPutRefusesMalformed(t *testing.T) {
	storetest.Bubble(t, func(t *testing.T, engine store.Engine) {
		o := open(t, engine, Config{})
		tests := []struct {
			name string
			in   Intent
		}{
			{"no id", Intent{Kind: "sms"}},
			{"long id", Intent{ID: strings.Repeat("x", maxID+1), Kind: "sms"}},
			{"no kind", Intent{ID: "a"}},
			{"unknown lane", Intent{ID: "a", Kind: "sms", Lane: "fast"}},
			{"large payload", Intent{ID: "a", Kind: "sms", Payload: make([]byte, maxPayload+1)}},
			{"long group", Intent{ID: "a", Kind: "sms", Group: strings.Repeat("x", maxID+1)}},
		}
		for _, tt := range tests {
			err := o.Put(t.Context(), tt.in)
			require.Equal(t, fault.Internal, fault.CodeOf(err), tt.name)
		}
	})
}

func TestWiringMistakes(t *testing.T) {
	storetest.Bubble(t, func(t *testing.T, engine store.Engine) {
		o := open(t, engine, Config{})
		h := func(context.Context, Intent) error { return nil }
		f := func(context.Context) error { return nil }
		require.NoError(t, o.Handle("sms", h))
		require.Error(t, o.Handle("sms", h))
		require.Error(t, o.Handle("", h))
		require.NoError(t, o.Schedule("sweep", time.Hour, f))
		require.Error(t, o.Schedule("sweep", time.Hour, f))
		require.Error(t, o.Schedule("often", time.Millisecond, f))
		require.NoError(t, o.Relay("cases", &tray{}))
		require.Error(t, o.Relay("cases", &tray{}))
	})
}

func TestDueAndUntil(t *testing.T) {
	storetest.Bubble(t, func(t *testing.T, engine store.Engine) {
		o := open(t, engine, Config{Poll: time.Minute})
		var did effects
		require.NoError(t, o.Handle("sms", did.count))
		require.NoError(t, o.Handle("away", func(context.Context, Intent) error { return fault.New(fault.Unavailable, "") }))
		defer start(t, o)()
		require.NoError(t, o.Put(t.Context(), Intent{ID: "later", Kind: "sms", Due: time.Now().Add(time.Hour)}))
		require.NoError(t, o.Put(t.Context(), Intent{ID: "code", Kind: "away", Lane: Codes, Payload: []byte("sealed"), Until: time.Now().Add(5 * time.Minute)}))
		time.Sleep(time.Hour - time.Second)
		require.Zero(t, did.of("later"))
		r := stateOf(t, o, "code")
		require.Equal(t, Dead, r.State)
		require.Equal(t, reasonExpired, r.Reason)
		require.Greater(t, r.Attempts, 15, "a code is tried at least every 15 s")
		require.Empty(t, r.Payload)
		require.Equal(t, fault.Conflict, fault.CodeOf(o.Retry(t.Context(), "code")), "an old code is not sent")
		time.Sleep(1500 * time.Millisecond)
		require.Equal(t, 1, did.of("later"), "within a moment of its time, without a poll")
	})
}

func TestOutcomes(t *testing.T) {
	var wild []int
	tests := []struct {
		name     string
		err      error
		wait     time.Duration // after which the intent must have come to its end
		state    State
		reason   string
		attempts int
	}{
		{name: "succeeds", state: Done, attempts: 1},
		{name: "permanent", err: Permanent("bad_recipient", nil), state: Dead, reason: "bad_recipient", attempts: 1},
		{name: "wrapped permanent", err: fmt.Errorf("sms: %w", Permanent("blocked", errors.New("cause"))), state: Dead, reason: "blocked", attempts: 1},
		{name: "ours", err: errors.New("odd"), wait: 10 * time.Minute, state: Dead, reason: "INTERNAL", attempts: 3},
		{name: "invalid", err: fault.New(fault.Invalid, "sms.bad_text"), wait: 10 * time.Minute, state: Dead, reason: "INVALID sms.bad_text", attempts: 3},
		{name: "outage is not counted", err: fault.New(fault.Unavailable, ""), wait: 10 * time.Minute, state: Waiting, reason: "UNAVAILABLE", attempts: 9},
		{name: "outage ends in time", err: fault.New(fault.Unavailable, ""), wait: 4 * time.Hour, state: Dead, reason: reasonGaveUp, attempts: 30},
		{name: "patience asked for", err: fault.New(fault.RateLimited, "").After(10 * time.Minute), wait: 15 * time.Minute, state: Waiting, reason: "RATE_LIMITED", attempts: 2},
		{name: "panic", err: errWild, wait: 10 * time.Minute, state: Dead, reason: reasonPanic, attempts: 3},
		{name: "runtime panic", err: errIndex, wait: 10 * time.Minute, state: Dead, reason: reasonPanic, attempts: 3},
		{name: "no handler", err: errNobody, wait: 10 * time.Minute, state: Waiting, reason: reasonNoHandler, attempts: 0},
		{name: "no handler in time", err: errNobody, wait: 4 * time.Hour, state: Dead, reason: reasonNoHandler, attempts: 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			storetest.Bubble(t, func(t *testing.T, engine store.Engine) {
				o := open(t, engine, Config{Failures: 3, GiveUp: 3 * time.Hour})
				h := func(context.Context, Intent) error {
					switch {
					case errors.Is(tt.err, errWild):
						panic("wild")
					case errors.Is(tt.err, errIndex):
						_ = wild[len(tt.name)]
					}
					return tt.err
				}
				if !errors.Is(tt.err, errNobody) {
					require.NoError(t, o.Handle("sms", h))
				}
				defer start(t, o)()
				require.NoError(t, o.Put(t.Context(), Intent{ID: "a", Kind: "sms"}))
				synctest.Wait()
				time.Sleep(tt.wait)
				synctest.Wait()
				r := stateOf(t, o, "a")
				require.Equal(t, tt.state, r.State)
				require.Equal(t, tt.reason, r.Reason)
				if tt.attempts < 5 {
					require.Equal(t, tt.attempts, r.Attempts)
				} else {
					require.InEpsilon(t, tt.attempts, r.Attempts, 0.6, "back-off doubles, with jitter, up to ten minutes")
				}
			})
		})
	}
}

var (
	errWild   = errors.New("panics")
	errIndex  = errors.New("runs past the end")
	errNobody = errors.New("nobody handles it")
)

func TestHandlerHasADeadlineAndItsAttempt(t *testing.T) {
	storetest.Bubble(t, func(t *testing.T, engine store.Engine) {
		o := open(t, engine, Config{Attempt: 3 * time.Second})
		var attempts []int
		require.NoError(t, o.Handle("slow", func(ctx context.Context, in Intent) error {
			attempts = append(attempts, in.Attempt)
			if in.Attempt > 1 {
				return nil
			}
			<-ctx.Done()
			return ctx.Err()
		}))
		defer start(t, o)()
		require.NoError(t, o.Put(t.Context(), Intent{ID: "a", Kind: "slow", Payload: []byte("p")}))
		time.Sleep(10 * time.Second)
		synctest.Wait()
		require.Equal(t, []int{1, 2}, attempts)
		require.Equal(t, Done, stateOf(t, o, "a").State)
	})
}

func TestDeadLettersAreListedAndReplayed(t *testing.T) {
	storetest.Bubble(t, func(t *testing.T, engine store.Engine) {
		o := open(t, engine, Config{Failures: 2})
		broken := true
		require.NoError(t, o.Handle("sms", func(context.Context, Intent) error {
			if broken {
				return Permanent("rejected", nil)
			}
			return nil
		}))
		defer start(t, o)()
		for i := range 5 {
			lane := Lanes()[i%2]
			require.NoError(t, o.Put(t.Context(), Intent{ID: fmt.Sprint("d", i), Lane: lane, Kind: "sms", Payload: []byte("p")}))
			time.Sleep(time.Second)
		}
		page, err := o.List(t.Context(), Dead, "", 3, "")
		require.NoError(t, err)
		require.True(t, page.HasNext)
		require.Equal(t, []string{"d0", "d1", "d2"}, idsOf(page))
		rest, err := o.List(t.Context(), Dead, "", 3, page.Cursors[2])
		require.NoError(t, err)
		require.Equal(t, []string{"d3", "d4"}, idsOf(rest))
		require.Equal(t, "rejected", rest.Items[0].Reason)
		one, err := o.List(t.Context(), Dead, Urgent, 10, "")
		require.NoError(t, err)
		require.Equal(t, []string{"d1", "d3"}, idsOf(one))

		require.Equal(t, fault.NotFound, fault.CodeOf(o.Retry(t.Context(), "nobody")))
		broken = false
		require.NoError(t, o.Retry(t.Context(), "d0"))
		synctest.Wait()
		r := stateOf(t, o, "d0")
		require.Equal(t, Done, r.State)
		require.Equal(t, fault.Conflict, fault.CodeOf(o.Retry(t.Context(), "d0")), "only the dead are retried")
		_, err = o.List(t.Context(), Dead, "", 3, "nonsense")
		require.Equal(t, fault.Invalid, fault.CodeOf(err))
	})
}

func idsOf(p store.Page[Entry]) []string {
	ids := []string{}
	for _, e := range p.Items {
		ids = append(ids, e.ID)
	}
	return ids
}

func TestFullBulkLaneDelaysNoCode(t *testing.T) {
	storetest.Bubble(t, func(t *testing.T, engine store.Engine) {
		o := open(t, engine, Config{Workers: Workers{Bulk: 4}, Attempt: 5 * time.Minute})
		release := make(chan struct{})
		require.NoError(t, o.Handle("alert", func(ctx context.Context, _ Intent) error {
			select {
			case <-release:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		}))
		var did effects
		require.NoError(t, o.Handle("sms", did.count))
		defer start(t, o)()
		for i := range 200 {
			require.NoError(t, o.Put(t.Context(), Intent{ID: fmt.Sprint("bulk", i), Lane: Bulk, Kind: "alert"}))
		}
		time.Sleep(time.Minute)
		before := time.Now()
		require.NoError(t, o.Put(t.Context(), Intent{ID: "code", Lane: Codes, Kind: "sms"}))
		synctest.Wait()
		require.Equal(t, 1, did.of("code"))
		require.Zero(t, time.Since(before), "the code left without any waiting")
		close(release)
	})
}

func TestGroupKeepsItsOrder(t *testing.T) {
	storetest.Bubble(t, func(t *testing.T, engine store.Engine) {
		a, b := open(t, engine, Config{Failures: 3}), open(t, engine, Config{Failures: 3})
		var did effects
		h := func(_ context.Context, in Intent) error {
			if in.ID == "g05" { // always fails, and dies
				return errors.New("odd")
			}
			if in.Attempt == 1 && in.ID > "g07" {
				return fault.New(fault.Unavailable, "")
			}
			did.add(in.ID)
			return nil
		}
		require.NoError(t, a.Handle("turn", h))
		require.NoError(t, b.Handle("turn", h))
		var want []string
		for i := range 12 { // all within one millisecond of the bubble's clock
			id := fmt.Sprintf("g%02d", i)
			require.NoError(t, a.Put(t.Context(), Intent{ID: id, Kind: "turn", Group: "conversation"}))
			if i != 5 {
				want = append(want, id)
			}
		}
		defer start(t, a)()
		defer start(t, b)()
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		require.Equal(t, want, did.order)
		require.Equal(t, Dead, stateOf(t, a, "g05").State)
		require.NoError(t, a.Put(t.Context(), Intent{ID: "last", Kind: "turn", Group: "conversation"}))
		time.Sleep(time.Minute)
		require.Equal(t, 1, did.of("last"))
	})
}

func TestStoppingLetsAttemptsFinish(t *testing.T) {
	storetest.Bubble(t, func(t *testing.T, engine store.Engine) {
		o := open(t, engine, Config{Drain: 5 * time.Second})
		var did effects
		require.NoError(t, o.Handle("slow", func(ctx context.Context, in Intent) error {
			select {
			case <-time.After(3 * time.Second):
				did.add(in.ID)
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		}))
		stop := start(t, o)
		require.NoError(t, o.Put(t.Context(), Intent{ID: "a", Kind: "slow"}))
		synctest.Wait()
		before := time.Now()
		stop()
		require.Equal(t, 1, did.of("a"))
		require.Equal(t, 3*time.Second, time.Since(before))
		require.Equal(t, Done, stateOf(t, o, "a").State)
		require.NoError(t, o.Put(t.Context(), Intent{ID: "b", Kind: "slow"}), "what is put afterwards waits for the next start")
		time.Sleep(time.Minute)
		require.Zero(t, did.of("b"))
	})
}

func TestStoppingHandsLongAttemptsOver(t *testing.T) {
	storetest.Bubble(t, func(t *testing.T, engine store.Engine) {
		o := open(t, engine, Config{Drain: 2 * time.Second})
		require.NoError(t, o.Handle("slow", func(ctx context.Context, _ Intent) error {
			<-ctx.Done()
			return ctx.Err()
		}))
		stop := start(t, o)
		require.NoError(t, o.Put(t.Context(), Intent{ID: "a", Kind: "slow"}))
		synctest.Wait()
		stop()
		r := stateOf(t, o, "a")
		require.Equal(t, Waiting, r.State)
		require.Empty(t, r.Lease)
		require.Zero(t, r.Failures)

		next := open(t, engine, Config{})
		var did effects
		require.NoError(t, next.Handle("slow", did.count))
		defer start(t, next)()
		synctest.Wait()
		require.Equal(t, 1, did.of("a"), "the next replica takes it at once, without waiting for the lease")
	})
}

func TestHandlerThatIgnoresItsContextDoesNotBlockStopping(t *testing.T) {
	storetest.Bubble(t, func(t *testing.T, engine store.Engine) {
		o := open(t, engine, Config{Drain: time.Second})
		release := make(chan struct{})
		require.NoError(t, o.Handle("deaf", func(context.Context, Intent) error {
			<-release
			return nil
		}))
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- o.Run(ctx) }()
		require.NoError(t, o.Put(t.Context(), Intent{ID: "a", Kind: "deaf"}))
		synctest.Wait()
		cancel()
		require.ErrorContains(t, <-done, "did not heed")
		close(release)
		synctest.Wait()
	})
}

func TestConfigReportsEveryProblem(t *testing.T) {
	require.NoError(t, Config{}.Validate())
	err := Config{
		Attempt: -1, Poll: time.Hour, Failures: -1, BackoffMin: time.Minute, BackoffMax: time.Second, Drain: -1, Workers: Workers{Bulk: 5000},
	}.Validate()
	for _, key := range []string{"attempt:", "poll:", "failures:", "backoff_max:", "drain:", "workers.bulk:"} {
		require.ErrorContains(t, err, key)
	}
}
