package chat

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/channels"
	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/internal/store"
	"github.com/motcua/motcua/internal/store/storetest"
)

func TestLinksAndContactsReachTheDialogue(t *testing.T) {
	t.Parallel()
	tests := []struct {
		event channels.Event
		want  string
	}{
		{channels.Event{Kind: channels.Opened, Ref: "feedback.submit"}, "ref feedback.submit <nil>"},
		{channels.Event{Kind: channels.Followed, Ref: "link.X"}, "ref link.X <nil>"},
		{channels.Event{Kind: channels.Proved, Ref: "X"}, "ref link.X <nil>"},
		{channels.Event{Kind: channels.Shared, Contact: &channels.Contact{Name: "An", Phone: "84900000001"}}, "ref  &{An 84900000001}"},
	}
	for _, tt := range tests {
		t.Run(string(tt.event.Kind), func(t *testing.T) {
			t.Parallel()
			storetest.Bubble(t, func(t *testing.T, engine store.Engine) {
				w := newWorld(t, engine, Config{})
				for range 2 {
					require.NoError(t, w.Turn(t.Context(), event("e1", tt.event)))
				}
				require.Equal(t, []string{tt.want}, w.net.texts())
			})
		})
	}
}

// isBack is how the program says that it is not a person who speaks.
const isBack = "Trợ giúp tự động xin trả lời tiếp ạ."

// TestWhileSomebodyElseHoldsTheConversation nothing is answered, but windows open and what was said is kept.
func TestWhileSomebodyElseHoldsTheConversation(t *testing.T) {
	t.Parallel()
	storetest.Bubble(t, func(t *testing.T, engine store.Engine) {
		w := newWorld(t, engine, Config{})
		turn := func(id string, e channels.Event) {
			t.Helper()
			require.NoError(t, w.Turn(t.Context(), event(id, e)))
		}
		turn("e0", channels.Event{Kind: channels.Said, Text: "in standby", Standby: true})
		require.Equal(t, "in standby", w.chat(t).Lines[0].Text)
		require.NotNil(t, w.chat(t).LastAt)
		turn("e1", channels.Event{Kind: channels.TakenOver})
		turn("e2", channels.Event{Kind: channels.Said, Text: "x"})
		turn("e3", channels.Event{Kind: channels.Proved, Ref: "C"})
		require.Equal(t, []string{"ref link.C <nil>"}, w.net.texts(), "only a sign-in goes on")
		time.Sleep(time.Minute)
		turn("e4", channels.Event{Kind: channels.HandedBack})
		turn("e5", channels.Event{Kind: channels.HandedBack})
		turn("e6", channels.Event{Kind: channels.Said, Text: "y"})
		require.Equal(t, []string{isBack, "re y"}, w.net.texts()[1:])
		turn("e7", channels.Event{Kind: channels.TakenOver})
		turn("e8", channels.Event{Kind: channels.HandedBack, At: time.Now().Add(-time.Hour)}) // of the time before
		turn("e9", channels.Event{Kind: channels.Said, Text: "z"})
		require.Len(t, w.net.texts(), 3)
		time.Sleep(31 * time.Minute)
		turn("f0", channels.Event{Kind: channels.Said, Text: "z"})
		turn("f1", channels.Event{Kind: channels.Said, Text: "z"})
		require.Equal(t, []string{isBack, "re z", "re z"}, w.net.texts()[3:], "it is said once")
	})
}

func TestReceiptsOfTemplatesAreHandedOn(t *testing.T) {
	t.Parallel()
	storetest.Bubble(t, func(t *testing.T, engine store.Engine) {
		var got []string
		w := newWorld(t, engine, Config{}, func(d *Deps) {
			d.Receipt = func(_ context.Context, id, state string) error {
				got = append(got, id+" "+state)
				return nil
			}
		})
		require.NoError(t, w.Turn(t.Context(), event("e1", channels.Event{Kind: channels.Delivered, Template: true, About: []string{"otp-1"}})))
		require.Equal(t, []string{"otp-1 delivered"}, got)
		_, err := w.get(t.Context(), convo)
		require.Equal(t, fault.NotFound, fault.CodeOf(err))
	})
}

// linked is somebody whose second look-up finds them signed in.
type linked struct{ looks int }

func (p *linked) Guest(_ context.Context, who account.Identity, lang message.Lang) (account.Viewer, error) {
	p.looks++
	v := account.Viewer{Subject: "g", Subjects: []string{"g"}, Lang: lang, Assurance: account.Guest}
	if p.looks > 1 {
		v = account.Viewer{Account: "acc", Subject: "s", Subjects: []string{"s", "g"}, Scope: "g", Lang: lang, Assurance: account.Phone}
	}
	return v, nil
}

func TestASignInIsSeenAtOnce(t *testing.T) {
	t.Parallel()
	storetest.Bubble(t, func(t *testing.T, engine store.Engine) {
		p := &linked{}
		w := newWorld(t, engine, Config{}, func(d *Deps) { d.People = p })
		w.say(t, "e1", "signin")
		require.Equal(t, []string{"done signin as phone"}, w.net.texts())
		require.Equal(t, 2, p.looks)
		require.Equal(t, "s", w.chat(t).Subject, "what comes now is the account's")
		w.say(t, "e2", "change x")
		require.Equal(t, 3, p.looks, "nobody is looked up again without need")
	})
}

// typist is a network that shows that an answer is being written.
type typist struct {
	*network
	typing []string
}

func (p *typist) Typing(_ context.Context, to channels.Address, on bool) {
	p.typing = append(p.typing, fmt.Sprint(to, on))
}

func TestTyping(t *testing.T) {
	t.Parallel()
	storetest.Bubble(t, func(t *testing.T, engine store.Engine) {
		p := &typist{network: &network{profile: zalo}}
		w := newWorld(t, engine, Config{Desk: "hall"}, func(d *Deps) { d.Channels = map[string]channels.Channel{"zalo": p} })
		w.say(t, "e1", "officer")
		w.say(t, "e2", "x")
		require.Equal(t, []string{"persontrue"}, p.typing, "not while an officer writes")
	})
}

// TestEditedWordsAreNotActedOnAgain: what was said has been answered. That the person is there opens windows.
func TestEditedWordsAreNotActedOnAgain(t *testing.T) {
	t.Parallel()
	storetest.Bubble(t, func(t *testing.T, engine store.Engine) {
		w := newWorld(t, engine, Config{})
		w.say(t, "e1", "x")
		time.Sleep(time.Hour)
		at := time.Now()
		require.NoError(t, w.Turn(t.Context(), event("e2", channels.Event{Kind: channels.Said, Text: "y", About: []string{"m1"}})))
		require.Equal(t, []string{"re x"}, w.net.texts())
		x := w.chat(t)
		require.Equal(t, "|e1", x.State.Event)
		require.WithinDuration(t, at, *x.LastAt, time.Millisecond)
	})
}
