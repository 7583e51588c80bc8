package channelfake_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/motcua/motcua/internal/leaktest"

	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/channels/channelfake"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

func all(channelfake.Entry) bool { return true }

func TestChat(t *testing.T) {
	t.Parallel()
	var c channelfake.Chat
	_, ok := c.Newest(all)
	require.False(t, ok)
	for range 310 {
		c.Add(channelfake.Entry{From: channelfake.City, Text: "x"}, time.Now())
	}
	list := c.Those(all)
	require.Len(t, list, 300, "the oldest are forgotten")
	require.EqualValues(t, 11, list[0].Seq)
	newest := func(e channelfake.Entry) bool { return e.Seq == 310 }
	c.Advance(channelfake.StateSeen, newest)
	c.Advance(channelfake.StateDelivered, newest)
	e, ok := c.Newest(newest)
	require.True(t, ok)
	require.Equal(t, channelfake.StateSeen, e.State, "never back")
	require.EqualValues(t, 311, e.Rev)
	c.Amend(newest, func(*channelfake.Entry) {})
	e, _ = c.Newest(newest)
	require.EqualValues(t, 311, e.Rev, "nothing changed")

	got := make(chan []channelfake.Entry)
	go func() { got <- c.Await(t.Context(), func(e channelfake.Entry) bool { return e.Seq > 310 }) }()
	c.Add(channelfake.Entry{Text: "y"}, time.Now())
	require.Equal(t, "y", (<-got)[0].Text)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.Empty(t, c.Await(ctx, func(channelfake.Entry) bool { return false }))
}

func TestShelf(t *testing.T) {
	t.Parallel()
	s := channelfake.NewShelf(300)
	first, kind := s.Put(".pdf", channelfake.PDF())
	require.Equal(t, "application/pdf", kind)
	status := func(name string) int {
		w := httptest.NewRecorder()
		s.Serve(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil), name)
		return w.Code
	}
	require.Equal(t, http.StatusOK, status(first))
	large, _ := s.Put(".jpg", bytes.Repeat([]byte("x"), 400))
	require.Equal(t, http.StatusNotFound, status(first), "the oldest makes room")
	require.Equal(t, http.StatusOK, status(large), "the newest stays")
	for _, f := range []struct {
		ext, want string
		data      []byte
	}{{".mp4", "video/mp4", channelfake.Video()}, {"", "image/gif", channelfake.GIF()}, {"", "image/jpeg", channelfake.Photo()}, {"", "audio/amr", []byte("#!AMR\n")}} {
		_, kind := channelfake.NewShelf(1<<20).Put(f.ext, f.data)
		require.Equal(t, f.want, kind)
	}
	for want, data := range map[string][]byte{".png": channelfake.Sticker(), ".gif": channelfake.GIF(), ".jpg": channelfake.Photo(), ".webp": []byte("RIFF\x00\x00\x00\x00WEBPVP")} {
		require.Equal(t, want, channelfake.Extension(data))
	}
}

func TestRead(t *testing.T) {
	t.Parallel()
	read := func(body string) (int, string) {
		in := struct {
			Text string `json:"text"`
		}{"before"}
		w := httptest.NewRecorder()
		if channelfake.Read(w, httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", strings.NewReader(body)), &in) {
			channelfake.Write(w, http.StatusOK, in.Text)
		}
		return w.Code, strings.TrimSpace(w.Body.String())
	}
	for body, want := range map[string]string{``: `"before"`, `{}`: `"before"`, `{"text":"ổ gà <b>"}`: `"ổ gà <b>"`} {
		status, got := read(body)
		require.Equal(t, http.StatusOK, status)
		require.Equal(t, want, got)
	}
	for _, body := range []string{`{`, `{"x":1}`, `{} {}`, `[]`} {
		status, _ := read(body)
		require.Equal(t, http.StatusBadRequest, status, body)
	}
}

func TestPlanned(t *testing.T) {
	t.Parallel()
	two, always := 2, -1
	require.Equal(t, []bool{true, true, false, true}, []bool{
		channelfake.Planned(&two), channelfake.Planned(&two), channelfake.Planned(&two), channelfake.Planned(&always),
	})
}

// road takes webhooks without a network.
type road struct {
	mu    sync.Mutex
	texts []string
	fail  bool
	came  chan struct{}
}

func (r *road) RoundTrip(req *http.Request) (*http.Response, error) {
	body, _ := io.ReadAll(req.Body)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.texts = append(r.texts, string(body))
	r.came <- struct{}{}
	if r.fail {
		return nil, errors.New("no answer")
	}
	return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody, Request: req}, nil
}

func TestCourier(t *testing.T) {
	t.Parallel()
	r := &road{came: make(chan struct{}, 100)}
	var stats channelfake.Counters
	target := "http://city.example"
	c := channelfake.NewCourier(channelfake.CourierConfig{
		Client: &http.Client{Transport: r}, Log: slog.New(slog.DiscardHandler), Answer: time.Second, Hold: time.Millisecond, Concurrency: 2, Stats: &stats,
		Target: func() string { return target }, Retries: func() []time.Duration { return []time.Duration{time.Millisecond} },
		Faults: func() channelfake.Webhooks { return channelfake.Webhooks{} },
	})
	lane, ended := channelfake.NewLane(), make(chan bool, 10)
	post := func(text string) bool {
		return c.Post(lane, &channelfake.Parcel{Body: []byte(text), Header: http.Header{}, Done: func(acked bool) { ended <- acked }})
	}
	for _, text := range []string{"a", "b", "c"} {
		require.True(t, post(text))
	}
	for range 3 {
		require.True(t, <-ended)
	}
	require.Equal(t, []string{"a", "b", "c"}, r.texts, "a lane keeps its order")
	r.mu.Lock()
	r.fail = true
	r.mu.Unlock()
	require.True(t, post("d"))
	require.False(t, <-ended, "given up after its schedule")
	require.Zero(t, c.Pending())

	lane.Break(&channelfake.Webhooks{Reorder: true})
	require.True(t, post("alone"))
	require.False(t, <-ended, "who waits for another does not wait for ever")
	c.Close()
	require.False(t, post("e"))
	s := stats.Stats()
	require.Equal(t, channelfake.WebhookStats{Events: 5, Sent: 7, Acked: 3, Retried: 2, Unanswered: 4, GivenUp: 2, Dropped: 1}, s.Webhooks)
	require.Positive(t, s.AckMS.Max)
	require.GreaterOrEqual(t, s.AckMS.P99, s.AckMS.P50)
}

func TestButtonsAndMarks(t *testing.T) {
	t.Parallel()
	var c channelfake.Chat
	text := func(s string) []byte { return channelfake.Compact(s) }
	c.Add(channelfake.Entry{ID: "1", From: channelfake.City, Buttons: []channelfake.Button{{Title: "Có", Type: "old", Payload: text("yes")}}}, time.Now())
	c.Add(channelfake.Entry{ID: "2", From: channelfake.City, Buttons: []channelfake.Button{{Title: "Có", Type: "new", Payload: text("yes")}, {Title: "Không", Payload: text("no")}}}, time.Now())
	c.Add(channelfake.Entry{ID: "3", From: channelfake.Citizen}, time.Now())
	for _, tt := range []struct {
		title, payload, kind string
		ok                   bool
	}{{"Có", "", "new", true}, {"", "no", "", true}, {"Có", "no", "", false}, {"", "", "", false}, {"x", "", "", false}} {
		b, ok := c.Button(tt.title, tt.payload)
		require.Equal(t, tt.ok, ok, tt.title+tt.payload)
		require.Equal(t, tt.kind, b.Type)
	}
	e, ok := c.Mark("", "❤️")
	require.True(t, ok)
	require.Equal(t, "2", e.ID, "the city's newest one")
	_, ok = c.Mark("9", "❤️")
	require.False(t, ok)
	require.Equal(t, []channelfake.Entry{c.Last()}, c.After(2))
}

// TestStatesOfMessages follows a citizen's message and the city's answer.
func TestStatesOfMessages(t *testing.T) {
	t.Parallel()
	var c channelfake.Chat
	c.Add(channelfake.Entry{ID: "1", From: channelfake.Citizen}, time.Now())
	c.Add(channelfake.Entry{ID: "2", From: channelfake.Citizen}, time.Now())
	c.Add(channelfake.Entry{ID: "3", From: channelfake.City}, time.Now())
	c.Settle("", true)
	c.Settle("1", true)
	c.Settle("2", false)
	c.Answered()
	c.Read([]string{"1", "3"})
	var states []string
	for _, e := range c.Those(all) {
		states = append(states, e.State)
	}
	require.Equal(t, []string{channelfake.StateSeen, channelfake.StateFailed, channelfake.StateSeen}, states)
}

// TestFate plays each fault of a network that is only called.
func TestFate(t *testing.T) {
	t.Parallel()
	var s channelfake.Switches[channelfake.Calls]
	done := make(chan struct{})
	of := func(c *channelfake.Calls) (*channelfake.Calls, bool) { return c, c.Status != 0 }
	ask := func(ctx context.Context) (channelfake.Fate, string) {
		w := httptest.NewRecorder()
		fate, _ := s.Fate(w, httptest.NewRequestWithContext(ctx, http.MethodPost, "/", nil), of, done)
		return fate, w.Header().Get("Retry-After")
	}
	for _, tt := range []struct {
		set   channelfake.Calls
		fates []channelfake.Fate
		after string // said with the first
	}{
		{channelfake.Calls{}, []channelfake.Fate{channelfake.Good}, ""},
		{channelfake.Calls{Status: 429, Times: 1, RetryAfterS: 7}, []channelfake.Fate{channelfake.Broken, channelfake.Good}, "7"},
		{channelfake.Calls{Lose: 2, RetryAfterS: 7}, []channelfake.Fate{channelfake.Lost, channelfake.Lost, channelfake.Good}, ""},
		{channelfake.Calls{Outage: "refuse", Status: 429, Times: 1, RetryAfterS: 7}, []channelfake.Fate{channelfake.Out, channelfake.Out}, "7"},
		{channelfake.Calls{SlowMS: 1, Lose: -1}, []channelfake.Fate{channelfake.Lost, channelfake.Lost}, ""},
	} {
		s.Change(func(c *channelfake.Calls) { *c = tt.set })
		for i, want := range tt.fates {
			fate, after := ask(t.Context())
			require.Equal(t, want, fate, "%+v, request %d", tt.set, i)
			if i == 0 {
				require.Equal(t, tt.after, after)
			}
		}
	}
	s.Change(func(c *channelfake.Calls) { *c = channelfake.Calls{Outage: "hang"} })
	left, cancel := context.WithCancel(t.Context())
	cancel()
	fate, _ := ask(left)
	require.Equal(t, channelfake.Gone, fate, "its client has gone")
	hung := make(chan channelfake.Fate)
	go func() {
		fate, _ := ask(t.Context())
		hung <- fate
	}()
	s.Change(func(c *channelfake.Calls) { c.Outage = "" })
	require.Contains(t, []channelfake.Fate{channelfake.Out, channelfake.Good}, <-hung, "the outage is over, or was when it came")
	for _, bad := range []channelfake.Calls{{Outage: "x"}, {Status: 200}, {Status: 600}} {
		require.Error(t, bad.Check())
	}
	require.NoError(t, channelfake.Calls{Outage: "hang", Status: 503}.Check())
}

func TestLater(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	ctx, cancel := context.WithCancel(t.Context())
	did := make(chan string, 3)
	channelfake.Later(ctx, &mu, -1, func() { did <- "never" })
	channelfake.Later(ctx, &mu, 1, func() { did <- "soon" })
	require.Equal(t, "soon", <-did)
	mu.Lock()
	channelfake.Later(ctx, &mu, 0, func() { did <- "after the end" })
	cancel()
	mu.Unlock()
	channelfake.Later(t.Context(), &mu, 1, func() { did <- "last" })
	require.Equal(t, "last", <-did)
}
