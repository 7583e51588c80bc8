package zns

import (
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/channels"
)

func write(t *testing.T, name, text string) {
	t.Helper()
	require.NoError(t, os.WriteFile(name, []byte(text), 0o600))
}

func at(t *testing.T, s string) time.Time {
	t.Helper()
	when, err := time.Parse(time.RFC3339, s)
	require.NoError(t, err)
	return when.UTC()
}

func TestQuiet(t *testing.T) {
	t.Parallel()
	night, evening, noon := Config{}.withDefaults(), Config{QuietFrom: 20 * time.Hour}.withDefaults(), Config{QuietFrom: 12 * time.Hour, QuietTo: 13 * time.Hour}
	none := Config{QuietFrom: time.Hour, QuietTo: time.Hour}
	for _, tt := range []struct {
		cfg  Config
		now  string
		want time.Duration
	}{
		{night, "2026-11-21T21:59:59+07:00", 0},
		{night, "2026-11-21T22:00:00+07:00", 8 * time.Hour},
		{night, "2026-11-21T23:59:59+07:00", 6*time.Hour + time.Second},
		{night, "2026-11-22T00:00:00+07:00", 6 * time.Hour},
		{night, "2026-11-22T05:59:59+07:00", time.Second},
		{night, "2026-11-22T06:00:00+07:00", 0},
		{night, "2026-12-31T22:30:00+07:00", 7*time.Hour + 30*time.Minute},
		{evening, "2026-11-21T23:00:00+07:00", time.Hour},
		{evening, "2026-11-22T00:00:00+07:00", 0},
		{noon, "2026-11-21T11:59:59+07:00", 0},
		{noon, "2026-11-21T12:15:00+07:00", 45 * time.Minute},
		{noon, "2026-11-21T13:00:00+07:00", 0},
		{noon, "2026-11-21T23:00:00+07:00", 0},
		{none, "2026-11-21T01:00:00+07:00", 0},
	} {
		require.Equal(t, tt.want, tt.cfg.Quiet(at(t, tt.now)), tt.now)
	}
	for now, want := range map[string]time.Duration{
		"2026-11-21T22:00:01+07:00": 8*time.Hour - time.Second,
		"2026-11-21T21:59:00+07:00": 8*time.Hour + time.Minute, // the network's clock is ahead
		"2026-11-22T06:00:00+07:00": skew,                      // it is behind
		"2026-11-22T06:09:59+07:00": skew,
		"2026-11-22T06:10:00+07:00": 24*time.Hour - 10*time.Minute,
		"2026-11-22T06:11:00+07:00": 24*time.Hour - 11*time.Minute,
	} {
		require.Equal(t, want, night.refusedAtNight(at(t, now)), now)
	}
}

// TestNight: notices wait for the morning without a call, codes leave, and the network's own word counts.
func TestNight(t *testing.T) {
	t.Parallel()
	now := at(t, "2026-11-21T23:00:00+07:00")
	api := &recorder{}
	c, _ := serve(t, api, nil)
	c.now = func() time.Time { return now }
	o := c.Send(t.Context(), phone, notice("1", map[string]string{"code": "PA-1", "unit": "UBND"}))
	require.Equal(t, channels.Later, o.Status)
	require.Equal(t, 7*time.Hour, o.Retry)
	require.Error(t, o.Cause)
	require.Empty(t, api.paths)
	require.Equal(t, channels.Sent, c.Send(t.Context(), phone, code("1", "123456")).Status)

	api.answers = []string{`{"error":-133}`}
	o = c.Send(t.Context(), phone, code("1", "123456"))
	require.Equal(t, channels.Later, o.Status)
	require.Equal(t, 7*time.Hour, o.Retry)
	require.False(t, o.Alarm)
}
