package lockscreen

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/motcua/motcua/internal/leaktest"

	"github.com/stretchr/testify/require"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

func clock() time.Time { return time.Date(2026, 11, 22, 3, 0, 0, 0, time.UTC) }

func TestScreens(t *testing.T) {
	t.Parallel()
	s := New(clock)
	t.Cleanup(s.Close)
	first := s.Show("Lan", Note{Title: "A", Text: "một", Collapse: "case-1"})
	s.Show("Lan", Note{Title: "B"})
	again := s.Show("Lan", Note{Title: "A", Text: "hai", Collapse: "case-1"})
	s.Show("Nam", Note{Title: "C"})

	notes := s.Notes("Lan")
	require.Len(t, notes, 2)
	require.Equal(t, []string{"B", "A"}, []string{notes[0].Title, notes[1].Title})
	require.Equal(t, "hai", notes[1].Text)
	require.Equal(t, 1, notes[1].Replaced)
	require.Equal(t, []string{"Lan", "Nam"}, s.Devices())

	_, ok := s.Tap("Lan", first.ID)
	require.False(t, ok, "what was replaced is gone")
	opened, ok := s.Tap("Lan", again.ID)
	require.True(t, ok)
	require.Equal(t, clock(), opened.Opened)
	require.Len(t, s.Wait(t.Context(), "Lan", again.Rev), 1)
	s.Clear("Lan")
	require.Empty(t, s.Notes("Lan"))
}

func TestScreensAreBounded(t *testing.T) {
	t.Parallel()
	s := New(clock)
	for i := range perDevice + 5 {
		s.Show("Lan", Note{Title: fmt.Sprint(i)})
	}
	require.Len(t, s.Notes("Lan"), perDevice)
	for i := range maxDevices {
		s.Show(fmt.Sprint(i), Note{})
	}
	require.Len(t, s.Devices(), maxDevices)
	require.Empty(t, s.Notes("Lan"))
}

func TestWait(t *testing.T) {
	t.Parallel()
	s := New(clock)
	got := make(chan []Note)
	go func() { got <- s.Wait(context.Background(), "Lan", 0) }()
	s.Show("Nam", Note{})
	s.Show("Lan", Note{Title: "x"})
	require.Len(t, <-got, 1)
	go func() { got <- s.Wait(context.Background(), "Lan", 9) }()
	s.Close()
	s.Close()
	require.Empty(t, <-got)
}

func TestHTTP(t *testing.T) {
	t.Parallel()
	s := New(clock)
	mux := http.NewServeMux()
	s.Routes(mux, "/control/devices")
	srv := httptest.NewServer(mux)
	t.Cleanup(srv.Close)
	t.Cleanup(s.Close)
	c := srv.Client()

	res, err := c.Get(srv.URL + "/control/devices/Lan/stream")
	require.NoError(t, err)
	defer func() { _ = res.Body.Close() }()
	lines := bufio.NewScanner(res.Body)
	next := func(prefix string) string {
		for lines.Scan() {
			if rest, ok := strings.CutPrefix(lines.Text(), prefix); ok {
				return rest
			}
		}
		t.Fatalf("the stream ended before %q", prefix)
		return ""
	}
	require.Equal(t, "hello", next("event: "))
	n := s.Show("Lan", Note{Title: "x", Link: "/r/1"})
	id := next("id: ")
	require.Contains(t, next("data: "), `"/r/1"`)

	body := do(t, c, http.MethodPost, srv.URL+"/control/devices/Lan/tap", `{"id":"`+n.ID+`"}`, http.StatusOK)
	require.Contains(t, body, `"opened"`)
	require.Contains(t, next("data: "), `"opened"`)
	do(t, c, http.MethodPost, srv.URL+"/control/devices/Lan/tap", `{"id":"?"}`, http.StatusNotFound)
	do(t, c, http.MethodPost, srv.URL+"/control/devices/Lan/tap", `[`, http.StatusBadRequest)

	var notes []Note
	require.NoError(t, json.Unmarshal([]byte(do(t, c, http.MethodGet, srv.URL+"/control/devices/Lan/screen?wait=5", "", http.StatusOK)), &notes))
	require.Len(t, notes, 1)
	require.Equal(t, n.Rev, s.resumeAt(id))
	require.Zero(t, s.resumeAt("other.3"))
	do(t, c, http.MethodDelete, srv.URL+"/control/devices/Lan/screen", "", http.StatusOK)
	require.Empty(t, s.Notes("Lan"))
}

func do(t *testing.T, c *http.Client, method, url, body string, status int) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	require.NoError(t, err)
	res, err := c.Do(req)
	require.NoError(t, err)
	defer func() { _ = res.Body.Close() }()
	out, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	require.Equal(t, status, res.StatusCode, string(out))
	return string(out)
}
