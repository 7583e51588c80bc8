package chat

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/internal/inbox"
	"github.com/motcua/motcua/internal/store"
	"github.com/motcua/motcua/internal/store/storetest"
)

func story() []inbox.Message {
	return []inbox.Message{said("e1", "many a"), said("e2", "change b"), said("e3", "two c"), said("e4", "read"), said("e5", "hello"), said("e6", "signin")}
}

var (
	storyIDs     = []string{"e1/1", "e1/2", "e1/3", "e2/1", "e2/2", "e3/1", "e3/2", "e3/3", "e4/1", "e5/1", "e6/1"}
	storyEffects = map[string]string{"e2/1": `{"x":"b"}`, "e3/1": `{"x":"c"}`, "e3/2": `{"x":"c"}`, "e6/1": `{}`}
)

// TestDeathAroundAnyWrite kills the process before and after each of its writes in turn and lets another go on, as the inbox would: with the event that was
// not finished. All is said in its order, every change is asked for with its key, and no event counts twice.
func TestDeathAroundAnyWrite(t *testing.T) {
	t.Parallel()
	const writes = 6 + 4 + 11 // turns, changes, messages
	for _, answered := range []bool{false, true} {
		for left := range writes + 1 {
			t.Run(fmt.Sprintf("write %d, reached the store: %t", left, answered), func(t *testing.T) {
				t.Parallel()
				storetest.Bubble(t, func(t *testing.T, engine store.Engine) { dieAround(t, engine, left, answered, left < writes) })
			})
		}
	}
}

func dieAround(t *testing.T, engine store.Engine, left int, answered, dies bool) {
	ctx, die := context.WithCancel(t.Context())
	defer die()
	grave := storetest.Mortal{Engine: engine, Life: &storetest.Life{OnEnd: die}}
	first := newWorld(t, grave, Config{})
	grave.EndAt(left+1, answered)
	events := story()
	for len(events) > 0 && first.Turn(ctx, events[0]) == nil {
		if ctx.Err() != nil {
			break // the inbox did not hear that the turn ended well: it comes again
		}
		events = events[1:]
	}
	require.Equal(t, dies, ctx.Err() != nil, "as many writes as said above")
	second := first.replica(t, engine, Config{})
	for _, e := range events {
		require.NoError(t, second.Turn(t.Context(), e))
	}
	time.Sleep(28 * time.Second) // the promise: what was under way is resumed within 30 s, of which the relay takes 2 to look
	sweep(t, second)
	require.Equal(t, storyIDs, first.net.ids())
	require.LessOrEqual(t, len(first.net.taken), len(storyIDs)+1, "one message at most was under way")
	require.Equal(t, storyEffects, first.apps.effect)
	x, err := second.get(t.Context(), convo)
	require.NoError(t, err)
	require.Equal(t, "|e1|e2+e2/1|e3+e3/1+e3/2|e4+|e5|e6+e6/1", x.State.Event)
	require.Empty(t, x.Queue)
	require.Nil(t, x.SendAt)
	require.Nil(t, x.Since)
	require.Empty(t, x.Claim)
}

// TestParkedEventLeavesNoCallOpen is an event that was given up after its change was stored: the next one finds out what became of it.
func TestParkedEventLeavesNoCallOpen(t *testing.T) {
	t.Parallel()
	storetest.Bubble(t, func(t *testing.T, engine store.Engine) {
		ctx, die := context.WithCancel(t.Context())
		grave := storetest.Mortal{Engine: engine, Life: &storetest.Life{OnEnd: die}}
		w := newWorld(t, grave, Config{})
		grave.EndAt(2, false) // the change is stored, what it led to is not
		require.Error(t, w.Turn(ctx, said("e1", "change a")))
		second := w.replica(t, engine, Config{})
		require.NoError(t, second.Turn(t.Context(), said("e2", "hello")))
		pass(t, second, 30*time.Second)
		require.Equal(t, []string{"wait a", "done change", "re hello"}, w.net.texts())
		require.NoError(t, second.Turn(t.Context(), said("e1", "change a")), "a replay changes nothing more")
		require.Len(t, w.net.texts(), 3)
		require.Len(t, w.apps.effect, 1)
	})
}
