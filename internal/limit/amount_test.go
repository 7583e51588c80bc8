package limit

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/redisx/redisxtest"
)

func TestSpend(t *testing.T) {
	s, c := redisxtest.Start(t), newClock()
	shared := s.Open(t)
	for name, replicas := range map[string][2]*Limiter{
		"alone":    func() [2]*Limiter { l := New(nil, c.Now, quiet); return [2]*Limiter{l, l} }(),
		"together": {New(shared, c.Now, quiet), New(s.Open(t), c.Now, quiet)},
	} {
		t.Run(name, func(t *testing.T) {
			a, b := replicas[0], replicas[1]
			r := Rule{Max: 100, Per: time.Minute}
			spend := func(l *Limiter, n int) fault.Code {
				_, err := l.Spend(t.Context(), "k", r, n)
				return fault.CodeOf(err)
			}
			require.Empty(t, spend(a, 60))
			for range 3 {
				require.Equal(t, fault.RateLimited, spend(b, 50), "all or nothing")
			}
			require.Empty(t, spend(b, 40), "what was refused was not counted")
			require.Equal(t, fault.RateLimited, spend(a, 2))
			b.Return(t.Context(), "k", 40)
			require.Empty(t, spend(b, 40))
			require.Equal(t, fault.RateLimited, spend(b, 1))
		})
	}
	c.Add(time.Minute)
	s.Redis.FastForward(time.Minute)
	l := New(shared, c.Now, quiet)
	l.Return(t.Context(), "k", 1000)
	require.Empty(t, s.Redis.Keys(), "a window that is over leaves nothing behind")
}
