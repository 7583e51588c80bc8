package device_test

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/channels/fcm"
	"github.com/motcua/motcua/channels/fcm/fcmfake"
	"github.com/motcua/motcua/channels/webpush"
	"github.com/motcua/motcua/channels/webpush/webpushfake"
	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/internal/device"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/internal/notify"
	"github.com/motcua/motcua/internal/secret/secrettest"
	"github.com/motcua/motcua/internal/store/storetest"
)

// city is devices joined to both networks' stand-ins.
type city struct {
	devices *device.Devices
	phones  *fcmfake.Network
	pages   *webpushfake.Service
	key     string // of the page
}

func openCity(t *testing.T) city {
	t.Helper()
	c := city{phones: fcmfake.New(fcmfake.Config{}), pages: webpushfake.New(webpushfake.Config{})}
	mux := http.NewServeMux()
	mux.Handle("/fcm/", http.StripPrefix("/fcm", c.phones))
	mux.Handle("/webpush/", http.StripPrefix("/webpush", c.pages))
	srv := httptest.NewServer(mux)
	t.Cleanup(srv.Close)
	t.Cleanup(c.pages.Close)
	t.Cleanup(c.phones.Close)
	res, err := srv.Client().Get(srv.URL + "/webpush/control/stats") // it learns its address
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())

	phones, err := fcm.New(t.Context(), fcm.Config{ProjectID: "motcua-dev", APIBase: srv.URL + "/fcm"}, srv.Client(), time.Now)
	require.NoError(t, err)
	public, private, err := webpush.GenerateKeys()
	require.NoError(t, err)
	pages, err := webpush.New(webpush.Config{VAPIDPublicKey: public, VAPIDPrivateKey: private, Subject: "motcua@example.vn", AllowPrivate: true}, srv.Client(), time.Now)
	require.NoError(t, err)
	t.Cleanup(pages.Close)
	c.key = public

	c.devices, err = device.New(t.Context(), storetest.OnFiles(t), device.Config{}, device.Deps{
		Box: secrettest.NewBox(t), Channels: map[string]device.Channel{"fcm": phones, "webpush": pages}, Topics: map[string]device.Topics{"fcm": phones},
		Now: time.Now, Log: slog.New(slog.DiscardHandler), Reg: prometheus.NewRegistry(),
	})
	require.NoError(t, err)
	return c
}

// TestNetworks goes from a registration to the lock screens.
func TestNetworks(t *testing.T) {
	t.Parallel()
	c := openCity(t)
	lan := account.Viewer{Account: "a", Subject: "lan", Subjects: []string{"lan"}, Assurance: account.Phone, Lang: message.Vietnamese}
	_, err := c.devices.Register(t.Context(), lan, device.Registration{Kind: "fcm", Token: c.phones.Install("Lan"), Platform: "android", Topics: []string{"ward-11383"}}, "1")
	require.NoError(t, err)
	_, err = c.devices.Register(t.Context(), lan, device.Registration{Kind: "webpush", Subscription: json.RawMessage(c.pages.Subscribe("Lan", c.key).String()), Platform: "web"}, "2")
	require.NoError(t, err)
	_, err = c.devices.Register(t.Context(), lan, device.Registration{Kind: "webpush", Subscription: json.RawMessage(`{"endpoint":"https://10.0.0.1/x"}`)}, "3")
	require.Equal(t, fault.Invalid, fault.CodeOf(err))
	require.Equal(t, []string{"subscription"}, fault.Of(err).Fields[0].Path)

	to := notify.Person{Subject: "lan", Subjects: []string{"lan"}}
	for _, text := range []string{"Đã giao", "Đã xong"} {
		f, err := c.devices.Send(t.Context(), notify.Way{Channel: device.Way}, to, notify.Letter{ID: text, App: "feedback", Title: "HP-7K3M", Text: text, Link: "/r/HP-7K3M", Collapse: "HP-7K3M"})
		require.NoError(t, err)
		require.Equal(t, notify.Sent, f.State)
	}
	phone, page := c.phones.Screens().Notes("Lan"), c.pages.Screens().Notes("Lan")
	require.Len(t, phone, 1, "the later takes the place of the earlier")
	require.Len(t, page, 1)
	require.Equal(t, "Đã xong", phone[0].Text)
	require.Equal(t, "Đã xong", page[0].Text)
	require.Equal(t, "/r/HP-7K3M", phone[0].Link)

	ids, err := c.devices.Due(t.Context(), 10)
	require.NoError(t, err)
	require.Len(t, ids, 1, "pages have no topics")
	require.NoError(t, c.devices.Carry(t.Context(), ids[0]))
	require.Equal(t, []string{"ward-11383"}, c.phones.Topics("Lan"))

	c.pages.Expire("Lan")
	c.phones.Behave("Lan", fcmfake.Unregistered)
	f, err := c.devices.Send(t.Context(), notify.Way{}, to, notify.Letter{ID: "3", Text: "x"})
	require.NoError(t, err)
	require.Equal(t, notify.Fate{State: notify.Refused, Reason: "no_device"}, f)
	left, err := c.devices.List(t.Context(), lan)
	require.NoError(t, err)
	require.Empty(t, left)
}
