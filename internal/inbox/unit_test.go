package inbox

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/channels"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/store"
	"github.com/motcua/motcua/internal/store/storetest"
)

func TestDecide(t *testing.T) {
	c := Config{Settle: settle}.filled()
	now := epoch
	in := func(d time.Duration) *time.Time { return at(now.Add(d)) }
	old := now.Add(-time.Minute)
	mine := record{Owner: "me", Due: in(9 * time.Second), Received: old}
	theirs := record{Owner: "you", Due: in(3 * time.Second), Received: old}
	free := record{Due: in(15 * time.Second), Received: old}
	lapsed := record{Owner: "you", Due: in(0), Received: old}
	stale := record{Owner: "me", Due: in(5 * time.Second), Received: old}
	fresh := record{Owner: "me", Due: in(9 * time.Second), Received: now.Add(-50 * time.Millisecond)}
	ahead := record{Owner: "me", Due: in(9 * time.Second), Received: now.Add(time.Hour)}
	rests := record{Due: in(20 * time.Second), Pause: in(20 * time.Second), Received: old}
	rested := record{Due: in(0), Pause: in(0), Received: old}
	photo := record{Owner: "me", Due: in(9 * time.Second), Received: old, Fetch: true}
	tests := []struct {
		name  string
		heads []record
		want  move
		until time.Duration
	}{
		{"nothing", nil, idle, 0},
		{"mine alone", []record{mine}, handle, 0},
		{"mine before mine and what nobody holds", []record{mine, mine, free, lapsed}, handle, 0},
		{"mine before another's", []record{mine, free, theirs}, pause, contend},
		{"another's first", []record{theirs, mine}, yield, 3 * time.Second},
		{"nobody's", []record{free}, claim, 0},
		{"a dead one's", []record{lapsed, mine}, claim, 0},
		{"nobody's before another's", []record{free, theirs}, pause, contend},
		{"mine for too short", []record{stale}, claim, 0},
		{"came just now", []record{fresh}, pause, 100 * time.Millisecond},
		{"came just now, from somebody else", []record{fresh, theirs}, pause, 100 * time.Millisecond},
		{"from a clock that is ahead", []record{ahead}, handle, 0},
		{"failed", []record{rests, mine}, yield, 20 * time.Second},
		{"failed some time ago", []record{rested, mine}, claim, 0},
		{"needs its photos", []record{photo, mine}, gather, 0},
		{"photos behind it", []record{mine, photo}, handle, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, until := c.decide(tt.heads, "me", now)
			require.Equal(t, tt.want, got)
			if tt.until != 0 {
				require.Equal(t, tt.until, until.Sub(now))
			}
		})
	}
}

func TestJudge(t *testing.T) {
	c := Config{}.filled()
	tests := []struct {
		name        string
		r           record
		outcome     error
		end         ending
		least, most time.Duration
	}{
		{"success", record{}, nil, endDone, 0, 0},
		{"stopped", record{}, errDrained, endLeft, 0, 0},
		{"first failure", record{}, errors.New("x"), endFailed, failureMin / 2, failureMin},
		{"panic", record{}, errPanic, endFailed, failureMin / 2, failureMin},
		{"sixth failure", record{Failures: 5}, errors.New("x"), endFailed, 4 * time.Second, 8 * time.Second},
		{"last failure", record{Failures: 7}, errors.New("x"), endParked, 0, 0},
		{"first outage", record{}, fault.New(fault.Unavailable, ""), endLater, outageMin / 2, outageMin},
		{"out of time", record{}, context.DeadlineExceeded, endLater, outageMin / 2, outageMin},
		{"hundredth outage", record{Attempts: 99}, fault.New(fault.Unavailable, ""), endLater, outageMax / 2, outageMax},
		{"told when", record{}, fault.New(fault.RateLimited, "").After(time.Hour), endLater, time.Hour, time.Hour},
		{"outage for too long", record{Since: epoch.Add(-72 * time.Hour)}, fault.New(fault.Unavailable, ""), endParked, 0, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if tt.r.Since.IsZero() {
				tt.r.Since = epoch
			}
			v := c.judge(&tt.r, tt.outcome, epoch)
			require.Equal(t, tt.end, v.end)
			require.GreaterOrEqual(t, v.wait, tt.least)
			require.LessOrEqual(t, v.wait, tt.most)
		})
	}
}

func TestPlace(t *testing.T) {
	ordered := []string{
		place(time.Time{}, 1), place(epoch, 1), place(epoch, 2), place(epoch.Add(time.Millisecond), 0), place(time.Date(2285, 1, 1, 0, 0, 0, 0, time.UTC), 0),
		place(time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC), 0),
	}
	require.IsIncreasing(t, ordered)
	for _, p := range ordered {
		require.Len(t, p, 30)
	}
}

func TestBoard(t *testing.T) {
	b := newBoard(2)
	require.True(t, b.offer("a", epoch.Add(2)))
	require.True(t, b.offer("b", epoch.Add(3)))
	require.False(t, b.offer("c", epoch), "no room")
	require.True(t, b.offer("b", epoch.Add(1)), "known already")
	require.True(t, b.offer("b", epoch.Add(9)), "the sooner time counts")
	_, wait := b.take(epoch)
	require.EqualValues(t, 1, wait)
	first, _ := b.take(epoch.Add(5))
	require.Equal(t, "b", first)
	require.True(t, b.offer("b", epoch.Add(7)), "while it is looked at")
	second, _ := b.take(epoch.Add(5))
	require.Equal(t, "a", second)
	none, wait := b.take(epoch.Add(5))
	require.Empty(t, none)
	require.Equal(t, time.Hour, wait)
	b.put("b", epoch.Add(8))
	_, wait = b.take(epoch.Add(5))
	require.EqualValues(t, 2, wait, "what was offered meanwhile is not lost")
	b.put("a", time.Time{})
	require.True(t, b.offer("c", epoch), "a is forgotten")
	require.ElementsMatch(t, []string{"b", "c"}, b.close())
	require.False(t, b.offer("d", epoch))
	require.True(t, b.offer("b", epoch))
}

func TestConfig(t *testing.T) {
	require.NoError(t, Config{}.Validate())
	require.NoError(t, Config{}.filled().Validate())
	err := Config{Workers: -1, Fetchers: 1001, Queue: -1, Lease: time.Millisecond, Settle: time.Minute, Retention: 1, Drain: -1, Fetch: FetchConfig{MaxPhoto: -1}}.Validate()
	for _, key := range []string{"workers", "fetchers", "queue", "lease", "settle", "retention", "drain", "max_photo"} {
		require.ErrorContains(t, err, key)
	}
	_, err = New(t.Context(), nil, Config{}, Deps{})
	require.Error(t, err)
}

// hub is a live.Hub of one process.
type hub struct {
	mu       sync.Mutex
	watchers []chan struct{}
}

func (h *hub) Signal(context.Context, string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, ch := range h.watchers {
		nudge(ch)
	}
}

func (h *hub) Watch(context.Context, string) <-chan struct{} {
	h.mu.Lock()
	defer h.mu.Unlock()
	ch := make(chan struct{}, 1)
	h.watchers = append(h.watchers, ch)
	return ch
}

func TestOtherReplicaIsWoken(t *testing.T) {
	storetest.Bubble(t, func(t *testing.T, engine store.Engine) {
		w := newWorld(t, engine)
		var h hub
		connect := func(d *Deps) { d.Signals = &h }
		leaving, staying := w.open(t, Config{}, connect), w.open(t, Config{Poll: time.Minute}, connect)
		var seen witness
		defer start(t, staying, seen.see)()
		time.Sleep(time.Second)
		stop := start(t, leaving, func(ctx context.Context, _ Message) error {
			<-ctx.Done()
			return ctx.Err()
		})
		take(t, leaving, said("lan", 1), said("lan", 2))
		synctest.Wait()
		stop()
		synctest.Wait()
		require.Equal(t, names("lan", 1, 2), seen.of("lan"))
	})
}

func TestMetrics(t *testing.T) {
	storetest.Bubble(t, func(t *testing.T, engine store.Engine) {
		w := newWorld(t, engine)
		var s shelf
		w.fetch = s.fetch
		reg := prometheus.NewRegistry()
		in := w.open(t, Config{Failures: 2}, func(d *Deps) { d.Reg = reg })
		seen := witness{answer: func(m Message) error {
			switch m.Event.From {
			case "poison":
				return errors.New("poison")
			case "outage":
				return fault.New(fault.Unavailable, "")
			}
			return nil
		}}
		defer start(t, in, seen.see)()
		take(t, in, said("lan", 1, photo("x"), channels.Attachment{Kind: channels.Audio}), said("poison", 1), said("outage", 1))
		take(t, in, said("lan", 1))
		time.Sleep(time.Minute)
		for name, want := range map[string]float64{
			"motcua_inbox_taken_total": 3, "motcua_inbox_duplicates_total": 1, "motcua_inbox_waiting": 1, "motcua_inbox_fetched_total": 2,
			"motcua_inbox_take_seconds": 2,
		} {
			require.Equal(t, want, sum(t, reg, name), name)
		}
		require.InDelta(t, 50, sum(t, reg, "motcua_inbox_oldest_age_seconds"), 11)
		require.Greater(t, sum(t, reg, "motcua_inbox_attempts_total"), 4.0)
	})
}

// sum adds up a metric over its labels.
func sum(t *testing.T, reg *prometheus.Registry, name string) float64 {
	t.Helper()
	all, err := reg.Gather()
	require.NoError(t, err)
	total := 0.0
	for _, f := range all {
		if f.GetName() != name {
			continue
		}
		for _, m := range f.GetMetric() {
			total += m.GetCounter().GetValue() + m.GetGauge().GetValue() + float64(m.GetHistogram().GetSampleCount())
		}
	}
	return total
}

// TestSuccessCounts even when another replica has taken the event over meanwhile; a failure does not.
func TestSuccessCounts(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_800_000_000, 0)
	for end, want := range map[ending]state{endDone: done, endParked: waiting, endLater: waiting, endFailed: waiting} {
		r := record{State: waiting, Owner: "b", Due: at(now.Add(time.Minute))}
		err := r.apply(verdict{end: end, cause: errGaveUp}, "a", now, Config{})
		require.Equal(t, end != endDone, errors.Is(err, store.ErrUnchanged), end)
		require.Equal(t, want, r.State, end)
		require.Zero(t, r.Failures)
	}
}

// TestReplayKeepsThePlace of a parked event in its conversation.
func TestReplayKeepsThePlace(t *testing.T) {
	t.Parallel()
	began := time.Unix(1_800_000_000, 0)
	r := record{State: waiting, At: began, Received: began.Add(time.Second)}
	r.Turn = place(r.At, r.Received.UnixMicro())
	turn := r.Turn
	r.park("INTERNAL", began.Add(time.Hour), Config{})
	require.Empty(t, r.Turn)
	require.NoError(t, r.replay(began.Add(2*time.Hour)))
	require.Equal(t, turn, r.Turn)
	require.Less(t, r.Turn, place(began.Add(time.Minute), began.Add(time.Minute).UnixMicro()))
	require.Error(t, r.replay(began), "it is not parked")
}
