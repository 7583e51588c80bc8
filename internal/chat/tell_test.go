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
	"github.com/motcua/motcua/internal/store/storetest"
	"github.com/motcua/motcua/miniapps"
)

func notice(id string) Notice {
	return Notice{ID: id, To: "subject of person", App: "a", Notice: "n", Words: func(l message.Lang) (string, string) { return "T" + string(l), "notice " + id }}
}

func TestANoticeIsToldOnce(t *testing.T) {
	t.Parallel()
	storetest.Bubble(t, func(t *testing.T, engine store.Engine) {
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
	storetest.Bubble(t, func(t *testing.T, engine store.Engine) {
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

// TestAChangeIsToldElsewhere: the dialogue in which somebody made a change has told them, and nobody else.
func TestAChangeIsToldElsewhere(t *testing.T) {
	t.Parallel()
	storetest.Bubble(t, func(t *testing.T, engine store.Engine) {
		w := newWorld(t, engine, Config{})
		w.apps.slow = time.Second
		linked := func(id string) Notice {
			n := notice(id)
			n.Conversation, n.Change, n.At = convo, true, time.Now()
			return n
		}
		before := linked("before")
		time.Sleep(time.Second)
		var late, other Notice
		w.apps.refuse = func(n int, _ miniapps.Request) error { // whoever makes a change has it told before they answer
			require.NoError(t, w.Tell(t.Context(), linked(fmt.Sprint("own ", n))))
			late, other = linked("late"), linked("other")
			other.App = "b"
			return nil
		}
		w.say(t, "e1", "two x")
		time.Sleep(time.Second)
		plain := linked("plain")
		plain.At, plain.Change = late.At, false
		for _, n := range []Notice{late, before, other, plain, linked("after")} {
			require.NoError(t, w.Tell(t.Context(), n))
		}
		sweep(t, w.Chats)
		require.Equal(t, []string{"wait x", "done two", "done two", "Tvi\nnotice before", "Tvi\nnotice other", "Tvi\nnotice plain", "Tvi\nnotice after"}, w.net.texts())
		for _, id := range []string{"own 1", "own 2", "late"} {
			require.Equal(t, Fate{State: stateSeen, Reason: reasonShown}, w.fate(t, id))
		}
	})
}

// TestAChangeThatFailsTellsNothing: what was told of it meanwhile leaves after all, with the answer or, when that never comes, after a while.
func TestAChangeThatFailsTellsNothing(t *testing.T) {
	t.Parallel()
	storetest.Bubble(t, func(t *testing.T, engine store.Engine) {
		w := newWorld(t, engine, Config{})
		ctx, die := contextOf(t)
		w.apps.refuse = func(n int, _ miniapps.Request) error {
			x := notice(fmt.Sprint(n))
			x.Conversation, x.Change, x.At = convo, true, time.Now()
			require.NoError(t, w.Tell(t.Context(), x))
			if n == 2 {
				die()
			}
			return fault.New(fault.Conflict, "")
		}
		w.say(t, "e1", "change x")
		sweep(t, w.Chats)
		require.Equal(t, []string{"wait x", "failed CONFLICT", "Tvi\nnotice 1"}, w.net.texts())
		require.Error(t, w.Turn(ctx, said("e2", "change y")))
		pass(t, w.Chats, answerTime-time.Second)
		require.Equal(t, stateWaiting, w.fate(t, "2").State)
		pass(t, w.Chats, 2*time.Second)
		require.Equal(t, stateSent, w.fate(t, "2").State)
	})
}

// TestAChangeThatWasMadeBeforeADeath: who makes the call again does not know when it was made first.
func TestAChangeThatWasMadeBeforeADeath(t *testing.T) {
	t.Parallel()
	storetest.Bubble(t, func(t *testing.T, engine store.Engine) {
		w := newWorld(t, engine, Config{})
		var own Notice
		ctx, die := contextOf(t)
		w.apps.refuse = func(n int, _ miniapps.Request) error {
			if n == 1 {
				own = notice("own")
				own.Conversation, own.Change, own.At = convo, true, time.Now()
				die()
			}
			return nil
		}
		require.Error(t, w.Turn(ctx, said("e1", "change x")))
		time.Sleep(answerTime)
		w.say(t, "e1", "change x")
		require.NoError(t, w.Tell(t.Context(), own))
		require.Equal(t, reasonShown, w.fate(t, "own").Reason)
	})
}

func TestANoticeNeedsItsParts(t *testing.T) {
	t.Parallel()
	storetest.Bubble(t, func(t *testing.T, engine store.Engine) {
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
			storetest.Bubble(t, func(t *testing.T, engine store.Engine) {
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
	storetest.Bubble(t, func(t *testing.T, engine store.Engine) {
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

// TestWhoIsGoneIsNotToldUntilTheyComeBack: a network that knows somebody no more is not asked again and again.
func TestWhoIsGoneIsNotToldUntilTheyComeBack(t *testing.T) {
	t.Parallel()
	storetest.Bubble(t, func(t *testing.T, engine store.Engine) {
		w := newWorld(t, engine, Config{})
		w.say(t, "e1", "x")
		meanwhile := false
		w.net.answer = func(int, channels.Outbound) *channels.Outcome {
			if meanwhile {
				w.say(t, "e2", "mute")
			}
			return &channels.Outcome{Status: channels.Never, Reason: "unknown_person", Gone: true}
		}
		left := func() bool {
			ways, err := w.Ways(t.Context(), []string{"subject of person"})
			require.NoError(t, err)
			require.Len(t, ways, 1)
			return ways[0].Left
		}
		time.Sleep(time.Second)
		for _, id := range []string{"1", "2"} {
			require.False(t, left() && id == "1")
			require.NoError(t, w.Tell(t.Context(), notice(id)))
			sweep(t, w.Chats)
		}
		require.Equal(t, "unknown_person", w.fate(t, "1").Reason)
		require.Equal(t, unfollowed, w.fate(t, "2").Reason)
		require.Equal(t, 2, w.net.tried, "the second is not tried")
		require.True(t, left())
		time.Sleep(time.Second)
		w.say(t, "e1a", "mute")
		require.False(t, left(), "whoever writes is there")
		meanwhile = true
		time.Sleep(time.Second)
		require.NoError(t, w.Tell(t.Context(), notice("3")))
		sweep(t, w.Chats)
		require.Equal(t, "unknown_person", w.fate(t, "3").Reason)
		require.False(t, left(), "they wrote while it was refused")
	})
}

func TestTheLatestConversationOfEachNetworkIsTold(t *testing.T) {
	t.Parallel()
	storetest.Bubble(t, func(t *testing.T, engine store.Engine) {
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
	storetest.Bubble(t, func(t *testing.T, engine store.Engine) {
		w := newWorld(t, engine, Config{})
		require.NoError(t, w.Apologise(t.Context(), convo, "e1"))
	})
}
