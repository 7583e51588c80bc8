package chat

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/channels"
	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/inbox"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/internal/store"
	"github.com/motcua/motcua/internal/store/storetest"
)

const day = 24 * time.Hour

// messenger has a short window, a longer one for people, and texts that were approved.
var messenger = channels.Profile{Name: "zalo", MaxText: 2000, MaxChoices: 13, FreeWindow: day, StaffWindow: 7 * day, Templates: []string{"a.n"}}

func TestGrounds(t *testing.T) {
	t.Parallel()
	template := &channels.Template{Name: "a.n", Lang: message.Vietnamese, Params: map[string]string{"x": "y"}}
	tests := []struct {
		network channels.Profile
		ground  string
		words   *channels.Template
		open    []time.Duration
		closed  []time.Duration
		reason  string
	}{
		{zalo, GroundFree, nil, []time.Duration{23 * time.Hour, 47 * time.Hour}, []time.Duration{49 * time.Hour, 6 * day, 8 * day}, windowClosed},
		{zalo, GroundPaid, nil, []time.Duration{23 * time.Hour, 49 * time.Hour, 6 * day}, []time.Duration{8 * day}, windowClosed},
		{zalo, "", nil, []time.Duration{47 * time.Hour}, []time.Duration{49 * time.Hour}, windowClosed},
		{zalo, GroundApproved, template, nil, []time.Duration{23 * time.Hour}, noTemplate},
		{messenger, GroundFree, nil, []time.Duration{23 * time.Hour}, []time.Duration{25 * time.Hour, 6 * day}, windowClosed},
		{messenger, GroundPaid, nil, []time.Duration{23 * time.Hour}, []time.Duration{25 * time.Hour}, windowClosed},
		{messenger, GroundApproved, template, []time.Duration{23 * time.Hour, 25 * time.Hour, 8 * day, 60 * day}, nil, ""},
		{messenger, GroundApproved, nil, nil, []time.Duration{time.Hour}, noTemplate},
		{channels.Profile{Name: "zalo", Native: true}, GroundFree, nil, []time.Duration{80 * day}, nil, ""},
	}
	for i, tt := range tests {
		for _, after := range slices.Concat(tt.open, tt.closed) {
			t.Run(fmt.Sprint(i, tt.ground, after), func(t *testing.T) {
				t.Parallel()
				storetest.Bubble(t, func(t *testing.T, engine store.Engine) {
					w := newWorld(t, engine, Config{})
					w.net.profile = tt.network
					w.say(t, "e1", "x")
					time.Sleep(after)
					n := notice("1")
					n.To, n.Conversation, n.Ground, n.Template = "", convo, tt.ground, tt.words
					require.NoError(t, w.Tell(t.Context(), n))
					require.Equal(t, stateWaiting, w.fateOn(t, tt.ground).State)
					sweep(t, w.Chats)
					if slices.Contains(tt.closed, after) {
						require.Equal(t, Fate{State: stateNever, Reason: tt.reason}, w.fateOn(t, tt.ground))
						require.Len(t, w.net.taken, 1)
						return
					}
					require.Equal(t, Fate{State: stateSent, Network: "net-2"}, w.fateOn(t, tt.ground))
					require.Equal(t, tt.words, w.net.taken[1].Template)
					require.Equal(t, "oa", w.net.taken[1].Account)
				})
			})
		}
	}
}

func (w *world) fate(t testing.TB, id string) Fate {
	t.Helper()
	f, err := w.Fate(t.Context(), convo, id, GroundFree)
	require.NoError(t, err)
	return f
}

// TestTheWindowClosesWhileANoticeWaits is a network that is away until it is too late.
func TestTheWindowClosesWhileANoticeWaits(t *testing.T) {
	t.Parallel()
	storetest.Bubble(t, func(t *testing.T, engine store.Engine) {
		w := newWorld(t, engine, Config{})
		w.say(t, "e1", "x")
		w.net.answer = func(int, channels.Outbound) *channels.Outcome {
			return &channels.Outcome{Status: channels.Later, Retry: time.Hour, Cause: errors.New("away")}
		}
		time.Sleep(47 * time.Hour)
		n := notice("1")
		n.Ground = GroundFree
		require.NoError(t, w.Tell(t.Context(), n))
		pass(t, w.Chats, 4*time.Hour)
		require.Equal(t, Fate{State: stateNever, Reason: windowClosed}, w.fate(t, "1"))
	})
}

func TestFates(t *testing.T) {
	t.Parallel()
	storetest.Bubble(t, func(t *testing.T, engine store.Engine) {
		var told []string
		w := newWorld(t, engine, Config{}, func(d *Deps) { d.Fated = func(id string) { told = append(told, id) } })
		require.Equal(t, Fate{State: stateUnknown}, w.fate(t, "1"), "no conversation")
		w.say(t, "e1", "x")
		require.Equal(t, Fate{State: stateUnknown}, w.fate(t, "1"), "no such notice")
		long := notice("1")
		long.Words = func(message.Lang) (string, string) { return "T", strings.Repeat("dài lắm ", 60) }
		require.NoError(t, w.Tell(t.Context(), long))
		require.Empty(t, told)
		sweep(t, w.Chats)
		require.Equal(t, stateSent, w.fate(t, "1").State)
		require.Equal(t, []string{"1"}, told)
		network := w.fate(t, "1").Network
		for i := range 30 { // answers crowd out what was sent before
			w.say(t, fmt.Sprint("f", i), "x")
		}
		require.NoError(t, w.Turn(t.Context(), event("d", channels.Event{Kind: channels.Delivered, About: []string{network}})))
		require.Equal(t, Fate{State: stateDelivered, Network: network}, w.fate(t, "1"))
		require.NoError(t, w.Turn(t.Context(), event("s", channels.Event{Kind: channels.Seen})))
		require.NoError(t, w.Turn(t.Context(), event("d2", channels.Event{Kind: channels.Delivered, About: []string{network}})))
		require.Equal(t, stateSeen, w.fate(t, "1").State, "it only goes forward")
		require.Equal(t, []string{"1", "1", "1"}, told)
		for i := range maxFates {
			require.NoError(t, w.Tell(t.Context(), notice(fmt.Sprint("n", i))))
			sweep(t, w.Chats)
		}
		require.Equal(t, stateUnknown, w.fate(t, "1").State, "too long ago")
	})
}

func TestTheFateOfWhatTheDialogueShowed(t *testing.T) {
	t.Parallel()
	storetest.Bubble(t, func(t *testing.T, engine store.Engine) {
		w := newWorld(t, engine, Config{})
		at := time.Now()
		w.say(t, "e1", "change x")
		n := notice("1")
		n.CaseApp, n.CaseID, n.At = "a", "case of e1/1", at
		require.NoError(t, w.Tell(t.Context(), n))
		require.Equal(t, Fate{State: stateSeen, Reason: reasonShown}, w.fate(t, "1"))
		require.Len(t, w.net.texts(), 2)
	})
}

func TestTellOneConversation(t *testing.T) {
	t.Parallel()
	storetest.Bubble(t, func(t *testing.T, engine store.Engine) {
		w := newWorld(t, engine, Config{})
		n := notice("1")
		n.To, n.Conversation = "", convo
		require.Equal(t, fault.NotFound, fault.CodeOf(w.Tell(t.Context(), n)))
		w.say(t, "e1", "x")
		for range 2 {
			require.NoError(t, w.Tell(t.Context(), n))
		}
		sweep(t, w.Chats)
		require.Len(t, w.net.texts(), 2)
	})
}

func TestWays(t *testing.T) {
	t.Parallel()
	storetest.Bubble(t, func(t *testing.T, engine store.Engine) {
		w := newWorld(t, engine, Config{})
		at := func(conversation, channel, person string) {
			time.Sleep(time.Minute)
			m := said(conversation+person, "x")
			m.Conversation, m.Channel, m.Event.From = conversation, channel, channels.Address(person)
			require.NoError(t, w.Turn(t.Context(), m))
		}
		at("zalo/1", "zalo", "a")
		at("web/1", "web", "b")
		at("zalo/2", "zalo", "b")
		at("zalo/3", "zalo", "c")
		require.NoError(t, w.leave(t.Context(), inbox.Message{ID: "l", Conversation: "zalo/2", Event: channels.Event{At: time.Now()}}))
		ways, err := w.Ways(t.Context(), []string{"subject of a", "subject of b", "", "subject of nobody"})
		require.NoError(t, err)
		require.Len(t, ways, 2)
		require.Equal(t, "zalo/2", ways[0].Conversation)
		require.True(t, ways[0].Left)
		require.Equal(t, "web/1", ways[1].Conversation)
		require.True(t, ways[1].LastAt.Before(ways[0].LastAt))
	})
}

// TestWaysOfFormerLinks ends a link behind the back of the conversations that were linked: they are ways to whoever sits there, and to nobody else.
func TestWaysOfFormerLinks(t *testing.T) {
	t.Parallel()
	storetest.Bubble(t, func(t *testing.T, engine store.Engine) {
		acts := map[string]string{}
		w := newWorld(t, engine, Config{}, func(d *Deps) {
			d.ActsFor = func(_ context.Context, who account.Identity) (string, error) { return acts[who.User], nil }
		})
		for i, c := range []struct{ conversation, network, person string }{{"web/1", "web", "a"}, {"web/2", "web", "b"}, {"zalo/1", "zalo", "c"}} {
			time.Sleep(time.Minute)
			m := said(fmt.Sprint("e", i), "x")
			m.Conversation, m.Channel, m.Event.From = c.conversation, c.network, channels.Address(c.person)
			require.NoError(t, w.Turn(t.Context(), m))
			_, err := w.update(t.Context(), c.conversation, func(x *chat) error { x.Subject = "lan"; return nil })
			require.NoError(t, err)
			acts[c.person] = "lan"
		}
		ways := func(find func(context.Context, []string) ([]Way, error), subjects ...string) (out []string) {
			found, err := find(t.Context(), subjects)
			require.NoError(t, err)
			for _, w := range found {
				out = append(out, w.Conversation)
			}
			return out
		}
		require.Equal(t, []string{"zalo/1", "web/2", "web/1"}, ways(w.Everywhere, "lan"))
		require.Equal(t, []string{"zalo/1", "web/2"}, ways(w.Ways, "lan"), "the latest on each network")
		acts["b"], acts["c"] = "guest b", ""
		require.Equal(t, []string{"web/1"}, ways(w.Ways, "lan"))
		require.Equal(t, []string{"web/2"}, ways(w.Ways, "guest b"), "has its own notices again")
		acts["b"] = "lan"
		require.Empty(t, ways(w.Ways, "guest b"))
		require.Equal(t, []string{"web/2", "web/1"}, ways(w.Everywhere, "lan"))
	})
}

// TestAnOutageOfTenMinutes has the order of each conversation kept, a few attempts made meanwhile, and no herd afterwards.
func TestAnOutageOfTenMinutes(t *testing.T) {
	t.Parallel()
	storetest.Bubble(t, func(t *testing.T, engine store.Engine) {
		w := newWorld(t, engine, Config{})
		away := true
		w.net.answer = func(int, channels.Outbound) *channels.Outcome {
			if away {
				return &channels.Outcome{Status: channels.Later, Cause: errors.New("away")}
			}
			return nil
		}
		const people = 20
		for i := range people {
			for n := range 3 {
				m := said(fmt.Sprintf("e%d-%d", i, n), "many "+fmt.Sprintf("%d-%d-", i, n))
				m.Conversation = fmt.Sprint("zalo/", i)
				require.NoError(t, w.Turn(t.Context(), m))
			}
		}
		tried := w.net.tried
		pass(t, w.Chats, 10*time.Minute)
		require.Less(t, w.net.tried-tried, 60, "no storm")
		require.Empty(t, w.net.texts())
		away = false
		pass(t, w.Chats, time.Minute)
		pass(t, w.Chats, 10*time.Minute)
		require.Len(t, w.net.taken, people*9)
		heard := map[string][]string{}
		for _, text := range w.net.texts() {
			who, _, _ := strings.Cut(text, "-")
			heard[who] = append(heard[who], text)
		}
		for who, texts := range heard {
			require.True(t, slices.IsSorted(texts), "%s heard %v", who, texts)
		}
	})
}

func TestWithdrawalReachesTheOthersFirst(t *testing.T) {
	t.Parallel()
	storetest.Bubble(t, func(t *testing.T, engine store.Engine) {
		var gone []string
		fails := true
		w := newWorld(t, engine, Config{Desk: "hall"}, func(d *Deps) {
			d.Forget = func(_ context.Context, v account.Viewer, m inbox.Message) error {
				if fails {
					return fault.New(fault.Unavailable, "")
				}
				gone = append(gone, v.Subject+" "+m.ID)
				return nil
			}
		})
		w.say(t, "e1", "my secret")
		w.say(t, "e2", "officer")
		require.Equal(t, fault.Unavailable, fault.CodeOf(w.Turn(t.Context(), event("w", channels.Event{Kind: channels.Withdrew}))))
		require.NotEmpty(t, w.chat(t).Lines, "nothing is confirmed that was not done")
		fails = false
		for range 2 {
			require.NoError(t, w.Turn(t.Context(), event("w", channels.Event{Kind: channels.Withdrew})))
		}
		require.Equal(t, []string{"subject of person w"}, gone)
		x := w.chat(t)
		require.Empty(t, x.Lines)
		require.Nil(t, x.Desk)
		require.Empty(t, x.Subject)
	})
}

// TestWhatCameBeforeAWithdrawalIsNobodysToActOn: events that were late, or given up and replayed, neither bring back what was forgotten nor are answered.
func TestWhatCameBeforeAWithdrawalIsNobodysToActOn(t *testing.T) {
	t.Parallel()
	storetest.Bubble(t, func(t *testing.T, engine store.Engine) {
		w := newWorld(t, engine, Config{})
		w.say(t, "e1", "my name is An")
		before := time.Now().Add(time.Second)
		time.Sleep(time.Minute)
		require.NoError(t, w.Turn(t.Context(), event("w", channels.Event{Kind: channels.Withdrew})))
		for i, e := range []channels.Event{
			{Kind: channels.Said, Text: "change my secret"},
			{Kind: channels.Shared, Contact: &channels.Contact{Name: "An"}},
			{Kind: channels.Said, Text: "in other words", About: []string{"e1"}},
			{Kind: channels.Echoed, Human: true, Text: "dear Mr An"},
			{Kind: channels.Followed},
		} {
			e.At = before
			require.NoError(t, w.Turn(t.Context(), event(fmt.Sprint("late", i), e)))
		}
		x := w.chat(t)
		require.Equal(t, private{Person: "person"}, x.private)
		require.Empty(t, x.Subject)
		require.Nil(t, x.LastAt)
		require.Len(t, w.net.texts(), 2)
		require.Empty(t, w.apps.calls)
		time.Sleep(time.Second)
		w.say(t, "e2", "hello again")
		require.Equal(t, "re hello again", w.net.texts()[2])
	})
}

// TestWhatHappenedWhileTheDialogueSpokeIsTold: a result is as old as its call, however long the turn takes.
func TestWhatHappenedWhileTheDialogueSpokeIsTold(t *testing.T) {
	t.Parallel()
	storetest.Bubble(t, func(t *testing.T, engine store.Engine) {
		w := newWorld(t, engine, Config{})
		w.apps.slow = time.Second
		called := time.Now()
		w.say(t, "e1", "change x")
		n := notice("1")
		n.CaseApp, n.CaseID, n.At = "a", "case of e1/1", called.Add(500*time.Millisecond)
		require.NoError(t, w.Tell(t.Context(), n))
		require.Equal(t, stateWaiting, w.fate(t, "1").State)
	})
}
