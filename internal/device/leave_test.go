package device

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/internal/account"
)

// TestDevicesLeaveWithWhatRegisteredThem ends a session and a chat: their devices are nobody's, those of others stay.
func TestDevicesLeaveWithWhatRegisteredThem(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Config{})
	by := func(session, chat string) account.Viewer {
		v := viewer("lan")
		v.Session, v.Identity = session, chat
		return v
	}
	lost := w.register(t, by("lost", ""), "token-1")
	w.clock.Add(time.Second)
	chat := w.register(t, by("", "chat"), "token-2")
	w.clock.Add(time.Second)
	kept := w.register(t, by("kept", ""), "token-3")
	w.clock.Add(time.Second)
	guest := w.register(t, by("", ""), "token-4")
	require.Equal(t, []string{guest.ID, kept.ID, chat.ID, lost.ID}, w.ids(t, viewer("lan")))
	for range 2 {
		require.NoError(t, w.Leave(t.Context(), "lost"))
	}
	require.NoError(t, w.Leave(t.Context(), ""))
	require.Equal(t, []string{guest.ID, kept.ID, chat.ID}, w.ids(t, viewer("lan")))
	require.NoError(t, w.Leave(t.Context(), "chat"))
	require.Equal(t, []string{guest.ID, kept.ID}, w.ids(t, viewer("lan")))

	w.register(t, by("anew", ""), "token-3") // signed in again on the same phone, on the same day
	require.NoError(t, w.Leave(t.Context(), "kept"))
	require.Contains(t, w.ids(t, viewer("lan")), kept.ID)
	require.NoError(t, w.Leave(t.Context(), "anew"))
	require.NotContains(t, w.ids(t, viewer("lan")), kept.ID)
}
