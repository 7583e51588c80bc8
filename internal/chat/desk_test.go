package chat

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/channels"
	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/store"
	"github.com/motcua/motcua/internal/store/storetest"
	"github.com/motcua/motcua/miniapps"
)

// hall is a desk: who works there, and what was looked at and signalled.
type hall struct {
	mu      sync.Mutex
	looks   []account.Access
	topics  []string
	opensAt time.Time // nobody is there before
}

func (k *hall) Record(_ context.Context, a account.Access) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.looks = append(k.looks, a)
	return nil
}

func (k *hall) signal(topic string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.topics = append(k.topics, topic)
}

func (k *hall) heard(topic string) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return slices.Contains(k.topics, topic)
}

func (k *hall) into(d *Deps) {
	d.Accesses, d.Signal = k, k.signal
	d.UnitOf = func(_ context.Context, ref miniapps.CaseRef) (string, bool) { return "ward", ref.ID == "report" }
	d.Office = func(_ string, at time.Time) (time.Time, bool) { return k.opensAt, !at.Before(k.opensAt) }
	d.Officer = func(_ context.Context, v account.Viewer) (string, error) { return "Bình", nil }
}

func officer(name, unit string, roles ...account.Role) account.Viewer {
	if roles == nil {
		roles = []account.Role{account.Officer}
	}
	return account.Viewer{Account: name, Subject: name, Unit: unit, Roles: roles, Assurance: account.Phone}
}

var (
	binh       = officer("binh", "hall")
	dispatcher = officer("chi", "", account.Dispatcher)
)

// withDesk is a world whose desk is the city hall.
func withDesk(t *testing.T, f func(t *testing.T, w *world, k *hall)) {
	t.Helper()
	storetest.Bubble(t, func(t *testing.T, engine store.Engine) {
		k := &hall{}
		f(t, newWorld(t, engine, Config{Desk: "hall"}, k.into), k)
	})
}

func TestATalkWithAnOfficer(t *testing.T) {
	t.Parallel()
	withDesk(t, func(t *testing.T, w *world, k *hall) {
		ctx := t.Context()
		w.say(t, "e1", "hello")
		w.say(t, "e2", "officer")
		require.Len(t, w.net.texts(), 3)
		require.Contains(t, w.net.texts()[2], "Yêu cầu gặp cán bộ đã được ghi nhận")
		w.say(t, "e3", "my road is broken")
		require.NoError(t, w.Turn(ctx, event("e4", channels.Event{Kind: channels.Said, Attachments: []channels.Attachment{{Kind: channels.Audio}}})))
		require.Len(t, w.net.texts(), 3, "nobody but the officer answers")
		require.True(t, k.heard("desk:hall") && k.heard("conversation:"+convo))

		page, err := w.Desk(ctx, binh, DeskFilter{State: DeskWaiting}, 10, "")
		require.NoError(t, err)
		require.Len(t, page.Items, 1)
		require.Equal(t, "hall", page.Items[0].Unit)
		require.Empty(t, page.Items[0].Lines)
		item, err := w.Take(ctx, binh, convo, "k1")
		require.NoError(t, err)
		require.True(t, item.Mine)
		for i, text := range []string{"Which road?", "Any photo?"} {
			line, err := w.SendStaff(ctx, binh, convo, text, fmt.Sprint("k2", i))
			require.NoError(t, err)
			require.Equal(t, stateWaiting, line.Fate.State)
		}
		sweep(t, w.Chats)
		texts := w.net.texts()
		require.Equal(t, []string{"Cán bộ Bình đã tham gia trò chuyện.", "Cán bộ Bình: Which road?", "Any photo?"}, texts[3:])
		require.Equal(t, channels.Staff, w.net.taken[5].Kind)
		require.Equal(t, []string{"", "Bình", "Bình"}, []string{w.net.taken[3].From, w.net.taken[4].From, w.net.taken[5].From})
		require.Equal(t, "oa", w.net.taken[5].Account)
		w.say(t, "e5", "Lạch Tray")

		item, err = w.Conversation(ctx, binh, convo)
		require.NoError(t, err)
		var said []string
		for _, l := range item.Lines {
			said = append(said, l.From+": "+l.Text)
		}
		require.Equal(t, "person: hello", said[0])
		require.Equal(t, []string{"person: my road is broken", "person: ", "bot: Cán bộ Bình đã tham gia trò chuyện.", "staff: Which road?", "staff: Any photo?", "person: Lạch Tray"}, said[len(said)-6:])
		require.Equal(t, stateSent, item.Lines[len(said)-2].Fate.State)
		require.Equal(t, []string{"audio"}, item.Lines[len(said)-5].Lost)
		require.Len(t, k.looks, 1)
		require.Equal(t, "subject of person", k.looks[0].Subject)
		require.Equal(t, "binh", k.looks[0].Actor)

		_, err = w.Release(ctx, binh, convo, "k3")
		require.NoError(t, err)
		sweep(t, w.Chats)
		require.Contains(t, w.net.texts()[6], "Trợ giúp tự động đã trở lại")
		_, err = w.Conversation(ctx, binh, convo)
		require.Equal(t, fault.NotFound, fault.CodeOf(err), "nobody reads on")
		w.say(t, "e6", "hello again")
		require.Equal(t, "re hello again", w.net.texts()[7])
	})
}

func TestWhoMayDoWhatAtADesk(t *testing.T) {
	t.Parallel()
	withDesk(t, func(t *testing.T, w *world, k *hall) {
		ctx := t.Context()
		w.say(t, "e1", "officer report") // about a case of the ward
		_, err := w.Take(ctx, officer("duc", "ward"), convo, "k")
		require.NoError(t, err)
		for _, tt := range []struct {
			who                      account.Viewer
			see, take, send, release fault.Code
			listed                   int
			listing                  fault.Code
		}{
			{account.Viewer{}, fault.Unauthorized, fault.Unauthorized, fault.Unauthorized, fault.Unauthorized, 0, fault.Unauthorized},
			{account.Viewer{Account: "citizen"}, fault.Forbidden, fault.Forbidden, fault.Forbidden, fault.Forbidden, 0, fault.Forbidden},
			{officer("nobody", ""), fault.Forbidden, fault.Forbidden, fault.Forbidden, fault.Forbidden, 0, fault.Forbidden},
			{binh, fault.Forbidden, fault.Forbidden, fault.Forbidden, fault.Forbidden, 0, ""},
			{officer("em", "ward"), "", fault.Conflict, fault.Conflict, fault.Conflict, 1, ""},
			{dispatcher, "", fault.Conflict, fault.Conflict, "", 1, ""},
		} {
			page, err := w.Desk(ctx, tt.who, DeskFilter{}, 0, "")
			require.Equal(t, tt.listing, codeOf(err), "%s lists", tt.who.Account)
			require.Len(t, page.Items, tt.listed)
			_, err = w.Conversation(ctx, tt.who, convo)
			require.Equal(t, tt.see, codeOf(err), "%s sees", tt.who.Account)
			_, err = w.Take(ctx, tt.who, convo, "k")
			require.Equal(t, tt.take, codeOf(err), "%s takes", tt.who.Account)
			require.NotContains(t, fmt.Sprint(err), "duc", "nobody's name is given away")
			_, err = w.SendStaff(ctx, tt.who, convo, "x", "k")
			require.Equal(t, tt.send, codeOf(err), "%s sends", tt.who.Account)
			_, err = w.Release(ctx, tt.who, convo, "k")
			require.Equal(t, tt.release, codeOf(err), "%s releases", tt.who.Account)
		}
		require.Len(t, k.looks, 2, "each look at words is recorded, no other")
	})
}

func codeOf(err error) fault.Code {
	if err == nil {
		return ""
	}
	return fault.CodeOf(err)
}

func TestNobodyLooksWhereLooksAreNotRecorded(t *testing.T) {
	t.Parallel()
	storetest.Bubble(t, func(t *testing.T, engine store.Engine) {
		w := newWorld(t, engine, Config{Desk: "hall"})
		w.say(t, "e1", "officer")
		_, err := w.Conversation(t.Context(), binh, convo)
		require.Equal(t, fault.Internal, fault.CodeOf(err))
		_, err = w.Take(t.Context(), binh, convo, "k")
		require.NoError(t, err)
		_, err = w.SendStaff(t.Context(), binh, convo, "x", "k")
		require.NoError(t, err)
		sweep(t, w.Chats)
		require.Equal(t, []string{"Một cán bộ đã tham gia trò chuyện.", "Cán bộ: x"}, w.net.texts()[2:])
	})
}

func TestWithoutADeskTheDialogueGoesOn(t *testing.T) {
	t.Parallel()
	storetest.Bubble(t, func(t *testing.T, engine store.Engine) {
		w := newWorld(t, engine, Config{})
		w.say(t, "e1", "officer")
		require.Contains(t, w.net.texts()[1], "chưa có cán bộ trực")
		w.say(t, "e2", "x")
		require.Equal(t, "re x", w.net.texts()[2])
	})
}

func TestDoneTwiceIsDoneOnce(t *testing.T) {
	t.Parallel()
	withDesk(t, func(t *testing.T, w *world, _ *hall) {
		ctx := t.Context()
		w.say(t, "e1", "officer")
		for range 2 {
			_, err := w.Take(ctx, binh, convo, "k")
			require.NoError(t, err)
		}
		var first Line
		for i := range 2 {
			line, err := w.SendStaff(ctx, binh, convo, "x", "k")
			require.NoError(t, err)
			if i == 0 {
				first = line
			}
			require.Equal(t, first.ID, line.ID)
		}
		_, err := w.SendStaff(ctx, binh, convo, "other", "k")
		require.Equal(t, fault.Conflict, fault.CodeOf(err))
		_, err = w.SendStaff(ctx, binh, convo, " ", "k4")
		require.Equal(t, fault.Invalid, fault.CodeOf(err))
		_, err = w.SendStaff(ctx, binh, convo, "x", "")
		require.Equal(t, fault.Invalid, fault.CodeOf(err))
		for range 2 {
			item, err := w.Release(ctx, binh, convo, "k")
			require.NoError(t, err)
			require.Empty(t, item.State)
		}
		sweep(t, w.Chats)
		require.Len(t, w.net.texts(), 5)
		require.Len(t, w.net.ids(), 5)
	})
}

func TestThePersonMayLeaveTheQueue(t *testing.T) {
	t.Parallel()
	withDesk(t, func(t *testing.T, w *world, _ *hall) {
		w.say(t, "e1", "officer")
		w.say(t, "e2", "cancel")
		w.say(t, "e2", "cancel")
		require.Len(t, w.net.texts(), 4)
		require.Contains(t, w.net.texts()[2], "Đã dừng việc gặp cán bộ")
		require.Equal(t, "menu", w.net.texts()[3])
		w.say(t, "e3", "officer")
		_, err := w.Take(t.Context(), binh, convo, "k")
		require.NoError(t, err)
		sweep(t, w.Chats)
		w.say(t, "e4", "cancel") // said to the officer
		require.Len(t, w.net.texts(), 7)
		w.say(t, "e5", "menu")
		require.Equal(t, "menu", w.net.texts()[8])
		_, err = w.SendStaff(t.Context(), binh, convo, "x", "k")
		require.Equal(t, fault.NotFound, fault.CodeOf(err))
	})
}

func TestWaitingInVain(t *testing.T) {
	t.Parallel()
	withDesk(t, func(t *testing.T, w *world, _ *hall) {
		w.say(t, "e1", "officer")
		pass(t, w.Chats, 9*time.Minute)
		require.Len(t, w.net.texts(), 2)
		pass(t, w.Chats, 2*time.Minute)
		require.Contains(t, w.net.texts()[2], "Cán bộ đang bận")
		pass(t, w.Chats, 100*time.Minute)
		require.Len(t, w.net.texts(), 3, "it is said once")
		pass(t, w.Chats, 30*time.Minute)
		require.Contains(t, w.net.texts()[3], "chưa có cán bộ trả lời được")
		w.say(t, "e2", "x")
		require.Equal(t, "re x", w.net.texts()[4])
	})
}

// TestAnAnswerOnTheNetworkItself: who waits at the desk is answered in the network's own console. Nobody tells them that nobody is free, an officer at our desk
// sees what was said, and the program comes back when that person is silent, or hands the conversation back.
func TestAnAnswerOnTheNetworkItself(t *testing.T) {
	t.Parallel()
	echo := channels.Event{Kind: channels.Echoed, Human: true, Text: "Tôi trả lời bà con đây"}
	for name, tt := range map[string]struct {
		begins channels.Event
		ends   func(t *testing.T, w *world)
		last   string // that the person hears of the end
	}{
		"silence": {echo, func(t *testing.T, w *world) { pass(t, w.Chats, 125*time.Minute) }, "Đã lâu chưa có thêm trả lời của cán bộ"},
		"handed back": {channels.Event{Kind: channels.TakenOver}, func(t *testing.T, w *world) {
			require.NoError(t, w.Turn(t.Context(), event("h", channels.Event{Kind: channels.HandedBack})))
		}, "Cán bộ đã kết thúc trò chuyện"},
		"the person has had enough":   {echo, func(t *testing.T, w *world) { w.say(t, "m", "menu") }, "menu"},
		"an officer here takes it up": {echo, func(t *testing.T, w *world) { releasedHere(t, w) }, "Cán bộ đã kết thúc trò chuyện"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			withDesk(t, func(t *testing.T, w *world, k *hall) {
				w.say(t, "e1", "officer")
				time.Sleep(5 * time.Minute)
				require.NoError(t, w.Turn(t.Context(), event("e2", tt.begins)))
				pass(t, w.Chats, 20*time.Minute)
				w.say(t, "e3", "my road is broken")
				w.say(t, "e4", "cancel")
				require.Len(t, w.net.texts(), 2, "neither is it told that nobody is free, nor does the program answer")
				item, err := w.Conversation(t.Context(), binh, convo)
				require.NoError(t, err)
				require.Equal(t, []string{DeskTaken, ""}, []string{item.State, item.Officer})
				if tt.begins.Human {
					require.Equal(t, []string{FromStaff, echo.Text}, []string{item.Lines[len(item.Lines)-3].From, item.Lines[len(item.Lines)-3].Text})
				}
				tt.ends(t, w)
				sweep(t, w.Chats)
				texts := w.net.texts()
				require.Contains(t, texts[len(texts)-1], tt.last)
				require.Nil(t, w.chat(t).Desk)
				w.say(t, "e5", "hello")
				require.Equal(t, []string{"re hello"}, w.net.texts()[len(texts):], "the program answers, and does not say once more who speaks")
			})
		})
	}
}

func releasedHere(t *testing.T, w *world) {
	t.Helper()
	_, err := w.Take(t.Context(), binh, convo, "k1")
	require.NoError(t, err)
	require.NoError(t, w.Turn(t.Context(), event("h", channels.Event{Kind: channels.HandedBack})))
	require.NotNil(t, w.chat(t).Desk, "it is theirs now")
	_, err = w.Release(t.Context(), binh, convo, "k2")
	require.NoError(t, err)
}

// TestOfficersAndTheNetworkItself has somebody speak on the network itself while an officer has the conversation: it stays theirs, since when they took it.
func TestOfficersAndTheNetworkItself(t *testing.T) {
	t.Parallel()
	storetest.Bubble(t, func(t *testing.T, engine store.Engine) {
		k := &hall{}
		w := newWorld(t, engine, Config{Desk: "hall"}, k.into)
		w.say(t, "e1", "officer")
		_, err := w.Take(t.Context(), binh, convo, "k")
		require.NoError(t, err)
		taken := *w.chat(t).Desk
		time.Sleep(time.Minute)
		require.NoError(t, w.Turn(t.Context(), event("h1", channels.Event{Kind: channels.Echoed, Human: true, Text: "chào bà con"})))
		d := *w.chat(t).Desk
		require.Equal(t, []any{DeskTaken, taken.Since, taken.Officer}, []any{d.State, d.Since, d.Officer})
		require.False(t, d.ActAt.Before(taken.ActAt), "the silence that gives it back begins anew")
	})
}

// TestSilenceIsNotShortened by an older word of the same person that comes later.
func TestSilenceIsNotShortened(t *testing.T) {
	t.Parallel()
	storetest.Bubble(t, func(t *testing.T, engine store.Engine) {
		w := newWorld(t, engine, Config{})
		w.say(t, "e1", "x")
		time.Sleep(time.Hour)
		now := time.Now()
		for i, at := range []time.Time{now, now.Add(-30 * time.Minute)} {
			require.NoError(t, w.Turn(t.Context(), event(fmt.Sprint("h", i), channels.Event{Kind: channels.Echoed, Human: true, Text: fmt.Sprint("chào ", i), At: at})))
			require.True(t, w.chat(t).SilentUntil.Equal(now.Add(w.cfg.Silence).Truncate(time.Millisecond)))
		}
	})
}

func TestOutsideOfficeHours(t *testing.T) {
	t.Parallel()
	withDesk(t, func(t *testing.T, w *world, k *hall) {
		k.opensAt = time.Now().Add(12 * time.Hour)
		w.say(t, "e1", "officer")
		require.Contains(t, w.net.texts()[1], "đã hết giờ làm việc, cán bộ sẽ trả lời từ "+k.opensAt.In(zone).Format("15:04, 02/01"))
		pass(t, w.Chats, 12*time.Hour)
		require.Len(t, w.net.texts(), 2)
		pass(t, w.Chats, 20*time.Minute)
		require.Contains(t, w.net.texts()[2], "Cán bộ đang bận")
		k.opensAt = time.Now().Add(24 * time.Hour) // closed again before anybody came
		pass(t, w.Chats, 3*time.Hour)
		require.Len(t, w.net.texts(), 3)
		pass(t, w.Chats, 24*time.Hour)
		require.Contains(t, w.net.texts()[3], "chưa có cán bộ trả lời được")
	})
}

// TestASilentOfficer gives the conversation back, counted from their last word, also when the replica that they spoke to is gone.
func TestASilentOfficer(t *testing.T) {
	t.Parallel()
	storetest.Bubble(t, func(t *testing.T, engine store.Engine) {
		k := &hall{}
		w := newWorld(t, engine, Config{Desk: "hall"}, k.into)
		w.say(t, "e1", "officer")
		_, err := w.Take(t.Context(), binh, convo, "k")
		require.NoError(t, err)
		pass(t, w.Chats, 90*time.Minute)
		_, err = w.SendStaff(t.Context(), binh, convo, "x", "k")
		require.NoError(t, err)
		second := w.replica(t, engine, Config{Desk: "hall"})
		pass(t, second, 110*time.Minute)
		require.Len(t, w.net.texts(), 4)
		pass(t, second, 20*time.Minute)
		require.Contains(t, w.net.texts()[4], "trợ giúp tự động đã trở lại")
		require.Nil(t, w.chat(t).Desk)
	})
}

// TestOfficersAtOnce have two of them reach for the same conversation on two replicas: one gets it, and the person hears of one.
func TestOfficersAtOnce(t *testing.T) {
	t.Parallel()
	storetest.Bubble(t, func(t *testing.T, engine store.Engine) {
		k := &hall{}
		w := newWorld(t, engine, Config{Desk: "hall"}, k.into)
		w.say(t, "e1", "officer")
		var wg sync.WaitGroup
		var mu sync.Mutex
		got := map[fault.Code]int{}
		for i := range 6 {
			c := w.replica(t, engine, Config{Desk: "hall"})
			wg.Go(func() {
				_, err := c.Take(t.Context(), officer(fmt.Sprint("o", i), "hall"), convo, "k")
				mu.Lock()
				defer mu.Unlock()
				got[codeOf(err)]++
			})
			wg.Go(func() { // while the person speaks
				for passes(c.Turn(t.Context(), said(fmt.Sprint("w", i), "hello"))) {
					time.Sleep(time.Second)
				}
			})
		}
		wg.Wait()
		require.Equal(t, map[fault.Code]int{"": 1, fault.Conflict: 5}, got)
		pass(t, w.Chats, 30*time.Second)
		require.Len(t, w.net.texts(), 3)
		require.Len(t, w.chat(t).Lines, 1+2+6+1)
	})
}

// TestDeathAtTheDesk kills the process before and after each of its writes: whoever goes on repeats what was not answered, and the person hears everything
// once, in its order.
func TestDeathAtTheDesk(t *testing.T) {
	t.Parallel()
	const writes = 1 + 2 + 1 + 3 // hand-over with its two messages, a line, what the officer does
	for _, answered := range []bool{false, true} {
		for left := range writes {
			t.Run(fmt.Sprintf("write %d, reached the store: %t", left, answered), func(t *testing.T) {
				t.Parallel()
				storetest.Bubble(t, func(t *testing.T, engine store.Engine) { dieAtDesk(t, engine, left, answered) })
			})
		}
	}
}

func dieAtDesk(t *testing.T, engine store.Engine, left int, answered bool) {
	ctx, die := context.WithCancel(t.Context())
	defer die()
	k := &hall{}
	grave := storetest.Mortal{Engine: engine, Life: &storetest.Life{OnEnd: die}}
	first := newWorld(t, grave, Config{Desk: "hall"}, k.into)
	second := first.replica(t, engine, Config{Desk: "hall"})
	grave.EndAt(left+1, answered)
	steps := []func(ctx context.Context, c *Chats) error{
		func(ctx context.Context, c *Chats) error { return c.Turn(ctx, said("e1", "officer")) },
		func(ctx context.Context, c *Chats) error { return c.Turn(ctx, said("e2", "it is dark")) },
		func(ctx context.Context, c *Chats) error { _, err := c.Take(ctx, binh, convo, "k"); return err },
		func(ctx context.Context, c *Chats) error {
			_, err := c.SendStaff(ctx, binh, convo, "we come", "k")
			return err
		},
		func(ctx context.Context, c *Chats) error { _, err := c.Release(ctx, binh, convo, "k"); return err },
	}
	for _, step := range steps {
		if ctx.Err() == nil && step(ctx, first.Chats) == nil && ctx.Err() == nil {
			continue
		}
		require.NoError(t, step(t.Context(), second), "a repeat")
	}
	require.Error(t, ctx.Err(), "as many writes as said above")
	time.Sleep(28 * time.Second)
	sweep(t, second)
	require.Len(t, first.net.ids(), 5)
	require.LessOrEqual(t, len(first.net.taken), 6)
	x, err := second.get(t.Context(), convo)
	require.NoError(t, err)
	require.Nil(t, x.Desk)
	require.Empty(t, x.Queue)
	var from []string
	for _, l := range x.Lines {
		from = append(from, l.From)
	}
	require.Equal(t, []string{FromPerson, FromBot, FromBot, FromPerson, FromBot, FromStaff, FromBot}, from)
}

func TestStaffWindows(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		profile channels.Profile
		paid    bool
		after   time.Duration
		open    bool
	}{
		{"zalo, free", zalo, false, 47 * time.Hour, true},
		{"zalo, paid but not wanted", zalo, false, 49 * time.Hour, false},
		{"zalo, paid", zalo, true, 6 * 24 * time.Hour, true},
		{"zalo, over", zalo, true, 8 * 24 * time.Hour, false},
		{"messenger, staff", messenger, false, 6 * 24 * time.Hour, true},
		{"messenger, over", messenger, true, 8 * 24 * time.Hour, false},
		{"web", channels.Profile{Name: "zalo", Native: true}, false, 80 * 24 * time.Hour, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			storetest.Bubble(t, func(t *testing.T, engine store.Engine) {
				k := &hall{}
				w := newWorld(t, engine, Config{Desk: "hall", PaidWindows: tt.paid, DeskSilence: 7 * 24 * time.Hour}, k.into)
				w.net.profile = tt.profile
				w.say(t, "e1", "officer")
				item, err := w.Take(t.Context(), binh, convo, "k")
				require.NoError(t, err)
				time.Sleep(tt.after)
				require.Equal(t, tt.open, item.OpenUntil.IsZero() || item.OpenUntil.After(time.Now()))
				_, err = w.SendStaff(t.Context(), binh, convo, "x", "k")
				require.Equal(t, !tt.open, fault.CodeOf(err) == fault.Conflict, "%v", err)
				if !tt.open {
					return
				}
				sweep(t, w.Chats)
				said := "Cán bộ Bình: x"
				if tt.profile.Native {
					said = "x" // the page shows who speaks
				}
				require.Contains(t, w.net.texts()[len(w.net.texts())-2:], said)
				for _, m := range w.net.taken {
					require.Equal(t, m.Kind == channels.Staff && tt.profile.FreeWindow > 0 && tt.after > tt.profile.FreeWindow, m.Late)
				}
			})
		})
	}
}

func TestLinesAreBounded(t *testing.T) {
	t.Parallel()
	storetest.Bubble(t, func(t *testing.T, engine store.Engine) {
		k := &hall{}
		w := newWorld(t, engine, Config{Desk: "hall", DeskWait: 24 * time.Hour, Lines: time.Hour}, k.into)
		long := make([]rune, 3000)
		for i := range long {
			long[i] = 'ữ'
		}
		for i := range 12 {
			w.say(t, fmt.Sprint("a", i), string(long))
		}
		x := w.chat(t)
		require.LessOrEqual(t, len(x.Lines), fewLines)
		require.Less(t, len(x.Sealed), 16<<10)
		w.say(t, "e", "officer")
		for i := range 54 {
			w.say(t, fmt.Sprint("b", i), fmt.Sprint("line ", i))
		}
		x = w.chat(t)
		require.Len(t, x.Lines, manyLines)
		require.Equal(t, "line 53", x.Lines[manyLines-1].Text)
		for i := range 12 {
			w.say(t, fmt.Sprint("c", i), string(long))
		}
		x = w.chat(t)
		require.Less(t, sizeOf(x.Lines), manyBytes+2<<10)
		require.Less(t, len(x.Sealed), 32<<10)
		time.Sleep(2 * time.Hour)
		w.say(t, "d", "short")
		require.Len(t, w.chat(t).Lines, 1, "what is too old is gone")
	})
}

// TestSecretsAreNotKept: codes reach the person, and whoever goes on with the conversation does not see them, whether they were said before or at the desk.
func TestSecretsAreNotKept(t *testing.T) {
	t.Parallel()
	storetest.Bubble(t, func(t *testing.T, engine store.Engine) {
		k := &hall{}
		w := newWorld(t, engine, Config{Desk: "hall"}, k.into)
		w.say(t, "a", "secret")
		w.say(t, "b", "mute 362684")
		w.say(t, "c", "officer")
		w.say(t, "d", "362684")
		w.say(t, "e", "panic")
		require.Contains(t, strings.Join(w.net.texts(), "\n"), "T367-HWG7")
		var said []string
		for _, l := range w.chat(t).Lines {
			said = append(said, l.Text)
		}
		got := strings.Join(said, "\n")
		require.NotContains(t, got, "T367")
		require.NotContains(t, got, "362684")
		for _, want := range []string{"••••\nwhat else?", "mute ••••"} {
			require.Contains(t, said, want)
		}
		require.Equal(t, []string{"••••", "••••"}, said[len(said)-2:], "what cannot be told is masked")
	})
}

// TestSpeakingWhileItIsGivenBack: what a person says at that moment is answered by somebody: kept for the officer, or answered by the dialogue.
func TestSpeakingWhileItIsGivenBack(t *testing.T) {
	t.Parallel()
	for i := range 8 {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			storetest.Bubble(t, func(t *testing.T, engine store.Engine) {
				k := &hall{}
				w := newWorld(t, engine, Config{Desk: "hall"}, k.into)
				w.say(t, "e1", "officer")
				var wg sync.WaitGroup
				wg.Go(func() {
					if _, err := w.replica(t, engine, Config{Desk: "hall"}).Release(t.Context(), binh, convo, "k"); err != nil {
						t.Errorf("release: %v", err)
					}
				})
				wg.Go(func() {
					for passes(w.Turn(t.Context(), said("e2", "hello"))) {
						time.Sleep(time.Second)
					}
				})
				wg.Wait()
				pass(t, w.Chats, 30*time.Second)
				x := w.chat(t)
				at := slices.IndexFunc(x.Lines, func(l line) bool { return l.ID == "e2" })
				back := slices.IndexFunc(x.Lines, func(l line) bool { return strings.HasPrefix(l.ID, "d/released") })
				require.GreaterOrEqual(t, at, 0)
				require.Equal(t, at > back, slices.Contains(w.net.texts(), "re hello"), "%+v", x.Lines)
			})
		})
	}
}

// TestReplicasAtTheSameDesk look at the clock at the same time: what is due is done once.
func TestReplicasAtTheSameDesk(t *testing.T) {
	t.Parallel()
	storetest.Bubble(t, func(t *testing.T, engine store.Engine) {
		k := &hall{}
		w := newWorld(t, engine, Config{Desk: "hall"}, k.into)
		w.say(t, "e1", "officer")
		time.Sleep(11 * time.Minute)
		var wg sync.WaitGroup
		for range 4 {
			c := w.replica(t, engine, Config{Desk: "hall"})
			wg.Go(func() {
				ids, err := c.Due(t.Context(), 10)
				if err != nil {
					t.Errorf("due: %v", err)
				}
				for _, id := range ids {
					if err := c.Carry(t.Context(), id); err != nil {
						t.Errorf("carry: %v", err)
					}
				}
			})
		}
		wg.Wait()
		pass(t, w.Chats, time.Minute)
		require.Len(t, w.net.texts(), 3)
		ids, err := w.Due(t.Context(), 10)
		require.NoError(t, err)
		require.Empty(t, ids)
	})
}
