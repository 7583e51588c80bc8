package fakecity_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/internal/fakecity"
	"github.com/motcua/motcua/internal/lockscreen"
)

func newCity(t *testing.T) *fakecity.City {
	t.Helper()
	c := fakecity.New(fakecity.Config{SMSToken: "t", Now: time.Now})
	t.Cleanup(c.Close)
	return c
}

// call asks a handle and reads its answer.
func call(t *testing.T, c *fakecity.City, method, path, body string, status int, out any) {
	t.Helper()
	w := httptest.NewRecorder()
	c.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(body)))
	require.Equal(t, status, w.Code, w.Body.String())
	if out != nil {
		require.NoError(t, json.Unmarshal(w.Body.Bytes(), out))
	}
}

type state struct {
	ClockS  int64            `json:"clock_s"`
	OutageS map[string]int64 `json:"outage_s"`
}

func TestClockOfAll(t *testing.T) {
	t.Parallel()
	c := newCity(t)
	var s state
	call(t, c, http.MethodPost, "/control/clock", `{"ahead_s":90000}`, http.StatusOK, &s)
	require.EqualValues(t, 90000, s.ClockS)
	require.EqualValues(t, 90000, c.Zalo.Faults().ClockOffsetS)
	require.EqualValues(t, 90000, c.Messenger.Faults().ClockOffsetS)
	call(t, c, http.MethodDelete, "/control/faults", "", http.StatusOK, &s)
	require.Zero(t, s.ClockS)
	require.Zero(t, c.Messenger.Faults().ClockOffsetS)
	call(t, c, http.MethodPost, "/control/clock", `{"ahead_s":"x"}`, http.StatusBadRequest, nil)
}

// TestOutages takes each network away: it is out, it is brought back by hand, and it comes back by itself.
func TestOutages(t *testing.T) {
	for _, name := range []string{"zalo", "messenger", "zns", "fcm", "webpush", "sms", "web"} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newCity(t)
				var s state
				call(t, c, http.MethodPost, "/control/outage", `{"network":"`+name+`","seconds":600}`, http.StatusOK, &s)
				require.InDelta(t, 600, s.OutageS[name], 1)
				require.Len(t, s.OutageS, 1)
				require.True(t, out(t, c, name))
				require.True(t, c.Outage(name, 0))
				require.False(t, out(t, c, name))

				require.True(t, c.Outage(name, 10*time.Minute))
				require.True(t, c.Outage(name, 20*time.Minute), "a later end takes the place of the first")
				time.Sleep(10 * time.Minute)
				require.True(t, out(t, c, name))
				time.Sleep(10 * time.Minute)
				require.False(t, out(t, c, name))

				require.True(t, c.Outage(name, time.Hour))
				c.Mend()
				require.False(t, out(t, c, name))
				var after state
				call(t, c, http.MethodGet, "/control/state", "", http.StatusOK, &after)
				require.Empty(t, after.OutageS)
			})
		})
	}
	c := newCity(t)
	require.False(t, c.Outage("telex", time.Minute))
	call(t, c, http.MethodPost, "/control/outage", `{"network":"telex","seconds":1}`, http.StatusBadRequest, nil)
	call(t, c, http.MethodPost, "/control/outage", `{"network":"zalo","seconds":-1}`, http.StatusBadRequest, nil)
}

// out asks a network's own wire whether it answers.
func out(t *testing.T, c *fakecity.City, name string) bool {
	t.Helper()
	path := map[string]string{
		"zalo": "/zalo/openapi/v3.0/oa/message/cs", "messenger": "/messenger/graph/v25.0/100000000000001/messages",
		"fcm": "/fcm/v1/projects/motcua-dev/messages:send", "webpush": "/push/push/x", "sms": "/sms/messages",
		"zns": "/zalo/business/message/template",
	}[name]
	if path == "" { // the chat is the program's own
		var s state
		call(t, c, http.MethodGet, "/control/state", "", http.StatusOK, &s)
		return s.OutageS[name] > 0
	}
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, path, strings.NewReader("{}"))
	r.Header.Set("Authorization", "Bearer t")
	w := httptest.NewRecorder()
	c.ServeHTTP(w, r)
	return w.Code == http.StatusServiceUnavailable
}

// TestOutagesFollowTheTownsClock moves the clock that the program was given.
func TestOutagesFollowTheTownsClock(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	c := fakecity.New(fakecity.Config{SMSToken: "t", Now: func() time.Time { return now }})
	t.Cleanup(c.Close)
	require.True(t, c.Outage("messenger", 10*time.Minute))
	now = now.Add(9 * time.Minute)
	require.True(t, out(t, c, "messenger"))
	var s state
	call(t, c, http.MethodGet, "/control/state", "", http.StatusOK, &s)
	require.InDelta(t, 60, s.OutageS["messenger"], 1)
	now = now.Add(time.Minute)
	require.False(t, out(t, c, "messenger"))
}

// TestZNSIsAHostOfZalos: the two fail apart.
func TestZNSIsAHostOfZalos(t *testing.T) {
	t.Parallel()
	c := newCity(t)
	require.True(t, c.Outage("zns", time.Hour))
	require.True(t, out(t, c, "zns"))
	require.False(t, out(t, c, "zalo"))
	require.True(t, c.Outage("zalo", time.Hour))
	require.True(t, c.Outage("zns", 0))
	require.True(t, out(t, c, "zalo"))
}

func TestBroughtBackByHand(t *testing.T) {
	t.Parallel()
	c := newCity(t)
	require.True(t, c.Outage("messenger", time.Hour))
	call(t, c, http.MethodDelete, "/messenger/control/faults", "", http.StatusOK, nil)
	var s state
	call(t, c, http.MethodGet, "/control/state", "", http.StatusOK, &s)
	require.Empty(t, s.OutageS)
}

func TestNotes(t *testing.T) {
	t.Parallel()
	c := newCity(t)
	c.FCM.Screens().Show("Máy", lockscreen.Note{Title: "một"})
	c.WebPush.Screens().Show("Trình duyệt", lockscreen.Note{Title: "hai"})
	for range 200 {
		c.FCM.Screens().Show("Máy khác", lockscreen.Note{Title: "ba"})
	}
	var got struct {
		Notes []struct{ Kind, Device, Title string }
	}
	call(t, c, http.MethodGet, "/lock/notes", "", http.StatusOK, &got)
	require.Len(t, got.Notes, 52)
	require.Equal(t, "fcm Máy khác ba", strings.Join([]string{got.Notes[0].Kind, got.Notes[0].Device, got.Notes[0].Title}, " "))
	require.Equal(t, "push", got.Notes[50].Kind)
}
