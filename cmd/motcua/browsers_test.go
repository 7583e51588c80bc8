package main

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/channels"
	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/internal/device"
	"github.com/motcua/motcua/internal/httpapi"
	"github.com/motcua/motcua/internal/secret/secrettest"
	"github.com/motcua/motcua/internal/store/memory"
)

// anyBrowser is a network of browsers that takes every subscription.
type anyBrowser struct{ device.Channel }

func (anyBrowser) Profile() channels.Profile { return channels.Profile{Name: "webpush"} }

func (anyBrowser) Check(raw string) (channels.Address, string, error) {
	_, rest, _ := strings.Cut(raw, `"endpoint":"`)
	endpoint, _, _ := strings.Cut(rest, `"`)
	return channels.Address(raw), endpoint, nil
}

// TestOneBrowserEndsItsOwnNotices looks that a linked chat, which acts for an account, leaves the account's other browsers alone.
func TestOneBrowserEndsItsOwnNotices(t *testing.T) {
	t.Parallel()
	all, err := device.New(t.Context(), memory.New(), device.Config{}, device.Deps{
		Box: secrettest.NewBox(t), Channels: map[string]device.Channel{"webpush": anyBrowser{}}, Now: time.Now, Log: slog.New(slog.DiscardHandler), Reg: prometheus.NewRegistry(),
	})
	require.NoError(t, err)
	b := browsers{all}
	linked := account.Viewer{Account: "a", Subject: "own", Subjects: []string{"own", "chat"}, Identity: "i", Scope: "chat", Assurance: account.Phone}
	before := account.Viewer{Subject: "chat", Subjects: []string{"chat"}, Identity: "i"}
	for i, v := range []account.Viewer{before, linked, linked, linked} {
		require.NoError(t, b.Register(t.Context(), v, httpapi.WebSubscription{Endpoint: fmt.Sprint("https://push.example/", i), P256dh: "k", Auth: "a"}))
	}
	left := func() int {
		list, err := all.List(t.Context(), linked)
		require.NoError(t, err)
		return len(list)
	}
	require.Equal(t, 4, left())
	require.NoError(t, b.Remove(t.Context(), linked, "https://push.example/x"))
	require.Equal(t, 4, left(), "an endpoint that is none of theirs")
	require.NoError(t, b.Remove(t.Context(), linked, "https://push.example/2"))
	require.Equal(t, 3, left())
	stranger := account.Viewer{Subject: "other", Subjects: []string{"other"}, Identity: "j"}
	require.NoError(t, b.Remove(t.Context(), stranger, "https://push.example/1"))
	require.NoError(t, b.Remove(t.Context(), stranger, ""))
	require.Equal(t, 3, left())
	other := linked
	other.Identity, other.Scope = "k", "own"
	require.NoError(t, b.Register(t.Context(), other, httpapi.WebSubscription{Endpoint: "https://push.example/other", P256dh: "k", Auth: "a"}))
	require.NoError(t, b.Remove(t.Context(), linked, ""))
	require.Equal(t, 1, left(), "without an endpoint, what this chat has registered")
}
