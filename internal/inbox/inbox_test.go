package inbox

import (
	"context"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/channels"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/store"
	"github.com/motcua/motcua/internal/store/storetest"
)

func TestEventIsHandedOverOnce(t *testing.T) {
	storetest.Bubble(t, func(t *testing.T, engine store.Engine) {
		w := newWorld(t, engine)
		in := w.open(t, Config{Settle: settle}, nil)
		var got []Message
		var mu sync.Mutex
		defer start(t, in, func(_ context.Context, m Message) error {
			mu.Lock()
			defer mu.Unlock()
			got = append(got, m)
			return nil
		})()
		e := said("lan", 1)
		e.Place = &channels.Place{Lat: 20.86, Lon: 106.68, Label: "Nhà hát lớn"}
		take(t, in, e)
		time.Sleep(settle)
		synctest.Wait()
		require.Len(t, got, 1)
		m := got[0]
		require.Equal(t, channels.ConversationID("zalo", "oa", "lan"), m.Conversation)
		require.Equal(t, 1, m.Attempt)
		require.Equal(t, "zalo", m.Channel)
		require.LessOrEqual(t, len(m.ID), 64)
		require.True(t, e.At.Equal(m.Event.At))
		m.Event.At = e.At
		require.Equal(t, e, m.Event)
		r := stored(t, in, e)
		require.Equal(t, done, r.State)
		require.Empty(t, r.Sealed, "what was said is not kept any longer")
		require.Nil(t, r.Due)
		require.WithinDuration(t, time.Now().Add(168*time.Hour), *r.ExpiresAt, time.Second)
	})
}

func TestOneInsertBeforeTheAcknowledgementAndOneUpdateAfter(t *testing.T) {
	storetest.Bubble(t, func(t *testing.T, engine store.Engine) {
		var calls storetest.Tally
		writes := func() [2]int { return [2]int{calls.Of(storetest.Insert), calls.Of(storetest.Replace)} }
		in := newWorld(t, &storetest.Watched{Engine: engine, Before: calls.Note}).open(t, Config{Settle: settle}, nil)
		var seen witness
		defer start(t, in, seen.see)()
		synctest.Wait()
		take(t, in, said("lan", 1))
		require.Equal(t, [2]int{1, 0}, writes())
		time.Sleep(time.Second)
		require.Equal(t, names("lan", 1, 1), seen.of("lan"))
		require.Equal(t, [2]int{1, 1}, writes())
	})
}

func TestHundredCopiesAtOnceAreOne(t *testing.T) {
	storetest.BubbleOnFiles(t, func(t *testing.T, engine store.Engine) {
		w := newWorld(t, engine)
		a, b := w.open(t, Config{Settle: settle}, nil), w.open(t, Config{Settle: settle}, nil)
		var seen witness
		defer start(t, a, seen.see)()
		defer start(t, b, seen.see)()
		var copies sync.WaitGroup
		for i := range 100 {
			in := []*Inbox{a, b}[i%2]
			copies.Go(func() { take(t, in, said("lan", 1)) })
		}
		copies.Wait()
		time.Sleep(time.Minute)
		require.Equal(t, names("lan", 1, 1), seen.of("lan"))
		take(t, a, said("lan", 1))
		time.Sleep(time.Minute)
		require.Equal(t, 1, seen.tried("lan-1"), "nor later")
	})
}

func TestTwentyMessagesOfANewPersonAtOnce(t *testing.T) {
	for _, replicas := range []int{1, 3} {
		storetest.Bubble(t, func(t *testing.T, engine store.Engine) {
			w := newWorld(t, engine)
			var seen witness
			var all []*Inbox
			for range replicas {
				in := w.open(t, Config{Settle: settle}, nil)
				defer start(t, in, seen.see)()
				all = append(all, in)
			}
			var calls sync.WaitGroup
			for _, n := range rand.Perm(20) {
				calls.Go(func() { take(t, all[n%replicas], said("lan", n)) })
			}
			calls.Wait()
			time.Sleep(3 * time.Second)
			require.Equal(t, names("lan", 0, 19), seen.of("lan"), "%d replicas", replicas)
			require.False(t, seen.clashed())
		})
	}
}

func TestLateWithinTheRestIsPutRight(t *testing.T) {
	storetest.Bubble(t, func(t *testing.T, engine store.Engine) {
		in := newWorld(t, engine).open(t, Config{Settle: settle}, nil)
		var seen witness
		defer start(t, in, seen.see)()
		take(t, in, said("lan", 3))
		time.Sleep(40 * time.Millisecond)
		take(t, in, said("lan", 1))
		time.Sleep(60 * time.Millisecond)
		take(t, in, said("lan", 2))
		time.Sleep(time.Second)
		require.Equal(t, names("lan", 1, 3), seen.of("lan"))
		take(t, in, said("lan", 0))
		time.Sleep(time.Second)
		require.Equal(t, append(names("lan", 1, 3), "lan-0"), seen.of("lan"), "too late is handled when it comes")
	})
}

func TestOneWebhookKeepsItsOrderAtOneMoment(t *testing.T) {
	storetest.Bubble(t, func(t *testing.T, engine store.Engine) {
		in := newWorld(t, engine).open(t, Config{}, nil)
		var events []channels.Event
		for n := range 10 {
			e := said("lan", n)
			e.At = epoch
			events = append(events, e)
		}
		take(t, in, events...)
		var seen witness
		defer start(t, in, seen.see)()
		time.Sleep(time.Second)
		require.Equal(t, names("lan", 0, 9), seen.of("lan"))
	})
}

func TestForeignAndClosedLeaveAMark(t *testing.T) {
	storetest.Bubble(t, func(t *testing.T, engine store.Engine) {
		in := newWorld(t, engine).open(t, Config{}, nil)
		var seen witness
		defer start(t, in, seen.see)()
		foreign, closed := said("lan", 1), said("lan", 2)
		foreign.Foreign, closed.Closed = true, true
		take(t, in, foreign, closed)
		time.Sleep(time.Minute)
		require.Empty(t, seen.of("lan"))
		r := stored(t, in, foreign)
		require.Equal(t, done, r.State)
		require.Empty(t, r.Sealed)
		require.NotNil(t, r.ExpiresAt)
	})
}

func TestTakeRefuses(t *testing.T) {
	storetest.Bubble(t, func(t *testing.T, engine store.Engine) {
		in := newWorld(t, engine).open(t, Config{Retention: time.Hour}, nil)
		p := zalo
		p.MaxAge = time.Hour
		require.Error(t, in.Serves(p))
		require.Equal(t, fault.Internal, fault.CodeOf(in.Take(t.Context(), p, []channels.Event{said("lan", 1)})))
		p.MaxAge = 59 * time.Minute
		require.NoError(t, in.Take(t.Context(), p, []channels.Event{said("lan", 1)}))
		require.Equal(t, fault.Internal, fault.CodeOf(in.Take(t.Context(), p, []channels.Event{{}})))
		require.NoError(t, in.Take(t.Context(), p, nil))
	})
}

func TestTakeFailsWhenOneIsNotStored(t *testing.T) {
	storetest.Bubble(t, func(t *testing.T, engine store.Engine) {
		dying := storetest.Mortal{Engine: engine, Life: &storetest.Life{}}
		dying.EndAt(3, false)
		w := newWorld(t, dying)
		in := w.open(t, Config{}, nil)
		events := []channels.Event{said("lan", 1), said("lan", 2), said("lan", 3)}
		require.Equal(t, fault.Unavailable, fault.CodeOf(in.Take(t.Context(), zalo, events)))
		w.engine = engine
		again := w.open(t, Config{}, nil)
		take(t, again, events...)
		var seen witness
		defer start(t, again, seen.see)()
		time.Sleep(time.Minute)
		require.ElementsMatch(t, names("lan", 1, 3), seen.of("lan"))
	})
}

func TestConversationsDoNotWaitForEachOther(t *testing.T) {
	storetest.Bubble(t, func(t *testing.T, engine store.Engine) {
		in := newWorld(t, engine).open(t, Config{}, nil)
		seen := witness{during: func(_ context.Context, m Message) {
			if m.Event.From == "slow" {
				time.Sleep(20 * time.Second)
			}
		}}
		defer start(t, in, seen.see)()
		take(t, in, said("slow", 1), said("slow", 2), said("lan", 1))
		time.Sleep(100 * time.Millisecond)
		require.Equal(t, names("lan", 1, 1), seen.of("lan"))
		require.Equal(t, names("slow", 1, 1), seen.of("slow"))
		time.Sleep(time.Minute)
		require.Equal(t, names("slow", 1, 2), seen.of("slow"))
		require.Equal(t, 1, seen.tried("slow-1"), "its lease was renewed")
	})
}

func TestFullBoardLeavesTheRestToTheStore(t *testing.T) {
	storetest.Bubble(t, func(t *testing.T, engine store.Engine) {
		in := newWorld(t, engine).open(t, Config{Queue: 1, Workers: 2}, nil)
		people := []string{"an", "binh", "chi", "dung", "em", "giang"}
		for _, who := range people {
			take(t, in, said(who, 1), said(who, 2))
		}
		var seen witness
		defer start(t, in, seen.see)()
		time.Sleep(10 * time.Second)
		for _, who := range people {
			require.Equal(t, names(who, 1, 2), seen.of(who))
		}
	})
}

func TestStopLetsGoOfEverything(t *testing.T) {
	storetest.Bubble(t, func(t *testing.T, engine store.Engine) {
		w := newWorld(t, engine)
		first := w.open(t, Config{Workers: 1, Drain: 5 * time.Second}, nil)
		seen := witness{during: func(context.Context, Message) { time.Sleep(3 * time.Second) }}
		stop := start(t, first, seen.see)
		take(t, first, said("lan", 1), said("lan", 2), said("minh", 1), said("minh", 2))
		time.Sleep(time.Second)
		stop()
		begun := append(seen.of("lan"), seen.of("minh")...)
		require.Len(t, begun, 1, "what had begun was finished, nothing else was begun")
		take(t, first, said("hoa", 1)) // a last webhook
		second := w.open(t, Config{}, nil)
		var after witness
		defer start(t, second, after.see)()
		synctest.Wait()
		all := append(append(append(begun, after.of("lan")...), after.of("minh")...), after.of("hoa")...)
		require.Equal(t, append(append(names("hoa", 1, 1), names("lan", 1, 2)...), names("minh", 1, 2)...), sorted(all), "at once, each once")
	})
}

func TestHandlerThatDoesNotEndIsInterrupted(t *testing.T) {
	storetest.Bubble(t, func(t *testing.T, engine store.Engine) {
		w := newWorld(t, engine)
		first := w.open(t, Config{Drain: time.Second}, nil)
		var seen witness
		stop := start(t, first, func(ctx context.Context, m Message) error {
			_ = seen.see(ctx, m)
			<-ctx.Done()
			return ctx.Err()
		})
		take(t, first, said("lan", 1))
		time.Sleep(time.Second)
		stop()
		r := stored(t, first, said("lan", 1))
		require.Equal(t, waiting, r.State)
		require.Zero(t, r.Attempts, "that was not its fault")
		second := w.open(t, Config{}, nil)
		defer start(t, second, seen.see)()
		synctest.Wait()
		require.Equal(t, 2, seen.tried("lan-1"))
	})
}

func TestRunsOnce(t *testing.T) {
	storetest.Bubble(t, func(t *testing.T, engine store.Engine) {
		in := newWorld(t, engine).open(t, Config{}, nil)
		require.Error(t, in.Run(t.Context(), nil))
		var seen witness
		defer start(t, in, seen.see)()
		synctest.Wait()
		require.Error(t, in.Run(t.Context(), seen.see))
	})
}
