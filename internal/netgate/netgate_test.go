package netgate

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

var start = time.Unix(1_800_000_000, 0)

func TestGateOfANetworkThatIsAway(t *testing.T) {
	t.Parallel()
	var g Gate
	now := start
	for range Tolerated {
		require.Zero(t, g.Enter(now))
		require.Equal(t, 7, g.Room(now, 7))
		g.Fails(now, 0)
	}
	require.Positive(t, g.Wait(now))
	require.Positive(t, g.Enter(now))
	require.Zero(t, g.Room(now, 7))
	now = now.Add(PauseMin)
	require.Equal(t, 1, g.Room(now, 7), "one tries")
	require.Zero(t, g.Enter(now))
	require.Positive(t, g.Enter(now), "and nobody else meanwhile")
	require.Zero(t, g.Room(now, 7))
	g.Leave()
	require.Zero(t, g.Enter(now), "the try was not made")
	require.Zero(t, g.Enter(now.Add(ProbeMax)), "a try that never reported")
	for range 20 {
		g.Fails(now, 0)
		require.LessOrEqual(t, g.Wait(now), PauseMax)
		now = now.Add(PauseMax)
		require.Zero(t, g.Enter(now))
	}
	g.Works()
	require.Zero(t, g.Wait(now))
	require.Equal(t, 7, g.Room(now, 7))
}

func TestCalm(t *testing.T) {
	t.Parallel()
	var g Gate
	require.True(t, g.Calm())
	require.Zero(t, g.Enter(start))
	require.True(t, g.Calm())
	require.Zero(t, g.Enter(start))
	require.False(t, g.Calm(), "busy")
	g.Leave()
	require.True(t, g.Calm())
	g.Fails(start, 0)
	require.False(t, g.Calm(), "it failed lately")
	g.Leave() // more than entered
	require.Zero(t, g.Enter(start))
	g.Works()
	require.True(t, g.Calm())
}

func TestShut(t *testing.T) {
	t.Parallel()
	var g Gate
	now := start
	g.Shut(now)
	require.Equal(t, AlarmPause, g.Wait(now))
	require.True(t, g.Rings(now))
	require.False(t, g.Rings(now.Add(59*time.Second)))
	require.True(t, g.Rings(now.Add(time.Minute)))
	now = now.Add(AlarmPause)
	require.Equal(t, 1, g.Room(now, 7), "one tries whether an operator acted")
	g.Open()
	require.Equal(t, 7, g.Room(now, 7))
}

// TestTheTimeThatANetworkNames lengthens a pause, within reason.
func TestTheTimeThatANetworkNames(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ asked, least, most time.Duration }{
		"2 minutes":          {2 * time.Minute, 2 * time.Minute, 2 * time.Minute},
		"less than we would": {time.Millisecond, PauseMin / 2, PauseMin},
		"a day":              {24 * time.Hour, AskedMax, AskedMax},
		"none":               {0, PauseMin / 2, PauseMin},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var g Gate
			for range Tolerated - 1 {
				g.Fails(start, tt.asked)
			}
			require.Zero(t, g.Wait(start), "a few may be about what was sent")
			g.Fails(start, tt.asked)
			require.GreaterOrEqual(t, g.Wait(start), tt.least)
			require.LessOrEqual(t, g.Wait(start), tt.most)
			now := start.Add(tt.most)
			require.Zero(t, g.Enter(now), "one tries")
			g.Fails(now, tt.asked)
			require.GreaterOrEqual(t, g.Wait(now), tt.least, "in vain")
		})
	}
	var g Gate
	for range Tolerated {
		g.Fails(start, time.Minute)
	}
	g.Fails(start, 0)
	require.Equal(t, time.Minute, g.Wait(start), "of some under way at once, the longest counts")
}
