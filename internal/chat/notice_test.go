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
	"github.com/motcua/motcua/internal/secret/secrettest"
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

// TestForbidden says to the millisecond until when what is said of the city's own accord may leave, and for which money.
func TestForbidden(t *testing.T) {
	t.Parallel()
	const moment = time.Millisecond
	for name, tt := range map[string]struct {
		kind   channels.Kind
		ground string
		paid   bool // the city pays for notices that name no ground
		after  time.Duration
		waited time.Duration // since it was to be said
		want   string
	}{
		"free, at the end":                {kind: channels.Notice, ground: GroundFree, after: 48 * time.Hour},
		"free, over":                      {kind: channels.Notice, ground: GroundFree, after: 48*time.Hour + moment, want: windowClosed},
		"free where others are paid for":  {kind: channels.Notice, ground: GroundFree, paid: true, after: 49 * time.Hour, want: windowClosed},
		"paid, at the end":                {kind: channels.Notice, ground: GroundPaid, after: 7 * day},
		"paid, over":                      {kind: channels.Notice, ground: GroundPaid, after: 7*day + moment, want: windowClosed},
		"no ground, paid for, at the end": {kind: channels.Notice, paid: true, after: 7 * day},
		"no ground, not paid for":         {kind: channels.Notice, after: 48*time.Hour + moment, want: windowClosed},
		"an answer":                       {kind: channels.Reply, after: 30 * day},
		"given up":                        {kind: channels.Reply, waited: 72*time.Hour + moment, want: gaveUp},
		"not yet given up":                {kind: channels.Reply, waited: 72 * time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			now := time.Unix(1_800_000_000, 0)
			c := &Chats{cfg: Config{GiveUp: 72 * time.Hour, PaidWindows: tt.paid}}
			last := now.Add(-tt.after)
			x := &chat{record: record{LastAt: &last}}
			require.Equal(t, tt.want, c.forbidden(x, outgoing{Kind: tt.kind, Ground: tt.ground, At: now.Add(-tt.waited)}, zalo, now))
		})
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

// TestMeet says how the fate of words goes on: what left in part has left, and only a later state takes the place of an earlier one.
func TestMeet(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		states []string // one after the other
		want   string
	}{
		"refused":                       {[]string{stateNever}, stateNever},
		"sent":                          {[]string{stateSent}, stateSent},
		"sent, then refused in part":    {[]string{stateSent, stateNever}, stateSent},
		"seen, then refused in part":    {[]string{stateSeen, stateNever}, stateSeen},
		"delivered, then sent in part":  {[]string{stateDelivered, stateSent}, stateDelivered},
		"refused in part, then sent":    {[]string{stateNever, stateSent}, stateSent},
		"delivered, then seen":          {[]string{stateDelivered, stateSeen}, stateSeen},
		"refused in part, then refused": {[]string{stateNever, stateNever}, stateNever},
	} {
		x := chat{record: record{Fates: []fate{{Mark: "n", State: stateWaiting}}}}
		for _, s := range tt.states {
			x.meet("n", fate{State: s})
		}
		require.Equal(t, tt.want, x.Fates[0].State, name)
	}
}

// TestTheFirstRefusalStays the reason, of several parts that were refused.
func TestTheFirstRefusalStays(t *testing.T) {
	t.Parallel()
	x := chat{record: record{Fates: []fate{{Mark: "n", State: stateWaiting}}}}
	for _, reason := range []string{windowClosed, gaveUp} {
		x.meet("n", fate{State: stateNever, Reason: reason})
	}
	require.Equal(t, windowClosed, x.Fates[0].Reason)
}

// TestSealedForOneConversation cannot be read in the place of another's.
func TestSealedForOneConversation(t *testing.T) {
	t.Parallel()
	c := &Chats{deps: Deps{Box: secrettest.NewBox(t)}}
	r, err := c.close(&chat{record: record{ID: "zalo/a"}, private: private{Person: "x"}})
	require.NoError(t, err)
	x, err := c.open(r)
	require.NoError(t, err)
	require.EqualValues(t, "x", x.Person)
	r.ID = "zalo/b"
	_, err = c.open(r)
	require.ErrorIs(t, err, errUnreadable)
}

// TestReceive takes receipts for what left, and for nothing that waits or was refused.
func TestReceive(t *testing.T) {
	t.Parallel()
	at := time.Unix(1_800_000_000, 0)
	for name, tt := range map[string]struct {
		fate  fate
		about []string
		want  string
	}{
		"named":                     {fate{State: stateSent, Network: "z1"}, []string{"z0", "z1"}, stateSeen},
		"another named":             {fate{State: stateSent, Network: "z1"}, []string{"z0"}, stateSent},
		"all until then":            {fate{State: stateSent, Network: "z1"}, nil, stateSeen},
		"waiting":                   {fate{State: stateWaiting}, nil, stateWaiting},
		"waiting, a nameless one":   {fate{State: stateWaiting}, []string{""}, stateWaiting},
		"refused":                   {fate{State: stateNever}, nil, stateNever},
		"sent under no name":        {fate{State: stateSent}, nil, stateSent},
		"sent under no name, named": {fate{State: stateSent}, []string{""}, stateSent},
	} {
		tt.fate.At = at
		x := chat{record: record{Fates: []fate{tt.fate}}}
		changed := x.receive(channels.Event{Kind: channels.Seen, About: tt.about, At: at}, stateSeen)
		require.Equal(t, tt.want, x.Fates[0].State, name)
		require.Equal(t, tt.want != tt.fate.State, changed, name)
	}
}

// TestSeenUntilATime is a network that says until when everything was looked at, by its own clock: it took the message a moment before that is recorded here.
func TestSeenUntilATime(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		until time.Duration // after it was recorded
		want  string
	}{
		"just then":       {0, stateSeen},
		"a moment before": {-lag, stateSeen},
		"before it left":  {-lag - time.Millisecond, stateSent},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			storetest.Bubble(t, func(t *testing.T, engine store.Engine) {
				w := newWorld(t, engine, Config{})
				w.say(t, "e1", "x")
				time.Sleep(time.Minute)
				require.NoError(t, w.Tell(t.Context(), notice("1")))
				sweep(t, w.Chats)
				time.Sleep(time.Minute)
				seen := channels.Event{Kind: channels.Seen, At: time.Now().Add(tt.until - time.Minute)}
				require.NoError(t, w.Turn(t.Context(), event("s", seen)))
				sent := w.chat(t).Sent
				require.Equal(t, tt.want, sent[len(sent)-1].State)
				require.Equal(t, tt.want, w.fate(t, "1").State, "whoever waits for the notice hears the same")
			})
		})
	}
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
