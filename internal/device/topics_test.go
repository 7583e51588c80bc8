package device

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/notify"
	"github.com/motcua/motcua/internal/store"
)

func TestFollow(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Config{})
	lan := viewer("lan", "guest")
	require.NoError(t, w.Follow(t.Context(), person(lan), []string{"ward-1"}), "nobody to follow")
	w.register(t, lan, "token-1")
	w.register(t, viewer("guest"), "token-2", "interest-weather")
	require.NoError(t, w.Follow(t.Context(), person(lan), []string{"ward-2", "ward-1", "ward-1"}))
	require.Equal(t, fault.Invalid, fault.CodeOf(w.Follow(t.Context(), person(lan), []string{"Phường"})))
	n, since := w.waiting(t)
	require.Equal(t, 2, n)
	require.Equal(t, w.clock.Now(), since)
	require.NotZero(t, w.nudges)
	w.work(t)
	for _, token := range []string{"token-1", "token-2"} {
		require.Equal(t, []string{"ward-1", "ward-2"}, w.phones.follows(token))
	}
	n, since = w.waiting(t)
	require.Zero(t, n)
	require.Zero(t, since)
	calls := w.phones.calls
	require.NoError(t, w.Follow(t.Context(), person(lan), []string{"ward-1", "ward-2"}))
	w.work(t)
	require.Equal(t, calls, w.phones.calls, "nothing to do")
	require.NoError(t, w.Follow(t.Context(), person(lan), nil))
	w.work(t)
	require.Empty(t, w.phones.follows("token-1"))
}

func (w *world) following(t *testing.T, v account.Viewer, topics ...string) bool {
	t.Helper()
	all, err := w.Following(t.Context(), person(v), topics)
	require.NoError(t, err)
	return all
}

// TestFollowing shows that a person counts as told by a topic only when each of their devices is known to follow it.
func TestFollowing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Config{TopicTrust: 10 * 24 * time.Hour})
	lan := viewer("lan")
	require.False(t, w.following(t, lan, "ward-1"), "no device")
	w.register(t, lan, "token-1", "ward-1", "ward-2")
	require.False(t, w.following(t, lan, "ward-1"), "the network was not asked yet")
	w.phones.fail = fault.New(fault.Unavailable, "")
	w.work(t)
	require.False(t, w.following(t, lan, "ward-1"), "the network did not answer")
	w.phones.fail = nil
	w.clock.Add(time.Hour)
	w.work(t)
	require.True(t, w.following(t, lan, "ward-1"))
	require.True(t, w.following(t, lan, "ward-9", "ward-2"), "one of them is enough")
	require.False(t, w.following(t, lan, "ward-9"))
	require.NoError(t, w.Follow(t.Context(), person(lan), []string{"ward-2"}))
	require.False(t, w.following(t, lan, "ward-1"), "the owner wants it no more, though the network has it still")
	w.work(t)
	w.register(t, lan, "token-2", "ward-2")
	require.False(t, w.following(t, lan, "ward-2"), "the second device does not yet")
	w.work(t)
	require.True(t, w.following(t, lan, "ward-2"))
	_, err := w.Register(t.Context(), lan, Registration{Kind: "webpush", Subscription: raw("endpoint#keys")}, "")
	require.NoError(t, err)
	require.False(t, w.following(t, lan, "ward-2"), "browsers follow no topics")
	w.clock.Add(10 * 24 * time.Hour)
	nam := viewer("nam")
	w.register(t, nam, "token-3", "ward-1")
	w.work(t)
	require.True(t, w.following(t, nam, "ward-1"))
	w.clock.Add(10 * 24 * time.Hour)
	require.False(t, w.following(t, nam, "ward-1"), "nothing says that the app is still there")
	w.register(t, nam, "token-3", "ward-1")
	require.True(t, w.following(t, nam, "ward-1"))
}

// TestDeathWhileTopicsChange shows that a topic counts for nothing from before the network is asked about it until its answer is stored, and is asked about again.
func TestDeathWhileTopicsChange(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Config{})
	lan := viewer("lan")
	d := w.register(t, lan, "token-1", "ward-1")
	w.work(t)
	require.True(t, w.following(t, lan, "ward-1"))
	require.NoError(t, w.Follow(t.Context(), person(lan), nil))
	_, mine, err := w.claim(t.Context(), d.ID) // and then it is killed, having asked or not
	require.NoError(t, err)
	require.True(t, mine)
	require.NoError(t, w.Follow(t.Context(), person(lan), []string{"ward-1"}))
	require.False(t, w.following(t, lan, "ward-1"), "it may have left the topic")
	w.phones.topics["token-1"] = nil
	w.work(t)
	require.Empty(t, w.phones.follows("token-1"), "as long as the worker may live, nobody else is at it")
	w.clock.Add(2 * turnTime)
	w.work(t)
	require.Equal(t, []string{"ward-1"}, w.phones.follows("token-1"))
	require.True(t, w.following(t, lan, "ward-1"))
	n, _ := w.waiting(t)
	require.Zero(t, n)
}

// TestWantedTopics has devices begin with what their owner wants at that moment.
func TestWantedTopics(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Config{})
	lan := viewer("lan")
	w.wanted["lan"] = []string{"ward-2", "city"}
	require.Equal(t, []string{"city", "ward-2"}, w.register(t, lan, "token-1").Topics)
	w.wanted["lan"] = []string{"city"}
	require.Equal(t, []string{"city"}, w.register(t, lan, "token-1").Topics, "at each start of the app")
	w.asked = func() {
		w.asked = nil
		w.wanted["lan"] = []string{"ward-3"} // whoever changed that has found no device yet
	}
	require.Equal(t, []string{"ward-3"}, w.register(t, lan, "token-2").Topics)
	nam := viewer("nam")
	require.Empty(t, w.register(t, nam, "token-2").Topics, "somebody else has it now")
	w.work(t)
	require.Empty(t, w.phones.follows("token-2"))
}

// TestPublish brings a letter to topics, and no second time to devices that have it by them.
func TestPublish(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Config{})
	lan := viewer("lan")
	w.register(t, lan, "token-1", "ward-1")
	w.work(t)
	w.register(t, lan, "token-2")
	l := aLetter("letter-1")
	l.Revision, l.Topics = 3, []string{"ward-1", "ward-2"}
	f, err := w.Publish(t.Context(), l.Topics, l)
	require.NoError(t, err)
	require.Equal(t, notify.Sent, f.State)
	require.Equal(t, []string{"topics:ward-1,ward-2"}, w.phones.took())
	require.Equal(t, "3", w.phones.sent[0].m.Push.Data["revision"])
	require.Equal(t, notify.Sent, w.send(t, lan, l).State)
	require.Equal(t, []string{"token-2", "topics:ward-1,ward-2"}, w.phones.took())
	w.deps.Topics = nil
	f, err = w.Publish(t.Context(), l.Topics, l)
	require.NoError(t, err)
	require.Equal(t, notify.Refused, f.State)
}

// TestRemovedDeviceGetsNothing shows that a device that is given up gets neither letters nor topics, though the network has not let it leave yet.
func TestRemovedDeviceGetsNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Config{})
	lan := viewer("lan")
	d := w.register(t, lan, "token-1", "ward-1")
	w.work(t)
	require.NoError(t, w.Remove(t.Context(), lan, d.ID))
	require.False(t, w.following(t, lan, "ward-1"))
	require.Equal(t, "no_device", w.send(t, lan, aLetter("1")).Reason)
	w.work(t)
	require.Empty(t, w.phones.follows("token-1"))
}

func TestTopicOutage(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Config{BackoffMin: time.Minute, BackoffMax: 3 * time.Minute})
	lan := viewer("lan")
	w.register(t, lan, "token-1", "ward-1")
	since := w.clock.Now()
	w.phones.fail = fault.New(fault.Unavailable, "")
	for _, wait := range []time.Duration{time.Minute, 2 * time.Minute, 3 * time.Minute, 3 * time.Minute} {
		w.work(t)
		w.clock.Add(wait - time.Second)
		ids, err := w.Due(t.Context(), 10)
		require.NoError(t, err)
		require.Empty(t, ids)
		w.clock.Add(time.Second)
	}
	n, first := w.waiting(t)
	require.Equal(t, 1, n)
	require.Equal(t, since, first)
	w.phones.fail = fault.New(fault.RateLimited, "").After(time.Hour)
	w.work(t)
	w.clock.Add(59 * time.Minute)
	w.phones.fail = nil
	w.work(t)
	require.Empty(t, w.phones.follows("token-1"), "the network said when")
	w.clock.Add(time.Minute)
	w.phones.reason = "INTERNAL"
	w.work(t)
	w.phones.reason = ""
	w.clock.Add(3 * time.Minute)
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
	require.False(t, w.following(t, lan, "ward-1"), "it does not follow what it was refused")
	w.phones.reason = ""
	w.clock.Add(seenStep)
	w.register(t, lan, "token-1", "ward-1", "ward-2")
	w.work(t)
	require.True(t, w.following(t, lan, "ward-1"), "it is asked again when the device is seen")
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
	_, err := store.SweepAll(t.Context(), w.engine, w.clock.Now().Add(time.Second))
	require.NoError(t, err)
	require.NotEmpty(t, w.stored(t), "its topics are still to be left")
	w.work(t)
	require.Empty(t, w.phones.follows("token-1"))
	_, err = store.SweepAll(t.Context(), w.engine, w.clock.Now().Add(time.Second))
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
		if err := w.Follow(t.Context(), person(lan), []string{"ward-2"}); err != nil {
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

// TestManyDevicesAtOnce has networks asked once for all devices that are to follow the same, by however many workers.
func TestManyDevicesAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Config{})
	w.deps.Nudge = nil
	const people = 300
	for i := range people {
		w.register(t, viewer(fmt.Sprint("v", i)), fmt.Sprint("token-", i), "city", fmt.Sprint("ward-", i%3))
	}
	ids, err := w.Due(t.Context(), 64)
	require.NoError(t, err)
	var g sync.WaitGroup
	for _, id := range ids {
		g.Go(func() {
			if err := w.Carry(t.Context(), id); err != nil {
				t.Error(err)
			}
		})
	}
	g.Wait()
	n, _ := w.waiting(t)
	require.Zero(t, n)
	require.Equal(t, 4, w.phones.calls)
	for i := range people {
		require.Equal(t, []string{"city", fmt.Sprint("ward-", i%3)}, w.phones.follows(fmt.Sprint("token-", i)))
	}
}

// TestOneDeviceHoldsUpNobodyElse finds the device for which the network refuses the whole request.
func TestOneDeviceHoldsUpNobodyElse(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Config{})
	for i := range 20 {
		w.register(t, viewer(fmt.Sprint("v", i)), fmt.Sprint("token-", i), "city", "ward-1")
	}
	bad := viewer("bad")
	w.register(t, bad, "poison-1", "city", "ward-1")
	w.work(t)
	for i := range 20 {
		require.True(t, w.following(t, viewer(fmt.Sprint("v", i)), "city"))
	}
	require.False(t, w.following(t, bad, "city"))
	require.Less(t, w.phones.calls, 30)
	n, _ := w.waiting(t)
	require.Equal(t, 1, n)
	w.clock.Add(w.cfg.BackoffMax - time.Second)
	ids, err := w.Due(t.Context(), 10)
	require.NoError(t, err)
	require.Empty(t, ids, "asking again soon would not help")
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
