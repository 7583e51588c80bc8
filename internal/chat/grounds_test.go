package chat

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/channels"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/store"
	"github.com/motcua/motcua/internal/store/storetest"
)

// onGround is a notice as words on a ground, or as an approved text.
func onGround(ground string) Notice {
	n := notice("1")
	n.To, n.Conversation, n.Ground = "", convo, ground
	if ground == GroundApproved {
		n.Template = &channels.Template{Name: "a.n"}
	}
	return n
}

// refusing makes the network refuse words, and the city have an approved text.
func refusing(w *world, o channels.Outcome) {
	w.net.profile.Templates = []string{"a.n"}
	w.net.answer = func(_ int, m channels.Outbound) *channels.Outcome {
		if m.Kind == channels.Notice && m.Template == nil {
			return &o
		}
		return nil
	}
}

func (w *world) fateOn(t testing.TB, ground string) Fate {
	t.Helper()
	f, err := w.Fate(t.Context(), convo, "1", ground)
	require.NoError(t, err)
	return f
}

var outside = channels.Outcome{Status: channels.Never, Reason: channels.OutsideWindow}

// TestToldAgainOnAnotherGround: what was never sent in words is sent as an approved text, and the other way round; what was, is not.
func TestToldAgainOnAnotherGround(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		first, second string
		answer        channels.Outcome // to words
		templates     []string         // approved by then
		sent          int
		fate          Fate // of the second
	}{
		"words refused":                     {GroundFree, GroundApproved, outside, []string{"a.n"}, 1, Fate{State: stateSent, Network: "net-2"}},
		"paid words refused":                {GroundPaid, GroundApproved, outside, []string{"a.n"}, 1, Fate{State: stateSent, Network: "net-2"}},
		"words sent":                        {GroundFree, GroundApproved, channels.Outcome{Status: channels.Sent, MessageID: "w"}, []string{"a.n"}, 0, Fate{State: stateSent, Network: "w"}},
		"words refused, words again":        {GroundFree, GroundPaid, outside, []string{"a.n"}, 0, Fate{State: stateNever, Reason: channels.OutsideWindow}},
		"a text that is not approved":       {GroundApproved, GroundFree, channels.Outcome{Status: channels.Sent, MessageID: "w"}, nil, 0, Fate{State: stateSent, Network: "w"}},
		"an approved text sent, then words": {GroundApproved, GroundFree, outside, []string{"a.n"}, 1, Fate{State: stateSent, Network: "net-2"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			storetest.Bubble(t, func(t *testing.T, engine store.Engine) {
				w := newWorld(t, engine, Config{})
				w.say(t, "e1", "x")
				refusing(w, tt.answer)
				w.net.profile.Templates = tt.templates
				require.NoError(t, w.Tell(t.Context(), onGround(tt.first)))
				sweep(t, w.Chats)
				for range 2 {
					for _, ground := range []string{tt.second, tt.first} {
						require.NoError(t, w.Tell(t.Context(), onGround(ground)))
						sweep(t, w.Chats)
					}
				}
				require.Len(t, w.net.taken, 1+tt.sent)
				require.Equal(t, tt.fate, w.fateOn(t, tt.second))
				require.NoError(t, w.Turn(t.Context(), event("s", channels.Event{Kind: channels.Seen})))
				if tt.fate.State == stateSent {
					require.Equal(t, stateSeen, w.fateOn(t, tt.second).State)
				}
			})
		})
	}
}

// TestNotToldWhileItWaitsOnAnotherGround: whether words leave must be known before an approved text takes their place.
func TestNotToldWhileItWaitsOnAnotherGround(t *testing.T) {
	t.Parallel()
	storetest.Bubble(t, func(t *testing.T, engine store.Engine) {
		w := newWorld(t, engine, Config{})
		w.say(t, "e1", "x")
		refusing(w, channels.Outcome{Status: channels.Later, Retry: time.Hour})
		require.NoError(t, w.Tell(t.Context(), onGround(GroundFree)))
		sweep(t, w.Chats)
		err := w.Tell(t.Context(), onGround(GroundApproved))
		require.Equal(t, fault.Unavailable, fault.CodeOf(err))
		require.Positive(t, fault.Of(err).RetryAfter)
		refusing(w, outside)
		pass(t, w.Chats, 61*time.Minute)
		require.NoError(t, w.Tell(t.Context(), onGround(GroundApproved)))
		sweep(t, w.Chats)
		require.Equal(t, stateSent, w.fateOn(t, GroundApproved).State)
	})
}

// TestDeathBetweenGrounds kills the process at each write of a notice that is refused in words and told again as an approved text. The text arrives, once or, where
// the kill came between sending and recording, twice; the words never do.
func TestDeathBetweenGrounds(t *testing.T) {
	t.Parallel()
	const writes = 6 // told, claimed and settled, twice
	for _, answered := range []bool{false, true} {
		for left := range writes + 1 {
			t.Run(fmt.Sprintf("write %d, reached the store: %t", left, answered), func(t *testing.T) {
				t.Parallel()
				storetest.Bubble(t, func(t *testing.T, engine store.Engine) {
					ctx, die := context.WithCancel(t.Context())
					defer die()
					grave := storetest.Mortal{Engine: engine, Life: &storetest.Life{OnEnd: die}}
					first := newWorld(t, grave, Config{})
					first.say(t, "e1", "x")
					refusing(first, outside)
					grave.EndAt(left+1, answered)
					letter := func(c *Chats) { // as the sender of letters goes about it
						for _, ground := range []string{GroundFree, GroundApproved} {
							if c.Tell(ctx, onGround(ground)) != nil || c.Carry(ctx, convo) != nil {
								return
							}
						}
					}
					letter(first.Chats)
					require.Equal(t, left < writes, ctx.Err() != nil, "as many writes as said above")
					ctx = t.Context()
					second := first.replica(t, engine, Config{})
					pass(t, second, 25*time.Second)
					letter(second)
					pass(t, second, 25*time.Second)
					require.Len(t, first.net.ids(), 2, "the answer and the text")
					require.LessOrEqual(t, len(first.net.taken), 3)
					require.NotNil(t, first.net.taken[1].Template)
				})
			})
		}
	}
}
