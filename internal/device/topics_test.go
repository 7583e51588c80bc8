package device

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/store"
)

func TestFollow(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Config{})
	lan := viewer("lan", "guest")
	require.Equal(t, fault.NotFound, fault.CodeOf(w.Follow(t.Context(), lan, []string{"ward-1"})))
	require.Equal(t, fault.Unauthorized, fault.CodeOf(w.Follow(t.Context(), account.Viewer{}, nil)))
	w.register(t, lan, "token-1")
	w.register(t, viewer("guest"), "token-2", "interest-weather")
	require.NoError(t, w.Follow(t.Context(), lan, []string{"ward-2", "ward-1", "ward-1"}))
	require.Equal(t, fault.Invalid, fault.CodeOf(w.Follow(t.Context(), lan, []string{"Phường"})))
	n, since := w.waiting(t)
	require.Equal(t, 2, n)
	require.Equal(t, w.clock(), since)
	require.NotZero(t, w.nudges)
	w.work(t)
	for _, token := range []string{"token-1", "token-2"} {
		require.Equal(t, []string{"ward-1", "ward-2"}, w.phones.follows(token))
	}
	n, since = w.waiting(t)
	require.Zero(t, n)
	require.Zero(t, since)
	calls := w.phones.calls
	require.NoError(t, w.Follow(t.Context(), lan, []string{"ward-1", "ward-2"}))
	w.work(t)
	require.Equal(t, calls, w.phones.calls, "nothing to do")
	require.NoError(t, w.Follow(t.Context(), lan, nil))
	w.work(t)
	require.Empty(t, w.phones.follows("token-1"))
}

func TestTopicOutage(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Config{BackoffMin: time.Minute, BackoffMax: 3 * time.Minute})
	lan := viewer("lan")
	w.register(t, lan, "token-1", "ward-1")
	since := w.clock()
	w.phones.fail = fault.New(fault.Unavailable, "")
	for _, wait := range []time.Duration{time.Minute, 2 * time.Minute, 3 * time.Minute, 3 * time.Minute} {
		w.work(t)
		w.pass(wait - time.Second)
		ids, err := w.Due(t.Context(), 10)
		require.NoError(t, err)
		require.Empty(t, ids)
		w.pass(time.Second)
	}
	n, first := w.waiting(t)
	require.Equal(t, 1, n)
	require.Equal(t, since, first)
	w.phones.fail = fault.New(fault.RateLimited, "").After(time.Hour)
	w.work(t)
	w.pass(59 * time.Minute)
	w.phones.fail = nil
	w.work(t)
	require.Empty(t, w.phones.follows("token-1"), "the network said when")
	w.pass(time.Minute)
	w.phones.reason = "INTERNAL"
	w.work(t)
	w.phones.reason = ""
	w.pass(3 * time.Minute)
	w.work(t)
	require.Equal(t, []string{"ward-1"}, w.phones.follows("token-1"))
	n, _ = w.waiting(t)
	require.Zero(t, n)
}

// TestRefusedTopics shows that what the network refuses for good is not asked again, and that a device is not lost over it.
func TestRefusedTopics(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Config{})
	lan := viewer("lan")
	w.register(t, lan, "token-1", "ward-1", "ward-2")
	w.phones.reason = "NOT_FOUND"
	w.work(t)
	n, _ := w.waiting(t)
	require.Zero(t, n)
	require.Len(t, w.ids(t, lan), 1)
}

// TestRemovedDevicesLeaveTheirTopics shows that a device goes when it follows nothing any more.
func TestRemovedDevicesLeaveTheirTopics(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Config{})
	lan := viewer("lan")
	d := w.register(t, lan, "token-1", "ward-1")
	w.work(t)
	require.NoError(t, w.Remove(t.Context(), lan, d.ID))
	require.Empty(t, w.ids(t, lan))
	_, err := store.SweepAll(t.Context(), w.engine, w.clock().Add(time.Second))
	require.NoError(t, err)
	require.NotEmpty(t, w.stored(t), "its topics are still to be left")
	w.work(t)
	require.Empty(t, w.phones.follows("token-1"))
	_, err = store.SweepAll(t.Context(), w.engine, w.clock().Add(time.Second))
	require.NoError(t, err)
	require.Empty(t, w.stored(t))
	require.NoError(t, w.Carry(t.Context(), d.ID))
}

// TestWishesChangeMeanwhile shows that the last wish wins though it came while the network was asked about an earlier one.
func TestWishesChangeMeanwhile(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Config{})
	lan := viewer("lan")
	d := w.register(t, lan, "token-1", "ward-1")
	w.phones.during = func() {
		if err := w.Follow(t.Context(), lan, []string{"ward-2"}); err != nil {
			t.Error(err)
		}
	}
	require.NoError(t, w.Carry(t.Context(), d.ID))
	require.Equal(t, []string{"ward-1"}, w.phones.follows("token-1"))
	w.work(t)
	require.Equal(t, []string{"ward-2"}, w.phones.follows("token-1"))
	n, _ := w.waiting(t)
	require.Zero(t, n)
}

// TestTwoWorkers shows that two who carry at once agree in the end.
func TestTwoWorkers(t *testing.T) {
	t.Parallel()
	before := []string{"a", "b"}
	require.Equal(t, []string{"a", "c", "d"}, merged([]string{"a", "b", "d"}, before, []string{"a", "c"}))
	require.Equal(t, []string{"a", "b"}, merged([]string{"a"}, []string{"a"}, []string{"a", "b"}))
	require.Empty(t, merged(before, before, nil))
}

func FuzzCheckTopics(f *testing.F) {
	f.Add("ward-11383", "interest-weather")
	f.Add("phường", "")
	f.Fuzz(func(t *testing.T, a, b string) {
		got, err := checkTopics([]string{a, b, a})
		if err != nil {
			require.Equal(t, fault.Invalid, fault.CodeOf(err))
			return
		}
		again, err := checkTopics(got)
		require.NoError(t, err)
		require.Equal(t, got, again)
		require.LessOrEqual(t, len(got), 2)
	})
}
