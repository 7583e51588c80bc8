package redisx_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/motcua/motcua/internal/leaktest"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/redisx"
	"github.com/motcua/motcua/internal/redisx/redisxtest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

func TestEmbeddedForgetsWhatExpires(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, err := redisx.Open(t.Context(), redisx.Config{})
		require.NoError(t, err)
		defer func() { require.NoError(t, c.Close()) }()
		require.True(t, c.Embedded())
		require.NoError(t, c.Ping(t.Context()))
		require.NoError(t, c.Set(t.Context(), "k", "v", 10*time.Second).Err())
		time.Sleep(9 * time.Second)
		v, err := c.Get(t.Context(), "k").Result()
		require.NoError(t, err)
		require.Equal(t, "v", v)
		time.Sleep(2 * time.Second)
		require.ErrorIs(t, c.Get(t.Context(), "k").Err(), redis.Nil)
	})
}

func TestCloseTwice(t *testing.T) {
	c, err := redisx.Open(t.Context(), redisx.Config{})
	require.NoError(t, err)
	require.NoError(t, c.Close())
	require.NoError(t, c.Close())
	require.Equal(t, fault.Unavailable, fault.CodeOf(c.Ping(t.Context())))
}

func TestOpenDoesNotNeedTheServer(t *testing.T) {
	c, err := redisx.Open(t.Context(), redisx.Config{URI: "redis://127.0.0.1:1", Timeout: 100 * time.Millisecond})
	require.NoError(t, err)
	defer c.Close()
	require.False(t, c.Embedded())
	require.Equal(t, fault.Unavailable, fault.CodeOf(c.Ping(t.Context())))
}

func TestBlackHoleCostsOneTimeoutAndThenNothing(t *testing.T) {
	s := redisxtest.Start(t)
	c := s.Open(t)
	require.NoError(t, c.Ping(t.Context()))
	s.BlackHole()
	var wg sync.WaitGroup
	var mu sync.Mutex
	away := 0
	for range 5 {
		wg.Go(func() {
			for range 50 {
				if errors.Is(c.Get(t.Context(), "k").Err(), redisx.ErrAway) {
					mu.Lock()
					away++
					mu.Unlock()
				}
			}
		})
	}
	before := time.Now()
	wg.Wait()
	require.Greater(t, away, 200, "most of 250 calls are not sent")
	require.Less(t, time.Since(before), 5*time.Second, "250 calls that each waited would take this; the bound leaves room for a busy machine")
	_, err := c.Pipelined(t.Context(), func(p redis.Pipeliner) error {
		p.Get(t.Context(), "k")
		return nil
	})
	require.Error(t, err)
	s.Heal()
	require.Eventually(t, func() bool { return c.Ping(t.Context()) == nil }, 5*time.Second, 10*time.Millisecond, "it comes back by itself")
}

func TestKilledServerComesBack(t *testing.T) {
	s := redisxtest.Start(t)
	c := s.Open(t)
	require.NoError(t, c.Set(t.Context(), "k", "v", 0).Err())
	s.Kill()
	require.Error(t, c.Get(t.Context(), "k").Err())
	s.Revive(t)
	require.Eventually(t, func() bool { return errors.Is(c.Get(t.Context(), "k").Err(), redis.Nil) }, 5*time.Second, 10*time.Millisecond)
}

func TestCommandIsSentOnce(t *testing.T) {
	s := redisxtest.Start(t)
	c := s.Open(t)
	require.NoError(t, c.Ping(t.Context()))
	s.BlackHole()
	require.Error(t, c.Incr(t.Context(), "n").Err(), "its answer is lost")
	s.Heal()
	require.Eventually(t, func() bool {
		n, err := c.Get(t.Context(), "n").Int()
		return err == nil && n == 1
	}, 5*time.Second, 10*time.Millisecond, "it arrived late, and was not repeated")
}

func TestDeadlineOfTheCallerCounts(t *testing.T) {
	s := redisxtest.Start(t)
	cfg := s.Config()
	cfg.Timeout = 10 * time.Second
	c, err := redisx.Open(t.Context(), cfg)
	require.NoError(t, err)
	defer c.Close()
	require.NoError(t, c.Ping(t.Context()))
	s.BlackHole()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	before := time.Now()
	require.Error(t, c.Get(ctx, "k").Err())
	require.Less(t, time.Since(before), 5*time.Second)
}

func TestValidate(t *testing.T) {
	good := []string{"", "redis://localhost", "rediss://user:pw@cache.example:6380/2", "redis://a:6379?addr=b:6379&addr=c:6379", "redis://s1:26379?master_name=city&addr=s2:26379"}
	for _, uri := range good {
		require.NoError(t, redisx.Config{URI: uri}.Validate(), uri)
	}
	bad := []string{"localhost:6379", "http://x", "redis://", "redis://u:hunter2@x:6379/notanumber", "redis://u:hunter2@x:port", "redis://u:hunter2@x?unknown=1"}
	for _, uri := range bad {
		err := redisx.Config{URI: uri}.Validate()
		require.ErrorContains(t, err, "uri:", uri)
		require.NotContains(t, err.Error(), "hunter2", "the password stays out of the message")
	}
	err := redisx.Config{URI: "x", Timeout: -1, Pause: -1, PoolSize: -1}.Validate()
	require.Equal(t, 4, len(strings.Split(err.Error(), "\n")), "all problems at once")
	_, err = redisx.Open(t.Context(), redisx.Config{URI: "x"})
	require.Error(t, err)
}
