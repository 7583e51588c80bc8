package limit

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/internal/fault"
)

// TestShareKeepsATenth: a crowd of calls that may wait leaves room for those that must not, and both together stay within the rule.
func TestShareKeepsATenth(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ most, others, first int }{{100, 90, 10}, {10, 9, 1}, {9, 9, 0}, {1, 1, 0}} {
		c := newClock()
		l := New(nil, c.Now, quiet)
		count := func(n int, first bool) (passed int) {
			for range n {
				wait, err := Share(t.Context(), l, "k", Rule{Max: tt.most, Per: time.Minute}, first)
				if err == nil {
					passed++
					continue
				}
				require.Equal(t, fault.RateLimited, fault.CodeOf(err))
				require.Equal(t, time.Minute, wait)
			}
			return passed
		}
		require.Equal(t, tt.others, count(200, false))
		require.Equal(t, tt.first, count(200, true))
		c.Add(time.Minute)
		require.Equal(t, tt.most, count(200, true), "all of it when nobody else calls")
	}
	_, err := Share(t.Context(), New(nil, time.Now, quiet), "k", Rule{}, true)
	require.Equal(t, fault.Internal, fault.CodeOf(err))
}
