package notify

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestGate(t *testing.T) {
	var g gate
	now := time.Unix(1_800_000_000, 0)
	fail := func() {
		require.Zero(t, g.enter(now))
		g.report(Fate{State: Pending}, false, now)
	}
	for range tolerated - 1 {
		fail()
	}
	require.Zero(t, g.wait(now))
	require.False(t, g.calm(), "one that failed lately is left to its own workers")
	fail()
	require.Positive(t, g.wait(now))
	require.Zero(t, g.room(now, 64))
	now = now.Add(pauseMin)
	require.Equal(t, 1, g.room(now, 64))
	require.Zero(t, g.enter(now))
	require.Positive(t, g.enter(now), "one probe at a time")
	g.report(Fate{State: Pending}, true, now)
	require.Zero(t, g.enter(now), "a probe that we cut short tells nothing")
	g.report(Fate{State: Sent}, false, now)
	require.Equal(t, 64, g.room(now, 64))
	require.True(t, g.calm())
	require.Zero(t, g.enter(now))
	require.Zero(t, g.enter(now))
	require.False(t, g.calm(), "a busy one is left to its own workers")
	g.report(Fate{State: Refused}, false, now)
	g.report(Fate{State: Pending, Alarm: true}, false, now)
	require.Equal(t, alarmPause, g.wait(now))
	require.True(t, g.rings(now))
	require.False(t, g.rings(now.Add(time.Second)))
	for range 2 * tolerated {
		now = now.Add(2 * alarmPause)
		require.Zero(t, g.enter(now))
		g.report(Fate{State: Pending}, false, now)
		require.LessOrEqual(t, g.wait(now), pauseMax)
	}
	require.Zero(t, g.wait(now.Add(pauseMax)))
	for range tolerated {
		now = now.Add(pauseMax)
		require.Zero(t, g.enter(now))
		g.report(Fate{State: Pending, Retry: time.Minute}, false, now)
	}
	require.Zero(t, g.wait(now), "a network that names a time is not away")
}
