package chat

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/channels"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/internal/store"
	"github.com/motcua/motcua/internal/store/storetest"
)

// TestALanguageLearntAtOnceIsCalledIn: somebody's first event is a link of an English page, and what it opens answers in English.
func TestALanguageLearntAtOnceIsCalledIn(t *testing.T) {
	t.Parallel()
	storetest.Bubble(t, func(t *testing.T, engine store.Engine) {
		w := newWorld(t, engine, Config{})
		require.NoError(t, w.Turn(t.Context(), event("e1", channels.Event{Kind: channels.Opened, Ref: "read.en"})))
		require.Len(t, w.apps.calls, 1)
		require.Equal(t, message.English, w.apps.calls[0].Viewer.Lang)
	})
}

// TestAskingAgainForAnOfficer is answered, at most once a minute, while nobody has taken the conversation.
func TestAskingAgainForAnOfficer(t *testing.T) {
	t.Parallel()
	withDesk(t, func(t *testing.T, w *world, _ *hall) {
		const noted = "Yêu cầu của bà con đã được ghi nhận, cán bộ sẽ trả lời tại đây."
		ask := func(id string) []string {
			t.Helper()
			before := len(w.net.texts())
			w.say(t, id, "officer")
			sweep(t, w.Chats)
			return w.net.texts()[before:]
		}
		require.NotEmpty(t, ask("e1"))
		since := w.chat(t).Desk.Since
		require.Equal(t, []string{noted}, ask("e2"))
		w.say(t, "e2", "officer") // the event comes twice
		require.Empty(t, ask("e3"))
		w.say(t, "e4", "my road is broken")
		time.Sleep(time.Minute)
		require.Equal(t, []string{noted}, ask("e5"))
		require.Equal(t, since, w.chat(t).Desk.Since, "nobody loses their place in the queue")
		_, err := w.Take(t.Context(), binh, convo, "k1")
		require.NoError(t, err)
		sweep(t, w.Chats)
		time.Sleep(time.Minute)
		require.Empty(t, ask("e6"), "the officer sees it")
	})
}
