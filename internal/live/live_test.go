package live

import (
	"context"
	"fmt"
	"log/slog"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/motcua/motcua/internal/leaktest"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/internal/redisx"
	"github.com/motcua/motcua/internal/redisx/redisxtest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

var quiet = slog.New(slog.DiscardHandler)

func woken(ch <-chan struct{}) bool {
	select {
	case _, open := <-ch:
		return open
	default:
		return false
	}
}

// run runs a hub until the test ends.
func run(t *testing.T, client *redisx.Client) *Hub {
	t.Helper()
	h := New(client, quiet)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- h.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		require.NoError(t, <-done)
	})
	return h
}

func TestSignalWakesItsWatchersOnce(t *testing.T) {
	h := New(nil, quiet)
	a, b := h.Watch(t.Context(), "case:1"), h.Watch(t.Context(), "case:1")
	other := h.Watch(t.Context(), "case:2")
	both := h.WatchAll(t.Context(), "case:2", "case:1", "case:1")
	for range 100 { // nobody listens, and it does not block
		h.Signal(t.Context(), "case:1")
	}
	for _, ch := range []<-chan struct{}{a, b, both} {
		require.True(t, woken(ch))
		require.False(t, woken(ch), "a hundred signals fold into one")
	}
	require.False(t, woken(other))
}

func TestWatchSignalsHearsNoTicks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := run(t, nil)
		ctx, cancel := context.WithCancel(t.Context())
		ch := h.WatchSignals(ctx, "t")
		time.Sleep(time.Hour)
		require.False(t, woken(ch))
		h.Signal(t.Context(), "t")
		require.True(t, woken(ch))
		require.Equal(t, 1, h.Watchers())
		cancel()
		synctest.Wait()
		require.Zero(t, h.Watchers())
	})
}

func TestWatchEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := New(nil, quiet)
		ctx, cancel := context.WithCancel(t.Context())
		ch := h.Watch(ctx, "t")
		require.Equal(t, 1, h.Watchers())
		cancel()
		synctest.Wait()
		_, open := <-ch
		require.False(t, open)
		require.Zero(t, h.Watchers())
		require.Empty(t, h.watchers, "a topic without watchers is forgotten")
		h.Signal(t.Context(), "t")
	})
}

func TestLostSignalIsMadeUpByTheTick(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := run(t, nil)
		var all []<-chan struct{}
		for i := range 200 {
			all = append(all, h.Watch(t.Context(), fmt.Sprint("t", i)))
		}
		time.Sleep(tick / 2)
		synctest.Wait()
		early := 0
		for _, ch := range all {
			if woken(ch) {
				early++
			}
		}
		require.InDelta(t, 100, early, 10, "a tick is spread: half of the watchers in half of the time")
		time.Sleep(tick)
		synctest.Wait()
		for _, ch := range all {
			require.True(t, woken(ch))
		}
	})
}

func TestManyWatchersCostNoGoroutines(t *testing.T) {
	h := New(nil, quiet)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	before := runtime.NumGoroutine()
	var last <-chan struct{}
	for i := range 5000 {
		last = h.Watch(ctx, fmt.Sprint("t", i))
	}
	require.Less(t, runtime.NumGoroutine(), before+10)
	h.Signal(ctx, "t4999")
	require.True(t, woken(last))
}

func TestSignalsCrossReplicas(t *testing.T) {
	s := redisxtest.Start(t)
	a, b := run(t, s.Open(t)), run(t, s.Open(t))
	require.Eventually(t, func() bool { return s.Redis.PubSubNumSub(channel)[channel] == 2 }, 5*time.Second, 5*time.Millisecond)
	ch := b.Watch(t.Context(), "case:1")
	other := b.Watch(t.Context(), "case:2")
	a.Signal(t.Context(), "case:1")
	require.True(t, within(t, ch))
	require.False(t, woken(other))
}

// A hub that ends in the middle of a flood leaves nobody behind who still holds a part of it.
func TestRunEndsInAFlood(t *testing.T) {
	s := redisxtest.Start(t)
	client := s.Open(t)
	h := New(client, quiet)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- h.Run(ctx) }()
	require.Eventually(t, func() bool { return s.Redis.PubSubNumSub(channel)[channel] == 1 }, 5*time.Second, 5*time.Millisecond)
	h.mu.Lock() // the hub hears, and comes no further
	_, err := client.Pipelined(t.Context(), func(p redis.Pipeliner) error {
		for range 300 { // more than the client keeps
			p.Publish(t.Context(), channel, "elsewhere case:1")
		}
		return nil
	})
	require.NoError(t, err)
	cancel()
	h.mu.Unlock()
	require.NoError(t, <-done)
	require.Eventually(t, func() bool {
		stacks := make([]byte, 1<<20)
		stacks = stacks[:runtime.Stack(stacks, true)]
		return !strings.Contains(string(stacks), "go-redis/v9.(*channel).initMsgChan")
	}, 5*time.Second, 5*time.Millisecond, "the client's reader has ended, not only when its minute is over")
}

// within waits for a signal, for less than the tick that would make up for a lost one.
func within(t *testing.T, ch <-chan struct{}) bool {
	t.Helper()
	select {
	case <-ch:
		return true
	case <-time.After(tick - time.Second):
		return false
	}
}

func TestRedisGone(t *testing.T) {
	ways := map[string]struct {
		takeAway, giveBack func(*testing.T, *redisxtest.Server)
	}{
		"killed": {
			func(_ *testing.T, s *redisxtest.Server) { s.Kill() },
			func(t *testing.T, s *redisxtest.Server) { s.Revive(t) },
		},
		"flushed": {
			func(_ *testing.T, s *redisxtest.Server) { s.Redis.FlushAll() },
			func(*testing.T, *redisxtest.Server) {},
		},
		"black hole": {
			func(_ *testing.T, s *redisxtest.Server) { s.BlackHole() },
			func(_ *testing.T, s *redisxtest.Server) { s.Heal() },
		},
	}
	for name, way := range ways {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := redisxtest.Start(t)
			a, b := run(t, s.Open(t)), run(t, s.Open(t))
			way.takeAway(t, s)
			here := a.Watch(t.Context(), "case:1")
			before := time.Now()
			for i := range 1000 {
				a.Signal(t.Context(), fmt.Sprint("flood:", i))
			}
			a.Signal(t.Context(), "case:1")
			require.True(t, woken(here), "in the replica itself at once")
			require.Less(t, time.Since(before), time.Second, "no signal waits for Redis")
			there := b.Watch(t.Context(), "case:1")
			select {
			case <-there: // the tick, if not the signal
			case <-time.After(tick + 5*time.Second):
				t.Fatal("the other replica was never woken")
			}
			way.giveBack(t, s)
			again := b.Watch(t.Context(), "case:9")
			require.Eventually(t, func() bool {
				a.Signal(t.Context(), "case:9")
				return woken(again)
			}, 15*time.Second, 50*time.Millisecond, "signals flow again by themselves")
		})
	}
}

func TestPendingSignalsAreBounded(t *testing.T) {
	s := redisxtest.Start(t)
	h := New(s.Open(t), quiet) // not run: nothing is published
	for i := range maxPending * 2 {
		h.Signal(t.Context(), fmt.Sprint("t", i))
	}
	require.Len(t, h.pending, maxPending)
	h.Signal(t.Context(), strings.Repeat("x", maxTopic+1))
	require.NoError(t, h.flush(t.Context()))
	require.Empty(t, h.pending)
}

func TestEmbeddedRedisIsNotAsked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, err := redisx.Open(t.Context(), redisx.Config{})
		require.NoError(t, err)
		require.NoError(t, client.Close())
		h := run(t, client)
		ch := h.Watch(t.Context(), "t")
		h.Signal(t.Context(), "t")
		require.True(t, woken(ch))
		require.Empty(t, h.pending)
	})
}

func FuzzHear(f *testing.F) {
	for _, s := range []string{"", " ", "a b", "replica case:1", "no-blank", strings.Repeat("x", 500), "x " + strings.Repeat("y", 300)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, payload string) {
		h := New(nil, quiet)
		ch := h.Watch(t.Context(), "case:1")
		h.hear(payload)
		_, topic, _ := strings.Cut(payload, " ")
		require.Equal(t, topic == "case:1", woken(ch))
		h.hear(h.self + " case:1")
		require.False(t, woken(ch), "its own echo wakes nobody")
	})
}
