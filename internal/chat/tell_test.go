package chat

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/channels"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/internal/store"
	"github.com/motcua/motcua/miniapps"
)

func notice(id string) Notice {
	return Notice{ID: id, To: "subject of person", App: "a", Notice: "n", Words: func(l message.Lang) (string, string) { return "T" + string(l), "notice " + id }}
}

func TestANoticeIsToldOnce(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, engine store.Engine) {
		nudged := 0
		w := newWorld(t, engine, Config{}, func(d *Deps) { d.Nudge = func() { nudged++ } })
		require.NoError(t, w.Tell(t.Context(), notice("1")), "nobody to tell")
		w.say(t, "e1", "x")
		for range 3 {
			require.NoError(t, w.Tell(t.Context(), notice("1")))
		}
		require.Equal(t, 1, nudged)
		n, since, err := w.Waiting(t.Context(), 10)
		require.NoError(t, err)
		require.Equal(t, 1, n)
		require.Equal(t, time.Now().UTC().Truncate(time.Millisecond), since)
		sweep(t, w.Chats)
		require.Equal(t, []string{"re x", "Tvi\nnotice 1"}, w.net.texts())
		require.Equal(t, channels.Notice, w.net.taken[1].Kind)
		n, _, err = w.Waiting(t.Context(), 10)
		require.NoError(t, err)
		require.Zero(t, n)
	})
}

func TestANoticeOfWhatTheDialogueShowedIsNotSent(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, engine store.Engine) {
		w := newWorld(t, engine, Config{})
		about := func(id string) Notice {
			n := notice(id)
			n.CaseApp, n.CaseID, n.At = "a", "case of e1/1", time.Now()
			return n
		}
		during := fault.Code("none")
		w.apps.refuse = func(int, miniapps.Request) error { // the app's relay may be faster than the answer
			during = fault.CodeOf(w.Tell(t.Context(), about("opened")))
			return nil
		}
		opened := about("opened")
		w.say(t, "e1", "change x")
		require.Equal(t, fault.Unavailable, during)
		require.NoError(t, w.Tell(t.Context(), opened))
		time.Sleep(time.Second)
		require.NoError(t, w.Tell(t.Context(), about("resolved")))
		require.NoError(t, w.Tell(t.Context(), opened), "again")
		sweep(t, w.Chats)
		require.Equal(t, []string{"wait x", "done change", "Tvi\nnotice resolved"}, w.net.texts())
	})
}

func TestANoticeNeedsItsParts(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, engine store.Engine) {
		w := newWorld(t, engine, Config{})
		for _, change := range []func(*Notice){func(n *Notice) { n.ID = "" }, func(n *Notice) { n.To = "" }, func(n *Notice) { n.Words = nil }} {
			n := notice("1")
			change(&n)
			require.Equal(t, fault.Internal, fault.CodeOf(w.Tell(t.Context(), n)))
		}
	})
}

func TestWindows(t *testing.T) {
	t.Parallel()
	hour := time.Hour
	tests := []struct {
		name   string
		paid   bool
		free   time.Duration
		after  time.Duration
		reason string // "" when it is sent
	}{
		{"free", false, 48 * hour, 47 * hour, ""},
		{"closed", false, 48 * hour, 49 * hour, windowClosed},
		{"paid", true, 48 * hour, 49 * hour, ""},
		{"closed for money too", true, 48 * hour, 8 * 24 * hour, windowClosed},
		{"a network without windows", false, 0, 80 * 24 * hour, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T, engine store.Engine) {
				w := newWorld(t, engine, Config{PaidWindows: tt.paid})
				w.net.profile.FreeWindow = tt.free
				w.say(t, "e1", "x")
				time.Sleep(tt.after)
				require.NoError(t, w.Tell(t.Context(), notice("1")))
				sweep(t, w.Chats)
				unsent := w.chat(t).Unsent
				if tt.reason == "" {
					require.Empty(t, unsent)
					require.Len(t, w.net.texts(), 2)
					return
				}
				require.Len(t, unsent, 1)
				require.Equal(t, tt.reason, unsent[0].Reason)
				require.Len(t, w.net.texts(), 1)
				w.say(t, "e2", "y")
				require.NoError(t, w.Tell(t.Context(), notice("2")))
				sweep(t, w.Chats)
				require.Equal(t, []string{"re x", "re y", "Tvi\nnotice 2"}, w.net.texts())
			})
		})
	}
}

func TestWhoLeftIsNotToldUntilTheyComeBack(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, engine store.Engine) {
		w := newWorld(t, engine, Config{})
		w.say(t, "e1", "x")
		time.Sleep(time.Second)
		require.NoError(t, w.Turn(t.Context(), event("e2", channels.Event{Kind: channels.Unfollowed})))
		require.NoError(t, w.Tell(t.Context(), notice("1")))
		sweep(t, w.Chats)
		require.Equal(t, unfollowed, w.chat(t).Unsent[0].Reason)
		time.Sleep(time.Second)
		require.NoError(t, w.Turn(t.Context(), event("e3", channels.Event{Kind: channels.Followed})))
		require.NoError(t, w.Turn(t.Context(), event("e4", channels.Event{Kind: channels.Unfollowed, At: time.Now().Add(-time.Hour)})), "one that is late")
		require.NoError(t, w.Tell(t.Context(), notice("2")))
		sweep(t, w.Chats)
		require.Equal(t, []string{"re x", "re ", "Tvi\nnotice 2"}[:1], w.net.texts()[:1])
		require.Equal(t, "Tvi\nnotice 2", w.net.texts()[2])
	})
}

func TestTheLatestConversationOfEachNetworkIsTold(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, engine store.Engine) {
		other := &network{profile: channels.Profile{Name: "web"}}
		w := newWorld(t, engine, Config{}, func(d *Deps) { d.Channels["web"] = other })
		for i, in := range []struct{ channel, conversation string }{{"zalo", "zalo/old"}, {"web", "web/1"}, {"zalo", "zalo/new"}} {
			m := said(fmt.Sprint("e", i), "x")
			m.Channel, m.Conversation = in.channel, in.conversation
			require.NoError(t, w.Turn(t.Context(), m))
			time.Sleep(time.Second)
		}
		require.NoError(t, w.Tell(t.Context(), notice("1")))
		sweep(t, w.Chats)
		require.Equal(t, []string{"re x", "re x", "Tvi\nnotice 1"}, w.net.texts())
		require.Equal(t, []string{"re x", "Tvi\nnotice 1"}, other.texts())
		old, err := w.get(t.Context(), "zalo/old")
		require.NoError(t, err)
		require.Len(t, old.Handled, 1)
	})
}

func TestNobodyToApologiseTo(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, engine store.Engine) {
		w := newWorld(t, engine, Config{})
		require.NoError(t, w.Apologise(t.Context(), convo, "e1"))
	})
}
