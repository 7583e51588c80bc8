package outbox

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/store"
	"github.com/motcua/motcua/internal/store/storetest"
)

// tray is a source: ids wait in it until they are carried.
type tray struct {
	mu      sync.Mutex
	waiting []string
	carried map[string]int
	carry   func(id string) error
	down    bool
	since   time.Time // of the oldest that waits
}

func (s *tray) put(ids ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.waiting = append(s.waiting, ids...)
}

func (s *tray) Due(_ context.Context, limit int) ([]string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.down {
		return nil, errors.New("down")
	}
	return append([]string(nil), s.waiting[:min(limit, len(s.waiting))]...), nil
}

func (s *tray) Waiting(_ context.Context, most int) (int, time.Time, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.down {
		return 0, time.Time{}, errors.New("down")
	}
	return min(most, len(s.waiting)), s.since, nil
}

func (s *tray) Carry(_ context.Context, id string) error {
	if s.carry != nil {
		if err := s.carry(id); err != nil {
			return err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.carried == nil {
		s.carried = map[string]int{}
	}
	s.carried[id]++
	for i, x := range s.waiting {
		if x == id {
			s.waiting = append(s.waiting[:i:i], s.waiting[i+1:]...)
			break
		}
	}
	return nil
}

func (s *tray) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.carried)
}

func TestRelayCarriesWhenNudgedAndByItself(t *testing.T) {
	storetest.Bubble(t, func(t *testing.T, engine store.Engine) {
		o := open(t, engine, Config{Poll: time.Second})
		s := &tray{}
		require.NoError(t, o.Relay("cases", s))
		defer start(t, o)()
		synctest.Wait()
		before := time.Now()
		for i := range 300 {
			s.put(fmt.Sprint("c", i))
		}
		o.Nudge("cases")
		o.Nudge("nobody")
		synctest.Wait()
		require.Equal(t, 300, s.count())
		require.Zero(t, time.Since(before))
		s.put("late")
		time.Sleep(time.Second)
		synctest.Wait()
		require.Equal(t, 301, s.count(), "found by polling")
		for id, n := range s.carried {
			require.Equal(t, 1, n, id)
		}
	})
}

func TestRelayGoesAroundPoison(t *testing.T) {
	storetest.Bubble(t, func(t *testing.T, engine store.Engine) {
		o := open(t, engine, Config{Poll: time.Second})
		tries := map[string]int{}
		s := &tray{}
		healed := false
		s.carry = func(id string) error {
			s.mu.Lock()
			defer s.mu.Unlock()
			tries[id]++
			switch {
			case healed || id[0] == 'c':
				return nil
			case id == "p0":
				panic("wild")
			}
			return errors.New("odd")
		}
		for i := range 100 { // more than a batch, all at the head
			s.put(fmt.Sprint("p", i))
		}
		for i := range 10 {
			s.put(fmt.Sprint("c", i))
		}
		require.NoError(t, o.Relay("cases", s))
		defer start(t, o)()
		time.Sleep(10 * time.Second)
		require.Equal(t, 10, s.count(), "the good ones behind the bad ones")
		require.Less(t, tries["p1"], 6, "with growing rests")
		s.mu.Lock()
		healed = true
		s.mu.Unlock()
		o.Nudge("cases")
		time.Sleep(time.Minute) // the longest rest so far is 8 s
		require.Equal(t, 110, s.count())
	})
}

func TestRelayOutlivesAnOutageOfItsSource(t *testing.T) {
	storetest.Bubble(t, func(t *testing.T, engine store.Engine) {
		o := open(t, engine, Config{Poll: time.Second})
		s := &tray{down: true}
		s.put("a")
		require.NoError(t, o.Relay("cases", s))
		defer start(t, o)()
		time.Sleep(time.Minute)
		s.mu.Lock()
		s.down = false
		s.mu.Unlock()
		time.Sleep(time.Second)
		synctest.Wait()
		require.Equal(t, 1, s.count())
	})
}

func TestMetricsTellDepthAndAge(t *testing.T) {
	storetest.Bubble(t, func(t *testing.T, engine store.Engine) {
		o := open(t, engine, Config{})
		require.NoError(t, o.Handle("sms", func(context.Context, Intent) error { return Permanent("no", nil) }))
		for i := range 3 {
			require.NoError(t, o.Put(t.Context(), Intent{ID: fmt.Sprint("i", i), Lane: Bulk, Kind: "nobody"}))
		}
		require.NoError(t, o.Put(t.Context(), Intent{ID: "dead", Lane: Codes, Kind: "sms"}))
		defer start(t, o)()
		time.Sleep(time.Minute + time.Second)
		require.InDelta(t, 3, testutil.ToFloat64(o.metrics.depth.WithLabelValues("bulk", "waiting")), 0)
		require.InDelta(t, 60, testutil.ToFloat64(o.metrics.age.WithLabelValues("bulk")), 1)
		require.InDelta(t, 0, testutil.ToFloat64(o.metrics.age.WithLabelValues("codes")), 0)
		require.InDelta(t, 1, testutil.ToFloat64(o.metrics.depth.WithLabelValues("codes", "dead")), 0)
		require.InDelta(t, 1, testutil.ToFloat64(o.metrics.attempts.WithLabelValues("codes", "sms", "dead")), 0)
	})
}

func TestMetricsTellWhatRelaysHold(t *testing.T) {
	storetest.Bubble(t, func(t *testing.T, engine store.Engine) {
		o := open(t, engine, Config{})
		stuck := &tray{since: time.Now(), carry: func(string) error { return errors.New("odd") }}
		stuck.put("a", "b", "c")
		require.NoError(t, o.Relay("stuck", stuck))
		require.NoError(t, o.Relay("idle", &tray{}))
		defer start(t, o)()
		time.Sleep(time.Minute + time.Second)
		gauges := func(relay string) (depth, age float64) {
			return testutil.ToFloat64(o.metrics.held.WithLabelValues(relay)), testutil.ToFloat64(o.metrics.heldAge.WithLabelValues(relay))
		}
		depth, age := gauges("stuck")
		require.InDelta(t, 3, depth, 0)
		require.InDelta(t, 60, age, 1)
		depth, age = gauges("idle")
		require.Zero(t, depth)
		require.Zero(t, age)
		stuck.mu.Lock()
		stuck.down = true
		stuck.mu.Unlock()
		time.Sleep(time.Minute)
		depth, _ = gauges("stuck")
		require.InDelta(t, 3, depth, 0, "kept while the source is away")
	})
}

func TestParkedIsDeadUntilRetried(t *testing.T) {
	storetest.Bubble(t, func(t *testing.T, engine store.Engine) {
		o := open(t, engine, Config{})
		var done effects
		require.NoError(t, o.Handle("relay", done.count))
		in := Intent{ID: "p", Kind: "relay", Payload: []byte("x")}
		require.NoError(t, o.Park(t.Context(), in, fault.New(fault.Invalid, "a.b")))
		require.NoError(t, o.Park(t.Context(), in, errors.New("again")), "parking twice is once")
		defer start(t, o)()
		time.Sleep(time.Minute)
		page, err := o.List(t.Context(), Dead, "", 10, "")
		require.NoError(t, err)
		require.Len(t, page.Items, 1)
		require.Equal(t, "INVALID a.b", page.Items[0].Reason)
		require.Zero(t, done.of("p"), "nobody asked for it")
		require.NotNil(t, stateOf(t, o, "p").ExpiresAt, "it does not stay for ever")
		require.NoError(t, o.Retry(t.Context(), "p"))
		synctest.Wait()
		require.Equal(t, 1, done.of("p"))
		require.Equal(t, Done, stateOf(t, o, "p").State)
	})
}
