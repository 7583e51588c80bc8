package limit

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/motcua/motcua/internal/leaktest"

	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/internal/clocktest"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/redisx"
	"github.com/motcua/motcua/internal/redisx/redisxtest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

var quiet = slog.New(slog.DiscardHandler)

func newClock() *clocktest.Clock { return clocktest.At(time.Unix(1_790_000_000, 0)) }

// pass counts how many of n calls pass.
func pass(t *testing.T, l *Limiter, key string, r Rule, n int) int {
	t.Helper()
	passed := 0
	for range n {
		wait, err := l.Allow(t.Context(), key, r)
		if err == nil {
			passed++
			continue
		}
		require.Equal(t, fault.RateLimited, fault.CodeOf(err))
		require.Equal(t, wait, fault.Of(err).RetryAfter)
		require.Positive(t, wait)
		require.LessOrEqual(t, wait, r.Per)
	}
	return passed
}

func TestLocalWindow(t *testing.T) {
	c := newClock()
	l := New(nil, c.Now, quiet)
	r := Rule{Max: 3, Per: time.Minute}
	require.Equal(t, 3, pass(t, l, "a", r, 5))
	require.Equal(t, 3, pass(t, l, "b", r, 5), "another key has its own window")
	c.Add(40 * time.Second)
	wait, err := l.Allow(t.Context(), "a", r)
	require.Error(t, err)
	require.Equal(t, 20*time.Second, wait, "a refused call does not prolong the window")
	c.Add(20 * time.Second)
	require.Equal(t, 3, pass(t, l, "a", r, 5))
	c.Add(-time.Hour)
	require.Equal(t, 3, pass(t, l, "a", r, 5), "a clock set back does not lock anybody out for an hour")
}

func TestRuleMustLimit(t *testing.T) {
	l := New(nil, time.Now, quiet)
	for _, r := range []Rule{{}, {Max: 1}, {Per: time.Second}, {Max: -1, Per: time.Second}} {
		_, err := l.Allow(t.Context(), "a", r)
		require.Equal(t, fault.Internal, fault.CodeOf(err), "%v", r)
	}
}

func TestReplicasCountTogether(t *testing.T) {
	s := redisxtest.Start(t)
	c := newClock()
	a, b := New(s.Open(t), c.Now, quiet), New(s.Open(t), c.Now, quiet)
	r := Rule{Max: 6, Per: time.Minute}
	require.Equal(t, 3, pass(t, a, "k", r, 3))
	require.Equal(t, 3, pass(t, b, "k", r, 3))
	require.Zero(t, pass(t, a, "k", r, 3))
	require.Zero(t, pass(t, b, "k", r, 3))
	c.Add(time.Minute)
	s.Redis.FastForward(time.Minute)
	require.Equal(t, 6, pass(t, b, "k", r, 8))
	for _, key := range s.Redis.Keys() {
		require.True(t, strings.HasPrefix(key, "limit:"))
		require.Positive(t, s.Redis.TTL(key), "every count ends")
	}
}

func TestParallelCallsPassExactlyMax(t *testing.T) {
	s := redisxtest.Start(t)
	l := New(s.Open(t), time.Now, quiet)
	r := Rule{Max: 10, Per: time.Hour}
	var passed atomic.Int64
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 10 {
				if _, err := l.Allow(t.Context(), "k", r); err == nil {
					passed.Add(1)
				}
			}
		})
	}
	wg.Wait()
	require.EqualValues(t, 10, passed.Load())
}

// TestRedisGone takes Redis away in the middle of a window, in each way there is, and looks that the limit neither opens nor closes.
func TestRedisGone(t *testing.T) {
	ways := map[string]func(*redisxtest.Server){
		"killed":     func(s *redisxtest.Server) { s.Kill() },
		"flushed":    func(s *redisxtest.Server) { s.Redis.FlushAll() },
		"black hole": func(s *redisxtest.Server) { s.BlackHole() },
		"refusing":   func(s *redisxtest.Server) { s.Redis.SetError("LOADING") },
	}
	for name, takeAway := range ways {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := redisxtest.Start(t)
			c := newClock()
			l := New(s.Open(t), c.Now, quiet)
			r := Rule{Max: 10, Per: time.Minute}
			require.Equal(t, 6, pass(t, l, "k", r, 6))
			takeAway(s)
			before := time.Now()
			require.Equal(t, 4, pass(t, l, "k", r, 50), "the count goes on where it was")
			require.Equal(t, 10, pass(t, l, "new", r, 50), "somebody new is still served, within the limit")
			require.Less(t, time.Since(before), 8*time.Second, "100 calls waiting for each time-out would take 10 s")
			c.Add(time.Minute)
			s.Redis.FastForward(time.Minute)
			require.Equal(t, 10, pass(t, l, "k", r, 20), "and the window ends")
		})
	}
}

func TestCallerThatLeftIsStillCounted(t *testing.T) {
	s := redisxtest.Start(t)
	l := New(s.Open(t), time.Now, quiet)
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	r := Rule{Max: 1, Per: time.Minute}
	_, err := l.Allow(gone, "k", r)
	require.NoError(t, err)
	_, err = l.Allow(gone, "k", r)
	require.Equal(t, fault.RateLimited, fault.CodeOf(err))
}

func TestCountWithoutAnEndIsGivenOne(t *testing.T) {
	s := redisxtest.Start(t)
	l := New(s.Open(t), time.Now, quiet)
	r := Rule{Max: 1000, Per: time.Minute}
	require.Equal(t, 1, pass(t, l, "k", r, 1))
	key := s.Redis.Keys()[0]
	s.Redis.SetTTL(key, 0)
	require.Equal(t, 1, pass(t, l, "k", r, 1))
	require.Equal(t, time.Minute, s.Redis.TTL(key))
}

func TestOutageIsLoggedOnce(t *testing.T) {
	s := redisxtest.Start(t)
	var out bytes.Buffer
	l := New(s.Open(t), time.Now, slog.New(slog.NewTextHandler(&out, nil)))
	s.Kill()
	pass(t, l, "0912345678", Rule{Max: 100, Per: time.Minute}, 20)
	require.Equal(t, 1, strings.Count(out.String(), "redis is away"))
	require.NotContains(t, out.String(), "0912345678")
	s.Revive(t)
	require.Eventually(t, func() bool {
		pass(t, l, "k", Rule{Max: 1_000_000, Per: time.Minute}, 1)
		return strings.Contains(out.String(), "counted in redis again")
	}, 5*time.Second, 10*time.Millisecond)
}

func TestMemoryIsBounded(t *testing.T) {
	l := New(nil, time.Now, quiet)
	r := Rule{Max: 1, Per: time.Hour}
	for i := range maxWindows + 1000 {
		_, err := l.Allow(t.Context(), fmt.Sprint("flood", i), r)
		require.NoError(t, err)
	}
	require.Equal(t, maxWindows, l.local.all.Len())
}

func TestEmbeddedRedisIsNotAsked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, err := redisx.Open(t.Context(), redisx.Config{})
		require.NoError(t, err)
		l := New(client, time.Now, quiet)
		require.NoError(t, client.Close())
		require.Equal(t, 2, pass(t, l, "k", Rule{Max: 2, Per: time.Minute}, 5))
	})
}
