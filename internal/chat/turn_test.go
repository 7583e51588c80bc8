package chat

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/channels"
	"github.com/motcua/motcua/internal/conversation"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/inbox"
	"github.com/motcua/motcua/internal/store"
	"github.com/motcua/motcua/internal/store/storetest"
	"github.com/motcua/motcua/miniapps"
)

func TestAnEventIsActedOnOnce(t *testing.T) {
	t.Parallel()
	storetest.Bubble(t, func(t *testing.T, engine store.Engine) {
		w := newWorld(t, engine, Config{})
		for range 3 {
			w.say(t, "e1", "many a")
		}
		require.Equal(t, []string{"a1", "a2", "a3"}, w.net.texts())
		x := w.chat(t)
		require.Equal(t, "|e1", x.State.Event)
		require.Equal(t, "subject of person", x.Subject)
		require.Equal(t, time.Now().Add(2160*time.Hour).Truncate(time.Millisecond).UTC(), x.ExpiresAt.UTC())
		require.NotContains(t, string(x.Sealed), "person")
	})
}

func TestReplicasWithTheSameEvent(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"many a", "change a", "two a", "read"} {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			storetest.BubbleOnFiles(t, func(t *testing.T, engine store.Engine) {
				w := newWorld(t, engine, Config{})
				w.say(t, "e0", "mute")
				var wg sync.WaitGroup
				for range 4 {
					c := w.replica(t, engine, Config{})
					wg.Go(func() {
						if err := c.Turn(t.Context(), said("e1", text)); err != nil {
							t.Errorf("turn: %v", err)
						}
					})
				}
				wg.Wait()
				require.Equal(t, len(w.net.ids()), len(w.net.texts()), "nothing was sent twice")
				require.Equal(t, 1, strings.Count(w.chat(t).State.Event, "|e1"))
				require.Empty(t, w.chat(t).Queue)
			})
		})
	}
}

func TestFirstEventsOfAPersonAtOnce(t *testing.T) {
	t.Parallel()
	storetest.Bubble(t, func(t *testing.T, engine store.Engine) {
		w := newWorld(t, engine, Config{})
		var wg sync.WaitGroup
		for i := range 6 {
			wg.Go(func() {
				m := said(fmt.Sprint("e", i), "x")
				for passes(w.Turn(t.Context(), m)) {
					time.Sleep(time.Second)
				}
			})
		}
		wg.Wait()
		pass(t, w.Chats, 30*time.Second)
		require.Len(t, w.net.ids(), 6)
		require.Equal(t, 6, strings.Count(w.chat(t).State.Event, "|"))
	})
}

func TestNoticesAndTurnsAtOnce(t *testing.T) {
	t.Parallel()
	storetest.BubbleOnFiles(t, func(t *testing.T, engine store.Engine) {
		w := newWorld(t, engine, Config{MaxQueue: 100})
		w.say(t, "e0", "x")
		var wg sync.WaitGroup
		wg.Go(func() {
			for i := range 10 {
				if err := w.Turn(t.Context(), said(fmt.Sprint("e", i+1), "change x")); err != nil {
					t.Errorf("turn: %v", err)
				}
			}
		})
		for i := range 10 {
			wg.Go(func() {
				for range 2 {
					if err := w.Tell(t.Context(), notice(fmt.Sprint(i))); err != nil {
						t.Errorf("tell: %v", err)
					}
				}
			})
		}
		wg.Wait()
		pass(t, w.Chats, 30*time.Second)
		require.Len(t, w.net.texts(), 1+20+10)
		require.Len(t, w.net.ids(), 1+20+10)
		require.Len(t, w.apps.effect, 10)
	})
}

func TestAChangeIsTriedForAWhile(t *testing.T) {
	t.Parallel()
	away := func(until int) func(int, miniapps.Request) error {
		return func(n int, _ miniapps.Request) error {
			if n >= until {
				return nil
			}
			return fault.New(fault.Unavailable, "")
		}
	}
	tests := []struct {
		name, text string
		refuse     func(int, miniapps.Request) error
		calls      int // at least
		want       string
		most       time.Duration
	}{
		{"it comes back", "change a", away(3), 3, "done change", 2 * time.Second},
		{"it stays away", "change a", away(100), 4, "failed UNAVAILABLE", 8 * time.Second},
		{"it says that it rests", "change a", func(int, miniapps.Request) error { return fault.New(fault.Unavailable, "").After(time.Minute) }, 1, "failed UNAVAILABLE", 0},
		{"a refusal is final", "change a", func(int, miniapps.Request) error { return fault.New(fault.Invalid, "") }, 1, "failed INVALID", 0},
		{"a read is asked once", "read", away(3), 1, "failed UNAVAILABLE", 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			storetest.Bubble(t, func(t *testing.T, engine store.Engine) {
				w := newWorld(t, engine, Config{})
				w.apps.refuse = tt.refuse
				start := time.Now()
				w.say(t, "e1", tt.text)
				require.GreaterOrEqual(t, len(w.apps.calls), tt.calls)
				for _, c := range w.apps.calls {
					require.Equal(t, w.apps.calls[0].Key, c.Key)
				}
				require.LessOrEqual(t, time.Since(start), tt.most)
				texts := w.net.texts()
				require.Equal(t, tt.want, texts[len(texts)-1])
			})
		})
	}
}

func TestATurnThatCannotGetBetterFails(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"panic", "endless"} {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			storetest.Bubble(t, func(t *testing.T, engine store.Engine) {
				w := newWorld(t, engine, Config{})
				err := w.Turn(t.Context(), said("e1", text))
				require.Equal(t, fault.Internal, fault.CodeOf(err))
				require.NotContains(t, err.Error(), "secret words")
				require.Empty(t, w.net.texts())
				for range 2 {
					require.NoError(t, w.Apologise(t.Context(), convo, "parked e1"))
				}
				sweep(t, w.Chats)
				require.Len(t, w.net.texts(), 1)
				require.Contains(t, w.net.texts()[0], "Xin lỗi bà con")
				w.say(t, "e2", "hello")
				require.Equal(t, "re hello", w.net.texts()[1])
				require.Equal(t, "|e2", w.chat(t).State.Event)
			})
		})
	}
}

func TestGuestFailureIsPassedUp(t *testing.T) {
	t.Parallel()
	storetest.Bubble(t, func(t *testing.T, engine store.Engine) {
		w := newWorld(t, engine, Config{}, func(d *Deps) { d.People = people{err: fault.New(fault.Unavailable, "")} })
		require.Equal(t, fault.Unavailable, fault.CodeOf(w.Turn(t.Context(), said("e1", "x"))))
		_, err := w.get(t.Context(), convo)
		require.Equal(t, fault.NotFound, fault.CodeOf(err), "nothing is kept of a turn that comes again")
	})
}

func TestEventsThatAreNotActedOn(t *testing.T) {
	t.Parallel()
	storetest.Bubble(t, func(t *testing.T, engine store.Engine) {
		w := newWorld(t, engine, Config{})
		for i, e := range []channels.Event{
			{Kind: channels.Said, Text: "x", Foreign: true}, {Kind: channels.Said, Text: "x", Closed: true}, {Kind: channels.Shared}, {Kind: channels.Reacted},
			{Kind: channels.Delivered, About: []string{"n"}}, {Kind: channels.Seen}, {Kind: channels.Unfollowed}, {Kind: channels.Echoed, Text: "x", About: []string{"n"}}, {Kind: "new"},
		} {
			require.NoError(t, w.Turn(t.Context(), event(fmt.Sprint("e", i), e)))
		}
		n, err := store.Size(t.Context(), engine, "chats")
		require.NoError(t, err)
		require.Zero(t, n)
		require.Empty(t, w.net.texts())
	})
}

func TestAPersonSilencesTheProgram(t *testing.T) {
	t.Parallel()
	storetest.Bubble(t, func(t *testing.T, engine store.Engine) {
		w := newWorld(t, engine, Config{})
		w.say(t, "e1", "a")
		require.NoError(t, w.Turn(t.Context(), event("e2", channels.Event{Kind: channels.Echoed, Human: true, Text: "Chào bà con"})))
		w.say(t, "e3", "b")
		time.Sleep(29 * time.Minute)
		w.say(t, "e4", "c")
		require.NoError(t, w.Turn(t.Context(), event("e5", channels.Event{Kind: channels.Echoed, Human: true, At: time.Now().Add(-20 * time.Minute)})), "an old one prolongs nothing beyond its own time")
		time.Sleep(11 * time.Minute)
		w.say(t, "e6", "d")
		w.say(t, "e3", "b")
		require.Equal(t, []string{"re a", isBack, "re d"}, w.net.texts())
		require.Equal(t, "|e1|e6", w.chat(t).State.Event)
	})
}

func TestWhatIsHeard(t *testing.T) {
	t.Parallel()
	now := time.Now().UTC().Truncate(time.Millisecond)
	m := inbox.Message{ID: "e", Event: channels.Event{
		Kind: channels.Said, At: now, Text: "t", Choice: "c", Place: &channels.Place{Lat: 1, Lon: 2, Label: "l"},
		Attachments: []channels.Attachment{{Kind: channels.Photo}, {Kind: channels.Video}, {Kind: channels.Sticker}, {Kind: channels.Photo}, {Kind: channels.Photo}, {Kind: channels.Audio}},
	}, Media: []inbox.Fetched{{Kind: channels.Photo, Media: "p"}, {Kind: channels.Video, Media: "v"}, {Kind: channels.Sticker, Reason: "kind"}, {Kind: channels.Photo, Reason: "too_large"}}}
	require.Equal(t, conversation.Heard{
		ID: "e", At: now, Text: "t", Choice: "c", Photos: []string{"p"}, Videos: []string{"v"}, Place: &conversation.Place{Lat: 1, Lon: 2, Label: "l"},
		Refused: []conversation.Refused{{Kind: "sticker", Reason: "kind"}, {Kind: "photo", Reason: "too_large"}, {Kind: "photo", Reason: "unreachable"}, {Kind: "audio", Reason: "kind"}},
	}, heardOf(m, when(m, now)))
	require.True(t, heardOf(inbox.Message{Event: channels.Event{Kind: channels.Followed}}, now).Hello)
	require.Equal(t, now, when(inbox.Message{Event: channels.Event{At: now.Add(time.Hour)}}, now), "a clock that is ahead")
	require.Equal(t, now.Add(-time.Hour), when(inbox.Message{Received: now.Add(-time.Hour)}, now), "a network that tells no time")
}

func TestForgetting(t *testing.T) {
	t.Parallel()
	storetest.Bubble(t, func(t *testing.T, engine store.Engine) {
		w := newWorld(t, engine, Config{})
		w.say(t, "e1", "my name is An")
		for range 2 {
			require.NoError(t, w.Turn(t.Context(), event("e2", channels.Event{Kind: channels.Withdrew})))
		}
		require.Len(t, w.net.texts(), 2)
		require.Contains(t, w.net.texts()[1], "đã được xóa")
		x := w.chat(t)
		require.Equal(t, private{Person: "person"}, x.private)
		require.Empty(t, x.Subject)
		require.Len(t, x.Sent, 1)
		require.NoError(t, w.Tell(t.Context(), notice("1")))
		sweep(t, w.Chats)
		require.Len(t, w.net.texts(), 2)
		time.Sleep(forgotten + time.Second)
		n, err := engine.Sweep(t.Context(), time.Now(), 10)
		require.NoError(t, err)
		require.Equal(t, 1, n)
	})
}

// TestForgettingWhileWordsLeave forgets a conversation while a message is on its way: it is not remembered afterwards.
func TestForgettingWhileWordsLeave(t *testing.T) {
	t.Parallel()
	storetest.Bubble(t, func(t *testing.T, engine store.Engine) {
		w := newWorld(t, engine, Config{})
		first := true
		w.deps.Channels["zalo"] = &reentrant{network: w.net, first: func() {
			if !first {
				return
			}
			first = false
			if err := w.Turn(t.Context(), event("e2", channels.Event{Kind: channels.Withdrew})); err != nil {
				t.Errorf("withdraw: %v", err)
			}
		}}
		w.Chats = w.replica(t, engine, Config{})
		w.say(t, "e1", "many a")
		require.Len(t, w.net.texts(), 2)
		require.Equal(t, []string{"a1", "e2/1"}, []string{w.net.texts()[0], w.net.taken[1].ID})
		x := w.chat(t)
		require.Empty(t, x.Queue)
		require.Nil(t, x.SendAt)
		require.Len(t, x.Sent, 1)
	})
}

// reentrant does something while a message is on its way.
type reentrant struct {
	*network
	first func()
}

func TestRetention(t *testing.T) {
	t.Parallel()
	storetest.Bubble(t, func(t *testing.T, engine store.Engine) {
		w := newWorld(t, engine, Config{Retention: 10 * 24 * time.Hour})
		w.say(t, "e1", "a")
		time.Sleep(9 * 24 * time.Hour)
		w.say(t, "e2", "b")
		time.Sleep(9 * 24 * time.Hour)
		n, err := engine.Sweep(t.Context(), time.Now(), 10)
		require.NoError(t, err)
		require.Zero(t, n)
		time.Sleep(25 * time.Hour)
		n, err = engine.Sweep(t.Context(), time.Now(), 10)
		require.NoError(t, err)
		require.Equal(t, 1, n)
		w.say(t, "e3", "c")
		require.Equal(t, "|e3", w.chat(t).State.Event)
	})
}

// TestADocumentStaysSmall fills a conversation with all that it can hold.
func TestADocumentStaysSmall(t *testing.T) {
	t.Parallel()
	storetest.Bubble(t, func(t *testing.T, engine store.Engine) {
		w := newWorld(t, engine, Config{})
		w.net.profile.MaxText = 2000
		for i := range maxHandled + 10 {
			w.say(t, fmt.Sprintf("event-%058d", i), "x")
		}
		w.net.answer = func(int, channels.Outbound) *channels.Outcome { return &channels.Outcome{Status: channels.Later} }
		full := 0
		for i := range 40 {
			if err := w.Turn(t.Context(), said(fmt.Sprintf("late-%059d", i), "many "+strings.Repeat("ế", 1900))); err != nil {
				require.ErrorIs(t, err, errFull)
				full++
			}
			require.NoError(t, w.Turn(t.Context(), event("r", channels.Event{Kind: channels.Delivered, About: []string{fmt.Sprint("unknown-", i)}})))
		}
		require.NotZero(t, full)
		raw, err := engine.Get(t.Context(), "chats", convo)
		require.NoError(t, err)
		require.Less(t, len(raw[0].Doc), 64<<10)
		x := w.chat(t)
		require.Len(t, x.Handled, maxHandled)
		require.Len(t, x.Sent, maxSent)
		require.LessOrEqual(t, len(x.Early), maxEarly)
		require.LessOrEqual(t, len(x.Unsent), maxUnsent)
	})
}

func TestWhatIsTooMuchIsRecorded(t *testing.T) {
	t.Parallel()
	storetest.Bubble(t, func(t *testing.T, engine store.Engine) {
		w := newWorld(t, engine, Config{})
		w.net.profile.MaxText = 0
		w.say(t, "e1", "many "+strings.Repeat("x", maxAdded/2))
		require.Len(t, w.net.ids(), 1)
		x := w.chat(t)
		require.Len(t, x.Unsent, 2)
		require.Equal(t, "too_much", x.Unsent[0].Reason)
	})
}

func TestBackPressure(t *testing.T) {
	t.Parallel()
	storetest.Bubble(t, func(t *testing.T, engine store.Engine) {
		w := newWorld(t, engine, Config{MaxQueue: 4})
		away := true
		w.net.answer = func(int, channels.Outbound) *channels.Outcome {
			if away {
				return &channels.Outcome{Status: channels.Later}
			}
			return nil
		}
		w.say(t, "e1", "many a")
		w.say(t, "e2", "many b")
		err := w.Turn(t.Context(), said("e3", "x"))
		require.Equal(t, fault.Unavailable, fault.CodeOf(err))
		require.Equal(t, 5*time.Second, fault.Of(err).RetryAfter)
		require.Equal(t, fault.Unavailable, fault.CodeOf(w.Tell(t.Context(), notice("1"))))
		away = false
		pass(t, w.Chats, time.Minute)
		w.say(t, "e3", "x")
		require.Equal(t, []string{"a1", "a2", "a3", "b1", "b2", "b3", "re x"}, w.net.texts())
	})
}

func TestATurnThatIsStoppedComesAgain(t *testing.T) {
	t.Parallel()
	storetest.Bubble(t, func(t *testing.T, engine store.Engine) {
		w := newWorld(t, engine, Config{})
		ctx, stop := contextOf(t)
		w.apps.refuse = func(n int, _ miniapps.Request) error {
			if n == 1 {
				stop()
				return fault.Wrap(fault.Unavailable, errors.New("stopped"))
			}
			return nil
		}
		require.Equal(t, fault.Unavailable, fault.CodeOf(w.Turn(ctx, said("e1", "change a"))))
		synctest.Wait()
		w.say(t, "e1", "change a")
		pass(t, w.Chats, 30*time.Second)
		require.Equal(t, []string{"wait a", "done change"}, w.net.texts())
		require.Equal(t, w.apps.calls[0].Key, w.apps.calls[1].Key)
	})
}

func TestNewNeedsItsParts(t *testing.T) {
	t.Parallel()
	storetest.Bubble(t, func(t *testing.T, engine store.Engine) {
		_, err := New(t.Context(), engine, Config{}, Deps{})
		require.ErrorContains(t, err, "needed")
		w := newWorld(t, engine, Config{})
		deps := w.deps
		deps.Reg, deps.Channels = prometheus.NewRegistry(), map[string]channels.Channel{"other": w.net}
		_, err = New(t.Context(), engine, Config{}, deps)
		require.ErrorContains(t, err, `calls itself "zalo"`)
	})
}

func TestAnotherKeysetReadsNothing(t *testing.T) {
	t.Parallel()
	storetest.Bubble(t, func(t *testing.T, engine store.Engine) {
		newWorld(t, engine, Config{}).say(t, "e1", "x")
		other := newWorld(t, engine, Config{})
		require.Equal(t, fault.Internal, fault.CodeOf(other.Turn(t.Context(), said("e2", "y"))))
		require.Empty(t, other.net.texts())
		require.NoError(t, other.Apologise(t.Context(), said("e2", "y").Conversation, "e2"), "what cannot be read is removed")
		other.say(t, "e3", "z")
		require.Equal(t, []string{"re z"}, other.net.texts(), "the next message begins another conversation")
	})
}
