package graph_test

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestDevices(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.citizen("0912345678")
	const register = `mutation($in: RegisterDeviceInput!) { registerDevice(input: $in) { device { id kind platform lastSeenAt } errors { code path } } }`
	phone := c.ok(register, map[string]any{"in": map[string]any{"fcmToken": "t1", "platform": "android", "idempotencyKey": "k"}})
	require.Equal(t, "FCM", phone.text("registerDevice", "device", "kind"), phone.Raw)
	web := c.ok(register, map[string]any{"in": map[string]any{"webPush": map[string]any{"endpoint": "https://push.test/1", "p256dh": "x", "auth": "y"}, "platform": "web"}})
	require.Equal(t, "WEB_PUSH", web.text("registerDevice", "device", "kind"), web.Raw)
	for _, in := range []map[string]any{{}, {"fcmToken": "t", "webPush": map[string]any{"endpoint": "e", "p256dh": "x", "auth": "y"}}, {"fcmToken": "bad"}} {
		require.Contains(t, c.ok(register, map[string]any{"in": in}).Raw, "INVALID")
	}
	list := c.ok(`{ devices { id kind } }`, nil)
	require.Len(t, list.at("devices"), 2)
	id := phone.text("registerDevice", "device", "id")
	const remove = `mutation($id: ID!) { removeDevice(input: {id: $id}) { id errors { code } } }`
	other := w.citizen("0987654321")
	require.NotContains(t, other.ok(`{ devices { id } }`, nil).Raw, id)
	other.ok(remove, map[string]any{"id": id}) // it is not theirs: nothing happens
	require.Len(t, c.ok(`{ devices { id } }`, nil).at("devices"), 2)
	for range 2 {
		require.Equal(t, id, c.ok(remove, map[string]any{"id": id}).text("removeDevice", "id"))
	}
	require.Len(t, c.ok(`{ devices { id } }`, nil).at("devices"), 1)
}

func TestPreferences(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.citizen("0912345678")
	const set = `mutation($in: SetNotificationPreferencesInput!) { setNotificationPreferences(input: $in) { preferences { rules { kind channel on } quietHours { from to off } digestHour wards { code } interests language } errors { code path message } } }`
	a := c.ok(set, map[string]any{"in": map[string]any{
		"rules": []any{map[string]any{"kind": "feedback", "channel": "sms", "on": false}}, "quietHours": map[string]any{"from": "22:00", "to": "06:00"},
		"digestHour": 18, "wardCodes": []any{"11311"}, "language": "EN", "idempotencyKey": "k",
	}})
	require.JSONEq(t, `{"rules":[{"kind":"feedback","channel":"sms","on":false}],"quietHours":{"from":"22:00","to":"06:00","off":false},"digestHour":18,"wards":[{"code":"11311"}],"interests":[],"language":"EN"}`,
		jsonOf(a.at("setNotificationPreferences", "preferences")), a.Raw)
	require.Equal(t, jsonOf(a.at("setNotificationPreferences", "preferences", "rules")), jsonOf(c.ok(`{ notificationPreferences { rules { kind channel on } } }`, nil).at("notificationPreferences", "rules")))
	a = c.ok(set, map[string]any{"in": map[string]any{"digestHour": 25}})
	require.Contains(t, a.Raw, "INVALID")
	require.Contains(t, a.Raw, "digestHour")
}

func TestDeskSeesHowNoticesWent(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.citizen("0912345678")
	id, _, unit := c.submit("k1")
	const q = `query($id: ID!) { noticeDispatches(feedbackId: $id) { notice state reason at next attempts { channel ground state reason at } } }`
	require.Equal(t, "FORBIDDEN", c.ask(q, map[string]any{"id": id}).code())
	o := w.staff("0987654321", "officer", unit)
	require.Contains(t, o.ok(q, map[string]any{"id": id}).Raw, `"noticeDispatches":[]`)
	require.Equal(t, "NOT_FOUND", w.staff("0987654322", "officer", "construction").ask(q, map[string]any{"id": id}).code())
}
