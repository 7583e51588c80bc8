package chat

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestConfig(t *testing.T) {
	t.Parallel()
	require.NoError(t, Config{}.Validate())
	require.NoError(t, Config{}.filled().Validate())
	tests := []struct {
		name string
		in   Config
		want string
	}{
		{"retention shorter than windows", Config{Retention: time.Hour}, "retention:"},
		{"silence", Config{Silence: -1}, "silence:"},
		{"call_retry", Config{CallRetry: time.Hour}, "call_retry:"},
		{"max_queue", Config{MaxQueue: 1000}, "max_queue:"},
		{"per_person", Config{PerPerson: -1}, "per_person:"},
		{"lease", Config{Lease: time.Millisecond}, "lease:"},
		{"backoff", Config{BackoffMin: time.Hour}, "backoff_max:"},
		{"give_up", Config{GiveUp: time.Second}, "give_up:"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			require.ErrorContains(t, tt.in.Validate(), tt.want)
		})
	}
}
