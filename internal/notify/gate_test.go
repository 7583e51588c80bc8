package notify

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/internal/netgate"
)

// TestLearn: what a letter's fate says about its network.
func TestLearn(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_800_000_000, 0)
	for name, tt := range map[string]struct {
		fate Fate
		cut  bool
		shut bool // after as many as a network may fail
		wait time.Duration
	}{
		"away":            {fate: Fate{State: Pending}, shut: true},
		"put off":         {fate: Fate{State: Pending, Retry: time.Minute}, shut: true, wait: time.Minute},
		"alarm":           {fate: Fate{State: Pending, Alarm: true}, shut: true, wait: netgate.AlarmPause},
		"held by us":      {fate: Fate{State: Pending, Held: true, Retry: time.Hour}},
		"cut by us":       {fate: Fate{State: Pending}, cut: true},
		"refused":         {fate: Fate{State: Refused}},
		"sent":            {fate: Fate{State: Sent}},
		"taken, not sent": {fate: Fate{State: Pending, Taken: true}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var g netgate.Gate
			for range netgate.Tolerated {
				require.True(t, g.Enter(now) == 0 || tt.fate.Alarm)
				learn(&g, tt.fate, tt.cut, now)
			}
			require.Equal(t, tt.shut, g.Wait(now) > 0)
			require.GreaterOrEqual(t, g.Wait(now), tt.wait)
			learn(&g, Fate{State: Pending, Held: true}, false, now)
			require.Equal(t, tt.shut, g.Wait(now) > 0, "what we hold back ourselves changes nothing")
			learn(&g, Fate{State: Sent}, false, now)
			require.Zero(t, g.Wait(now))
		})
	}
}
