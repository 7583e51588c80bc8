package inbox

import (
	"errors"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/secret/secrettest"
	"github.com/motcua/motcua/internal/store"
	"github.com/motcua/motcua/internal/store/storetest"
)

func sorted(s []string) []string {
	s = slices.Clone(s)
	slices.Sort(s)
	return s
}

func TestPoisonIsParkedAndOthersFlow(t *testing.T) {
	poison := map[string]error{"lan-2": errors.New("cannot be understood"), "minh-1": nil}
	storetest.Bubble(t, func(t *testing.T, engine store.Engine) {
		w := newWorld(t, engine)
		in := w.open(t, Config{}, nil)
		var healed atomic.Bool
		seen := witness{answer: func(m Message) error {
			if healed.Load() {
				return nil
			}
			if m.Event.ID == "minh-1" {
				panic("lan's secret")
			}
			return poison[m.Event.ID]
		}}
		defer start(t, in, seen.see)()
		take(t, in, said("lan", 1), said("lan", 2), said("lan", 3), said("minh", 1), said("minh", 2), said("hoa", 1))
		synctest.Wait()
		require.Equal(t, names("hoa", 1, 1), seen.of("hoa"))
		require.NotContains(t, seen.of("lan"), "lan-3", "it waits for its turn")
		time.Sleep(time.Minute)
		require.Equal(t, 8, seen.tried("lan-2"))
		require.Equal(t, 8, seen.tried("minh-1"))
		require.Equal(t, 1, seen.tried("lan-3"))
		require.Equal(t, 1, seen.tried("minh-2"))
		r := stored(t, in, said("lan", 2))
		require.Equal(t, parked, r.State)
		require.Equal(t, "INTERNAL", r.Reason)
		require.WithinDuration(t, time.Now().Add(90*24*time.Hour), *r.ExpiresAt, time.Minute)
		require.ErrorIs(t, w.desk.cause(r.ID), poison["lan-2"])
		panicked := stored(t, in, said("minh", 1))
		require.Equal(t, "INTERNAL inbox.panic", panicked.Reason)
		require.NotContains(t, w.desk.cause(panicked.ID).Error(), "secret")

		require.Equal(t, fault.NotFound, fault.CodeOf(in.Replay(t.Context(), "no such")))
		require.Equal(t, fault.Conflict, fault.CodeOf(in.Replay(t.Context(), idOf(t, in, said("lan", 1)))))
		require.NoError(t, in.Replay(t.Context(), r.ID))
		time.Sleep(time.Minute)
		require.Equal(t, 16, seen.tried("lan-2"))
		require.Error(t, w.desk.cause(r.ID+".2"), "the second parking has a name of its own")
		healed.Store(true)
		require.NoError(t, in.Replay(t.Context(), r.ID+".2"))
		require.NoError(t, in.Replay(t.Context(), panicked.ID))
		synctest.Wait()
		require.Equal(t, done, stored(t, in, said("lan", 2)).State)
		require.Equal(t, done, stored(t, in, said("minh", 1)).State)
	})
}

func TestOutageKeepsTheOrder(t *testing.T) {
	storetest.Bubble(t, func(t *testing.T, engine store.Engine) {
		in := newWorld(t, engine).open(t, Config{}, nil)
		var back atomic.Bool
		seen := witness{answer: func(m Message) error {
			if m.Event.From == "lan" && !back.Load() {
				return fault.New(fault.Unavailable, "")
			}
			return nil
		}}
		defer start(t, in, seen.see)()
		take(t, in, said("lan", 1), said("lan", 2))
		synctest.Wait()
		require.Equal(t, 1, seen.tried("lan-1"))
		time.Sleep(10 * time.Minute)
		take(t, in, said("lan", 3), said("minh", 1))
		time.Sleep(time.Minute)
		require.Equal(t, 1, seen.tried("minh-1"))
		require.Zero(t, seen.tried("lan-2"))
		require.Zero(t, stored(t, in, said("lan", 1)).Failures)
		tries := seen.tried("lan-1")
		require.Greater(t, tries, 11, "at least once a minute")
		require.Less(t, tries, 40)
		back.Store(true)
		time.Sleep(62 * time.Second)
		require.Equal(t, names("lan", 1, 3), seen.of("lan")[tries:])
	})
}

func TestOutageEndsInParking(t *testing.T) {
	storetest.Bubble(t, func(t *testing.T, engine store.Engine) {
		w := newWorld(t, engine)
		in := w.open(t, Config{GiveUp: 10 * time.Minute}, nil)
		seen := witness{answer: func(m Message) error {
			if m.Event.ID == "lan-1" {
				return fault.New(fault.RateLimited, "").After(2 * time.Minute)
			}
			return nil
		}}
		defer start(t, in, seen.see)()
		take(t, in, said("lan", 1), said("lan", 2))
		time.Sleep(9 * time.Minute)
		require.Equal(t, 5, seen.tried("lan-1"), "RetryAfter is heeded")
		time.Sleep(2 * time.Minute)
		r := stored(t, in, said("lan", 1))
		require.Equal(t, parked, r.State)
		require.Equal(t, "UNAVAILABLE inbox.gave_up", r.Reason)
		require.Equal(t, 1, seen.tried("lan-2"))
	})
}

func TestParkingWaitsForTheDesk(t *testing.T) {
	storetest.Bubble(t, func(t *testing.T, engine store.Engine) {
		w := newWorld(t, engine)
		in := w.open(t, Config{Failures: 1}, nil)
		w.desk.err = fault.New(fault.Unavailable, "")
		seen := witness{answer: func(Message) error { return errors.New("poison") }}
		defer start(t, in, seen.see)()
		take(t, in, said("lan", 1))
		time.Sleep(time.Minute)
		require.Equal(t, waiting, stored(t, in, said("lan", 1)).State)
		w.desk.mu.Lock()
		w.desk.err = nil
		w.desk.mu.Unlock()
		time.Sleep(2 * time.Minute)
		require.Equal(t, parked, stored(t, in, said("lan", 1)).State)
	})
}

func TestSealedWithOtherKeysIsParked(t *testing.T) {
	storetest.Bubble(t, func(t *testing.T, engine store.Engine) {
		w := newWorld(t, engine)
		take(t, w.open(t, Config{}, nil), said("lan", 1))
		w.box = secrettest.NewBox(t)
		in := w.open(t, Config{}, nil)
		var seen witness
		defer start(t, in, seen.see)()
		time.Sleep(time.Minute)
		require.Empty(t, seen.of("lan"))
		require.Equal(t, "INTERNAL inbox.sealed", stored(t, in, said("lan", 1)).Reason)
	})
}
