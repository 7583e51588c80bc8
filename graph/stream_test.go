package graph_test

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	fastws "github.com/fasthttp/websocket"
	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/internal/account"
)

// follow opens a stream of server-sent events and gives the data of its events.
func (p person) follow(ctx context.Context, query string, vars map[string]any) <-chan answer {
	p.w.t.Helper()
	body, err := json.Marshal(map[string]any{"query": query, "variables": vars})
	require.NoError(p.w.t, err)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.w.url, strings.NewReader(string(body)))
	require.NoError(p.w.t, err)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "text/event-stream")
	req.Header.Set("Authorization", "Bearer "+p.token)
	res, err := http.DefaultClient.Do(req)
	require.NoError(p.w.t, err)
	out := make(chan answer)
	go func() {
		defer close(out)
		defer res.Body.Close()
		for s := bufio.NewScanner(res.Body); s.Scan(); {
			data, ok := strings.CutPrefix(s.Text(), "data: ")
			if !ok {
				continue
			}
			var a answer
			_ = json.Unmarshal([]byte(data), &a)
			select {
			case out <- a:
			case <-ctx.Done():
				return
			}
		}
	}()
	return out
}

const assign = `mutation($id: ID!, $unit: String!) { assignFeedback(input: {id: $id, unit: $unit, idempotencyKey: "a"}) { errors { code } } }`

// TestCitizenFollowsLive: an officer's steps reach the citizen's stream, and so do the notices about them.
func TestCitizenFollowsLive(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.citizen("0912345678")
	id, _, unit := c.submit("k1")
	o := w.staff("0987654321", account.Officer, unit)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()

	updates := c.follow(ctx, `subscription($id: ID!) { feedbackUpdated(id: $id) { status timeline { status } comments { edges { cursor } } } }`, map[string]any{"id": id})
	first := <-updates
	require.Equal(t, "RECEIVED", first.text("feedbackUpdated", "status"), "the stream begins with the present state")
	notices := c.follow(ctx, `subscription { notificationReceived { title text feedback { code } } }`, nil)
	require.Eventually(t, func() bool { return w.hub.Watchers() >= 2 }, 30*time.Second, 5*time.Millisecond)

	o.ok(assign, map[string]any{"id": id, "unit": unit})
	second := <-updates
	require.Equal(t, "ASSIGNED", second.text("feedbackUpdated", "status"))
	w.carry()
	notice := <-notices
	require.Empty(t, notice.Errors)
	require.NotEmpty(t, notice.text("notificationReceived", "title"))
	require.NotEmpty(t, notice.text("notificationReceived", "feedback", "code"))
}

// socket is an open connection of somebody signed in.
type socket struct {
	*fastws.Conn
	t testing.TB
}

func (p person) socket() socket {
	t := p.w.t
	t.Helper()
	d := fastws.Dialer{Subprotocols: []string{"graphql-transport-ws"}}
	conn, res, err := d.DialContext(t.Context(), strings.Replace(p.w.url, "http", "ws", 1), nil)
	require.NoError(t, err)
	_ = res.Body.Close()
	t.Cleanup(func() { _ = conn.Close() })
	require.NoError(t, conn.SetReadDeadline(time.Now().Add(time.Minute)))
	s := socket{Conn: conn, t: t}
	s.send(map[string]any{"type": "connection_init", "payload": map[string]any{"authorization": "Bearer " + p.token}})
	s.next("connection_ack")
	return s
}

func (s socket) send(v any) { require.NoError(s.t, s.WriteJSON(v)) }

func (s socket) next(want string) {
	s.t.Helper()
	_, data, err := s.ReadMessage()
	require.NoError(s.t, err)
	require.Contains(s.t, string(data), want)
}

// ask sends a query and reads its answer.
func (s socket) ask(id, query, want string) {
	s.t.Helper()
	s.send(map[string]any{"id": id, "type": "subscribe", "payload": map[string]any{"query": query}})
	s.next(want)
	s.next(`"complete"`)
}

// TestSocketFollows does the same over a WebSocket, until the server goes away.
func TestSocketFollows(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.citizen("0912345678")
	id, _, unit := c.submit("k1")
	o := w.staff("0987654321", account.Officer, unit)
	conn := c.socket()
	conn.send(map[string]any{"id": "1", "type": "subscribe", "payload": map[string]any{"query": `subscription($id: ID!) { feedbackUpdated(id: $id) { status } }`, "variables": map[string]any{"id": id}}})
	conn.next(`"RECEIVED"`)
	o.ok(assign, map[string]any{"id": id, "unit": unit})
	conn.next(`"ASSIGNED"`)
	go w.close()
	_, _, err := conn.ReadMessage()
	require.True(t, fastws.IsCloseError(err, fastws.CloseGoingAway), "%v", err)
}
