package device

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/secret"
	"github.com/motcua/motcua/internal/store"
)

func TestRegister(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Config{})
	lan := viewer("lan")
	first := w.register(t, lan, "token-1", "ward-11383")
	require.Equal(t, first, w.register(t, lan, "token-1", "ward-11383"), "a device exists once")
	w.clock.Add(time.Hour)
	require.Equal(t, first, w.register(t, lan, "token-1", "ward-11383"), "a look within a day writes nothing")
	w.clock.Add(24 * time.Hour)
	later := w.register(t, lan, "token-1", "ward-11383")
	require.Equal(t, first.ID, later.ID)
	require.True(t, later.SeenAt.After(first.SeenAt))

	page, err := w.Register(t.Context(), lan, Registration{Kind: "webpush", Subscription: raw("endpoint#keys"), Platform: "web"}, "")
	require.NoError(t, err)
	require.Empty(t, page.Topics, "its network has none")
	w.clock.Add(time.Second)
	renewed, err := w.Register(t.Context(), lan, Registration{Kind: "webpush", Subscription: raw("endpoint#other"), Platform: "web"}, "")
	require.NoError(t, err)
	require.Equal(t, page.ID, renewed.ID, "a browser that renewed its keys is the same")
	require.Equal(t, []string{page.ID, first.ID}, w.ids(t, lan))
	kept := w.stored(t)
	for _, hidden := range []string{"token-1", "endpoint", "keys"} {
		require.NotContains(t, kept, hidden)
	}
}

func TestRegisterRefuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Config{})
	lan := viewer("lan")
	long := make([]string, maxTopics+1)
	for i := range long {
		long[i] = fmt.Sprint("t", i)
	}
	for name, tt := range map[string]struct {
		v    account.Viewer
		in   Registration
		want fault.Code
	}{
		"nobody":            {account.Viewer{}, Registration{Kind: "fcm", Token: "a"}, fault.Unauthorized},
		"another network":   {lan, Registration{Kind: "sms", Token: "a"}, fault.Invalid},
		"no token":          {lan, Registration{Kind: "fcm"}, fault.Invalid},
		"odd token":         {lan, Registration{Kind: "fcm", Token: "a b"}, fault.Invalid},
		"odd platform":      {lan, Registration{Kind: "fcm", Token: "a", Platform: "toaster"}, fault.Invalid},
		"Vietnamese letter": {lan, Registration{Kind: "fcm", Token: "a", Topics: []string{"phường"}}, fault.Invalid},
		"odd topic":         {lan, Registration{Kind: "fcm", Token: "a", Topics: []string{"-a"}}, fault.Invalid},
		"long topic":        {lan, Registration{Kind: "fcm", Token: "a", Topics: []string{strings.Repeat("a", maxTopic+1)}}, fault.Invalid},
		"too many topics":   {lan, Registration{Kind: "fcm", Token: "a", Topics: long}, fault.Invalid},
	} {
		_, err := w.Register(t.Context(), tt.v, tt.in, "")
		require.Equal(t, tt.want, fault.CodeOf(err), name)
	}
	require.Empty(t, w.ids(t, lan))
	_, err := w.List(t.Context(), account.Viewer{})
	require.Equal(t, fault.Unauthorized, fault.CodeOf(err))
}

func TestGuestsHaveDevices(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Config{})
	guest := account.Viewer{Subject: "g", Subjects: []string{"g"}, Assurance: account.Guest}
	d := w.register(t, guest, "token-1")
	require.Equal(t, []string{d.ID}, w.ids(t, guest))
	require.Equal(t, []string{d.ID}, w.ids(t, viewer("lan", "g")), "and keep them when they sign in")
}

// TestNewOwner shows that whoever registers a device last has it, and that its topics are not inherited from a stranger.
func TestNewOwner(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Config{})
	lan, nam := viewer("lan"), viewer("nam")
	d := w.register(t, lan, "token-1", "ward-1")
	w.work(t)
	require.Equal(t, []string{"ward-1"}, w.phones.follows("token-1"))
	moved := w.register(t, nam, "token-1")
	require.Equal(t, d.ID, moved.ID)
	require.Empty(t, moved.Topics)
	require.Empty(t, w.ids(t, lan))
	w.work(t)
	require.Empty(t, w.phones.follows("token-1"))
	require.Equal(t, fault.NotFound, fault.CodeOf(w.Remove(t.Context(), lan, d.ID)))
	require.Equal(t, []string{d.ID}, w.ids(t, nam))
}

func TestRepeatsChangeNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Config{})
	lan := viewer("lan")
	in := Registration{Kind: "fcm", Token: "token-1", Topics: []string{"b", "a", "b"}}
	first, err := w.Register(t.Context(), lan, in, "key-1")
	require.NoError(t, err)
	require.Equal(t, []string{"a", "b"}, first.Topics)
	require.NoError(t, w.Follow(t.Context(), person(lan), []string{"c"}))
	again, err := w.Register(t.Context(), lan, in, "key-1")
	require.NoError(t, err)
	require.Equal(t, []string{"c"}, again.Topics, "what came later stands")
	in.Topics = []string{"d"}
	_, err = w.Register(t.Context(), lan, in, "key-1")
	require.Equal(t, fault.Conflict, fault.CodeOf(err))
}

func TestRemove(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Config{})
	lan := viewer("lan", "old")
	d := w.register(t, viewer("old"), "token-1")
	require.Equal(t, fault.NotFound, fault.CodeOf(w.Remove(t.Context(), viewer("nam"), d.ID)))
	require.Equal(t, fault.NotFound, fault.CodeOf(w.Remove(t.Context(), lan, "nothing")))
	require.Equal(t, fault.Unauthorized, fault.CodeOf(w.Remove(t.Context(), account.Viewer{}, d.ID)))
	require.NoError(t, w.Remove(t.Context(), lan, d.ID))
	require.Equal(t, fault.NotFound, fault.CodeOf(w.Remove(t.Context(), lan, d.ID)))
	require.Empty(t, w.ids(t, lan))
	_, err := store.SweepAll(t.Context(), w.engine, w.clock.Now().Add(time.Second))
	require.NoError(t, err)
	require.Empty(t, w.stored(t))
}

func TestOldestGoes(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Config{PerOwner: 3})
	lan := viewer("lan")
	var all []string
	for i := range 5 {
		all = append(all, w.register(t, lan, fmt.Sprint("token-", i)).ID)
		w.clock.Add(time.Minute)
	}
	require.Equal(t, []string{all[4], all[3], all[2]}, w.ids(t, lan))
}

func TestUnseenDevicesGo(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Config{})
	lan := viewer("lan")
	w.register(t, lan, "token-1", "ward-1")
	w.work(t)
	w.clock.Add(269 * 24 * time.Hour)
	require.Len(t, w.ids(t, lan), 1)
	w.clock.Add(2 * 24 * time.Hour)
	require.Empty(t, w.ids(t, lan), "before the sweep too")
	w.phones.topics = map[string][]string{} // the network has forgotten it as well
	w.register(t, lan, "token-1", "ward-1")
	w.work(t)
	require.Equal(t, []string{"ward-1"}, w.phones.follows("token-1"))
}

// TestIndexKeys shows that a device is found again after the keys of indexes have changed.
func TestIndexKeys(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Config{})
	lan := viewer("lan")
	d := w.register(t, lan, "token-1")
	key, err := secret.Replace(w.keyFile)
	require.NoError(t, err)
	w.open(t, Config{}, key)
	require.Equal(t, d.ID, w.register(t, lan, "token-1").ID)
	require.NotEqual(t, d.ID, w.register(t, lan, "token-2").ID)
}

func TestTogether(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Config{})
	w.deps.Nudge = nil
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			_, err := w.Register(t.Context(), viewer(fmt.Sprint("s", i%4)), Registration{Kind: "fcm", Token: "token-1"}, "")
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	n := 0
	for i := range 4 {
		n += len(w.ids(t, viewer(fmt.Sprint("s", i))))
	}
	require.Equal(t, 1, n)
}

func TestValidate(t *testing.T) {
	t.Parallel()
	require.NoError(t, Config{}.Validate())
	for key, c := range map[string]Config{
		"retention": {Retention: time.Hour}, "letter_retention": {LetterRetention: time.Minute}, "per_owner": {PerOwner: 51},
		"backoff_min": {BackoffMin: 2 * time.Hour}, "backoff_max": {BackoffMin: time.Minute, BackoffMax: time.Second},
	} {
		require.ErrorContains(t, c.Validate(), key)
	}
	_, err := New(t.Context(), nil, Config{}, Deps{})
	require.Error(t, err)
	w := newWorld(t, Config{})
	deps := w.deps
	deps.Channels = map[string]Channel{"zalo": w.phones}
	_, err = New(t.Context(), w.engine, Config{}, deps)
	require.ErrorContains(t, err, "calls itself")
}
