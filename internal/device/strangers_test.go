package device

import (
	"fmt"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/limit"
	"github.com/motcua/motcua/internal/notify"
)

// browse registers a browser.
func (w *world) browse(t *testing.T, v account.Viewer, endpoint string) Device {
	t.Helper()
	d, err := w.Register(t.Context(), v, Registration{Kind: "webpush", Subscription: raw(endpoint)}, "")
	require.NoError(t, err)
	return d
}

func visitor(name string) account.Viewer {
	return account.Viewer{Subject: name, Subjects: []string{name}, Identity: "web/" + name}
}

// slow has a browser put off what it is sent from now on, or no more.
func (w *world) slow(endpoint string, is bool) {
	w.pages.mu.Lock()
	defer w.pages.mu.Unlock()
	if w.pages.slow == nil {
		w.pages.slow = map[string]bool{}
	}
	w.pages.slow[endpoint] = is
}

// page sends a letter to somebody's browsers.
func (w *world) page(t *testing.T, v account.Viewer, id string) notify.Fate {
	t.Helper()
	f, err := w.Of("webpush").Send(t.Context(), notify.Way{Channel: "webpush"}, person(v), aLetter(id))
	require.NoError(t, err)
	return f
}

func (w *world) requests() int {
	w.pages.mu.Lock()
	defer w.pages.mu.Unlock()
	return w.pages.asked
}

// TestStrangersSayNothingOfTheNetwork shows that no answer of a browser's endpoint is taken for the network being away, nor for an alarm.
func TestStrangersSayNothingOfTheNetwork(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Config{})
	for i, kind := range []string{"slow", "alarm"} {
		v := visitor(kind)
		w.browse(t, v, fmt.Sprintf("bad.example/%s-%d", kind, i))
		f := w.page(t, v, "1")
		require.Equal(t, notify.Pending, f.State, kind)
		require.True(t, f.Held, kind)
		require.False(t, f.Alarm, kind)
		require.LessOrEqual(t, f.Retry, restMax, kind)
	}
	for i := range 2 * alarmRefusals {
		v := visitor(fmt.Sprint("unsigned", i))
		w.browse(t, v, fmt.Sprint("bad.example/unsigned-", i))
		require.Equal(t, notify.Fate{State: notify.Refused, Reason: "vapid_refused"}, w.page(t, v, "1"))
	}
	require.Zero(t, testutil.ToFloat64(w.metrics.alarms.WithLabelValues("webpush")))
	require.NotContains(t, w.logged.String(), "operator")
}

// TestOurKeysAreWrong gives an alarm when browsers that took pushes refuse our signature now.
func TestOurKeysAreWrong(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Config{})
	var all []account.Viewer
	for i := range alarmRefusals {
		all = append(all, visitor(fmt.Sprint("v", i)))
		w.browse(t, all[i], fmt.Sprint("push.example/b", i))
		require.Equal(t, notify.Sent, w.page(t, all[i], "1").State)
	}
	w.pages.unsigned = true
	for i, v := range all {
		require.Zero(t, testutil.ToFloat64(w.metrics.alarms.WithLabelValues("webpush")), i)
		require.Equal(t, "vapid_refused", w.page(t, v, "2").Reason)
	}
	require.Equal(t, 1.0, testutil.ToFloat64(w.metrics.alarms.WithLabelValues("webpush")))
	w.pages.unsigned = false
	w.page(t, all[0], "3")
	require.Zero(t, testutil.ToFloat64(w.metrics.alarms.WithLabelValues("webpush")))
}

// TestHostIsAway holds back what goes to a host that is away, and lets one attempt find out when it is back.
func TestHostIsAway(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Config{})
	var all []account.Viewer
	for i := range 3 * hostTolerated {
		all = append(all, visitor(fmt.Sprint("v", i)))
		w.browse(t, all[i], fmt.Sprint("push.example/b", i))
		require.Equal(t, notify.Sent, w.page(t, all[i], "1").State)
		w.slow(fmt.Sprint("push.example/b", i), true)
	}
	other := visitor("other")
	w.browse(t, other, "elsewhere.example/b")
	w.clock.Add(time.Minute)
	before := w.requests()
	for _, v := range all {
		f := w.page(t, v, "2")
		require.Equal(t, notify.Pending, f.State)
		require.True(t, f.Held)
	}
	require.Equal(t, hostTolerated, w.requests()-before, "the others need not try")
	require.Equal(t, notify.Sent, w.page(t, other, "2").State, "another host is another matter")
	for i := range all {
		w.slow(fmt.Sprint("push.example/b", i), false)
	}
	w.clock.Add(hostPauseMax)
	for _, v := range all {
		require.Equal(t, notify.Sent, w.page(t, v, "2").State)
	}
}

// TestNewcomersKeepNobodyFromAHost shows that browsers that never took anything say nothing about a host to those that did.
func TestNewcomersKeepNobodyFromAHost(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Config{})
	good := visitor("good")
	w.browse(t, good, "push.example/good")
	require.Equal(t, notify.Sent, w.page(t, good, "1").State)
	w.clock.Add(time.Minute)
	for i := range 100 {
		v := visitor(fmt.Sprint("v", i))
		w.browse(t, v, fmt.Sprint("push.example/slow-", i))
		require.Equal(t, notify.Pending, w.page(t, v, "2").State)
	}
	require.LessOrEqual(t, w.requests(), 1+newTolerated)
	require.Equal(t, notify.Sent, w.page(t, good, "2").State)
}

// TestHostsAreBounded shows that strangers cannot fill the memory with hosts.
func TestHostsAreBounded(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Config{})
	for i := range 2 * hostsKept {
		w.clock.Add(time.Second)
		w.hosts.enter(place{fmt.Sprint("h", i), i%2 == 0})
	}
	require.Len(t, w.hosts.of, hostsKept)
	require.Contains(t, w.hosts.of, place{fmt.Sprint("h", 2*hostsKept-1), false}, "the oldest go")
}

// TestRestingDevice leaves a browser that puts things off in peace, whatever it is to be sent, and asks it again in time.
func TestRestingDevice(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Config{})
	v := visitor("lan")
	w.browse(t, v, "push.example/b")
	w.page(t, v, "1")
	w.clock.Add(time.Minute)
	w.slow("push.example/b", true)
	w.pages.retry = 24 * time.Hour // as it asks
	before := w.requests()
	for i := range 10 {
		f := w.page(t, v, fmt.Sprint("letter", i))
		require.Equal(t, notify.Pending, f.State)
		require.LessOrEqual(t, f.Retry, restMax)
	}
	require.Equal(t, 1, w.requests()-before)
	w.slow("push.example/b", false)
	w.clock.Add(restMax)
	require.Equal(t, notify.Sent, w.page(t, v, "letter0").State)
	r, err := w.docs.Get(t.Context(), w.ids(t, v)[0])
	require.NoError(t, err)
	require.Zero(t, r.Fails)
	require.Nil(t, r.FailingSince)
}

// TestFailingDevicesGo forgets browsers that take nothing for long, sooner when they never took anything.
func TestFailingDevicesGo(t *testing.T) {
	t.Parallel()
	for proven, lasts := range map[bool]time.Duration{true: 24 * time.Hour, false: 6 * time.Hour} {
		w := newWorld(t, Config{})
		v := visitor("lan")
		w.browse(t, v, "push.example/b")
		if proven {
			w.page(t, v, "1")
			w.clock.Add(time.Minute)
		}
		w.slow("push.example/b", true)
		for began := w.clock.Now(); w.clock.Now().Sub(began) < lasts; w.clock.Add(10 * time.Minute) {
			require.Equal(t, notify.Pending, w.page(t, v, "2").State, proven)
			require.Len(t, w.ids(t, v), 1, proven)
		}
		w.page(t, v, "2")
		require.Empty(t, w.ids(t, v), proven)
		require.Equal(t, "no_device", w.page(t, v, "2").Reason)
	}
}

// TestOneBrowserHoldsUpNobodyElse shows that a letter has left when one device took it, whatever the others do.
func TestOneBrowserHoldsUpNobodyElse(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Config{})
	v := viewer("lan")
	w.browse(t, v, "bad.example/slow-1")
	w.browse(t, v, "push.example/b")
	require.Equal(t, notify.Sent, w.page(t, v, "1").State)
	require.Equal(t, []string{"push.example/b"}, w.pages.took())
}

// TestLabelsAreOurs shows that nobody else makes labels of metrics.
func TestLabelsAreOurs(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Config{})
	v := visitor("lan")
	w.browse(t, v, "bad.example/odd-1")
	w.page(t, v, "1")
	require.Equal(t, 1.0, testutil.ToFloat64(w.metrics.pushes.WithLabelValues("webpush", "never", "other")))
	for reason, want := range map[string]string{"": "", "token_dead": "token_dead", "refused_4xx": "refused_4xx", "refused_418": "other", "Xin chào": "other"} {
		require.Equal(t, want, labelOf(reason))
	}
}

// TestWrongSender forgets a device of somebody else's app, and says so for an hour, whatever else is sent.
func TestWrongSender(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Config{})
	lan, nam := viewer("lan"), viewer("nam")
	w.register(t, lan, "wrong-1")
	w.register(t, nam, "token-1")
	alarm := func() float64 { return testutil.ToFloat64(w.metrics.alarms.WithLabelValues("fcm")) }
	require.Equal(t, notify.Fate{State: notify.Refused, Reason: "no_device"}, w.send(t, lan, aLetter("1")))
	require.Empty(t, w.ids(t, lan))
	require.Equal(t, 1.0, testutil.ToFloat64(w.metrics.pushes.WithLabelValues("fcm", "never", "wrong_sender")))
	require.Contains(t, w.logged.String(), "wrong_sender")
	require.NotContains(t, w.logged.String(), "wrong-1", "no tokens in the log")
	w.send(t, nam, aLetter("2"))
	require.Equal(t, 1.0, alarm())
	w.clock.Add(alarmStays)
	w.send(t, nam, aLetter("3"))
	require.Zero(t, alarm())
}

// TestLimits bounds what one person and one guest may register.
func TestLimits(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Config{PerOwner: 3, PerGuest: 2, Registrations: 6})
	w.deps.Limiter = limit.New(nil, w.clock.Now, w.deps.Log)
	guest, lan := visitor("guest"), viewer("lan", "chat")
	for i := range 4 {
		w.browse(t, guest, fmt.Sprint("push.example/g", i))
		w.clock.Add(time.Second)
	}
	require.Len(t, w.ids(t, guest), 2)
	chat := lan
	chat.Subject = "chat"
	for i := range 2 {
		w.browse(t, lan, fmt.Sprint("push.example/a", i))
		w.browse(t, chat, fmt.Sprint("push.example/b", i))
		w.clock.Add(time.Second)
	}
	require.Len(t, w.ids(t, lan), 3, "of all subjects together")
	for i := 4; i < 6; i++ {
		w.browse(t, guest, fmt.Sprint("push.example/g", i))
	}
	w.browse(t, guest, "push.example/g5")
	_, err := w.Register(t.Context(), guest, Registration{Kind: "webpush", Subscription: raw("push.example/g6")}, "")
	require.Equal(t, fault.RateLimited, fault.CodeOf(err))
	w.browse(t, guest, "push.example/g5")
	w.clock.Add(time.Hour)
	w.browse(t, guest, "push.example/g6")
}

// TestShown shows that each network is given the words that it may read.
func TestShown(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Config{})
	w.deps.Shown = func(kind string, l notify.Letter) string { return kind + " " + l.CaseID }
	lan := viewer("lan")
	w.register(t, lan, "token-1")
	w.browse(t, lan, "push.example/b")
	require.Equal(t, notify.Sent, w.send(t, lan, aLetter("1")).State)
	require.Equal(t, "fcm case-1", w.phones.sent[0].m.Push.Text)
	require.Equal(t, "webpush case-1", w.pages.sent[0].m.Push.Text)
}
