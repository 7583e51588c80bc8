package chat

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/channels"
)

func TestGate(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_800_000_000, 0)
	away := channels.Outcome{Status: channels.Later}
	g := &gate{}
	for range tolerated {
		require.Zero(t, g.enter(now))
		require.Equal(t, 7, g.room(now, 7))
		g.report(away, now)
	}
	require.Positive(t, g.enter(now))
	require.Zero(t, g.room(now, 7))
	now = now.Add(pauseMin)
	require.Equal(t, 1, g.room(now, 7), "one tries")
	require.Zero(t, g.enter(now))
	require.Positive(t, g.enter(now), "and nobody else meanwhile")
	require.Zero(t, g.room(now, 7))
	g.leave()
	require.Zero(t, g.enter(now), "the try was not made")
	g.report(channels.Outcome{Status: channels.Later, Retry: time.Hour}, now)
	require.Zero(t, g.wait(now), "a network that names a time is there")
	require.Equal(t, 7, g.room(now, 7))

	g.report(channels.Outcome{Status: channels.Later, Alarm: true, Retry: time.Second}, now)
	require.Equal(t, alarmPause, g.wait(now))
	require.True(t, g.rings(now))
	require.False(t, g.rings(now.Add(59*time.Second)))
	require.True(t, g.rings(now.Add(time.Minute)))

	now = now.Add(alarmPause)
	for range 20 {
		require.Zero(t, g.enter(now))
		g.report(away, now)
		require.LessOrEqual(t, g.wait(now), pauseMax)
		now = now.Add(pauseMax)
	}
	require.Zero(t, g.enter(now))
	require.Zero(t, g.enter(now.Add(probeMax)), "a try that never reported")
	g.report(channels.Outcome{Status: channels.Sent}, now)
	require.Zero(t, g.wait(now))
}
