package chat

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/channels"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/store"
	"github.com/motcua/motcua/internal/store/storetest"
)

// atNight puts notices off until the morning, eight hours after the clock of the test begins.
func atNight(w *world) {
	morning := time.Now().Add(8 * time.Hour)
	w.net.answer = func(_ int, m channels.Outbound) *channels.Outcome {
		if left := time.Until(morning); m.Kind == channels.Notice && left > 0 {
			return &channels.Outcome{Status: channels.Later, Retry: left}
		}
		return nil
	}
}

// TestAnAnswerDoesNotWaitBehindANotice has notices wait for the morning while the person talks: answers leave at once, and each lane keeps its order.
func TestAnAnswerDoesNotWaitBehindANotice(t *testing.T) {
	t.Parallel()
	storetest.Bubble(t, func(t *testing.T, engine store.Engine) {
		w := newWorld(t, engine, Config{})
		w.say(t, "e1", "x")
		atNight(w)
		for _, id := range []string{"1", "2"} {
			require.NoError(t, w.Tell(t.Context(), notice(id)))
			sweep(t, w.Chats)
		}
		tried := w.net.tried
		w.say(t, "e2", "many a")
		w.say(t, "e3", "change y")
		require.Equal(t, []string{"re x", "a1", "a2", "a3", "wait y", "done change"}, w.net.texts(), "at once, not when the relay looks")
		pass(t, w.Chats, 7*time.Hour)
		require.Equal(t, tried+5, w.net.tried, "the notice rests")
		require.Len(t, w.net.texts(), 6)
		pass(t, w.Chats, 2*time.Hour)
		require.Equal(t, []string{"Tvi\nnotice 1", "Tvi\nnotice 2"}, w.net.texts()[6:])
	})
}

// TestANoticeDoesNotWaitBehindAnAnswer is the same the other way round.
func TestANoticeDoesNotWaitBehindAnAnswer(t *testing.T) {
	t.Parallel()
	storetest.Bubble(t, func(t *testing.T, engine store.Engine) {
		w := newWorld(t, engine, Config{})
		w.say(t, "e1", "x")
		refused := 0
		w.net.answer = func(_ int, m channels.Outbound) *channels.Outcome {
			if m.Kind == channels.Reply && refused < 1 {
				refused++
				return &channels.Outcome{Status: channels.Later, Retry: time.Hour}
			}
			return nil
		}
		w.say(t, "e2", "many a")
		w.say(t, "e3", "y")
		require.NoError(t, w.Tell(t.Context(), notice("1")))
		sweep(t, w.Chats)
		require.Equal(t, []string{"re x", "Tvi\nnotice 1"}, w.net.texts(), "a later answer does not overtake the one that the network put off")
		pass(t, w.Chats, 2*time.Hour)
		require.Equal(t, []string{"a1", "a2", "a3", "re y"}, w.net.texts()[2:])
	})
}

// TestWhatNobodyMaySendHoldsBothLanes: where no attempt was made, the other lane must not try either.
func TestWhatNobodyMaySendHoldsBothLanes(t *testing.T) {
	t.Parallel()
	storetest.Bubble(t, func(t *testing.T, engine store.Engine) {
		l := &counter{left: 1}
		w := newWorld(t, engine, Config{}, func(d *Deps) { d.Limiter = l })
		w.net.profile.PerMinute = 1
		w.say(t, "e1", "x")
		require.NoError(t, w.Tell(t.Context(), notice("1")))
		w.say(t, "e2", "many a")
		pass(t, w.Chats, 50*time.Second)
		require.Equal(t, -1, l.left, "one asked, and nobody again before the time")
		l.left = 10
		pass(t, w.Chats, 3*time.Minute)
		require.Equal(t, []string{"re x", "Tvi\nnotice 1", "a1", "a2", "a3"}, w.net.texts())
	})
}

// TestNoticesLeaveRoomForAnswers fills a conversation with notices that wait: what the person says is taken and answered all the same.
func TestNoticesLeaveRoomForAnswers(t *testing.T) {
	t.Parallel()
	storetest.Bubble(t, func(t *testing.T, engine store.Engine) {
		w := newWorld(t, engine, Config{MaxQueue: 6})
		w.say(t, "e1", "x")
		atNight(w)
		told := 0
		for ; told < 20; told++ {
			if err := w.Tell(t.Context(), notice(fmt.Sprint(told))); err != nil {
				require.Equal(t, fault.Unavailable, fault.CodeOf(err))
				break
			}
			sweep(t, w.Chats)
		}
		require.Equal(t, 3, told)
		for i := range 10 {
			w.say(t, fmt.Sprint("f", i), "many a")
		}
		require.Len(t, w.net.texts(), 1+30)
	})
}

// TestDeathWhileANoticeWaits kills the process around each write of a turn while a notice waits for the morning. The answer is there within 30 s all the
// same, once or, where the kill came between sending and recording, twice.
func TestDeathWhileANoticeWaits(t *testing.T) {
	t.Parallel()
	const writes = 4 // the change is stored, the turn ends, two messages leave
	for _, answered := range []bool{false, true} {
		for left := range writes + 1 {
			t.Run(fmt.Sprintf("write %d, reached the store: %t", left, answered), func(t *testing.T) {
				t.Parallel()
				storetest.Bubble(t, func(t *testing.T, engine store.Engine) {
					ctx, die := context.WithCancel(t.Context())
					defer die()
					grave := storetest.Mortal{Engine: engine, Life: &storetest.Life{OnEnd: die}}
					first := newWorld(t, grave, Config{})
					first.say(t, "e1", "x")
					atNight(first)
					require.NoError(t, first.Tell(t.Context(), notice("1")))
					sweep(t, first.Chats)
					grave.EndAt(left+1, answered)
					err := first.Turn(ctx, said("e2", "change y"))
					require.Equal(t, left < writes, ctx.Err() != nil, "as many writes as said above")
					second := first.replica(t, engine, Config{})
					if err != nil || ctx.Err() != nil { // the inbox hands the event over again
						require.NoError(t, second.Turn(t.Context(), said("e2", "change y")))
					}
					pass(t, second, 28*time.Second)
					require.Equal(t, []string{"e1/1", "e2/1", "e2/2"}, first.net.ids())
					require.LessOrEqual(t, len(first.net.taken), 4)
					require.Len(t, first.apps.effect, 1)
					pass(t, second, 9*time.Hour)
					require.Equal(t, "Tvi\nnotice 1", first.net.texts()[len(first.net.texts())-1])
					x, err := second.get(t.Context(), convo)
					require.NoError(t, err)
					require.Empty(t, x.Queue)
					require.Nil(t, x.SendAt)
				})
			})
		}
	}
}

// TestParkedTurnBesideANotice is a turn that died after its change was stored, and that nobody takes again: what it said leaves after the lease, not with the notice.
func TestParkedTurnBesideANotice(t *testing.T) {
	t.Parallel()
	storetest.Bubble(t, func(t *testing.T, engine store.Engine) {
		ctx, die := context.WithCancel(t.Context())
		defer die()
		grave := storetest.Mortal{Engine: engine, Life: &storetest.Life{OnEnd: die}}
		w := newWorld(t, grave, Config{})
		w.say(t, "e1", "x")
		atNight(w)
		require.NoError(t, w.Tell(t.Context(), notice("1")))
		sweep(t, w.Chats)
		grave.EndAt(2, false)
		require.Error(t, w.Turn(ctx, said("e2", "change y")))
		second := w.replica(t, engine, Config{})
		pass(t, second, 28*time.Second)
		require.Equal(t, []string{"re x", "wait y"}, w.net.texts())
	})
}
