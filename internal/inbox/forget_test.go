package inbox

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/channels"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/store"
	"github.com/motcua/motcua/internal/store/storetest"
)

// TestForgettingEmptiesWhatWasParked: of the one who asks, and only what was before.
func TestForgettingEmptiesWhatWasParked(t *testing.T) {
	storetest.Bubble(t, func(t *testing.T, engine store.Engine) {
		in := newWorld(t, engine).open(t, Config{}, nil)
		seen := witness{answer: func(Message) error { return errors.New("cannot be understood") }}
		defer start(t, in, seen.see)()
		take(t, in, said("lan", 1), said("lan", 2), said("lan", 9), said("minh", 1))
		time.Sleep(5 * time.Minute)
		withdrawal := Message{Conversation: channels.ConversationID("zalo", "oa", "lan"), Event: channels.Event{At: said("lan", 5).At}}
		for range 2 {
			require.NoError(t, in.Forget(t.Context(), withdrawal))
		}
		for _, n := range []int{1, 2} {
			r := stored(t, in, said("lan", n))
			require.Equal(t, done, r.State)
			require.Empty(t, r.Sealed)
			require.Nil(t, r.ParkedAt)
			require.Equal(t, fault.Conflict, fault.CodeOf(in.Replay(t.Context(), r.ID)), "there is nothing to replay")
		}
		require.Equal(t, parked, stored(t, in, said("lan", 9)).State, "said afterwards")
		require.Equal(t, parked, stored(t, in, said("minh", 1)).State, "another person")
		require.NotEmpty(t, stored(t, in, said("minh", 1)).Sealed)
		tried := seen.tried("lan-1")
		take(t, in, said("lan", 1))
		time.Sleep(time.Minute)
		require.Equal(t, tried, seen.tried("lan-1"), "a repeat from the network is still known")

		withdrawal.Event.At, withdrawal.Received = time.Time{}, said("lan", 10).At
		require.NoError(t, in.Forget(t.Context(), withdrawal))
		require.Equal(t, done, stored(t, in, said("lan", 9)).State)
	})
}
