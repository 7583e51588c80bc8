package chat

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/channels"
	"github.com/motcua/motcua/internal/limit"
	"github.com/motcua/motcua/internal/netgate"
	"github.com/motcua/motcua/internal/store"
	"github.com/motcua/motcua/internal/store/storetest"
)

func TestAnOutageKeepsTheOrder(t *testing.T) {
	t.Parallel()
	storetest.Bubble(t, func(t *testing.T, engine store.Engine) {
		w := newWorld(t, engine, Config{})
		w.net.answer = func(n int, _ channels.Outbound) *channels.Outcome {
			if n > 1 && n < 8 {
				return &channels.Outcome{Status: channels.Later, Cause: errors.New("away")}
			}
			return nil
		}
		w.say(t, "e1", "many a")
		w.say(t, "e2", "many b")
		require.Equal(t, []string{"a1"}, w.net.texts())
		pass(t, w.Chats, 5*time.Minute)
		require.Equal(t, []string{"a1", "a2", "a3", "b1", "b2", "b3"}, w.net.texts())
	})
}

// TestAnOutageOfANetworkIsNoStorm has many conversations wait: while the network is away a few attempts a minute are made, not one for each.
func TestAnOutageOfANetworkIsNoStorm(t *testing.T) {
	t.Parallel()
	storetest.Bubble(t, func(t *testing.T, engine store.Engine) {
		w := newWorld(t, engine, Config{})
		away := true
		w.net.answer = func(int, channels.Outbound) *channels.Outcome {
			if away {
				return &channels.Outcome{Status: channels.Later, Cause: errors.New("away")}
			}
			return nil
		}
		const people = 30
		for i := range people {
			m := said(fmt.Sprint("e", i), "x")
			m.Conversation = fmt.Sprint("zalo/", i)
			require.NoError(t, w.Turn(t.Context(), m))
		}
		require.Equal(t, netgate.Tolerated, w.net.tried)
		pass(t, w.Chats, 10*time.Minute)
		require.Less(t, w.net.tried, 60)
		require.Empty(t, w.net.texts())
		away = false
		pass(t, w.Chats, time.Minute)
		require.GreaterOrEqual(t, len(w.net.texts()), people-netgate.Tolerated, "those that were not tried follow at once")
		pass(t, w.Chats, 10*time.Minute)
		require.Len(t, w.net.ids(), people)
		require.Len(t, w.net.texts(), people)
	})
}

func TestOutcomes(t *testing.T) {
	t.Parallel()
	later := func(o channels.Outcome) func(int, channels.Outbound) *channels.Outcome {
		o.Status = channels.Later
		return func(n int, _ channels.Outbound) *channels.Outcome {
			if n == 1 {
				return &o
			}
			return nil
		}
	}
	tests := []struct {
		name   string
		answer func(int, channels.Outbound) *channels.Outcome
		most   time.Duration // after which the message has left; 0 for never
		least  time.Duration
		reason string
	}{
		{"away", later(channels.Outcome{}), 3 * time.Second, 0, ""},
		{"an outcome without a status", func(n int, _ channels.Outbound) *channels.Outcome {
			if n == 1 {
				return &channels.Outcome{}
			}
			return nil
		}, 3 * time.Second, 0, ""},
		{"the network names a time", later(channels.Outcome{Retry: 90 * time.Second}), 95 * time.Second, 90 * time.Second, ""},
		{"no answer, no echo", later(channels.Outcome{Unsure: true}), 15 * time.Second, 10 * time.Second, ""},
		{"an operator must act", later(channels.Outcome{Alarm: true, Reason: "no_money"}), 65 * time.Second, 59 * time.Second, ""},
		{"refused", func(n int, _ channels.Outbound) *channels.Outcome {
			return &channels.Outcome{Status: channels.Never, Reason: "blocked"}
		}, 0, 0, "blocked"},
		{"panic", func(n int, _ channels.Outbound) *channels.Outcome { panic("x") }, 0, 0, crashed},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			storetest.Bubble(t, func(t *testing.T, engine store.Engine) {
				w := newWorld(t, engine, Config{})
				w.net.answer = tt.answer
				start := time.Now()
				w.say(t, "e1", "x")
				if tt.most == 0 {
					require.Equal(t, tt.reason, w.chat(t).Unsent[0].Reason)
					require.Empty(t, w.chat(t).Queue)
					return
				}
				for len(w.net.texts()) == 0 {
					require.Less(t, time.Since(start), tt.most)
					pass(t, w.Chats, time.Second)
				}
				require.GreaterOrEqual(t, time.Since(start), tt.least)
				require.Len(t, w.chat(t).Sent, 1)
			})
		})
	}
}

func TestWakingSendsWhatWaitedForAnOperator(t *testing.T) {
	t.Parallel()
	storetest.Bubble(t, func(t *testing.T, engine store.Engine) {
		w := newWorld(t, engine, Config{})
		alarm := true
		w.net.answer = func(int, channels.Outbound) *channels.Outcome {
			if alarm {
				return &channels.Outcome{Status: channels.Later, Alarm: true, Reason: "no_token", Retry: 15 * time.Minute}
			}
			return nil
		}
		w.say(t, "e1", "x")
		alarm = false
		pass(t, w.Chats, 30*time.Second)
		require.Empty(t, w.net.texts())
		require.NoError(t, w.Wake(t.Context(), w.net.profile.Name))
		pass(t, w.Chats, wakeTime+time.Second)
		require.Equal(t, []string{"re x"}, w.net.texts())
		require.NoError(t, w.Wake(t.Context(), w.net.profile.Name), "nothing waits")
	})
}

func TestTheRestGoesOnAfterOneThatIsRefused(t *testing.T) {
	t.Parallel()
	storetest.Bubble(t, func(t *testing.T, engine store.Engine) {
		w := newWorld(t, engine, Config{})
		w.net.answer = func(n int, _ channels.Outbound) *channels.Outcome {
			if n == 2 {
				return &channels.Outcome{Status: channels.Never, Reason: "policy"}
			}
			return nil
		}
		w.say(t, "e1", "many a")
		require.Equal(t, []string{"a1", "a3"}, w.net.texts())
		x := w.chat(t)
		require.Equal(t, []unsent{{ID: "e1/2", Kind: "reply", Reason: "policy", At: x.Unsent[0].At}}, x.Unsent)
	})
}

func TestAMessageIsGivenUp(t *testing.T) {
	t.Parallel()
	storetest.Bubble(t, func(t *testing.T, engine store.Engine) {
		w := newWorld(t, engine, Config{GiveUp: time.Hour})
		w.net.answer = func(int, channels.Outbound) *channels.Outcome { return &channels.Outcome{Status: channels.Later} }
		w.say(t, "e1", "x")
		for range 6 {
			time.Sleep(12 * time.Minute)
			sweep(t, w.Chats)
		}
		require.Equal(t, gaveUp, w.chat(t).Unsent[0].Reason)
	})
}

// TestARefusalWithoutACauseIsNotTriedForEver gives up what the network refuses again and again, and goes on with the rest.
func TestARefusalWithoutACauseIsNotTriedForEver(t *testing.T) {
	t.Parallel()
	storetest.Bubble(t, func(t *testing.T, engine store.Engine) {
		w := newWorld(t, engine, Config{})
		w.net.answer = func(_ int, m channels.Outbound) *channels.Outcome {
			if m.ID == "e1/1" {
				return &channels.Outcome{Status: channels.Later, Tries: 3, Reason: "send_failed", Cause: errors.New("no cause")}
			}
			return nil
		}
		w.say(t, "e1", "many a")
		pass(t, w.Chats, time.Minute)
		require.Equal(t, []string{"a2", "a3"}, w.net.texts())
		require.Equal(t, 5, w.net.tried)
		x := w.chat(t)
		require.Equal(t, []unsent{{ID: "e1/1", Kind: "reply", Reason: "send_failed", At: x.Unsent[0].At}}, x.Unsent)
	})
}

func TestAChannelThatIsGone(t *testing.T) {
	t.Parallel()
	storetest.Bubble(t, func(t *testing.T, engine store.Engine) {
		w := newWorld(t, engine, Config{}, func(d *Deps) { d.Channels = nil })
		w.say(t, "e1", "x")
		require.Equal(t, noChannel, w.chat(t).Unsent[0].Reason)
	})
}

// counter is a Limiter that lets so many through to a network in a minute, and any number to one person.
type counter struct{ left int }

func (c *counter) Allow(_ context.Context, key string, r limit.Rule) (time.Duration, error) {
	if key != "send:zalo" {
		return 0, nil
	}
	if c.left--; c.left >= 0 {
		return 0, nil
	}
	return r.Per, errors.New("too many")
}

func TestTheNetworksRateIsKept(t *testing.T) {
	t.Parallel()
	storetest.Bubble(t, func(t *testing.T, engine store.Engine) {
		c := &counter{left: 2}
		w := newWorld(t, engine, Config{}, func(d *Deps) { d.Limiter = c })
		w.net.profile.PerMinute = 2
		w.say(t, "e1", "many a")
		w.say(t, "e2", "x")
		pass(t, w.Chats, 50*time.Second)
		require.Equal(t, []string{"a1", "a2"}, w.net.texts())
		c.left = 10
		pass(t, w.Chats, 90*time.Second)
		require.Equal(t, []string{"a1", "a2", "a3", "re x"}, w.net.texts())
	})
}

// TestOnePersonDoesNotUseUpTheRateOfAll has one person say more than the network takes in a minute.
func TestOnePersonDoesNotUseUpTheRateOfAll(t *testing.T) {
	t.Parallel()
	storetest.Bubble(t, func(t *testing.T, engine store.Engine) {
		l := limit.New(nil, time.Now, slog.New(slog.DiscardHandler))
		w := newWorld(t, engine, Config{PerPerson: 3}, func(d *Deps) { d.Limiter = l })
		w.net.profile.PerMinute = 5
		w.say(t, "e1", "many a")
		w.say(t, "e2", "many b")
		other := said("e3", "x")
		other.Event.From = "3000000000000000777"
		other.Conversation = channels.ConversationID(other.Channel, other.Event.Account, other.Event.From)
		require.NoError(t, w.Turn(t.Context(), other))
		require.Equal(t, []string{"a1", "a2", "a3", "re x"}, w.net.texts())
		pass(t, w.Chats, 2*time.Minute)
		require.Equal(t, []string{"a1", "a2", "a3", "re x", "b1", "b2", "b3"}, w.net.texts())
	})
}

// TestABulkOfNoticesLeavesRoomForAnswers has more notices to send than the network takes in a minute: whoever writes meanwhile is answered at once.
func TestABulkOfNoticesLeavesRoomForAnswers(t *testing.T) {
	t.Parallel()
	storetest.Bubble(t, func(t *testing.T, engine store.Engine) {
		l := limit.New(nil, time.Now, slog.New(slog.DiscardHandler))
		w := newWorld(t, engine, Config{}, func(d *Deps) { d.Limiter = l })
		for i := range 30 {
			m := said(fmt.Sprint("e", i), "x")
			m.Conversation = fmt.Sprint("zalo/", i)
			require.NoError(t, w.Turn(t.Context(), m))
		}
		time.Sleep(2 * time.Minute)
		w.net.profile.PerMinute = 20
		for i := range 30 {
			n := notice(fmt.Sprint(i))
			n.To, n.Conversation = "", fmt.Sprint("zalo/", i)
			require.NoError(t, w.Tell(t.Context(), n))
		}
		sweep(t, w.Chats)
		require.Len(t, w.net.texts(), 30+18)
		w.say(t, "f1", "a")
		w.say(t, "f2", "b")
		require.Equal(t, []string{"re a", "re b"}, w.net.texts()[48:])
	})
}

// TestWordsAreNotSentTwiceAtOnce has a slow network while the relays of two replicas look.
func TestWordsAreNotSentTwiceAtOnce(t *testing.T) {
	t.Parallel()
	storetest.Bubble(t, func(t *testing.T, engine store.Engine) {
		w := newWorld(t, engine, Config{})
		w.deps.Channels["zalo"] = &reentrant{network: w.net, first: func() { time.Sleep(9 * time.Second) }}
		w.Chats = w.replica(t, engine, Config{})
		second := w.replica(t, engine, Config{})
		done := make(chan error)
		go func() { done <- w.Turn(t.Context(), said("e1", "many a")) }()
		pass(t, second, 20*time.Second)
		require.NoError(t, second.Turn(t.Context(), said("e2", "x")), "another replica answers meanwhile")
		require.NoError(t, <-done)
		require.Equal(t, []string{"a1", "a2", "a3", "re x"}, w.net.texts())
	})
}

func TestStoppingLeavesTheRestToOthers(t *testing.T) {
	t.Parallel()
	storetest.Bubble(t, func(t *testing.T, engine store.Engine) {
		w := newWorld(t, engine, Config{})
		ctx, stop := contextOf(t)
		w.deps.Channels["zalo"] = &reentrant{network: w.net, first: stop}
		w.Chats = w.replica(t, engine, Config{})
		require.NoError(t, w.Turn(ctx, said("e1", "many a")))
		require.Equal(t, []string{"a1"}, w.net.texts())
		time.Sleep(time.Second)
		sweep(t, w.Chats)
		require.Equal(t, []string{"a1", "a2", "a3"}, w.net.texts())
	})
}

func TestAHiccupOfTheStoreDoublesNothing(t *testing.T) {
	t.Parallel()
	storetest.Bubble(t, func(t *testing.T, engine store.Engine) {
		var fails atomic.Int64
		engine = &storetest.Watched{Engine: engine, Before: storetest.FailNext(storetest.Replace, &fails, storetest.ErrKilled)}
		w := newWorld(t, engine, Config{})
		w.deps.Channels["zalo"] = &reentrant{network: w.net, first: func() { fails.Store(3) }}
		w.Chats = w.replica(t, engine, Config{})
		w.say(t, "e1", "many a")
		pass(t, w.Chats, time.Minute)
		require.Negative(t, fails.Load(), "nothing failed")
		require.Equal(t, []string{"a1", "a2", "a3"}, w.net.texts())
	})
}

// TestWhatWeHoldBackOurselves says nothing about a network: it is neither away nor busy after it.
func TestWhatWeHoldBackOurselves(t *testing.T) {
	t.Parallel()
	storetest.Bubble(t, func(t *testing.T, engine store.Engine) {
		few := limit.New(nil, time.Now, slog.New(slog.DiscardHandler))
		w := newWorld(t, engine, Config{PerPerson: 1}, func(d *Deps) { d.Limiter = few })
		w.say(t, "e1", "many a")
		require.Len(t, w.net.texts(), 1)
		r := w.routes["zalo"]
		pass(t, w.Chats, 8*time.Minute)
		require.Len(t, w.net.texts(), 3)
		require.True(t, r.network.Calm())

		ctx, cancel := contextOf(t)
		w.deps.Channels["zalo"] = &reentrant{network: w.net, first: cancel}
		w.net.answer = func(int, channels.Outbound) *channels.Outcome { return &channels.Outcome{Status: channels.Later} }
		x := w.chat(t)
		time.Sleep(2 * time.Minute)
		w.try(ctx, &x, outgoing{ID: "x/1", Kind: channels.Reply, Blocks: words("x"), At: time.Now()})
		require.True(t, r.network.Calm(), "an attempt that was cut short")
		time.Sleep(2 * time.Minute)
		w.try(t.Context(), &x, outgoing{ID: "x/2", Kind: channels.Reply, Blocks: words("x"), At: time.Now()})
		require.False(t, r.network.Calm(), "one that was not")
	})
}
